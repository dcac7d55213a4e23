//! What one node changes counts on the others within a second.

use std::time::Duration;

use axum::http::Method;
use rollcall::models::users::Role;
use serde_json::{Value, json};

use crate::support::{PASSWORD, service, waiting::until};

/// As promised.
const A_SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn what_one_node_ends_is_over_on_the_other_within_a_second() {
    service(|here| async move {
        let there = here.another_node(|_| {}).await;
        here.is_trusted().await;
        there.is_trusted().await;

        for (method, path, body) in [
            (Method::POST, "/auth/logout", Value::Null),
            (Method::POST, "/auth/logout-all", Value::Null),
            (Method::DELETE, "/v1/api/users/", Value::Null),
        ] {
            let name = format!("ada{}", path.replace('/', "-"));
            let ada = here.member(&name).await;
            let elsewhere = there.anonymous().with_token(ada.token());
            assert!(elsewhere.is_in().await && ada.is_in().await);

            let answer = ada.send(method, path, None, body.to_string()).await;

            assert_eq!(answer.status, 204, "{path}: {answer:?}");
            assert!(!ada.is_in().await, "{path}");
            until(A_SECOND, || async { !elsewhere.is_in().await }).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_password_or_role_reaches_the_other_node_within_a_second() {
    service(|here| async move {
        let there = here.another_node(|_| {}).await;
        there.is_trusted().await;
        let ada = here.member("ada").await;
        let thief = here.log_in("ada", PASSWORD).await;
        let thief = there.anonymous().with_token(thief.token());
        let ada_there = there.anonymous().with_token(ada.token());
        assert!(thief.is_in().await);
        assert_eq!(ada_there.get("/v1/api/users/admin-only").await.status, 403);

        let change = json!({"password": "another fine password"});
        assert_eq!(ada.patch("/v1/api/users/", change).await.status, 202);
        until(A_SECOND, || async { !thief.is_in().await }).await;

        here.give_role(ada.uuid(), Role::Admin).await;
        until(A_SECOND, || async {
            ada_there.get("/v1/api/users/admin-only").await.status == 200
        })
        .await;
    })
    .await;
}
