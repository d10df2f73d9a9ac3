//! The claims of a request object (attacks.md section B, up to ATK-JAR-71).

use countersign_testkit::house::{Engine, House};
use countersign_testkit::on_both_databases;
use serde_json::json;

use crate::gate::{Case, Gate, Way, assert_refused, refuse_all, refuse_at};

on_both_databases!(
    names_and_audience,
    times_and_identifiers,
    nothing_is_nested_and_json_is_strict,
    fapi_demands_more,
    what_must_pass_passes,
    atk_jar_41_the_client_is_named_outside,
);

/// Signed by the gate's client, with one claim changed.
macro_rules! claim {
    ($id:literal, $name:literal, $value:expr) => {
        ($id, |gate: &Gate<'_>| gate.object().claim($name, $value).sign(&gate.party.key))
    };
}

/// The same with a claim whose value depends on who the server is and what time it is.
macro_rules! claim_at {
    ($id:literal, $name:literal, $value:expr) => {
        ($id, |gate: &Gate<'_>| {
            let value: fn(&Gate<'_>) -> serde_json::Value = $value;
            gate.object().claim($name, value(gate)).sign(&gate.party.key)
        })
    };
}

fn issuer(gate: &Gate<'_>) -> String {
    gate.house.issuer().to_string()
}

fn now(gate: &Gate<'_>) -> u64 {
    gate.house.now().as_secs()
}

async fn names_and_audience(engine: Engine) {
    let cases: &[Case] = &[
        claim!("ATK-JAR-40", "client_id", "somebody-else"),
        ("ATK-JAR-42", |gate| gate.object().without("client_id").sign(&gate.party.key)),
        ("ATK-JAR-95", |gate| {
            let bare = gate.object().without("client_id").without("response_type").without("scope");
            bare.sign(&gate.party.key)
        }),
        claim!("ATK-JAR-44 another client", "iss", "somebody-else"),
        claim_at!("ATK-JAR-44 the server", "iss", |gate| json!(issuer(gate))),
        ("ATK-JAR-46 missing", |gate| gate.object().without("aud").sign(&gate.party.key)),
        claim!("ATK-JAR-46 other server", "aud", "https://other.example"),
        claim_at!("ATK-JAR-46 slash", "aud", |gate| json!(format!("{}/", issuer(gate)))),
        claim_at!("ATK-JAR-46 case", "aud", |gate| json!(issuer(gate).replace("http", "HTTP"))),
        claim_at!("ATK-JAR-46 token endpoint", "aud", |gate| json!(format!("{}/token", issuer(gate)))),
        claim!("ATK-JAR-46 empty array", "aud", json!([])),
        claim!("ATK-JAR-46 numbers", "aud", json!([1, 2])),
        claim_at!("ATK-JAR-48", "aud", |gate| json!([{ "iss": issuer(gate) }])),
        claim_at!("ATK-JAR-63", "sub", |gate| json!(gate.party.id)),
    ];
    refuse_all(engine, cases).await;
}

async fn times_and_identifiers(engine: Engine) {
    let cases: &[Case] = &[
        claim_at!("ATK-JAR-49", "exp", |gate| json!(now(gate) - 61)),
        ("ATK-JAR-50", |gate| gate.object().without("exp").sign(&gate.party.key)),
        claim_at!("ATK-JAR-52", "nbf", |gate| json!(now(gate) + 61)),
        claim_at!("ATK-JAR-53", "nbf", |gate| json!(now(gate) - 3660)),
        claim_at!("ATK-JAR-54", "exp", |gate| json!(now(gate) + 3601)),
        claim_at!("ATK-JAR-55 string", "exp", |gate| json!((now(gate) + 300).to_string())),
        ("ATK-JAR-55 1e400", |gate| gate.object().claim_text("exp", "1e400").sign(&gate.party.key)),
        claim!("ATK-JAR-55 negative", "exp", -1),
        ("ATK-JAR-55 2^63", |gate| {
            gate.object().claim_text("exp", "9223372036854775808").sign(&gate.party.key)
        }),
        claim!("ATK-JAR-55 boolean", "exp", true),
        claim_at!("ATK-JAR-55 milliseconds", "exp", |gate| json!((now(gate) + 300) * 1000)),
        claim_at!("ATK-JAR-56", "iat", |gate| json!(now(gate) + 86_400)),
        claim!("ATK-JAR-62 10 kB", "jti", "j".repeat(10_000)),
        claim!("ATK-JAR-62 numeric", "jti", 7),
    ];
    refuse_all(engine, cases).await;
}

async fn nothing_is_nested_and_json_is_strict(engine: Engine) {
    let cases: &[Case] = &[
        ("ATK-JAR-64", |gate| gate.object().claim("request", gate.honest()).sign(&gate.party.key)),
        claim!("ATK-JAR-65/ATK-PAR-02", "request_uri", "urn:ietf:params:oauth:request_uri:x"),
        ("ATK-JAR-66 redirect_uri", |gate| {
            gate.object().add_claim("redirect_uri", "\"https://evil.example/\"").sign(&gate.party.key)
        }),
        ("ATK-JAR-66 client_id", |gate| {
            gate.object().add_claim("client_id", "\"somebody-else\"").sign(&gate.party.key)
        }),
        ("ATK-JAR-66 exp", |gate| gate.object().add_claim("exp", "9999999999").sign(&gate.party.key)),
        ("ATK-JAR-66 escaped", |gate| {
            gate.object().add_claim("\\u0065xp", "9999999999").sign(&gate.party.key)
        }),
        ("ATK-JAR-67 UTF-16", |gate| {
            let text = gate.object().payload_text();
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            gate.object().payload_bytes(wide).sign(&gate.party.key)
        }),
        ("ATK-JAR-67 invalid", |gate| {
            let mut bytes = gate.object().payload_text().into_bytes();
            let place = bytes.len() - 3;
            bytes[place] = 0xff;
            gate.object().payload_bytes(bytes).sign(&gate.party.key)
        }),
        ("ATK-JAR-67 byte order mark", |gate| {
            let marked = format!("\u{feff}{}", gate.object().payload_text());
            gate.object().payload_bytes(marked).sign(&gate.party.key)
        }),
        ("ATK-JAR-67 lone surrogate", |gate| {
            gate.object().claim_text("state", r#""\ud800""#).sign(&gate.party.key)
        }),
        ("ATK-JAR-68 array", |gate| gate.object().payload_bytes("[]").sign(&gate.party.key)),
        ("ATK-JAR-68 string", |gate| gate.object().payload_bytes("\"claims\"").sign(&gate.party.key)),
        ("ATK-JAR-68 number", |gate| gate.object().payload_bytes("1").sign(&gate.party.key)),
        ("ATK-JAR-68 empty", |gate| gate.object().payload_bytes("").sign(&gate.party.key)),
        ("ATK-JAR-69", |gate| {
            let deep = format!("{{\"x\":{}", "[".repeat(10_000));
            gate.object().payload_bytes(deep).sign(&gate.party.key)
        }),
        claim_at!("ATK-JAR-70 redirect_uri", "redirect_uri", |gate| {
            json!([gate.party.redirect_uri, "https://evil.example/"])
        }),
        claim!("ATK-JAR-70 scope", "scope", json!(["openid"])),
        claim!("ATK-JAR-70 state", "state", json!({ "a": 1 })),
        claim!("ATK-JAR-71 redirect_uri", "redirect_uri", json!(null)),
        claim!("ATK-JAR-71 response_mode", "response_mode", json!(null)),
    ];
    refuse_all(engine, cases).await;
}

async fn fapi_demands_more(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::Pushed, "strict", json!({})).await;
    refuse_at(
        &gate,
        &[
            ("ATK-JAR-45", |gate| gate.object().without("iss").sign(&gate.party.key)),
            ("ATK-JAR-51", |gate| gate.object().without("nbf").sign(&gate.party.key)),
        ],
    )
    .await;
    let gate = Gate::open(&house, Way::ByValue, "baseline", json!({})).await;
    gate.accepts("JAR-54", &gate.object().without("iss").sign(&gate.party.key)).await;
}

async fn what_must_pass_passes(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let gate = Gate::open(&house, way, &format!("{way:?}").to_lowercase(), json!({})).await;
        let several = json!(["https://other.example", issuer(&gate)]);
        gate.accepts("ATK-JAR-47", &gate.object().claim("aud", several).sign(&gate.party.key)).await;
        let soon = now(&gate) + 8;
        gate.accepts("ATK-JAR-52", &gate.object().claim("nbf", soon).sign(&gate.party.key)).await;
        let unknown = gate.object().claim("x", json!({ "deep": [1, { "y": 2 }] }));
        gate.accepts("JAR-120", &unknown.sign(&gate.party.key)).await;
    }
}

async fn atk_jar_41_the_client_is_named_outside(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::ByValue, "named", json!({})).await;
    gate.accepts("the control of ATK-JAR-41", &gate.honest()).await;
    let before = house.census().await;
    let mut visitor = house.visitor();
    for (id, query, error) in [
        ("ATK-JAR-41/JAR-22", format!("request={}", gate.honest()), "invalid_request"),
        ("JAR-22 empty", format!("client_id=&request={}", gate.honest()), "invalid_request"),
        ("ATK-RED-17/JAR-41", format!("client_id=nobody&request={}", gate.honest()), "invalid_client"),
    ] {
        let reply = visitor.open(&format!("{}?{query}", house.url("/authorize"))).await;
        assert_refused(id, &reply, error);
    }
    assert!(house.census().await.changed(&before).is_empty());
}
