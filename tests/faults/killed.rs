//! kill -9 at any moment, while accounts are made, changed and ended by several callers at once.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::{
    caller::Caller,
    life::{Life, Session, Step, password},
    runs::{UNLIMITED, alone, loops, random, say, task},
    support::server::{Ground, Server},
    trail,
};

const CALLERS: usize = 6;

/// Two seconds are promised. A shared machine gets some more.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// Kill the server in the middle of this.
async fn load(server: Server, round: usize, admin: &str) -> (Vec<Life>, usize) {
    let caller = Caller::of(&server);
    let callers: Vec<_> = (0..CALLERS)
        .map(|n| {
            let (caller, admin) = (caller.clone(), admin.to_string());
            tokio::spawn(async move {
                let ends = [Some(Step::Suspend), None, Some(Step::Delete)];
                let (mut lives, mut steps) = (Vec::new(), 0);
                for (k, end) in ends.into_iter().cycle().enumerate() {
                    let mut life = Life::new(format!("user-{round}-{n}-{k}"));
                    steps += life.live(&caller, &admin, end).await;
                    let is_last = life.in_flight.is_some();
                    lives.push(life);
                    if is_last {
                        break;
                    }
                }
                (lives, steps)
            })
        })
        .collect();
    sleep(Duration::from_millis(300) + random(Duration::from_secs(2))).await;
    server.kill();
    let (mut lives, mut steps) = (Vec::new(), 0);
    for caller in callers {
        let (more, acknowledged) = caller.await.expect("a caller");
        lives.extend(more);
        steps += acknowledged;
    }
    // Soon: a token that was just used counts for ten seconds.
    lives.sort_by_key(|life| life.in_flight != Some(Step::Renew));
    (lives, steps)
}

/// What was acknowledged is so, and what was in flight is done or not; then `life` says which.
async fn look_at(caller: &Caller, life: &mut Life) {
    let in_flight = life.in_flight.take();
    let known = password(life.passwords);
    let mut gets_in = logs_in(caller, life, &known).await;
    match in_flight {
        Some(Step::Register) => {
            if gets_in {
                life.id = trail::id_of(caller, life, &known).await;
            }
            return;
        }
        Some(Step::ChangePassword) if !gets_in => {
            life.passwords += 1;
            life.over.extend(life.open.drain(1..));
            gets_in = logs_in(caller, life, &password(life.passwords)).await;
        }
        Some(Step::Suspend) if !gets_in => end(life, true),
        Some(Step::Delete) if !gets_in => end(life, false),
        Some(Step::LogOut) => {
            let last = life.open.last().expect("a session");
            if !is_open(caller, last).await {
                life.over.extend(life.open.pop());
            }
        }
        _ => {}
    }
    assert_eq!(gets_in, !life.suspended && !life.deleted, "{life:?}");
    for session in &life.over {
        assert!(!is_open(caller, session).await, "{session:?}: {life:?}");
    }
    for session in &life.open {
        let renewed = caller.renew(&session.refresh).await.expect("an answer");
        assert_eq!(renewed.status, 200, "{renewed:?}: {life:?}");
        let token = renewed.text("access_token");
        let profile = caller.get("/v1/api/users", Some(&token)).await;
        let profile = profile.expect("an answer");
        assert_eq!(profile.status, 200, "{profile:?}: {life:?}");
        if in_flight == Some(Step::Rename)
            && profile.body["first_name"] == format!("n{}", life.names + 1)
        {
            life.names += 1;
        }
        if life.names > 0 {
            let name = format!("n{}", life.names);
            assert_eq!(profile.body["first_name"], name, "{life:?}");
        }
    }
}

fn end(life: &mut Life, suspended: bool) {
    life.suspended = suspended;
    life.deleted = !suspended;
    life.over.append(&mut life.open);
}

async fn logs_in(caller: &Caller, life: &Life, password: &str) -> bool {
    let answer = caller.log_in(&life.name, password).await;
    let answer = answer.expect("an answer");
    assert!(matches!(answer.status, 200 | 401), "{answer:?}: {life:?}");
    answer.status == 200
}

/// The access token of an ended session is refused. One of an open session may be used.
async fn is_open(caller: &Caller, session: &Session) -> bool {
    let answer = caller.get("/v1/api/users", Some(&session.access)).await;
    let answer = answer.expect("an answer");
    if answer.status == 200 {
        return true;
    }
    assert!(matches!(answer.status, 401 | 404), "{answer:?}");
    let renewed = caller.renew(&session.refresh).await.expect("an answer");
    assert_eq!(renewed.status, 401, "{renewed:?}");
    false
}

#[tokio::test]
async fn after_kill_9_everything_acknowledged_is_there_and_nothing_is_half_done() {
    let _alone = alone().await;
    let ground = Ground::new().await;
    let mut server = ground.start(&[], &UNLIMITED).await;
    let admin = Caller::of(&server).admin("root").await;
    let admin = admin["access_token"].as_str().expect("a token");
    let (mut everybody, mut steps, mut slowest) = (Vec::new(), 0, Duration::ZERO);
    for round in 0..loops(4) {
        let (mut lives, acknowledged) = load(server, round, admin).await;
        steps += acknowledged;
        // Also in the middle of its start.
        let starting = ground.spawn(&[], &UNLIMITED);
        sleep(random(Duration::from_millis(600))).await;
        starting.kill();

        let started = Instant::now();
        server = ground.spawn(&[], &UNLIMITED);
        server.is_ready_within(READY_WITHIN).await;
        slowest = slowest.max(started.elapsed());

        let caller = Caller::of(&server);
        for life in &mut lives {
            look_at(&caller, life).await;
        }
        everybody.append(&mut lives);
        trail::agrees(&ground.database(), &everybody).await;
    }
    assert!(steps > 20, "hardly anything was acknowledged: {steps}");
    let run = task(&ground.database(), "audit:verify").await;
    assert_eq!(run.code, Some(0), "{run:?}");
    say(&format!(
        "killed: {} kills, {} accounts, {steps} steps acknowledged, ready after at most {slowest:?}",
        loops(4) * 2,
        everybody.len(),
    ));
}
