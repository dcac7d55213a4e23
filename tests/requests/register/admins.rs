//! Who may register an administrator.

use loco_rs::config::Config;
use serde_json::json;

use super::ada_with;
use crate::support::{service, service_with};

fn without_admins(config: &mut Config) {
    config.settings.as_mut().unwrap()["registration"]["allow_admin"] = false.into();
}

#[tokio::test]
async fn anybody_registers_as_admin_where_that_is_allowed() {
    service(|s| async move {
        let body = ada_with(json!({"role": "admin"}));

        let answer = s.anonymous().post("/auth/register", body).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.body["role"], "admin");
    })
    .await;
}

#[tokio::test]
async fn nobody_registers_as_admin_elsewhere() {
    service_with(without_admins, |s| async move {
        let member = s.member("grace").await;
        let bad_token = s.anonymous().with_token("nonsense");

        for client in [s.anonymous(), member, bad_token] {
            let body = ada_with(json!({"role": "admin"}));
            let answer = client.post("/auth/register", body).await;

            answer.is_problem(403, "role_not_allowed");
        }
        assert_eq!(s.accounts().await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_admin_registers_another_one() {
    service_with(without_admins, |s| async move {
        let root = s.promoted("root").await;

        let answer = root
            .post("/auth/register", ada_with(json!({"role": "admin"})))
            .await;

        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.body["role"], "admin");
    })
    .await;
}

#[tokio::test]
async fn a_former_admin_registers_none() {
    service_with(without_admins, |s| async move {
        let root = s.promoted("root").await;
        s.assign_role(&root, rollcall::models::users::Role::User)
            .await;

        let answer = root
            .post("/auth/register", ada_with(json!({"role": "admin"})))
            .await;

        answer.is_problem(403, "role_not_allowed");
    })
    .await;
}

#[tokio::test]
async fn the_role_user_is_given_everywhere() {
    service_with(without_admins, |s| async move {
        let answer = s
            .anonymous()
            .post("/auth/register", ada_with(json!({"role": "user"})))
            .await;

        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.body["role"], "user");
    })
    .await;
}
