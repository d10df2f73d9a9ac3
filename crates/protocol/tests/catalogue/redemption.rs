//! Redeeming a code (ATK-PKCE-04..10, ATK-CODE-01..07, 13, ATK-POP-13, 14; CODE-01..08, PKCE-04, 05).

use countersign_jose::{Algorithm, Thumbprint};
use countersign_protocol::parameter::ClientId;
use countersign_protocol::pkce::{CodeChallenge, CodeVerifier};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;
use countersign_protocol::server::{CodeFacts, refreshed_scope, verify_redemption};
use countersign_protocol::time::UnixTime;
use countersign_protocol::token::TokenRequest;
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{CLIENT_ID, OTHER_CLIENT_ID, REDIRECT_URI, START, client, client_with};
use serde_json::json;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// One redemption; begins as an honest one.
#[derive(Clone)]
struct Redemption {
    client: &'static str,
    redirect_uri: Option<&'static str>,
    verifier: Option<String>,
    proof: Option<Thumbprint>,
    redeemed: bool,
    after: u64,
}

fn honest() -> Redemption {
    Redemption {
        client: CLIENT_ID,
        redirect_uri: Some(REDIRECT_URI),
        verifier: Some(VERIFIER.to_owned()),
        proof: Some(bound()),
        redeemed: false,
        after: 1,
    }
}

fn bound() -> Thumbprint {
    key(Owner::Dpop, Algorithm::ES256).thumbprint()
}

fn other() -> Thumbprint {
    key(Owner::Attacker, Algorithm::ES256).thumbprint()
}

fn judge(it: &Redemption) -> Option<Reason> {
    let (owner, presenter): (ClientId, ClientId) = (CLIENT_ID.parse().unwrap(), it.client.parse().unwrap());
    let challenge: CodeChallenge = CHALLENGE.parse().unwrap();
    let facts = CodeFacts {
        client_id: &owner,
        redirect_uri: REDIRECT_URI,
        code_challenge: &challenge,
        dpop_jkt: Some(bound()),
        expires: START.plus(60),
        redeemed: it.redeemed,
    };
    let now: UnixTime = START.plus(it.after);
    verify_redemption(facts, &presenter, it.redirect_uri, it.verifier.as_deref(), it.proof, now).err()
}

#[test]
fn a_code_is_good_for_one_redemption_by_its_own_client() {
    let text = |verifier: &str| Some(verifier.to_owned());
    for (id, attempt, expected) in [
        ("ATK-CODE-01, ATK-CODE-02", Redemption { redeemed: true, ..honest() }, Reason::CodeReplayed),
        ("ATK-CODE-03", Redemption { after: 61, ..honest() }, Reason::CodeExpired),
        ("CODE-01", Redemption { after: 60, ..honest() }, Reason::CodeExpired),
        ("ATK-CODE-04, CODE-07", Redemption { client: OTHER_CLIENT_ID, ..honest() }, Reason::CodeForeign),
        ("ATK-CODE-05", Redemption { redirect_uri: None, ..honest() }, Reason::CodeRedirectUri),
        (
            "ATK-CODE-05",
            Redemption { redirect_uri: Some("https://rp.example/other"), ..honest() },
            Reason::CodeRedirectUri,
        ),
        (
            "ATK-CODE-06 case",
            Redemption { redirect_uri: Some("https://rp.example/Callback"), ..honest() },
            Reason::CodeRedirectUri,
        ),
        (
            "ATK-CODE-06 slash",
            Redemption { redirect_uri: Some("https://rp.example/callback/"), ..honest() },
            Reason::CodeRedirectUri,
        ),
        (
            "ATK-CODE-06 encoding",
            Redemption { redirect_uri: Some("https://rp.example/%63allback"), ..honest() },
            Reason::CodeRedirectUri,
        ),
        ("ATK-PKCE-04", Redemption { verifier: None, ..honest() }, Reason::CodeVerifierMissing),
        (
            "ATK-PKCE-05, ATK-PKCE-09",
            Redemption { verifier: text(&"a".repeat(43)), ..honest() },
            Reason::CodeVerifierWrong,
        ),
        ("ATK-PKCE-06", Redemption { verifier: text(CHALLENGE), ..honest() }, Reason::CodeVerifierWrong),
        (
            "ATK-PKCE-07 42",
            Redemption { verifier: text(&"a".repeat(42)), ..honest() },
            Reason::CodeVerifierMalformed,
        ),
        (
            "ATK-PKCE-07 129",
            Redemption { verifier: text(&"a".repeat(129)), ..honest() },
            Reason::CodeVerifierMalformed,
        ),
        (
            "ATK-PKCE-07 NUL",
            Redemption { verifier: text(&format!("{VERIFIER}\0")), ..honest() },
            Reason::CodeVerifierMalformed,
        ),
        ("ATK-POP-13, ATK-POP-14", Redemption { proof: Some(other()), ..honest() }, Reason::CodeOtherKey),
        ("DPOP-15", Redemption { proof: None, ..honest() }, Reason::CodeOtherKey),
    ] {
        assert_eq!(judge(&honest()), None, "{id}: the control");
        assert_eq!(judge(&attempt), Some(expected), "{id}");
        let code = expected.oauth_error().map(|error| error.as_str());
        assert_eq!(code, Some("invalid_grant"), "{id}");
    }
}

#[test]
fn code_08_the_first_failure_in_the_order_of_the_catalogue() {
    let wrong = Redemption {
        client: OTHER_CLIENT_ID,
        redirect_uri: None,
        verifier: None,
        proof: None,
        redeemed: true,
        after: 61,
    };
    let foreign_only = Redemption { client: CLIENT_ID, ..wrong.clone() };
    let unspent = Redemption { redeemed: false, ..foreign_only.clone() };
    let in_time = Redemption { after: 1, ..unspent.clone() };
    let at_home = Redemption { redirect_uri: Some(REDIRECT_URI), ..in_time.clone() };
    let with_verifier = Redemption { verifier: Some(VERIFIER.to_owned()), ..at_home.clone() };
    for (attempt, expected) in [
        (wrong, Some(Reason::CodeForeign)),
        (foreign_only, Some(Reason::CodeReplayed)),
        (unspent, Some(Reason::CodeExpired)),
        (in_time, Some(Reason::CodeRedirectUri)),
        (at_home, Some(Reason::CodeVerifierMissing)),
        (with_verifier.clone(), Some(Reason::CodeOtherKey)),
        (Redemption { proof: Some(bound()), ..with_verifier }, None),
    ] {
        assert_eq!(judge(&attempt), expected);
    }
}

#[test]
fn pkce_08_a_challenge_of_another_run_is_no_use() {
    let stolen: CodeChallenge = CHALLENGE.parse().unwrap();
    let own: CodeVerifier = "b".repeat(43).parse().unwrap();
    assert!(stolen.matches(&VERIFIER.parse().unwrap()), "the control");
    assert!(!stolen.matches(&own), "ATK-PKCE-10");
}

/// Reads a token request of a registered client.
fn read(parameters: &[(&str, &str)], members: &serde_json::Value) -> Result<TokenRequest, Reason> {
    let raw = RawParameters::parse(form(parameters).as_bytes())?;
    TokenRequest::parse(&raw, &client_with(ProfileName::Fapi2MessageSigning, members))
}

#[test]
fn tok_04_grants_are_those_of_the_registration() {
    let code = ("code", CHALLENGE);
    let grant = ("grant_type", "authorization_code");
    assert!(read(&[grant, code], &json!({})).is_ok(), "the control");
    for (id, parameters, expected) in [
        ("TOK-03", vec![code], Reason::GrantTypeMissing),
        ("ATK-AUTH-23 password", vec![("grant_type", "password")], Reason::GrantTypeUnsupported),
        ("ATK-AUTH-23 implicit", vec![("grant_type", "implicit")], Reason::GrantTypeUnsupported),
        ("TOK-01", vec![grant], Reason::CodeMissing),
        ("ATK-CODE-10", vec![grant, ("code", "guess")], Reason::CodeUnknown),
        ("ATK-CODE-13 code", vec![grant, code, code], Reason::ParameterRepeated),
        ("ATK-CODE-13 grant_type", vec![grant, grant, code], Reason::ParameterRepeated),
        (
            "ATK-CODE-13 verifier",
            vec![grant, code, ("code_verifier", "a"), ("code_verifier", "b")],
            Reason::ParameterRepeated,
        ),
    ] {
        assert_eq!(read(&parameters, &json!({})).err(), Some(expected), "{id}");
    }
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", CHALLENGE)];
    assert!(read(&refresh, &json!({})).is_ok(), "the control");
    let without = json!({ "grant_types": ["authorization_code"] });
    assert_eq!(read(&refresh, &without).err(), Some(Reason::GrantTypeNotAllowed), "ATK-AUTH-23");
}

#[test]
fn tok_09_a_refresh_widens_nothing() {
    let granted = client(ProfileName::Baseline).scope().clone();
    assert_eq!(refreshed_scope(&granted, None), Ok(granted.clone()));
    assert_eq!(refreshed_scope(&granted, Some("accounts")).unwrap().to_string(), "accounts");
    assert_eq!(refreshed_scope(&granted, Some("accounts admin")), Err(Reason::RefreshScope), "ATK-TOK-02");
    assert_eq!(refreshed_scope(&granted, Some("a\"b")), Err(Reason::ScopeMalformed));
}
