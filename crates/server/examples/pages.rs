//! Writes every page with sample data into a folder, to be looked at in a browser without a server.
//!
//! `cargo run -p countersign-server --example pages -- FOLDER`

use std::env::args_os;
use std::fs;
use std::io;
use std::path::PathBuf;

use countersign_server::pages::{
    Account, BrokenRule, ClientIdentity, ConsentPage, DocumentLink, ErrorPage, FormPostPage, LandingPage,
    Language, LoginPage, LoginProblem, Permission, asset, mark_path, stylesheet_path,
};

fn main() -> io::Result<()> {
    let folder = args_os().nth(1).map_or_else(|| PathBuf::from("pages"), PathBuf::from);
    fs::create_dir_all(folder.join("assets"))?;
    for found in [stylesheet_path(), mark_path()].into_iter().filter_map(asset) {
        fs::write(folder.join(found.path.trim_start_matches('/')), found.bytes)?;
    }
    for (name, html) in pages() {
        fs::write(folder.join(name).with_extension("html"), opened_from_folder(&html))?;
    }
    Ok(())
}

/// With assets beside the page, and without script, so that the form_post page can be looked at.
fn opened_from_folder(html: &str) -> String {
    let no_script = "<head>\n<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'\">";
    html.replace("\"/assets/", "\"assets/").replace("<head>", no_script)
}

fn pages() -> Vec<(&'static str, String)> {
    let refused = LoginPage { problem: Some(LoginProblem::Credentials), username: "ada".into(), ..login() };
    let plain = ConsentPage {
        client: ClientIdentity {
            name: "Regional Association of Municipal Reading Rooms and Travelling Book Wagons".into(),
            redirect_host: "reading-rooms.and-travelling-book-wagons.municipal.example:8443".into(),
        },
        request_signed: false,
        answer_signed: false,
        renewable_seconds: None,
        ..consent()
    };
    let ours = ErrorPage {
        code: "server_error".into(),
        explanation: "The server could not finish what it was doing. It has been noted.".into(),
        rule: None,
        client: Some(client()),
        ..error()
    };
    vec![
        ("login", login().render()),
        ("login-alone", LoginPage { client: None, ..login() }.render()),
        ("login-refused", refused.render()),
        ("consent", consent().render()),
        ("consent-plain", plain.render()),
        ("error", error().render()),
        ("error-ours", ours.render()),
        ("form-post", form_post().render()),
        ("landing", landing().render()),
    ]
}

fn client() -> ClientIdentity {
    ClientIdentity { name: "Harbour Library".into(), redirect_host: "library.example".into() }
}

fn login() -> LoginPage {
    LoginPage {
        language: Language::English,
        issuer: "id.example".into(),
        client: Some(client()),
        interaction: "sample".into(),
        csrf: "sample".into(),
        username: String::new(),
        problem: None,
    }
}

fn consent() -> ConsentPage {
    let scope = |name: &str| Permission { scope: name.into(), ..Permission::default() };
    ConsentPage {
        language: Language::English,
        issuer: "id.example".into(),
        client: client(),
        account: Account { name: "Ada Lovelace".into(), username: "ada".into() },
        switch_account: "login.html".into(),
        permissions: vec![
            scope("openid"),
            scope("profile"),
            Permission {
                scope: "loans".into(),
                words: Some("See what you have borrowed".into()),
                details: vec!["Card ending in 4821".into()],
            },
            scope("offline_access"),
        ],
        access_seconds: 600,
        renewable_seconds: Some(2_592_000),
        request_signed: true,
        answer_signed: true,
        interaction: "sample".into(),
        csrf: "sample".into(),
    }
}

fn error() -> ErrorPage {
    ErrorPage {
        language: Language::English,
        issuer: "id.example".into(),
        code: "invalid_request_object".into(),
        explanation: "The signature of the request object does not match any key registered for this client."
            .into(),
        rule: Some(BrokenRule {
            requirement: "JAR-51".into(),
            section: "RFC 9101 §6.2".into(),
            would_pass:
                "A request object signed with a key of the client’s registered JWK set, unchanged since."
                    .into(),
        }),
        reference: "01941f29-7c00-7a44-9f3e-52a1c6f0a9de".into(),
        client: None,
    }
}

fn form_post() -> FormPostPage {
    FormPostPage {
        language: Language::English,
        issuer: "id.example".into(),
        client: client(),
        action: "https://library.example/callback".into(),
        parameters: vec![("response".into(), "sample".into())],
        nonce: "sample".into(),
    }
}

fn landing() -> LandingPage {
    let document = |title: &str, path: &str| DocumentLink { title: title.into(), path: path.into() };
    LandingPage {
        language: Language::English,
        issuer: "id.example".into(),
        documents: vec![
            document("Server metadata", "/.well-known/oauth-authorization-server"),
            document("OpenID configuration", "/.well-known/openid-configuration"),
            document("Signing keys", "/jwks"),
        ],
    }
}
