//! base64url without padding (RFC 7515 §2), one spelling only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not the one canonical base64url spelling of any bytes (JAR-46, ATK-JAR-31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding, white space or stray bits (JAR-46, RFC 7515 §2)")]
pub struct InvalidBase64Url;

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `out`.
pub fn encode_to(bytes: impl AsRef<[u8]>, out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// Length of the encoding of `bytes` octets.
#[must_use]
pub fn encoded_len(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4).saturating_sub((3 - bytes % 3) % 3)
}

/// Decodes strictly: no padding, no white space, the URL alphabet, and zero trailing bits.
///
/// A second spelling of the same bytes would let one signature stand under several token texts, and so past a replay
/// memory that compares texts.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, InvalidBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidBase64Url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

    use super::{decode, encode, encoded_len};

    #[test]
    fn atk_jar_31_one_spelling_only() {
        assert_eq!(decode("AA"), Ok(vec![0]));
        for refused in ["AA==", "A", "AB", "AAB", "A A", "AA\n", " AA", "+/8", "AAAAA", "é"] {
            assert!(decode(refused).is_err(), "{refused:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(decode(&text), Ok(bytes));
        }

        #[test]
        fn whatever_decodes_was_canonical(text in proptest::collection::vec("[A-Za-z0-9_=+/ -]", 0..24).prop_map(|v| v.concat())) {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(bytes), text);
            }
        }
    }
}
