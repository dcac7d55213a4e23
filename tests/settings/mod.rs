//! `Settings::from_config`: what a configuration may say, and what the start is refused with.

mod mail;
mod origins;
mod production;
mod secrets;
mod start;

use loco_rs::{app::Hooks, config::Config, environment::Environment};
use rollcall::{
    app::App,
    settings::{self, Settings},
};
use serde_json::{Value, json};

/// Base64 of 32 bytes, and none that is shipped.
pub const OWN_SECRET: &str = "a2V5IG9mIHRoaXMgdGVzdCBvbmx5LCAzMiBieXRlcyE=";

/// Stands for a value that must not be shown.
pub const CANARY: &str = "canary";

pub async fn test_config() -> Config {
    App::load_config(&Environment::Test)
        .await
        .expect("the test configuration")
}

/// The refusal: it names the key, and shows no value.
#[track_caller]
pub fn is_refused(config: &Config, environment: &Environment, key: &str) -> String {
    let refusal = Settings::from_config(config, environment).expect_err(key);
    let message = refusal.to_string();
    assert!(message.contains(key), "{key}: {message}");
    assert!(!message.contains(CANARY), "{message}");
    message
}

fn change(config: &mut Config, section: &str, key: &str, value: Value) {
    config.settings.as_mut().expect("settings")[section][key] = value;
}

fn set_secret(config: &mut Config, secret: &str) {
    let jwt = config.auth.as_mut().unwrap().jwt.as_mut().unwrap();
    jwt.secret = secret.to_string();
}

#[tokio::test]
async fn what_is_left_out_is_strict() {
    let mut config = test_config().await;
    config.settings = None;

    let settings = Settings::from_config(&config, &Environment::Test).unwrap();

    let base_url = config.server.host.clone();
    assert_eq!(
        settings,
        Settings {
            base_url,
            ..Default::default()
        }
    );
    assert!(settings.require_verified_email);
    assert_eq!(settings.password.min_length, 15);
    assert!(!settings.registration.allow_admin);
    assert_eq!(settings.token.reauthentication_seconds, 600);
    config.settings = Some(json!({"password": {"iterations": 3}}));
    let settings = Settings::from_config(&config, &Environment::Test).unwrap();
    assert_eq!(settings.password.iterations, 3);
    assert_eq!(settings.password.min_length, 15);
}

#[tokio::test]
async fn a_key_that_is_not_known_is_named() {
    let config = test_config().await;

    for (section, key) in [
        ("password", "min_lenght"),
        ("token", "isuer"),
        ("docs", "enabled"),
    ] {
        let mut config = config.clone();
        change(&mut config, section, key, CANARY.into());
        is_refused(&config, &Environment::Test, key);
    }
    let mut config = config.clone();
    config.settings.as_mut().unwrap()["passwords"] = CANARY.into();
    is_refused(&config, &Environment::Test, "passwords");
}

#[tokio::test]
async fn a_value_of_a_wrong_type_is_named_and_not_shown() {
    let config = test_config().await;

    for (section, key) in [
        ("password", "min_length"),
        ("password", "concurrency"),
        ("registration", "allow_admin"),
        ("token", "reauthentication_seconds"),
        ("docs", "enable"),
    ] {
        for value in [
            json!(CANARY),
            json!("1, expected canary"),
            json!(-7_654_321),
            json!([CANARY]),
            json!(null),
        ] {
            let mut config = config.clone();
            change(&mut config, section, key, value);

            let message = is_refused(
                &config,
                &Environment::Test,
                &format!("settings.{section}.{key}"),
            );

            assert!(!message.contains("7654321"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_number_out_of_range_is_named_and_not_shown() {
    let config = test_config().await;

    for (section, key, bad, good) in [
        ("password", "min_length", [7, 65], [8, 64]),
        (
            "password",
            "memory_kib",
            [19_455, 4_194_305],
            [19_456, 4_194_304],
        ),
        ("password", "iterations", [1, 65], [2, 64]),
        ("password", "parallelism", [0, 65], [1, 64]),
        ("password", "concurrency", [1025, 99_999], [0, 1024]),
        ("password", "max_wait_ms", [99, 60_001], [100, 60_000]),
        (
            "token",
            "reauthentication_seconds",
            [59, 86_401],
            [60, 86_400],
        ),
    ] {
        for value in bad {
            let mut config = config.clone();
            change(&mut config, section, key, value.into());
            let message = is_refused(
                &config,
                &Environment::Test,
                &format!("settings.{section}.{key}"),
            );
            assert_eq!(message.lines().count(), 2, "{message}");
        }
        for value in good {
            let mut config = config.clone();
            change(&mut config, section, key, value.into());
            Settings::from_config(&config, &Environment::Test).expect(key);
        }
    }
    for key in ["issuer", "audience"] {
        let mut config = config.clone();
        change(&mut config, "token", key, "".into());
        is_refused(
            &config,
            &Environment::Test,
            &format!("settings.token.{key}"),
        );
    }
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let mut config = test_config().await;
    change(&mut config, "password", "min_length", 1.into());
    change(&mut config, "token", "issuer", "".into());
    config.server.port = 0;
    config.database.uri = CANARY.into();

    let message = is_refused(
        &config,
        &Environment::Production,
        "settings.password.min_length",
    );

    for key in [
        "settings.token.issuer",
        "server.port",
        "database.uri",
        "auth.jwt.secret",
        "server.host",
    ] {
        assert!(message.contains(key), "{key}: {message}");
    }
}

#[tokio::test]
async fn zero_permits_mean_one_for_each_core() {
    let mut password = settings::Password::default();
    let cores = std::thread::available_parallelism().unwrap().get();

    assert_eq!(password.permits(), cores);
    password.concurrency = 3;
    assert_eq!(password.permits(), 3);
}
