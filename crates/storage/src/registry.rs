//! Every SQL text of this crate in one list, so that none can be wrong on one engine only.

use crate::{
    authorization_code, client, consent, evidence_key, evidence_record, evidence_tree, interaction,
    login_session, pushed_request, refresh_token, replay, signing_key, statement::Query, store, throttle,
    user,
};

fn every_query() -> impl Iterator<Item = Query> {
    [
        authorization_code::QUERIES,
        client::QUERIES,
        consent::QUERIES,
        evidence_key::QUERIES,
        evidence_record::QUERIES,
        evidence_tree::QUERIES,
        interaction::QUERIES,
        login_session::QUERIES,
        pushed_request::QUERIES,
        refresh_token::QUERIES,
        replay::QUERIES,
        signing_key::QUERIES,
        store::QUERIES,
        throttle::QUERIES,
        user::QUERIES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

mod tests {
    use std::collections::HashSet;

    use countersign_testkit::postgres;
    use tempfile::tempdir;

    use super::every_query;
    use crate::{Settings, Store};

    #[tokio::test]
    async fn every_statement_prepares_on_both_engines() {
        let directory = tempdir().unwrap();
        let sqlite = Store::open(Settings::Sqlite { path: directory.path().join("db") }).await.unwrap();
        let database = postgres::database().await;
        let postgres =
            Store::open(Settings::Postgres { url: database.url().into(), pool_size: 1 }).await.unwrap();
        for query in every_query() {
            sqlite.prepare(query).await.unwrap();
            postgres.prepare(query).await.unwrap();
        }
    }

    #[test]
    fn every_statement_has_a_name_of_its_own() {
        let mut names = HashSet::new();
        assert!(every_query().all(|query| names.insert(query.name)));
        assert!(names.len() > 50, "{} statements: is an aggregate missing from the list?", names.len());
    }

    /// A `$` elsewhere than before a parameter's number would reach SQLite as something else.
    #[test]
    fn a_dollar_sign_always_starts_a_parameter() {
        for query in every_query() {
            let mut after = query.sql.split('$').skip(1);
            assert!(after.all(|rest| rest.starts_with(|c: char| c.is_ascii_digit())), "{}", query.name);
        }
    }

    /// What finds rows of every issuer finds somebody else's; only sweeping may.
    #[test]
    fn every_statement_names_the_issuer() {
        for query in
            every_query().filter(|query| !query.name.ends_with(".sweep") && query.name != "store.ping")
        {
            let named = query.sql.contains("issuer = $1") || query.sql.contains("(issuer,");
            assert!(named, "{}", query.name);
        }
    }
}
