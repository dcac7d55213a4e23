//! A resource server ends a session by either of its tokens.

use chrono::Duration;
use sea_orm::EntityTrait;

use super::oauth_clients::{form, resource_server};
use crate::support::{Answer, PASSWORD, Service, service};

async fn revoke(s: &Service, token: &str) -> Answer {
    resource_server(s)
        .form("/oauth/revoke", &form(&[("token", token)]))
        .await
}

#[tokio::test]
async fn either_kind_of_token_ends_its_session_and_no_other() {
    service(|s| async move {
        let owner = s.member("ada").await;
        let by_access = s.log_in("ada", PASSWORD).await;
        let by_refresh = s.log_in("ada", PASSWORD).await;
        assert!(by_access.is_in().await && by_refresh.is_in().await);

        for token in [by_access.token(), by_refresh.refresh_token()] {
            let answer = revoke(&s, token).await;
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (200, ""),
                "{answer:?}"
            );
        }

        for client in [&by_access, &by_refresh] {
            client
                .get("/v1/api/users/")
                .await
                .is_problem(401, "invalid_token");
            let answer = client.refresh(client.refresh_token()).await;
            answer.is_problem(401, "invalid_refresh_token");
        }
        assert!(owner.is_in().await);
        let sessions = s.sessions_of(owner.uuid()).await;
        let reasons: Vec<_> = sessions
            .iter()
            .filter_map(|s| s.revoked_reason.as_deref())
            .collect();
        assert_eq!(reasons, ["token_revoked"; 2]);
    })
    .await;
}

#[tokio::test]
async fn revoking_twice_changes_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        assert_eq!(revoke(&s, ada.token()).await.status, 200);
        let ended = s.sessions_of(ada.uuid()).await;
        s.advance(Duration::seconds(1));

        for token in [ada.token(), ada.refresh_token()] {
            assert_eq!(revoke(&s, token).await.status, 200);
        }

        assert_eq!(s.sessions_of(ada.uuid()).await, ended);
    })
    .await;
}

#[tokio::test]
async fn revoking_what_is_worth_nothing_ends_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let renewed = ada
            .clone()
            .with_tokens(&ada.refresh(ada.refresh_token()).await);
        let id = s.sessions_of(ada.uuid()).await.remove(0).id;
        let never_issued = s.rollcall.sessions.refresh_tokens.first(id).reveal();

        for token in [
            "garbage",
            "rcr_",
            &id.to_string(),
            &never_issued,
            ada.refresh_token(),
        ] {
            let answer = revoke(&s, token).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{token}");
        }

        assert!(renewed.is_in().await);
        assert_eq!(renewed.refresh(renewed.refresh_token()).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn who_has_a_token_only_cannot_revoke_another() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let bob = s.member("bob").await;

        let answer = bob
            .form("/oauth/revoke", &form(&[("token", ada.token())]))
            .await;

        assert_eq!(
            (answer.status, &answer.body["error"]),
            (401, &"invalid_client".into())
        );
        assert!(ada.is_in().await);
        let sessions = rollcall::models::sessions::Entity::find()
            .all(&s.ctx.db)
            .await;
        assert!(
            sessions
                .expect("rows")
                .iter()
                .all(|session| session.revoked_at.is_none())
        );
    })
    .await;
}
