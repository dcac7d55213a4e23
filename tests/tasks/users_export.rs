//! `users:export`: all accounts, as `users:import` reads them.

use std::path::Path;

use rollcall::models::users;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, EntityTrait, QueryOrder};
use serde_json::json;

use super::{printed, task};
use crate::support::{
    PASSWORD, Service, audit::details, process::Scratch, server::Ground, service,
};

async fn export(s: &Service, to: &Path, format: &str) {
    let to = to.display().to_string();
    let arguments = [("to", to.as_str()), ("format", format)];
    task(&s.ctx, "users:export", &arguments)
        .await
        .expect("to export");
}

async fn import(database: &str, file: &Path, format: &str) -> serde_json::Value {
    let (file, format) = (
        format!("file:{}", file.display()),
        format!("format:{format}"),
    );
    let arguments = [file.as_str(), format.as_str()];
    super::databases::done(database, "users:import", &arguments).await
}

async fn rows(db: &DatabaseConnection) -> Vec<users::Model> {
    let rows = users::Entity::find().order_by_asc(users::Column::Id);
    rows.all(db).await.expect("the rows")
}

/// All kinds of accounts: registered, changed, suspended, deleted, and imported with everything that a
/// column can hold.
async fn people(s: &Service, scratch: &Scratch) {
    let ada = s.member("ada").await;
    let names =
        json!({"first_name": "Ada, \"the\" Countess", "last_name": "O'Brien; Zoë \u{1F600}"});
    ada.patch("/v1/api/users/", names).await;
    s.member("suspended").await;
    let reason = "Spam,\n\"and\" more;\n\n of it\t".trim_end();
    let suspension = [
        ("user", "suspended"),
        ("reason", reason),
        ("until", "2099-01-01T00:00:00Z"),
    ];
    task(&s.ctx, "users:suspend", &suspension)
        .await
        .expect("to suspend");
    for _ in 0..2 {
        // Twice: two deleted accounts may have had one name.
        s.member("gone").await.delete("/v1/api/users/").await;
    }
    s.admin("root").await;
    let hashes = [
        json!("!"),
        json!("$2y$05$KxbsLPIZ9UJDTMuRu0z3zOdevQ5gn3f0qNITl82tVhL8tdcfyArHC"),
        json!("$2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq"),
        json!("bcrypt_sha256$$2b$05$u4k5o5NpAwA.eMg8pV5BeuoHIAFvnGFNq773VKcotd6tY1cDUFfTy"),
        json!(
            "$argon2i$m=1024,t=2,p=2$Ow1hTCJ/tRkpKKwXNhN2IA$kiWTUGf8LYbr8OxgjxrKSTlf5TMaOqZUTrp9ApCgmdQ"
        ),
        json!(
            "pbkdf2_sha256$20000$pRc0IhDMyb5UeRe2WDJa03$sHpU1MbhAsKM8rw2HtE/elemnzIQnYvtS9CyZn33IMo="
        ),
        json!(
            "pbkdf2:sha512:2000$fAJ6lDq6auLVuAfb$62012bec1fc32427c6274f518e75e4b3b5ecb12740924fc20c2589e575cad12767fc9fac43c00b15f471440705ffab778ff9b17d4b4c39e261de2cd0969e6558"
        ),
        json!(
            "scrypt$16384$FGHYzuN6pjcj47FjoPhoNW$8$5$vO/jt+5+lUwNIc4rh62gGErDrlW2xDlf/EhmCmjQlOPw0HG+IX5qmRfhBnzIL+Tcvv3/o1+5cFbj39oVycKQrQ=="
        ),
        json!(
            "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
        ),
    ];
    let mut text = String::new();
    for (n, hash) in hashes.into_iter().enumerate() {
        let row = json!({
            "id": format!("00000000-0000-4000-8000-00000000000{n}"),
            "username": format!("Ｎａｍｅ-ß-{n}"),
            "email": format!("Quoted.{n}@Example.COM"),
            "first_name": "李, \"小龙\"", "last_name": " leading and trailing ",
            "phone_number": format!("+44181500{n}"),
            "role": if n == 0 { "admin" } else { "user" },
            "is_active": n % 2 == 0,
            "password_hash": hash,
            "locale": "pt-BR",
            "created_at": "1970-01-01T00:00:00Z",
            "updated_at": "2001-02-03T04:05:06.789012+01:30",
            "email_verified_at": "2001-02-03T04:05:06.7Z",
            "last_login_at": "2026-01-01T00:00:00.000001Z",
            "deleted_at": if n == 2 { json!("2026-10-01T00:00:00Z") } else { json!(null) },
            "suspended_until": if n == 3 { json!("2099-12-31T23:59:59Z") } else { json!(null) },
            "suspension_reason": if n == 3 { json!("=1+1\n\"quoted\"\n\n,") } else { json!(null) },
        });
        text += &row.to_string();
        text.push('\n');
    }
    let file = scratch.file("people.jsonl");
    std::fs::write(&file, text).expect("to write");
    let file = file.display().to_string();
    let arguments = [("file", file.as_str()), ("format", "jsonl")];
    task(&s.ctx, "users:import", &arguments)
        .await
        .expect("to import");
}

#[tokio::test]
async fn an_import_of_an_export_brings_the_same_rows() {
    service(|s| async move {
        let scratch = Scratch::new();
        people(&s, &scratch).await;
        let expected = rows(&s.ctx.db).await;
        assert_eq!(expected.len(), 14);

        for format in ["csv", "jsonl"] {
            let file = scratch.file(&format!("all.{format}"));
            export(&s, &file, format).await;
            let other = Ground::new().await;
            let summary = import(&other.database(), &file, format).await;

            assert_eq!(
                (&summary["accepted"], &summary["rejected"]),
                (&json!(14), &json!(0))
            );
            let db = Database::connect(other.database()).await.expect("it");
            assert_eq!(rows(&db).await, expected, "{format}");
            db.close().await.expect("to close it");
            // And once more: not a byte differs.
            let again = other.file("again");
            let (to, format) = (
                format!("to:{}", again.display()),
                format!("format:{format}"),
            );
            super::databases::done(&other.database(), "users:export", &[&to, &format]).await;
            let (first, second) = (std::fs::read(&file), std::fs::read(&again));
            assert!(first.expect("it") == second.expect("it"), "{format}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_moved_logs_in_with_the_old_password() {
    service(|s| async move {
        let scratch = Scratch::new();
        s.member("ada").await;
        let file = scratch.file("all.csv");
        export(&s, &file, "csv").await;
        let other = Ground::new().await;

        import(&other.database(), &file, "csv").await;

        let server = other.start(&[], &[]).await;
        for (password, status) in [(PASSWORD, 200), ("wrong horse", 401)] {
            let credentials = json!({"username": "ada", "password": password});
            assert_eq!(server.post("/auth/token", credentials).await.0, status);
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_that_goes_beyond_one_read_is_exported_too() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = scratch.file("many.jsonl");
        let many = (0..5001).map(|n| super::users_import::row(&format!("many-{n}"), json!({})));
        std::fs::write(&file, many.collect::<String>()).expect("to write");
        let path = file.display().to_string();
        let arguments = [("file", path.as_str()), ("format", "jsonl")];
        task(&s.ctx, "users:import", &arguments)
            .await
            .expect("to import");
        let to = scratch.file("all.csv");

        let told = printed(
            &s,
            "users:export",
            &[&format!("to:{}", to.display()), "format:csv", "json:true"],
        )
        .await;

        assert_eq!(told, json!({"exported": 5001, "to": to}));
        let text = std::fs::read_to_string(&to).expect("it");
        assert_eq!(text.lines().count(), 5002);
        let event = s.last_event("accounts.exported").await;
        assert_eq!(
            (&*event.actor_kind, &*event.outcome),
            ("operator", "success")
        );
        assert_eq!(details(&event), json!({"accounts": 5001}));
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone_and_in_its_place_when_it_is_whole() {
    use std::os::unix::fs::PermissionsExt;
    service(|s| async move {
        let scratch = Scratch::new();
        s.member("ada").await;
        let file = scratch.file("all.jsonl");
        std::fs::write(&file, "an older one, for all to read").expect("to write");
        let readable = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&file, readable.clone()).expect("to set it");
        let partial = scratch.file("all.jsonl.partial");
        std::fs::write(&partial, "left by one that was killed").expect("to write");
        std::fs::set_permissions(&partial, readable).expect("to set it");

        export(&s, &file, "jsonl").await;

        let mode = std::fs::metadata(&file).expect("it").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!partial.exists());
        let text = std::fs::read_to_string(&file).expect("it");
        assert_eq!(text.lines().count(), 1, "{text}");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_not_recorded() {
    service(|s| async move {
        s.member("ada").await;
        for (arguments, says) in [
            (vec![], "`to:…` is missing"),
            (vec![("to", "x.csv")], "`format:…` is missing"),
            (
                vec![("to", "x.csv"), ("format", "xml")],
                "`format` is csv or jsonl",
            ),
            (
                vec![("to", "x.csv"), ("format", "csv"), ("file", "y")],
                "`file` is not known here",
            ),
            (
                vec![("to", "/nowhere/all.csv"), ("format", "csv")],
                "/nowhere/all.csv.partial can't be written",
            ),
        ] {
            let said = task(&s.ctx, "users:export", &arguments).await;
            let said = said.expect_err("a refusal");
            assert!(said.contains(says), "{arguments:?}: {said}");
        }
        let events = s.events().await;
        assert!(
            events
                .iter()
                .all(|event| event.action != "accounts.exported")
        );
    })
    .await;
}

/// A name that came in before there was a rule for it, or by hand, leaves as it is.
#[tokio::test]
async fn a_line_break_in_a_name_does_not_break_the_file() {
    service(|s| async move {
        let scratch = Scratch::new();
        s.member("ada").await;
        s.member("bob").await;
        let sql = "UPDATE users SET first_name = 'A\r\nda, \"x\"', search_text = 'x' WHERE username = 'ada'";
        s.ctx.db.execute_unprepared(sql).await.expect("to change it");

        for format in ["csv", "jsonl"] {
            let file = scratch.file(&format!("all.{format}"));
            export(&s, &file, format).await;
            let other = Ground::new().await;
            let summary = import(&other.database(), &file, format).await;

            // Names have no control characters here: that one is reported, the other comes in.
            assert_eq!((&summary["accepted"], &summary["rejected"]), (&json!(1), &json!(1)));
        }
    })
    .await;
}
