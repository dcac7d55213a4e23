//! Whatever ends a session ends it at once, with all its tokens.

use chrono::Duration;
use rollcall::models::{sessions::revocation, transaction, users::Role};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, service};

/// Neither token of this login is worth anything.
async fn is_out(client: &Client) {
    let answer = client.get("/v1/api/users/").await;
    answer.is_problem(401, "invalid_token");
    let answer = client.refresh(client.refresh_token()).await;
    answer.is_problem(401, "invalid_refresh_token");
}

async fn log_out(client: &Client) -> crate::support::Answer {
    client.post("/auth/logout", Value::Null).await
}

#[tokio::test]
async fn a_logout_ends_this_session_only() {
    service(|s| async move {
        let phone = s.member("ada").await;
        let laptop = s.log_in("ada", PASSWORD).await;
        let bob = s.member("bob").await;
        assert!(phone.is_in().await);

        let answer = log_out(&phone).await;

        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        is_out(&phone).await;
        assert!(laptop.is_in().await && bob.is_in().await);
        assert_eq!(laptop.refresh(laptop.refresh_token()).await.status, 200);
        let sessions = s.sessions_of(phone.uuid()).await;
        let reasons: Vec<_> = sessions
            .iter()
            .map(|s| s.revoked_reason.as_deref())
            .collect();
        assert_eq!(reasons, [Some("logout"), None]);
    })
    .await;
}

#[tokio::test]
async fn a_second_logout_is_refused_and_changes_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        assert_eq!(log_out(&ada).await.status, 204);
        let ended = s.sessions_of(ada.uuid()).await;
        s.advance(Duration::seconds(1));

        let answer = log_out(&ada).await;

        answer.is_problem(401, "invalid_token");
        assert_eq!(s.sessions_of(ada.uuid()).await, ended);
        log_out(&s.anonymous())
            .await
            .is_problem(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn a_logout_everywhere_ends_all_sessions_of_this_user() {
    service(|s| async move {
        let phone = s.member("ada").await;
        let laptop = s.log_in("ada", PASSWORD).await;
        let bob = s.member("bob").await;

        let answer = phone.post("/auth/logout-all", Value::Null).await;

        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        is_out(&phone).await;
        is_out(&laptop).await;
        assert!(bob.is_in().await);
        let again = laptop.post("/auth/logout-all", Value::Null).await;
        again.is_problem(401, "invalid_token");
        assert!(s.log_in("ada", PASSWORD).await.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_keeps_this_one() {
    service(|s| async move {
        let here = s.member("ada").await;
        let there = s.log_in("ada", PASSWORD).await;
        let bob = s.member("bob").await;
        assert!(there.is_in().await);

        let change = json!({"password": "another fine password"});
        let answer = here.patch("/v1/api/users/", change).await;

        assert_eq!(answer.status, 202, "{answer:?}");
        is_out(&there).await;
        assert!(here.is_in().await && bob.is_in().await);
        assert_eq!(here.refresh(here.refresh_token()).await.status, 200);
        let reason = &s.sessions_of(here.uuid()).await[1].revoked_reason;
        assert_eq!(reason.as_deref(), Some("password_changed"));
    })
    .await;
}

#[tokio::test]
async fn other_changes_of_the_profile_end_nothing() {
    service(|s| async move {
        let here = s.member("ada").await;
        let there = s.log_in("ada", PASSWORD).await;

        let change = json!({"username": "lovelace", "email": "l@example.com", "first_name": "Ada"});
        assert_eq!(here.patch("/v1/api/users/", change).await.status, 202);

        assert!(here.is_in().await && there.is_in().await);
        assert_eq!(
            there.get("/v1/api/users/").await.body["username"],
            "lovelace"
        );
    })
    .await;
}

#[tokio::test]
async fn a_password_that_is_not_changed_after_all_ends_nothing() {
    service(|s| async move {
        s.member("bob").await;
        let here = s.member("ada").await;
        let there = s.log_in("ada", PASSWORD).await;

        let change = json!({"password": "another fine password", "username": "bob"});
        let answer = here.patch("/v1/api/users/", change).await;

        answer.is_problem(409, "already_taken");
        assert!(there.is_in().await);
        assert!(s.log_in("ada", PASSWORD).await.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn sessions_end_with_the_transaction_that_ends_them() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let txn = transaction::begin(&s.ctx.db).await.expect("a transaction");
        let ended = revocation::revoke_all(&txn, s.means(), ada.uuid(), None, "test").await;
        assert_eq!(ended.expect("to be ended"), 1);
        txn.rollback().await.expect("to go back");

        assert!(ada.is_in().await);
        assert_eq!(s.open_sessions(ada.uuid()).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_deletion_ends_all_sessions() {
    service(|s| async move {
        let phone = s.member("ada").await;
        let laptop = s.log_in("ada", PASSWORD).await;
        let bob = s.member("bob").await;
        assert!(laptop.is_in().await);

        assert_eq!(phone.delete("/v1/api/users/").await.status, 204);

        for client in [&phone, &laptop] {
            let answer = client.get("/v1/api/users/").await;
            answer.is_problem(404, "user_not_found");
            let answer = client.refresh(client.refresh_token()).await;
            answer.is_problem(401, "invalid_refresh_token");
        }
        assert_eq!(s.open_sessions(phone.uuid()).await, 0);
        assert!(bob.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on_and_ends_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let answer = ada.get("/v1/api/users/admin-only").await;
        answer.is_problem(403, "forbidden");

        for (role, status) in [(Role::Admin, 200), (Role::User, 403), (Role::Admin, 200)] {
            s.assign_role(&ada, role).await;
            assert_eq!(ada.get("/v1/api/users/admin-only").await.status, status);
            assert!(ada.is_in().await);
        }
    })
    .await;
}
