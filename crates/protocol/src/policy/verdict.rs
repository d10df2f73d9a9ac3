use serde::{Deserialize, Serialize};

use super::{Control, ProfileName};

/// What a profile found in one flow; kept as evidence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The profile the flow was judged by.
    pub profile: ProfileName,
    /// Every control, demanded or not.
    pub findings: Vec<Finding>,
}

/// One control in one flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The control.
    pub control: Control,
    /// Whether the profile demands it.
    pub demanded: bool,
    /// Whether the flow shows it.
    pub found: bool,
}

impl Verdict {
    /// Demanded and not found, in the order of the table. A flow passes when there is none.
    pub fn missing(&self) -> impl Iterator<Item = Control> {
        self.findings
            .iter()
            .filter(|finding| finding.demanded && !finding.found)
            .map(|finding| finding.control)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::{Control, Facts, ProfileName};

    const EVERYTHING: Facts = Facts {
        pushed_request: true,
        signed_request: true,
        asymmetric_client_authentication: true,
        pkce_s256: true,
        signed_response: true,
        sender_constrained_tokens: true,
    };

    #[test]
    fn a_verdict_reports_every_missing_control() {
        let profile = ProfileName::Fapi2MessageSigning.profile();
        assert_eq!(profile.judge(&EVERYTHING).missing().count(), 0);
        let verdict = profile.judge(&Facts { signed_request: false, signed_response: false, ..EVERYTHING });
        assert_eq!(verdict.missing().collect::<Vec<_>>(), [Control::SignedRequest, Control::SignedResponse]);
    }

    #[test]
    fn each_profile_demands_what_the_weaker_one_does() {
        for pair in ProfileName::ALL.windows(2) {
            let [weaker, stronger] = [pair[0].profile(), pair[1].profile()];
            assert!(weaker.demands.iter().all(|control| stronger.demands(*control)));
        }
    }

    #[test]
    fn jar_65_algorithm_lists_hold_no_rs256_and_no_mac() {
        for name in ProfileName::ALL {
            for algorithm in name.profile().algorithms {
                assert!(
                    !["RS256", "HS256", "none"].contains(&algorithm.to_string().as_str()),
                    "{name} {algorithm}"
                );
            }
        }
    }
}
