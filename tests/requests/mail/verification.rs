use serde_json::json;

use super::{ANOTHER, required};
use crate::support::{PASSWORD, service, service_with};

const VERIFY: &str = "/auth/verify-email";
const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_registration_is_followed_by_a_mail_whose_link_confirms_the_address() {
    service(|s| async move {
        let ada = s.member("ada").await;
        assert!(!s.row(&ada).await.is_verified());
        let mail = s.last_mail_to(ADA).await;
        assert_eq!(mail.subject, "Confirm your email address for Rollcall");
        assert!(
            mail.link()
                .starts_with("http://localhost:5150/account/verify-email?token=")
        );

        let status = s.anonymous().use_token(VERIFY, mail.token(), None).await;

        assert_eq!(status, 204);
        assert!(s.row(&ada).await.is_verified());
        assert!(ada.is_in().await, "where it is not required, nothing ends");
        let again = s
            .anonymous()
            .post(VERIFY, json!({"token": mail.token()}))
            .await;
        again.is_problem(422, "validation_failed");
        assert_eq!(again.pointers(), ["/token"]);
    })
    .await;
}

#[tokio::test]
async fn a_confirmed_address_is_not_asked_again() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let token = s.last_mail_to(ADA).await.token().to_string();
        s.anonymous().use_token(VERIFY, &token, None).await;

        let body = json!({"email": ADA});
        let answer = s.anonymous().post("/auth/verify-email/request", body).await;

        assert_eq!(answer.status, 202);
        assert_eq!(s.mails_to(ADA).await.len(), 1);
        assert!(ada.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn who_registered_keeps_password_and_sessions_by_showing_either() {
    for by_session in [true, false] {
        service_with(required, move |s| async move {
            let ada = s.member("ada").await;
            let token = s.last_mail_to(ADA).await.token().to_string();

            let status = if by_session {
                ada.use_token(VERIFY, &token, None).await
            } else {
                s.anonymous()
                    .use_token(VERIFY, &token, Some(PASSWORD))
                    .await
            };

            assert_eq!(status, 204);
            assert!(ada.is_in().await);
            assert!(s.log_in("ada", PASSWORD).await.is_in().await);
            assert_eq!(s.mails_to(ADA).await.len(), 1, "no notice: nothing changed");
        })
        .await;
    }
}

/// Somebody registers the address of somebody else, who confirms it.
#[tokio::test]
async fn who_registered_anothers_address_has_nothing_of_it_once_it_is_confirmed() {
    for chosen in [None, Some(ANOTHER)] {
        service_with(required, move |s| async move {
            let thief = s.member("ada").await;
            let token = s.last_mail_to(ADA).await.token().to_string();

            let status = s.anonymous().use_token(VERIFY, &token, chosen).await;

            assert_eq!(status, 204);
            assert!(!thief.is_in().await);
            let renewed = s.log_in_fails("ada", PASSWORD).await;
            renewed.is_problem(401, "invalid_credentials");
            if let Some(password) = chosen {
                assert!(s.log_in(ADA, password).await.is_in().await);
            } else {
                let reset = s.token_from("/auth/password/forgot", ADA).await;
                let owner = s.anonymous();
                let set = owner.use_token("/auth/password/reset", &reset, Some(ANOTHER));
                assert_eq!(set.await, 204);
                assert!(s.log_in(ADA, ANOTHER).await.is_in().await);
            }
        })
        .await;
    }
}

/// The same by every other door that a mail opens.
#[tokio::test]
async fn neither_a_magic_link_nor_a_reset_leaves_a_thief_in() {
    service_with(required, |s| async move {
        let thief = s.member("ada").await;
        let token = s.token_from("/auth/magic-link", ADA).await;
        let body = json!({"token": token});
        let opened = s.anonymous().post("/auth/magic-link/session", body).await;

        assert_eq!(opened.status, 200);
        assert!(s.anonymous().with_tokens(&opened).is_in().await);
        s.log_in_fails("ada", PASSWORD).await;
        assert_eq!(thief.get("/v1/api/users/").await.status, 401);

        let thief = s.member("bob").await;
        let token = s
            .token_from("/auth/password/forgot", "bob@example.com")
            .await;
        let set = s
            .anonymous()
            .use_token("/auth/password/reset", &token, Some(ANOTHER))
            .await;
        assert_eq!(set, 204);
        assert_eq!(thief.get("/v1/api/users/").await.status, 401);
        s.log_in_fails("bob", PASSWORD).await;
        assert!(s.log_in("bob", ANOTHER).await.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_session_of_somebody_else_proves_nothing() {
    service_with(required, |s| async move {
        let thief = s.member("ada").await;
        let other = s.member("bob").await;
        let token = s.last_mail_to(ADA).await.token().to_string();

        assert_eq!(other.use_token(VERIFY, &token, None).await, 204);

        assert_eq!(thief.get("/v1/api/users/").await.status, 401);
        s.log_in_fails("ada", PASSWORD).await;
    })
    .await;
}

#[tokio::test]
async fn a_new_password_that_breaks_the_policy_leaves_everything_as_it_was() {
    service_with(required, |s| async move {
        let ada = s.member("ada").await;
        let token = s.last_mail_to(ADA).await.token().to_string();

        let status = s.anonymous().use_token(VERIFY, &token, Some("short")).await;

        assert_eq!(status, 422);
        assert!(!s.row(&ada).await.is_verified());
        assert_eq!(
            s.anonymous()
                .use_token(VERIFY, &token, Some(PASSWORD))
                .await,
            204
        );
    })
    .await;
}

#[tokio::test]
async fn an_inactive_account_gets_no_mail() {
    service(|s| async move {
        let body = json!({"username": "eve", "email": "eve@example.com", "password": PASSWORD, "is_active": false});
        assert_eq!(s.anonymous().post("/auth/register", body).await.status, 201);
        let ada = s.member("ada").await;
        let token = s.last_mail_to(ADA).await.token().to_string();
        s.suspend(ada.uuid()).await;

        for path in ["/auth/verify-email/request", "/auth/magic-link", "/auth/password/forgot"] {
            for email in [ADA, "eve@example.com"] {
                let asked = s.anonymous().post(path, json!({"email": email})).await;
                assert!([202, 429].contains(&asked.status), "{asked:?}");
            }
        }

        assert_eq!(s.mails_to("eve@example.com").await.len(), 0);
        assert_eq!(s.mails_to(ADA).await.len(), 1);
        assert_eq!(s.anonymous().use_token(VERIFY, &token, None).await, 422);
    })
    .await;
}

#[tokio::test]
async fn an_account_that_an_operator_makes_needs_no_confirmation() {
    service_with(required, |s| async move {
        let ada = s.operators("ada").await;

        assert!(ada.is_in().await);
        assert_eq!(s.mails_to(ADA).await.len(), 0);
    })
    .await;
}
