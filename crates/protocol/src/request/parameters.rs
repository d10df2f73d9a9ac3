use serde::{Deserialize, Deserializer, de};

use super::RawParameters;

/// The parameters of one authorization request, from one source: a verified object, a pushed form, or a query.
///
/// There is no way to fill one from two sources, so nothing is ever taken from beside a request object (JAR-114).
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the request parameter of its own name")]
pub struct RequestParameters {
    #[serde(deserialize_with = "text")]
    pub response_type: Option<String>,
    #[serde(deserialize_with = "text")]
    pub redirect_uri: Option<String>,
    #[serde(deserialize_with = "text")]
    pub scope: Option<String>,
    #[serde(deserialize_with = "text")]
    pub state: Option<String>,
    #[serde(deserialize_with = "text")]
    pub nonce: Option<String>,
    #[serde(deserialize_with = "text")]
    pub response_mode: Option<String>,
    #[serde(deserialize_with = "text")]
    pub code_challenge: Option<String>,
    #[serde(deserialize_with = "text")]
    pub code_challenge_method: Option<String>,
    #[serde(deserialize_with = "text")]
    pub dpop_jkt: Option<String>,
    #[serde(deserialize_with = "text")]
    pub prompt: Option<String>,
    #[serde(deserialize_with = "text_or_number")]
    pub max_age: Option<String>,
    #[serde(deserialize_with = "text")]
    pub login_hint: Option<String>,
    /// Only whether it is there: rich authorization requests are not offered (RAR-01).
    #[serde(deserialize_with = "there")]
    pub authorization_details: bool,
}

impl RequestParameters {
    /// Reads them from ordinary form parameters.
    pub fn from_raw(raw: &RawParameters) -> Self {
        let text = |name: &str| raw.get(name).map(str::to_owned);
        Self {
            response_type: text("response_type"),
            redirect_uri: text("redirect_uri"),
            scope: text("scope"),
            state: text("state"),
            nonce: text("nonce"),
            response_mode: text("response_mode"),
            code_challenge: text("code_challenge"),
            code_challenge_method: text("code_challenge_method"),
            dpop_jkt: text("dpop_jkt"),
            prompt: text("prompt"),
            max_age: text("max_age"),
            login_hint: text("login_hint"),
            authorization_details: raw.get("authorization_details").is_some(),
        }
    }
}

/// A string that is there: `null`, arrays and objects are not strings (JAR-119, ATK-JAR-70, ATK-JAR-71).
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Either;
    impl de::Visitor<'_> for Either {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a whole number or a decimal string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(Either).map(Some)
}
