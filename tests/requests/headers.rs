//! Headers that every answer has, and those that none has.

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::json;

use crate::support::{Answer, PASSWORD, service};

fn is_safe(answer: &Answer) {
    let header = |name: &str| {
        let value = answer.headers.get(name);
        value
            .unwrap_or_else(|| panic!("no {name}: {answer:?}"))
            .to_str()
            .unwrap()
    };
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    let policy = header("content-security-policy");
    for directive in [
        "default-src 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(!policy.contains("unsafe-eval"));
    assert!(!header("x-request-id").is_empty());
    for name in ["x-powered-by", "server", "etag", "last-modified"] {
        assert!(!answer.headers.contains_key(name), "{name}: {answer:?}");
    }
    // The one cookie there is says nothing and is out of a script's reach.
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("rollcall_device="), "{cookie}");
        assert!(cookie.contains("; Path=/auth/token;"), "{cookie}");
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
    }
}

#[tokio::test]
async fn every_answer_is_safe_and_none_is_kept() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let anonymous = s.anonymous();
        let credentials = json!({"username": "ada", "password": PASSWORD});

        let answers = [
            (200, anonymous.post("/auth/token", credentials).await),
            (200, ada.get("/v1/api/users/").await),
            (200, ada.get("/_ping").await),
            (200, anonymous.get("/_readiness").await),
            (200, anonymous.get("/openapi.json").await),
            (202, ada.patch("/v1/api/users/", json!({})).await),
            (401, anonymous.get("/v1/api/users/").await),
            (403, ada.get("/v1/api/users/admin-only").await),
            (404, anonymous.get("/nothing").await),
            (405, anonymous.get("/auth/register").await),
            (
                415,
                anonymous.send(Method::POST, "/auth/token", None, "x").await,
            ),
            (422, anonymous.post("/auth/register", json!({})).await),
            (204, ada.delete("/v1/api/users/").await),
            (404, ada.get("/v1/api/users/").await),
        ];

        for (status, answer) in answers {
            assert_eq!(answer.status, status, "{answer:?}");
            is_safe(&answer);
            assert_eq!(answer.headers["cache-control"], "no-store", "{answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_pages_of_the_documentation_are_safe_too() {
    service(|s| async move {
        for path in ["/docs/", "/docs/swagger-ui.css", "/docs/nothing"] {
            is_safe(&s.anonymous().get(path).await);
        }
    })
    .await;
}

#[tokio::test]
async fn no_answer_depends_on_what_the_client_has() {
    service(|s| async move {
        let ada = s.member("ada").await;

        for name in ["if-none-match", "if-modified-since", "range"] {
            let value = match name {
                "if-none-match" => "*",
                "range" => "bytes=0-1",
                _ => "Fri, 01 Jan 2100 00:00:00 GMT",
            };
            let request = Request::get("/v1/api/users/")
                .header("authorization", format!("Bearer {}", ada.token()))
                .header(name, value);
            let answer = s
                .anonymous()
                .raw(request.body(Body::empty()).unwrap())
                .await;

            assert_eq!(answer.status, 200, "{name}: {answer:?}");
            assert_eq!(answer.body["username"], "ada");
        }
    })
    .await;
}
