//! PostgreSQL that can't be reached, that hangs, that went away: behind a proxy of the test's own.

use std::time::{Duration, Instant};

use reqwest::Url;
use tokio::time::sleep;

use crate::{
    proxy::{Mode, Proxy},
    runs::{alone, elsewhere, random, say},
    service::{BACK_WITHIN, Service, register_for},
    support::{server::Ground, waiting::until},
};

/// As this URI, but by another port of this machine.
fn by(database: &str, port: u16) -> (String, String) {
    let mut url = Url::parse(database).expect("a URI");
    let host = url.host_str().expect("a host");
    let target = format!("{host}:{}", url.port().unwrap_or(5432));
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(port)).expect("a port");
    (url.to_string(), target)
}

async fn fails_as(name: &str, mode: Mode) {
    let _alone = alone().await;
    let ground = Ground::new().await;
    if !ground.database().starts_with("postgres") {
        return elsewhere(name, "PostgreSQL");
    }
    let (_, target) = by(&ground.database(), 1);
    let proxy = Proxy::start(target);
    let (database, _) = by(&ground.database(), proxy.port());
    let s = Service::start(&ground, &database).await;
    for (_, answer) in s.ask().await {
        assert!(answer.status < 500, "{answer:?}");
    }

    proxy.set(mode);
    let since = Instant::now();
    let not_ready = tokio::spawn({
        let caller = s.caller.clone();
        async move {
            let unready = async || {
                caller
                    .get("/_readiness", None)
                    .await
                    .expect("an answer")
                    .status
                    == 503
            };
            until(BACK_WITHIN, unready).await
        }
    });
    while since.elapsed() < Duration::from_secs(5) {
        s.puts_everything_off(since).await;
        for path in ["/_health", "/_ping"] {
            assert_eq!(s.status(path).await, 200);
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(s.status("/_readiness").await, 503);

    proxy.set(Mode::Pass);
    let back = s.is_back(Instant::now()).await;
    say(&format!(
        "outages: {mode:?}: not ready after {:?}, back after {back:?}",
        not_ready.await.expect("it was not ready")
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_is_an_outage_that_ends() {
    fails_as("refused_is_an_outage_that_ends", Mode::Refuse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hung_is_an_outage_that_ends() {
    fails_as("hung_is_an_outage_that_ends", Mode::Hang).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_without_a_word_is_an_outage_that_ends() {
    fails_as("gone_without_a_word_is_an_outage_that_ends", Mode::Lose).await;
}

/// Connections that are cut, now and then, while accounts are made: none is lost, and nobody is told
/// anything worse than to come again.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_all_the_time_lose_nothing() {
    let name = "connections_that_break_all_the_time_lose_nothing";
    let _alone = alone().await;
    let ground = Ground::new().await;
    if !ground.database().starts_with("postgres") {
        return elsewhere(name, "PostgreSQL");
    }
    let (_, target) = by(&ground.database(), 1);
    let proxy = Proxy::start(target);
    let (database, _) = by(&ground.database(), proxy.port());
    let s = Service::start(&ground, &database).await;
    let writing = tokio::spawn(register_for(s.caller.clone(), Duration::from_secs(4)));
    let mut cuts = 0;
    while !writing.is_finished() {
        sleep(Duration::from_millis(100) + random(Duration::from_millis(400))).await;
        proxy.set(Mode::Refuse);
        sleep(random(Duration::from_millis(100))).await;
        proxy.set(Mode::Pass);
        cuts += 1;
    }
    let (made, put_off) = writing.await.expect("a writer");
    until(BACK_WITHIN, || async {
        s.status("/_readiness").await == 200
    })
    .await;
    s.has(&made).await;
    say(&format!(
        "outages: {cuts} cuts, {} registrations acknowledged and there, {put_off} put off",
        made.len()
    ));
}
