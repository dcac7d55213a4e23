//! `user:create` reads the password from standard input: a process of its own.

use serde_json::Value;

use crate::support::{
    PASSWORD,
    process::{Run, Scratch, rollcall},
};

fn run(scratch: &Scratch, arguments: &[&str], stdin: &str) -> Run {
    let database = scratch.database();
    let variables = [
        ("LOCO_ENV", "development"),
        ("DATABASE_URL", database.as_str()),
    ];
    let arguments = [&["task", "user:create"], arguments].concat();
    rollcall(&arguments, &variables, stdin)
}

const ADA: [&str; 2] = ["username:ada", "email:ada@example.com"];

#[test]
fn an_account_is_made_on_an_empty_database() {
    let scratch = Scratch::new();

    let run = run(&scratch, &[&ADA[..], &["role:admin"]].concat(), PASSWORD);

    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout
            .starts_with("created ada (ada@example.com), role admin, id "),
        "{run:?}"
    );
    assert!(!run.stdout.contains(PASSWORD));
    assert!(!run.stderr.contains(PASSWORD));
}

#[test]
fn for_machines_exactly_one_line_of_json_is_printed() {
    let scratch = Scratch::new();
    let arguments = [
        &ADA[..],
        &[
            "first_name:Ada: Countess",
            "phone_number:+441815001",
            "json:true",
        ],
    ]
    .concat();

    let run = run(&scratch, &arguments, &format!("{PASSWORD}\r\n"));

    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    let user: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(user["username"], "ada");
    assert_eq!(user["first_name"], "Ada: Countess");
    assert_eq!(user["phone_number"], "+441815001");
    assert_eq!(user["role"], "user");
    assert_eq!(user["updated_at"], Value::Null);
    assert_eq!(user.get("hashed_password"), None);
}

#[test]
fn a_taken_name_ends_with_1_and_says_so_on_standard_error() {
    let scratch = Scratch::new();
    run(&scratch, &ADA, PASSWORD);

    let again = run(
        &scratch,
        &["username:ADA", "email:other@example.com", "json:true"],
        PASSWORD,
    );

    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(again.stdout, "");
    assert!(
        again.stderr.ends_with("error: username is already taken\n"),
        "{again:?}"
    );
}

#[test]
fn a_password_that_is_too_short_is_refused_and_not_printed() {
    let scratch = Scratch::new();

    for password in ["canary", "", "\n", "canary\nand more in a second line"] {
        let run = run(&scratch, &ADA, password);

        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!(run.stdout, "");
        assert!(run.stderr.contains("/password"), "{run:?}");
        assert!(!run.stderr.contains("canary"), "{run:?}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let scratch = Scratch::new();

    let run = run(
        &scratch,
        &["username:a b", "phone_number:1", "role:root"],
        PASSWORD,
    );

    assert_eq!(run.code, Some(1), "{run:?}");
    for pointer in ["/username", "/email", "/phone_number", "/role"] {
        assert!(run.stderr.contains(pointer), "{pointer}: {run:?}");
    }
}

#[test]
fn a_password_is_never_an_argument() {
    let scratch = Scratch::new();

    for argument in ["password:canary-password", "hashed_password:canary"] {
        let run = run(&scratch, &[&ADA[..], &[argument]].concat(), PASSWORD);

        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains("is not known here"), "{run:?}");
        assert!(!run.stderr.contains("canary"), "{run:?}");
    }
}
