//! Client authentication with a signed assertion (ATK-AUTH-01, 02, 04..16, 20..22; CAUTH-03..15).

use countersign_jose::Algorithm;
use countersign_protocol::client_auth::{ASSERTION_TYPE, ClientAssertion};
use countersign_protocol::oauth_error::OAuthError;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::request::RawParameters;
use countersign_testkit::forge::spelling::{flattened, flip_signature_bit};
use countersign_testkit::forge::{self, Forgery, rsa_public_pem};
use countersign_testkit::keys::{Owner, jwks, key};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{CLIENT_ID, ISSUER, OTHER_CLIENT_ID, START, client, client_with, issuer};
use serde_json::json;

use crate::desk::{Twist, own};

fn assertion() -> Forgery {
    forge::client_assertion(START)
}

/// Authenticates with form parameters; gives the client id.
fn authenticate(client: &Client, parameters: &[(&str, &str)]) -> Result<String, Reason> {
    let raw = RawParameters::parse(form(parameters).as_bytes())?;
    let unspent = ClientAssertion::from_parameters(&raw)?.verify(client, &issuer(), START)?;
    Ok(unspent.into_parts().0.id().to_string())
}

/// Authenticates with one assertion and nothing unusual beside it.
fn present(client: &Client, assertion: &str) -> Result<String, Reason> {
    authenticate(client, &[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)])
}

fn refuses(cases: &[(&str, Twist, Reason)]) {
    for profile in ProfileName::ALL {
        let client = client(profile);
        for (id, twist, expected) in cases {
            let control = present(&client, &assertion().sign(own()));
            assert_eq!(control.as_deref(), Ok(CLIENT_ID), "{id}: the control, {profile}");
            assert_eq!(present(&client, &twist(assertion())), Err(*expected), "{id}, {profile}");
            assert_eq!(expected.oauth_error(), Some(OAuthError::InvalidClient), "{id}");
            assert_eq!(expected.to_stranger(), Reason::AuthenticationFailed, "ATK-AUTH-20, CAUTH-15: {id}");
        }
    }
}

#[test]
fn cauth_12_an_assertion_is_for_now() {
    assert_eq!(START.as_secs(), 1_800_000_000);
    let refused = Reason::AssertionTime;
    refuses(&[
        ("ATK-AUTH-01", |it| it.claim("exp", 1_799_999_990).sign(own()), refused),
        ("ATK-AUTH-01 5 minutes", |it| it.claim("exp", 1_799_999_700).sign(own()), refused),
        ("ATK-AUTH-09 iat", |it| it.claim("iat", 1_800_000_061).sign(own()), refused),
        ("ATK-AUTH-09 nbf", |it| it.claim("nbf", 1_800_000_061).sign(own()), refused),
        ("ATK-AUTH-10", |it| it.claim("exp", 2_115_360_000_u64).sign(own()), refused),
        ("CAUTH-12 601 seconds", |it| it.claim("exp", 1_800_000_601).sign(own()), refused),
        ("CAUTH-11 no exp", |it| it.without("exp").sign(own()), refused),
        ("JAR-83", |it| it.claim("exp", "1800000060").sign(own()), refused),
    ]);
    for (name, at) in
        [("iat", 1_800_000_008), ("nbf", 1_800_000_008), ("exp", 1_800_000_600), ("exp", 1_799_999_991)]
    {
        let accepted = present(&client(ProfileName::Fapi2Security), &assertion().claim(name, at).sign(own()));
        assert_eq!(accepted.as_deref(), Ok(CLIENT_ID), "ATK-AUTH-09, CAUTH-12: {name} {at}");
    }
}

#[test]
fn cauth_08_the_audience_is_the_issuer_as_one_string() {
    let refused = Reason::AssertionAudience;
    refuses(&[
        ("ATK-AUTH-02 other server", |it| it.claim("aud", "https://other.example").sign(own()), refused),
        ("ATK-AUTH-02 token endpoint", |it| it.claim("aud", format!("{ISSUER}/token")).sign(own()), refused),
        ("ATK-AUTH-02 PAR endpoint", |it| it.claim("aud", format!("{ISSUER}/par")).sign(own()), refused),
        ("ATK-AUTH-02 array", |it| it.claim("aud", json!([ISSUER])).sign(own()), refused),
        ("ATK-AUTH-22", |it| it.claim("aud", json!([ISSUER, "https://evil.example"])).sign(own()), refused),
        ("CAUTH-08 slash", |it| it.claim("aud", format!("{ISSUER}/")).sign(own()), refused),
        ("CAUTH-11 no aud", |it| it.without("aud").sign(own()), refused),
    ]);
}

#[test]
fn cauth_06_and_11_names() {
    refuses(&[
        ("ATK-AUTH-04 no sub", |it| it.without("sub").sign(own()), Reason::AssertionSubject),
        (
            "ATK-AUTH-04 other sub",
            |it| it.claim("sub", OTHER_CLIENT_ID).sign(own()),
            Reason::AssertionSubject,
        ),
        ("ATK-AUTH-04 other iss", |it| it.claim("iss", OTHER_CLIENT_ID).sign(own()), Reason::AssertionIssuer),
        ("ATK-AUTH-04 no iss", |it| it.without("iss").sign(own()), Reason::AssertionIssuer),
        ("ATK-AUTH-08 no jti", |it| it.without("jti").sign(own()), Reason::AssertionJwtId),
        (
            "ATK-AUTH-08 1 MB",
            |it| it.claim("jti", "j".repeat(1 << 20)).sign(own()),
            Reason::AssertionMalformed,
        ),
        ("ATK-AUTH-08 257", |it| it.claim("jti", "j".repeat(257)).sign(own()), Reason::AssertionMalformed),
        ("JWT-03 twice", |it| it.add_claim("sub", "\"library\"").sign(own()), Reason::AssertionMalformed),
    ]);
}

#[test]
fn cauth_10_signed_by_the_client_with_its_algorithm() {
    refuses(&[
        ("ATK-AUTH-11 none", |it| it.header("alg", "none").unsigned(), Reason::AssertionMalformed),
        (
            "ATK-AUTH-11 HS256",
            |it| it.hs256(rsa_public_pem(key(Owner::Client, Algorithm::PS256)).as_bytes()),
            Reason::AssertionMalformed,
        ),
        ("ATK-AUTH-11 RS256", |it| it.header("alg", "RS256").sign(own()), Reason::AssertionAlgorithm),
        ("ATK-AUTH-12", |it| it.sign_as(key(Owner::OtherClient, Algorithm::ES256)), Reason::AssertionKey),
        (
            "ATK-AUTH-12 under the kid",
            |it| it.sign(key(Owner::OtherClient, Algorithm::ES256)),
            Reason::AssertionSignature,
        ),
        ("CAUTH-10 flipped", |it| flip_signature_bit(&it.sign(own())), Reason::AssertionSignature),
        ("CAUTH-10 unsigned", |it| it.unsigned(), Reason::AssertionMalformed),
        ("JWT-03 flattened", |it| flattened(&it.sign(own())), Reason::AssertionMalformed),
        ("JAR-68", |it| it.header("jku", "https://evil.example").sign(own()), Reason::AssertionMalformed),
        ("ATK-AUTH-21", |it| it.header("typ", "oauth-authz-req+jwt").sign(own()), Reason::AssertionKind),
        ("ATK-AUTH-21", |it| it.header("typ", "dpop+jwt").sign(own()), Reason::AssertionKind),
        ("JAR-111", |it| it.claim("response_type", "code").sign(own()), Reason::AssertionKind),
    ]);
    let keys = jwks(&[own(), key(Owner::Client, Algorithm::PS256)]);
    let members = json!({ "jwks": keys, "token_endpoint_auth_signing_alg": "ES256" });
    let client = client_with(ProfileName::Fapi2Security, &members);
    assert!(present(&client, &assertion().sign(own())).is_ok(), "the control");
    let other = present(&client, &assertion().sign_as(key(Owner::Client, Algorithm::PS256)));
    assert_eq!(other, Err(Reason::AssertionAlgorithm), "ATK-AUTH-11: other than registered");
    for typ in ["JWT", "client-authentication+jwt", "application/client-authentication+jwt"] {
        assert!(present(&client, &assertion().header("typ", typ).sign(own())).is_ok(), "CAUTH-14 {typ}");
    }
}

#[test]
fn cauth_03_one_way_to_authenticate() {
    let client = client(ProfileName::Fapi2Security);
    let signed = assertion().sign(own());
    let (kind, token) = (("client_assertion_type", ASSERTION_TYPE), ("client_assertion", signed.as_str()));
    let named = ("client_id", CLIENT_ID);
    assert_eq!(authenticate(&client, &[kind, token, named]).as_deref(), Ok(CLIENT_ID), "the control");
    for (id, parameters, expected) in [
        ("ATK-AUTH-13 wrong type", vec![("client_assertion_type", "saml"), token], Reason::AssertionType),
        ("ATK-AUTH-13 no type", vec![token], Reason::AssertionType),
        ("ATK-AUTH-13 two", vec![kind, token, token], Reason::ParameterRepeated),
        ("ATK-AUTH-14", vec![kind, token, ("client_secret", "s")], Reason::AuthenticationTwice),
        ("ATK-AUTH-15 secret", vec![named, ("client_secret", "s")], Reason::AuthenticationMissing),
        ("ATK-AUTH-15 nothing", vec![named], Reason::AuthenticationMissing),
        ("ATK-AUTH-16", vec![kind, token, ("client_id", OTHER_CLIENT_ID)], Reason::ClientIdDiffers),
    ] {
        assert_eq!(authenticate(&client, &parameters), Err(expected), "{id}");
    }
    for invalid_request in [Reason::AuthenticationTwice, Reason::ParameterRepeated] {
        assert_eq!(invalid_request.oauth_error(), Some(OAuthError::InvalidRequest), "ATK-AUTH-14");
    }
}

#[test]
fn cauth_13_the_same_jti_is_the_same_wherever_it_is_presented() {
    let spent = |forged: Forgery| {
        let encoded =
            form(&[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &forged.sign(own()))]);
        let raw = RawParameters::parse(encoded.as_bytes()).unwrap();
        let client = client(ProfileName::Fapi2Security);
        let unspent =
            ClientAssertion::from_parameters(&raw).unwrap().verify(&client, &issuer(), START).unwrap();
        let (_, spends) = unspent.into_parts();
        spends.keys().to_vec()
    };
    let first = spent(assertion());
    assert_eq!(first, spent(assertion()), "ATK-AUTH-07: another signature, the same identifier");
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].expires, START.plus(60 + 10));
    assert_ne!(first, spent(assertion().claim("jti", "another")));
}
