//! What a token is worth at this moment, for a resource server.

use chrono::Duration;
use insta::{
    dynamic_redaction,
    internals::{Content, ContentPath},
};
use rollcall::models::users::Role;
use serde_json::json;

use super::oauth_clients::{form, resource_server};
use crate::support::{Answer, Service, service, shapes};

pub async fn introspect(s: &Service, token: &str) -> Answer {
    let client = resource_server(s);
    let answer = client
        .form("/oauth/introspect", &form(&[("token", token)]))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// Seconds since 1970, in whole ones.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that insta calls"
)]
fn timestamp(value: Content, _: ContentPath) -> Content {
    assert!(
        value
            .as_u64()
            .is_some_and(|seconds| seconds > 1_700_000_000),
        "{value:?}"
    );
    "[timestamp]".into()
}

#[tokio::test]
async fn a_live_access_token_is_described() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = introspect(&s, ada.token()).await;

        insta::assert_json_snapshot!(answer.body, {
            ".sub" => dynamic_redaction(shapes::uuid_v7),
            ".sid" => dynamic_redaction(shapes::uuid_v7),
            ".jti" => dynamic_redaction(shapes::uuid_v7),
            ".exp" => dynamic_redaction(timestamp),
            ".iat" => dynamic_redaction(timestamp),
        });
        let session = s.sessions_of(ada.uuid()).await.remove(0);
        assert_eq!(answer.body["sub"], ada.id());
        assert_eq!(answer.body["sid"], session.id.to_string());
        assert_eq!(answer.body["iat"], session.created_at.timestamp());
        assert_eq!(answer.body["exp"], session.created_at.timestamp() + 3600);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
    })
    .await;
}

#[tokio::test]
async fn a_live_refresh_token_is_described() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.advance(Duration::minutes(10));
        let ada = ada
            .clone()
            .with_tokens(&ada.refresh(ada.refresh_token()).await);

        let answer = introspect(&s, ada.refresh_token()).await;

        insta::assert_json_snapshot!(answer.body, {
            ".sub" => dynamic_redaction(shapes::uuid_v7),
            ".sid" => dynamic_redaction(shapes::uuid_v7),
            ".exp" => dynamic_redaction(timestamp),
            ".iat" => dynamic_redaction(timestamp),
        });
        let session = s.sessions_of(ada.uuid()).await.remove(0);
        let renewed = session.rotated_at.expect("a renewal").timestamp();
        assert_eq!(answer.body["iat"], renewed);
        assert_eq!(answer.body["exp"], renewed + 14 * 86_400);
    })
    .await;
}

#[tokio::test]
async fn hints_and_unknown_parameters_change_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let expected = introspect(&s, ada.token()).await.body;

        for more in [
            ("token_type_hint", "access_token"),
            ("token_type_hint", "refresh_token"),
            ("token_type_hint", "nonsense"),
            ("resource", "https://example.com"),
            ("", ""),
        ] {
            let body = form(&[("token", ada.token()), more]);
            let answer = resource_server(&s).form("/oauth/introspect", &body).await;
            assert_eq!((answer.status, &answer.body), (200, &expected), "{more:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_role_and_name_are_those_of_this_moment() {
    service(|s| async move {
        let ada = s.member("ada").await;
        assert_eq!(introspect(&s, ada.token()).await.body["role"], "user");

        s.give_role(ada.uuid(), Role::Admin).await;
        let change = json!({"username": "lovelace"});
        assert_eq!(ada.patch("/v1/api/users/", change).await.status, 202);

        for token in [ada.token(), ada.refresh_token()] {
            let body = introspect(&s, token).await.body;
            assert_eq!(
                (&body["active"], &body["role"]),
                (&json!(true), &json!("admin"))
            );
            assert_eq!(body["username"], "lovelace");
        }
    })
    .await;
}
