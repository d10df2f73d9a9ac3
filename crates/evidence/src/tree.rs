//! The Merkle tree of RFC 6962 §2.1: leaf and node hashes, and the right edge that grows it.
//!
//! A leaf is hashed with the prefix 0x00 and a node with 0x01, so that no record can be passed off as an inner
//! node. A tree of `n` leaves is kept as its *peaks*: the roots of the complete subtrees that `n` written in binary
//! names, largest first. Appending and computing the root need nothing else.

use countersign_jose::sha256;
use thiserror::Error;

/// A SHA-256 hash: of a leaf, of an inner node, or of the whole tree.
pub type Hash = [u8; 32];

/// Hash of a leaf: `SHA-256(0x00 || leaf)` (RFC 6962 §2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut input = Vec::with_capacity(1 + leaf.len());
    input.push(0x00);
    input.extend_from_slice(leaf);
    sha256(&input)
}

/// Hash of an inner node: `SHA-256(0x01 || left || right)` (RFC 6962 §2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [0x01; 65];
    input[1..33].copy_from_slice(left);
    input[33..].copy_from_slice(right);
    sha256(&input)
}

/// Root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// Place of a node whose subtree is complete: `level` 0 holds the leaves, `index` counts from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height above the leaves; the node spans `2^level` leaves.
    pub level: u8,
    /// Position among the nodes of its level, from the left.
    pub index: u64,
}

/// The right edge of a tree: its size and the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// A size and a number of peaks that cannot belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a tree of {size} leaves has {expected} peaks, not {found} (EVD-03)")]
pub struct InvalidFrontier {
    size: u64,
    expected: usize,
    found: usize,
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a frontier that was stored.
    ///
    /// # Errors
    /// Refused when the number of peaks is not the number of one bits in `size`. Wrong peaks of the right number
    /// are not noticed here: compare [`Frontier::root`] with the last signed checkpoint.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Result<Self, InvalidFrontier> {
        let expected = size.count_ones() as usize;
        if peaks.len() != expected {
            return Err(InvalidFrontier { size, expected, found: peaks.len() });
        }
        Ok(Self { size, peaks })
    }

    /// Takes up a frontier from the bytes of [`Frontier::to_bytes`].
    ///
    /// # Errors
    /// As [`Frontier::from_parts`], and for bytes that are not whole hashes.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, InvalidFrontier> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(InvalidFrontier {
                size,
                expected: size.count_ones() as usize,
                found: peaks.len() + 1,
            });
        }
        Self::from_parts(size, peaks.to_vec())
    }

    /// The peaks, 32 bytes each, largest first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, largest (leftmost) first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Root hash of the tree (RFC 6962 §2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        fold_right(&self.peaks).unwrap_or_else(empty_root)
    }

    /// Appends one leaf, and tells `completed` every node whose subtree this completes, from the leaf upwards.
    pub fn append(&mut self, leaf: Hash, mut completed: impl FnMut(Node, Hash)) {
        let mut node = Node { level: 0, index: self.size };
        let mut hash = leaf;
        completed(node, hash);
        while node.index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            completed(node, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }
}

/// Hash over adjacent complete subtrees, the largest on the left; `None` when there are none.
pub(crate) fn fold_right(peaks: &[Hash]) -> Option<Hash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The complete subtrees that make up the leaves `start..end`, largest first.
///
/// `start` must be a multiple of a power of two not below `end - start`, as it is for every subtree of RFC 6962.
pub(crate) fn complete_subtrees(start: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = start;
    while at < end {
        let level = (end - at).ilog2() as u8;
        nodes.push(Node { level, index: at >> level });
        at += 1 << level;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::*;

    /// The definition of RFC 6962 §2.1, word for word: slow and obviously right.
    pub(crate) fn naive_root(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => empty_root(),
            [only] => leaf_hash(only),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
            }
        }
    }

    fn hex(hash: Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn evd_01_known_answers() {
        assert_eq!(hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        // The leaf without content: SHA-256 of one zero byte.
        assert_eq!(hex(leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let mut one = Frontier::new();
        one.append(leaf_hash(b""), |_, _| ());
        assert_eq!(one.root(), leaf_hash(b""));
    }

    #[test]
    fn evd_01_leaves_and_nodes_are_told_apart() {
        let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let mut as_leaf = left.to_vec();
        as_leaf.extend_from_slice(&right);
        assert_ne!(node_hash(&left, &right), leaf_hash(&as_leaf));
    }

    #[test]
    fn evd_03_frontier_of_wrong_shape() {
        assert!(Frontier::from_parts(3, vec![[0; 32]; 2]).is_ok());
        assert!(Frontier::from_parts(3, vec![[0; 32]; 1]).is_err());
        assert!(Frontier::from_parts(4, vec![[0; 32]; 3]).is_err());
        assert!(Frontier::from_bytes(3, &[0; 64]).is_ok());
        assert!(Frontier::from_bytes(3, &[0; 65]).is_err());
        assert!(Frontier::from_bytes(3, &[0; 32]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn evd_02_root_is_that_of_the_definition(leaves in proptest::collection::vec(any::<Vec<u8>>(), 0..70)) {
            let mut frontier = Frontier::new();
            for leaf in &leaves {
                frontier.append(leaf_hash(leaf), |_, _| ());
            }
            prop_assert_eq!(frontier.root(), naive_root(&leaves));
            prop_assert_eq!(frontier.size(), leaves.len() as u64);
            let again = Frontier::from_bytes(frontier.size(), &frontier.to_bytes()).unwrap();
            prop_assert_eq!(again, frontier);
        }
    }
}
