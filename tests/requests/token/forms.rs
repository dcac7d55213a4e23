//! The OAuth 2.0 password form, as FastAPI's clients and Swagger UI send it, and the same as JSON.

use axum::http::Method;
use serde_json::json;

use super::testuser;
use crate::support::{PASSWORD, service};

const FORM: &str = "application/x-www-form-urlencoded";
const ENCODED: &str = "correct+horse%20battery";

#[tokio::test]
async fn a_form_logs_in() {
    service(|s| async move {
        testuser(&s).await;

        for username in ["testuser", "testuser%40example.com", "%2B1234567890"] {
            let form = format!("username={username}&password={ENCODED}");
            let answer = s.anonymous().form("/auth/token", &form).await;

            assert_eq!(answer.status, 200, "{answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_other_fields_of_the_oauth_form_are_taken() {
    service(|s| async move {
        testuser(&s).await;
        let form = format!(
            "grant_type=password&username=testuser&password={ENCODED}&scope=&client_id=x&client_secret=y"
        );
        let body = json!({
            "grant_type": "password", "username": "testuser", "password": PASSWORD,
            "scope": null, "client_id": "x", "client_secret": null,
        });

        let by_form = s.anonymous().form("/auth/token", &form).await;
        let by_json = s.anonymous().post("/auth/token", body).await;

        assert_eq!(by_form.status, 200, "{by_form:?}");
        assert_eq!(by_json.status, 200, "{by_json:?}");
    })
    .await;
}

#[tokio::test]
async fn a_content_type_may_have_parameters_and_any_case() {
    service(|s| async move {
        testuser(&s).await;
        let form = format!("username=testuser&password={ENCODED}");
        let body = json!({"username": "testuser", "password": PASSWORD}).to_string();

        for (content_type, body) in [
            ("application/x-www-form-urlencoded; charset=UTF-8", &form),
            ("APPLICATION/X-WWW-FORM-URLENCODED;charset=utf-8", &form),
            ("application/json; charset=utf-8", &body),
        ] {
            let client = s.anonymous();
            let answer = client
                .send(
                    Method::POST,
                    "/auth/token",
                    Some(content_type),
                    body.clone(),
                )
                .await;

            assert_eq!(answer.status, 200, "{content_type}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_content_type_is_refused() {
    service(|s| async move {
        for content_type in [None, Some("text/plain"), Some("multipart/form-data")] {
            let client = s.anonymous();
            let answer = client
                .send(Method::POST, "/auth/token", content_type, "username=x")
                .await;

            answer.is_problem(415, "unsupported_media_type");
        }
    })
    .await;
}

#[tokio::test]
async fn another_grant_type_is_not_supported() {
    service(|s| async move {
        testuser(&s).await;
        let form = format!("grant_type=client_credentials&username=testuser&password={ENCODED}");

        let answer = s.anonymous().form("/auth/token", &form).await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.pointers(), ["/grant_type"]);
        assert_eq!(answer.body["errors"][0]["code"], "unsupported_grant_type");
        assert!(!answer.text.contains("client_credentials"));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_field_is_refused() {
    service(|s| async move {
        testuser(&s).await;
        let form = format!("username=nobody&username=testuser&password={ENCODED}");

        let answer = s.anonymous().form("/auth/token", &form).await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.pointers(), ["/username"]);
        assert_eq!(answer.body["errors"][0]["code"], "repeated");
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_named() {
    service(|s| async move {
        let answer = s.anonymous().form("/auth/token", "user=canary").await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.pointers(), ["/password", "/user", "/username"]);
        assert!(!answer.text.contains("canary"));
    })
    .await;
}

#[tokio::test]
async fn broken_encodings_are_answered() {
    service(|s| async move {
        for form in [
            "username=%FF%FE&password=x",
            "username=%&password=%zz",
            "=&=",
            "&&&",
            "%00=%00",
        ] {
            let answer = s.anonymous().form("/auth/token", form).await;

            assert!((400..500).contains(&answer.status), "{form}: {answer:?}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        let client = s.anonymous();
        let bytes = b"username=\xff&password=x".to_vec();
        let answer = client
            .send(Method::POST, "/auth/token", Some(FORM), bytes)
            .await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn a_form_larger_than_16_kib_is_refused() {
    service(|s| async move {
        let form = format!("username=testuser&password={}", "x".repeat(16 * 1024));

        let answer = s.anonymous().form("/auth/token", &form).await;

        answer.is_problem(413, "payload_too_large");
    })
    .await;
}
