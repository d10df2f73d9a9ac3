//! Inclusion and consistency proofs (RFC 6962 §2.1.1, §2.1.2; verification as in RFC 9162 §2.1.3.2, §2.1.4.2).
//!
//! Producing one is two steps, because this crate does not read storage: [`ProofPlan`] says which tiles are needed,
//! and [`ProofPlan::build`] makes the proof of the tiles supplied.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::tile::{TileError, TileId, Tiles};
use crate::tree::{Hash, Node, complete_subtrees, empty_root, fold_right, node_hash};

/// More hashes than a proof in a tree of 2^64 leaves can have.
pub const MAX_PROOF_HASHES: usize = 64;

/// Why a proof could not be planned or did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The leaf index is not below the tree size, or the older tree is not inside the newer one.
    #[error(
        "the proof is about leaf or size {asked}, which a tree of {size} leaves does not contain (EVD-06)"
    )]
    OutOfRange {
        /// Leaf index or older size.
        asked: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The proof has another number of hashes than the tree shape demands.
    #[error(
        "the proof has the wrong number of hashes for this position and size (EVD-07, RFC 9162 §2.1.3.2)"
    )]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root than the checkpoint's (EVD-07, RFC 9162 §2.1.3.2)")]
    Root,
}

/// Which nodes a proof is made of, in the order of the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofPlan {
    size: u64,
    /// Each proof hash, as the complete subtrees it is folded from.
    hashes: Vec<Vec<Node>>,
}

impl ProofPlan {
    /// Plans the proof that leaf `index` is in the tree of `size` leaves.
    ///
    /// # Errors
    /// [`ProofError::OutOfRange`] unless `index < size`.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, ProofError> {
        if index >= size {
            return Err(ProofError::OutOfRange { asked: index, size });
        }
        let mut siblings = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let split = start + left_size(end - start);
            if index < split {
                siblings.push((split, end));
                end = split;
            } else {
                siblings.push((start, split));
                start = split;
            }
        }
        Ok(Self::of_ranges(size, siblings))
    }

    /// Plans the proof that the tree of `old` leaves is a prefix of the tree of `size` leaves. It is empty when
    /// the two sizes are equal or the old tree is empty.
    ///
    /// # Errors
    /// [`ProofError::OutOfRange`] unless `old <= size`.
    pub fn consistency(old: u64, size: u64) -> Result<Self, ProofError> {
        if old > size {
            return Err(ProofError::OutOfRange { asked: old, size });
        }
        if old == 0 || old == size {
            return Ok(Self { size, hashes: Vec::new() });
        }
        let mut ranges = Vec::new();
        let (mut start, mut end) = (0, size);
        while end != old {
            let split = start + left_size(end - start);
            if old <= split {
                ranges.push((split, end));
                end = split;
            } else {
                ranges.push((start, split));
                start = split;
            }
        }
        // The verifier already knows the old root when the old tree is one complete subtree.
        if start != 0 {
            ranges.push((start, end));
        }
        Ok(Self::of_ranges(size, ranges))
    }

    fn of_ranges(size: u64, top_down: Vec<(u64, u64)>) -> Self {
        let hashes = top_down.into_iter().rev().map(|(start, end)| complete_subtrees(start, end)).collect();
        Self { size, hashes }
    }

    /// The tiles [`ProofPlan::build`] reads, each once, at the width the tree has. Wider ones do as well.
    #[must_use]
    pub fn tiles(&self) -> Vec<TileId> {
        let nodes = self.hashes.iter().flatten();
        let needed: BTreeSet<_> = nodes.filter_map(|node| TileId::of_node(*node, self.size)).collect();
        needed.into_iter().collect()
    }

    /// The proof, lowest hash first.
    ///
    /// # Errors
    /// [`TileError::Missing`] when a tile of [`ProofPlan::tiles`] was not supplied.
    pub fn build(&self, tiles: &Tiles) -> Result<Vec<Hash>, TileError> {
        let mut proof = Vec::with_capacity(self.hashes.len());
        for nodes in &self.hashes {
            let peaks =
                nodes.iter().map(|node| tiles.node(*node, self.size)).collect::<Result<Vec<_>, _>>()?;
            proof.extend(fold_right(&peaks));
        }
        Ok(proof)
    }
}

/// Size of the left subtree of a tree of `size` > 1 leaves: the largest power of two below `size`.
fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Checks that a leaf is at `index` in the tree of `size` leaves with this `root` (RFC 9162 §2.1.3.2).
///
/// # Errors
/// Any other proof than the one for this leaf, position, size and root.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange { asked: index, size });
    }
    let (mut position, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if position & 1 == 1 || position == last {
            hash = node_hash(sibling, &hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    match (last == 0, hash == *root) {
        (false, _) => Err(ProofError::Length),
        (true, false) => Err(ProofError::Root),
        (true, true) => Ok(()),
    }
}

/// Checks that the tree of `old_size` leaves is a prefix of the tree of `size` leaves (RFC 9162 §2.1.4.2): nothing
/// that was in the log has been changed or taken out since.
///
/// # Errors
/// Any other proof than the one for these sizes and roots.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > size {
        return Err(ProofError::OutOfRange { asked: old_size, size });
    }
    if old_size == size || old_size == 0 {
        let expected_old_root = if old_size == 0 { &empty_root() } else { root };
        let same_root = old_root == expected_old_root;
        return match (proof.is_empty(), same_root) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    let (mut position, mut last) = (old_size - 1, size - 1);
    while position & 1 == 1 {
        position >>= 1;
        last >>= 1;
    }
    let (first, rest) = if old_size.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*first, rest)
    };
    let (mut old_hash, mut hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if position & 1 == 1 || position == last {
            old_hash = node_hash(sibling, &old_hash);
            hash = node_hash(sibling, &hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    match (last == 0, old_hash == *old_root && hash == *root) {
        (false, _) => Err(ProofError::Length),
        (true, false) => Err(ProofError::Root),
        (true, true) => Ok(()),
    }
}
