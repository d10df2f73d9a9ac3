use std::collections::{BTreeMap, BTreeSet};

use super::database::Database;

/// Everything in which a refused message could leave a trace, row for row. The state of the log is no trace: pending
/// records are put into it in the background.
const TABLES: [(&str, &str); 10] = [
    ("pushed_request", "SELECT * FROM pushed_request"),
    ("interaction", "SELECT * FROM interaction"),
    ("authorization_code", "SELECT * FROM authorization_code"),
    ("replay", "SELECT * FROM replay"),
    ("refresh_token", "SELECT * FROM refresh_token"),
    ("evidence_record", "SELECT record_id FROM evidence_record"),
    ("evidence_blob", "SELECT * FROM evidence_blob"),
    ("consent", "SELECT * FROM consent"),
    ("login_session", "SELECT * FROM login_session"),
    ("signing_key", "SELECT key_id, state FROM signing_key"),
];

/// What the database holds at one moment. Two that are equal: nothing happened in between.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Census(BTreeMap<&'static str, BTreeSet<String>>);

impl Census {
    pub(super) async fn of(database: &Database) -> Self {
        let rows = database.tables(&TABLES.map(|(_, question)| question)).await;
        Self(TABLES.iter().map(|(name, _)| *name).zip(rows.into_iter().map(BTreeSet::from_iter)).collect())
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.0.get(table).expect("a table of the census").len()
    }

    /// The tables in which a row was added, removed or changed since.
    pub fn changed(&self, before: &Self) -> Vec<&'static str> {
        self.0.iter().filter(|(table, rows)| before.0[*table] != **rows).map(|(table, _)| *table).collect()
    }
}
