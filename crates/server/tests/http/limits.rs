use crate::running::Running;

#[tokio::test]
async fn atk_par_04_other_methods_are_not_allowed() {
    let running = Running::start().await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        for path in ["/par", "/token"] {
            let answer = running.send(method, path, &[]).await;
            assert_eq!(answer.status, 405, "PAR-01: {method} {path}: {answer:?}");
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {path}");
        }
    }
    for path in ["/authorize", "/jwks", "/.well-known/openid-configuration", "/login", "/"] {
        let answer = running.send("DELETE", path, &[]).await;
        assert_eq!(answer.status, 405, "{path}: {answer:?}");
        assert!(answer.header("allow").unwrap().contains("GET"), "{path}");
    }
}

#[tokio::test]
async fn atk_par_05_other_bodies_than_forms_are_refused() {
    let running = Running::start().await;
    for content_type in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        let header = format!("content-type: {content_type}");
        for path in ["/par", "/token"] {
            let answer = running.send_body("POST", path, &[&header], b"{}").await;
            assert_eq!(answer.status, 400, "{content_type}: {answer:?}");
            assert_eq!(answer.json()["error"], "invalid_request");
            assert!(answer.body.contains("PAR-01"), "says the rule: {answer:?}");
        }
    }
}

#[tokio::test]
async fn atk_dos_01_too_many_parameters_and_too_long_names_are_refused() {
    let running = Running::start().await;
    let many = (0..10_000).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    let long_name = format!("{}=1", "n".repeat(1024 * 1024));
    let huge = "a".repeat(10 * 1024 * 1024);
    for path in ["/par", "/token", "/login", "/authorize"] {
        let answer = running.post(path, many.as_bytes()).await;
        assert_eq!(answer.status, 400, "ATK-PAR-18 {path}: {answer:?}");
        assert_eq!(running.post(path, long_name.as_bytes()).await.status, 413, "{path}");
    }
    assert_eq!(running.post("/par", huge.as_bytes()).await.status, 413, "ATK-PAR-18");
    let query = format!("/authorize?{}", &many[..30_000]);
    assert_eq!(running.send("GET", &query, &[]).await.status, 400);
}

#[tokio::test]
async fn atk_dos_02_malformed_encodings_are_refused() {
    let running = Running::start().await;
    for malformed in ["client_id=%zz", "client_id=%4", "client_id=%c0%af", "client_id=%00", "client_id=%ff"] {
        let pushed = running.post("/par", malformed.as_bytes()).await;
        assert_eq!((pushed.status, &pushed.json()["error"]), (400, &"invalid_request".into()), "{malformed}");
        let asked = running.send("GET", &format!("/authorize?{malformed}"), &[]).await;
        assert_eq!(asked.status, 400, "{malformed}: {asked:?}");
        assert_eq!(asked.header("location"), None, "{malformed}: no redirect");
        assert!(asked.body.contains("JAR-40"), "the page names the rule: {asked:?}");
    }
}
