//! The master key: what private keys and evidence rest under. Whoever has it and the database has everything.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use countersign_jose::seal::Sealer;
use countersign_jose::{Entropy, base64url};
use zeroize::Zeroizing;

use super::MasterKeySource;
use crate::failure::Refusal;

const RULE: &str = "JWKS-02";
const RESTORE: &str = "The master key of the first start: restore its file, or give it in COUNTERSIGN_MASTER_KEY; or begin with a new database.";

impl MasterKeySource {
    /// The sealer under the master key; makes the file where there is none yet.
    ///
    /// # Errors
    /// A key that is none, a file that others can read, or a file that cannot be read or made. A lost key is never
    /// replaced by a new one in silence: what rests under the old one would not open, and the server says so.
    pub(crate) fn open(&self, entropy: &mut impl Entropy) -> anyhow::Result<Sealer> {
        if let Self::File(path) = self
            && !path.exists()
        {
            create(path, entropy)
                .with_context(|| format!("the master key file {} cannot be made", path.display()))?;
        }
        self.open_existing()?.context("the master key file is gone")
    }

    /// The sealer under the master key, if there is one; makes nothing.
    ///
    /// # Errors
    /// As [`MasterKeySource::open`].
    pub(crate) fn open_existing(&self) -> anyhow::Result<Option<Sealer>> {
        match self {
            Self::Environment(text) => Ok(Some(Sealer::new(decode("COUNTERSIGN_MASTER_KEY", text)?))),
            Self::File(path) if path.exists() => read(path).map(Some),
            Self::File(_) => Ok(None),
        }
    }

    /// What is said when keys rest in the database and no master key is there.
    pub(crate) fn lost(&self) -> Refusal {
        let wrong = match self {
            Self::Environment(_) => "There is none.".to_owned(),
            Self::File(path) => {
                format!("{} does not exist, and the database holds keys sealed under it.", path.display())
            }
        };
        Refusal::new("master_key_file", wrong, RESTORE, RULE)
    }

    /// What is said when the keys in the database do not open.
    pub(crate) fn wrong(&self) -> Refusal {
        let (subject, whose) = match self {
            Self::Environment(_) => {
                ("COUNTERSIGN_MASTER_KEY", "The master key of the environment".to_owned())
            }
            Self::File(path) => ("master_key_file", format!("The master key in {}", path.display())),
        };
        let wrong = format!("{whose} is not the one that the keys in the database were sealed under.");
        Refusal::new(subject, wrong, RESTORE, RULE)
    }
}

fn read(path: &Path) -> anyhow::Result<Sealer> {
    let unreadable = || format!("the master key file {} cannot be read", path.display());
    let mut file = File::open(path).with_context(unreadable)?;
    let mode = file.metadata().with_context(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let wrong = format!("{} has mode {mode:03o}: others can read or change it.", path.display());
        return Err(Refusal::new("master_key_file", wrong, "Mode 600.", RULE).into());
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).with_context(unreadable)?;
    Ok(Sealer::new(decode("master_key_file", text.trim())?))
}

/// Written beside and moved into place, so that nobody ever reads half a key; a file that came meanwhile wins.
fn create(path: &Path, entropy: &mut impl Entropy) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(key.as_mut_slice());
    let text = Zeroizing::new(base64url::encode(key.as_slice()));
    let mut file =
        tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(directory)?;
    writeln!(file, "{}", text.as_str())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
        Ok(_) => fs::File::open(directory)?.sync_all(),
    }
}

fn decode(subject: &str, text: &str) -> Result<Zeroizing<[u8; 32]>, Refusal> {
    let octets = base64url::decode(text).ok().map(Zeroizing::new);
    let key = octets.and_then(|octets| <[u8; 32]>::try_from(octets.as_slice()).ok().map(Zeroizing::new));
    key.ok_or_else(|| {
        let passes = "32 random bytes as 43 characters of base64url, as the server makes them.";
        Refusal::new(subject, "This is no master key.", passes, RULE)
    })
}

#[cfg(test)]
mod tests {
    use countersign_jose::SystemEntropy;

    use super::*;

    #[test]
    fn a_key_file_is_made_once_private_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let source = MasterKeySource::File(path.clone());
        let sealed =
            source.open(&mut SystemEntropy).unwrap().seal(b"kept", b"here", &mut SystemEntropy).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = source.open(&mut SystemEntropy).unwrap();
        assert_eq!(again.open(&sealed, b"here").unwrap().as_slice(), b"kept");
        let given =
            MasterKeySource::Environment(Zeroizing::new(fs::read_to_string(&path).unwrap().trim().into()));
        assert_eq!(
            given.open(&mut SystemEntropy).unwrap().open(&sealed, b"here").unwrap().as_slice(),
            b"kept"
        );
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(source.open(&mut SystemEntropy).unwrap_err().to_string().contains("mode 640"));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        assert!(source.open(&mut SystemEntropy).unwrap_err().to_string().contains("no master key"));
    }
}
