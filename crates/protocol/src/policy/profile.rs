use std::fmt;
use std::str::FromStr;

use countersign_jose::Algorithm;
use serde::{Deserialize, Serialize};

use super::{Control, Facts, Finding, Verdict};

/// The name of a [`Profile`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileName {
    /// OAuth 2.1 ideas with RFC 9700; no certification profile.
    Baseline,
    /// FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2-security")]
    Fapi2Security,
    /// FAPI 2.0 Message Signing: signed requests and signed responses on top of the Security Profile.
    #[default]
    #[serde(rename = "fapi2-message-signing")]
    Fapi2MessageSigning,
}

/// A table of controls and limits, read from `docs/requirements/profiles.md`.
#[derive(Debug)]
pub struct Profile {
    /// Its name.
    pub name: ProfileName,
    /// Every control that a flow must show.
    pub demands: &'static [Control],
    /// Algorithms a client may sign with, and the server answers with; the first is the default (JAR-65).
    pub algorithms: &'static [Algorithm],
    /// `nbf` is mandatory in a request object (JAR-78).
    pub not_before_required: bool,
    /// `iss` is mandatory in a request object (JAR-54).
    pub issuer_required: bool,
    /// Unless its registration lists others, a client must ask for the literal `response_mode=jwt` (JARM-13).
    pub literal_jwt_mode: bool,
    /// Lifetime of an authorization code in seconds (CODE-01).
    pub code_lifetime: u64,
    /// Longest life of a request object in seconds, from `nbf` to `exp` (JAR-79).
    pub request_object_lifetime: u64,
}

const FAPI2_ALGORITHMS: &[Algorithm] = &[Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];

/// The baseline: what OAuth 2.1 and RFC 9700 ask of everybody.
static BASELINE: Profile = Profile {
    name: ProfileName::Baseline,
    demands: &[Control::AsymmetricClientAuthentication, Control::PkceS256],
    algorithms: &[
        Algorithm::ES256,
        Algorithm::PS256,
        Algorithm::EdDSA,
        Algorithm::ES384,
        Algorithm::PS384,
        Algorithm::PS512,
    ],
    not_before_required: false,
    issuer_required: false,
    literal_jwt_mode: false,
    code_lifetime: 60,
    request_object_lifetime: 3600,
};

/// FAPI 2.0 Security Profile §5.3.2.
static FAPI2_SECURITY: Profile = Profile {
    name: ProfileName::Fapi2Security,
    demands: &[
        Control::PushedRequest,
        Control::AsymmetricClientAuthentication,
        Control::PkceS256,
        Control::SenderConstrainedTokens,
    ],
    algorithms: FAPI2_ALGORITHMS,
    not_before_required: false,
    issuer_required: false,
    literal_jwt_mode: false,
    code_lifetime: 60,
    request_object_lifetime: 3600,
};

/// FAPI 2.0 Message Signing §5.3.1 and §5.4.1, on top of the Security Profile.
static FAPI2_MESSAGE_SIGNING: Profile = Profile {
    name: ProfileName::Fapi2MessageSigning,
    demands: &[
        Control::PushedRequest,
        Control::SignedRequest,
        Control::AsymmetricClientAuthentication,
        Control::PkceS256,
        Control::SignedResponse,
        Control::SenderConstrainedTokens,
    ],
    algorithms: FAPI2_ALGORITHMS,
    not_before_required: true,
    issuer_required: true,
    literal_jwt_mode: true,
    code_lifetime: 60,
    request_object_lifetime: 3600,
};

/// Why a string is no [`ProfileName`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a profile is one of baseline, fapi2-security, fapi2-message-signing")]
pub struct InvalidProfileName;

impl ProfileName {
    /// Every profile, weakest first.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Fapi2Security, Self::Fapi2MessageSigning];

    /// The table of this name.
    pub fn profile(self) -> &'static Profile {
        match self {
            Self::Baseline => &BASELINE,
            Self::Fapi2Security => &FAPI2_SECURITY,
            Self::Fapi2MessageSigning => &FAPI2_MESSAGE_SIGNING,
        }
    }

    /// Whether this profile demands at least what `floor` does.
    pub fn is_at_least(self, floor: Self) -> bool {
        let strength = |name: Self| Self::ALL.iter().position(|own| *own == name);
        strength(self) >= strength(floor)
    }

    /// The name as it is written in registrations and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Fapi2Security => "fapi2-security",
            Self::Fapi2MessageSigning => "fapi2-message-signing",
        }
    }
}

impl FromStr for ProfileName {
    type Err = InvalidProfileName;

    fn from_str(raw: &str) -> Result<Self, InvalidProfileName> {
        Self::ALL.into_iter().find(|name| name.as_str() == raw).ok_or(InvalidProfileName)
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Profile {
    /// Whether a flow under this profile must show `control`.
    pub fn demands(&self, control: Control) -> bool {
        self.demands.contains(&control)
    }

    /// Judges a flow by every control of the table: what was found, what is missing.
    pub fn judge(&self, facts: &Facts) -> Verdict {
        let findings = Control::ALL
            .into_iter()
            .map(|control| Finding { control, demanded: self.demands(control), found: control.holds(facts) })
            .collect();
        Verdict { profile: self.name, findings }
    }
}
