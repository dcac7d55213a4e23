//! Connections, overload and the end of a process: the binary, on a socket.

mod log;
mod metrics;
mod traces;

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseBackend};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::{
    server::{Ground, Server},
    waiting::{LONG, until},
};

const BODY: &str = r#"{"username":"nobody","password":"not a password"}"#;

/// A request whose body is not all there yet.
async fn half_a_request(server: &Server) -> TcpStream {
    let mut stream = connect(server).await;
    let head = format!(
        "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        BODY.len()
    );
    let begin = &BODY.as_bytes()[..10];
    stream
        .write_all(&[head.as_bytes(), begin].concat())
        .await
        .expect("to write");
    // So that it has come to the handler.
    sleep(Duration::from_millis(200)).await;
    stream
}

/// The rest of it; the status of the answer.
async fn finish(mut stream: TcpStream) -> String {
    stream
        .write_all(&BODY.as_bytes()[10..])
        .await
        .expect("to write");
    let mut answer = vec![0; 4096];
    let read = timeout(LONG, stream.read(&mut answer))
        .await
        .expect("an answer")
        .expect("bytes");
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.split(' ').nth(1).expect("a status").to_string()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .expect("a connection")
}

/// So long until the other side closes it.
async fn closed(mut stream: TcpStream) -> Duration {
    let started = Instant::now();
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = timeout(LONG, stream.read_to_end(&mut rest))
        .await
        .expect("an end");
    started.elapsed()
}

async fn status(server: &Server, path: &str) -> u16 {
    server.get(path, None).await.0
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_says_so_and_finishes_what_it_began() {
    let ground = Ground::new().await;
    let mut server = ground.start(&[], &[("READY_DELAY", "2000")]).await;
    let under_way = half_a_request(&server).await;
    server.signal("TERM");
    until(Duration::from_secs(2), || async {
        status(&server, "/_readiness").await == 503
    })
    .await;
    assert_eq!(status(&server, "/_health").await, 200);
    assert_eq!(status(&server, "/v1/api/users").await, 401, "still served");
    until(LONG, || async {
        TcpStream::connect(("127.0.0.1", server.port()))
            .await
            .is_err()
    })
    .await;
    assert_eq!(finish(under_way).await, "401");
    assert_eq!(server.end_within(LONG).await, Some(0));
}

#[tokio::test]
async fn a_client_that_is_stuck_keeps_no_process() {
    let ground = Ground::new().await;
    let mut server = ground.start(&[], &[("DRAIN_TIMEOUT", "500")]).await;
    let stuck = half_a_request(&server).await;
    let started = Instant::now();
    server.signal("INT");
    assert_eq!(server.end_within(LONG).await, Some(0));
    // Less than the deadline of its body.
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    closed(stuck).await;
    assert!(ground.log().contains("did not end in time"));
}

#[tokio::test]
async fn a_second_signal_waits_for_nothing() {
    let ground = Ground::new().await;
    let mut server = ground
        .start(&[], &[("READY_DELAY", "20000"), ("DRAIN_TIMEOUT", "9000")])
        .await;
    server.signal("TERM");
    until(LONG, || async {
        status(&server, "/_readiness").await == 503
    })
    .await;
    server.signal("TERM");
    assert_eq!(server.end_within(Duration::from_secs(5)).await, Some(1));
}

#[tokio::test]
async fn whoever_sends_its_head_slowly_is_cut_and_harms_nobody() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[("HEADER_TIMEOUT", "1500")]).await;
    let mut half_open = Vec::new();
    for n in 0..300 {
        let mut stream = connect(&server).await;
        if n % 2 == 0 {
            stream.write_all(b"GET /_ping HT").await.expect("to write");
        }
        half_open.push(stream);
    }
    let started = Instant::now();
    for _ in 0..10 {
        assert_eq!(status(&server, "/v1/api/users").await, 401);
    }
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    for stream in half_open {
        assert!(closed(stream).await < Duration::from_secs(8));
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[]).await;
    let mut stream = half_a_request(&server).await;
    let mut answer = [0; 64];
    let read = timeout(Duration::from_secs(10), stream.read(&mut answer)).await;
    let read = read.expect("an answer in time").expect("bytes");
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn connections_beyond_their_number_wait() {
    let ground = Ground::new().await;
    let variables = [("MAX_CONNECTIONS", "3"), ("HEADER_TIMEOUT", "1000")];
    let server = ground.start(&[], &variables).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(connect(&server).await);
    }
    let mut fourth = connect(&server).await;
    fourth
        .write_all(b"GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("to write");
    let mut answer = [0; 64];
    let early = timeout(Duration::from_millis(300), fourth.read(&mut answer)).await;
    assert!(early.is_err(), "it was served beside three others");
    let read = timeout(LONG, fourth.read(&mut answer))
        .await
        .expect("an answer")
        .expect("bytes");
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn requests_beyond_their_number_are_refused_for_now() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[("MAX_REQUESTS", "1")]).await;
    let under_way = half_a_request(&server).await;
    let refused = reqwest::get(format!("{}/v1/api/users", server.base()))
        .await
        .expect("an answer");
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(refused.headers().contains_key("x-request-id"));
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
    for path in ["/_ping", "/_health", "/_readiness"] {
        assert_eq!(status(&server, path).await, 200, "{path}");
    }
    assert_eq!(finish(under_way).await, "401");
    assert_eq!(status(&server, "/v1/api/users").await, 401, "it is over");
}

#[tokio::test]
async fn while_a_write_would_fail_it_is_not_ready() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[]).await;
    let db = sea_orm::Database::connect({
        let mut options = sea_orm::ConnectOptions::new(ground.database());
        options.max_connections(1);
        options
    });
    let db = db.await.expect("a connection");
    let (begin, lock) = match db.get_database_backend() {
        DatabaseBackend::Postgres => ("BEGIN", "LOCK TABLE leases IN EXCLUSIVE MODE"),
        _ => ("BEGIN IMMEDIATE", "SELECT 1"),
    };
    db.execute_unprepared(begin).await.expect("a transaction");
    db.execute_unprepared(lock).await.expect("a lock");
    until(LONG, || async {
        status(&server, "/_readiness").await == 503
    })
    .await;
    assert_eq!(status(&server, "/_health").await, 200);
    db.execute_unprepared("ROLLBACK").await.expect("its end");
    let started = Instant::now();
    until(LONG, || async {
        status(&server, "/_readiness").await == 200
    })
    .await;
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}
