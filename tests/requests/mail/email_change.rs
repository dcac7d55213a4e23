use chrono::Duration;
use serde_json::json;

use super::ANOTHER;
use crate::support::{PASSWORD, in_parallel, service};

const USERS: &str = "/v1/api/users/";
const CHANGE: &str = "/auth/change-email";
const OLD: &str = "ada@example.com";
const NEW: &str = "lovelace@example.com";

#[tokio::test]
async fn the_old_address_stays_until_the_new_one_is_confirmed_and_both_are_told() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let elsewhere = s.log_in("ada", PASSWORD).await;

        let asked = ada
            .patch(USERS, json!({"email": NEW, "first_name": "Ada"}))
            .await;

        assert_eq!(asked.status, 202);
        assert_eq!(asked.body["email"], OLD);
        assert_eq!(asked.body["first_name"], "Ada");
        let mail = s.last_mail_to(NEW).await;
        assert_eq!(mail.subject, "Confirm your new email address for Rollcall");
        let notice = s.last_mail_to(OLD).await;
        assert_eq!(
            notice.subject,
            "Your email address at Rollcall is to be changed"
        );
        assert!(notice.text.contains(NEW));
        assert!(!notice.text.contains("token="));

        assert_eq!(
            s.anonymous().use_token(CHANGE, mail.token(), None).await,
            204
        );

        assert_eq!(ada.get(USERS).await.body["email"], NEW, "it goes on");
        assert!(!elsewhere.is_in().await);
        s.log_in_fails(OLD, PASSWORD).await;
        assert!(s.log_in(NEW, PASSWORD).await.is_in().await);
        assert!(s.row(&ada).await.is_verified());
        for address in [OLD, NEW] {
            let notice = s.last_mail_to(address).await;
            assert_eq!(notice.subject, "Your email address at Rollcall was changed");
            assert!(notice.text.contains(OLD) && notice.text.contains(NEW));
        }
        assert_eq!(
            s.anonymous().use_token(CHANGE, mail.token(), None).await,
            422
        );
    })
    .await;
}

#[tokio::test]
async fn the_same_address_in_another_case_is_written_at_once() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.mails().await;

        let answer = ada.patch(USERS, json!({"email": "Ada@Example.com"})).await;

        assert_eq!(answer.body["email"], "Ada@Example.com");
        assert_eq!(
            s.mails_to(OLD).await.len(),
            1,
            "the one of the registration"
        );
    })
    .await;
}

#[tokio::test]
async fn an_address_that_somebody_has_is_refused_before_and_after() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.member("bob").await;
        let refused = ada
            .patch(
                USERS,
                json!({"email": "BOB@example.com", "first_name": "x"}),
            )
            .await;
        refused.is_problem(409, "already_taken");
        assert_eq!(refused.pointers(), ["/email"]);
        assert!(
            s.row(&ada).await.first_name.is_none(),
            "nothing is half-done"
        );

        ada.patch(USERS, json!({"email": NEW})).await;
        let token = s.last_mail_to(NEW).await.token().to_string();
        let body = json!({"username": "lovelace", "email": NEW, "password": PASSWORD});
        assert_eq!(s.anonymous().post("/auth/register", body).await.status, 201);

        let late = s.anonymous().post(CHANGE, json!({"token": token})).await;

        late.is_problem(409, "already_taken");
        assert_eq!(ada.get(USERS).await.body["email"], OLD);
    })
    .await;
}

#[tokio::test]
async fn of_parallel_confirmations_one_counts() {
    service(|s| async move {
        let ada = s.member("ada").await;
        ada.patch(USERS, json!({"email": NEW})).await;
        let token = s.last_mail_to(NEW).await.token().to_string();

        let client = s.anonymous();
        let statuses = in_parallel(20, move |_| {
            let (client, token) = (client.clone(), token.clone());
            async move { client.use_token(CHANGE, &token, None).await }
        })
        .await;

        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1);
        assert!(statuses.iter().all(|status| [204, 422].contains(status)));
    })
    .await;
}

#[tokio::test]
async fn it_needs_a_recent_login_or_the_password() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.advance(Duration::minutes(11));

        let answer = ada.patch(USERS, json!({"email": NEW})).await;
        answer.is_problem(403, "reauthentication_required");
        let wrong = json!({"email": NEW, "current_password": ANOTHER});
        let answer = ada.patch(USERS, wrong).await;
        answer.is_problem(403, "reauthentication_required");
        assert_eq!(s.mails_to(NEW).await.len(), 0);

        let right = json!({"email": NEW, "current_password": PASSWORD});
        assert_eq!(ada.patch(USERS, right).await.status, 202);
        assert_eq!(s.mails_to(NEW).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_second_request_and_a_new_password_void_the_first() {
    service(|s| async move {
        let ada = s.member("ada").await;
        ada.patch(USERS, json!({"email": NEW})).await;
        let first = s.last_mail_to(NEW).await.token().to_string();
        ada.patch(USERS, json!({"email": "third@example.com"}))
            .await;
        let second = s
            .last_mail_to("third@example.com")
            .await
            .token()
            .to_string();
        assert_eq!(s.anonymous().use_token(CHANGE, &first, None).await, 422);

        let changed = ada.patch(USERS, json!({"password": ANOTHER})).await;

        assert_eq!(changed.status, 202);
        assert_eq!(s.anonymous().use_token(CHANGE, &second, None).await, 422);
        assert_eq!(ada.get(USERS).await.body["email"], OLD);
    })
    .await;
}

/// A mail that was asked for before and has not left must not bring what the change made void.
#[tokio::test]
async fn a_change_voids_the_mails_that_wait() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let reset = s.token_from("/auth/password/forgot", OLD).await;
        ada.patch(USERS, json!({"email": NEW})).await;
        let token = s.last_mail_to(NEW).await.token().to_string();

        assert_eq!(s.anonymous().use_token(CHANGE, &token, None).await, 204);

        let used = s
            .anonymous()
            .use_token("/auth/password/reset", &reset, Some(ANOTHER))
            .await;
        assert_eq!(used, 422);
    })
    .await;
}

/// Whoever throws a thief out does not want what the thief asked for.
#[tokio::test]
async fn a_change_that_was_asked_for_in_a_session_that_was_thrown_out_is_void() {
    service(|s| async move {
        let thief = s.member("ada").await;
        let owner = s.log_in("ada", PASSWORD).await;
        thief.patch(USERS, json!({"email": NEW})).await;
        let token = s.last_mail_to(NEW).await.token().to_string();

        assert_eq!(
            owner
                .post("/auth/logout-all", serde_json::Value::Null)
                .await
                .status,
            204
        );

        assert_eq!(s.anonymous().use_token(CHANGE, &token, None).await, 422);
        assert!(s.log_in(OLD, PASSWORD).await.is_in().await);
    })
    .await;
}
