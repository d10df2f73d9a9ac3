//! What the server says about itself is what it does (tokens-metadata.md; ATK-META-01, ATK-META-02).

use std::collections::BTreeSet;

use countersign_jose::{Algorithm, SigningKey};
use countersign_protocol::policy::ProfileName;
use countersign_server::Settings;
use countersign_testkit::house::{Engine, House, Party, Reply};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::on_both_databases;
use reqwest::Method;
use serde_json::{Value, json};

use crate::gate::assert_refused;

on_both_databases!(
    meta_01_and_meta_02_two_addresses_one_document,
    meta_05_every_endpoint_and_mode_works,
    meta_05_every_request_algorithm_works,
    meta_05_every_signing_algorithm_answers,
    meta_06_nothing_forbidden_is_listed,
    jar_134_and_par_14_what_is_demanded_of_everybody,
    jwks_01_public_keys_only,
    meta_02_an_issuer_with_a_path,
);

async fn documents(house: &House) -> [Value; 2] {
    let (origin, path) = (house.issuer().origin(), house.issuer().path());
    let appended = house.get(&format!("{origin}{path}/.well-known/openid-configuration")).await;
    let inserted = house.get(&format!("{origin}/.well-known/oauth-authorization-server{path}")).await;
    for reply in [&appended, &inserted] {
        assert_eq!(reply.status, 200, "META-01: {reply}");
        assert!(reply.header("content-type").unwrap().starts_with("application/json"), "META-02");
        assert!(reply.header("cache-control").unwrap().contains("max-age"), "META-02: {reply}");
        assert_eq!(reply.header("access-control-allow-origin").as_deref(), Some("*"), "META-09");
    }
    assert_eq!(appended.body, inserted.body, "META-01: the same content");
    [appended.json(), inserted.json()]
}

fn list(document: &Value, name: &str) -> Vec<String> {
    let list = document[name].as_array().unwrap_or_else(|| panic!("{name} is published"));
    list.iter().map(|value| value.as_str().expect("text").to_owned()).collect()
}

async fn meta_01_and_meta_02_two_addresses_one_document(engine: Engine) {
    let house = House::open(engine).await;
    let [document, _] = documents(&house).await;
    assert_eq!(document["issuer"], house.issuer().as_str(), "META-02");
    for (name, value) in document.as_object().unwrap() {
        assert!(value.as_array().is_none_or(|list| !list.is_empty()), "META-02: {name} is not empty");
        assert!(!value.is_null(), "META-02: {name}");
    }
    for (id, name, value) in [
        ("ISS-02/JARM-86", "authorization_response_iss_parameter_supported", json!(true)),
        ("PKCE-09", "code_challenge_methods_supported", json!(["S256"])),
        ("JAR-130", "request_parameter_supported", json!(true)),
        ("JAR-131", "request_uri_parameter_supported", json!(false)),
        ("JAR-134", "require_signed_request_object", json!(false)),
        ("PAR-14", "require_pushed_authorization_requests", json!(false)),
        ("PAR-15", "pushed_authorization_request_endpoint", json!(house.url("/par"))),
        ("META-05", "response_types_supported", json!(["code"])),
        ("META-05", "claims_parameter_supported", json!(false)),
    ] {
        assert_eq!(document[name], value, "{id}: {name}");
    }
}

async fn meta_05_every_endpoint_and_mode_works(engine: Engine) {
    let house = House::open(engine).await;
    let [document, _] = documents(&house).await;
    let scope = list(&document, "scopes_supported").join(" ");
    let party = house.register("all", ProfileName::Baseline, json!({ "scope": scope })).await;
    for (name, works) in [
        ("jwks_uri", 200),
        ("authorization_endpoint", 400),
        ("pushed_authorization_request_endpoint", 405),
        ("token_endpoint", 405),
        ("userinfo_endpoint", 401),
    ] {
        let url = document[name].as_str().unwrap_or_else(|| panic!("ATK-META-01: {name}"));
        assert!(url.starts_with(house.issuer().as_str()), "META-05 {name}");
        assert_eq!(house.get(url).await.status, works, "ATK-META-01: {name} answers");
    }
    let listed: BTreeSet<String> = list(&document, "response_modes_supported").into_iter().collect();
    let mut visitor = house.visitor();
    for mode in
        ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt", "web_message"]
    {
        let reply = visitor.agree(&party.plain(&house, json!({ "response_mode": mode }))).await;
        assert_eq!(reply.status != 400, listed.contains(mode), "ATK-META-01/JARM-83 {mode}: {reply}");
    }
    for response_type in ["code", "token", "id_token", "code id_token", "none"] {
        let url = party.plain(&house, json!({ "response_type": response_type, "response_mode": "jwt" }));
        let answer = visitor.agree(&url).await;
        let works = party.read(&house, &answer).await["code"].is_string();
        let listed = list(&document, "response_types_supported").contains(&response_type.to_owned());
        assert_eq!(works, listed, "ATK-META-01 {response_type}");
    }
    for method in ["S256", "plain"] {
        let url = party.plain(&house, json!({ "code_challenge_method": method }));
        let works = party.read(&house, &visitor.agree(&url).await).await["code"].is_string();
        let listed = list(&document, "code_challenge_methods_supported").contains(&method.to_owned());
        assert_eq!(works, listed, "ATK-META-01/PKCE-09 {method}");
    }
    for word in list(&document, "scopes_supported").iter().map(String::as_str).chain(["unlisted"]) {
        let url = party.plain(&house, json!({ "scope": word }));
        let works = party.read(&house, &visitor.agree(&url).await).await["code"].is_string();
        assert_eq!(works, word != "unlisted", "ATK-META-01 scope {word}");
    }
    for prompt in list(&document, "prompt_values_supported").iter().map(String::as_str).chain(["create"]) {
        let url = party.plain(&house, json!({ "prompt": prompt }));
        let answer = visitor.agree(&url).await;
        let works = party.read(&house, &answer).await["code"].is_string();
        assert_eq!(works, prompt != "create", "ATK-META-01 prompt {prompt}: {answer}");
    }
    for grant in ["authorization_code", "refresh_token", "password", "client_credentials", "implicit"] {
        let reply = party.post(&house, "/token", &[("grant_type", grant)]).await;
        let listed = list(&document, "grant_types_supported").contains(&grant.to_owned());
        let known = reply.error().as_deref() != Some("unsupported_grant_type");
        assert_eq!(known, listed, "ATK-META-01/ATK-AUTH-23 {grant}: {reply}");
    }
    for (method, form) in [
        ("client_secret_post", vec![("client_id", "all"), ("client_secret", "hush")]),
        ("none", vec![("client_id", "all")]),
    ] {
        let fields = [&form[..], &[("grant_type", "authorization_code"), ("code", "x")]].concat();
        let reply = house.post("/token", &fields, None).await;
        assert_eq!(reply.status, 401, "ATK-META-01 {method}: {reply}");
        let listed = list(&document, "token_endpoint_auth_methods_supported");
        assert_eq!(listed, ["private_key_jwt"], "ATK-META-01");
    }
    let basic = house.request(Method::POST, "/token").header("authorization", "Basic YWxsOmh1c2g=");
    let basic =
        basic.header("content-type", "application/x-www-form-urlencoded").body("grant_type=refresh_token");
    assert_eq!(house.send(basic).await.status, 401, "ATK-META-01 client_secret_basic");
}

fn client_key(algorithm: Algorithm) -> SigningKey {
    let document = key(Owner::Client, algorithm).to_pkcs8().unwrap();
    SigningKey::from_pkcs8(&document, algorithm).unwrap()
}

async fn meta_05_every_request_algorithm_works(engine: Engine) {
    let house = House::open(engine).await;
    let [document, _] = documents(&house).await;
    let objects = list(&document, "request_object_signing_alg_values_supported");
    let assertions = list(&document, "token_endpoint_auth_signing_alg_values_supported");
    let proofs = list(&document, "dpop_signing_alg_values_supported");
    for algorithm in ["ES256", "ES384", "PS256", "PS384", "PS512", "EdDSA", "RS256"] {
        let parsed: Algorithm = algorithm.parse().unwrap();
        let name = format!("alg-{}", algorithm.to_lowercase());
        let bare = json!({ "jwks": { "keys": [named(&client_key(parsed))] } });
        let party = Party::with_key(&name, ProfileName::Baseline, client_key(parsed), bare);
        house.register_party(&party).await;
        let by_value = house.visitor().open(&party.by_value(&house, &party.object(&house, json!({})))).await;
        let works = by_value.status == 303;
        assert_eq!(
            works,
            objects.contains(&algorithm.to_owned()),
            "ATK-META-01/JAR-133 {algorithm}: {by_value}"
        );
        let pushed = party.push(&house, &party.object(&house, json!({}))).await;
        let works = pushed.status == 201;
        assert_eq!(works, assertions.contains(&algorithm.to_owned()), "ATK-META-01 {algorithm}: {pushed}");

        let binds = Party::new(&format!("dpop-{name}"), ProfileName::Baseline, json!({}));
        house.register_party(&binds).await;
        let proof = countersign_protocol::dpop::sign_proof(
            &client_key(parsed),
            "POST",
            &house.url("/par"),
            None,
            &format!("proof-{name}"),
            house.now(),
        );
        let (assertion, object) = (binds.assertion(&house), binds.object(&house, json!({})));
        let fields = [
            ("client_assertion_type", countersign_protocol::client_auth::ASSERTION_TYPE),
            ("client_assertion", &*assertion),
            ("request", &*object),
        ];
        let reply = house.post("/par", &fields, Some(&proof.unwrap())).await;
        let listed = proofs.contains(&algorithm.to_owned());
        assert_eq!(reply.status == 201, listed, "ATK-META-01 DPoP {algorithm}: {reply}");
    }
    assert!(objects.contains(&"Ed25519".to_owned()), "JAR-133: the fully specified name");
}

/// A public key with a name and without `alg`, so that nothing but the server's rules speaks against an algorithm.
fn named(key: &SigningKey) -> Value {
    let mut jwk = json!(key.public_jwk().bare());
    jwk["kid"] = json!(countersign_jose::Signer::key_id(key));
    jwk
}

async fn meta_05_every_signing_algorithm_answers(engine: Engine) {
    let default = |settings: &mut Settings| {
        settings.signing_algorithms = Settings::new(settings.issuer.clone()).signing_algorithms;
    };
    let house = House::with(engine, "", default).await;
    let [document, _] = documents(&house).await;
    let answers = list(&document, "authorization_signing_alg_values_supported");
    let identities = list(&document, "id_token_signing_alg_values_supported");
    assert!(!answers.contains(&"none".to_owned()) && answers.len() >= 3, "JARM-82: {answers:?}");
    let keys = house.get(document["jwks_uri"].as_str().unwrap()).await.json();
    for algorithm in ["ES256", "PS256", "EdDSA"] {
        assert!(answers.contains(&algorithm.to_owned()), "JARM-82 {algorithm}");
        assert!(identities.contains(&algorithm.to_owned()), "META-05 {algorithm}");
        let members = json!({
            "authorization_signed_response_alg": algorithm,
            "id_token_signed_response_alg": algorithm,
        });
        let party =
            house.register(&algorithm.to_lowercase(), ProfileName::Fapi2MessageSigning, members).await;
        let answer = house.visitor().agree(&party.pushed(&house, json!({})).await).await;
        let code = party.code(&house, &answer).await;
        let tokens = party.redeem(&house, &code).await.json();
        for token in [answer.parameter("response").unwrap(), tokens["id_token"].as_str().unwrap().to_owned()]
        {
            let header = countersign_jose::base64url::decode(token.split('.').next().unwrap()).unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert_eq!(header["alg"], algorithm, "JARM-29: {header}");
            house.verified(&token).await;
        }
        let published = keys["keys"].as_array().unwrap().iter().any(|key| key["alg"] == algorithm);
        assert!(published, "JARM-32 {algorithm}");
    }
}

async fn meta_06_nothing_forbidden_is_listed(engine: Engine) {
    for floor in ProfileName::ALL {
        let house = House::with(engine, "", |settings| settings.minimum_profile = floor).await;
        let [document, _] = documents(&house).await;
        let text = document.to_string();
        for forbidden in
            ["\"RS256\"", "HS256", "client_secret", "implicit", "password", "\"plain\"", "RSA1_5"]
        {
            assert!(!text.contains(forbidden), "META-06/ATK-META-01: {floor} lists {forbidden}");
        }
        for (name, values) in document.as_object().unwrap() {
            let algorithms = name.contains("alg_values");
            let none = values.as_array().is_some_and(|list| list.contains(&json!("none")));
            assert!(!(algorithms && none), "META-06: {name}");
        }
        for name in ["grant_types_supported", "token_endpoint_auth_methods_supported"] {
            assert!(!list(&document, name).is_empty(), "META-06: {name} is explicit");
        }
    }
}

async fn jar_134_and_par_14_what_is_demanded_of_everybody(engine: Engine) {
    let strict = ProfileName::Fapi2MessageSigning;
    let house = House::with(engine, "", |settings| settings.minimum_profile = strict).await;
    let [document, _] = documents(&house).await;
    for (id, name, value) in [
        ("JAR-134", "require_signed_request_object", true),
        ("PAR-14", "require_pushed_authorization_requests", true),
        ("JAR-130", "request_parameter_supported", false),
    ] {
        assert_eq!(document[name], value, "{id}");
    }
    assert!(list(&document, "response_modes_supported").iter().all(|mode| mode.ends_with("jwt")), "JARM-83");
    let party = house.register("strict", strict, json!({})).await;
    party.code(&house, &house.visitor().agree(&party.pushed(&house, json!({})).await).await).await;
    for (id, url) in [
        ("ATK-META-01/JAR-130", party.by_value(&house, &party.object(&house, json!({})))),
        ("ATK-META-01/PAR-14/ATK-JAR-84", party.plain(&house, json!({}))),
    ] {
        assert_refused(id, &house.visitor().open(&url).await, "invalid_request");
    }
    // A weaker client, written into the table by hand or left from laxer times: what is published holds for it too.
    let weak = house.register("weak", ProfileName::Baseline, json!({})).await;
    let before = house.census().await;
    for url in [weak.plain(&house, json!({})), weak.by_value(&house, &weak.object(&house, json!({})))] {
        assert_refused(
            "ATK-META-01/JAR-103: the server demands it",
            &house.visitor().open(&url).await,
            "invalid_client",
        );
    }
    let reply = weak.push(&house, &weak.object(&house, json!({ "response_mode": "query" }))).await;
    assert_eq!((reply.status, reply.error().as_deref()), (401, Some("invalid_client")), "META-05: {reply}");
    assert!(house.census().await.changed(&before).is_empty());
}

async fn jwks_01_public_keys_only(engine: Engine) {
    let default = |settings: &mut Settings| {
        settings.signing_algorithms = Settings::new(settings.issuer.clone()).signing_algorithms;
    };
    let house = House::with(engine, "", default).await;
    let rotated = house.server().keys().rotate(None, house.now()).await.unwrap();
    assert!(!rotated.is_empty(), "a second key of each kind");
    let reply = house.get(&house.url("/jwks")).await;
    assert!(reply.header("cache-control").unwrap().contains("max-age"), "JWKS-03: {reply}");
    let document = reply.json();
    let keys = document["keys"].as_array().unwrap();
    assert!(keys.len() >= 6, "JWKS-03: published before use: {document}");
    let mut names = BTreeSet::new();
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert_eq!(key[private], Value::Null, "ATK-META-02/JWKS-01: {private}");
        }
        assert_ne!(key["kty"], "oct", "ATK-META-02");
        assert_eq!(key["use"], "sig", "JWKS-01");
        assert!(key["alg"].is_string(), "JWKS-01");
        assert!(names.insert(key["kid"].as_str().unwrap().to_owned()), "ATK-META-02: kid is unique");
    }
}

async fn meta_02_an_issuer_with_a_path(engine: Engine) {
    let house = House::with(engine, "/tenant/one", |_| ()).await;
    let [document, _] = documents(&house).await;
    assert_eq!(document["issuer"], house.issuer().as_str(), "META-02");
    assert!(house.issuer().as_str().ends_with("/tenant/one"));
    let party = house.register("fapi", ProfileName::Fapi2MessageSigning, json!({})).await;
    let mut visitor = house.visitor();
    let page = visitor.walk(&party.pushed(&house, json!({ "prompt": "login consent" })).await).await;
    let target = |page: &Reply| {
        let action = page.body.split("method=\"post\" action=\"").nth(1).unwrap().split('"').next().unwrap();
        url::Url::parse(&page.url).unwrap().join(action).unwrap().to_string()
    };
    assert_eq!(target(&page), house.url("/login"), "META-02: forms stay below the issuer");
    let consent = visitor.log_in(&page, house.person()).await;
    assert_eq!(target(&consent), house.url("/consent"), "META-02");
    let answer = visitor.decide(&consent, "allow").await;
    let claims = party.read(&house, &answer).await;
    assert_eq!(claims["iss"], house.issuer().as_str(), "META-02: the same string everywhere");
    assert_eq!(party.redeem(&house, claims["code"].as_str().unwrap()).await.status, 200, "META-02");
    let outside = format!("{}/authorize", house.issuer().origin());
    assert_eq!(house.get(&outside).await.status, 404, "nothing of it outside the path");
}
