//! Tiles: the tree cut into files of up to 256 hashes, in the layout of C2SP `tlog-tiles` (height 8).
//!
//! The tile of level `L` and index `N` holds the hashes of the nodes at tree level `8 L`, from `256 N` on. Its path
//! is `tile/L/N`, `N` written in groups of three digits of which all but the last begin with `x`; a tile that is not
//! full ends in `.p/W` with its width. A tile only ever grows at its end: wider bytes of the same tile replace
//! narrower ones without changing what they said.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::tree::{Hash, Node, node_hash};

/// Number of tree levels in one tile.
pub const TILE_HEIGHT: u8 = 8;
/// Number of hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Highest tile level a tree of at most 2^64 leaves can have.
const MAX_LEVEL: u8 = 7;
const HASH_LEN: usize = 32;

/// Name of one tile at one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Tile level, 0 to 7; level 0 holds leaf hashes.
    pub level: u8,
    /// Position among the tiles of its level, from the left.
    pub index: u64,
    /// Number of hashes, 1 to 256.
    pub width: u16,
}

/// One tile: its name and `width * 32` bytes of hashes, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Which tile.
    pub id: TileId,
    /// The hashes, concatenated.
    pub bytes: Vec<u8>,
}

/// Why tiles did not give what was asked of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TileError {
    /// The path does not name a tile.
    #[error("{0:?} is no tile path; tile/0/x001/234.p/5 is one (EVD-04, C2SP tlog-tiles)")]
    Path(String),
    /// The bytes are not a whole number of hashes, or too many.
    #[error(
        "a tile holds 1 to 256 hashes of 32 bytes; tile level {level} index {index} has {bytes} bytes (EVD-04)"
    )]
    Length {
        /// Tile level.
        level: u8,
        /// Tile index.
        index: u64,
        /// Number of bytes found.
        bytes: usize,
    },
    /// A tile that is needed was not supplied, or is narrower than the tree needs.
    #[error("tile {0} is needed and was not supplied at that width (EVD-05)")]
    Missing(TileId),
    /// Tiles and frontier do not describe the same tree.
    #[error("the stored tiles and the stored frontier disagree: the log was damaged (EVD-19)")]
    Damaged,
}

impl TileId {
    /// The tile that holds what the hash of `node` is computed from, as wide as it is in a tree of `size` leaves;
    /// `None` when that tree does not contain the whole subtree of `node`.
    #[must_use]
    pub fn of_node(node: Node, size: u64) -> Option<Self> {
        let level = node.level / TILE_HEIGHT;
        if size >> node.level <= node.index {
            return None;
        }
        let first = node.index << (node.level % TILE_HEIGHT);
        let index = first / TILE_WIDTH;
        Some(Self { level, index, width: width_of(level, index, size)? })
    }

    /// Every tile of a tree of `size` leaves that is not full: what must be loaded before appending to it.
    #[must_use]
    pub fn partial_tiles(size: u64) -> Vec<Self> {
        (0..=MAX_LEVEL)
            .filter_map(|level| {
                let index = hashes_at(level, size) / TILE_WIDTH;
                width_of(level, index, size).map(|width| Self { level, index, width })
            })
            .collect()
    }

    /// Every tile that changes when a tree grows from `old` to `new` leaves, at its new width.
    #[must_use]
    pub fn changed_tiles(old: u64, new: u64) -> Vec<Self> {
        let mut changed = Vec::new();
        for level in 0..=MAX_LEVEL {
            let (before, after) = (hashes_at(level, old), hashes_at(level, new));
            if after <= before {
                continue;
            }
            for index in before / TILE_WIDTH..=(after - 1) / TILE_WIDTH {
                changed.extend(width_of(level, index, new).map(|width| Self { level, index, width }));
            }
        }
        changed
    }
}

/// How many nodes of tree level `8 level` are complete in a tree of `size` leaves.
fn hashes_at(level: u8, size: u64) -> u64 {
    size >> (u32::from(level) * u32::from(TILE_HEIGHT))
}

/// Width of a tile in a tree of `size` leaves; `None` when it does not exist there.
fn width_of(level: u8, index: u64, size: u64) -> Option<u16> {
    let after_start = hashes_at(level, size).checked_sub(index.checked_mul(TILE_WIDTH)?)?;
    let width = u16::try_from(after_start.min(TILE_WIDTH)).ok()?;
    (width > 0).then_some(width)
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/{}", self.level, grouped_digits(self.index))?;
        if u64::from(self.width) < TILE_WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// `1234067` as `x001/x234/067`.
fn grouped_digits(index: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

impl FromStr for TileId {
    type Err = TileError;

    /// Accepts exactly what [`TileId`] prints: one path for one tile.
    fn from_str(path: &str) -> Result<Self, TileError> {
        let refuse = || TileError::Path(path.chars().take(80).collect());
        let read = || -> Option<Self> {
            let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
            let (digits, width) = match rest.split_once(".p/") {
                Some((digits, width)) => (digits, width.parse().ok()?),
                None => (rest, TILE_WIDTH as u16),
            };
            let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
            Some(Self { level: level.parse().ok()?, index: digits.parse().ok()?, width })
        };
        let id = read().ok_or_else(refuse)?;
        let valid = id.level <= MAX_LEVEL && id.width >= 1 && u64::from(id.width) <= TILE_WIDTH;
        if valid && id.to_string() == path { Ok(id) } else { Err(refuse()) }
    }
}

/// Tiles at hand, looked up by level and index; the widest bytes supplied for a tile count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiles(BTreeMap<(u8, u64), Vec<Hash>>);

impl Tiles {
    /// No tiles yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one tile as stored. Wider bytes for the same tile replace narrower ones.
    ///
    /// # Errors
    /// [`TileError::Length`] unless `bytes` is 1 to 256 whole hashes.
    pub fn insert(&mut self, level: u8, index: u64, bytes: &[u8]) -> Result<(), TileError> {
        let (hashes, rest) = bytes.as_chunks::<HASH_LEN>();
        if !rest.is_empty() || hashes.is_empty() || hashes.len() as u64 > TILE_WIDTH {
            return Err(TileError::Length { level, index, bytes: bytes.len() });
        }
        let held = self.0.entry((level, index)).or_default();
        if held.len() < hashes.len() {
            *held = hashes.to_vec();
        }
        Ok(())
    }

    /// The hash of a complete subtree of a tree of `size` leaves.
    ///
    /// # Errors
    /// [`TileError::Missing`] names the tile that is needed.
    pub fn node(&self, node: Node, size: u64) -> Result<Hash, TileError> {
        let outside = TileId { level: node.level / TILE_HEIGHT, index: node.index, width: TILE_WIDTH as u16 };
        let id = TileId::of_node(node, size).ok_or(TileError::Missing(outside))?;
        let span = 1usize << (node.level % TILE_HEIGHT);
        let first = (node.index << (node.level % TILE_HEIGHT)) % TILE_WIDTH;
        let first = first as usize;
        let hashes = self.0.get(&(id.level, id.index)).and_then(|tile| tile.get(first..first + span));
        hashes.map(complete_root).ok_or(TileError::Missing(id))
    }

    /// Adds a node that has just been completed to the end of its tile, if tiles hold its level.
    pub(crate) fn push_node(&mut self, node: Node, hash: Hash) {
        if node.level.is_multiple_of(TILE_HEIGHT) {
            self.0.entry((node.level / TILE_HEIGHT, node.index / TILE_WIDTH)).or_default().push(hash);
        }
    }

    /// The bytes of a tile at exactly its named width.
    pub(crate) fn tile(&self, id: TileId) -> Result<Tile, TileError> {
        let hashes = self.0.get(&(id.level, id.index)).and_then(|tile| tile.get(..usize::from(id.width)));
        let bytes = hashes.ok_or(TileError::Missing(id))?.concat();
        Ok(Tile { id, bytes })
    }

    /// Forgets every tile that is full: appending never touches it again.
    pub(crate) fn drop_full(&mut self) {
        self.0.retain(|_, hashes| (hashes.len() as u64) < TILE_WIDTH);
    }
}

/// Root over a power of two of hashes.
fn complete_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evd_04_tile_paths() {
        for (id, path) in [
            (TileId { level: 0, index: 0, width: 256 }, "tile/0/000"),
            (TileId { level: 0, index: 1234, width: 5 }, "tile/0/x001/234.p/5"),
            (TileId { level: 3, index: 1_234_067, width: 256 }, "tile/3/x001/x234/067"),
            (TileId { level: 1, index: 999, width: 255 }, "tile/1/999.p/255"),
            (TileId { level: 2, index: 1000, width: 1 }, "tile/2/x001/000.p/1"),
        ] {
            assert_eq!(id.to_string(), path);
            assert_eq!(path.parse(), Ok(id));
        }
    }

    #[test]
    fn evd_04_tile_paths_that_name_no_tile() {
        for path in [
            "",
            "tile/0",
            "tile/0/0",
            "tile/0/0000",
            "tile/00/000",
            "tile/8/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/05",
            "tile/0/001/234",
            "tile/0/x000/234",
            "tile/0/x001/x234",
            "tile/0/../000",
            "/tile/0/000",
            "tile/-1/000",
            "tile/0/000/",
            "tile/0/x99999999999999999999/000",
        ] {
            assert!(path.parse::<TileId>().is_err(), "{path}");
        }
    }

    #[test]
    fn evd_04_tiles_that_an_append_changes() {
        let ids =
            |old, new| TileId::changed_tiles(old, new).iter().map(TileId::to_string).collect::<Vec<_>>();
        assert_eq!(ids(0, 0), Vec::<String>::new());
        assert_eq!(ids(0, 1), ["tile/0/000.p/1"]);
        assert_eq!(ids(255, 256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(ids(256, 257), ["tile/0/001.p/1"]);
        assert_eq!(
            ids(250, 770),
            ["tile/0/000", "tile/0/001", "tile/0/002", "tile/0/003.p/2", "tile/1/000.p/3"]
        );
        assert_eq!(ids(65_535, 65_536), ["tile/0/255", "tile/1/000", "tile/2/000.p/1"]);
    }

    #[test]
    fn evd_04_tile_of_wrong_length() {
        let mut tiles = Tiles::new();
        for bytes in [0, 31, 33, 257 * 32] {
            assert!(matches!(tiles.insert(0, 0, &vec![0; bytes]), Err(TileError::Length { .. })), "{bytes}");
        }
        assert!(tiles.insert(0, 0, &[0; 32]).is_ok());
    }

    #[test]
    fn evd_05_missing_tile_is_named() {
        let node = Node { level: 0, index: 300 };
        let missing = Tiles::new().node(node, 301).unwrap_err();
        assert_eq!(missing, TileError::Missing(TileId { level: 0, index: 1, width: 45 }));
        assert_eq!(
            TileId::of_node(Node { level: 1, index: 150 }, 301),
            None,
            "its right leaf is not there yet"
        );
    }
}
