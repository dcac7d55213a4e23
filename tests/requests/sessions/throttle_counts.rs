//! What is counted, under what, and that nothing is lost when much happens at once.

use std::collections::BTreeSet;

use chrono::Duration;
use loco_rs::config::Config;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Service, in_parallel, nodes::set, service, service_with};

const WRONG: &str = "a wrong password";

/// So that no time counts that the machine takes.
fn slow(config: &mut Config) {
    set(config, "throttle.delays_seconds", json!([600]));
}

async fn guess(s: &Service, who: &str) -> Answer {
    s.anonymous().log_in(who, WRONG).await
}

#[tokio::test]
async fn an_identifier_is_counted_in_its_canonical_form_and_for_itself() {
    service_with(slow, |s| async move {
        s.member("ada").await;
        s.member("bob").await;

        for who in ["ada", "ADA", "Ａda", "aDa"] {
            guess(&s, who).await.is_problem(401, "invalid_credentials");
        }

        guess(&s, "AdA").await.is_problem(429, "too_many_requests");
        guess(&s, "ada@example.com")
            .await
            .is_problem(401, "invalid_credentials");
        assert_eq!(s.anonymous().log_in("bob", PASSWORD).await.status, 200);
        assert_eq!(
            s.anonymous()
                .log_in("ADA@example.com", PASSWORD)
                .await
                .status,
            200
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_parallel_guesses_count_as_such() {
    service_with(slow, |s| async move {
        s.member("ada").await;
        let there = s.another_node(|_| {}).await;

        let nodes = [s.clone(), there];
        let statuses = in_parallel(200, move |i| {
            let node = nodes[i % 2].clone();
            async move { guess(&node, "ada").await.status }
        })
        .await;

        let failed = statuses.iter().filter(|status| **status == 401).count();
        let kinds: BTreeSet<_> = statuses.into_iter().collect();
        assert_eq!(kinds, BTreeSet::from([401, 429]));
        // Four, and what was being checked already: two on each node.
        assert!((4..=8).contains(&failed), "{failed} guesses were checked");
        let rows = s.counts().await;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            rows[0].failures,
            i64::try_from(failed).expect("few"),
            "none is lost"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forty_parallel_logins_with_the_right_password_all_succeed() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let statuses = in_parallel(40, |_| {
            let client = s.anonymous();
            async move { client.log_in("ada", PASSWORD).await.status }
        })
        .await;

        assert_eq!(statuses, [200; 40]);
        assert_eq!(s.open_sessions(ada.uuid()).await, 41);
    })
    .await;
}

#[tokio::test]
async fn switched_off_nothing_is_counted() {
    let off = |config: &mut _| set(config, "throttle.enable", false);
    service_with(off, |s| async move {
        s.member("ada").await;

        for _ in 0..10 {
            guess(&s, "ada")
                .await
                .is_problem(401, "invalid_credentials");
        }

        assert_eq!(s.anonymous().log_in("ada", PASSWORD).await.status, 200);
        assert_eq!(s.counts().await, []);
    })
    .await;
}

#[tokio::test]
async fn the_delays_are_settings() {
    let change = |config: &mut _| {
        set(config, "throttle.free_failures", 1);
        set(config, "throttle.delays_seconds", json!([7, 70]));
    };
    service_with(change, |s| async move {
        guess(&s, "ada")
            .await
            .is_problem(401, "invalid_credentials");
        for delay in [7, 70, 70] {
            guess(&s, "ada")
                .await
                .is_problem(401, "invalid_credentials");
            let refused = guess(&s, "ada").await;
            assert_eq!((refused.status, refused.retry_after()), (429, delay));
            s.advance(Duration::seconds(delay.cast_signed()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_of_a_shape_with_the_others() {
    service_with(slow, |s| async move {
        for _ in 0..4 {
            guess(&s, "ada").await;
        }

        let refused = guess(&s, "ada").await;

        let refused = refused.is_problem(429, "too_many_requests").seen().1;
        insta::assert_json_snapshot!(refused);
        assert_eq!(refused.get("errors"), None::<&Value>);
    })
    .await;
}
