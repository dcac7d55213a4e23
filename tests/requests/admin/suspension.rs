use axum::http::Method;
use chrono::{Duration, SecondsFormat};
use rollcall::initializers::housekeeping::clean;
use serde_json::{Value, json};

use super::USERS;
use crate::support::{Answer, Client, PASSWORD, service};

async fn suspend(root: &Client, id: &str, body: Value) -> Answer {
    let path = format!("{USERS}/{id}/suspension");
    root.send(
        Method::PUT,
        &path,
        Some("application/json"),
        body.to_string(),
    )
    .await
}

#[tokio::test]
async fn a_suspension_counts_from_the_next_request_on_until_it_is_lifted() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        let reset = s
            .token_from("/auth/password/forgot", "ada@example.com")
            .await;

        let answer = suspend(&root, ada.id(), json!({"reason": "spam"})).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["status"], "suspended");
        assert_eq!(answer.body["suspension_reason"], "spam");
        assert_eq!(answer.body["is_active"], false);
        ada.get("/v1/api/users/")
            .await
            .is_problem(401, "invalid_token");
        assert_eq!(ada.refresh(ada.refresh_token()).await.status, 401);
        s.log_in_fails("ada", PASSWORD).await;
        let used = s
            .anonymous()
            .use_token("/auth/password/reset", &reset, Some(PASSWORD))
            .await;
        assert_eq!(used, 422);

        let path = format!("{USERS}/{}/suspension", ada.id());
        assert_eq!(root.delete(&path).await.status, 204);
        assert_eq!(
            root.delete(&path).await.status,
            204,
            "lifting none changes nothing"
        );
        assert!(!ada.is_in().await, "its sessions stay ended");
        assert!(s.log_in("ada", PASSWORD).await.is_in().await);
        let trail = s.trail_of(ada.uuid()).await;
        let count = |action: &str| trail.iter().filter(|(a, _)| a == action).count();
        assert_eq!(
            (count("account.suspended"), count("account.reinstated")),
            (1, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn a_suspension_with_an_end_lifts_itself() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        let until = s.now() + Duration::days(2);
        let body = json!({"until": until.to_rfc3339_opts(SecondsFormat::Micros, true)});
        assert_eq!(suspend(&root, ada.id(), body).await.status, 200);

        s.set_clock(until - Duration::seconds(1));
        s.log_in_fails("ada", PASSWORD).await;
        s.set_clock(until + Duration::seconds(1));
        assert!(
            s.log_in("ada", PASSWORD).await.is_in().await,
            "before anybody tidied up"
        );

        clean(&s.rollcall, uuid::Uuid::now_v7())
            .await
            .expect("a round");
        let row = s.row(&ada).await;
        assert!(row.is_active && row.suspended_until.is_none());
        let event = s.last_event("account.reinstated").await;
        assert_eq!(event.actor_kind, "system");
    })
    .await;
}

#[tokio::test]
async fn suspending_again_replaces_and_the_same_again_changes_nothing() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        suspend(&root, ada.id(), json!({"reason": "one"})).await;
        let twice = suspend(&root, ada.id(), json!({"reason": "one"})).await;
        let other = suspend(&root, ada.id(), json!({"reason": "two"})).await;

        assert_eq!(twice.status, 200);
        assert_eq!(other.body["suspension_reason"], "two");
        let events = s.events().await;
        assert_eq!(
            events
                .iter()
                .filter(|e| e.action == "account.suspended")
                .count(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn an_end_in_the_past_and_other_nonsense_are_refused() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        for (body, pointer) in [
            (json!({"until": "2020-01-01T00:00:00Z"}), "/until"),
            (json!({"until": "tomorrow"}), "/until"),
            (json!({"until": null}), "/until"),
            (json!({"reason": "x".repeat(501)}), "/reason"),
            (json!({"reason": "a\u{0}"}), "/reason"),
            (json!({"why": "x"}), "/why"),
        ] {
            let answer = suspend(&root, ada.id(), body.clone()).await;
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), [pointer], "{body}");
        }
        assert!(ada.is_in().await);
        let nobody = uuid::Uuid::now_v7().to_string();
        suspend(&root, &nobody, json!({}))
            .await
            .is_problem(404, "not_found");
        suspend(&root, "x", json!({}))
            .await
            .is_problem(404, "not_found");
    })
    .await;
}
