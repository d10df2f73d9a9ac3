use std::sync::OnceLock;

use countersign_protocol::time::UnixTime;
use countersign_server::hash_password;
use countersign_storage::user::User;

/// Somebody with an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// What they type to log in.
    pub username: String,
    /// The password they type.
    pub password: String,
    /// What they are called.
    pub name: String,
    /// How tokens call them.
    pub subject: String,
}

impl Person {
    /// Ada Lovelace.
    pub fn ada() -> Self {
        Self::new("ada", "Ada Lovelace")
    }

    /// Charles Babbage.
    pub fn charles() -> Self {
        Self::new("charles", "Charles Babbage")
    }

    /// Somebody; all of them have the same password.
    pub fn new(username: &str, name: &str) -> Self {
        Self {
            username: username.to_owned(),
            password: "correct horse battery staple".to_owned(),
            name: name.to_owned(),
            subject: format!("subject-of-{username}"),
        }
    }

    pub(super) fn account(&self, now: UnixTime) -> User {
        // Hashing is slow on purpose; once in a process is enough.
        static HASH: OnceLock<String> = OnceLock::new();
        let hash = HASH.get_or_init(|| hash_password(&self.password).expect("a password can be hashed"));
        User {
            subject: self.subject.parse().expect("a subject"),
            username: self.username.clone(),
            name: Some(self.name.clone()),
            email: Some(format!("{}@example.com", self.username)),
            password_hash: hash.clone(),
            created_at: now,
            disabled_at: None,
        }
    }
}
