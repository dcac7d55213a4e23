//! `doctor`: what it finds, and how it ends.

use serde_json::Value;

use crate::support::{
    process::{Run, rollcall_beside},
    server::{Ground, free_port},
};

async fn doctor(database: &str, variables: &[(&str, &str)]) -> Run {
    command(&["doctor", "--json"], database, variables).await
}

async fn command(
    arguments: &'static [&'static str],
    database: &str,
    variables: &[(&str, &str)],
) -> Run {
    let variables = [variables, &[("DATABASE_URL", database)]].concat();
    rollcall_beside(arguments, &variables).await
}

/// What was said of this subject: status and words.
fn of<'a>(found: &'a Value, subject: &str) -> Option<(&'a str, &'a str)> {
    let checks = found["checks"].as_array().expect("checks");
    checks.iter().find_map(|check| {
        let words = check["message"]
            .as_str()?
            .strip_prefix(&format!("{subject}: "))?;
        Some((check["status"].as_str()?, words))
    })
}

const PRODUCTION: [(&str, &str); 3] = [
    ("LOCO_ENV", "production"),
    ("HOST", "https://rollcall.example.com"),
    (
        "JWT_SECRET_KEY",
        "b25seSBmb3IgdGhpcyB0ZXN0LCBhbmQgbG9uZyBlbm91Z2gu",
    ),
];

#[tokio::test]
async fn a_new_installation_is_sound_and_says_what_is_only_for_trying() {
    let ground = Ground::new().await;

    let fresh = doctor(&ground.database(), &[]).await;
    command(&["db", "migrate"], &ground.database(), &[]).await;
    let made = doctor(&ground.database(), &[]).await;

    assert_eq!(fresh.code, Some(0), "{fresh:?}");
    let fresh: Value = serde_json::from_str(&fresh.stdout).expect("JSON, and nothing else");
    assert_eq!(of(&fresh, "schema").expect("schema").0, "doubtful");
    assert_eq!(of(&fresh, "writes"), None, "there are no tables");
    assert_eq!(made.code, Some(0), "{made:?}");
    let made: Value = serde_json::from_str(&made.stdout).expect("JSON, and nothing else");
    assert_eq!(made["sound"], true);
    for (subject, status) in [
        ("clock", "ok"),
        ("disk", "ok"),
        ("mailer", "doubtful"),
        ("outbox", "ok"),
        ("schema", "ok"),
        ("secret", "doubtful"),
        ("writes", "ok"),
    ] {
        assert_eq!(of(&made, subject).expect(subject).0, status, "{made}");
    }
}

#[tokio::test]
async fn production_needs_tables_and_a_mail_server_that_answers() {
    let ground = Ground::new().await;
    let port = free_port().to_string();
    let nobody = [
        &PRODUCTION[..],
        &[("MAILER_HOST", "127.0.0.1"), ("MAILER_PORT", &port)],
    ]
    .concat();

    let without = doctor(&ground.database(), &PRODUCTION).await;
    command(&["db", "migrate"], &ground.database(), &PRODUCTION).await;
    let silent = doctor(&ground.database(), &nobody).await;

    for (run, subject) in [
        (&without, "schema"),
        (&without, "mailer"),
        (&silent, "mailer"),
    ] {
        assert_eq!(run.code, Some(1), "{run:?}");
        let found: Value = serde_json::from_str(&run.stdout).expect("JSON, and nothing else");
        assert_eq!(found["sound"], false);
        assert_eq!(of(&found, subject).expect(subject).0, "failed", "{found}");
    }
    let found: Value = serde_json::from_str(&silent.stdout).expect("JSON");
    assert_eq!(of(&found, "secret").expect("secret").0, "ok");
    assert_eq!(of(&found, "schema").expect("schema").0, "ok");
}

#[tokio::test]
async fn an_address_of_this_machine_is_right_behind_a_proxy_of_this_machine() {
    let ground = Ground::new().await;
    command(&["db", "migrate"], &ground.database(), &PRODUCTION).await;
    let alone = [&PRODUCTION[..], &[("BINDING", "127.0.0.1")]].concat();
    let behind = [&alone[..], &[("TRUSTED_PROXIES", "127.0.0.1/32")]].concat();

    for (variables, status) in [(&alone, "failed"), (&behind, "ok")] {
        let run = doctor(&ground.database(), variables).await;

        let found: Value = serde_json::from_str(&run.stdout).expect("JSON, and nothing else");
        let settings = of(&found, "production settings").expect("settings");
        assert_eq!(settings.0, status, "{found}");
    }
}
