//! Which origins a browser may call from.

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
    routing::get,
};
use loco_rs::config::Config;

use super::problems::behind_the_middlewares;
use crate::support::{Answer, Service, service, service_with};

const ALLOWED: &str = "https://app.example.com";

fn two_origins(config: &mut Config) {
    let cors = config.server.middlewares.cors.as_mut().expect("CORS");
    cors.allow_origins = vec![ALLOWED.into(), "http://localhost:3000".into()];
}

async fn from(s: &Service, origin: &str, method: Method, path: &str) -> Answer {
    let request = Request::builder()
        .method(method.clone())
        .uri(path)
        .header("origin", origin)
        .header("access-control-request-method", "PATCH")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    s.anonymous()
        .raw(request.body(Body::empty()).unwrap())
        .await
}

fn allowed_origin(answer: &Answer) -> Option<&str> {
    let header = answer.headers.get("access-control-allow-origin")?;
    header.to_str().ok()
}

#[tokio::test]
async fn any_origin_is_allowed_here_and_never_with_credentials() {
    service(|s| async move {
        for origin in [ALLOWED, "null", "http://evil.example"] {
            for (method, path) in [
                (Method::OPTIONS, "/v1/api/users/"),
                (Method::GET, "/_ping"),
                (Method::GET, "/v1/api/users/"),
                (Method::GET, "/nothing"),
            ] {
                let answer = from(&s, origin, method, path).await;

                assert_eq!(allowed_origin(&answer), Some("*"), "{path}");
                let credentials = "access-control-allow-credentials";
                assert!(!answer.headers.contains_key(credentials));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn of_a_list_exactly_its_origins_are_allowed() {
    service_with(two_origins, |s| async move {
        for origin in [ALLOWED, "http://localhost:3000"] {
            for (method, path, status) in [
                (Method::OPTIONS, "/v1/api/users/", 200),
                (Method::GET, "/_ping", 200),
                (Method::GET, "/v1/api/users/", 401),
                (Method::PUT, "/v1/api/users/", 405),
                (Method::GET, "/nothing", 404),
            ] {
                let answer = from(&s, origin, method, path).await;

                assert_eq!(answer.status, status, "{answer:?}");
                assert_eq!(allowed_origin(&answer), Some(origin), "{path}");
                let vary = answer.headers["vary"].to_str().unwrap();
                assert!(vary.to_lowercase().contains("origin"), "{vary}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_preflight_tells_what_a_browser_may_send() {
    service_with(two_origins, |s| async move {
        let answer = from(&s, ALLOWED, Method::OPTIONS, "/v1/api/users/").await;

        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        for name in [
            "access-control-allow-methods",
            "access-control-allow-headers",
        ] {
            assert!(answer.headers.contains_key(name), "{answer:?}");
        }
    })
    .await;
}

/// A browser shows a page no answer without the header, a failure's neither.
#[tokio::test]
async fn a_panic_and_a_timeout_can_be_read_by_a_page() {
    async fn panics() {
        panic!("as it should");
    }
    fn impatient(config: &mut Config) {
        two_origins(config);
        let timeout = config.server.middlewares.timeout_request.as_mut();
        timeout.expect("a limit").timeout = 20;
    }
    service_with(impatient, |s| async move {
        let router = Router::new()
            .route("/panics", get(panics))
            .route("/hangs", get(std::future::pending::<()>));
        let client = behind_the_middlewares(&s, router);

        for (path, status) in [("/panics", 500), ("/hangs", 503)] {
            let request = Request::get(path).header("origin", ALLOWED);
            let answer = client.raw(request.body(Body::empty()).unwrap()).await;

            assert_eq!(answer.status, status, "{answer:?}");
            assert_eq!(allowed_origin(&answer), Some(ALLOWED), "{answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn look_alikes_are_not_allowed() {
    service_with(two_origins, |s| async move {
        for origin in [
            "null",
            "*",
            "",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.example",
            "https://evil-app.example.com",
            "https://evil.app.example.com",
            "https://example.com",
            "https://app.example.com/",
            "https://app.example.com@evil.example",
            "https://app.example.com, https://evil.example",
            "HTTPS://APP.EXAMPLE.COM",
            "http://localhost:30000",
            "http://localhost",
        ] {
            for (method, path) in [
                (Method::OPTIONS, "/auth/token"),
                (Method::GET, "/_ping"),
                (Method::GET, "/v1/api/users/"),
            ] {
                let answer = from(&s, origin, method, path).await;

                assert_eq!(allowed_origin(&answer), None, "{origin} {answer:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn of_an_empty_list_no_origin_is_allowed() {
    fn none(config: &mut Config) {
        config
            .server
            .middlewares
            .cors
            .as_mut()
            .unwrap()
            .allow_origins = Vec::new();
    }
    service_with(none, |s| async move {
        for origin in [ALLOWED, "null", "http://localhost:5150"] {
            let answer = from(&s, origin, Method::GET, "/_ping").await;

            assert_eq!(answer.status, 200);
            assert_eq!(allowed_origin(&answer), None);
        }
    })
    .await;
}
