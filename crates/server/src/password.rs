//! Passwords: argon2id, and as slow for an unknown name as for a wrong password.

use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use countersign_protocol::reason::Reason;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::refusal::Fault;

/// How long a password waits for a core to be checked on. Longer, and a crowd that guesses makes everybody wait.
const PATIENCE: Duration = Duration::from_secs(1);

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

/// Whether `given` is the password behind `stored`, found out on a thread of its own and never on more threads than
/// there are cores: each check takes a core and 19 MiB, whoever asks for it (ATK-DOS-11).
///
/// # Errors
/// [`Reason::Overloaded`] if no core became free in a second: nothing was checked.
pub(crate) async fn check(given: &str, stored: Option<String>) -> Result<bool, Reason> {
    static CORES: OnceLock<Arc<Semaphore>> = OnceLock::new();
    let cores = || Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from)));
    check_on(CORES.get_or_init(cores), given, stored).await
}

/// The check keeps its core to its end, also when whoever asked went away.
async fn check_on(cores: &Arc<Semaphore>, given: &str, stored: Option<String>) -> Result<bool, Reason> {
    let given = Zeroizing::new(given.to_owned());
    let Ok(Ok(core)) = timeout(PATIENCE, cores.clone().acquire_owned()).await else {
        tracing::warn!("a password was not checked: every core is checking others");
        return Err(Reason::Overloaded);
    };
    let checking = spawn_blocking(move || {
        let _core = core;
        verify(&given, stored.as_deref())
    });
    checking.await.map_err(|_| Fault::Internal("a password check did not finish").reason())
}

/// Without a stored password the same work is done, and the answer is no, so that the time tells nobody which names
/// exist (ATK-DOS-11).
fn verify(given: &str, stored: Option<&str>) -> bool {
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
    use tokio::runtime::Builder;

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

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn atk_dos_11_a_crowd_of_guesses_gets_no_more_cores_than_there_are() {
        let stored = hash_password("correct horse").unwrap();
        let cores = Arc::new(Semaphore::new(1));
        let taken = cores.clone().acquire_owned().await.unwrap();
        let busy = check_on(&cores, "correct horse", Some(stored.clone())).await;
        assert_eq!(busy, Err(Reason::Overloaded), "not checked, and not kept waiting for ever");
        drop(taken);
        assert_eq!(check_on(&cores, "correct horse", Some(stored.clone())).await, Ok(true));
        assert_eq!(check_on(&cores, "wrong horse", Some(stored)).await, Ok(false));
        assert_eq!(cores.available_permits(), 1, "given back");
    }

    #[test]
    fn atk_dos_11_a_check_keeps_its_core_when_the_peer_goes_away() {
        let one_thread = Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
        one_thread.block_on(async {
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let blocker = spawn_blocking(move || wait.recv());
            let cores = Arc::new(Semaphore::new(1));
            let asked = timeout(Duration::ZERO, check_on(&cores, "wrong horse", None)).await;
            assert!(asked.is_err(), "gone before the answer");
            assert_eq!(cores.available_permits(), 0, "still to be checked");
            go.send(()).unwrap();
            blocker.await.unwrap().unwrap();
            let freed = timeout(Duration::from_secs(20), cores.acquire()).await;
            assert!(freed.is_ok_and(|core| core.is_ok()), "and free afterwards");
        });
    }

    #[test]
    fn equal_passwords_do_not_hash_alike() {
        assert_ne!(hash_password("same").unwrap(), hash_password("same").unwrap());
    }
}
