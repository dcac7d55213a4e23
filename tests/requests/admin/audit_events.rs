//! One row for each security event.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, audit::details, service};

const ANOTHER: &str = "staple the correct battery";

#[tokio::test]
async fn what_somebody_does_is_on_record_with_who_whom_where_and_how_it_ended() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        let home = ada.clone().at("203.0.113.9");

        let answer = home
            .patch(
                "/v1/api/users/",
                json!({"first_name": "Ada", "password": ANOTHER}),
            )
            .await;

        let event = s.last_event("account.updated").await;
        assert_eq!(event.outcome, "success");
        assert_eq!(
            (event.actor_kind.as_str(), event.actor_id, event.subject_id),
            ("user", Some(ada.uuid()), Some(ada.uuid()))
        );
        assert_eq!(event.ip_address.as_deref(), Some("203.0.113.9"));
        assert_eq!(
            event.request_id.as_deref(),
            answer.headers["x-request-id"].to_str().ok()
        );
        assert!(event.session_id.is_some());
        assert_eq!(details(&event), json!({"fields": ["first_name"]}));
        s.last_event("password.changed").await;
        root.send(
            Method::PUT,
            &format!("/v1/api/admin/users/{}/suspension", ada.id()),
            Some("application/json"),
            "{}",
        )
        .await;
        let event = s.last_event("account.suspended").await;
        assert_eq!(
            (event.actor_id, event.subject_id),
            (Some(root.uuid()), Some(ada.uuid()))
        );
    })
    .await;
}

#[tokio::test]
async fn failures_are_on_record_and_hold_nothing_that_was_typed() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let elsewhere = s.anonymous().at("203.0.113.9");
        elsewhere.log_in("ada", "a wrong guess").await;
        elsewhere.log_in("nobody-here", "a wrong guess").await;
        elsewhere
            .post(
                "/auth/password/reset",
                json!({"token": "rco_wrong", "password": ANOTHER}),
            )
            .await;
        elsewhere
            .post(
                "/auth/magic-link",
                json!({"email": "somebody-else@example.com"}),
            )
            .await;
        let spent = ada.refresh_token().to_string();
        let second = ada.refresh(&spent).await;
        ada.refresh(second.text_of("refresh_token")).await;
        s.advance(chrono::Duration::seconds(11));
        assert_eq!(ada.refresh(&spent).await.status, 401);

        let events = s.events().await;
        let failures: Vec<_> = events
            .iter()
            .filter(|e| e.outcome == "failure")
            .map(|e| (e.action.as_str(), e.subject_id))
            .collect();
        assert_eq!(
            failures,
            [
                ("login", Some(ada.uuid())),
                ("login", None),
                ("one_time_token.refused", None),
                ("refresh_token.reused", Some(ada.uuid())),
            ]
        );
        s.last_event("mail.requested").await;
        for event in &events {
            for typed in ["guess", "nobody-here", "rco_", "somebody-else", ANOTHER] {
                assert!(!format!("{event:?}").contains(typed), "{typed}: {event:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_rolled_back_is_not_on_record() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.member("bob").await;
        let before = s.events().await.len();

        ada.patch("/v1/api/users/", json!({"username": "BOB"}))
            .await
            .is_problem(409, "already_taken");
        ada.patch("/v1/api/users/", json!({"first_name": null}))
            .await;

        assert_eq!(s.events().await.len(), before, "nothing happened");
    })
    .await;
}

#[tokio::test]
async fn administrators_read_the_trail_by_pages_and_filters() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        for _ in 0..3 {
            s.anonymous().log_in("ada", "a wrong guess").await;
        }
        s.seal().await;

        let all = root.get("/v1/api/admin/audit?limit=100").await;
        let whole = all.body["items"].as_array().expect("items").clone();
        assert!(whole.iter().all(|event| event["hash"].is_string()));
        let mut walked: Vec<Value> = Vec::new();
        let mut path = "/v1/api/admin/audit?limit=2".to_string();
        loop {
            let page = root.get(&path).await;
            walked.extend(
                page.body["items"]
                    .as_array()
                    .expect("items")
                    .iter()
                    .cloned(),
            );
            match page.body["next"].as_str() {
                Some(next) => path = format!("/v1/api/admin/audit?limit=2&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(walked, whole);

        let failed = root
            .get(&format!(
                "/v1/api/admin/audit?action=login&outcome=failure&subject_id={}",
                ada.id()
            ))
            .await;
        assert_eq!(failed.body["items"].as_array().expect("items").len(), 3);
        let at = whole[2]["occurred_at"].as_str().expect("a time");
        let since = root.get(&format!("/v1/api/admin/audit?from={at}")).await;
        assert_eq!(since.body["items"].as_array().expect("items").len(), 3);
        let until = root
            .get(&format!("/v1/api/admin/audit?to={at}&limit=100"))
            .await;
        assert_eq!(
            until.body["items"].as_array().expect("items").len(),
            whole.len() - 3
        );
        for wrong in [
            "action=dance",
            "outcome=maybe",
            "actor_id=1",
            "from=now",
            "limit=0",
            "x=1",
        ] {
            let answer = root.get(&format!("/v1/api/admin/audit?{wrong}")).await;
            answer.is_problem(422, "validation_failed");
        }
    })
    .await;
}

#[tokio::test]
async fn what_an_operator_does_is_on_record_too() {
    service(|s| async move {
        let ada = s.member("ada").await;
        crate::tasks::task(&s.ctx, "user:promote", &[("user", "ada")])
            .await
            .expect("a task");
        crate::tasks::task(&s.ctx, "users:suspend", &[("user", "ada")])
            .await
            .expect_err("the last admin");
        s.admin("root").await;
        crate::tasks::task(
            &s.ctx,
            "users:suspend",
            &[("user", "ada"), ("reason", "spam")],
        )
        .await
        .expect("a task");
        crate::tasks::task(&s.ctx, "users:reinstate", &[("user", ada.id())])
            .await
            .expect("a task");
        s.log_in("ada", PASSWORD).await;

        for action in ["role.changed", "account.suspended", "account.reinstated"] {
            let event = s.last_event(action).await;
            assert_eq!(
                (event.actor_kind.as_str(), event.subject_id),
                ("operator", Some(ada.uuid()))
            );
        }
    })
    .await;
}
