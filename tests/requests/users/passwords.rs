//! A new password, and what it takes to set one.

use chrono::Duration;
use serde_json::json;

use super::CURRENT;
use crate::support::{Client, PASSWORD, Service, service};

const NEW: &str = "another good password";

async fn logs_in(s: &Service, password: &str) -> bool {
    let credentials = json!({"username": "ada", "password": password});
    let answer = s.anonymous().post("/auth/token", credentials).await;
    assert!([200, 401].contains(&answer.status), "{answer:?}");
    answer.status == 200
}

/// Somebody whose login was so long ago.
async fn logged_in_ago(s: &Service, minutes: i64) -> Client {
    let ada = s.member("ada").await;
    s.rollcall.clock.advance(Duration::minutes(minutes));
    ada
}

#[tokio::test]
async fn after_a_login_a_password_is_changed_at_once() {
    service(|s| async move {
        let ada = logged_in_ago(&s, 9).await;

        let answer = ada
            .patch(CURRENT, json!({"first_name": "Updated", "password": NEW}))
            .await;

        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.body["first_name"], "Updated");
        assert!(logs_in(&s, NEW).await);
        assert!(!logs_in(&s, PASSWORD).await);
    })
    .await;
}

#[tokio::test]
async fn long_after_a_login_the_password_must_be_shown_again() {
    service(|s| async move {
        let ada = logged_in_ago(&s, 11).await;
        let before = s.row(&ada).await;

        let answer = ada
            .patch(CURRENT, json!({"first_name": "Updated", "password": NEW}))
            .await;

        answer.is_problem(403, "reauthentication_required");
        assert_eq!(s.row(&ada).await, before);
        assert!(logs_in(&s, PASSWORD).await);
    })
    .await;
}

#[tokio::test]
async fn the_current_password_shows_it_again() {
    service(|s| async move {
        let ada = logged_in_ago(&s, 11).await;

        let body = json!({"password": NEW, "current_password": PASSWORD});
        let answer = ada.patch(CURRENT, body).await;

        assert_eq!(answer.status, 202, "{answer:?}");
        assert!(logs_in(&s, NEW).await);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_current_password_is_refused_also_after_a_login() {
    service(|s| async move {
        let ada = s.member("ada").await;

        for minutes in [0, 11] {
            s.rollcall.clock.advance(Duration::minutes(minutes));
            let body = json!({"password": NEW, "current_password": "wrong password"});
            let answer = ada.patch(CURRENT, body).await;

            answer.is_problem(403, "reauthentication_required");
        }
        assert!(logs_in(&s, PASSWORD).await);
    })
    .await;
}

#[tokio::test]
async fn a_new_login_counts_again() {
    service(|s| async move {
        logged_in_ago(&s, 11).await;

        let ada = s.log_in("ada", PASSWORD).await;

        let answer = ada.patch(CURRENT, json!({"password": NEW})).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn everything_else_needs_no_recent_login() {
    service(|s| async move {
        let ada = logged_in_ago(&s, 59).await;

        let answer = ada.patch(CURRENT, json!({"first_name": "Updated"})).await;

        assert_eq!(answer.status, 202, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn a_password_that_is_too_short_or_too_long_is_refused() {
    service(|s| async move {
        let ada = s.member("ada").await;

        for password in ["1234567".to_string(), "x".repeat(257)] {
            let answer = ada.patch(CURRENT, json!({"password": password})).await;

            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/password"]);
            assert_eq!(answer.body["errors"][0]["code"], "invalid_length");
        }
        assert!(logs_in(&s, PASSWORD).await);
    })
    .await;
}

#[tokio::test]
async fn no_answer_carries_a_hash() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answers = [
            ada.get(CURRENT).await,
            ada.patch(CURRENT, json!({"password": NEW})).await,
            ada.patch(CURRENT, json!({"hashed_password": "$argon2id$canary"}))
                .await,
        ];

        for answer in answers {
            assert!(!answer.text.contains("$argon2"), "{answer:?}");
            assert!(!answer.text.contains(NEW), "{answer:?}");
        }
    })
    .await;
}
