use std::{
    process::{Command, Stdio},
    time::Instant,
};

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_copy_is_the_same_and_its_sessions_go_on() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[]).await;
    for n in 0..10 {
        register(&server, &format!("user-{n}")).await;
    }
    let tokens = log_in(&server, "user-1").await;
    let ended = log_in(&server, "user-1").await;
    let logout = server.post_as(&ended, "/auth/logout").await;
    assert_eq!(logout, 204);
    done(
        &ground.database(),
        "users:suspend",
        &["user:user-2", "reason:a test"],
    )
    .await;
    server.kill();

    let file = sqlite(&ground.file("copy.sqlite"));
    let there = run(
        &ground.database(),
        "db:copy",
        &["json:true"],
        &[("ROLLCALL_COPY_TO", &file)],
    )
    .await;
    assert_eq!(there.code, Some(0), "{there:?}");
    let back = Ground::new().await;
    done(&file, "db:copy", &[&format!("to:{}", back.database())]).await;

    let source = exported(&ground.database(), &ground).await;
    assert_eq!(source.lines().count(), 10);
    for copy in [&file, &back.database()] {
        assert_eq!(exported(copy, &ground).await, source);
        let trail = done(copy, "audit:verify", &[]).await;
        assert!(
            trail["verified"].as_u64().expect("a number") > 10,
            "{trail}"
        );
    }
    for database in [file, back.database()] {
        let server = ground.start(&[], &[("DATABASE_URL", &database)]).await;
        assert_eq!(who(&server, &tokens).await, 200);
        assert_eq!(who(&server, &ended).await, 401);
        let body = json!({"username": "user-2", "password": PASSWORD});
        assert_eq!(server.post("/auth/token", body).await.0, 401, "suspended");
        let body = json!({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]});
        let (status, body) = server.post("/auth/token", body).await;
        assert_eq!(status, 200, "{body}");
        register(&server, "newcomer").await;
    }
}

#[tokio::test]
async fn what_is_not_an_empty_database_of_this_version_is_refused() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[]).await;
    register(&server, "ada").await;
    server.kill();
    let source = ground.database();
    let before = rows(&source).await;

    let same = refusal(&source, "db:copy", &[&format!("to:{source}")]).await;
    assert!(
        same.contains("must be empty") && same.contains("`users` has 1 rows"),
        "{same}"
    );

    let target = sqlite(&ground.file("older.sqlite"));
    done(&target, "users:import", &[&many(&ground, 1), "format:csv"]).await;
    let db = connect(&target).await;
    let last = "(SELECT max(version) FROM seaql_migrations)";
    db.execute_unprepared(&format!(
        "DELETE FROM seaql_migrations WHERE version = {last}"
    ))
    .await
    .expect("an older version");
    let older = refusal(&source, "db:copy", &[&format!("to:{target}")]).await;
    assert!(
        older.contains("the target is of an older version"),
        "{older}"
    );
    db.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m20991231_000001_later', 1)")
        .await
        .expect("a newer version");
    let newer = refusal(&source, "db:copy", &[&format!("to:{target}")]).await;
    assert!(
        newer.contains("the target is of a newer version"),
        "{newer}"
    );

    for (to, says) in [
        ("mysql://u:s3cret@localhost/x", "postgres://… or sqlite://…"),
        (
            "postgres://u:s3cret@127.0.0.1:1/x",
            "postgres://127.0.0.1:1/x can't be opened",
        ),
        (
            "sqlite:///nowhere/s3cret.sqlite?key=s3cret",
            "can't be opened",
        ),
    ] {
        let said = refusal(&source, "db:copy", &[&format!("to:{to}")]).await;
        assert!(said.contains(says), "{said}");
        assert!(
            !said.contains(":s3cret") && !said.contains("=s3cret"),
            "{said}"
        );
    }
    let missing = refusal(&source, "db:copy", &[]).await;
    assert!(missing.contains("ROLLCALL_COPY_TO"), "{missing}");
    let unknown = refusal(&source, "db:copy", &["too:x"]).await;
    assert!(unknown.contains("`too` is not known"), "{unknown}");
    assert_eq!(rows(&source).await, before, "nothing was written");
}

#[tokio::test]
async fn a_dry_run_copies_nothing() {
    let ground = Ground::new().await;
    done(
        &ground.database(),
        "users:import",
        &[&many(&ground, 10), "format:csv"],
    )
    .await;
    let before = rows(&ground.database()).await;
    let target = sqlite(&ground.file("dry.sqlite"));
    let dry = done(
        &ground.database(),
        "db:copy",
        &[&format!("to:{target}"), "dry_run:true"],
    )
    .await;
    assert_eq!(dry["would_copy"][0], json!({"table": "users", "rows": 10}));
    assert_eq!(rows(&ground.database()).await, before);
    assert_eq!(rows(&target).await, 0);
}

#[tokio::test]
async fn a_copy_that_is_killed_goes_on() {
    let ground = Ground::new().await;
    let source = ground.database();
    done(
        &source,
        "users:import",
        &[&many(&ground, 12_000), "format:csv"],
    )
    .await;
    let started = Instant::now();
    let first = sqlite(&ground.file("first.sqlite"));
    done(&source, "db:copy", &[&format!("to:{first}")]).await;
    let takes = started.elapsed();

    let expected = exported(&source, &ground).await;
    for n in 0..kills() {
        let target = format!("to:{}", sqlite(&ground.file(&format!("{n}.sqlite"))));
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall-cli"))
            .args(["task", "db:copy", &target])
            .env("DATABASE_URL", &source)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        tokio::time::sleep(random(takes)).await;
        child.kill().expect("to kill it");
        child.wait().expect("its end");
        done(&source, "db:copy", &[&target, "resume:true"]).await;
        let target = target.trim_start_matches("to:");
        assert_eq!(exported(target, &ground).await, expected);
        let found = done(target, "users:search", &["q:many-11999", "json:true"]).await;
        assert!(found.to_string().contains("many-11999"), "{found}");
    }
}

#[tokio::test]
async fn tables_that_were_half_made_are_no_obstacle() {
    let ground = Ground::new().await;
    let source = ground.database();
    done(&source, "users:import", &[&many(&ground, 10), "format:csv"]).await;
    let target = sqlite(&ground.file("half.sqlite"));
    for (command, steps) in [("migrate", None), ("down", Some("3"))] {
        let status = Command::new(env!("CARGO_BIN_EXE_rollcall-cli"))
            .args(["db", command])
            .args(steps)
            .env("DATABASE_URL", &target)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("a process").success());
    }

    done(
        &source,
        "db:copy",
        &[&format!("to:{target}"), "resume:true"],
    )
    .await;

    assert_eq!(rows(&target).await, rows(&source).await);
}

#[tokio::test]
async fn a_source_that_changed_since_the_first_part_is_not_called_the_same() {
    let ground = Ground::new().await;
    let source = ground.database();
    done(&source, "users:import", &[&many(&ground, 10), "format:csv"]).await;
    let target = format!("to:{}", sqlite(&ground.file("part.sqlite")));
    done(&source, "db:copy", &[&target]).await;
    done(&source, "users:suspend", &["user:many-3"]).await;

    let said = refusal(&source, "db:copy", &[&target, "resume:true"]).await;

    assert!(said.contains("the table `users` has 10 rows"), "{said}");
    assert!(said.contains("copy again"), "{said}");
}

#[tokio::test]
async fn a_copy_of_a_service_that_runs_is_of_one_moment() {
    let ground = Ground::new().await;
    done(
        &ground.database(),
        "users:import",
        &[&many(&ground, 5000), "format:csv"],
    )
    .await;
    let server = ground.start(&[], &[]).await;
    let target = sqlite(&ground.file("moment.sqlite"));
    let to = format!("to:{target}");
    let database = ground.database();
    let arguments = [to.as_str()];
    let copying = done(&database, "db:copy", &arguments);
    let writing = async {
        for n in 0..20 {
            register(&server, &format!("while-{n}")).await;
        }
    };
    tokio::join!(copying, writing);
    // Each account with its mail, its event and whatever else belongs to it, or without all of them.
    let db = connect(&target).await;
    for broken in [
        "SELECT 1 FROM audit_events WHERE action = 'account.registered' AND subject_id NOT IN (SELECT id FROM users)",
        "SELECT 1 FROM users WHERE username LIKE 'while-%' AND id NOT IN (SELECT subject_id FROM audit_events WHERE subject_id IS NOT NULL)",
    ] {
        let broken = Statement::from_string(DatabaseBackend::Sqlite, broken);
        assert!(db.query_one_raw(broken).await.expect("an answer").is_none());
    }
    done(&target, "audit:verify", &[]).await;
}
