//! Rows that can't be imported: all others are, and of each it is told where it stands and why.

use std::{collections::BTreeSet, path::Path};

use rollcall::models::users;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{import, report, report_of, row, summary, traces, usernames, written};
use crate::support::{Service, process::Scratch, service};

/// Stands in every row that is bad, wherever it can.
const CANARY: &str = "c4n4ry";
const ID: &str = "01980000-0000-7000-8000-00000000c4a1";

/// More than one batch.
const ROWS: u64 = 6000;

const HEADER: &str =
    "id,username,email,phone_number,role,is_active,created_at,password_hash,first_name\n";

/// The text of a bad row, and what the report says of it.
type Bad = (Vec<u8>, &'static str, &'static str);

fn bad(text: &str, field: &'static str, code: &'static str) -> Bad {
    let text = text.replace('@', &format!("-{CANARY}@"));
    (format!("{text}\n").into_bytes(), field, code)
}

#[expect(clippy::too_many_lines, reason = "a list of what may be wrong")]
fn bad_rows(n: u64) -> Vec<Bad> {
    let email = format!("bad-{n}@example.com");
    let start = format!(",bad-{n},{email}");
    let mut not_utf8 = bad(&format!("{start},,,,,,Zo_"), "", "not_utf8");
    let end = not_utf8.0.len() - 2;
    not_utf8.0[end] = 0xEB;
    vec![
        not_utf8,
        bad(&format!(",\"bad-{n},{email},,,,,,"), "", "open_quote"),
        // The next quotation mark opens a field, and seems to close this one.
        bad(&format!("{start},,,,,,\"Ada"), "", "open_quote"),
        bad(&format!("{start},,,,,"), "", "wrong_number_of_fields"),
        bad(
            &format!("{start},,,,,,,{CANARY}"),
            "",
            "wrong_number_of_fields",
        ),
        bad(
            &format!("{start},,,,,,{}", CANARY.repeat(20_000)),
            "",
            "line_too_long",
        ),
        bad(
            &format!(",bad-{n},{CANARY} at example.com,,,,,,"),
            "email",
            "invalid_email",
        ),
        bad(&format!(",bad-{n},,,,,,,"), "email", "required"),
        bad(&format!(",,{email},,,,,,"), "username", "required"),
        bad(
            &format!(",bad {n},{email},,,,,,"),
            "username",
            "invalid_username",
        ),
        bad(
            &format!("{CANARY},bad-{n},{email},,,,,,"),
            "id",
            "invalid_type",
        ),
        bad(
            &format!("{start},{CANARY},,,,,"),
            "phone_number",
            "invalid_phone_number",
        ),
        bad(&format!("{start},,{CANARY},,,,"), "role", "invalid_type"),
        bad(
            &format!("{start},,,{CANARY},,,"),
            "is_active",
            "invalid_type",
        ),
        bad(
            &format!("{start},,,,{CANARY},,"),
            "created_at",
            "invalid_type",
        ),
        bad(
            &format!("{start},,,,,{CANARY},"),
            "password_hash",
            "hash_unknown",
        ),
        bad(
            &format!("{start},,,,,$1${CANARY}$x,"),
            "password_hash",
            "hash_unsupported",
        ),
        bad(
            &format!("{start},,,,,$2b$05${CANARY},"),
            "password_hash",
            "hash_malformed",
        ),
        bad(
            &format!(
                "{start},,,,,pbkdf2_sha256$9999999${CANARY}$sHpU1MbhAsKM8rw2HtE/elemnzIQnYvtS9CyZn33IMo=,"
            ),
            "password_hash",
            "hash_too_costly",
        ),
        bad(
            &format!("{start},,,,,,\"a\u{7}b {CANARY}\""),
            "first_name",
            "invalid_characters",
        ),
        // Against an earlier row of the file: row 0 is `Good-0`.
        bad(
            &format!(",gOOD-0,{email},,,,,,"),
            "username",
            "already_taken",
        ),
        (
            format!(",bad-{n},GOOD-0@EXAMPLE.COM,,,,,,\n").into_bytes(),
            "email",
            "already_taken",
        ),
        bad(
            &format!("{start},+441815000,,,,,"),
            "phone_number",
            "already_taken",
        ),
        bad(
            &format!("{ID},bad-{n},{email},,,,,,"),
            "id",
            "already_taken",
        ),
        // Against the table.
        bad(&format!(",ADA,{email},,,,,,"), "username", "already_taken"),
        (
            format!(",bad-{n},Ada@Example.COM,,,,,,\n").into_bytes(),
            "email",
            "already_taken",
        ),
        bad(
            &format!("{start},+441815001,,,,,"),
            "phone_number",
            "already_taken",
        ),
        bad(
            &format!("{},bad-{n},{email},,,,,,", there()),
            "id",
            "already_taken",
        ),
    ]
}

/// The id of the account that is in the table before.
fn there() -> &'static str {
    "01980000-0000-7000-8000-00000000c4a2"
}

/// One row in a hundred is bad; the lines, fields and codes that the report will have.
fn one_in_a_hundred(file: &Path) -> Vec<(u64, String, String)> {
    let mut text = HEADER.as_bytes().to_vec();
    let mut expected = Vec::new();
    let mut line = 2;
    for n in 0..ROWS {
        if n % 100 == 50 {
            let kinds = bad_rows(n);
            let (bytes, field, code) =
                &kinds[usize::try_from(n / 100).expect("small") % kinds.len()];
            text.extend(bytes);
            expected.push((line, (*field).to_string(), (*code).to_string()));
            line += 1;
            continue;
        }
        let (id, phone) = if n == 0 { (ID, "+441815000") } else { ("", "") };
        let good = format!(
            "{id},Good-{n},good-{n}@example.com,{phone},user,{},2019-03-04 05:06:07.123456+00,\
             $2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq,\"Zoë, \"\"the {n}th\"\"\"\n",
            ["true", "t", "1", ""][usize::try_from(n % 4).expect("small")],
        );
        text.extend(good.as_bytes());
        line += 1;
    }
    std::fs::write(file, text).expect("a file");
    expected
}

async fn ada(s: &Service, scratch: &Scratch) {
    let fields = json!({"id": there(), "phone_number": "+441815001"});
    let file = written(scratch.file("ada.jsonl"), row("ada", fields));
    summary(&import(&s.ctx.config.database.uri, &file, &[]).await);
}

#[tokio::test]
async fn of_a_file_with_bad_rows_all_good_ones_are_imported_and_the_others_reported() {
    service(|s| async move {
        let scratch = Scratch::new();
        ada(&s, &scratch).await;
        let uri = &s.ctx.config.database.uri;
        let file = scratch.file("many.csv");
        let expected = one_in_a_hundred(&file);
        let before = (usernames(&s.ctx.db).await, traces(&s).await);

        let dry = import(uri, &file, &["dry_run:true"]).await;
        let dry_report = std::fs::read_to_string(report_of(&file)).expect("a report");
        let after_dry = (usernames(&s.ctx.db).await, traces(&s).await);
        let run = import(uri, &file, &[]).await;

        let counts = |dry_run: bool| {
            json!({
                "dry_run": dry_run, "resumed_after": 0, "rows": ROWS, "accepted": ROWS - 60,
                "rejected": 60, "report": report_of(&file),
            })
        };
        assert_eq!(summary(&dry), counts(true));
        assert_eq!(before, after_dry, "a dry run changed something");
        assert_eq!(summary(&run), counts(false));
        assert_eq!(report(&report_of(&file)), expected);
        let text = std::fs::read_to_string(report_of(&file)).expect("a report");
        assert_eq!(text, dry_report);
        for secret in [CANARY, "$", "@", "bad-", "Ada"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let mut good: BTreeSet<_> = (0..ROWS)
            .filter(|n| n % 100 != 50)
            .map(|n| format!("Good-{n}"))
            .collect();
        good.insert("ada".to_string());
        assert_eq!(usernames(&s.ctx.db).await, good);
        let two_batches = (before.1.0 + 1, before.1.1 + 2);
        assert_eq!(traces(&s).await, two_batches);
    })
    .await;
}

#[tokio::test]
async fn what_is_imported_is_what_the_row_says() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = scratch.file("many.csv");
        one_in_a_hundred(&file);

        let run = import(&s.ctx.config.database.uri, &file, &[]).await;

        summary(&run);
        let id = ID.parse::<uuid::Uuid>().expect("a UUID");
        let user = users::Entity::find_by_id(id).one(&s.ctx.db).await;
        let user = user.expect("an answer").expect("a row");
        assert_eq!(user.username, "Good-0");
        assert_eq!(user.username_canonical, "good-0");
        assert_eq!(user.first_name.as_deref(), Some("Zoë, \"the 0th\""));
        assert_eq!(user.phone_number.as_deref(), Some("+441815000"));
        assert_eq!(user.last_name, None, "no column is null");
        assert_eq!(
            user.created_at.to_utc().to_rfc3339(),
            "2019-03-04T05:06:07.123456+00:00"
        );
        assert!(user.is_active && user.email_verified_at.is_none());
        let rows = users::Entity::find()
            .all(&s.ctx.db)
            .await
            .expect("the rows");
        let given = rows.iter().filter(|row| row.id != id);
        assert!(
            given.clone().all(|row| row.id.get_version_num() == 7),
            "an id of the time when the account was made"
        );
    })
    .await;
}
