//! Tables of another version, tables that are not there yet, and a database that is not.

use std::{
    collections::BTreeMap,
    io::copy,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};

use super::{connect, refusal};
use crate::support::{
    in_parallel,
    process::{Run, rollcall_beside},
    server::{Ground, free_port},
};

/// In production.
async fn run(database: &str, arguments: &'static [&str], variables: &[(&str, &str)]) -> Run {
    let production = [
        ("LOCO_ENV", "production"),
        ("HOST", "https://rollcall.example.com"),
        (
            "JWT_SECRET_KEY",
            "b25seSBmb3IgdGhpcyB0ZXN0LCBhbmQgbG9uZyBlbm91Z2gu",
        ),
        ("DATABASE_URL", database),
    ];
    rollcall_beside(arguments, &[&production[..], variables].concat()).await
}

const START: &[&str] = &["start", "--no-banner"];
const MIGRATE: &[&str] = &["db", "migrate"];
const LIST: &[&str] = &["task", "user:list"];

/// How often each migration stands there.
async fn migrations(database: &str) -> BTreeMap<String, usize> {
    let db = connect(database).await;
    let mut counts = BTreeMap::new();
    let all = Statement::from_string(
        db.get_database_backend(),
        "SELECT version FROM seaql_migrations",
    );
    for row in db.query_all_raw(all).await.expect("the migrations") {
        *counts
            .entry(row.try_get("", "version").expect("a name"))
            .or_insert(0) += 1;
    }
    db.close().await.expect("to close it");
    counts
}

#[tokio::test]
async fn production_starts_on_the_tables_of_its_version_only() {
    let ground = Ground::new().await;
    let database = ground.database();

    for arguments in [START, LIST] {
        let early = run(&database, arguments, &[]).await;
        assert_eq!(early.code, Some(1), "{early:?}");
        assert!(early.stderr.contains("older version"), "{early:?}");
        assert!(early.stderr.contains("db migrate"), "{early:?}");
    }

    let migrated = run(&database, MIGRATE, &[]).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let again = run(&database, MIGRATE, &[]).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    let listed = run(&database, LIST, &[]).await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_alone() {
    let ground = Ground::new().await;
    let database = ground.database();
    assert_eq!(run(&database, MIGRATE, &[]).await.code, Some(0));
    let db = connect(&database).await;
    db.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m20991231_000001_later', 1)")
        .await
        .expect("a newer version");
    db.close().await.expect("to close it");

    for arguments in [START, LIST, MIGRATE] {
        for auto_migrate in ["true", "false"] {
            let run = run(&database, arguments, &[("DB_AUTO_MIGRATE", auto_migrate)]).await;
            assert_eq!(run.code, Some(1), "{run:?}");
            assert!(run.stderr.contains("newer version"), "{run:?}");
            assert!(run.stderr.contains("m20991231_000001_later"), "{run:?}");
        }
    }
}

#[tokio::test]
async fn of_processes_that_migrate_at_once_one_does_it_and_none_fails() {
    let ground = Ground::new().await;
    let database = ground.database();

    let runs = in_parallel(6, |_| {
        let database = database.clone();
        async move { run(&database, MIGRATE, &[]).await }
    })
    .await;

    for run in runs {
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let applied = migrations(&database).await;
    assert!(
        applied.len() > 10 && applied.values().all(|n| *n == 1),
        "{applied:?}"
    );
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_itself() {
    let ground = Ground::new().await;
    let database = ground.database();
    let db = connect(&database).await;
    // In the way of the second migration's table, or of what it makes besides.
    db.execute_unprepared("CREATE TABLE sessions (id INTEGER PRIMARY KEY)")
        .await
        .expect("a table");

    let failed = run(&database, MIGRATE, &[]).await;

    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert_eq!(migrations(&database).await.len(), 1);
    db.execute_unprepared("DROP TABLE sessions")
        .await
        .expect("it away");
    db.close().await.expect("to close it");
    let again = run(&database, MIGRATE, &[]).await;
    assert_eq!(again.code, Some(0), "{again:?}");
}

#[tokio::test]
async fn a_start_waits_for_a_database_that_comes_later() {
    let ground = Ground::new().await;
    let database = ground.database();
    let db = connect(&database).await;
    let backend = db.get_database_backend();
    db.close().await.expect("to close it");
    if backend != DatabaseBackend::Postgres {
        return; // A file is there, or can't be made.
    }
    let url = reqwest::Url::parse(&database).expect("a URL");
    let server = (
        url.host_str().expect("a host").to_string(),
        url.port().unwrap_or(5432),
    );
    let port = free_port();
    let mut through = url;
    through.set_host(Some("127.0.0.1")).expect("a host");
    through.set_port(Some(port)).expect("a port");
    let through = through.to_string();
    assert_eq!(run(&database, MIGRATE, &[]).await.code, Some(0));

    let never = refusal(&through, "user:list", &[]).await;
    assert!(!never.contains("rollcall:rollcall"), "{never}");

    thread::spawn(move || {
        thread::sleep(Duration::from_millis(1500));
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port");
        for client in listener.incoming() {
            let there = TcpStream::connect(server.clone()).expect("the server");
            forward(client.expect("a client"), there);
        }
    });
    let late = run(&through, LIST, &[("DB_WAIT", "20000")]).await;

    assert_eq!(late.code, Some(0), "{late:?}");
    assert!(late.stderr.contains("waiting for the database"), "{late:?}");
    assert!(!late.stderr.contains("rollcall:rollcall"), "{late:?}");
}

/// Both ways.
fn forward(one: TcpStream, other: TcpStream) {
    for (mut from, mut to) in [
        (
            one.try_clone().expect("a socket"),
            other.try_clone().expect("a socket"),
        ),
        (other, one),
    ] {
        thread::spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
    }
}
