//! Spans for an OpenTelemetry collector.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};

use crate::support::{server::Ground, waiting::LONG};

/// RFC-like example of W3C Trace Context, section 3.2.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

type Taken = Arc<Mutex<Vec<u8>>>;

async fn take(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    taken.lock().expect("the spans").extend_from_slice(&body);
}

/// A collector that keeps what it is sent, and its base URL.
async fn collector() -> (Taken, String) {
    let taken = Taken::default();
    let app = Router::new().route("/v1/traces", post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let app = app.with_state(taken.clone());
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(async move { axum::serve(listener, app).await });
    (taken, base)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_request_is_a_span_in_the_trace_of_its_caller() {
    let ground = Ground::new().await;
    let (taken, base) = collector().await;
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", base.as_str())];
    let mut server = ground.start(&[], &variables).await;
    let request = reqwest::Client::new()
        .get(format!(
            "{}/v1/api/users/by-username/canary?token=canary",
            server.base()
        ))
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .header("authorization", "Bearer canary");
    assert_eq!(request.send().await.expect("an answer").status(), 401);
    server.signal("TERM");
    assert_eq!(server.end_within(LONG).await, Some(0));

    let spans = taken.lock().expect("the spans").clone();

    for part in [
        "service.name",
        "rollcall",
        "GET /v1/api/users/by-username/{username}",
        "http.response.status_code",
    ] {
        assert!(has(&spans, part.as_bytes()), "{part}");
    }
    let trace = (0..16).map(|n| u8::from_str_radix(&TRACE[2 * n..2 * n + 2], 16).expect("hex"));
    assert!(has(&spans, &trace.collect::<Vec<_>>()), "another trace");
    assert!(!has(&spans, b"canary"), "what the caller sent");
}

#[tokio::test]
async fn a_collector_that_is_away_disturbs_nobody() {
    let ground = Ground::new().await;
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
    let mut server = ground.start(&[], &variables).await;
    assert_eq!(server.get("/v1/api/users", None).await.0, 401);
    server.signal("TERM");
    assert_eq!(server.end_within(Duration::from_secs(10)).await, Some(0));
}
