//! Signature, header and spelling of a request object (attacks.md section A).

use countersign_jose::{Algorithm, Signer, SigningKey, base64url};
use countersign_testkit::forge::spelling::{
    der, flattened, flip_payload_bit, general, payload_of, respell, signature, stray_bits, with_signature,
};
use countersign_testkit::forge::{rsa_public_der, rsa_public_pem};
use countersign_testkit::house::{Engine, House, Party};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::on_both_databases;
use reqwest::Method;
use serde_json::json;

use crate::gate::{Gate, Way, assert_refused, refuse_all, refuse_at};

on_both_databases!(
    what_was_signed_cannot_be_changed,
    the_algorithm_is_not_the_tokens_choice,
    the_header_is_strict_and_brings_no_key,
    there_is_one_spelling,
    jar_73_a_public_key_is_no_secret,
    atk_jar_12_the_registered_algorithm_is_the_only_one,
    atk_jar_14_and_atk_jar_15_keys_of_other_clients,
    atk_jar_16_and_atk_jar_87_tokens_of_this_server,
    atk_jar_26_and_atk_jar_27_the_type,
    atk_jar_34_to_36_unfit_keys,
    atk_jar_37_a_key_that_was_removed,
    atk_jar_38_and_atk_jar_39_sizes,
);

async fn what_was_signed_cannot_be_changed(engine: Engine) {
    refuse_all(
        engine,
        &[
            ("ATK-JAR-01", |gate| flip_payload_bit(&gate.honest())),
            ("ATK-JAR-02", |gate| {
                let honest = gate.object();
                let redirected = honest.clone().claim("redirect_uri", "https://evil.example/callback");
                payload_of(&redirected.unsigned(), &honest.sign(&gate.party.key))
            }),
            ("ATK-JAR-03", |gate| gate.object().unsigned()),
            ("ATK-JAR-33 zero", |gate| gate.object().with_signature(&[0; 64])),
            ("ATK-JAR-33 DER", |gate| {
                let honest = gate.honest();
                with_signature(&honest, &der(&signature(&honest)))
            }),
            ("ATK-JAR-33 63 octets", |gate| {
                let honest = gate.honest();
                with_signature(&honest, &signature(&honest)[..63])
            }),
            ("ATK-JAR-33 65 octets", |gate| {
                let honest = gate.honest();
                with_signature(&honest, &[&signature(&honest)[..], &[0]].concat())
            }),
        ],
    )
    .await;
}

async fn the_algorithm_is_not_the_tokens_choice(engine: Engine) {
    refuse_all(
        engine,
        &[
            ("ATK-JAR-04", |gate| gate.object().header("alg", "none").unsigned()),
            ("ATK-JAR-05 None", |gate| gate.object().header("alg", "None").unsigned()),
            ("ATK-JAR-05 NONE", |gate| gate.object().header("alg", "NONE").sign(&gate.party.key)),
            ("ATK-JAR-05 nOnE", |gate| gate.object().header("alg", "nOnE").unsigned()),
            ("ATK-JAR-05 space", |gate| gate.object().header("alg", "none ").unsigned()),
            ("ATK-JAR-05 empty", |gate| gate.object().header("alg", "").sign(&gate.party.key)),
            ("ATK-JAR-06 missing", |gate| gate.object().without_header("alg").sign(&gate.party.key)),
            ("ATK-JAR-06 number", |gate| gate.object().header("alg", 256).sign(&gate.party.key)),
            ("ATK-JAR-06 array", |gate| gate.object().header("alg", json!(["ES256"])).sign(&gate.party.key)),
            ("ATK-JAR-06 null", |gate| gate.object().header("alg", json!(null)).sign(&gate.party.key)),
            ("ATK-JAR-09 empty", |gate| gate.object().hs256(b"")),
            ("ATK-JAR-09 client_id", |gate| gate.object().hs256(gate.party.id.as_bytes())),
            ("ATK-JAR-09 weak", |gate| gate.object().hs256(b"secret")),
            ("ATK-JAR-13 Ed448", |gate| gate.object().header("alg", "Ed448").sign(&gate.party.key)),
            ("ATK-JAR-13 ES256K", |gate| gate.object().header("alg", "ES256K").sign(&gate.party.key)),
            ("ATK-JAR-13 RS1", |gate| gate.object().header("alg", "RS1").sign(&gate.party.key)),
            ("ATK-JAR-13 unknown", |gate| gate.object().header("alg", "X").sign(&gate.party.key)),
        ],
    )
    .await;
}

async fn the_header_is_strict_and_brings_no_key(engine: Engine) {
    refuse_all(
        engine,
        &[
            ("ATK-JAR-17", |gate| gate.object().header("kid", "unknown").sign(&gate.party.key)),
            ("ATK-JAR-18 path", |gate| gate.object().header("kid", "../../etc/passwd").sign(&gate.party.key)),
            ("ATK-JAR-18 SQL", |gate| gate.object().header("kid", "' OR 1=1--").sign(&gate.party.key)),
            ("ATK-JAR-18 NUL", |gate| gate.object().header("kid", "a\0b").sign(&gate.party.key)),
            ("ATK-JAR-18 array", |gate| gate.object().header("kid", json!(["a"])).sign(&gate.party.key)),
            ("ATK-JAR-18 object", |gate| gate.object().header("kid", json!({})).sign(&gate.party.key)),
            ("ATK-JAR-19", |gate| {
                let attacker = key(Owner::Attacker, Algorithm::ES256);
                let own = json!(attacker.public_jwk());
                gate.object().without_header("kid").header("jwk", own).sign(attacker)
            }),
            ("ATK-JAR-20", |gate| {
                let attacker = key(Owner::Attacker, Algorithm::ES256);
                gate.object().header("jku", "https://evil.example/jwks").sign(attacker)
            }),
            ("ATK-JAR-21 x5u", |gate| {
                gate.object().header("x5u", "http://169.254.169.254/").sign(&gate.party.key)
            }),
            ("ATK-JAR-21 x5c", |gate| gate.object().header("x5c", json!(["MIIB"])).sign(&gate.party.key)),
            ("ATK-JAR-22", |gate| {
                let open = format!("{}?to=https://evil.example", gate.party.redirect_uri);
                gate.object().header("jku", open).sign(&gate.party.key)
            }),
            ("ATK-JAR-23 exp", |gate| gate.object().header("crit", json!(["exp"])).sign(&gate.party.key)),
            ("ATK-JAR-23 foo", |gate| {
                gate.object().header("crit", json!(["foo"])).header("foo", 1).sign(&gate.party.key)
            }),
            ("ATK-JAR-23 empty", |gate| gate.object().header("crit", json!([])).sign(&gate.party.key)),
            ("ATK-JAR-23 string", |gate| gate.object().header("crit", "b64").sign(&gate.party.key)),
            ("ATK-JAR-23 twice", |gate| {
                gate.object().header("crit", json!(["foo", "foo"])).header("foo", 1).sign(&gate.party.key)
            }),
            ("ATK-JAR-23 absent", |gate| gate.object().header("crit", json!(["bar"])).sign(&gate.party.key)),
            ("ATK-JAR-24", |gate| {
                let unencoded = gate.object().header("b64", false).header("crit", json!(["b64"]));
                unencoded.sign(&gate.party.key)
            }),
            ("ATK-JAR-25 at+jwt", |gate| gate.object().header("typ", "at+jwt").sign(&gate.party.key)),
            ("ATK-JAR-25 dpop+jwt", |gate| gate.object().header("typ", "dpop+jwt").sign(&gate.party.key)),
            ("ATK-JAR-25 logout+jwt", |gate| gate.object().header("typ", "logout+jwt").sign(&gate.party.key)),
            ("ATK-JAR-25 assertion", |gate| {
                gate.object().header("typ", "client-authentication+jwt").sign(&gate.party.key)
            }),
            ("ATK-JAR-25 introspection", |gate| {
                gate.object().header("typ", "token-introspection+jwt").sign(&gate.party.key)
            }),
            ("ATK-JAR-25 secevent", |gate| {
                gate.object().header("typ", "application/secevent+jwt").sign(&gate.party.key)
            }),
            ("ATK-JAR-25 foo", |gate| gate.object().header("typ", "foo").sign(&gate.party.key)),
            ("ATK-JAR-28", |gate| gate.object().add_header("alg", "\"none\"").sign(&gate.party.key)),
            ("ATK-JAR-28 unknown", |gate| {
                gate.object().add_header("x", "1").add_header("x", "2").sign(&gate.party.key)
            }),
            ("JAR-48", |gate| gate.object().header_bytes("[]").sign(&gate.party.key)),
        ],
    )
    .await;
}

async fn there_is_one_spelling(engine: Engine) {
    refuse_all(
        engine,
        &[
            ("ATK-JAR-29 flattened", |gate| flattened(&gate.honest())),
            ("ATK-JAR-29 general", |gate| general(&[&gate.honest()])),
            ("ATK-JAR-30 one good one bad", |gate| {
                let honest = gate.honest();
                general(&[&honest, &with_signature(&honest, &[0; 64])])
            }),
            ("ATK-JAR-30 polyglot", |gate| format!("{{{}}}", gate.honest())),
            ("ATK-JAR-31 padding", |gate| format!("{}==", gate.honest())),
            ("ATK-JAR-31 blank", |gate| respell(&gate.honest(), |_, part| format!("{part} "))),
            ("ATK-JAR-31 line", |gate| format!("{}\n", gate.honest())),
            ("ATK-JAR-31 alphabet", |gate| {
                let spelled = gate.object().claim("x", "\u{fff}\u{fff}???>>>").sign(&gate.party.key);
                let changed = respell(&spelled, |_, part| part.replace('-', "+").replace('_', "/"));
                assert_ne!(changed, spelled, "the alphabet shows");
                changed
            }),
            ("ATK-JAR-31 stray bits", |gate| stray_bits(&gate.honest())),
            ("ATK-JAR-32 two parts", |gate| gate.honest().rsplit_once('.').unwrap().0.to_owned()),
            ("ATK-JAR-32 four parts", |gate| format!("{}.e30", gate.honest())),
            ("ATK-JAR-32 six parts", |gate| format!("{}.e30.e30.e30", gate.honest())),
            ("ATK-JAR-32 leading dot", |gate| format!(".{}", gate.honest())),
            ("ATK-JAR-32 trailing dot", |gate| format!("{}.", gate.honest())),
            ("JAR-47", |gate| format!("{}.e30.e30", gate.honest())),
        ],
    )
    .await;
}

fn rsa() -> &'static SigningKey {
    key(Owner::Client, Algorithm::PS256)
}

async fn jar_73_a_public_key_is_no_secret(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let own = SigningKey::from_pkcs8(&rsa().to_pkcs8().unwrap(), Algorithm::PS256).unwrap();
        // Published without `alg`: nothing but the profile speaks against RS256.
        let mut open = json!(rsa().public_jwk().bare());
        open["kid"] = json!(rsa().key_id());
        let keys = json!({ "jwks": { "keys": [open] } });
        let party = Party::with_key(&format!("rsa-{way:?}").to_lowercase(), way.profile(), own, keys);
        house.register_party(&party).await;
        let gate = Gate { house: &house, party, way };
        let pkcs1 = || SigningKey::from_pkcs8(&rsa().to_pkcs8().unwrap(), Algorithm::RS256).unwrap();
        for (id, hostile) in [
            ("ATK-JAR-07 PEM", gate.object().hs256(rsa_public_pem(rsa()).as_bytes())),
            ("ATK-JAR-07 DER", gate.object().hs256(&rsa_public_der(rsa()))),
            ("ATK-JAR-07 JWK", {
                let modulus = json!(rsa().public_jwk())["n"].as_str().unwrap().to_owned();
                gate.object().hs256(&base64url::decode(&modulus).unwrap())
            }),
            ("ATK-JAR-08", gate.object().hs256(b"the-registered-client-secret-0123456789")),
            ("ATK-JAR-10", gate.object().header("alg", "RS256").sign(&pkcs1())),
            ("ATK-JAR-11", gate.object().header("alg", "RS256").sign(rsa())),
            ("ATK-JAR-11 reverse", gate.object().header("alg", "PS256").sign(&pkcs1())),
        ] {
            gate.accepts(&format!("the control of {id}"), &gate.object().sign(rsa())).await;
            let before = house.census().await;
            assert_refused(id, &gate.send(&hostile).await, "invalid_request_object");
            assert!(house.census().await.changed(&before).is_empty(), "{id}");
        }
    }
}

async fn atk_jar_12_the_registered_algorithm_is_the_only_one(engine: Engine) {
    let house = House::open(engine).await;
    let (own, second) = (key(Owner::Client, Algorithm::ES256), key(Owner::Client, Algorithm::ES384));
    let keys = json!({ "keys": [own.public_jwk(), second.public_jwk()] });
    let free = gate_of(&house, "free", own, json!({ "jwks": keys })).await;
    free.accepts("the control: nothing registered", &free.object().sign_as(second)).await;
    let fixed = json!({ "jwks": keys, "request_object_signing_alg": "ES256" });
    let fixed = gate_of(&house, "fixed", own, fixed).await;
    fixed.refuses("ATK-JAR-12", &fixed.object().sign_as(second), "invalid_request_object").await;
}

async fn gate_of<'h>(house: &'h House, id: &str, own: &SigningKey, members: serde_json::Value) -> Gate<'h> {
    let own = SigningKey::from_pkcs8(&own.to_pkcs8().unwrap(), own.algorithm()).unwrap();
    let party = Party::with_key(id, Way::ByValue.profile(), own, members);
    house.register_party(&party).await;
    Gate { house, party, way: Way::ByValue }
}

async fn atk_jar_14_and_atk_jar_15_keys_of_other_clients(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let gate = Gate::open(&house, way, &format!("own-{way:?}").to_lowercase(), json!({})).await;
        let other = Gate::open(&house, way, &format!("other-{way:?}").to_lowercase(), json!({})).await;
        let foreign = gate.object().header("kid", other.party.key.key_id()).sign(&other.party.key);
        gate.refuses("ATK-JAR-14", &foreign, "invalid_request_object").await;
        // Another client whose key has the same name.
        let namesake = SigningKey::generate(Algorithm::ES256).unwrap().with_key_id(gate.party.key.key_id());
        let twin =
            Party::with_key(&format!("twin-{way:?}").to_lowercase(), way.profile(), namesake, json!({}));
        house.register_party(&twin).await;
        gate.refuses("ATK-JAR-15", &gate.object().sign(&twin.key), "invalid_request_object").await;
        // An object that is right for its own client, under the name of another.
        gate.refuses("ATK-JAR-43/ATK-PAR-07", &other.honest(), "invalid_request_object").await;
    }
}

async fn atk_jar_16_and_atk_jar_87_tokens_of_this_server(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::ByValue, "bookshop", json!({})).await;
    let answer = house.visitor().agree(&gate.party.by_value(&house, &gate.honest())).await;
    let code = gate.party.code(&house, &answer).await;
    let tokens = gate.party.redeem(&house, &code).await.json();
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let assertion = gate.party.assertion(&house);
    let proof = gate.party.proof(&house, "/par");
    // The worst mix: the server's key stands in the client's set too, so that the signatures hold.
    let published = house.get(&house.url("/jwks")).await.json();
    let mut metadata = gate.party.metadata.clone();
    metadata["jwks"] = json!({ "keys": [gate.party.key.public_jwk(), published["keys"][0]] });
    house.change(&gate.party, &metadata).await;
    for (id, hostile) in [
        ("ATK-JAR-16/ATK-JAR-87/ATK-JARM-67 the answer", answer.parameter("response").unwrap()),
        ("ATK-JAR-16/ATK-JAR-87 the ID token", token("id_token")),
        ("ATK-JAR-87 the access token", token("access_token")),
        ("ATK-JAR-88 a client assertion", assertion),
        ("ATK-JAR-89 a DPoP proof", proof),
    ] {
        gate.refuses(id, &hostile, "invalid_request_object").await;
    }
}

async fn atk_jar_26_and_atk_jar_27_the_type(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let gate = Gate::open(&house, way, &format!("lax-{way:?}").to_lowercase(), json!({})).await;
        for typ in ["OAuth-Authz-Req+JWT", "application/oauth-authz-req+jwt", "JWT"] {
            gate.accepts(
                &format!("ATK-JAR-26 {typ}"),
                &gate.object().header("typ", typ).sign(&gate.party.key),
            )
            .await;
        }
        let untyped = |gate: &Gate<'_>| gate.object().without_header("typ").sign(&gate.party.key);
        gate.accepts("the control of ATK-JAR-27: not strict", &untyped(&gate)).await;
        let strict = json!({ "countersign_strict_typ": true });
        let gate = Gate::open(&house, way, &format!("strict-{way:?}").to_lowercase(), strict).await;
        gate.refuses("ATK-JAR-27", &untyped(&gate), "invalid_request_object").await;
    }
}

async fn atk_jar_34_to_36_unfit_keys(engine: Engine) {
    let house = House::open(engine).await;
    let (own, unfit) = (key(Owner::Client, Algorithm::ES256), key(Owner::OtherClient, Algorithm::ES256));
    let (mut encrypts, mut verifies_not) = (json!(unfit.public_jwk()), json!(unfit.public_jwk().bare()));
    encrypts["use"] = json!("enc");
    verifies_not["key_ops"] = json!(["encrypt"]);
    verifies_not["kid"] = json!(unfit.key_id());
    let mut other_alg = json!(key(Owner::OtherClient, Algorithm::PS256).public_jwk());
    other_alg["alg"] = json!("PS384");
    for (id, client, second, signer) in [
        ("ATK-JAR-35 use", "uses", encrypts, unfit),
        ("ATK-JAR-35 key_ops", "ops", verifies_not, unfit),
        ("ATK-JAR-35 alg", "alg", other_alg, key(Owner::OtherClient, Algorithm::PS256)),
    ] {
        let keys = json!({ "jwks": { "keys": [own.public_jwk(), second] } });
        let gate = gate_of(&house, client, own, keys).await;
        gate.refuses(id, &gate.object().sign_as(signer), "invalid_request_object").await;
    }

    let secret = [7; 32];
    let shared = json!({ "kty": "oct", "kid": "shared", "k": base64url::encode(secret) });
    let keys = json!({ "jwks": { "keys": [own.public_jwk(), shared] } });
    let gate = gate_of(&house, "oct", own, keys).await;
    let hostile = gate.object().header("kid", "shared").hs256(&secret);
    gate.refuses("ATK-JAR-36", &hostile, "invalid_request_object").await;

    // A key that registration would refuse, put into the table by hand: then there is no such client.
    for (id, e, bits) in [("ATK-JAR-34 1024 bits", "AQAB", 1024), ("ATK-JAR-34 e = 1", "AQ", 2048)] {
        let weak =
            json!({ "kty": "RSA", "kid": "weak", "n": base64url::encode(vec![0xc5; bits / 8]), "e": e });
        let gate =
            gate_of(&house, &format!("weak-{bits}"), own, json!({ "jwks": { "keys": [own.public_jwk()] } }))
                .await;
        gate.accepts(&format!("the control of {id}"), &gate.honest()).await;
        let mut metadata = gate.party.metadata.clone();
        metadata["jwks"] = json!({ "keys": [own.public_jwk(), weak] });
        house.change(&gate.party, &metadata).await;
        let before = house.census().await;
        assert_refused(id, &gate.send(&gate.honest()).await, "invalid_client");
        assert!(house.census().await.changed(&before).is_empty(), "{id}");
    }
}

async fn atk_jar_37_a_key_that_was_removed(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let mut gate = Gate::open(&house, way, &format!("{way:?}").to_lowercase(), json!({})).await;
        let next = SigningKey::generate(Algorithm::ES256).unwrap();
        let mut metadata = gate.party.metadata.clone();
        metadata["jwks"] = json!({ "keys": [gate.party.key.public_jwk(), next.public_jwk()] });
        house.change(&gate.party, &metadata).await;
        gate.accepts("the control of ATK-JAR-37", &gate.honest()).await;
        let old = gate.honest();
        metadata["jwks"] = json!({ "keys": [next.public_jwk()] });
        house.change(&gate.party, &metadata).await;
        gate.party.key = next;
        gate.refuses("ATK-JAR-37/JAR-76", &old, "invalid_request_object").await;
    }
}

async fn atk_jar_38_and_atk_jar_39_sizes(engine: Engine) {
    let house = House::open(engine).await;
    let by_value = Gate::open(&house, Way::ByValue, "by-value", json!({})).await;
    let padded = |gate: &Gate<'_>, length: usize| {
        let bare = gate.object().claim("pad", "").sign(&gate.party.key).len();
        // Four characters for three bytes.
        gate.object().claim("pad", "p".repeat((length - bare) / 4 * 3)).sign(&gate.party.key)
    };
    by_value.accepts("JAR-45: nearly 16 KiB in a URL", &padded(&by_value, 16 * 1024 - 8)).await;
    let over = padded(&by_value, 16 * 1024 + 8);
    by_value.refuses("JAR-45: over 16 KiB in a URL", &over, "invalid_request_object").await;
    let long = house.visitor().open(&by_value.party.by_value(&house, &padded(&by_value, 40 * 1024))).await;
    assert_eq!(long.status, 414, "ATK-JAR-38: {long}");

    let pushed = Gate::open(&house, Way::Pushed, "pushed", json!({})).await;
    pushed.accepts("JAR-45: nearly 64 KiB pushed", &padded(&pushed, 64 * 1024 - 8)).await;
    let over = padded(&pushed, 64 * 1024 + 8);
    pushed.refuses("ATK-JAR-39", &over, "invalid_request_object").await;
    let members = (0..5_000).fold(pushed.object(), |object, n| object.add_header(&format!("m{n}"), "1"));
    pushed
        .refuses("ATK-JAR-38 many members", &members.sign(&pushed.party.key), "invalid_request_object")
        .await;
    let before = house.census().await;
    for (id, large) in [
        ("ATK-JAR-38 header of 1 MB", pushed.object().header("x", "h".repeat(1 << 20))),
        ("ATK-JAR-38 payload of 1 MB", pushed.object().claim("x", "p".repeat(1 << 20))),
    ] {
        let reply = pushed.send(&large.sign(&pushed.party.key)).await;
        assert_eq!(reply.status, 413, "{id}: {reply}");
    }
    // The same object where a form may be posted: the size of the object decides, not of the message.
    let body = format!("client_id=by-value&request={}", padded(&by_value, 60 * 1024));
    let request = house.request(Method::POST, "/authorize").body(body);
    let form = request.header("content-type", "application/x-www-form-urlencoded");
    let reply = house.send(form).await;
    assert_refused("ATK-JAR-38/JAR-28 posted", &reply, "invalid_request_object");
    assert!(house.census().await.changed(&before).is_empty());
    refuse_at(
        &by_value,
        &[("ATK-JAR-18 long", |gate| gate.object().header("kid", "k".repeat(10_000)).sign(&gate.party.key))],
    )
    .await;
}
