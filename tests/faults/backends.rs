//! What PostgreSQL does to its clients: ends their connections, stops.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, Statement,
};
use tokio::time::sleep;

use crate::{
    runs::{alone, elsewhere, loops, say, skip},
    service::{BACK_WITHIN, Service, register_for},
    support::{server::Ground, waiting::until},
};

const OURS: &str = "FROM pg_stat_activity WHERE datname = current_database() \
                    AND pid <> pg_backend_pid()";

/// A connection of the test's own, by which PostgreSQL is told what to do.
pub async fn shell(ground: &Ground) -> DatabaseConnection {
    let mut options = ConnectOptions::new(ground.database());
    options.max_connections(1).min_connections(1);
    Database::connect(options).await.expect("the database")
}

pub async fn pids(db: &DatabaseConnection, which: &str) -> Vec<i32> {
    let sql = format!("SELECT pid {OURS} {which}");
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql));
    let rows = rows.await.expect("the connections");
    rows.iter()
        .map(|row| row.try_get("", "pid").expect("a process"))
        .collect()
}

pub async fn end_all(db: &DatabaseConnection) {
    let sql = format!("SELECT pg_terminate_backend(pid) {OURS}");
    db.execute_unprepared(&sql).await.expect("to end them");
}

/// As a restart of the server does, without one.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_ends_lose_nothing() {
    let name = "connections_that_the_server_ends_lose_nothing";
    let _alone = alone().await;
    let ground = Ground::new().await;
    if !ground.database().starts_with("postgres") {
        return elsewhere(name, "PostgreSQL");
    }
    let s = Service::start(&ground, &ground.database()).await;
    let db = shell(&ground).await;
    let time = Duration::from_secs(3);
    let writers = (0..4).map(|_| tokio::spawn(register_for(s.caller.clone(), time)));
    let writers: Vec<_> = writers.collect();
    let mut ends = 0;
    while writers.iter().any(|writer| !writer.is_finished()) {
        sleep(Duration::from_millis(150)).await;
        end_all(&db).await;
        ends += 1;
    }
    let ended = Instant::now();
    let (mut made, mut put_off) = (Vec::new(), 0);
    for writer in join_all(writers).await {
        let (names, refused) = writer.expect("a writer");
        made.extend(names);
        put_off += refused;
    }
    let back = s.is_back(ended).await;
    s.has(&made).await;
    db.close().await.expect("an end");
    say(&format!(
        "outages: all connections ended {ends} times, {} registrations acknowledged and there, \
         {put_off} put off, back after {back:?}",
        made.len()
    ));
}

/// Goes on at the end, also of a test that fails.
struct Stopped(Vec<i32>);

impl Stopped {
    fn all(pids: Vec<i32>) -> Option<Self> {
        let stopped = Self(pids);
        stopped.signal("STOP").then_some(stopped)
    }

    fn signal(&self, name: &str) -> bool {
        let pids = self.0.iter().map(ToString::to_string);
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .args(pids)
            .output();
        sent.is_ok_and(|sent| sent.status.success())
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

/// SIGSTOP, to those that are idle: one that holds a lock of the whole server would stop others' tests.
#[tokio::test(flavor = "multi_thread")]
async fn stopped_backends_are_an_outage_that_ends() {
    let name = "stopped_backends_are_an_outage_that_ends";
    let _alone = alone().await;
    let ground = Ground::new().await;
    if !ground.database().starts_with("postgres") {
        return elsewhere(name, "PostgreSQL");
    }
    let s = Service::start(&ground, &ground.database()).await;
    let db = shell(&ground).await;
    for _ in 0..loops(1) {
        let idle = pids(
            &db,
            "AND state = 'idle' AND backend_type = 'client backend'",
        )
        .await;
        let number = idle.len();
        assert!(number > 2, "hardly any connections: {number}");
        let Some(stopped) = Stopped::all(idle) else {
            return skip(name, "root on the machine of PostgreSQL, for SIGSTOP");
        };
        let since = Instant::now();
        let (mut served, mut put_off) = (0, 0);
        while since.elapsed() < Duration::from_secs(5) {
            // PostgreSQL itself goes on: a new connection may serve the request.
            for (kind, answer) in s.ask().await {
                let is_right = answer.status == kind.status;
                assert!(is_right || answer.is_put_off(), "{}: {answer:?}", kind.path);
                assert!(answer.took < Duration::from_secs(6), "{answer:?}");
                served += usize::from(is_right);
                put_off += usize::from(!is_right);
            }
            assert_eq!(s.status("/_health").await, 200);
            sleep(Duration::from_millis(50)).await;
        }
        drop(stopped);
        let back = s.is_back(Instant::now()).await;
        until(BACK_WITHIN, || async {
            s.status("/_readiness").await == 200
        })
        .await;
        say(&format!(
            "outages: {number} connections stopped (SIGSTOP), {served} requests served by others, \
             {put_off} put off, back after {back:?}"
        ));
    }
    db.close().await.expect("an end");
}
