use chrono::Duration;
use serde_json::json;

use super::ANOTHER;
use crate::support::{PASSWORD, in_parallel, service};

const FORGOT: &str = "/auth/password/forgot";
const RESET: &str = "/auth/password/reset";
const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_reset_sets_the_password_and_ends_all_sessions() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let token = s.token_from(FORGOT, ADA).await;

        let status = s.anonymous().use_token(RESET, &token, Some(ANOTHER)).await;

        assert_eq!(status, 204);
        assert!(!ada.is_in().await);
        assert_eq!(ada.refresh(ada.refresh_token()).await.status, 401);
        assert_eq!(s.open_sessions(ada.uuid()).await, 0);
        s.log_in_fails("ada", PASSWORD).await;
        assert!(s.log_in("ada", ANOTHER).await.is_in().await);
        assert!(s.row(&ada).await.is_verified(), "the mail arrived");
        let notice = s.last_mail_to(ADA).await;
        assert_eq!(notice.subject, "Your password for Rollcall was changed");
        assert_eq!(
            s.anonymous().use_token(RESET, &token, Some(PASSWORD)).await,
            422
        );
    })
    .await;
}

#[tokio::test]
async fn of_twenty_parallel_uses_one_succeeds() {
    service(|s| async move {
        s.member("ada").await;
        let token = s.token_from(FORGOT, ADA).await;

        let client = s.anonymous();
        let statuses = in_parallel(20, move |i| {
            let (client, token) = (client.clone(), token.clone());
            async move {
                let password = format!("{ANOTHER} {i}");
                (i, client.use_token(RESET, &token, Some(&password)).await)
            }
        })
        .await;

        let won: Vec<_> = statuses
            .iter()
            .filter(|(_, status)| *status == 204)
            .collect();
        assert_eq!(won.len(), 1, "{statuses:?}");
        assert!(
            statuses
                .iter()
                .all(|(_, status)| [204, 422].contains(status))
        );
        let password = format!("{ANOTHER} {}", won[0].0);
        assert!(s.log_in("ada", &password).await.is_in().await);
        assert_eq!(s.mails_to(ADA).await.len(), 3, "one notice");
    })
    .await;
}

#[tokio::test]
async fn a_password_that_is_refused_does_not_use_up_the_token() {
    service(|s| async move {
        s.member("ada").await;
        let token = s.token_from(FORGOT, ADA).await;

        let answer = s
            .anonymous()
            .post(RESET, json!({"token": token, "password": "short"}))
            .await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.pointers(), ["/password"]);
        assert_eq!(
            s.anonymous().use_token(RESET, &token, Some(ANOTHER)).await,
            204
        );
    })
    .await;
}

#[tokio::test]
async fn a_newer_token_voids_the_older_one_and_an_address_is_known_whatever_its_case() {
    service(|s| async move {
        s.member("ada").await;
        let older = s.token_from(FORGOT, ADA).await;
        let asked = s
            .anonymous()
            .post(FORGOT, json!({"email": "ADA@Example.com"}))
            .await;
        assert_eq!(asked.status, 202);
        let newer = s.last_mail_to(ADA).await.token().to_string();

        assert_eq!(
            s.anonymous().use_token(RESET, &older, Some(ANOTHER)).await,
            422
        );
        assert_eq!(
            s.anonymous().use_token(RESET, &newer, Some(ANOTHER)).await,
            204
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_expires_after_half_an_hour() {
    service(|s| async move {
        s.member("ada").await;
        let token = s.token_from(FORGOT, ADA).await;
        s.advance(Duration::minutes(30));

        assert_eq!(
            s.anonymous().use_token(RESET, &token, Some(ANOTHER)).await,
            422
        );
        assert!(s.log_in("ada", PASSWORD).await.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_password_voids_what_was_asked_for_before() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let reset = s.token_from(FORGOT, ADA).await;
        let link = s.token_from("/auth/magic-link", ADA).await;

        let changed = ada
            .patch("/v1/api/users/", json!({"password": ANOTHER}))
            .await;

        assert_eq!(changed.status, 202);
        assert_eq!(
            s.anonymous().use_token(RESET, &reset, Some(PASSWORD)).await,
            422
        );
        let opened = s
            .anonymous()
            .use_token("/auth/magic-link/session", &link, None)
            .await;
        assert_eq!(opened, 422);
        let notice = s.last_mail_to(ADA).await;
        assert_eq!(notice.subject, "Your password for Rollcall was changed");
    })
    .await;
}

#[tokio::test]
async fn a_token_of_an_account_that_may_not_act_opens_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let bob = s.member("bob").await;
        let for_ada = s.token_from(FORGOT, ADA).await;
        let for_bob = s.token_from(FORGOT, "bob@example.com").await;
        s.suspend(ada.uuid()).await;
        assert_eq!(bob.delete("/v1/api/users/").await.status, 204);

        for token in [for_ada, for_bob] {
            assert_eq!(
                s.anonymous().use_token(RESET, &token, Some(ANOTHER)).await,
                422
            );
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_asks_gets_the_same_answer() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let eve = s.member("eve").await;
        s.suspend(eve.uuid()).await;
        let gone = s.member("gone").await;
        gone.delete("/v1/api/users/").await;
        let before = s.mails().await.len();

        for path in [FORGOT, "/auth/magic-link"] {
            let mut seen = Vec::new();
            for who in ["ada", "nobody", "eve", "gone"] {
                let body = json!({"email": format!("{who}@example.com")});
                seen.push(s.anonymous().post(path, body).await.seen());
            }
            assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:?}");
            assert_eq!(seen[0].0, 202);
        }

        assert_eq!(s.mails().await.len(), before + 2, "to ada alone");
        assert_eq!(s.mails_to(ADA).await.len(), 3);
        assert!(ada.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_reset_opens_what_guessing_has_closed() {
    service(|s| async move {
        s.member("ada").await;
        for _ in 0..40 {
            s.anonymous().log_in("ada", "a wrong guess").await;
            s.advance(Duration::minutes(20));
        }
        s.anonymous()
            .log_in("ada", PASSWORD)
            .await
            .is_problem(429, "too_many_requests");

        let token = s.token_from(FORGOT, ADA).await;
        assert_eq!(
            s.anonymous().use_token(RESET, &token, Some(ANOTHER)).await,
            204
        );

        assert!(s.log_in("ada", ANOTHER).await.is_in().await);
    })
    .await;
}
