//! `/v1/api/users`: the caller's own account, and others for administrators.

mod deletion;
mod passwords;
mod renaming;
mod update;
mod visibility;

use rollcall::models::users::Role;
use serde_json::json;

use crate::support::{PASSWORD, service, shapes};

pub const CURRENT: &str = "/v1/api/users/";
pub const ADMIN_ONLY: &str = "/v1/api/users/admin-only";

#[tokio::test]
async fn the_current_user_is_shown_without_time_stamps() {
    service(|s| async move {
        let body = json!({
            "username": "testuser", "email": "testuser@example.com", "first_name": "Test", "last_name": "User",
            "phone_number": "+1234567890", "role": "admin", "is_active": true, "password": PASSWORD,
        });
        s.anonymous().post("/auth/register", body).await;
        let client = s.log_in("testuser", PASSWORD).await;

        let answer = client.get(CURRENT).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        insta::assert_json_snapshot!(answer.body, {
            ".id" => insta::dynamic_redaction(shapes::uuid_v7),
        }, @r#"
        {
          "email": "testuser@example.com",
          "first_name": "Test",
          "id": "[uuid]",
          "is_active": true,
          "last_name": "User",
          "phone_number": "+1234567890",
          "role": "admin",
          "username": "testuser"
        }
        "#);
    })
    .await;
}

#[tokio::test]
async fn an_admin_is_told_so_and_nobody_else_is() {
    service(|s| async move {
        let (admin, member) = (s.admin("root").await, s.member("ada").await);

        let granted = admin.get(ADMIN_ONLY).await;
        let refused = member.get(ADMIN_ONLY).await;

        assert_eq!(granted.status, 200, "{granted:?}");
        assert_eq!(granted.body, json!({"message": "Admin access granted"}));
        refused.is_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn what_counts_is_the_role_in_the_database_at_this_moment() {
    service(|s| async move {
        let (admin, member) = (s.admin("root").await, s.member("ada").await);

        s.assign_role(&admin, Role::User).await;
        s.assign_role(&member, Role::Admin).await;

        admin.get(ADMIN_ONLY).await.is_problem(403, "forbidden");
        assert_eq!(member.get(ADMIN_ONLY).await.status, 200);
        assert_eq!(member.get(CURRENT).await.body["role"], "admin");
    })
    .await;
}

#[tokio::test]
async fn an_inactive_account_is_out_at_its_next_request() {
    service(|s| async move {
        let admin = s.admin("root").await;

        s.deactivate(&admin).await;

        for path in [CURRENT, ADMIN_ONLY] {
            admin.get(path).await.is_problem(401, "invalid_token");
        }
    })
    .await;
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    service(|s| async move {
        let admin = s.admin("root").await;
        let by_id = format!("/v1/api/users/{}", admin.id());

        for path in [
            "/v1/api/users",
            ADMIN_ONLY,
            "/v1/api/users/by-username/root",
            &by_id,
            "/_ping",
            "/_health",
            "/_readiness",
        ] {
            let without = admin.get(path).await;
            let with = admin.get(&format!("{path}/")).await;

            assert_eq!(without.status, 200, "{path}: {without:?}");
            assert_eq!((with.status, with.text), (without.status, without.text));
        }
        for client in [s.anonymous(), admin] {
            let without = client.patch("/v1/api/users", json!({"id": 1})).await;
            let with = client.patch("/v1/api/users/", json!({"id": 1})).await;

            assert_eq!(with.status, without.status);
            assert_eq!(with.body["code"], without.body["code"]);
        }
    })
    .await;
}
