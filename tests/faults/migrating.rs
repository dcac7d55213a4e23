//! Nodes that start at the same moment on an empty database.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, Statement};

use crate::{
    caller::Caller,
    runs::{UNLIMITED, alone, loops, say},
    support::server::Ground,
};

const READY_WITHIN: Duration = Duration::from_secs(30);

async fn applied(database: &str) -> Vec<String> {
    let db = Database::connect(database).await.expect("the database");
    let versions = "SELECT version FROM seaql_migrations ORDER BY version";
    let versions = Statement::from_string(db.get_database_backend(), versions);
    let rows = db.query_all_raw(versions).await.expect("the migrations");
    db.close().await.expect("an end");
    rows.iter()
        .map(|row| row.try_get("", "version").expect("a version"))
        .collect()
}

async fn start_together(nodes: usize) -> Duration {
    let ground = Ground::new().await;
    let started = Instant::now();
    let mut servers: Vec<_> = (0..nodes).map(|_| ground.spawn(&[], &UNLIMITED)).collect();
    let ready = servers
        .iter_mut()
        .map(|server| server.is_ready_within(READY_WITHIN));
    // One that ends is told with what it said.
    let ready = std::panic::AssertUnwindSafe(join_all(ready));
    let ready = futures_util::FutureExt::catch_unwind(ready).await;
    assert!(
        ready.is_ok(),
        "not all of {nodes} nodes are ready: {}",
        ground.log()
    );
    let all = started.elapsed();

    let found = applied(&ground.database()).await;
    let mut once = found.clone();
    once.dedup();
    assert_eq!(found, once, "applied twice");
    assert_eq!(found.len(), migrations(), "{found:?}");
    for (n, server) in servers.iter().enumerate() {
        let made = Caller::of(server).register(&format!("user-{n}")).await;
        let made = made.expect("an answer");
        assert_eq!(made.status, 201, "{made:?}");
    }
    all
}

/// The files.
fn migrations() -> usize {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/migration/src");
    let files = std::fs::read_dir(directory).expect("the migrations");
    files
        .map(|file| file.expect("a file").file_name())
        .filter(|name| name.to_string_lossy().starts_with("m20"))
        .count()
}

#[tokio::test]
async fn two_nodes_on_an_empty_database_migrate_it_once() {
    let _alone = alone().await;
    for _ in 0..loops(3) {
        let all = start_together(2).await;
        say(&format!("migrating: two nodes ready after {all:?}"));
    }
}

#[tokio::test]
async fn five_nodes_on_an_empty_database_migrate_it_once() {
    let _alone = alone().await;
    for _ in 0..loops(2) {
        let all = start_together(5).await;
        say(&format!("migrating: five nodes ready after {all:?}"));
    }
}
