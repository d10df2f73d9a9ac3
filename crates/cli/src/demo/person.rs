use countersign_jose::{Entropy, SystemEntropy, base64url};

/// A person of the demo: an account that exists for this run only.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// What they type to log in.
    pub(crate) username: String,
    /// Made for this run, of use nowhere else.
    pub(crate) password: String,
    /// What they are called.
    pub(crate) name: String,
    /// Where they get mail.
    pub(crate) email: String,
}

impl Person {
    /// Ada, who is scripted.
    pub(crate) fn ada() -> Self {
        Self::new("ada", "Ada Lovelace")
    }

    /// Grace, who is whoever sits at the browser: nobody consented for her yet.
    pub(crate) fn grace() -> Self {
        Self::new("grace", "Grace Hopper")
    }

    /// An account with a password of its own.
    fn new(username: &str, name: &str) -> Self {
        let mut random = [0; 12];
        SystemEntropy.fill(&mut random);
        Self {
            username: username.to_owned(),
            password: base64url::encode(random),
            name: name.to_owned(),
            email: format!("{username}@example.com"),
        }
    }
}
