//! The log of evidence: its head, its tiles, and the one step in which pending records become leaves.
//!
//! A sequencer reads [`head`] and the pending records, computes, and commits one unit: [`advance`] first, then
//! [`place`] for every record and [`write_tile`] for every tile that grew. [`advance`] compares the size it started
//! from, so of two nodes that sequence at the same moment one is refused whole.

use countersign_protocol::{parameter::Issuer, time::UnixTime};

use crate::{Expect, Row, Statement, StorageError, Store, statement::queries};

/// The head of an issuer's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Hashes of the complete subtrees, as `countersign-evidence` writes them.
    pub frontier: Vec<u8>,
    /// The signed checkpoint of this size (C2SP signed note).
    pub checkpoint: String,
    /// When it was signed.
    pub updated_at: UnixTime,
}

/// A tile of the log (C2SP tlog-tiles, height 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Level, 0 at the leaves.
    pub level: u64,
    /// Place within the level.
    pub index: u64,
    /// Number of hashes, 1 to 256.
    pub width: u64,
    /// The hashes, 32 bytes each.
    pub hashes: Vec<u8>,
}

/// The head of the log; `None` before its first leaf.
///
/// # Errors
/// The database failed.
pub async fn head(store: &Store, issuer: &Issuer) -> Result<Option<TreeHead>, StorageError> {
    store.row(HEAD.with(Expect::Any, [issuer.into()])).await?.map(read).transpose()
}

/// Moves the head from the size `from` (0 before the first leaf). Refused if the log is of another size by now.
pub fn advance(issuer: &Issuer, from: u64, head: &TreeHead) -> Statement {
    let TreeHead { size, frontier, checkpoint, updated_at } = head;
    let query = if from == 0 { BEGIN } else { ADVANCE };
    query.with(
        Expect::One,
        [
            issuer.into(),
            from.into(),
            (*size).into(),
            frontier.as_slice().into(),
            checkpoint.as_str().into(),
            (*updated_at).into(),
        ],
    )
}

/// Gives a pending record its place. Refused if it has one.
pub fn place(issuer: &Issuer, record_id: &str, leaf_index: u64) -> Statement {
    PLACE.with(Expect::One, [issuer.into(), record_id.into(), leaf_index.into()])
}

/// Writes a tile, or its wider form. Refused if the stored one is as wide already: a log never shrinks.
pub fn write_tile(issuer: &Issuer, tile: &Tile) -> Statement {
    let Tile { level, index, width, hashes } = tile;
    WRITE_TILE.with(
        Expect::One,
        [issuer.into(), (*level).into(), (*index).into(), (*width).into(), hashes.as_slice().into()],
    )
}

/// A tile, in its widest form.
///
/// # Errors
/// The database failed.
pub async fn tile(
    store: &Store,
    issuer: &Issuer,
    level: u64,
    index: u64,
) -> Result<Option<Tile>, StorageError> {
    let question = TILE.with(Expect::Any, [issuer.into(), level.into(), index.into()]);
    store.row(question).await?.map(read_tile).transpose()
}

fn read(mut row: Row) -> Result<TreeHead, StorageError> {
    Ok(TreeHead {
        size: row.count()?,
        frontier: row.blob()?,
        checkpoint: row.text()?,
        updated_at: row.time()?,
    })
}

fn read_tile(mut row: Row) -> Result<Tile, StorageError> {
    Ok(Tile { level: row.count()?, index: row.count()?, width: row.count()?, hashes: row.blob()? })
}

queries! {
    HEAD = "evidence_tree.head":
        "SELECT size, frontier, checkpoint, updated_at FROM evidence_tree WHERE issuer = $1";
    BEGIN = "evidence_tree.begin":
        "INSERT INTO evidence_tree (issuer, size, frontier, checkpoint, updated_at) VALUES ($1, $3, $4, $5, $6)
         ON CONFLICT (issuer) DO UPDATE SET size = excluded.size, frontier = excluded.frontier,
            checkpoint = excluded.checkpoint, updated_at = excluded.updated_at
         WHERE evidence_tree.size = $2";
    ADVANCE = "evidence_tree.advance":
        "UPDATE evidence_tree SET size = $3, frontier = $4, checkpoint = $5, updated_at = $6
         WHERE issuer = $1 AND size = $2";
    PLACE = "evidence_tree.place":
        "UPDATE evidence_record SET leaf_index = $3
         WHERE issuer = $1 AND record_id = $2 AND leaf_index IS NULL";
    WRITE_TILE = "evidence_tree.write_tile":
        "INSERT INTO evidence_tile (issuer, level, tile_index, width, hashes) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (issuer, level, tile_index) DO UPDATE SET width = excluded.width, hashes = excluded.hashes
         WHERE evidence_tile.width < excluded.width";
    TILE = "evidence_tree.tile":
        "SELECT level, tile_index, width, hashes FROM evidence_tile
         WHERE issuer = $1 AND level = $2 AND tile_index = $3";
}
