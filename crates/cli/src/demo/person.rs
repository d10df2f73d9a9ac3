use countersign_jose::{Entropy, SystemEntropy, base64url};

/// The person of the demo: an account that exists for this run only.
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
    /// Ada, with a new password.
    pub(crate) fn generate() -> Self {
        let mut random = [0; 12];
        SystemEntropy.fill(&mut random);
        Self {
            username: "ada".to_owned(),
            password: base64url::encode(random),
            name: "Ada Lovelace".to_owned(),
            email: "ada@example.com".to_owned(),
        }
    }
}
