-- One text for both engines. {blob} is BLOB or BYTEA; {clustered} ends a table of small rows that live in the index
-- of their key; {arrival} is a key that the engine counts up. Every other key starts with the issuer. Times are seconds since 1970. What is secret is stored as SHA-256.

CREATE TABLE client (
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    metadata TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    disabled_at BIGINT,
    PRIMARY KEY (issuer, client_id)
);

CREATE TABLE user_account (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    username TEXT NOT NULL,
    name TEXT,
    email TEXT,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, username)
);

CREATE TABLE login_session (
    issuer TEXT NOT NULL,
    session_hash {blob} NOT NULL,
    subject TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    amr TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (issuer, session_hash)
) {clustered};
CREATE INDEX login_session_subject ON login_session (issuer, subject);
CREATE INDEX login_session_expires ON login_session (expires_at);

-- forget_at outlives expires_at for a request whose interaction still runs: it must be there to be consumed.
CREATE TABLE pushed_request (
    issuer TEXT NOT NULL,
    reference_hash {blob} NOT NULL,
    client_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    request {blob} NOT NULL,
    dpop_jkt TEXT,
    expires_at BIGINT NOT NULL,
    interaction_hash {blob},
    consumed_at BIGINT,
    forget_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, reference_hash)
);
CREATE INDEX pushed_request_forget ON pushed_request (forget_at);

-- The authorization transaction, from the first page to its one answer.
CREATE TABLE interaction (
    issuer TEXT NOT NULL,
    interaction_hash {blob} NOT NULL,
    browser_hash {blob} NOT NULL,
    client_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    request {blob} NOT NULL,
    pushed_reference_hash {blob},
    replay_owner TEXT,
    replay_digest {blob},
    replay_expires_at BIGINT,
    subject TEXT,
    session_hash {blob},
    outcome TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    completed_at BIGINT,
    PRIMARY KEY (issuer, interaction_hash)
);
CREATE INDEX interaction_expires ON interaction (expires_at);

-- Also the head of the token family of its transaction: revoked_at holds for every token issued from the code.
CREATE TABLE authorization_code (
    issuer TEXT NOT NULL,
    code_hash {blob} NOT NULL,
    client_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    dpop_jkt TEXT,
    scope TEXT NOT NULL,
    nonce TEXT,
    auth_time BIGINT NOT NULL,
    session_hash {blob},
    granted TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    burned_at BIGINT,
    revoked_at BIGINT,
    forget_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, code_hash)
);
CREATE UNIQUE INDEX authorization_code_transaction ON authorization_code (issuer, transaction_id);
CREATE INDEX authorization_code_forget ON authorization_code (forget_at);

CREATE TABLE consent (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (issuer, subject, client_id)
) {clustered};

CREATE TABLE refresh_token (
    issuer TEXT NOT NULL,
    token_hash {blob} NOT NULL,
    transaction_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    dpop_jkt TEXT,
    auth_time BIGINT NOT NULL,
    session_hash {blob},
    granted TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (issuer, token_hash)
);
CREATE INDEX refresh_token_transaction ON refresh_token (issuer, transaction_id);
CREATE INDEX refresh_token_subject ON refresh_token (issuer, subject, client_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires_at);

CREATE TABLE replay (
    issuer TEXT NOT NULL,
    owner TEXT NOT NULL,
    purpose TEXT NOT NULL,
    digest {blob} NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, owner, purpose, digest)
) {clustered};
CREATE INDEX replay_expires ON replay (expires_at);

CREATE TABLE signing_key (
    issuer TEXT NOT NULL,
    key_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('prepublished', 'active', 'retired', 'archived')),
    public_jwk TEXT NOT NULL,
    sealed_private {blob},
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT,
    archived_at BIGINT,
    PRIMARY KEY (issuer, key_id)
);
-- Whatever nodes do at the same moment, one key signs and one waits to follow it.
CREATE UNIQUE INDEX signing_key_active ON signing_key (issuer, purpose, algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX signing_key_next ON signing_key (issuer, purpose, algorithm) WHERE state = 'prepublished';

CREATE TABLE throttle (
    issuer TEXT NOT NULL,
    bucket {blob} NOT NULL,
    attempts BIGINT NOT NULL,
    window_ends BIGINT NOT NULL,
    PRIMARY KEY (issuer, bucket)
) {clustered};
CREATE INDEX throttle_window ON throttle (window_ends);

-- What becomes leaves of the log: records of transactions and, without a transaction, archived keys. arrival is the
-- order in which they do; leaf_index is NULL until they have.
CREATE TABLE evidence_record (
    arrival {arrival},
    issuer TEXT NOT NULL,
    record_id TEXT NOT NULL,
    transaction_id TEXT,
    kind TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    leaf {blob} NOT NULL,
    leaf_index BIGINT,
    UNIQUE (issuer, record_id)
);
CREATE INDEX evidence_record_transaction ON evidence_record (issuer, transaction_id);
CREATE INDEX evidence_record_pending ON evidence_record (issuer, arrival) WHERE leaf_index IS NULL;
CREATE UNIQUE INDEX evidence_record_leaf ON evidence_record (issuer, leaf_index) WHERE leaf_index IS NOT NULL;

-- The bytes that a record holds digests of, sealed with the salts of those digests. Erasing them breaks no proof.
CREATE TABLE evidence_blob (
    issuer TEXT NOT NULL,
    record_id TEXT NOT NULL,
    part TEXT NOT NULL,
    sealed {blob},
    erased_at BIGINT,
    PRIMARY KEY (issuer, record_id, part)
);

CREATE TABLE evidence_tile (
    issuer TEXT NOT NULL,
    level BIGINT NOT NULL,
    tile_index BIGINT NOT NULL,
    width BIGINT NOT NULL,
    hashes {blob} NOT NULL,
    PRIMARY KEY (issuer, level, tile_index)
);

CREATE TABLE evidence_tree (
    issuer TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    frontier {blob} NOT NULL,
    checkpoint TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Where in evidence_record the public keys are that recorded signatures were made with. Kept for ever.
CREATE TABLE evidence_key (
    issuer TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    owner TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    event TEXT NOT NULL,
    record_id TEXT NOT NULL,
    PRIMARY KEY (issuer, thumbprint, owner, algorithm, valid_from, event)
) {clustered};
