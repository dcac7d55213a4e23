//! What production insists on.

use loco_rs::{
    config::{Config, JWTLocationConfig},
    environment::Environment::Production,
};
use rollcall::settings::{self, Settings};

use super::{CANARY, OWN_SECRET, is_refused, set_secret, test_config};

/// Everything as it should be.
pub async fn good() -> Config {
    let mut config = test_config().await;
    set_secret(&mut config, OWN_SECRET);
    config.server.host = "https://rollcall.example.com".into();
    config.server.binding = "0.0.0.0".into();
    config.database.uri = "postgres://rollcall@db.example.com/rollcall".into();
    set_origins(&mut config, &["https://app.example.com"]);
    config
}

pub fn set_origins(config: &mut Config, origins: &[&str]) {
    let cors = config.server.middlewares.cors.as_mut().expect("CORS");
    cors.allow_origins = origins.iter().map(ToString::to_string).collect();
}

#[tokio::test]
async fn a_good_configuration_is_taken() {
    let settings = Settings::from_config(&good().await, &Production).unwrap();

    assert_eq!(settings.token.issuer, "rollcall");
}

#[tokio::test]
async fn the_configuration_of_a_test_is_not_taken() {
    let config = test_config().await;

    for key in ["JWT_SECRET_KEY", "HOST", "ALLOW_ORIGINS"] {
        is_refused(&config, &Production, key);
    }
}

#[tokio::test]
async fn a_secret_is_required_and_none_of_ours() {
    for secret in [
        "",
        CANARY,
        "a",
        "not base64 at all, canary!",
        // 31 bytes.
        "a2V5IG9mIHRoaXMgdGVzdCBvbmx5LCAzMSBieXRlcw==",
        // Good, but for a blank before it.
        " a2V5IG9mIHRoaXMgdGVzdCBvbmx5LCAzMiBieXRlcyE=",
        "cm9sbGNhbGwtZGV2ZWxvcG1lbnQtc2VjcmV0LW5vdC1mb3ItcHJvZHVjdGlvbi11c2UtYXQtYWxsLXBsZWFzZQ==",
        "cm9sbGNhbGwtdGVzdC1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9uLXVzZS1hdC1hbGwtbmV2ZXItcGxlYXNlLi4=",
    ] {
        let mut config = good().await;
        set_secret(&mut config, secret);

        let message = is_refused(&config, &Production, "auth.jwt.secret (JWT_SECRET_KEY)");

        assert!(secret.len() < 2 || !message.contains(secret), "{message}");
        assert_eq!(message.lines().count(), 2, "{message}");
    }
}

#[tokio::test]
async fn a_shipped_secret_is_refused_on_loopback_too() {
    let mut config = test_config().await;
    config.server.binding = "127.0.0.1".into();

    assert!(settings::has_shipped_secret(&config));
    is_refused(&config, &Production, "auth.jwt.secret (JWT_SECRET_KEY)");
}

#[tokio::test]
async fn without_an_auth_section_nothing_starts() {
    let mut config = good().await;
    config.auth = None;

    is_refused(&config, &Production, "auth.jwt.secret (JWT_SECRET_KEY)");
    is_refused(&config, &Production, "auth.jwt.expiration");
}

#[tokio::test]
async fn a_lifetime_of_tokens_has_its_limits() {
    for (expiration, good_one) in [
        (0, false),
        (59, false),
        (60, true),
        (86_400, true),
        (86_401, false),
        (u64::MAX, false),
    ] {
        let mut config = good().await;
        config
            .auth
            .as_mut()
            .unwrap()
            .jwt
            .as_mut()
            .unwrap()
            .expiration = expiration;

        if good_one {
            Settings::from_config(&config, &Production).unwrap();
        } else {
            is_refused(&config, &Production, "auth.jwt.expiration");
        }
    }
}

#[tokio::test]
async fn a_token_travels_in_the_header_only() {
    let mut config = good().await;
    let location = JWTLocationConfig::Single(loco_rs::config::JWTLocation::Query {
        name: CANARY.into(),
    });
    config.auth.as_mut().unwrap().jwt.as_mut().unwrap().location = Some(location);

    is_refused(&config, &Production, "auth.jwt.location");
}

#[tokio::test]
async fn a_database_is_required() {
    for uri in [
        "",
        CANARY,
        "mysql://canary",
        "postgres",
        "POSTGRES://canary",
        " postgres://canary",
    ] {
        let mut config = good().await;
        config.database.uri = uri.into();

        is_refused(&config, &Production, "database.uri (DATABASE_URL)");
    }
    for uri in [
        "sqlite://rollcall.sqlite",
        "sqlite::memory:",
        "postgresql://db/rollcall",
    ] {
        let mut config = good().await;
        config.database.uri = uri.into();

        Settings::from_config(&config, &Production).expect(uri);
    }
}

#[tokio::test]
async fn a_pool_has_its_limits() {
    for (min, max) in [(0, 0), (0, 1001), (3, 2)] {
        let mut config = good().await;
        (
            config.database.min_connections,
            config.database.max_connections,
        ) = (min, max);

        is_refused(&config, &Production, "database.max_connections");
    }
}

#[tokio::test]
async fn a_port_has_its_limits() {
    for port in [0, -1, 65_536] {
        let mut config = good().await;
        config.server.port = port;

        is_refused(&config, &Production, "server.port (PORT)");
    }
}

#[tokio::test]
async fn nothing_dangerous_is_switched_on() {
    let mut truncating = good().await;
    truncating.database.dangerously_truncate = true;
    let mut recreating = good().await;
    recreating.database.dangerously_recreate = true;

    is_refused(&truncating, &Production, "database.dangerously_truncate");
    is_refused(&recreating, &Production, "database.dangerously_recreate");
}
