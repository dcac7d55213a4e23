//! What an access token says.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use insta::internals::Content;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use loco_rs::auth::jwt::UserClaims;
use serde_json::Value;

use crate::support::{PASSWORD, service, shapes};

/// The payload, unverified.
fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn a_token_names_the_account_and_nothing_personal() {
    service(|s| async move {
        let client = s.admin("root").await;

        let claims = payload(client.token());

        assert_eq!(claims["sub"], client.user["id"]);
        assert_eq!(claims["pid"], client.user["id"]);
        insta::assert_json_snapshot!(claims, {
            ".exp" => insta::dynamic_redaction(|value, _| seconds(&value)),
            ".iat" => insta::dynamic_redaction(|value, _| seconds(&value)),
            ".jti" => insta::dynamic_redaction(shapes::uuid_v7),
            ".pid" => insta::dynamic_redaction(shapes::uuid_v7),
            ".sid" => insta::dynamic_redaction(shapes::uuid_v7),
            ".sub" => insta::dynamic_redaction(shapes::uuid_v7),
        }, @r#"
        {
          "aud": "rollcall",
          "exp": "[seconds]",
          "iat": "[seconds]",
          "iss": "rollcall",
          "jti": "[uuid]",
          "pid": "[uuid]",
          "role": "admin",
          "sid": "[uuid]",
          "sub": "[uuid]"
        }
        "#);
    })
    .await;
}

/// Seconds since 1970, of this century.
fn seconds(value: &Content) -> Content {
    let seconds = value.as_i64().expect("a whole number");
    assert!((1_700_000_000..4_102_444_800).contains(&seconds));
    "[seconds]".into()
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_answer_says() {
    service(|s| async move {
        let client = s.member("ada").await;
        let claims = payload(client.token());
        let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(lifetime, 3600);

        s.rollcall.clock.advance(Duration::seconds(lifetime - 10));
        let before = client.get("/v1/api/users/").await;
        s.rollcall.clock.advance(Duration::seconds(11));
        let after = client.get("/v1/api/users/").await;

        assert_eq!(before.status, 200, "{before:?}");
        after.is_problem(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn two_logins_give_two_tokens() {
    service(|s| async move {
        let first = s.member("ada").await;

        let second = s.log_in("ada", PASSWORD).await;

        assert_ne!(
            payload(first.token())["jti"],
            payload(second.token())["jti"]
        );
        assert_eq!(first.get("/v1/api/users/").await.status, 200);
        assert_eq!(second.get("/v1/api/users/").await.status, 200);
    })
    .await;
}

/// RFC 7519, section 4.1.3: who does not know an audience must refuse a token that names one. The
/// framework's check can't be told ours, and finds nothing else to object to.
#[tokio::test]
async fn the_frameworks_own_check_objects_to_the_audience_only() {
    service(|s| async move {
        let client = s.member("ada").await;
        let secret = &s.ctx.config.get_jwt_config().unwrap().secret;
        let mut with_audience = Validation::new(Algorithm::HS512);
        with_audience.leeway = 0;
        with_audience.set_audience(&["rollcall"]);

        let framework = loco_rs::auth::jwt::JWT::new(secret).validate(client.token());
        let key = DecodingKey::from_base64_secret(secret).unwrap();
        let the_same =
            jsonwebtoken::decode::<UserClaims>(client.token(), &key, &with_audience).unwrap();

        let objection = framework.expect_err("no audience is known to the framework");
        assert_eq!(objection.kind(), &ErrorKind::InvalidAudience);
        assert_eq!(the_same.claims.pid, client.id());
        assert_eq!(the_same.claims.claims["role"], "user");
    })
    .await;
}
