//! Sequencing: pending leaves become part of the tree.
//!
//! One step of it, without storage: [`Log::tiles_to_load`] names the tiles that the current size leaves unfilled,
//! [`Log::resume`] takes them up, [`Log::integrate`] appends a batch and gives the tiles that changed and the
//! [`Checkpoint`] to sign. Whoever stores the result does it in one unit that expects
//! the old size (compare and swap): of two nodes that integrate at once, one then loses and begins again. Were both
//! to win, two signed checkpoints of one size would contradict each other, which is what the log exists to exclude.

use crate::checkpoint::{Checkpoint, Origin};
use crate::tile::{Tile, TileError, TileId, Tiles};
use crate::tree::{Frontier, Hash, complete_subtrees, leaf_hash};

/// A log at its current size, with the tiles that are not full yet.
#[derive(Clone, Debug)]
pub struct Log {
    origin: Origin,
    frontier: Frontier,
    edge: Tiles,
}

/// What a batch of leaves did to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    /// Size before: what the store must still hold for this to be written.
    pub previous_size: u64,
    /// Index of the first leaf of the batch; the others follow in order.
    pub first_index: u64,
    /// Size, root and peaks after the batch.
    pub frontier: Frontier,
    /// Every tile that is new or wider, complete, to replace what is stored at the same level and index.
    pub tiles: Vec<Tile>,
    /// To be signed and stored together with the tiles.
    pub checkpoint: Checkpoint,
}

impl Log {
    /// A log without leaves.
    #[must_use]
    pub fn empty(origin: Origin) -> Self {
        Self { origin, frontier: Frontier::new(), edge: Tiles::new() }
    }

    /// The tiles to hand to [`Log::resume`] for a log of `size` leaves; at most eight.
    #[must_use]
    pub fn tiles_to_load(size: u64) -> Vec<TileId> {
        TileId::partial_tiles(size)
    }

    /// Takes up a log from its stored frontier and its unfilled tiles, which must agree with each other.
    ///
    /// # Errors
    /// [`TileError::Missing`] when a tile of [`Log::tiles_to_load`] is absent or too narrow; [`TileError::Damaged`]
    /// when tiles and frontier lead to different trees. Going on would sign a tree that contradicts the last one.
    pub fn resume(origin: Origin, frontier: Frontier, tiles: &Tiles) -> Result<Self, TileError> {
        let size = frontier.size();
        let mut edge = Tiles::new();
        for id in Self::tiles_to_load(size) {
            edge.insert(id.level, id.index, &tiles.tile(id)?.bytes)?;
        }
        let nodes = complete_subtrees(0, size);
        let peaks = nodes.into_iter().map(|node| edge.node(node, size)).collect::<Result<Vec<_>, _>>()?;
        if peaks != frontier.peaks() {
            return Err(TileError::Damaged);
        }
        Ok(Self { origin, frontier, edge })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root hash.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Appends `leaves` in their order. The log itself moves on: after a lost compare and swap, resume anew.
    ///
    /// # Errors
    /// [`TileError`] never happens for a log that was made by this module; it is reported rather than assumed away.
    pub fn integrate<L: AsRef<[u8]>>(
        &mut self,
        leaves: impl IntoIterator<Item = L>,
    ) -> Result<Integration, TileError> {
        let previous_size = self.size();
        for leaf in leaves {
            let edge = &mut self.edge;
            self.frontier.append(leaf_hash(leaf.as_ref()), |node, hash| edge.push_node(node, hash));
        }
        let changed = TileId::changed_tiles(previous_size, self.size());
        let tiles = changed.into_iter().map(|id| self.edge.tile(id)).collect::<Result<Vec<_>, _>>()?;
        self.edge.drop_full();
        Ok(Integration {
            previous_size,
            first_index: previous_size,
            frontier: self.frontier.clone(),
            tiles,
            checkpoint: Checkpoint { origin: self.origin.clone(), size: self.size(), root: self.root() },
        })
    }
}
