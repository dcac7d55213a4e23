//! One file, imported by several at once, or again.

use std::collections::BTreeSet;

use serde_json::json;

use super::{import, refusal, report, report_of, row, summary, traces, usernames, written};
use crate::{
    support::{Service, in_parallel, process::Scratch, service},
    tasks::task,
};

const ROWS: usize = 400;

fn rows() -> String {
    let rows = (0..ROWS).map(|n| row(&format!("many-{n}"), json!({})));
    rows.chain([row("bad", json!({"role": "root"}))]).collect()
}

fn names() -> BTreeSet<String> {
    (0..ROWS).map(|n| format!("many-{n}")).collect()
}

/// Import it twenty times at once; the refusals.
async fn twenty(s: &Service, file: &str, report: impl Fn(usize) -> String) -> Vec<String> {
    let runs = in_parallel(20, |n| {
        let (s, file, report) = (s.clone(), file.to_string(), report(n));
        async move {
            let arguments = [("file", &*file), ("format", "jsonl"), ("report", &report)];
            task(&s.ctx, "users:import", &arguments).await
        }
    });
    runs.await.into_iter().filter_map(Result::err).collect()
}

#[tokio::test]
async fn twenty_parallel_imports_of_a_file_bring_each_row_once() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = written(scratch.file("many.jsonl"), rows());
        let path = file.display().to_string();
        let own = |n: usize| scratch.file(&format!("{n}.csv")).display().to_string();
        let one = scratch.file("one.csv");

        let refusals = twenty(&s, &path, own).await;
        let shared = twenty(&s, &path, |_| one.display().to_string()).await;

        assert!(refusals.len() < 20, "one has to do it: {refusals:?}");
        for refusal in refusals.iter().chain(&shared) {
            assert!(
                refusal.contains("Another process is importing this file")
                    || refusal.contains("another import is writing this report")
                    || refusal.contains("the report of the first part of this import is not here"),
                "{refusal}"
            );
        }
        assert_eq!(usernames(&s.ctx.db).await, names());
        assert_eq!(traces(&s).await.1, 1, "one batch, one event");
        // Whoever came when it was done was told of each row that it is there.
        let told = report(&one);
        assert_eq!(told.len(), ROWS + 1);
        assert!(
            told.iter()
                .take(ROWS)
                .all(|(_, _, code)| code == "already_taken")
        );
    })
    .await;
}

#[tokio::test]
async fn a_finished_file_is_imported_anew_and_every_row_is_taken() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = written(scratch.file("many.jsonl"), rows());
        let uri = &s.ctx.config.database.uri;

        let first = summary(&import(uri, &file, &[]).await);
        let again = summary(&import(uri, &file, &[]).await);
        let dry = summary(&import(uri, &file, &["dry_run:true"]).await);

        assert_eq!(
            (&first["accepted"], &first["rejected"]),
            (&json!(ROWS), &json!(1))
        );
        assert_eq!(
            (&again["accepted"], &again["rejected"]),
            (&json!(0), &json!(ROWS + 1))
        );
        assert_eq!(
            (&dry["accepted"], &dry["rejected"]),
            (&json!(0), &json!(ROWS + 1))
        );
        assert_eq!(again["resumed_after"], 0);
        let told = report(&report_of(&file));
        let taken = |(_, field, code): &(u64, String, String)| {
            (field.as_str(), code.as_str()) == ("username", "already_taken")
        };
        assert!(told.iter().take(ROWS).all(taken));
        assert_eq!(usernames(&s.ctx.db).await, names());
        assert_eq!(traces(&s).await.1, 1, "nothing came in");
    })
    .await;
}

#[tokio::test]
async fn another_file_is_never_taken_for_the_report() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = written(scratch.file("many.jsonl"), rows());
        let foreign = written(scratch.file("foreign.csv"), "line,what\n1,precious\n");
        let before = traces(&s).await;

        for other in [&foreign, &file] {
            let argument = format!("report:{}", other.display());
            let run = import(&s.ctx.config.database.uri, &file, &[&argument]).await;

            let said = refusal(&run);
            assert!(said.contains("there is another file already"), "{said}");
        }

        assert_eq!(
            std::fs::read_to_string(&foreign).expect("it"),
            "line,what\n1,precious\n"
        );
        assert_eq!(std::fs::read_to_string(&file).expect("it"), rows());
        assert_eq!(traces(&s).await, before);
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_report_is_for_its_owner_alone_and_there_is_none_without_a_row() {
    use std::os::unix::fs::PermissionsExt;
    service(|s| async move {
        let scratch = Scratch::new();
        let uri = &s.ctx.config.database.uri;
        let file = written(scratch.file("many.jsonl"), rows());
        let whole = written(scratch.file("whole.jsonl"), row("ada", json!({})));

        let some = summary(&import(uri, &file, &[]).await);
        let none = summary(&import(uri, &whole, &[]).await);

        assert_eq!(some["report"], json!(report_of(&file)));
        let mode = std::fs::metadata(report_of(&file))
            .expect("it")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(none.get("report"), None);
        assert!(!report_of(&whole).exists());
    })
    .await;
}
