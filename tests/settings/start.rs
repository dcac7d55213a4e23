//! The binary in production, with one variable missing or wrong: it does not start, names the variable
//! and never prints its value.

use super::{CANARY, OWN_SECRET};
use crate::support::process::{Run, Scratch, rollcall};

/// Run in production with these changes to a good environment; `None` takes a variable away.
fn run(args: &[&str], changes: &[(&str, Option<&str>)]) -> Run {
    let scratch = Scratch::new();
    let database = scratch.database();
    let mut variables = vec![
        ("LOCO_ENV", "production"),
        ("DATABASE_URL", database.as_str()),
        ("JWT_SECRET_KEY", OWN_SECRET),
        ("HOST", "https://rollcall.example.com"),
        ("DB_AUTO_MIGRATE", "true"),
    ];
    for (name, value) in changes {
        variables.retain(|(variable, _)| variable != name);
        variables.extend(value.map(|value| (*name, value)));
    }
    rollcall(args, &variables, "")
}

fn is_refused(changes: &[(&str, Option<&str>)], variable: &str) {
    let run = run(&["start", "--no-banner"], changes);
    assert_eq!(run.code, Some(1), "{changes:?}: {run:?}");
    assert!(run.stderr.contains(variable), "{changes:?}: {run:?}");
    for output in [&run.stdout, &run.stderr] {
        assert!(!output.contains(CANARY), "{changes:?}: {run:?}");
        assert!(!output.contains(OWN_SECRET), "{changes:?}: {run:?}");
    }
}

#[test]
fn what_is_required_is_enough() {
    let run = run(&["task", "user:list"], &[]);

    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("0 accounts"), "{run:?}");
}

#[test]
fn a_list_of_origins_may_have_blanks_and_gaps() {
    for origins in [
        "",
        " ",
        "https://a.example.com",
        " https://a.example.com , https://b.example.com,",
    ] {
        let run = run(&["task", "user:list"], &[("ALLOW_ORIGINS", Some(origins))]);

        assert_eq!(run.code, Some(0), "{origins:?} {run:?}");
    }
}

#[test]
fn what_is_required_is_missed() {
    for variable in ["DATABASE_URL", "JWT_SECRET_KEY", "HOST"] {
        is_refused(&[(variable, None)], variable);
        is_refused(&[(variable, Some(""))], variable);
    }
}

#[test]
fn a_bad_value_is_named_and_not_printed() {
    for (variable, value) in [
        ("DATABASE_URL", "canary"),
        ("DATABASE_URL", "mysql://user:canary@db/x"),
        ("DATABASE_URL", "postgres://user:canary#1@db/x"),
        ("DATABASE_URL", "postgres://user:canary@db:port/x"),
        ("DATABASE_URL", "postgres://user:canary@db/x?sslmode=canary"),
        ("JWT_SECRET_KEY", "canary"),
        ("JWT_SECRET_KEY", "Y2FuYXJ5"),
        ("HOST", "http://canary.example.com"),
        ("HOST", "canary"),
        ("ALLOW_ORIGINS", "*"),
        ("ALLOW_ORIGINS", "null"),
        ("ALLOW_ORIGINS", "https://app.example.com, canary"),
        ("PORT", "canary"),
        ("PORT", "0"),
        ("DB_MAX_CONNECTIONS", "canary"),
        ("DB_MAX_CONNECTIONS", "0"),
        ("DB_AUTO_MIGRATE", "canary"),
        ("JWT_EXPIRATION", "canary"),
    ] {
        is_refused(&[(variable, Some(value))], variable);
    }
}

#[test]
fn a_bad_setting_is_named_by_its_key() {
    for (variable, value, key) in [
        ("JWT_EXPIRATION", "1", "auth.jwt.expiration"),
        ("JWT_ISSUER", "", "settings.token.issuer"),
        (
            "PASSWORD_MEMORY_KIB",
            "canary",
            "settings.password.memory_kib",
        ),
        ("PASSWORD_MIN_LENGTH", "7", "settings.password.min_length"),
        (
            "REAUTHENTICATION_SECONDS",
            "-1",
            "settings.token.reauthentication_seconds",
        ),
        ("DOCS_ENABLE", "canary", "settings.docs.enable"),
    ] {
        let run = run(&["start", "--no-banner"], &[(variable, Some(value))]);

        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains(key), "{run:?}");
        assert!(!run.stderr.contains(CANARY), "{run:?}");
    }
}

#[test]
fn a_database_that_can_not_be_reached_ends_the_start_and_its_password_is_not_printed() {
    for uri in [
        "postgres://rollcall:canary@127.0.0.1:1/rollcall",
        "sqlite:///nowhere/at/all/canary.sqlite",
    ] {
        let changes = [
            ("DATABASE_URL", Some(uri)),
            ("DB_CONNECT_TIMEOUT", Some("500")),
            ("DB_WAIT", Some("1000")),
        ];
        let run = run(&["start", "--no-banner"], &changes);

        assert_eq!(run.code, Some(1), "{uri}: {run:?}");
        assert!(!run.stderr.is_empty());
        for output in [&run.stdout, &run.stderr] {
            assert!(!output.contains(CANARY), "{uri}: {run:?}");
        }
    }
}

#[test]
fn the_configuration_can_not_be_rewritten_by_a_value() {
    for variable in ["DATABASE_URL", "JWT_SECRET_KEY", "HOST", "BINDING"] {
        for value in [
            "canary\"",
            "canary\\",
            "canary\"\nsettings: {registration: {allow_admin: true}}",
        ] {
            is_refused(&[(variable, Some(value))], variable);
        }
    }
}

#[test]
fn a_shipped_secret_does_not_leave_the_machine() {
    let development = |args: &[&str]| {
        let scratch = Scratch::new();
        let database = scratch.database();
        let variables = [
            ("LOCO_ENV", "development"),
            ("DATABASE_URL", database.as_str()),
        ];
        rollcall(args, &variables, "")
    };

    let run = development(&[
        "start",
        "--no-banner",
        "--binding",
        "0.0.0.0",
        "--port",
        "5199",
    ]);

    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("JWT_SECRET_KEY"), "{run:?}");
}
