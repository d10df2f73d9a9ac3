//! The times of a request object, to the second (ATK-JAR-49..56; JAR-78..82): the boundary table of the catalogue.

use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_testkit::parties::{START, client};

use crate::desk::{Way, object, own};

/// Seconds from now; none: the claim is left out.
type Offset = Option<i64>;

fn judge(profile: ProfileName, nbf: Offset, exp: Offset, iat: Offset) -> Option<Reason> {
    let at = |offset: i64| START.as_secs().checked_add_signed(offset).unwrap();
    let mut bent = object();
    for (name, offset) in [("nbf", nbf), ("exp", exp), ("iat", iat)] {
        bent = match offset {
            Some(offset) => bent.claim(name, at(offset)),
            None => bent.without(name),
        };
    }
    let way = if profile == ProfileName::Baseline { Way::ByValue } else { Way::Pushed };
    way.send(&client(profile), &bent.sign(own())).err()
}

#[test]
fn the_boundary_table_of_the_catalogue() {
    use Reason::{
        RequestObjectExpired as Expired, RequestObjectExpiryMissing as NoExpiry,
        RequestObjectLifetime as Lifetime, RequestObjectNotBeforeMissing as NoNotBefore,
        RequestObjectNotYetValid as Early, RequestObjectTooOld as TooOld,
    };
    for (id, nbf, exp, expected) in [
        ("JAR-79", Some(0), Some(3600), None),
        ("ATK-JAR-54", Some(0), Some(3601), Some(Lifetime)),
        ("JAR-79", Some(-3600), Some(1), Some(Lifetime)),
        ("JAR-78", Some(-3599), Some(1), None),
        ("JAR-78", Some(-3601), Some(-1), Some(TooOld)),
        ("ATK-JAR-53", Some(-3660), Some(60), Some(TooOld)),
        ("ATK-JAR-52", Some(8), Some(300), None),
        ("JAR-81", Some(10), Some(300), None),
        ("JAR-81", Some(30), Some(300), None),
        ("JAR-81", Some(31), Some(300), Some(Early)),
        ("ATK-JAR-52", Some(61), Some(300), Some(Early)),
        ("JAR-80", Some(-300), Some(-9), None),
        ("ATK-JAR-49", Some(-300), Some(-10), Some(Expired)),
        ("JAR-79", Some(0), Some(0), Some(Lifetime)),
        ("JAR-79", Some(5), Some(1), Some(Lifetime)),
        ("ATK-JAR-51", None, Some(300), Some(NoNotBefore)),
        ("ATK-JAR-50", Some(0), None, Some(NoExpiry)),
    ] {
        let judged = judge(ProfileName::Fapi2MessageSigning, nbf, exp, Some(0));
        assert_eq!(judged, expected, "{id}: nbf {nbf:?}, exp {exp:?}");
    }
}

#[test]
fn atk_jar_56_an_object_from_the_future() {
    for profile in ProfileName::ALL {
        assert_eq!(judge(profile, Some(0), Some(300), Some(8)), None, "JAR-81, {profile}");
        let far = judge(profile, Some(0), Some(300), Some(3600));
        assert_eq!(far, Some(Reason::RequestObjectNotYetValid), "{profile}");
    }
}

#[test]
fn jar_82_the_baseline_bounds_the_expiry_from_now() {
    let baseline = |nbf, exp| judge(ProfileName::Baseline, nbf, exp, None);
    assert_eq!(baseline(None, Some(3600)), None, "the control");
    assert_eq!(baseline(None, Some(3601)), Some(Reason::RequestObjectLifetime));
    assert_eq!(baseline(Some(30), Some(3601)), Some(Reason::RequestObjectLifetime), "nbf makes it no longer");
    assert_eq!(baseline(None, None), Some(Reason::RequestObjectExpiryMissing), "ATK-JAR-50");
    assert_eq!(baseline(None, Some(-10)), Some(Reason::RequestObjectExpired), "ATK-JAR-49");
}
