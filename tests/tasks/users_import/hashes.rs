//! Whoever comes from elsewhere logs in with the password that they had there.

use rollcall::models::users;
use serde_json::{Value, json};

use super::{import, import_with, report, report_of, row, summary, written};
use crate::support::{Service, process::Scratch, service};

const PASSWORD: &str = "correct horse";

/// The export of a realm: both parts are JSON as text.
fn keycloak() -> Value {
    json!({
        "type": "password",
        "userLabel": "My password",
        "secretData": r#"{"value":"5IL4kCCyOerhaEHfdK1BbjYxO6HitYLRtJOxwD8MUZH5wCgc1edmf35rWiP9sRxEwnQDstxch8twKh08Usi1fQ==","salt":"JaBKqx57IIB/dLDTpWBu+Q==","additionalParameters":{}}"#,
        "credentialData": r#"{"hashIterations":210000,"algorithm":"pbkdf2-sha512","additionalParameters":{}}"#,
    })
}

/// Who, the hash as its system exports it, and the password. Where each comes from stands in
/// `tests/models/imported_hashes.rs`.
fn people() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "django",
            "pbkdf2_sha256$20000$pRc0IhDMyb5UeRe2WDJa03$sHpU1MbhAsKM8rw2HtE/elemnzIQnYvtS9CyZn33IMo="
                .into(),
            PASSWORD,
        ),
        (
            "django-bcrypt",
            "bcrypt_sha256$$2b$05$u4k5o5NpAwA.eMg8pV5BeuoHIAFvnGFNq773VKcotd6tY1cDUFfTy".into(),
            PASSWORD,
        ),
        (
            "django-scrypt",
            "scrypt$16384$FGHYzuN6pjcj47FjoPhoNW$8$5$vO/jt+5+lUwNIc4rh62gGErDrlW2xDlf/EhmCmjQlOPw0HG+IX5qmRfhBnzIL+Tcvv3/o1+5cFbj39oVycKQrQ==".into(),
            PASSWORD,
        ),
        (
            "bcrypt",
            "$2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".into(),
            PASSWORD,
        ),
        (
            "laravel",
            "$2y$05$KxbsLPIZ9UJDTMuRu0z3zOdevQ5gn3f0qNITl82tVhL8tdcfyArHC".into(),
            PASSWORD,
        ),
        (
            "argon2i",
            "$argon2i$v=19$m=1024,t=2,p=2$61GfQzAoTZQSFJDK403dxw$jTNK1JVkAePaLn01pV4FJzoVKIDi9o2kAGBRPJ/3vKA".into(),
            PASSWORD,
        ),
        (
            "argon2id",
            "$argon2id$v=19$m=1024,t=2,p=2$p7EXAxbCh9iXsK8j9j0oGQ$LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM".into(),
            PASSWORD,
        ),
        ("keycloak", keycloak(), "password"),
    ]
}

async fn hash_of(s: &Service, username: &str) -> String {
    let user = users::Model::find_by_identifier(&s.ctx.db, username).await;
    user.expect("an account").hashed_password
}

/// The wrong password is refused, the right one accepted, and from then on there is a hash of our own.
async fn moves_in(s: &Service, username: &str, password: &str) {
    let imported = hash_of(s, username).await;

    s.log_in_fails(username, "wrong horse").await;
    assert_eq!(hash_of(s, username).await, imported, "{username}");
    s.log_in(username, password).await;

    let own = hash_of(s, username).await;
    assert!(
        own.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{username}: {own}"
    );
    assert_ne!(own, imported);
    s.log_in_fails(username, "wrong horse").await;
    s.log_in(username, password).await;
    assert_eq!(
        hash_of(s, username).await,
        own,
        "{username}: no second time"
    );
}

#[tokio::test]
async fn the_first_login_verifies_the_hash_of_another_system_and_replaces_it() {
    service(|s| async move {
        let scratch = Scratch::new();
        let rows = people().into_iter();
        let rows: String = rows
            .map(|(username, hash, _)| row(username, json!({"password_hash": hash})))
            .collect();
        let file = written(scratch.file("people.jsonl"), rows);

        let run = import(&s.ctx.config.database.uri, &file, &[]).await;

        assert_eq!(summary(&run)["accepted"], people().len());
        for (username, _, password) in people() {
            moves_in(&s, username, password).await;
        }
    })
    .await;
}

const FIREBASE: [&str; 3] = [
    "firebase_rounds:8",
    "firebase_mem_cost:14",
    "firebase_salt_separator:Bw==",
];

/// The README of firebase/scrypt.
const SIGNER_KEY: (&str, &str) = (
    "FIREBASE_SIGNER_KEY",
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
);

#[tokio::test]
async fn a_firebase_hash_is_completed_by_the_parameters_of_its_project() {
    service(|s| async move {
        let scratch = Scratch::new();
        let (salt, hash) = (
            "42xEC+ixf3L2lw==",
            "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        );
        let csv = written(
            scratch.file("firebase.csv"),
            format!(
                "username,email,password_hash,password_salt\n\
                 ada,ada@example.com,{hash},{salt}\n\
                 google,google@example.com,,\n\
                 broken,broken@example.com,c2VjcmV0LWNhbmFyeQ==,{salt}\n"
            ),
        );
        let fields = json!({"password_hash": hash, "password_salt": salt});
        let jsonl = row("bob", fields) + &row("nobody", json!({"password_salt": null}));
        let jsonl = written(scratch.file("firebase.jsonl"), jsonl);

        let uri = &s.ctx.config.database.uri;
        let from_csv = import_with(uri, &csv, &FIREBASE, &[SIGNER_KEY]).await;
        let from_jsonl = import_with(uri, &jsonl, &FIREBASE, &[SIGNER_KEY]).await;

        assert_eq!(summary(&from_csv)["accepted"], 2, "{from_csv:?}");
        assert_eq!(
            report(&report_of(&csv)),
            [(4, "password_hash".to_string(), "hash_malformed".to_string())]
        );
        assert_eq!(summary(&from_jsonl)["accepted"], 2, "{from_jsonl:?}");
        for username in ["ada", "bob"] {
            moves_in(&s, username, "user1password").await;
        }
        for username in ["google", "nobody"] {
            assert_eq!(hash_of(&s, username).await, "!");
            s.log_in_fails(username, "").await;
            s.log_in_fails(username, "!").await;
        }
    })
    .await;
}
