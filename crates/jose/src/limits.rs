//! How large and how deep outside bytes may be.

/// Bounds that hold before anything is decoded (JWT-04, ATK-JAR-38, ATK-JAR-39).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of a compact token. Default 65,536.
    pub token_bytes: usize,
    /// Octets of a decoded protected header. Default 4,096.
    pub header_bytes: usize,
    /// Octets of a JSON document that is not a header. Default 65,536.
    pub json_bytes: usize,
    /// Nesting depth of a JSON document; the outermost object is depth 1. Default 32.
    pub depth: usize,
    /// Members of one JSON object. Default 256.
    pub object_members: usize,
    /// Members of all objects of a document together. Default 2,048.
    pub members: usize,
    /// Whether a header may carry its own public key in `jwk`: DPoP proofs only (RFC 9449 §4.2).
    ///
    /// Anywhere else a token with its own key proves nothing (JAR-68).
    pub embedded_jwk: bool,
}

impl Limits {
    /// What a request object, an authorization response or an assertion may be.
    pub const TOKEN: Self = Self {
        token_bytes: 64 * 1024,
        header_bytes: 4 * 1024,
        json_bytes: 64 * 1024,
        depth: 32,
        object_members: 256,
        members: 2048,
        embedded_jwk: false,
    };

    /// A token that carries its own key: a DPoP proof, at most 8 KiB.
    pub const EMBEDDED_KEY: Self = Self { token_bytes: 8 * 1024, embedded_jwk: true, ..Self::TOKEN };

    /// A JWK set or metadata document: at most 512 KiB (JWKS-04).
    pub const DOCUMENT: Self = Self { json_bytes: 512 * 1024, members: 8192, ..Self::TOKEN };
}

impl Default for Limits {
    fn default() -> Self {
        Self::TOKEN
    }
}
