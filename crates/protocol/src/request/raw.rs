use crate::reason::Reason;

/// Form parameters as they came: decoded once, duplicates refused, nothing interpreted (JAR-29, JAR-40).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RawParameters(Vec<(String, String)>);

/// More than any honest message has (ATK-DOS-01).
const MOST: usize = 100;

impl RawParameters {
    /// Reads a form-urlencoded query or body.
    ///
    /// # Errors
    /// [`Reason::ParametersMalformed`] for broken percent-encoding, bad UTF-8, NUL or too many parameters;
    /// [`Reason::ParameterRepeated`] for a name that comes twice (`resource` may, RFC 8707 §2).
    pub fn parse(encoded: &[u8]) -> Result<Self, Reason> {
        Self::parse_all(&[encoded])
    }

    /// Reads query and body of one message together: a name in both is a duplicate (JAR-28).
    ///
    /// # Errors
    /// As [`RawParameters::parse`].
    pub fn parse_all(parts: &[&[u8]]) -> Result<Self, Reason> {
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in
            parts.iter().flat_map(|part| part.split(|byte| *byte == b'&')).filter(|pair| !pair.is_empty())
        {
            if found.len() == MOST {
                return Err(Reason::ParametersMalformed);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if name != "resource" && found.iter().any(|(seen, _)| *seen == name) {
                return Err(Reason::ParameterRepeated);
            }
            found.push((name, value));
        }
        Ok(Self(found))
    }

    /// The value of a parameter; one sent without a value counts as not sent (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, value)| own == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The parameters in form encoding, without what authenticates the client (PAR-21): what a plain request said.
    pub fn without_credentials(&self) -> String {
        let kept =
            |(name, _): &&(String, String)| !name.starts_with("client_assertion") && name != "client_secret";
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.0.iter().filter(kept)).finish()
    }

    /// The names, in the order they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Shows names only: values may be codes, assertions and secrets (TOK-10).
impl std::fmt::Debug for RawParameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

fn decode(encoded: &[u8]) -> Result<String, Reason> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next())? << 4 | hex(rest.next())?,
            other => *other,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(Reason::ParametersMalformed),
    }
}

fn hex(digit: Option<&u8>) -> Result<u8, Reason> {
    match digit {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        _ => Err(Reason::ParametersMalformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jar_29_a_parameter_sent_twice_is_refused() {
        assert_eq!(RawParameters::parse(b"a=1&b=2&a=3"), Err(Reason::ParameterRepeated), "ATK-JAR-83");
        assert_eq!(RawParameters::parse(b"a=1&%61=3"), Err(Reason::ParameterRepeated));
        assert_eq!(RawParameters::parse_all(&[b"a=1", b"a=1"]), Err(Reason::ParameterRepeated), "JAR-28");
        assert!(RawParameters::parse(b"resource=1&resource=2").is_ok());
    }

    #[test]
    fn jar_40_encoding_is_strict() {
        for bad in [&b"a=%zz"[..], b"a=%4", b"a=%", b"a=%ff", b"a=%c0%af", b"a=%00", b"a=\xff"] {
            assert_eq!(RawParameters::parse(bad), Err(Reason::ParametersMalformed), "ATK-DOS-02 {bad:?}");
        }
        let many = (0..101).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(RawParameters::parse(many.as_bytes()), Err(Reason::ParametersMalformed), "ATK-DOS-01");
    }

    #[test]
    fn names_are_literal_and_empty_values_count_as_absent() {
        let raw = RawParameters::parse(b"scope[]=x&scope%3Bx=1&state=&nonce=a+b%2B").unwrap();
        assert_eq!(raw.get("scope"), None, "ATK-RED-29");
        assert_eq!(raw.get("state"), None);
        assert_eq!(raw.get("nonce"), Some("a b+"));
    }
}
