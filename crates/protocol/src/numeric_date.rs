//! Times inside JWTs: JSON numbers of seconds, nothing else (RFC 7519 §2; JAR-83).

use serde::{Deserialize, Deserializer, de};

use crate::time::UnixTime;

/// How far ahead of our clock a peer's may be, in seconds: 10 must pass, more than 60 must not (JAR-81).
pub(crate) const FUTURE_SKEW: u64 = 30;

/// How long after `exp` a JWT still passes, in seconds.
pub(crate) const EXPIRY_LEEWAY: u64 = 10;

/// A time claim as it was written.
///
/// Reading one never fails on its value, so that a wrong type can be told from a malformed document: the check is
/// in [`NumericDate::time`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct NumericDate(Option<f64>);

/// The claim is no finite, non-negative number of seconds below 2^53.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotATime;

impl NumericDate {
    /// The moment it means; fractions of a second are cut.
    pub(crate) fn time(self) -> Result<UnixTime, NotATime> {
        const BOUND: f64 = 9_007_199_254_740_992.0;
        match self.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be in range"
            )]
            Some(seconds) if (0.0..BOUND).contains(&seconds) => Ok(UnixTime::from_secs(seconds as u64)),
            _ => Err(NotATime),
        }
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl<'de> de::Visitor<'de> for Number {
            type Value = NumericDate;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<NumericDate, E> {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "whatever loses precision is out of range anyway"
                )]
                Ok(NumericDate(Some(seconds as f64)))
            }

            fn visit_i64<E>(self, _negative: i64) -> Result<NumericDate, E> {
                Ok(NumericDate(None))
            }

            fn visit_f64<E>(self, seconds: f64) -> Result<NumericDate, E> {
                Ok(NumericDate(Some(seconds)))
            }

            fn visit_str<E>(self, _text: &str) -> Result<NumericDate, E> {
                Ok(NumericDate(None))
            }

            fn visit_bool<E>(self, _truth: bool) -> Result<NumericDate, E> {
                Ok(NumericDate(None))
            }

            fn visit_unit<E>(self) -> Result<NumericDate, E> {
                Ok(NumericDate(None))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<NumericDate, A::Error> {
                while items.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(NumericDate(None))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<NumericDate, A::Error> {
                while members.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
                Ok(NumericDate(None))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// Reads a claim that, if there, is there with whatever value: `null` does not mean absent (JAR-18).
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
