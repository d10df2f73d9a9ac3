use axum::body::Body;
use axum::http::{Request, header};
use countersign_jose::{Algorithm, Signer, SigningKey};
use countersign_protocol::parameter::{Scope, TransactionId};
use countersign_protocol::time::UnixTime;
use countersign_protocol::token::{AccessTokenClaims, Confirmation};
use countersign_storage::{authorization_code, client, user};
use serde_json::json;

use crate::bed::{Bed, Call, Shop, USERINFO, alice, issuer, on_both_engines, on_sqlite};

const INVALID: (u16, &str) = (401, "invalid_token");

on_both_engines! {
    ui_01_for_the_holder_of_token_and_key,
    atk_pop_09_a_proof_is_used_once,
}

on_sqlite! {
    ui_02_claims_by_scope,
    ui_01_posted,
    rs_01_only_in_the_header,
    rs_01_parameters_that_do_not_read_are_refused,
    rs_02_one_header_in_any_case,
    rs_03_a_plain_challenge,
    atk_pop_02_a_proof_that_does_not_hold,
    atk_pop_11_another_key_or_token,
    atk_pop_12_the_scheme_of_the_token,
    atk_pop_22_the_token_of_another_client,
    atk_pop_23_what_is_no_access_token,
    atk_tok_18_what_the_token_does_not_allow,
}

async fn ui_01_for_the_holder_of_token_and_key(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let answer = bed.userinfo_of(&bed.shop, tokens.text("access_token")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body, json!({ "sub": "p-alice" }));
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
}

async fn ui_02_claims_by_scope(bed: Bed) {
    for (scope, expected) in [
        ("openid", json!({ "sub": "p-alice" })),
        (
            "openid profile",
            json!({ "sub": "p-alice", "name": "Alice", "preferred_username": "alice@example.com" }),
        ),
        ("openid email", json!({ "sub": "p-alice" })),
    ] {
        let tokens = bed.tokens(&bed.shop, scope).await;
        let answer = bed.userinfo_of(&bed.shop, tokens.text("access_token")).await;
        assert_eq!(answer.body, expected, "{scope}: what is not known is left out, not null");
    }
}

async fn ui_01_posted(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let token = tokens.text("access_token");
    for (method, status) in [("POST", 200), ("GET", 401)] {
        let request = Request::post("/userinfo")
            .header(header::AUTHORIZATION, format!("DPoP {token}"))
            .header("dpop", bed.proof(&bed.shop.dpop, method, USERINFO, Some(token)));
        let answer = bed.request(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "htm {method}");
    }
}

async fn atk_pop_09_a_proof_is_used_once(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let token = tokens.text("access_token");
    let proof = [bed.proof(&bed.shop.dpop, "GET", USERINFO, Some(token))];
    let authorization = format!("DPoP {token}");
    assert_eq!(bed.userinfo(&authorization, &proof).await.status, 200);
    let again = bed.userinfo(&authorization, &proof).await;
    assert_eq!(again.refusal(), (401, "invalid_dpop_proof"));
}

async fn rs_01_only_in_the_header(bed: Bed) {
    let tokens = bed.tokens(&bed.plain, "openid").await;
    let token = tokens.text("access_token");
    let in_query = Request::get(format!("/userinfo?access_token={token}")).body(Body::empty()).unwrap();
    assert_eq!(bed.request(in_query).await.refusal(), (400, "invalid_request"), "ATK-POP-19");
    let form = vec![("access_token".to_owned(), token.to_owned())];
    let in_body = Call { path: "/userinfo".into(), form, proofs: vec![] };
    assert_eq!(bed.send(in_body).await.refusal(), (400, "invalid_request"), "ATK-POP-19");
}

async fn rs_01_parameters_that_do_not_read_are_refused(bed: Bed) {
    let token = unbound(&bed, "openid").await;
    let post = |path: &str, body: &str| {
        let request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        bed.request(request.body(Body::from(body.to_owned())).unwrap())
    };
    assert_eq!(post("/userinfo?a=b", "c=d").await.status, 200);
    for (path, body) in [
        ("/userinfo?access_token=x&access_token=y", ""),
        ("/userinfo?access_token=x", "access_token=y"),
        ("/userinfo", "access_token=x&access_token=x"),
        ("/userinfo", "access_token=%zz"),
        ("/userinfo?access_token=%ff", ""),
    ] {
        assert_eq!(post(path, body).await.refusal(), (400, "invalid_request"), "{path} {body}");
    }
}

async fn rs_02_one_header_in_any_case(bed: Bed) {
    let token = unbound(&bed, "openid").await;
    assert_eq!(bed.userinfo(&format!("bEARER {token}"), &[]).await.status, 200);
    let twice = Request::get("/userinfo")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = bed.request(twice.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.refusal(), (400, "invalid_request"));
}

async fn rs_03_a_plain_challenge(bed: Bed) {
    let answer = bed.request(Request::get("/userinfo").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 401);
    let challenges: Vec<_> = answer.headers.get_all(header::WWW_AUTHENTICATE).iter().collect();
    assert_eq!(challenges, ["DPoP algs=\"ES256 PS256 EdDSA ES384 PS384 PS512\"", "Bearer"]);
    assert_eq!(answer.body, json!(null));
    let basic = bed.userinfo("Basic c2hvcDpzaG9w", &[]).await;
    assert_eq!((basic.status.as_u16(), basic.body), (401, json!(null)));
    let invalid = bed.userinfo("Bearer x", &[]).await;
    assert!(invalid.header(header::WWW_AUTHENTICATE).contains("error=\"invalid_token\""), "{invalid:?}");
}

async fn atk_pop_02_a_proof_that_does_not_hold(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let token = tokens.text("access_token");
    let authorization = format!("DPoP {token}");
    let proof = |method, url| bed.proof(&bed.shop.dpop, method, url, Some(token));
    for (requirement, proofs, expected) in [
        ("ATK-POP-01", vec![], INVALID),
        ("ATK-POP-02", vec!["x".to_owned()], (401, "invalid_dpop_proof")),
        ("ATK-POP-06", vec![proof("get", USERINFO)], (401, "invalid_dpop_proof")),
        ("ATK-POP-06", vec![proof("GET", "https://as.example/token")], (401, "invalid_dpop_proof")),
        ("ATK-POP-10", vec![proof("GET", USERINFO), proof("GET", USERINFO)], (401, "invalid_dpop_proof")),
    ] {
        assert_eq!(bed.userinfo(&authorization, &proofs).await.refusal(), expected, "{requirement}");
    }
    let decorated = [proof("GET", "HTTPS://AS.example:443/userinfo?x=1#y")];
    assert_eq!(bed.userinfo(&authorization, &decorated).await.status, 200, "ATK-POP-07");
}

async fn atk_pop_11_another_key_or_token(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let other_tokens = bed.tokens(&bed.shop, "openid").await;
    let token = tokens.text("access_token");
    let authorization = format!("DPoP {token}");
    let thief = SigningKey::generate(Algorithm::ES256).unwrap();
    for (what, proof) in [
        ("another key", bed.proof(&thief, "GET", USERINFO, Some(token))),
        ("another token", {
            let other = other_tokens.text("access_token");
            bed.proof(&bed.shop.dpop, "GET", USERINFO, Some(other))
        }),
        ("no token", bed.proof(&bed.shop.dpop, "GET", USERINFO, None)),
    ] {
        assert_eq!(bed.userinfo(&authorization, &[proof]).await.refusal(), INVALID, "{what}");
    }
    assert_eq!(bed.userinfo_of(&bed.shop, token).await.status, 200, "control");
}

async fn atk_pop_12_the_scheme_of_the_token(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let bound = tokens.text("access_token");
    assert_eq!(bed.userinfo(&format!("Bearer {bound}"), &[]).await.refusal(), INVALID);
    let unbound = unbound(&bed, "openid").await;
    assert_eq!(bed.userinfo_of(&bed.plain, &unbound).await.refusal(), INVALID);
    assert_eq!(bed.userinfo(&format!("Bearer {unbound}"), &[]).await.status, 200, "control");
}

async fn atk_pop_22_the_token_of_another_client(bed: Bed) {
    let tokens = bed.tokens(&bed.shop, "openid").await;
    let answer = bed.userinfo_of(&bed.other, tokens.text("access_token")).await;
    assert_eq!(answer.refusal(), INVALID);
}

async fn atk_pop_23_what_is_no_access_token(bed: Bed) {
    let code = bed.code(&bed.shop, "openid").await;
    let tokens = bed.send(bed.redemption(&bed.shop, &code)).await;
    let own = bed.server.keys().signer(Algorithm::ES256).unwrap();
    let foreign = SigningKey::generate(Algorithm::ES256).unwrap().with_key_id(own.key_id());
    let good = claims(&bed.shop, &code.transaction, bed.now());
    let elsewhere = AccessTokenClaims { aud: "https://api.example".into(), ..good.clone() };
    let expired = AccessTokenClaims { exp: bed.now(), ..good.clone() };
    let other_issuer = AccessTokenClaims { iss: "https://evil.example".parse().unwrap(), ..good.clone() };
    let stripped = tokens.text("access_token").rsplit_once('.').unwrap().0.to_owned() + ".";
    for (what, token) in [
        ("an ID token", tokens.text("id_token").to_owned()),
        ("typ JWT", countersign_jose::jws::sign(own.as_ref(), Some("JWT"), &good).unwrap()),
        ("another audience", elsewhere.sign(own.as_ref()).unwrap()),
        ("expired", expired.sign(own.as_ref()).unwrap()),
        ("another issuer", other_issuer.sign(own.as_ref()).unwrap()),
        ("another key under our kid", good.sign(&foreign).unwrap()),
        ("no signature", stripped),
        ("a refresh token", tokens.text("refresh_token").to_owned()),
    ] {
        assert_eq!(bed.userinfo_of(&bed.shop, &token).await.refusal(), INVALID, "{what}");
    }
    let made = good.sign(own.as_ref()).unwrap();
    assert_eq!(bed.userinfo_of(&bed.shop, &made).await.status, 200, "control");
    bed.advance(301);
    let late = bed.userinfo_of(&bed.shop, tokens.text("access_token")).await;
    assert_eq!(late.refusal(), INVALID, "TOK-08");
}

async fn atk_tok_18_what_the_token_does_not_allow(bed: Bed) {
    let without = bed.tokens(&bed.shop, "profile").await;
    let answer = bed.userinfo_of(&bed.shop, without.text("access_token")).await;
    assert_eq!(answer.refusal(), (403, "insufficient_scope"));

    let code = bed.code(&bed.shop, "openid").await;
    let tokens = bed.send(bed.redemption(&bed.shop, &code)).await;
    let token = tokens.text("access_token");
    assert_eq!(bed.userinfo_of(&bed.shop, token).await.status, 200, "control");
    bed.keep(authorization_code::revoke_family(&issuer(), &code.transaction, bed.now())).await;
    assert_eq!(bed.userinfo_of(&bed.shop, token).await.refusal(), INVALID, "revoked");

    let (first, second) = (bed.tokens(&bed.shop, "openid").await, bed.tokens(&bed.other, "openid").await);
    bed.keep(client::disable(&issuer(), &bed.shop.id, bed.now())).await;
    let answer = bed.userinfo_of(&bed.shop, first.text("access_token")).await;
    assert_eq!(answer.refusal(), INVALID, "the client is out of service");
    bed.keep(user::disable(&issuer(), &alice(), bed.now())).await;
    let answer = bed.userinfo_of(&bed.other, second.text("access_token")).await;
    assert_eq!(answer.refusal(), INVALID, "the person is locked out");
}

async fn unbound(bed: &Bed, scope: &str) -> String {
    let code = bed.code(&bed.plain, scope).await;
    let answer = bed.send(bed.redemption(&bed.plain, &code).proven_by(vec![])).await;
    answer.text("access_token").to_owned()
}

fn claims(client: &Shop, transaction: &TransactionId, now: UnixTime) -> AccessTokenClaims {
    AccessTokenClaims {
        iss: issuer(),
        aud: issuer().to_string(),
        sub: alice(),
        client_id: client.id.clone(),
        exp: now.plus(300),
        iat: now,
        jti: "t-1".into(),
        txn: transaction.clone(),
        scope: "openid".parse::<Scope>().unwrap(),
        auth_time: now,
        cnf: Some(Confirmation::of(client.dpop.thumbprint())),
    }
}
