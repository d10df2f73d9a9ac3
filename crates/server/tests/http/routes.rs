use countersign_server::pages::stylesheet_path;

use crate::running::Running;

#[tokio::test]
async fn atk_red_27_the_host_header_decides_nothing() {
    let running = Running::start().await;
    let issuer = running.server.issuer().to_string();
    let spoofed =
        ["host: evil.example", "x-forwarded-host: evil.example", "forwarded: host=evil.example;proto=https"];
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = running.send("GET", path, &spoofed).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["issuer"], issuer.as_str());
        for (name, value) in answer.json().as_object().unwrap() {
            assert!(!value.to_string().contains("evil"), "{name}");
        }
    }
    let page = running.send("GET", "/authorize?client_id=nobody", &spoofed).await;
    assert!(
        page.status == 400 && !page.body.contains("evil") && page.header("location").is_none(),
        "{page:?}"
    );
    let elsewhere =
        running.send("GET", "http://evil.example/.well-known/openid-configuration", &spoofed).await;
    assert_eq!(elsewhere.json()["issuer"], issuer.as_str(), "an absolute target neither");
}

#[tokio::test]
async fn atk_red_22_only_public_documents_are_for_other_origins() {
    let running = Running::start().await;
    let origin = "origin: https://evil.example";
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"] {
        let answer = running.send("GET", path, &[origin]).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "META-09 {path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
    }
    let preflight = [origin, "access-control-request-method: POST"];
    for path in ["/authorize", "/login", "/consent", "/par", "/token", "/userinfo", "/"] {
        for method in ["OPTIONS", "GET", "POST"] {
            let answer = running.send(method, path, &preflight).await;
            let allowed = answer.head.to_ascii_lowercase().contains("access-control-");
            assert!(!allowed, "NET-05 {method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn net_04_headers_of_every_answer() {
    let tls_elsewhere = Running::start_as(|_| "https://as.example".to_owned()).await;
    let plain = Running::start().await;
    for path in ["/", "/jwks", "/authorize", "/par", "/nowhere", "/error", stylesheet_path()] {
        let answer = tls_elsewhere.send("GET", path, &[]).await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000"), "{path}");
        let answer = plain.send("GET", path, &[]).await;
        assert_eq!(answer.header("strict-transport-security"), None, "{path}: it would lock localhost");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("server"), None, "{path}");
        assert!(
            answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
    let refused = tls_elsewhere.post("/par", &vec![b'a'; 200 * 1024]).await;
    assert_eq!(refused.status, 413);
    assert!(refused.header("strict-transport-security").is_some(), "also where a limit cut the request off");
}

#[tokio::test]
async fn assets_are_kept_and_answers_are_not() {
    let running = Running::start().await;
    let asset = running.send("GET", stylesheet_path(), &[]).await;
    assert_eq!((asset.status, asset.header("content-type")), (200, Some("text/css;charset=UTF-8")));
    assert!(asset.header("cache-control").unwrap().contains("immutable"));
    assert_eq!(running.send("GET", "/assets/none.css", &[]).await.status, 404);
    assert_eq!(running.send("GET", "/assets/../store.sqlite", &[]).await.status, 404);
    for path in ["/", "/nowhere", "/par", "/authorize"] {
        let answer = running.send("GET", path, &[]).await;
        assert!(answer.header("cache-control").unwrap().contains("no-store"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn meta_01_an_issuer_with_a_path_has_its_endpoints_below_it() {
    let running = Running::start_as(|address| format!("http://{address}/tenant")).await;
    let below = running.send("GET", "/tenant/.well-known/openid-configuration", &[]).await;
    let inserted = running.send("GET", "/.well-known/oauth-authorization-server/tenant", &[]).await;
    assert_eq!((below.status, inserted.status), (200, 200));
    assert_eq!(below.body, inserted.body);
    assert_eq!(below.json()["issuer"], running.server.issuer().as_str());
    for member in
        ["jwks_uri", "authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint"]
    {
        let url = below.json()[member].as_str().unwrap().to_owned();
        let path = url.strip_prefix(running.server.issuer().origin()).unwrap();
        assert_ne!(running.send("GET", path, &[]).await.status, 404, "{member} {path}");
    }
    for path in ["/par", "/jwks", "/.well-known/openid-configuration"] {
        assert_eq!(running.send("GET", path, &[]).await.status, 404, "{path} is not below the issuer");
    }
}
