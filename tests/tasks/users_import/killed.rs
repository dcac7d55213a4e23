//! An import that is killed, by `kill -9`, and started again: the file's rows are there, each once.

use std::{
    collections::BTreeSet,
    fmt::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rollcall::models::{audit_events, imports, users};
use sea_orm::{ColumnTrait, Database, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::Value;

use super::{import, refusal, report_of, summary, usernames, written};
use crate::{
    support::{
        server::Ground,
        waiting::{LONG, until},
    },
    tasks::databases::{kills, random},
};

/// Four batches.
const ROWS: usize = 20_000;
/// Three.
const FEWER: usize = 12_000;

const HASH: &str = "$argon2id$v=19$m=1024,t=2,p=2$p7EXAxbCh9iXsK8j9j0oGQ$LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM";

/// One row in a hundred is bad.
fn is_good(n: usize) -> bool {
    n % 100 != 50
}

fn many(path: PathBuf, rows: usize) -> PathBuf {
    let mut csv = "username,email,password_hash\n".to_string();
    for n in 0..rows {
        let hash = if is_good(n) { HASH } else { "no hash" };
        writeln!(csv, "many-{n},many-{n}@example.com,\"{hash}\"").expect("to write");
    }
    written(path, csv)
}

fn good(rows: usize) -> BTreeSet<String> {
    let good = (0..rows).filter(|n| is_good(*n));
    good.map(|n| format!("many-{n}")).collect()
}

fn start(database: &str, file: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_rollcall-cli"))
        .args(["--environment", "test"])
        .args(["task", "users:import", "format:csv"])
        .arg(format!("file:{}", file.display()))
        .env("DATABASE_URL", database)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

/// Whether the import was finished before it was killed, at a random moment: its last rows may be
/// committed while the process has not ended yet.
async fn import_and_kill(database: &str, file: &Path, takes: Duration) -> bool {
    let mut child = start(database, file);
    tokio::time::sleep(random(takes)).await;
    child.kill().expect("to kill it");
    child.wait().expect("its end");
    let db = Database::connect(database).await.expect("a connection");
    let import = imports::Entity::find().one(&db).await.expect("the import");
    db.close().await.expect("to close it");
    import.is_some_and(|import| import.finished_at.is_some())
}

/// The rows, the report, and what the trail says of them.
async fn is_whole(database: &str, file: &Path, expected_report: &str) {
    let db = Database::connect(database).await.expect("a connection");
    assert_eq!(usernames(&db).await, good(ROWS));
    let hashes = users::Entity::find()
        .filter(users::Column::HashedPassword.eq(HASH))
        .count(&db);
    assert_eq!(hashes.await, Ok(good(ROWS).len() as u64));
    let report = std::fs::read_to_string(report_of(file)).expect("a report");
    assert_eq!(report, expected_report);
    let imports = imports::Entity::find().all(&db).await.expect("the imports");
    let [import] = &imports[..] else {
        panic!("one import, not {imports:?}");
    };
    assert!(import.finished_at.is_some());
    let events = audit_events::Entity::find()
        .all(&db)
        .await
        .expect("the events");
    let mut parts: Vec<(i64, i64, i64)> = events
        .iter()
        .filter(|event| event.action == "accounts.imported")
        .map(|event| {
            let details: Value = serde_json::from_str(&event.details).expect("JSON");
            let number = |name: &str| details[name].as_i64().expect("a number");
            (number("from_line"), number("to_line"), number("accepted"))
        })
        .collect();
    parts.sort_unstable();
    assert_eq!(
        parts.len(),
        ROWS / 5000,
        "one event for each batch: {parts:?}"
    );
    for pair in parts.windows(2) {
        assert_eq!(
            pair[0].1 + 1,
            pair[1].0,
            "neither twice nor left out: {parts:?}"
        );
    }
    let accepted: i64 = parts.iter().map(|(_, _, accepted)| accepted).sum();
    assert_eq!(usize::try_from(accepted), Ok(good(ROWS).len()));
    db.close().await.expect("to close it");
}

/// A database with its tables: what is killed is an import, not their making.
async fn prepared() -> Ground {
    let ground = Ground::new().await;
    let migrated = Command::new(env!("CARGO_BIN_EXE_rollcall-cli"))
        .args(["--environment", "test", "db", "migrate"])
        .env("DATABASE_URL", ground.database())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(migrated.expect("a process").success());
    ground
}

#[tokio::test]
async fn an_import_that_is_killed_anywhere_ends_with_exactly_the_files_rows() {
    let ground = prepared().await;
    let file = many(ground.file("whole.csv"), ROWS);
    let started = Instant::now();
    summary(&import(&ground.database(), &file, &[]).await);
    let takes = started.elapsed();
    let expected = std::fs::read_to_string(report_of(&file)).expect("a report");
    is_whole(&ground.database(), &file, &expected).await;

    let mut killed = 0;
    while killed < kills() {
        let ground = prepared().await;
        let file = many(ground.file("killed.csv"), ROWS);
        if import_and_kill(&ground.database(), &file, takes).await {
            // It was quicker: that is no kill.
            continue;
        }
        let run = import(&ground.database(), &file, &[]).await;
        let summary = summary(&run);
        assert_eq!(summary["rows"], ROWS, "{run:?}");
        assert_eq!(summary["accepted"], good(ROWS).len(), "{run:?}");
        println!("killed, gone on after {} rows", summary["resumed_after"]);
        is_whole(&ground.database(), &file, &expected).await;
        killed += 1;
    }
}

/// Killed in the middle, between two batches: the report tells of the rows before.
#[tokio::test]
async fn without_the_report_of_its_first_part_an_import_does_not_go_on() {
    let ground = Ground::new().await;
    let file = many(ground.file("killed.csv"), FEWER);
    let report = report_of(&file);
    assert!(import_half(&ground.database(), &file).await, "too quick");
    let hidden = ground.file("hidden");
    std::fs::rename(&report, &hidden).expect("to hide it");

    let without = import(&ground.database(), &file, &[]).await;
    let dry = import(&ground.database(), &file, &["dry_run:true"]).await;
    let left = report.exists();
    std::fs::rename(&hidden, &report).expect("to bring it back");
    let run = import(&ground.database(), &file, &[]).await;

    let said = refusal(&without);
    assert!(
        said.contains("the report of the first part of this import is not here"),
        "{said}"
    );
    assert!(refusal(&dry).contains("its import is under way"), "{dry:?}");
    assert!(!left, "an empty report in its place");
    assert_eq!(summary(&run)["accepted"], good(FEWER).len());
    let db = Database::connect(ground.database())
        .await
        .expect("a connection");
    assert_eq!(usernames(&db).await, good(FEWER));
    db.close().await.expect("to close it");
}

/// Kill it once a batch is in; whether that was before its end.
async fn import_half(database: &str, file: &Path) -> bool {
    let mut child = start(database, file);
    let db = Database::connect(database).await.expect("a connection");
    until(LONG, || async {
        // The tables are not there yet, or nothing is in.
        let import = imports::Entity::find().one(&db).await;
        import.is_ok_and(|import| import.is_some_and(|import| import.position > 0))
    })
    .await;
    child.kill().expect("to kill it");
    let ended = child.wait().expect("its end").success();
    db.close().await.expect("to close it");
    !ended
}
