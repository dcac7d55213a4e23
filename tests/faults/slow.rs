//! Hundreds who send byte by byte, or hardly at all.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    caller::Caller,
    runs::{UNLIMITED, alone, p99, say},
    support::server::Ground,
};

const MANY: usize = 300;
/// Promised; and a second for a busy machine.
const CUT_WITHIN: Duration = Duration::from_secs(11);
const BYTE_EVERY: Duration = Duration::from_millis(700);

#[derive(Clone, Copy, Debug)]
enum Slow {
    Head,
    Body,
}

/// Send a byte now and then, until the other side has had enough. When, and with which words?
async fn drip(port: u16, what: Slow) -> (Duration, String) {
    let started = Instant::now();
    let stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a connection");
    let (mut reader, mut writer) = stream.into_split();
    let begin = match what {
        Slow::Head => "GET /v1/api/users HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        Slow::Body => {
            "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: 4000\r\n\r\n{"
        }
    };
    let dripping = tokio::spawn(async move {
        let mut sent = writer.write_all(begin.as_bytes()).await;
        while sent.is_ok() {
            sleep(BYTE_EVERY).await;
            sent = writer.write_all(b" ").await;
        }
    });
    let mut heard = Vec::new();
    let mut bytes = [0; 1024];
    // An answer, an end or a reset; whatever comes first.
    let end = timeout(CUT_WITHIN * 2, async {
        while let Ok(read @ 1..) = reader.read(&mut bytes).await {
            heard.extend_from_slice(&bytes[..read]);
        }
    });
    assert!(end.await.is_ok(), "{what:?}: never cut");
    dripping.abort();
    let line = String::from_utf8_lossy(&heard);
    (
        started.elapsed(),
        line.lines().next().unwrap_or_default().to_string(),
    )
}

async fn others_are_unharmed(what: Slow) {
    let ground = Ground::new().await;
    let server = ground.start(&[], &UNLIMITED).await;
    let port = server.port();
    let caller = Caller::of(&server);
    caller.member("ada").await;
    let slow: Vec<_> = (0..MANY).map(|_| tokio::spawn(drip(port, what))).collect();
    sleep(Duration::from_millis(500)).await;
    let mut times = Vec::new();
    while slow.iter().any(|slow| !slow.is_finished()) {
        for path in ["/_ping", "/_readiness"] {
            let answer = caller.get(path, None).await.expect("an answer");
            assert_eq!(answer.status, 200, "{answer:?}");
            times.push(answer.took);
        }
        let login = caller.log_in("ada", crate::runs::PASSWORD).await;
        let login = login.expect("an answer");
        assert_eq!(login.status, 200, "{login:?}");
        times.push(login.took);
        sleep(Duration::from_millis(100)).await;
    }
    let mut longest = Duration::ZERO;
    for slow in slow {
        let (took, line) = slow.await.expect("an end");
        longest = longest.max(took);
        match what {
            Slow::Head => assert_eq!(line, "", "there was no request to answer"),
            Slow::Body => assert_eq!(line, "HTTP/1.1 408 Request Timeout"),
        }
    }
    let others = p99(&mut times);
    assert!(longest < CUT_WITHIN, "{what:?}: {longest:?}");
    assert!(others < Duration::from_secs(1), "{others:?}");
    say(&format!(
        "slow: {MANY} × {what:?}, all cut within {longest:?}; p99 of {} requests of others {others:?}",
        times.len()
    ));
}

#[tokio::test]
async fn three_hundred_slow_heads_are_cut_and_harm_nobody() {
    let _alone = alone().await;
    others_are_unharmed(Slow::Head).await;
}

#[tokio::test]
async fn three_hundred_slow_bodies_are_cut_and_harm_nobody() {
    let _alone = alone().await;
    others_are_unharmed(Slow::Body).await;
}
