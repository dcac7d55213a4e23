//! A clock that is set: forwards when a machine wakes up, backwards when it was wrong.

use axum::http::Method;
use chrono::Duration;
use serde_json::json;

use crate::support::{Client, PASSWORD, Service, service};

const WRONG: &str = "a wrong password";
/// By so much, one after the other.
const STEPS: [i64; 6] = [-1, 1, 1, -1, -24, 24];
/// The longest delay of the throttle, in seconds.
const LONGEST: u64 = 900;

async fn guess(s: &Service, who: &str) -> u16 {
    let answer = s.anonymous().at("192.0.2.1").log_in(who, WRONG).await;
    if answer.status == 429 {
        assert!(answer.retry_after() <= LONGEST, "{answer:?}");
    }
    answer.status
}

async fn logs_in(s: &Service, who: &str) -> u16 {
    let client = s.anonymous().at("192.0.2.1");
    client.log_in(who, PASSWORD).await.status
}

async fn is_over(client: &Client) {
    let answer = client.get("/v1/api/users/").await;
    answer.is_problem(401, "invalid_token");
    let answer = client.refresh(client.refresh_token()).await;
    answer.is_problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_session_that_was_ended_stays_so_and_one_that_lives_can_be_renewed() {
    service(|s| async move {
        let mut ada = s.member("ada").await;
        let left = s.log_in("ada", PASSWORD).await;
        assert_eq!(left.post("/auth/logout", ().into()).await.status, 204);
        let bob = s.member("bob").await;
        s.suspend(bob.uuid()).await;
        let eve = s.member("eve").await;
        assert_eq!(eve.delete("/v1/api/users/").await.status, 204);

        for hours in STEPS {
            s.advance(Duration::hours(hours));
            is_over(&left).await;
            for client in [&bob, &eve] {
                let answer = client.refresh(client.refresh_token()).await;
                answer.is_problem(401, "invalid_refresh_token");
                assert!(!client.is_in().await);
            }
            // A token from a time that is still to come is refused, but the session is not.
            let renewed = ada.refresh(ada.refresh_token()).await;
            assert_eq!(renewed.status, 200, "{hours} hours: {renewed:?}");
            ada = ada.with_tokens(&renewed);
            assert!(ada.is_in().await, "{hours} hours");
        }
    })
    .await;
}

/// Ten seconds are meant for an answer that was lost, and not an hour more.
#[tokio::test]
async fn a_refresh_token_that_was_used_has_no_longer_grace_when_the_clock_is_set_back() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let renewed = ada.refresh(ada.refresh_token()).await;
        assert_eq!(renewed.status, 200, "{renewed:?}");
        s.advance(Duration::hours(-1));

        is_over(&ada).await;
        is_over(&ada.clone().with_tokens(&renewed)).await;
    })
    .await;
}

#[tokio::test]
async fn nobody_waits_until_the_clock_is_there_again() {
    service(|s| async move {
        s.member("ada").await;
        s.member("bob").await;
        for _ in 0..4 {
            assert_eq!(guess(&s, "ada").await, 401);
        }
        assert_eq!(guess(&s, "ada").await, 429, "a second is not over");
        s.advance(Duration::hours(-1));

        assert_eq!(logs_in(&s, "bob").await, 200, "from the same address");
        assert_eq!(guess(&s, "ada").await, 401, "what counted still counts");
        assert_eq!(guess(&s, "ada").await, 429);
        s.advance(Duration::seconds(4));
        assert_eq!(logs_in(&s, "ada").await, 200);
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_has_its_share_also_when_the_clock_was_set_back() {
    service(|s| async move {
        s.member("ada").await;
        let ask = async || {
            let body = json!({"email": "ada@example.com"});
            s.anonymous().post("/auth/password/forgot", body).await
        };
        while ask().await.status == 202 {}
        s.advance(Duration::hours(-1));

        assert_eq!(ask().await.status, 202);
        let refused = ask().await;
        refused.is_problem(429, "too_many_requests");
        assert!(refused.retry_after() <= 3600, "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn an_identifier_that_is_closed_stays_closed() {
    service(|s| async move {
        s.member("ada").await;
        for _ in 0..33 {
            while guess(&s, "ada").await == 429 {
                s.advance(Duration::seconds(LONGEST.cast_signed()));
            }
        }
        for hours in STEPS {
            s.advance(Duration::hours(hours));
            assert_eq!(logs_in(&s, "ada").await, 429, "{hours} hours");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_fails_and_the_trail_stays_whole() {
    service(|s| async move {
        s.admin("root").await;
        for (n, hours) in STEPS.into_iter().enumerate() {
            s.advance(Duration::hours(hours));
            let root = s.log_in("root", PASSWORD).await;
            let user = s.member(&format!("user-{n}")).await;
            let change = json!({"first_name": "Ada", "password": "another good password"});
            assert_eq!(user.patch("/v1/api/users/", change).await.status, 202);
            let path = format!("/v1/api/admin/users/{}/suspension", user.id());
            let json = Some("application/json");
            let suspended = root.send(Method::PUT, &path, json, "{}").await;
            assert_eq!(suspended.status, 200, "{suspended:?}");
            for path in [
                "/_readiness",
                "/v1/api/users/sessions",
                "/v1/api/admin/users",
                "/v1/api/admin/audit",
            ] {
                let answer = root.get(path).await;
                assert_eq!(answer.status, 200, "{path}: {answer:?}");
            }
            let forgot = json!({"email": format!("user-{n}@example.com")});
            let forgot = s.anonymous().post("/auth/password/forgot", forgot).await;
            assert_eq!(forgot.status, 202, "{forgot:?}");
        }
        s.seal().await;
        let verdict = s.verify(None).await;
        assert!(verdict.fault.is_none(), "{verdict:?}");
    })
    .await;
}
