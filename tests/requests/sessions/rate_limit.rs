//! So many requests of one address to what anybody may call.

use std::time::Duration;

use axum::http::HeaderName;
use loco_rs::config::Config;
use serde_json::Value;

use super::oauth_clients::{form, resource_server};
use crate::support::{Answer, Client, nodes::set, service, service_with, waiting::until};

const BURST: usize = 5;

fn tight(config: &mut Config) {
    set(config, "rate_limit.per_second", 1);
    set(config, "rate_limit.burst", BURST);
}

/// A request that costs nothing and reaches no handler's work.
async fn knock(client: &Client) -> Answer {
    client.post("/auth/logout", Value::Null).await
}

/// Knock until it is refused, which is soon: the machine may take a second, but not for each.
async fn refused(client: &Client) -> Answer {
    for _ in 0..100 {
        let answer = knock(client).await;
        if answer.status == 429 {
            return answer;
        }
        answer.is_problem(401, "invalid_token");
    }
    panic!("never refused");
}

#[tokio::test]
async fn after_the_burst_an_address_has_to_wait() {
    service_with(tight, |s| async move {
        let here = s.anonymous().at("192.0.2.1");

        for _ in 0..BURST {
            knock(&here).await.is_problem(401, "invalid_token");
        }
        let refused = refused(&here).await;

        refused.is_problem(429, "too_many_requests");
        assert_eq!(refused.retry_after(), 1);
        for (path, body) in [
            ("/auth/token", "username=a&password=b"),
            ("/auth/register", ""),
        ] {
            let refused = here.form(path, body).await;
            refused.is_problem(429, "too_many_requests");
        }
        knock(&s.anonymous().at("192.0.2.2"))
            .await
            .is_problem(401, "invalid_token");
        knock(&s.anonymous()).await.is_problem(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn it_is_served_again_after_the_wait() {
    service_with(tight, |s| async move {
        let here = s.anonymous().at("192.0.2.1");
        let wait = refused(&here).await.retry_after();

        // The limiter has a clock of its own.
        let deadline = Duration::from_secs(wait + 1);
        until(deadline, || async { knock(&here).await.status == 401 }).await;
    })
    .await;
}

#[tokio::test]
async fn the_oauth_endpoints_are_limited_in_their_dialect() {
    service_with(tight, |s| async move {
        let client = resource_server(&s).at("192.0.2.1");
        let body = form(&[("token", "x")]);
        let mut answers = Vec::new();

        for _ in 0..100 {
            answers.push(client.form("/oauth/introspect", &body).await);
        }

        assert!(answers[..BURST].iter().all(|answer| answer.status == 200));
        let refused = answers
            .iter()
            .find(|answer| answer.status == 429)
            .expect("a refusal");
        assert_eq!(refused.body["error"], "temporarily_unavailable");
        assert_eq!(refused.headers["content-type"], "application/json");
        assert_eq!(refused.retry_after(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_needs_a_token_is_not_limited() {
    service_with(tight, |s| async move {
        let ada = s.member("ada").await.at("192.0.2.1");
        refused(&s.anonymous().at("192.0.2.1")).await;

        for _ in 0..BURST * 4 {
            assert_eq!(ada.get("/v1/api/users/").await.status, 200);
            assert_eq!(ada.get("/v1/api/users/sessions").await.status, 200);
            assert_eq!(ada.get("/_ping").await.status, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn the_address_is_the_clients_not_the_proxys() {
    let behind_a_proxy = |config: &mut _| {
        tight(config);
        set(config, "trusted_proxies", "10.0.0.1/32");
    };
    service_with(behind_a_proxy, |s| async move {
        let proxied = |client: &str| {
            let header = HeaderName::from_static("x-forwarded-for");
            s.anonymous().at("10.0.0.1").with(header, client)
        };

        refused(&proxied("192.0.2.1")).await;

        knock(&proxied("192.0.2.2"))
            .await
            .is_problem(401, "invalid_token");
        refused(&proxied("192.0.2.2")).await;
        knock(&s.anonymous().at("10.0.0.1"))
            .await
            .is_problem(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn switched_off_nobody_has_to_wait() {
    let off = |config: &mut _| {
        tight(config);
        set(config, "rate_limit.enable", false);
    };
    service_with(off, |s| async move {
        let here = s.anonymous().at("192.0.2.1");
        for _ in 0..BURST * 10 {
            knock(&here).await.is_problem(401, "invalid_token");
        }
    })
    .await;
}

#[tokio::test]
async fn the_usual_limit_lets_a_busy_client_through() {
    service(|s| async move {
        let here = s.anonymous().at("192.0.2.1");
        for _ in 0..400 {
            knock(&here).await.is_problem(401, "invalid_token");
        }
    })
    .await;
}
