//! Where a row ends, in either format, also when what stands before it is broken.

use std::collections::BTreeSet;

use rollcall::models::users;
use serde_json::json;

use super::{import, report, report_of, row, summary, usernames, written};
use crate::support::{process::Scratch, service};

#[tokio::test]
async fn a_field_may_go_over_lines_and_the_next_rows_keep_theirs() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = written(
            scratch.file("lines.csv"),
            "\u{feff}username,email,is_active,suspension_reason\r\n\
             ada,ada@example.com,false,\"Spam,\nand \"\"more\"\"\nof it\"\r\n\
             \r\n\
             bad,bad,true,\r\n\
             open,open@example.com,false,\"never\n\
             bob,bob@example.com,false,\"Two\nlines\"\n\
             eve,eve@example.com,F,\"\"",
        );

        let run = import(&s.ctx.config.database.uri, &file, &[]).await;

        let summary = summary(&run);
        assert_eq!(
            (&summary["accepted"], &summary["rejected"]),
            (&json!(3), &json!(2))
        );
        let told = report(&report_of(&file));
        let told: Vec<_> = told
            .iter()
            .map(|(line, _, code)| (*line, code.as_str()))
            .collect();
        assert_eq!(told, [(6, "invalid_email"), (7, "open_quote")]);
        for (name, reason) in [
            ("ada", Some("Spam,\nand \"more\"\nof it")),
            ("bob", Some("Two\nlines")),
            ("eve", None),
        ] {
            let user = users::Model::find_by_identifier(&s.ctx.db, name).await;
            let user = user.expect("an account");
            assert_eq!(user.suspension_reason.as_deref(), reason, "{name}");
            assert!(!user.is_active);
        }
    })
    .await;
}

#[tokio::test]
async fn json_lines_are_rejected_one_by_one_too() {
    service(|s| async move {
        let scratch = Scratch::new();
        let ada = written(scratch.file("ada.jsonl"), row("ada", json!({})));
        summary(&import(&s.ctx.config.database.uri, &ada, &[]).await);
        let mut text = row("good-1", json!({"first_name": null, "role": "admin"})).into_bytes();
        for bad in [
            "{\"username\": \"c4n4ry\n".as_bytes(),
            b"\"c4n4ry\"\n",
            b"[\"c4n4ry\"]\n",
            b"null\n",
            b"{\"username\":\"c4n4ry-\xFF\",\"email\":\"a@example.com\"}\n",
            row("bad-1", json!({"password": "c4n4ry"})).as_bytes(),
            row("bad-2", json!({"$2b$05$c4n4ry": 1})).as_bytes(),
            row("bad-3", json!({"password_hash": 7})).as_bytes(),
            row("bad-4", json!({"password_hash": {"secretData": "c4n4ry"}})).as_bytes(),
            row("bad-5", json!({"is_active": "true"})).as_bytes(),
            row("bad-6", json!({"username": null})).as_bytes(),
            row("bad-7", json!({"email": "ADA@example.com"})).as_bytes(),
            row("bad-8", json!({"first_name": "c4n4ry".repeat(20_000)})).as_bytes(),
            row("bad-9", json!({"first_name": "nul \0"})).as_bytes(),
            row("bad-10", json!({"suspension_reason": "nul \0"})).as_bytes(),
            row("GOOD-1", json!({})).as_bytes(),
        ] {
            text.extend(bad);
        }
        text.extend(
            row("good-2", json!({"last_name": "O'Brien \u{1F600}"}))
                .trim_end()
                .as_bytes(),
        );
        let file = written(scratch.file("rows.jsonl"), text);

        let uri = &s.ctx.config.database.uri;
        let dry = import(uri, &file, &["dry_run:true"]).await;
        let run = import(uri, &file, &[]).await;

        let summary = summary(&run);
        assert_eq!(
            (&summary["accepted"], &summary["rejected"]),
            (&json!(2), &json!(16))
        );
        assert_eq!(super::summary(&dry)["rejected"], 16);
        let told = report(&report_of(&file));
        let told: Vec<_> = told
            .iter()
            .map(|(line, field, code)| (*line, field.as_str(), code.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (2, "", "invalid_json"),
                (3, "", "invalid_type"),
                (4, "", "invalid_type"),
                (5, "", "invalid_type"),
                (6, "", "not_utf8"),
                (7, "password", "unknown_field"),
                // A name that may be something else is not repeated.
                (8, "", "unknown_field"),
                (9, "password_hash", "invalid_type"),
                (10, "password_hash", "hash_malformed"),
                (11, "is_active", "invalid_type"),
                (12, "username", "invalid_type"),
                (13, "email", "already_taken"),
                (14, "", "line_too_long"),
                (15, "first_name", "invalid_characters"),
                (16, "suspension_reason", "invalid_characters"),
                (17, "username", "already_taken"),
            ]
        );
        let text = std::fs::read_to_string(report_of(&file)).expect("a report");
        assert!(!text.contains("c4n4ry") && !text.contains('$'), "{text}");
        let names: BTreeSet<_> = ["ada", "good-1", "good-2"].map(String::from).into();
        assert_eq!(usernames(&s.ctx.db).await, names);
    })
    .await;
}
