//! Accounts that came in a file are accounts like any others.

use chrono::Duration;
use serde_json::{Value, json};

use super::{row, traces, written};
use crate::{
    support::{PASSWORD, Service, audit::details, process::Scratch, service},
    tasks::task,
};

const HASH: &str = "$2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq";

/// In this process: its clock and its mails are the test's.
async fn import(s: &Service, scratch: &Scratch, rows: &str, more: &[(&str, &str)]) {
    let file = written(scratch.file("rows.jsonl"), rows);
    let file = file.display().to_string();
    let mut arguments = vec![("file", file.as_str()), ("format", "jsonl")];
    arguments.extend(more);
    task(&s.ctx, "users:import", &arguments)
        .await
        .expect("to import");
}

#[tokio::test]
async fn administrators_find_them() {
    service(|s| async move {
        let scratch = Scratch::new();
        let root = s.admin("root").await;
        let rows = row(
            "before",
            json!({"first_name": "Jürgen", "last_name": "Groß"}),
        ) + &row("other", json!({}));
        import(&s, &scratch, &rows, &[]).await;
        let body = json!({
            "username": "after", "email": "after@example.com", "password": PASSWORD,
            "last_name": "Gross",
        });
        s.anonymous().post("/auth/register", body).await;

        for (query, expected) in [
            ("q=GROSS&sort=username", vec!["after", "before"]),
            ("q=ther", vec!["other"]),
            ("q=before%40example", vec!["before"]),
            ("q=root", vec!["root"]),
        ] {
            let answer = root.get(&format!("/v1/api/admin/users?{query}")).await;
            let items = answer.body["items"].as_array().expect("items");
            let names: Vec<_> = items.iter().map(|item| item["username"].as_str()).collect();
            let expected: Vec<_> = expected.into_iter().map(Some).collect();
            assert_eq!(names, expected, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_suspended_or_deleted_one_stays_out() {
    service(|s| async move {
        let scratch = Scratch::new();
        let at = |hours: i64| (s.now() + Duration::hours(hours)).to_rfc3339();
        let rows = [
            ("living", json!({})),
            ("suspended", json!({"is_active": false})),
            (
                "for-a-time",
                json!({"is_active": false, "suspended_until": at(1)}),
            ),
            (
                "come-back",
                json!({"is_active": false, "suspended_until": at(-1)}),
            ),
            ("deleted", json!({"deleted_at": at(-1)})),
            ("twin", json!({"deleted_at": at(-2)})),
        ];
        let rows: String = rows
            .into_iter()
            .map(|(name, mut fields)| {
                fields["password_hash"] = HASH.into();
                row(name, fields)
            })
            // The identifiers of one that is deleted are free.
            .chain([row("twin", json!({"password_hash": HASH}))])
            .collect();

        import(&s, &scratch, &rows, &[]).await;

        for name in ["living", "come-back", "twin"] {
            s.log_in(name, "correct horse").await;
        }
        for name in ["suspended", "for-a-time", "deleted"] {
            s.log_in_fails(name, "correct horse").await;
        }
    })
    .await;
}

#[tokio::test]
async fn one_without_a_password_is_sent_a_link_when_that_is_wished() {
    service(|s| async move {
        let scratch = Scratch::new();
        let people = |n: usize| {
            row(&format!("with-{n}"), json!({"password_hash": HASH}))
                + &row(&format!("without-{n}"), json!({}))
                + &row(
                    &format!("django-{n}"),
                    json!({"password_hash": "!7pSVy8kSDzp0vLtOAV9W"}),
                )
                + &row(&format!("suspended-{n}"), json!({"is_active": false}))
                + &row(
                    &format!("deleted-{n}"),
                    json!({"deleted_at": "2020-01-01T00:00:00Z"}),
                )
                + &row("without-1", json!({}))
        };

        import(&s, &scratch, &people(0), &[]).await;
        assert_eq!(s.mails().await.len(), 0);
        import(
            &s,
            &scratch,
            &people(2),
            &[("setup_mail", "true"), ("dry_run", "true")],
        )
        .await;
        assert_eq!(s.outbox().await.len(), 0);
        import(&s, &scratch, &people(2), &[("setup_mail", "true")]).await;

        let mut to: Vec<_> = s.mails().await.into_iter().map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, ["django-2@example.com", "without-2@example.com"]);
        let token = s
            .last_mail_to("without-2@example.com")
            .await
            .token()
            .to_string();
        let accepted = s
            .anonymous()
            .use_token("/auth/invitation/accept", &token, Some(PASSWORD))
            .await;
        assert!(matches!(accepted, 200 | 204), "{accepted}");
        s.log_in("without-2", PASSWORD).await;
    })
    .await;
}

#[tokio::test]
async fn the_trail_tells_which_file_and_how_many_and_nothing_personal() {
    service(|s| async move {
        let scratch = Scratch::new();
        let rows = row("ada", json!({})) + &row("ADA", json!({})) + "no row\n";

        import(&s, &scratch, &rows, &[]).await;

        assert_eq!(traces(&s).await, (1, 1));
        let event = s.last_event("accounts.imported").await;
        assert_eq!(
            (&*event.actor_kind, &*event.outcome),
            ("operator", "success")
        );
        let mut told = details(&event);
        let digest = told["file_sha256"].take();
        assert_eq!(digest.as_str().map(str::len), Some(64));
        assert!(told["import"].take().is_string());
        assert_eq!(
            told,
            json!({
                "import": Value::Null, "file_sha256": Value::Null, "from_line": 1, "to_line": 3,
                "accepted": 1, "rejected": 1, "unreadable": 1,
            })
        );
    })
    .await;
}
