use std::{
    io::{Seek, SeekFrom, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use sea_orm::ConnectionTrait;

use super::*;
use crate::support::waiting::{LONG, until};

/// A database with one account and a backup of it; nothing on PostgreSQL, which has tools of its own.
async fn with_backup() -> Option<(Ground, PathBuf)> {
    let ground = Ground::new().await;
    if !ground.database().starts_with("sqlite:") {
        let said = refusal(&ground.database(), "db:restore", &["from:x"]).await;
        assert!(said.contains("pg_restore"), "{said}");
        return None;
    }
    let server = ground.start(&[], &[]).await;
    register(&server, "ada").await;
    log_in(&server, "ada").await;
    // So that there is a chain that can be broken.
    until(LONG, || async {
        done(&ground.database(), "audit:verify", &[]).await["verified"] != 0
    })
    .await;
    server.kill();
    let file = ground.file("ada.backup");
    done(
        &ground.database(),
        "db:backup",
        &[&format!("to:{}", file.display())],
    )
    .await;
    Some((ground, file))
}

fn from(file: &Path) -> String {
    format!("from:{}", file.display())
}

#[tokio::test]
async fn a_service_that_runs_sees_what_is_restored() {
    let Some((ground, file)) = with_backup().await else {
        return;
    };
    let server = ground.start(&[], &[]).await;
    let tokens = log_in(&server, "ada").await;
    register(&server, "late").await;

    let restored = done(&ground.database(), "db:restore", &[&from(&file)]).await;

    assert_eq!(restored["tables"][0], json!({"table": "users", "rows": 1}));
    until(Duration::from_secs(1), || async {
        who(&server, &tokens).await == 401
    })
    .await;
    let body = json!({"username": "late", "password": PASSWORD});
    assert_eq!(server.post("/auth/token", body).await.0, 401);
    log_in(&server, "ada").await;
    register(&server, "late").await;
    let trail = done(&ground.database(), "audit:verify", &[]).await;
    assert!(trail.get("fault").is_none(), "{trail}");
    // What was there is not lost.
    let kept = restored["kept"].as_str().expect("a file");
    let kept = exported(&format!("sqlite://{kept}"), &ground).await;
    assert!(kept.contains("late@example.com"), "{kept}");
}

#[tokio::test]
async fn sessions_of_the_backup_end_unless_they_are_kept() {
    let Some((ground, _)) = with_backup().await else {
        return;
    };
    let server = ground.start(&[], &[]).await;
    let tokens = log_in(&server, "ada").await;
    let file = ground.file("session.backup");
    done(
        &ground.database(),
        "db:backup",
        &[&format!("to:{}", file.display())],
    )
    .await;
    // Ended since: a restored backup must not bring it back.
    assert_eq!(server.post_as(&tokens, "/auth/logout").await, 204);
    let restored = done(&ground.database(), "db:restore", &[&from(&file)]).await;
    assert_eq!(restored["sessions_ended"], 2);
    assert_eq!(who(&server, &tokens).await, 401);

    let restored = done(
        &ground.database(),
        "db:restore",
        &[&from(&file), "keep_sessions:true"],
    )
    .await;
    assert_eq!(restored["sessions_ended"], 0);
    until(Duration::from_secs(1), || async {
        who(&server, &tokens).await == 200
    })
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of what may be wrong")]
async fn what_is_not_a_whole_backup_replaces_nothing() {
    let Some((ground, file)) = with_backup().await else {
        return;
    };
    let database = ground.database();
    let before = rows(&database).await;
    let good = std::fs::read(&file).expect("the backup");
    let changed = |name: &str, change: &dyn Fn(&Path)| {
        let path = ground.file(name);
        std::fs::write(&path, &good).expect("a copy");
        change(&path);
        path
    };
    let sql = |sql: &'static str| {
        move |path: PathBuf| async move {
            let db = connect(&format!("sqlite://{}", path.display())).await;
            db.execute_unprepared(sql).await.expect("a change");
            db.close().await.expect("to close it");
        }
    };
    let newer = changed("newer", &|_| ());
    sql("INSERT INTO seaql_migrations VALUES ('m20991231_000001_later', 1)")(newer.clone()).await;
    let foreign = changed("foreign", &|_| ());
    sql("PRAGMA foreign_keys = OFF; DELETE FROM users")(foreign.clone()).await;
    let forged = changed("forged", &|_| ());
    sql("DROP TRIGGER audit_events_no_update; UPDATE audit_events SET details = '{}' WHERE sequence = 1")(
        forged.clone(),
    )
    .await;
    let other = changed("other", &|path| {
        std::fs::remove_file(path).expect("to remove it");
    });
    connect(&sqlite(&other))
        .await
        .execute_unprepared("CREATE TABLE t (a)")
        .await
        .expect("a table");

    for (file, says) in [
        (ground.file("nowhere"), "can't be copied"),
        (
            changed("text", &|path| std::fs::write(path, "text").expect("text")),
            "not a database",
        ),
        (
            changed("empty", &|path| std::fs::write(path, "").expect("nothing")),
            "no tables of this application",
        ),
        (
            changed("half", &|path| {
                std::fs::write(path, &good[..good.len() / 2]).expect("half");
            }),
            "malformed",
        ),
        (
            changed("scratched", &|path| {
                let mut file = std::fs::File::options()
                    .write(true)
                    .open(path)
                    .expect("the file");
                file.seek(SeekFrom::Start(4096)).expect("a page");
                file.write_all(&[0xA5; 4096]).expect("to scratch it");
            }),
            "damaged",
        ),
        (
            changed("in-use", &|path| {
                std::fs::write(format!("{}-wal", path.display()), "x").expect("a log");
            }),
            "db:backup",
        ),
        (newer, "m20991231_000001_later"),
        (foreign, "refers to a row that is not there"),
        (forged.clone(), "audit trail is broken at 1"),
        (other, "no tables of this application"),
    ] {
        let said = refusal(&database, "db:restore", &[&from(&file)]).await;
        assert!(said.contains(says), "{}: {said}", file.display());
        assert_eq!(rows(&database).await, before, "{}", file.display());
    }
    let left: Vec<_> = std::fs::read_dir(database_file(&database).parent().expect("a directory"))
        .expect("the directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| {
            name.contains("restoring")
                && name.starts_with(
                    &*database_file(&database)
                        .file_name()
                        .expect("a name")
                        .to_string_lossy(),
                )
        })
        .collect();
    assert_eq!(left, Vec::<String>::new());
    done(
        &database,
        "db:restore",
        &[&from(&forged), "accept_broken_trail:true"],
    )
    .await;
}

fn database_file(database: &str) -> PathBuf {
    let path = database.trim_start_matches("sqlite://");
    path.split('?').next().expect("a path").into()
}

#[tokio::test]
async fn a_dry_run_looks_and_replaces_nothing() {
    let Some((ground, file)) = with_backup().await else {
        return;
    };
    let before = rows(&ground.database()).await;
    let found = done(
        &ground.database(),
        "db:restore",
        &[&from(&file), "dry_run:true"],
    )
    .await;
    assert_eq!(found["tables"][0], json!({"table": "users", "rows": 1}));
    assert_eq!(rows(&ground.database()).await, before);
}

#[tokio::test]
async fn a_restore_that_is_killed_has_replaced_all_or_nothing() {
    let Some((ground, _)) = with_backup().await else {
        return;
    };
    let database = ground.database();
    done(
        &database,
        "users:import",
        &[&many(&ground, 5000), "format:csv"],
    )
    .await;
    let file = ground.file("many.backup");
    done(&database, "db:backup", &[&format!("to:{}", file.display())]).await;
    let started = Instant::now();
    done(&database, "db:restore", &[&from(&file)]).await;
    let takes = started.elapsed();
    for n in 0..kills() {
        done(&database, "users:suspend", &[&format!("user:many-{n}")]).await;
        let (now, then) = (
            exported(&database, &ground).await,
            exported(&sqlite(&file), &ground).await,
        );
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall-cli"))
            .args(["task", "db:restore", &from(&file)])
            .env("DATABASE_URL", &database)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        tokio::time::sleep(random(takes)).await;
        child.kill().expect("to kill it");
        child.wait().expect("its end");
        let after = exported(&database, &ground).await;
        assert!(
            after == now || after == then,
            "neither the one nor the other"
        );
        let sound = done(&database, "audit:verify", &[]).await;
        assert!(sound.get("fault").is_none(), "{sound}");
    }
}

#[tokio::test]
async fn of_two_at_once_each_restores_a_whole_file_or_nothing() {
    let Some((ground, file)) = with_backup().await else {
        return;
    };
    let database = ground.database();
    // What a restore that was killed left is no part of the next one.
    let left = format!("{}.restoring-wal", database_file(&database).display());
    std::fs::write(&left, "left").expect("a file");
    let arguments = [from(&file)];
    let arguments = [arguments[0].as_str()];
    let restore = || run(&database, "db:restore", &arguments, &[]);
    let runs = tokio::join!(restore(), restore(), restore());
    let runs = [runs.0, runs.1, runs.2];
    assert!(runs.iter().any(|run| run.code == Some(0)), "{runs:?}");
    for run in runs.iter().filter(|run| run.code != Some(0)) {
        assert!(
            run.stderr.contains("another restore is under way"),
            "{run:?}"
        );
    }
    assert_eq!(
        exported(&database, &ground).await,
        exported(&sqlite(&file), &ground).await
    );
}
