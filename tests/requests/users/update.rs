//! `PATCH /v1/api/users/`: one's own profile.

use chrono::Duration;
use serde_json::json;

use super::CURRENT;
use crate::support::{PASSWORD, service, shapes};

#[tokio::test]
async fn a_change_is_answered_with_the_account_as_it_is_now() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = ada
            .patch(
                CURRENT,
                json!({"first_name": "Updated", "phone_number": "+1234567890"}),
            )
            .await;

        assert_eq!(answer.status, 202, "{answer:?}");
        insta::assert_json_snapshot!(answer.body, {
            ".id" => insta::dynamic_redaction(shapes::uuid_v7),
        }, @r#"
        {
          "email": "ada@example.com",
          "first_name": "Updated",
          "id": "[uuid]",
          "is_active": true,
          "last_name": null,
          "phone_number": "+1234567890",
          "role": "user",
          "username": "ada"
        }
        "#);
        assert_eq!(ada.get(CURRENT).await.body, answer.body);
    })
    .await;
}

#[tokio::test]
async fn updated_at_is_null_until_the_first_change_and_then_its_time() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let before = s.row(&ada).await;
        s.rollcall.clock.advance(Duration::minutes(30));
        let now = s.rollcall.clock.now();

        ada.patch(CURRENT, json!({"first_name": "Ada"})).await;

        let after = s.row(&ada).await;
        assert_eq!(before.updated_at, None);
        let updated_at = after.updated_at.expect("a time").to_utc();
        assert!((now..=s.rollcall.clock.now()).contains(&updated_at));
        assert_eq!(after.created_at, before.created_at);
    })
    .await;
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_trace() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let before = s.row(&ada).await;

        for body in [
            json!({}),
            json!({"username": "ada"}),
            json!({"first_name": null, "email": "ada@example.com", "phone_number": null}),
            json!({"current_password": PASSWORD}),
        ] {
            let answer = ada.patch(CURRENT, body).await;
            assert_eq!(answer.status, 202, "{answer:?}");
        }

        assert_eq!(s.row(&ada).await, before);
    })
    .await;
}

#[tokio::test]
async fn null_clears_a_name_and_a_phone_number() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let full =
            json!({"first_name": "Ada", "last_name": "Lovelace", "phone_number": "+441815001"});
        ada.patch(CURRENT, full).await;

        let answer = ada
            .patch(CURRENT, json!({"first_name": null, "phone_number": null}))
            .await;

        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.body["first_name"], json!(null));
        assert_eq!(answer.body["last_name"], "Lovelace");
        assert_eq!(s.row(&ada).await.phone_number, None);
    })
    .await;
}

#[tokio::test]
async fn what_an_account_needs_can_not_be_null() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = ada
            .patch(
                CURRENT,
                json!({"username": null, "email": null, "password": null, "first_name": "x"}),
            )
            .await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.pointers(), ["/email", "/password", "/username"]);
        assert_eq!(answer.body["errors"][0]["code"], "invalid_type");
        assert_eq!(s.row(&ada).await.first_name, None);
    })
    .await;
}

#[tokio::test]
async fn what_only_an_admin_may_change_is_read_only() {
    service(|s| async move {
        let (ada, root) = (s.member("ada").await, s.admin("root").await);

        for client in [&ada, &root] {
            let body = json!({"role": "admin", "is_active": true, "id": client.id()});
            let answer = client.patch(CURRENT, body).await;

            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/id", "/is_active", "/role"]);
            for fault in answer.body["errors"].as_array().unwrap() {
                assert_eq!(fault["code"], "read_only");
            }
        }
        let malformed = ada.patch(CURRENT, json!({"role": {"a": [1]}})).await;
        assert_eq!(malformed.body["errors"][0]["code"], "read_only");
        assert_eq!(ada.get(CURRENT).await.body["role"], "user");
    })
    .await;
}

#[tokio::test]
async fn a_field_that_is_null_and_read_only_is_refused_too() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = ada
            .patch(
                CURRENT,
                json!({"role": null, "deleted_at": null, "created_at": "x"}),
            )
            .await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.pointers(), ["/created_at", "/deleted_at", "/role"]);
    })
    .await;
}

#[tokio::test]
async fn the_rules_of_registration_hold_here_too() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let body = json!({
            "username": "+1234", "email": "x", "first_name": "a\u{0}", "last_name": "\u{202e}", "phone_number": "1",
            "password": "short",
        });
        let answer = ada.patch(CURRENT, body).await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(
            answer.pointers(),
            ["/email", "/first_name", "/last_name", "/password", "/phone_number", "/username"]
        );
    })
    .await;
}
