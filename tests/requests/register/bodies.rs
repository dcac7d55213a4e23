//! Bodies that are not understood, or too large.

use axum::{body::Body, http::Method};

use super::ada;
use crate::support::{Answer, Service, service};

const LIMIT: usize = 16 * 1024;

async fn register(s: &Service, content_type: Option<&str>, body: impl Into<Body>) -> Answer {
    s.anonymous()
        .send(Method::POST, "/auth/register", content_type, body)
        .await
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    service(|s| async move {
        let deep = "[".repeat(8000);
        let bodies: [&[u8]; 7] = [
            b"",
            b"{",
            b"{\"username\": canary}",
            b"username=canary",
            b"{} {}",
            b"{\"username\": \"\xff\"}",
            deep.as_bytes(),
        ];
        for body in bodies {
            let answer = register(&s, Some("application/json"), body.to_vec()).await;

            answer.is_problem(400, "malformed_json");
            assert!(!answer.text.contains("canary"), "{answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_of_16_kib_is_read_and_a_larger_one_is_not() {
    service(|s| async move {
        let padded = |length: usize| format!("{:length$}", ada().to_string());

        let largest = register(&s, Some("application/json"), padded(LIMIT)).await;
        let too_large = register(&s, Some("application/json"), padded(LIMIT + 1)).await;

        assert_eq!(largest.status, 201, "{largest:?}");
        too_large.is_problem(413, "payload_too_large");
    })
    .await;
}

#[tokio::test]
async fn a_body_without_a_length_has_the_same_limit() {
    service(|s| async move {
        let body = Body::from_stream(Body::from(vec![b' '; LIMIT + 1]).into_data_stream());

        let answer = register(&s, Some("application/json"), body).await;

        answer.is_problem(413, "payload_too_large");
    })
    .await;
}

#[tokio::test]
async fn another_content_type_is_refused() {
    service(|s| async move {
        let types = [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/jsonx"),
            Some("application/vnd.api+json"),
            Some("text/plain, application/json"),
        ];
        for content_type in types {
            let answer = register(&s, content_type, ada().to_string()).await;

            answer.is_problem(415, "unsupported_media_type");
        }
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_content_type_may_have_parameters_and_any_case() {
    service(|s| async move {
        let answer = register(
            &s,
            Some("Application/JSON ; charset=utf-8"),
            ada().to_string(),
        )
        .await;

        assert_eq!(answer.status, 201, "{answer:?}");
    })
    .await;
}
