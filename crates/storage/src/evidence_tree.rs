//! The log of evidence: its head, its tiles, and the one step in which pending records become leaves.
//!
//! A sequencer [`load`]s the log, takes the [`pending`](crate::evidence_record::pending) records, integrates their
//! leaves, signs the checkpoint, and commits [`integrate`]. That unit compares the size it started from, so of two
//! nodes that sequence at the same moment one is refused whole and begins again.

use countersign_evidence::{
    checkpoint::Origin,
    log::{Integration, Log},
    tile::{Tile, TileId, Tiles},
    tree::Frontier,
};
use countersign_protocol::{parameter::Issuer, time::UnixTime};

use crate::{
    Expect, Row, Statement, StorageError, Store, Unit, evidence_record::EvidenceRecord, statement::queries,
};

/// The head of an issuer's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// Size, root and peaks.
    pub frontier: Frontier,
    /// The signed checkpoint of this size (C2SP signed note).
    pub checkpoint: String,
    /// When it was signed.
    pub updated_at: UnixTime,
}

/// The head of the log; `None` before its first leaf.
///
/// # Errors
/// The database failed.
pub async fn head(store: &Store, issuer: &Issuer) -> Result<Option<TreeHead>, StorageError> {
    store.row(HEAD.with(Expect::Any, [issuer.into()])).await?.map(read).transpose()
}

/// The log at its present size, ready to integrate into.
///
/// # Errors
/// The database failed, or head and tiles disagree: then the log was damaged, and nothing more may be signed.
pub async fn load(store: &Store, issuer: &Issuer) -> Result<Log, StorageError> {
    let origin = Origin::of(issuer);
    let Some(TreeHead { frontier, .. }) = head(store, issuer).await? else {
        return Ok(Log::empty(origin));
    };
    // Another node may go on meanwhile: its tiles are wider, and hold what these did.
    let tiles = tiles(store, issuer, &Log::tiles_to_load(frontier.size())).await?;
    Log::resume(origin, frontier, &tiles).map_err(|cause| StorageError::Damaged(cause.to_string()))
}

/// The tiles of these names, as wide as they are stored; those that are not stored are missing.
///
/// # Errors
/// The database failed.
pub async fn tiles(store: &Store, issuer: &Issuer, names: &[TileId]) -> Result<Tiles, StorageError> {
    let mut tiles = Tiles::new();
    for name in names {
        let question =
            TILE.with(Expect::Any, [issuer.into(), u64::from(name.level).into(), name.index.into()]);
        if let Some(mut row) = store.row(question).await? {
            tiles
                .insert(name.level, name.index, &row.blob()?)
                .map_err(|cause| StorageError::Damaged(cause.to_string()))?;
        }
    }
    Ok(tiles)
}

/// Makes `records` the leaves that `integration` says, under a signed `checkpoint`, all or nothing.
///
/// `records` are those whose leaves were integrated, in that order. Refused by `evidence_tree.advance` (or `begin`) if
/// another node integrated since the log was loaded: were both to win, two checkpoints would contradict each other.
pub fn integrate(
    issuer: &Issuer,
    records: &[EvidenceRecord],
    integration: &Integration,
    checkpoint: &str,
    now: UnixTime,
) -> Unit {
    let places = records.iter().zip(integration.first_index..);
    Unit::new()
        .then(advance(issuer, integration, checkpoint, now))
        .then_all(places.map(|(record, leaf_index)| place(issuer, &record.record_id, leaf_index)))
        .then_all(integration.tiles.iter().map(|tile| write_tile(issuer, tile)))
}

fn advance(issuer: &Issuer, integration: &Integration, checkpoint: &str, now: UnixTime) -> Statement {
    let query = if integration.previous_size == 0 { BEGIN } else { ADVANCE };
    query.with(
        Expect::One,
        [
            issuer.into(),
            integration.previous_size.into(),
            integration.frontier.size().into(),
            integration.frontier.to_bytes().into(),
            checkpoint.into(),
            now.into(),
        ],
    )
}

/// Gives a pending record its place. Refused if it has one.
fn place(issuer: &Issuer, record_id: &str, leaf_index: u64) -> Statement {
    PLACE.with(Expect::One, [issuer.into(), record_id.into(), leaf_index.into()])
}

/// Writes a tile, or its wider form. Refused if the stored one is as wide already: a log never shrinks.
fn write_tile(issuer: &Issuer, tile: &Tile) -> Statement {
    let TileId { level, index, width } = tile.id;
    WRITE_TILE.with(
        Expect::One,
        [
            issuer.into(),
            u64::from(level).into(),
            index.into(),
            u64::from(width).into(),
            tile.bytes.as_slice().into(),
        ],
    )
}

fn read(mut row: Row) -> Result<TreeHead, StorageError> {
    let (size, peaks) = (row.count()?, row.blob()?);
    let frontier =
        Frontier::from_bytes(size, &peaks).map_err(|cause| StorageError::Damaged(cause.to_string()))?;
    Ok(TreeHead { frontier, checkpoint: row.text()?, updated_at: row.time()? })
}

/// [`Outcome::Refused`](crate::Outcome) says this: a log was not begun: another node began it.
pub const BEGIN_REFUSED: &str = BEGIN.name;
/// [`Outcome::Refused`](crate::Outcome) says this: a log was not extended: another node extended it meanwhile.
pub const ADVANCE_REFUSED: &str = ADVANCE.name;

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
        "SELECT hashes FROM evidence_tile WHERE issuer = $1 AND level = $2 AND tile_index = $3";
}
