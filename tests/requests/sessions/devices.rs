//! Somebody who signed in on a device gets through there, whatever strangers do.

use axum::http::header::{COOKIE, SET_COOKIE};
use chrono::Duration;
use loco_rs::config::Config;
use rollcall::models::throttles::device::Devices;
use serde_json::json;

use crate::support::{Client, PASSWORD, Service, nodes::set, service, service_with};

const WRONG: &str = "a wrong password";

/// So that no time counts that the machine takes.
fn slow(config: &mut Config) {
    set(config, "throttle.delays_seconds", json!([600]));
}

/// A browser that has this device cookie.
fn browser(s: &Service, device: &str) -> Client {
    let cookies = format!("theme=dark; rollcall_device={device}; lang=en");
    s.anonymous().with(COOKIE, &cookies)
}

/// The cookie of a login without one.
async fn device_of(s: &Service, who: &str) -> String {
    let answer = s.anonymous().log_in(who, PASSWORD).await;
    answer.device().expect("a cookie").to_string()
}

/// Strangers fail so often that they have to wait.
async fn close_to_strangers(s: &Service, who: &str) {
    for _ in 0..4 {
        let answer = s.anonymous().log_in(who, WRONG).await;
        answer.is_problem(401, "invalid_credentials");
    }
    let refused = s.anonymous().log_in(who, PASSWORD).await;
    refused.is_problem(429, "too_many_requests");
}

#[tokio::test]
async fn a_login_makes_a_device_known() {
    service(|s| async move {
        s.member("ada").await;

        let answer = s.anonymous().log_in("ada", PASSWORD).await;

        let cookie = answer.headers[SET_COOKIE].to_str().expect("text");
        let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
        assert_eq!(
            attributes,
            [
                "Path=/auth/token",
                "Max-Age=31536000",
                "HttpOnly",
                "SameSite=Lax"
            ]
        );
        let device = answer.device().expect("a cookie").to_string();
        assert_ne!(
            device_of(&s, "ada").await,
            device,
            "each device has its own"
        );
        let again = browser(&s, &device).log_in("ada", PASSWORD).await;
        assert_eq!((again.status, again.device()), (200, None), "known already");
        let failed = s.anonymous().log_in("ada", WRONG).await;
        assert_eq!((failed.status, failed.device()), (401, None));
    })
    .await;
}

#[tokio::test]
async fn where_the_service_is_public_the_cookie_is_secure() {
    let public = |config: &mut Config| {
        config.server.host = "https://example.com".to_string();
    };
    service_with(public, |s| async move {
        s.member("ada").await;

        let answer = s.anonymous().log_in("ada", PASSWORD).await;

        let cookie = answer.headers[SET_COOKIE].to_str().expect("text");
        assert!(cookie.ends_with("; Secure"), "{cookie}");
    })
    .await;
}

#[tokio::test]
async fn a_known_device_gets_in_while_strangers_have_to_wait() {
    service_with(slow, |s| async move {
        s.member("ada").await;
        let device = device_of(&s, "ada").await;
        close_to_strangers(&s, "ada").await;

        let answer = browser(&s, &device).log_in("ada", PASSWORD).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        let stranger = s.anonymous().log_in("ada", PASSWORD).await;
        stranger.is_problem(429, "too_many_requests");
        let by_email = browser(&s, &device)
            .log_in("ada@example.com", PASSWORD)
            .await;
        assert_eq!(
            by_email.status, 200,
            "the device is the account's, not the identifier's"
        );
    })
    .await;
}

#[tokio::test]
async fn a_known_devices_own_failures_are_counted() {
    service_with(slow, |s| async move {
        s.member("ada").await;
        let device = device_of(&s, "ada").await;
        let other = device_of(&s, "ada").await;

        for identifier in ["ada", "ada@example.com", "ada", "ada@example.com"] {
            let answer = browser(&s, &device).log_in(identifier, WRONG).await;
            answer.is_problem(401, "invalid_credentials");
        }

        let refused = browser(&s, &device).log_in("ada", PASSWORD).await;
        refused.is_problem(429, "too_many_requests");
        assert_eq!(
            browser(&s, &other).log_in("ada", PASSWORD).await.status,
            200
        );
        assert_eq!(s.anonymous().log_in("ada", PASSWORD).await.status, 200);
        s.advance(Duration::seconds(600));
        assert_eq!(
            browser(&s, &device).log_in("ada", PASSWORD).await.status,
            200
        );
    })
    .await;
}

#[tokio::test]
async fn another_accounts_or_an_invented_cookie_helps_nobody() {
    service_with(slow, |s| async move {
        let ada = s.member("ada").await;
        s.member("bob").await;
        let device = device_of(&s, "ada").await;
        let bobs = device_of(&s, "bob").await;
        close_to_strangers(&s, "ada").await;
        close_to_strangers(&s, "nobody").await;

        let foreign = Devices::new(b"the secret of another service....").issue(ada.uuid());
        let other = if &device[4..5] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &device[..4], &device[5..]);
        let shortened = &device[..device.len() - 2];
        for cookie in [&bobs, &foreign, &changed, shortened, "", "x"] {
            for (who, password) in [("ada", PASSWORD), ("ada", WRONG), ("nobody", PASSWORD)] {
                let refused = browser(&s, cookie).log_in(who, password).await;
                refused.is_problem(429, "too_many_requests");
            }
        }

        let own = browser(&s, &device).log_in("nobody", PASSWORD).await;
        own.is_problem(429, "too_many_requests");
        let bob = browser(&s, &device).log_in("bob", PASSWORD).await;
        assert!(
            bob.device().is_some(),
            "another account's device is a new one"
        );
    })
    .await;
}

#[tokio::test]
async fn a_cookie_alone_opens_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let device = device_of(&s, "ada").await;

        let answer = browser(&s, &device).log_in("ada", WRONG).await;
        answer.is_problem(401, "invalid_credentials");
        s.suspend(ada.uuid()).await;
        let answer = browser(&s, &device).log_in("ada", PASSWORD).await;
        answer.is_problem(401, "invalid_credentials");
        let answer = s
            .anonymous()
            .with_token(&device)
            .get("/v1/api/users/")
            .await;
        answer.is_problem(401, "invalid_token");
    })
    .await;
}
