//! ID tokens at the client, access tokens at the resource (ATK-CLI-08, ATK-POP-22, 23; IDT-05, AT-04).

use countersign_jose::Algorithm;
use countersign_protocol::parameter::Nonce;
use countersign_protocol::reason::Reason;
use countersign_protocol::token::{ExpectedIdToken, verify_access_token, verify_id_token};
use countersign_testkit::forge::spelling::flip_signature_bit;
use countersign_testkit::forge::{self, rsa_public_pem};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::parties::{
    CLIENT_ID, ISSUER, OTHER_CLIENT_ID, OTHER_ISSUER, START, issuer, server_keys,
};
use serde_json::json;

fn server() -> &'static countersign_jose::SigningKey {
    key(Owner::Server, Algorithm::ES256)
}

/// Whether the client takes a token as the ID token of a login with this nonce.
fn identifies(token: &str, nonce: Option<&str>) -> bool {
    let nonce: Option<Nonce> = nonce.map(|nonce| nonce.parse().unwrap());
    let expected = ExpectedIdToken {
        issuer: &issuer(),
        keys: &server_keys(),
        client_id: &CLIENT_ID.parse().unwrap(),
        algorithm: Algorithm::ES256,
        nonce: nonce.as_ref(),
    };
    match verify_id_token(token, expected, START) {
        Ok(verified) => verified.claims().sub.as_str() == "person",
        Err(reason) => {
            assert_eq!(reason, Reason::IdTokenInvalid);
            false
        }
    }
}

#[test]
fn idt_05_an_id_token_holds_or_it_does_not() {
    let honest = || forge::id_token(START, "the-nonce");
    for (id, forged) in [
        ("none", honest().header("alg", "none").unsigned()),
        (
            "HS256 with the public key",
            honest().hs256(rsa_public_pem(key(Owner::Server, Algorithm::PS256)).as_bytes()),
        ),
        ("another algorithm", honest().sign_as(key(Owner::Server, Algorithm::PS256))),
        ("another key", honest().sign(key(Owner::OtherServer, Algorithm::ES256))),
        ("a flipped bit", flip_signature_bit(&honest().sign(server()))),
        ("iss", honest().claim("iss", OTHER_ISSUER).sign(server())),
        ("iss slash", honest().claim("iss", format!("{ISSUER}/")).sign(server())),
        ("aud", honest().claim("aud", OTHER_CLIENT_ID).sign(server())),
        ("extra aud", honest().claim("aud", json!([CLIENT_ID, OTHER_CLIENT_ID])).sign(server())),
        ("no aud", honest().claim("aud", json!([])).sign(server())),
        ("azp", honest().claim("azp", OTHER_CLIENT_ID).sign(server())),
        ("azp null", honest().claim("azp", json!(null)).sign(server())),
        ("exp", honest().claim("exp", START.as_secs() - 10).sign(server())),
        ("no exp", honest().without("exp").sign(server())),
        ("no iat", honest().without("iat").sign(server())),
        ("iat a week old", honest().claim("iat", START.as_secs() - 7 * 86_400).sign(server())),
        ("iat ahead", honest().claim("iat", START.as_secs() + 61).sign(server())),
        ("no nonce", honest().without("nonce").sign(server())),
        ("another nonce", honest().claim("nonce", "another").sign(server())),
        ("no sub", honest().without("sub").sign(server())),
        ("sub of 256 characters", honest().claim("sub", "s".repeat(256)).sign(server())),
        ("typ", honest().header("typ", "at+jwt").sign(server())),
        ("typ logout, LOG-08", honest().header("typ", "logout+jwt").sign(server())),
        ("sub twice", honest().add_claim("sub", "\"another\"").sign(server())),
    ] {
        assert!(identifies(&honest().sign(server()), Some("the-nonce")), "the control");
        assert!(!identifies(&forged, Some("the-nonce")), "ATK-CLI-08 {id}");
    }
    let listed = honest().claim("aud", json!([CLIENT_ID])).claim("azp", CLIENT_ID).sign(server());
    assert!(identifies(&listed, Some("the-nonce")), "one audience in an array, azp the client");
    assert!(!identifies(&honest().sign(server()), None), "a nonce that nobody sent");
    assert!(identifies(&honest().without("nonce").sign(server()), None));
}

#[test]
fn at_04_an_access_token_is_for_this_resource() {
    let resource = format!("{ISSUER}/userinfo");
    let honest = || forge::access_token(START);
    let judge = |token: &str| verify_access_token(token, &server_keys(), &issuer(), &resource, START);
    let check = |id: &str, forged: String| {
        let verified = judge(&honest().sign(server())).unwrap();
        assert_eq!(verified.bound_to(), Some(key(Owner::Dpop, Algorithm::ES256).thumbprint()), "ATK-POP-22");
        assert_eq!(verified.claims().client_id.as_str(), CLIENT_ID);
        assert_eq!(judge(&forged).err(), Some(Reason::AccessTokenInvalid), "ATK-POP-23 {id}");
    };
    check("typ JWT", honest().header("typ", "JWT").sign(server()));
    check("no typ", honest().without_header("typ").sign(server()));
    check("an ID token", forge::id_token(START, "n").sign(server()));
    check("an ID token that says at+jwt", forge::id_token(START, "n").header("typ", "at+jwt").sign(server()));
    check("aud", honest().claim("aud", "https://other.example").sign(server()));
    check("aud array", honest().claim("aud", json!([resource, "https://other.example"])).sign(server()));
    check("iss", honest().claim("iss", OTHER_ISSUER).sign(server()));
    check("none", honest().header("alg", "none").unsigned());
    check("HS256", honest().hs256(b"secret"));
    check("expired", honest().claim("exp", START.as_secs()).sign(server()));
    check("another issuer's key", honest().sign(key(Owner::OtherServer, Algorithm::ES256)));
    check("its kid too, ATK-CLI-20", honest().sign_as(key(Owner::OtherServer, Algorithm::ES256)));
    check("flipped", flip_signature_bit(&honest().sign(server())));
    check("cnf broken", honest().claim("cnf", json!({ "jkt": "short" })).sign(server()));
    check("a wider scope, spelled twice", honest().add_claim("scope", "\"admin\"").sign(server()));
}

#[test]
fn at_04_the_media_type_may_be_written_out() {
    let long = forge::access_token(START).header("typ", "application/AT+jwt").sign(server());
    let resource = format!("{ISSUER}/userinfo");
    assert!(verify_access_token(&long, &server_keys(), &issuer(), &resource, START).is_ok());
}
