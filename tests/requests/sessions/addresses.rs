//! Where a request comes from: what is counted for an address, and whose word is taken for it.

use axum::http::{HeaderName, header::COOKIE};
use chrono::Duration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Service, nodes::set, service_with};

const WRONG: &str = "a wrong password";
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[tokio::test]
async fn one_address_that_tries_many_identifiers_has_to_wait() {
    let change = |config: &mut _| {
        set(config, "throttle.free_failures_per_address", 5);
        set(config, "throttle.delays_seconds", json!([300, 600]));
    };
    service_with(change, |s| async move {
        s.member("ada").await;
        let login = s.anonymous().log_in("ada", PASSWORD).await;
        let device = format!("rollcall_device={}", login.device().expect("a cookie"));
        let known = s.anonymous().with(COOKIE, &device);
        let here = s.anonymous().at("2001:db8:0:1::1");

        for i in 0..6 {
            let answer = here.log_in(&format!("nobody{i}"), WRONG).await;
            answer.is_problem(401, "invalid_credentials");
        }

        let neighbour = s.anonymous().at("2001:db8:0:1:ffff::2");
        for client in [&here, &neighbour, &known.at("2001:db8:0:1::3")] {
            let refused = client.log_in("ada", PASSWORD).await;
            refused.is_problem(429, "too_many_requests");
            assert_eq!(refused.retry_after(), 300);
        }
        let elsewhere = s.anonymous().at("2001:db8:0:2::1");
        assert_eq!(elsewhere.log_in("ada", PASSWORD).await.status, 200);

        s.advance(Duration::seconds(300));
        assert_eq!(here.log_in("ada", PASSWORD).await.status, 200);
        here.log_in("nobody", WRONG)
            .await
            .is_problem(401, "invalid_credentials");
        let refused = here.log_in("ada", PASSWORD).await;
        assert_eq!(
            (refused.status, refused.retry_after()),
            (429, 600),
            "a success resets nothing"
        );

        s.advance(Duration::minutes(16));
        for i in 0..5 {
            let answer = here.log_in(&format!("nobody{i}"), WRONG).await;
            answer.is_problem(401, "invalid_credentials");
        }
        assert_eq!(here.log_in("ada", PASSWORD).await.status, 200, "forgotten");
    })
    .await;
}

/// The address that a session is said to come from, for a peer and these headers.
async fn seen(s: &Service, peer: &str, headers: &[(&'static str, &str)]) -> Value {
    let mut client = s.anonymous().at(peer);
    for (name, value) in headers {
        client = client.with(HeaderName::from_static(name), value);
    }
    let answer = client.log_in("ada", PASSWORD).await;
    let client = s.anonymous().with_tokens(&answer);
    client.get("/v1/api/users/sessions").await.body[0]["ip_address"].clone()
}

#[tokio::test]
async fn only_a_trusted_proxy_is_believed() {
    let proxies = |config: &mut _| set(config, "trusted_proxies", "10.0.0.0/8, 2001:db8::/32");
    service_with(proxies, |s| async move {
        s.member("ada").await;
        let forwarded = [("x-forwarded-for", "203.0.113.7")];

        assert_eq!(seen(&s, "10.1.2.3", &forwarded).await, "203.0.113.7");
        assert_eq!(seen(&s, "2001:db8::1", &forwarded).await, "203.0.113.7");
        assert_eq!(seen(&s, "::ffff:10.1.2.3", &forwarded).await, "203.0.113.7");
        assert_eq!(seen(&s, "192.0.2.1", &forwarded).await, "192.0.2.1");
        let forwarded = [("forwarded", "for=203.0.113.8;proto=https")];
        assert_eq!(seen(&s, "10.1.2.3", &forwarded).await, "203.0.113.8");
        assert_eq!(seen(&s, "192.0.2.1", &forwarded).await, "192.0.2.1");
        assert_eq!(seen(&s, "10.1.2.3", &[]).await, "10.1.2.3");
    })
    .await;
}

#[tokio::test]
async fn a_stranger_cannot_pass_its_guesses_off_as_somebody_elses() {
    let change = |config: &mut _| {
        set(config, "throttle.free_failures_per_address", 2);
        set(config, "throttle.delays_seconds", json!([600]));
    };
    service_with(change, |s| async move {
        let stranger = s.anonymous().at("192.0.2.1");

        for i in 0..3 {
            let client = stranger
                .clone()
                .with(X_FORWARDED_FOR, &format!("203.0.113.{i}"));
            let answer = client.log_in(&format!("nobody{i}"), WRONG).await;
            answer.is_problem(401, "invalid_credentials");
        }

        let client = stranger.with(X_FORWARDED_FOR, "203.0.113.9");
        let refused = client.log_in("nobody", WRONG).await;
        refused.is_problem(429, "too_many_requests");
        let victim = s
            .anonymous()
            .at("203.0.113.1")
            .log_in("nobody", WRONG)
            .await;
        victim.is_problem(401, "invalid_credentials");
    })
    .await;
}
