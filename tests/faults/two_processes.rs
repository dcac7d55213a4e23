//! Two processes on one database, and fifty who write at once.

use std::collections::BTreeSet;

use rollcall::models::users;
use sea_orm::{ConnectOptions, Database, EntityTrait};

use crate::{
    caller::{Answer, Caller},
    runs::{UNLIMITED, alone, loops, p99, say},
    support::server::{Ground, Server},
};

const WRITERS: usize = 50;

/// All at once, by turns on each of the servers.
async fn register(servers: &[Server], names: Vec<String>) -> Vec<(String, Answer)> {
    let callers: Vec<_> = servers.iter().map(Caller::of).collect();
    let tasks: Vec<_> = names
        .into_iter()
        .enumerate()
        .map(|(n, name)| {
            let caller = callers[n % callers.len()].clone();
            tokio::spawn(async move {
                let answer = caller.register(&name).await.expect("an answer");
                (name, answer)
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("an answer"));
    }
    answers
}

async fn usernames(database: &str) -> BTreeSet<String> {
    let mut options = ConnectOptions::new(database);
    options.max_connections(1);
    let db = Database::connect(options).await.expect("the database");
    let rows = users::Entity::find().all(&db).await.expect("the accounts");
    db.close().await.expect("an end");
    rows.into_iter().map(|row| row.username).collect()
}

async fn two(ground: &Ground) -> [Server; 2] {
    [
        ground.start(&[], &UNLIMITED).await,
        ground.start(&[], &UNLIMITED).await,
    ]
}

#[tokio::test]
async fn fifty_writers_in_two_processes_see_no_locked_database() {
    let _alone = alone().await;
    let ground = Ground::new().await;
    let servers = two(&ground).await;
    let (mut times, mut acknowledged) = (Vec::new(), BTreeSet::new());
    for round in 0..loops(2) {
        let names = (0..WRITERS).map(|n| format!("writer-{round}-{n}"));
        for (name, answer) in register(&servers, names.collect()).await {
            assert_eq!(answer.status, 201, "{answer:?}");
            times.push(answer.took);
            acknowledged.insert(name);
        }
    }
    assert_eq!(usernames(&ground.database()).await, acknowledged);
    drop(servers);
    let log = ground.log();
    assert!(!log.contains("database is locked"), "{log}");
    say(&format!(
        "two processes: {} registrations by {WRITERS} at once, p99 {:?}",
        times.len(),
        p99(&mut times)
    ));
}

#[tokio::test]
async fn of_fifty_equal_registrations_in_two_processes_one_is_made() {
    let _alone = alone().await;
    let ground = Ground::new().await;
    let servers = two(&ground).await;
    for round in 0..loops(2) {
        let name = format!("wanted-{round}");
        let answers = register(&servers, vec![name; WRITERS]).await;
        let statuses: Vec<_> = answers.iter().map(|(_, answer)| answer.status).collect();
        let made = statuses.iter().filter(|status| **status == 201).count();
        let taken = statuses.iter().filter(|status| **status == 409).count();
        assert_eq!((made, taken), (1, WRITERS - 1), "{statuses:?}");
    }
    assert_eq!(usernames(&ground.database()).await.len(), loops(2));
}
