//! Of a token that is worth nothing, introspection says so and nothing else.

use chrono::Duration;
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use super::introspection::introspect;
use crate::support::{Client, Service, service};

/// `active: false`, and not a word more.
async fn is_dead(s: &Service, token: &str) {
    let answer = introspect(s, token).await;
    assert_eq!(answer.body, json!({"active": false}), "{answer:?}");
}

async fn are_dead(s: &Service, client: &Client) {
    is_dead(s, client.token()).await;
    is_dead(s, client.refresh_token()).await;
}

#[tokio::test]
async fn what_was_never_a_token_is_dead() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let session = s.sessions_of(ada.uuid()).await.remove(0);
        let unsigned = ada.token().rsplit_once('.').expect("three parts").0;
        let nobodys = s.rollcall.sessions.refresh_tokens.first(uuid::Uuid::nil());

        for token in [
            "garbage",
            "rcr_",
            "\0",
            &format!("{unsigned}."),
            &session.refresh_digest,
            &session.id.to_string(),
            &nobodys.reveal(),
            &s.rollcall
                .sessions
                .refresh_tokens
                .first(session.id)
                .reveal(),
        ] {
            is_dead(&s, token).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_is_dead() {
    service(|s| async move {
        let out = s.member("ada").await;
        assert_eq!(out.post("/auth/logout", Value::Null).await.status, 204);
        are_dead(&s, &out).await;

        let suspended = s.member("bob").await;
        s.suspend(suspended.uuid()).await;
        are_dead(&s, &suspended).await;
        s.edit_user(suspended.uuid(), |row| row.is_active = Set(true))
            .await;
        assert_eq!(introspect(&s, suspended.token()).await.body["active"], true);

        let deleted = s.member("eve").await;
        assert_eq!(deleted.delete("/v1/api/users/").await.status, 204);
        are_dead(&s, &deleted).await;
    })
    .await;
}

#[tokio::test]
async fn a_spent_refresh_token_is_dead_and_asking_ends_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let renewed = ada
            .clone()
            .with_tokens(&ada.refresh(ada.refresh_token()).await);

        is_dead(&s, ada.refresh_token()).await;
        s.advance(Duration::minutes(1));
        is_dead(&s, ada.refresh_token()).await;

        assert_eq!(
            introspect(&s, renewed.refresh_token()).await.body["active"],
            true
        );
        assert!(renewed.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn what_has_expired_is_dead() {
    service(|s| async move {
        let ada = s.member("ada").await;

        s.advance(Duration::seconds(3601));
        is_dead(&s, ada.token()).await;
        assert_eq!(
            introspect(&s, ada.refresh_token()).await.body["active"],
            true
        );
        s.advance(Duration::days(14));
        are_dead(&s, &ada).await;
    })
    .await;
}
