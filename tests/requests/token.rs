//! `POST /auth/token`: logging in.

mod claims;
mod forms;
mod refusals;

use serde_json::{Value, json};

use crate::support::{PASSWORD, Service, in_parallel, service};

/// An account with every kind of identifier.
async fn testuser(s: &Service) -> Value {
    let body = json!({
        "username": "testuser",
        "email": "testuser@example.com",
        "phone_number": "+1234567890",
        "password": PASSWORD,
    });
    let answer = s.anonymous().post("/auth/register", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body
}

fn credentials(identifier: &str) -> Value {
    json!({"username": identifier, "password": PASSWORD})
}

#[tokio::test]
async fn every_identifier_logs_in_whatever_its_case() {
    service(|s| async move {
        let user = testuser(&s).await;

        for identifier in [
            "testuser",
            "TestUser",
            "ｔｅｓｔｕｓｅｒ",
            "testuser@example.com",
            "TESTUSER@EXAMPLE.COM",
            "+1234567890",
            "＋１２３４５６７８９０",
        ] {
            let client = s.log_in(identifier, PASSWORD).await;

            let current = client.get("/v1/api/users/").await;
            assert_eq!(current.body["id"], user["id"], "{identifier}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_answered_as_oauth_says_and_never_stored() {
    service(|s| async move {
        testuser(&s).await;

        let answer = s
            .anonymous()
            .post("/auth/token", credentials("testuser"))
            .await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.body["token_type"], "bearer");
        assert_eq!(answer.body["expires_in"], 3600);
        assert_eq!(
            answer.body["access_token"]
                .as_str()
                .unwrap()
                .split('.')
                .count(),
            3
        );
    })
    .await;
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    service(|s| async move {
        testuser(&s).await;

        let answer = s
            .anonymous()
            .post("/auth/token/", credentials("testuser"))
            .await;

        assert_eq!(answer.status, 200, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn twenty_logins_at_once_all_succeed() {
    service(|s| async move {
        testuser(&s).await;
        let client = s.anonymous();

        let answers = in_parallel(20, |_| {
            let client = client.clone();
            async move {
                client
                    .post("/auth/token", credentials("testuser"))
                    .await
                    .status
            }
        })
        .await;

        assert_eq!(answers, [200; 20]);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_the_same_in_every_unicode_form() {
    service(|s| async move {
        let body =
            json!({"username": "zoe", "email": "zoe@example.com", "password": "caf\u{e9} au lait"});
        s.anonymous().post("/auth/register", body).await;

        s.log_in("zoe", "cafe\u{301} au lait").await;
    })
    .await;
}

#[tokio::test]
async fn a_password_is_never_cut() {
    service(|s| async move {
        let password = "é".repeat(256);
        let body = json!({"username": "zoe", "email": "zoe@example.com", "password": password});
        s.anonymous().post("/auth/register", body).await;
        s.log_in("zoe", &password).await;

        let shorter = json!({"username": "zoe", "password": "é".repeat(255)});
        let answer = s.anonymous().post("/auth/token", shorter).await;

        answer.is_problem(401, "invalid_credentials");
    })
    .await;
}
