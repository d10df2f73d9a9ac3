CREATE TABLE client (issuer TEXT NOT NULL, PRIMARY KEY (issuer)) {clustered};
