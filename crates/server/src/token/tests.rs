use axum::http::StatusCode;
use axum::http::header;
use countersign_evidence::record::{Made, Record, RecordKind};
use countersign_jose::{Algorithm, SigningKey};
use countersign_protocol::client_auth::sign_assertion;
use countersign_protocol::parameter::Nonce;
use countersign_protocol::token::{ExpectedIdToken, verify_access_token, verify_id_token};
use countersign_storage::{authorization_code, client, evidence_record, user};
use serde_json::json;

use crate::bed::{
    Answer, Bed, Call, Code, TOKEN, alice, issuer, on_both_engines, on_sqlite, other_issuer, random, send_to,
};

const IG: (u16, &str) = (400, "invalid_grant");
const IR: (u16, &str) = (400, "invalid_request");
const IC: (u16, &str) = (401, "invalid_client");

on_both_engines! {
        code_08_a_code_becomes_tokens,
        atk_code_02_fifty_at_once,
        atk_code_01_reuse_revokes_the_family,
        atk_auth_07_a_replayed_assertion_changes_nothing,
        atk_auth_07_one_assertion_sent_at_once_to_two_nodes,
        atk_tok_04_refreshed_twice_and_not_rotated,
}

on_sqlite! {
        code_06_a_wrong_presentation_burns_the_code,
        atk_code_03_expired,
        atk_code_04_another_client,
        atk_code_07_one_kind_for_the_other,
        atk_code_08_a_wider_scope_is_ignored,
        atk_code_12_and_13_where_and_how_often,
        atk_code_11_another_issuer_of_the_same_database,
        atk_auth_23_grants_that_are_not_offered,
        atk_auth_15_without_authentication,
        atk_pop_01_no_proof_no_token,
        atk_pop_09_a_proof_is_used_once,
        atk_pop_10_one_proof_only,
        atk_pop_13_and_14_the_key_of_the_request,
        atk_tok_01_refresh_by_another_client,
        atk_tok_02_refresh_with_a_wider_scope,
        atk_tok_05_refresh_when_it_is_over,
        atk_pop_20_refresh_with_another_key,
        idt_12_no_id_token_without_openid,
        sct_03_unbound_only_for_whom_it_is_allowed,
        tok_02_never_stored,
}

async fn records(bed: &Bed, code: &Code) -> Vec<Record> {
    let rows =
        evidence_record::of_transaction(bed.server.store(), &issuer(), &code.transaction).await.unwrap();
    rows.iter().map(|row| Record::from_leaf(&row.leaf).unwrap()).collect()
}

async fn family_is_live(bed: &Bed, code: &Code) -> bool {
    authorization_code::family_is_live(bed.server.store(), &issuer(), &code.transaction).await.unwrap()
}

async fn code_08_a_code_becomes_tokens(bed: Bed) {
    let code = bed.code(&bed.shop, "openid profile").await;
    let answer = bed.send(bed.redemption(&bed.shop, &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.text("token_type"), "DPoP");
    assert_eq!(answer.text("scope"), "openid profile", "TOK-05: always returned");
    assert_eq!(answer.body["expires_in"], 300);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");

    let keys = bed.server.keys().published();
    let token =
        verify_access_token(answer.text("access_token"), &keys.set, &issuer(), issuer().as_str(), bed.now())
            .unwrap();
    assert_eq!(token.bound_to(), Some(bed.shop.dpop.thumbprint()));
    assert_eq!((&token.claims().txn, &token.claims().sub), (&code.transaction, &alice()));
    let nonce: Nonce = "n-0".parse().unwrap();
    let expected = ExpectedIdToken {
        issuer: &issuer(),
        keys: &keys.set,
        client_id: &bed.shop.id,
        algorithm: Algorithm::ES256,
        nonce: Some(&nonce),
    };
    let identity = verify_id_token(answer.text("id_token"), expected, bed.now()).unwrap();
    assert_eq!(identity.claims().auth_time, Some(bed.now().minus(5)));

    let [record] = <[Record; 1]>::try_from(records(&bed, &code).await).unwrap();
    assert_eq!(record.kind, RecordKind::TokensIssued);
    assert_eq!(record.facts["bound_to"], bed.shop.dpop.thumbprint().to_string());
    let signer = bed.server.keys().signer(Algorithm::ES256).unwrap().thumbprint();
    assert_eq!(record.key_that_made(Made::AccessToken), Some(signer));
    assert_eq!(record.key_that_made(Made::IdToken), Some(signer));
    let leaf = String::from_utf8(record.to_leaf().unwrap()).unwrap();
    for personal in ["p-alice", "openid", "n-0", code.code.expose(), answer.text("access_token")] {
        assert!(!leaf.contains(personal), "EVD-38: {personal} in {leaf}");
    }
}

async fn atk_code_02_fifty_at_once(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let nodes = [bed.server.clone(), bed.another_node().await];
    let attempts: Vec<_> = (0..50)
        .map(|number| {
            let (node, call) = (nodes[number % 2].clone(), bed.redemption(&bed.shop, &code));
            tokio::spawn(async move { send_to(&node, call.into_request()).await })
        })
        .collect();
    let mut won = Vec::new();
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        if answer.status == StatusCode::OK { won.push(answer) } else { assert_eq!(answer.refusal(), IG) }
    }
    assert_eq!(won.len(), 1, "CODE-04: exactly one is first");
    assert!(!family_is_live(&bed, &code).await, "CODE-05: the others were reuse");
    let userinfo = bed.userinfo_of(&bed.shop, won[0].text("access_token")).await;
    assert_eq!(userinfo.refusal(), (401, "invalid_token"));
    let refresh = bed.send(bed.refreshment(&bed.shop, won[0].text("refresh_token"))).await;
    assert_eq!(refresh.refusal(), IG);
    let kinds: Vec<_> = records(&bed, &code).await.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, [RecordKind::TokensIssued, RecordKind::TokensRevoked], "each once");
}

async fn atk_code_01_reuse_revokes_the_family(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let first = bed.send(bed.redemption(&bed.shop, &code)).await;
    assert_eq!(bed.userinfo_of(&bed.shop, first.text("access_token")).await.status, StatusCode::OK);
    bed.advance(1);
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.refusal(), IG);
    let userinfo = bed.userinfo_of(&bed.shop, first.text("access_token")).await;
    assert_eq!(userinfo.refusal(), (401, "invalid_token"));
    assert_eq!(bed.send(bed.refreshment(&bed.shop, first.text("refresh_token"))).await.refusal(), IG);
    bed.advance(90);
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.refusal(), IG, "reuse after expiry too");
}

async fn code_06_a_wrong_presentation_burns_the_code(bed: Bed) {
    type Spoil = fn(Call, &Code) -> Call;
    let other_verifier = "x".repeat(43);
    let cases: [(&str, Spoil); 11] = [
        ("ATK-PKCE-04", |call, _| call.without("code_verifier")),
        ("ATK-PKCE-05", |call, _| call.with("code_verifier", &"x".repeat(43))),
        ("ATK-PKCE-06", |call, code| call.with("code_verifier", code.verifier.challenge().as_str())),
        ("ATK-PKCE-07", |call, _| call.with("code_verifier", &"x".repeat(42))),
        ("ATK-PKCE-07", |call, _| call.with("code_verifier", &"x".repeat(129))),
        ("ATK-PKCE-07", |call, _| call.with("code_verifier", &"é".repeat(43))),
        ("ATK-CODE-05", |call, _| call.without("redirect_uri")),
        ("ATK-CODE-05", |call, _| call.with("redirect_uri", "https://evil.example/cb")),
        ("ATK-CODE-06", |call, _| call.with("redirect_uri", "https://shop.example/CB")),
        ("ATK-CODE-06", |call, _| call.with("redirect_uri", "https://shop.example/cb/")),
        ("ATK-CODE-06", |call, _| call.with("redirect_uri", "https://shop.example/%63b")),
    ];
    for (requirement, spoil) in cases {
        let code = bed.code(&bed.shop, "openid").await;
        let control = bed.code(&bed.shop, "openid").await;
        let refused = bed.send(spoil(bed.redemption(&bed.shop, &code), &code)).await;
        assert_eq!(refused.refusal(), IG, "{requirement}");
        let again = bed.send(bed.redemption(&bed.shop, &code)).await;
        assert_eq!(again.refusal(), IG, "{requirement}: the code is burned");
        let wrong_again = bed.redemption(&bed.shop, &code).with("code_verifier", &other_verifier);
        assert_eq!(bed.send(wrong_again).await.refusal(), IG, "{requirement}");
        assert!(records(&bed, &code).await.is_empty(), "{requirement}: nothing was issued");
        assert_eq!(bed.send(bed.redemption(&bed.shop, &control)).await.status, 200, "{requirement}: control");
    }
    let code = bed.code(&bed.shop, "openid").await;
    let nul = bed.send(bed.redemption(&bed.shop, &code).with("code_verifier", "\0")).await;
    assert_eq!(nul.refusal(), IR, "ATK-PKCE-07: a NUL is no parameter at all");
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.status, 200);
}

async fn atk_code_03_expired(bed: Bed) {
    let (late, timely) = (bed.code(&bed.shop, "openid").await, bed.code(&bed.shop, "openid").await);
    bed.advance(59);
    assert_eq!(bed.send(bed.redemption(&bed.shop, &timely)).await.status, 200);
    bed.advance(2);
    assert_eq!(bed.send(bed.redemption(&bed.shop, &late)).await.refusal(), IG);
}

async fn atk_code_04_another_client(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    assert_eq!(bed.send(bed.redemption(&bed.other, &code)).await.refusal(), IG, "CODE-07");
    let owner = bed.send(bed.redemption(&bed.shop, &code)).await;
    assert_eq!(owner.status, 200, "neither burned nor revoked");
    assert_eq!(bed.send(bed.redemption(&bed.other, &code)).await.refusal(), IG);
    assert!(family_is_live(&bed, &code).await, "another client cannot revoke by presenting a used code");
}

async fn atk_code_07_one_kind_for_the_other(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let as_code = bed.redemption(&bed.shop, &code).with("code", tokens.text("refresh_token"));
    assert_eq!(bed.send(as_code).await.refusal(), IG);
    let as_refresh = bed.refreshment(&bed.shop, code.code.expose());
    assert_eq!(bed.send(as_refresh).await.refusal(), IG);
    let nonsense = bed.redemption(&bed.shop, &code).with("code", "nonsense");
    assert_eq!(bed.send(nonsense).await.refusal(), IG);
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.status, 200, "the code is as it was");
}

async fn atk_code_08_a_wider_scope_is_ignored(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let call = bed.redemption(&bed.shop, &code).with("scope", "openid profile email");
    let answer = bed.send(call.with("resource", "https://elsewhere.example")).await;
    assert_eq!(answer.text("scope"), "openid");
}

async fn atk_code_11_another_issuer_of_the_same_database(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let tenant = bed.another_issuer(&bed.shop).await;
    let assertion = sign_assertion(&bed.shop.id, &other_issuer(), &random(), &bed.shop.key, bed.now());
    let proof = bed.proof(&bed.shop.dpop, "POST", "https://other.example/token", None);
    let call = bed.redemption(&bed.shop, &code).with("client_assertion", &assertion.unwrap());
    let answer = send_to(&tenant, call.proven_by(vec![proof]).into_request()).await;
    assert_eq!(answer.refusal(), IG);
    let tokens = bed.send(bed.redemption(&bed.shop, &code)).await;
    assert_eq!(tokens.status, 200, "its own issuer still takes it");
    let keys = tenant.keys().published();
    let token = tokens.text("access_token");
    let foreign = verify_access_token(token, &keys.set, &issuer(), issuer().as_str(), bed.now());
    assert!(foreign.is_err(), "ATK-POP-18: each issuer has its own keys");
}

async fn atk_code_12_and_13_where_and_how_often(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let call = bed.redemption(&bed.shop, &code);
    let mut in_query = call.clone().without("code").without("grant_type");
    in_query.path = format!("/token?grant_type=authorization_code&code={}", code.code.expose());
    assert_eq!(bed.send(in_query).await.refusal(), IR, "ATK-CODE-12");
    for name in ["code", "grant_type", "code_verifier"] {
        let mut twice = bed.redemption(&bed.shop, &code);
        let again = twice.form.iter().find(|(own, _)| own == name).unwrap().clone();
        twice.form.push(again);
        assert_eq!(bed.send(twice).await.refusal(), IR, "ATK-CODE-13: {name}");
    }
    let mut request = bed.redemption(&bed.shop, &code).into_request();
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(bed.request(request).await.refusal(), IR, "TOK-01");
    assert_eq!(bed.send(call).await.status, 200, "control: nothing of this used the code or the assertion");
}

async fn atk_auth_07_a_replayed_assertion_changes_nothing(bed: Bed) {
    let (first, second) = (bed.code(&bed.shop, "openid").await, bed.code(&bed.shop, "openid").await);
    let call = bed.redemption(&bed.shop, &first);
    let tokens = bed.send(call.clone()).await;
    assert_eq!(tokens.status, 200);
    let (_, used) = call.form.iter().find(|(name, _)| name == "client_assertion").unwrap().clone();
    let stolen = bed.redemption(&bed.shop, &second).with("client_assertion", &used);
    assert_eq!(bed.send(stolen).await.refusal(), IC);
    assert_eq!(bed.send(call).await.refusal(), IC, "the captured request as a whole");
    assert!(family_is_live(&bed, &first).await, "a replay must not revoke what its victim holds");
    let spoiled = bed.redemption(&bed.shop, &second).with("client_assertion", &used);
    assert_eq!(bed.send(spoiled.without("code_verifier")).await.refusal(), IC, "nor burn a code");
    assert_eq!(bed.send(bed.redemption(&bed.shop, &second)).await.status, 200);
}

async fn atk_auth_07_one_assertion_sent_at_once_to_two_nodes(bed: Bed) {
    let nodes = [bed.server.clone(), bed.another_node().await];
    let assertion = bed.assertion(&bed.shop);
    let mut attempts = Vec::new();
    for number in 0..8 {
        let code = bed.code(&bed.shop, "openid").await;
        let call = bed.redemption(&bed.shop, &code).with("client_assertion", &assertion);
        let node = nodes[number % 2].clone();
        attempts.push(tokio::spawn(async move { send_to(&node, call.into_request()).await }));
    }
    let mut won = 0;
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        if answer.status == StatusCode::OK { won += 1 } else { assert_eq!(answer.refusal(), IC) }
    }
    assert_eq!(won, 1);
}

async fn atk_auth_23_grants_that_are_not_offered(bed: Bed) {
    let unsupported = (400, "unsupported_grant_type");
    for grant in ["password", "implicit", "client_credentials", "AUTHORIZATION_CODE"] {
        let call = bed.back_channel(&bed.shop, &[("grant_type", grant)]);
        assert_eq!(bed.send(call).await.refusal(), unsupported, "{grant}");
    }
    let unregistered = bed.refreshment(&bed.plain, &"x".repeat(43));
    assert_eq!(bed.send(unregistered).await.refusal(), (400, "unauthorized_client"), "TOK-04");
    assert_eq!(bed.send(bed.back_channel(&bed.shop, &[])).await.refusal(), IR, "TOK-03");
}

async fn atk_auth_15_without_authentication(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let anonymous = bed.redemption(&bed.shop, &code).without("client_assertion").with("client_id", "shop");
    assert_eq!(bed.send(anonymous).await.refusal(), IC);
    let other_key = bed.redemption(&bed.shop, &code).with("client_assertion", &bed.assertion(&bed.other));
    assert_eq!(bed.send(other_key.with("client_id", "shop")).await.refusal(), IC, "ATK-AUTH-16");
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.status, 200, "CODE-11");
}

async fn atk_pop_01_no_proof_no_token(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let bare = bed.redemption(&bed.shop, &code).proven_by(vec![]);
    assert_eq!(bed.send(bare).await.refusal(), IR, "SCT-01");
    let tokens = bed.send(bed.redemption(&bed.shop, &code)).await;
    assert_eq!(tokens.status, 200, "the code was not touched");
    let bare = bed.refreshment(&bed.shop, tokens.text("refresh_token")).proven_by(vec![]);
    assert_eq!(bed.send(bare).await.refusal(), IR, "RT-05");
}

async fn atk_pop_09_a_proof_is_used_once(bed: Bed) {
    let (first, second) = (bed.code(&bed.shop, "openid").await, bed.code(&bed.shop, "openid").await);
    let call = bed.redemption(&bed.shop, &first);
    let proofs = call.proofs.clone();
    assert_eq!(bed.send(call).await.status, 200);
    let again = bed.redemption(&bed.shop, &second).proven_by(proofs);
    assert_eq!(bed.send(again).await.refusal(), (400, "invalid_dpop_proof"));
    assert_eq!(bed.send(bed.redemption(&bed.shop, &second)).await.status, 200, "the code was not touched");
}

async fn atk_pop_10_one_proof_only(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let proof = || bed.proof(&bed.shop.dpop, "POST", TOKEN, None);
    let elsewhere = bed.proof(&bed.shop.dpop, "POST", "https://as.example/par", None);
    for (what, proofs) in [
        ("two headers", vec![proof(), proof()]),
        ("joined by a comma", vec![format!("{}, {}", proof(), proof())]),
        ("ATK-POP-16: of another endpoint", vec![elsewhere]),
        ("no JWT", vec!["x".into()]),
    ] {
        let answer = bed.send(bed.redemption(&bed.shop, &code).proven_by(proofs)).await;
        assert_eq!(answer.refusal(), (400, "invalid_dpop_proof"), "{what}");
    }
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.status, 200);
}

async fn atk_pop_13_and_14_the_key_of_the_request(bed: Bed) {
    let bound = Some(bed.shop.dpop.thumbprint().to_string());
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let code = bed.code_bound_to(&bed.shop, "openid", bound.clone()).await;
    let wrong = bed.redemption(&bed.shop, &code).proven_by(vec![bed.proof(&other, "POST", TOKEN, None)]);
    assert_eq!(bed.send(wrong).await.refusal(), IG, "ATK-POP-13, ATK-POP-14");
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.refusal(), IG, "CODE-06: burned");
    let code = bed.code_bound_to(&bed.shop, "openid", bound).await;
    assert_eq!(bed.send(bed.redemption(&bed.shop, &code)).await.status, 200, "control");
}

async fn atk_tok_01_refresh_by_another_client(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let refresh_token = tokens.text("refresh_token");
    assert_eq!(bed.send(bed.refreshment(&bed.other, refresh_token)).await.refusal(), IG);
    let anonymous = bed.refreshment(&bed.shop, refresh_token).without("client_assertion");
    assert_eq!(bed.send(anonymous).await.refusal(), IC);
    assert_eq!(bed.send(bed.refreshment(&bed.shop, refresh_token)).await.status, 200, "control");
}

async fn atk_tok_02_refresh_with_a_wider_scope(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid profile").await;
    let refresh = |scope| bed.refreshment(&bed.shop, tokens.text("refresh_token")).with("scope", scope);
    for scope in ["openid profile email", "email", "a\"b"] {
        assert_eq!(bed.send(refresh(scope)).await.refusal(), (400, "invalid_scope"), "{scope}");
    }
    let narrower = bed.send(refresh("profile")).await;
    assert_eq!(narrower.text("scope"), "profile", "TOK-09");
    assert_eq!(narrower.body["id_token"], json!(null));
    let whole = bed.send(bed.refreshment(&bed.shop, tokens.text("refresh_token"))).await;
    assert_eq!(whole.text("scope"), "openid profile", "narrowing once does not narrow the grant");
}

async fn atk_tok_04_refreshed_twice_and_not_rotated(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let tokens = bed.send(bed.redemption(&bed.shop, &code)).await;
    bed.advance(200);
    let mut seen = vec![tokens.text("access_token").to_owned()];
    for _ in 0..2 {
        let refreshed = bed.send(bed.refreshment(&bed.shop, tokens.text("refresh_token"))).await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        assert_eq!(refreshed.body["refresh_token"], json!(null), "RT-01: the old one stays");
        assert_eq!(bed.userinfo_of(&bed.shop, refreshed.text("access_token")).await.status, 200);
        seen.push(refreshed.text("access_token").to_owned());
        let keys = bed.server.keys().published();
        let expected = ExpectedIdToken {
            issuer: &issuer(),
            keys: &keys.set,
            client_id: &bed.shop.id,
            algorithm: Algorithm::ES256,
            nonce: None,
        };
        let identity = verify_id_token(refreshed.text("id_token"), expected, bed.now()).unwrap();
        assert_eq!(identity.claims().auth_time, Some(bed.now().minus(205)), "RT-07");
    }
    seen.dedup();
    assert_eq!(seen.len(), 3);
    let kinds: Vec<_> = records(&bed, &code).await.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, [RecordKind::TokensIssued; 3]);
}

async fn atk_tok_05_refresh_when_it_is_over(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let refresh = || bed.refreshment(&bed.shop, tokens.text("refresh_token"));
    assert_eq!(bed.send(refresh()).await.status, 200, "control");
    bed.advance(30 * 24 * 60 * 60 + 1);
    assert_eq!(bed.send(refresh()).await.refusal(), IG, "RT-06: expired");

    let tokens = bed.tokens(&bed.shop, "openid").await;
    let pending = bed.code(&bed.shop, "openid").await;
    bed.keep(user::disable(&issuer(), &alice(), bed.now())).await;
    let refresh = || bed.refreshment(&bed.shop, tokens.text("refresh_token"));
    assert_eq!(bed.send(refresh()).await.refusal(), IG, "a person locked out");
    assert_eq!(bed.send(bed.redemption(&bed.shop, &pending)).await.refusal(), IG);
    bed.keep(client::disable(&issuer(), &bed.shop.id, bed.now())).await;
    assert_eq!(bed.send(refresh()).await.refusal(), IC, "a client out of service");
}

async fn atk_pop_20_refresh_with_another_key(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let call = bed.refreshment(&bed.shop, tokens.text("refresh_token"));
    let answer = bed.send(call.proven_by(vec![bed.proof(&other, "POST", TOKEN, None)])).await;
    let keys = bed.server.keys().published();
    let token =
        verify_access_token(answer.text("access_token"), &keys.set, &issuer(), issuer().as_str(), bed.now());
    assert_eq!(token.unwrap().bound_to(), Some(other.thumbprint()));
}

async fn idt_12_no_id_token_without_openid(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "profile").await;
    assert_eq!(tokens.body["id_token"], json!(null));
}

async fn sct_03_unbound_only_for_whom_it_is_allowed(bed: Bed) {
    let code = bed.code(&bed.plain, "openid").await;
    let answer: Answer = bed.send(bed.redemption(&bed.plain, &code).proven_by(vec![])).await;
    assert_eq!(answer.text("token_type"), "Bearer");
    assert_eq!(answer.body["refresh_token"], json!(null), "not registered for the refresh grant");
    let code = bed.code(&bed.plain, "openid").await;
    let bound = bed.send(bed.redemption(&bed.plain, &code)).await;
    assert_eq!(bound.text("token_type"), "DPoP", "who proves a key gets a bound token");
}

async fn tok_02_never_stored(bed: Bed) {
    let answers =
        [bed.tokens(&bed.shop, "openid").await, bed.send(bed.refreshment(&bed.shop, &"x".repeat(43))).await];
    for answer in answers {
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
}
