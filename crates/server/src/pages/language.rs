use super::text::{ENGLISH, Text};

/// The language a page is written in. A further one is a further [`Text`] and a variant here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
}

impl Language {
    /// The tag for the `lang` attribute (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }

    pub(super) fn text(self) -> &'static Text {
        match self {
            Self::English => &ENGLISH,
        }
    }
}
