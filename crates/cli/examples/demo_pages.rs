//! Writes every page of the demo's relying party with sample data into a folder, to be looked at in a browser.
//!
//! `cargo run -p countersign --example demo_pages -- FOLDER`

#[path = "../src/demo/pages.rs"]
mod pages;

use std::env::args_os;
use std::fs;
use std::io;
use std::path::PathBuf;

use countersign_server::pages::{asset, mark_path, stylesheet_path};

use self::pages::{
    Attempt, Check, DEMO_STYLESHEET_PATH, DeniedPage, HomePage, Member, RefusedPage, ResultPage,
    SignedMessage, demo_stylesheet,
};

fn main() -> io::Result<()> {
    let folder = args_os().nth(1).map_or_else(|| PathBuf::from("demo-pages"), PathBuf::from);
    fs::create_dir_all(folder.join("assets"))?;
    for found in [stylesheet_path(), mark_path()].into_iter().filter_map(asset) {
        fs::write(folder.join(found.path.trim_start_matches('/')), found.bytes)?;
    }
    fs::write(folder.join(DEMO_STYLESHEET_PATH.trim_start_matches('/')), demo_stylesheet())?;
    let pages = [
        ("home", home().render()),
        ("result", result().render()),
        ("denied", denied().render()),
        ("refused", refused().render()),
    ];
    for (name, html) in pages {
        fs::write(folder.join(name).with_extension("html"), html.replace("\"/assets/", "\"assets/"))?;
    }
    Ok(())
}

fn home() -> HomePage {
    HomePage {
        relying_party: "Harbour Library".into(),
        issuer: "localhost:8080".into(),
        start: "/start".into(),
        username: "ada".into(),
        password: "correct-horse-7".into(),
    }
}

fn result() -> ResultPage {
    let check = |requirement: &str, by: &str, held: &str| Check {
        requirement: requirement.into(),
        by: by.into(),
        held: held.into(),
    };
    ResultPage {
        relying_party: "Harbour Library".into(),
        issuer: "localhost:8080".into(),
        person: "Ada Lovelace".into(),
        request: request(),
        answer: answer("ES256 by key q3vK…8Zc, held", true),
        checks: vec![
            check("JAR-51", "server", "The request object is signed with a key registered for this client."),
            check("JAR-55", "server", "The request object is addressed to this server."),
            check("JARM-47", "client", "The answer comes from the issuer we asked."),
            check("JARM-48", "client", "The answer is made out to us."),
            check("JARM-50", "client", "The answer is signed with a key of that issuer."),
            check("JARM-52", "client", "The state is the one we made for this browser."),
        ],
        tokens: vec![
            member("access_token", "eyJ0eXAiOiJhdCtq…d3Qx", "DPoP-bound, expires in 10 minutes"),
            member("id_token", "eyJhbGciOiJFUzI1…kQ0w", "checked"),
            member("refresh_token", "rt_8fP…", "bound to this client’s key"),
        ],
        userinfo: vec![member("sub", "01941f29-7c00-7a44", ""), member("name", "Ada Lovelace", "")],
        attempts: vec![
            Attempt { title: "Send the same answer again".into(), href: "/attack/replay".into() },
            Attempt { title: "Change one character of the signature".into(), href: "/attack/forge".into() },
        ],
    }
}

fn denied() -> DeniedPage {
    DeniedPage {
        relying_party: "Harbour Library".into(),
        issuer: "localhost:8080".into(),
        code: "access_denied".into(),
        explanation: "The person refused.".into(),
        answer: answer("ES256 by key q3vK…8Zc, held", true),
        checks: result().checks,
    }
}

fn refused() -> RefusedPage {
    RefusedPage {
        relying_party: "Harbour Library".into(),
        issuer: "localhost:8080".into(),
        code: "invalid_response".into(),
        explanation: "The signature of the answer does not match any key of the issuer.".into(),
        requirement: "JARM-50".into(),
        section: "JARM §2.4".into(),
        would_pass: "An answer as the server signed it, not changed by a single character.".into(),
        answer: Some(answer("ES256 by key q3vK…8Zc, broken", false)),
    }
}

fn member(name: &str, value: &str, meaning: &str) -> Member {
    Member { name: name.into(), value: value.into(), meaning: meaning.into() }
}

fn request() -> SignedMessage {
    SignedMessage {
        kind: "Request object (RFC 9101)".into(),
        signer: "Harbour Library".into(),
        travelled: "pushed to /par, 912 bytes".into(),
        header: vec![
            member("alg", "ES256", ""),
            member("typ", "oauth-authz-req+jwt", ""),
            member("kid", "mB3eM0hV2y8oWnUuPzQ0a7l2bqk1x9f5c4d3e2f1g0h", ""),
        ],
        claims: vec![
            member("iss", "harbour-library", "who asks"),
            member("aud", "http://localhost:8080", "whom"),
            member("exp", "1764000300", "in 5 minutes"),
            member("redirect_uri", "http://127.0.0.1:8081/callback", "where the answer goes"),
            member("response_mode", "query.jwt", "the answer must be signed"),
            member("scope", "openid profile", ""),
            member("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", ""),
            member("state", "Zk3TQbL2vWq0", ""),
        ],
        signature: "ES256 by key mB3e…g0h, held".into(),
        signature_holds: true,
        compact: [
            "eyJhbGciOiJFUzI1NiIsInR5cCI6Im9hdXRoLWF1dGh6LXJlcStqd3QifQ".into(),
            "eyJpc3MiOiJoYXJib3VyLWxpYnJhcnkiLCJhdWQiOiJodHRwOi8vbG9jYWxob3N0OjgwODAifQ".into(),
            "c2FtcGxlLXNpZ25hdHVyZS1vZi1zaXh0eS1mb3VyLWJ5dGVz".into(),
        ],
    }
}

fn answer(signature: &str, signature_holds: bool) -> SignedMessage {
    SignedMessage {
        kind: "Authorization response (JARM)".into(),
        signer: "localhost:8080".into(),
        travelled: "carried by the browser in the query, 604 bytes".into(),
        header: vec![
            member("alg", "ES256", ""),
            member("kid", "q3vKp1x9f5c4d3e2f1g0hmB3eM0hV2y8oWnUuPzQ8Zc", ""),
        ],
        claims: vec![
            member("iss", "http://localhost:8080", "who answers"),
            member("aud", "harbour-library", "whom"),
            member("exp", "1764000600", "in 10 minutes"),
            member("code", "0f3K…x2", "shortened; already spent"),
            member("state", "Zk3TQbL2vWq0", "the same as in the request"),
        ],
        signature: signature.into(),
        signature_holds,
        compact: [
            "eyJhbGciOiJFUzI1NiIsImtpZCI6InEzdksifQ".into(),
            "eyJpc3MiOiJodHRwOi8vbG9jYWxob3N0OjgwODAiLCJhdWQiOiJoYXJib3VyLWxpYnJhcnkifQ".into(),
            "c2FtcGxlLXNpZ25hdHVyZS1vZi10aGUtc2VydmVy".into(),
        ],
    }
}
