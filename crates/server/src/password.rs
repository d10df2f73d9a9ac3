//! Passwords: argon2id, and as slow for an unknown name as for a wrong password.

use std::sync::OnceLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};

/// Hashing failed; nothing can be said about the password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

/// Hashes a password for the store: argon2id, 19 MiB, two passes, a salt of its own, in PHC form.
///
/// Takes some ten milliseconds of one core: call it off the async threads.
///
/// # Errors
/// [`HashingFailed`].
pub fn hash_password(password: &str) -> Result<String, HashingFailed> {
    argon2()?.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|_| HashingFailed)
}

/// Whether `given` is the password behind `stored`. Without a stored one the same work is done, and the answer is no,
/// so that the time tells nobody which names exist (ATK-DOS-11).
pub(crate) fn verify(given: &str, stored: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody =
        || NOBODY.get_or_init(|| hash_password("nobody has this password").unwrap_or_default()).as_str();
    let matches = matches(given, stored.unwrap_or_else(nobody)).unwrap_or(false);
    matches && stored.is_some()
}

fn matches(given: &str, stored: &str) -> Result<bool, HashingFailed> {
    let stored = PasswordHash::new(stored).map_err(|_| HashingFailed)?;
    Ok(argon2()?.verify_password(given.as_bytes(), &stored).is_ok())
}

fn argon2() -> Result<Argon2<'static>, HashingFailed> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| HashingFailed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_a_known_name_passes() {
        let stored = hash_password("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("wrong horse", Some(&stored)));
        assert!(!verify("nobody has this password", None));
        assert!(!verify("", Some("no PHC string")));
    }

    #[test]
    fn equal_passwords_do_not_hash_alike() {
        assert_ne!(hash_password("same").unwrap(), hash_password("same").unwrap());
    }
}
