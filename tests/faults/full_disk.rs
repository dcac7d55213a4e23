//! A disk that is full under the database file of a process, and has room again.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use crate::{
    caller::Caller,
    disk::Disk,
    runs::{UNLIMITED, alone, elsewhere, loops, say, skip, task},
    support::{
        server::Ground,
        waiting::{LONG, until},
    },
};

/// The tables alone take 400 KiB, and while they are made the write-ahead log has them a second time:
/// in 1 MiB there would be no room for what the test is about.
const KIB: usize = 2048;

/// Written at once, all of them while the disk is full.
const WRITES: usize = 40;

/// So much room is left, round by round.
const LEFT_KIB: [u64; 3] = [0, 96, 280];

/// Who is there, as another process sees it.
async fn listed(database: &str) -> BTreeSet<String> {
    let run = task(database, "user:list").await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let words = run
        .stdout
        .split(|c: char| !(c.is_alphanumeric() || c == '-'));
    words
        .filter(|word| word.starts_with("full-") || word.starts_with("after-"))
        .map(ToString::to_string)
        .collect()
}

async fn readiness(caller: &Caller) -> u16 {
    let answer = caller.get("/_readiness", None).await;
    answer.expect("an answer").status
}

#[tokio::test]
async fn while_the_disk_is_full_nothing_is_acknowledged_and_lost_and_then_it_goes_on() {
    let _alone = alone().await;
    let name = "while_the_disk_is_full_nothing_is_acknowledged_and_lost_and_then_it_goes_on";
    let ground = Ground::new().await;
    if ground.database().starts_with("postgres") {
        return elsewhere(name, "SQLite");
    }
    let Some(disk) = Disk::mount(KIB) else {
        return skip(name, "root, to mount a file system");
    };
    let database = disk.database();
    let variables = [&[("DATABASE_URL", database.as_str())], &UNLIMITED[..]].concat();
    let mut server = ground.start(&[], &variables).await;
    let other = ground.start(&[], &variables).await;
    let (mut acknowledged, mut refused, mut slowest) = (BTreeSet::new(), 0, Duration::ZERO);

    for round in 0..loops(3) {
        let caller = Caller::of(&server);
        // At once, and in the middle of one of the next writes.
        disk.fill(LEFT_KIB[round % LEFT_KIB.len()]);
        for n in 0..WRITES {
            let name = format!("full-{round}-{n}");
            let answer = caller.register(&name).await.expect("an answer");
            if answer.status == 201 {
                acknowledged.insert(name);
            } else {
                assert!(answer.status == 503 && answer.is_put_off(), "{answer:?}");
                refused += 1;
            }
        }
        until(Duration::from_secs(5), || async {
            readiness(&caller).await == 503
        })
        .await;
        let alive = caller.get("/_health", None).await.expect("an answer");
        assert_eq!(alive.status, 200);
        assert_eq!(listed(&database).await, acknowledged, "while it is full");

        disk.free();
        let freed = Instant::now();
        let name = format!("after-{round}");
        let next = caller.register(&name).await.expect("an answer");
        assert_eq!(next.status, 201, "the very next write works: {next:?}");
        acknowledged.insert(name.clone());
        assert_eq!(listed(&database).await, acknowledged, "another process");
        let elsewhere = Caller::of(&other).register(&name).await;
        assert_eq!(elsewhere.expect("an answer").status, 409);
        until(LONG, || async { readiness(&caller).await == 200 }).await;
        slowest = slowest.max(freed.elapsed());

        server.kill();
        server = ground.start(&[], &variables).await;
        assert_eq!(listed(&database).await, acknowledged, "after kill -9");
    }
    assert!(refused > WRITES, "the disk was never full: {refused}");
    assert!(refused < loops(3) * WRITES, "the disk was full at once");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let run = task(&database, "audit:verify").await;
    assert_eq!(run.code, Some(0), "{run:?}");
    say(&format!(
        "full disk: {refused} of {} writes refused, none lost, ready at most {slowest:?} after there was room",
        loops(3) * WRITES
    ));
}

/// Also when the kill comes while it is full: nothing is left behind that the next start trips over.
#[tokio::test]
async fn killed_on_a_full_disk_it_starts_again_once_there_is_room() {
    let _alone = alone().await;
    let name = "killed_on_a_full_disk_it_starts_again_once_there_is_room";
    let ground = Ground::new().await;
    if ground.database().starts_with("postgres") {
        return elsewhere(name, "SQLite");
    }
    let Some(disk) = Disk::mount(KIB) else {
        return skip(name, "root, to mount a file system");
    };
    let database = disk.database();
    let variables = [&[("DATABASE_URL", database.as_str())], &UNLIMITED[..]].concat();
    let mut acknowledged = BTreeSet::new();
    for round in 0..loops(2) {
        let server = ground.start(&[], &variables).await;
        let caller = Caller::of(&server);
        disk.fill(LEFT_KIB[(round + 1) % LEFT_KIB.len()]);
        for n in 0..WRITES / 4 {
            let name = format!("full-{round}-{n}");
            let answer = caller.register(&name).await.expect("an answer");
            if answer.status == 201 {
                acknowledged.insert(name);
            }
        }
        server.kill();
        disk.free();
        let server = ground.start(&[], &variables).await;
        let after = format!("after-{round}");
        let next = Caller::of(&server).register(&after).await;
        assert_eq!(next.expect("an answer").status, 201);
        acknowledged.insert(after);
        assert_eq!(listed(&database).await, acknowledged);
    }
    let left = std::fs::read_dir(disk.path()).expect("the disk");
    let left: Vec<_> = left
        .map(|entry| entry.expect("a file").file_name())
        .collect();
    say(&format!("full disk: after kill -9 there are {left:?}"));
}
