//! Four times as much as can be done: what is done is done in time, and the rest is refused at once.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{
    caller::{Answer, Caller},
    runs::{PASSWORD, UNLIMITED, alone, factor, p99, say},
    support::server::Ground,
};

const STORM: Duration = Duration::from_secs(5);
/// A login waits so long for its turn.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// For whoever is let in: its turn, its hash, and what a shared machine takes.
const ADMITTED_WITHIN: Duration = Duration::from_secs(6);
const RECOVERS_WITHIN: Duration = Duration::from_secs(5);

/// Logins a second, when as many ask at once as there are cores.
async fn capacity(caller: &Caller) -> f64 {
    let started = Instant::now();
    let two = (0..2).map(|_| {
        let caller = caller.clone();
        tokio::spawn(async move {
            let mut done = 0;
            while started.elapsed() < Duration::from_secs(2) {
                let answer = log_in(&caller).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                done += 1;
            }
            done
        })
    });
    let mut done = 0;
    for caller in two.collect::<Vec<_>>() {
        done += caller.await.expect("a caller");
    }
    f64::from(done) / started.elapsed().as_secs_f64()
}

async fn log_in(caller: &Caller) -> Answer {
    caller.log_in("ada", PASSWORD).await.expect("an answer")
}

/// So many a second, whether they are answered or not.
async fn storm(caller: &Caller, rate: f64, time: Duration) -> Vec<Answer> {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let started = Instant::now();
    let mut asked = Vec::new();
    while started.elapsed() < time {
        ticks.tick().await;
        let caller = caller.clone();
        asked.push(tokio::spawn(async move { log_in(&caller).await }));
    }
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.expect("an answer"));
    }
    answers
}

/// How long `/_ping` takes, until told to stop.
async fn pings(caller: Caller, time: Duration) -> Vec<Duration> {
    let (started, mut times) = (Instant::now(), Vec::new());
    while started.elapsed() < time {
        let answer = caller.get("/_ping", None).await.expect("an answer");
        assert_eq!(answer.status, 200);
        times.push(answer.took);
        sleep(Duration::from_millis(10)).await;
    }
    times
}

async fn four_times(name: &str, variables: &[(&str, &str)], refused_within: Duration) {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[variables, &UNLIMITED].concat()).await;
    let caller = Caller::of(&server);
    caller.member("ada").await;
    let rate = capacity(&caller).await;

    let time = STORM * u32::try_from(factor().min(10)).expect("a number");
    let pinging = tokio::spawn(pings(caller.clone(), time));
    let answers = storm(&caller, rate * 4.0, time).await;
    let mut pings = pinging.await.expect("the pings");

    let over = Instant::now();
    let alone = log_in(&caller).await;
    assert_eq!(alone.status, 200, "{alone:?}");
    let recovered = over.elapsed();

    let (mut admitted, mut refused) = (Vec::new(), Vec::new());
    for answer in answers {
        if answer.status == 200 {
            admitted.push(answer.took);
        } else {
            assert!(answer.is_put_off(), "{answer:?}");
            refused.push(answer.took);
        }
    }
    let (done, turned_away) = (admitted.len(), refused.len());
    assert!(turned_away > 0, "that was not too much");
    let (admitted, refused) = (p99(&mut admitted), p99(&mut refused));
    let ping = p99(&mut pings);
    say(&format!(
        "overload ({name}): {rate:.0} logins a second are done, four times as many asked for: {done} done \
         with p99 {admitted:?}, {turned_away} refused with p99 {refused:?}; /_ping p99 {ping:?}, \
         recovered after {recovered:?}"
    ));
    let seconds = time.as_secs_f64();
    let least = rate * seconds * 0.3;
    assert!(
        u32::try_from(done).is_ok_and(|done| f64::from(done) > least),
        "hardly anything is done: {done} in {seconds} s"
    );
    assert!(admitted < ADMITTED_WITHIN, "{admitted:?}");
    assert!(refused < refused_within, "{refused:?}");
    assert!(ping < Duration::from_millis(500), "{ping:?}");
    assert!(recovered < RECOVERS_WITHIN, "{recovered:?}");
}

/// Too many requests at once: refused before anything is done for them.
#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_number_of_requests_the_rest_is_refused_at_once() {
    let _alone = alone().await;
    let few = [("MAX_REQUESTS", "8")];
    four_times("8 requests at once", &few, Duration::from_secs(1)).await;
}

/// Too many passwords to hash: whoever would wait too long is told so.
#[tokio::test(flavor = "multi_thread")]
async fn logins_that_would_wait_too_long_are_refused() {
    let _alone = alone().await;
    let short = [("PASSWORD_MAX_WAIT", "1000")];
    let told = MAX_WAIT + Duration::from_secs(2);
    four_times("a second to wait", &short, told).await;
}

/// One client that asks for too much is refused, and served again soon.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_beyond_its_rate_is_refused_and_soon_served_again() {
    let _alone = alone().await;
    let ground = Ground::new().await;
    let variables = [
        ("RATE_LIMIT_PER_SECOND", "5"),
        ("RATE_LIMIT_BURST", "10"),
        ("LOG_LEVEL", "warn"),
    ];
    let server = ground.start(&[], &variables).await;
    let caller = Caller::of(&server);
    caller.member("ada").await;
    let answers = storm(&caller, 40.0, Duration::from_secs(3)).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    let mut refused = Vec::new();
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert!(answer.status == 429 && answer.is_put_off(), "{answer:?}");
        refused.push(answer.took);
    }
    // What it had at once, and what came in the meantime.
    assert!((10..=30).contains(&done), "{done} of {}", answers.len());
    let quickly = p99(&mut refused);
    assert!(quickly < Duration::from_millis(500), "{quickly:?}");
    let over = Instant::now();
    while log_in(&caller).await.status != 200 {
        assert!(over.elapsed() < RECOVERS_WITHIN);
        sleep(Duration::from_millis(100)).await;
    }
    say(&format!(
        "overload (a rate of 5, a burst of 10): of {} logins in 3 s {done} done, the others refused with \
         p99 {quickly:?}, served again after {:?}",
        answers.len(),
        over.elapsed()
    ));
}
