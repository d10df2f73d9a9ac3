//! Where random bytes come from.

use crate::crypto;

/// A source of unpredictable bytes. Taken as an argument so that a failing run can be repeated exactly.
///
/// A predictable source forfeits every nonce, code and content encryption key drawn from it.
pub trait Entropy {
    /// Overwrites all of `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);

    /// `N` random bytes.
    fn array<const N: usize>(&mut self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

impl<E: Entropy + ?Sized> Entropy for &mut E {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

/// The operating system's generator, through the cryptography library.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        if crypto::digest::fill_random(bytes).is_err() {
            // Going on with predictable bytes would be worse than stopping.
            std::process::abort();
        }
    }
}
