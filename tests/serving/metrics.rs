//! What is counted, on its own listener.

use serde_json::json;

use crate::support::{
    PASSWORD,
    process::{Scratch, rollcall},
    server::{Ground, Server, free_port},
};

async fn watched(ground: &Ground, variables: &[(&str, &str)]) -> (Server, String) {
    let port = free_port().to_string();
    let mut all = vec![("METRICS_ENABLED", "true"), ("METRICS_PORT", port.as_str())];
    all.extend(variables);
    let server = ground.start(&[], &all).await;
    (server, format!("http://127.0.0.1:{port}/metrics"))
}

async fn read(url: &str) -> String {
    let answer = reqwest::get(url).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let content_type = answer.headers()["content-type"].to_str().expect("text");
    assert!(
        content_type.starts_with("application/openmetrics-text"),
        "{content_type}"
    );
    answer.text().await.expect("text")
}

/// The value of this line.
#[track_caller]
fn value(text: &str, line: &str) -> f64 {
    let found = text
        .lines()
        .find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
    let found = found.unwrap_or_else(|| panic!("no {line} in\n{text}"));
    found.parse().expect("a number")
}

#[tokio::test]
async fn what_was_answered_is_counted_by_route_and_status() {
    let ground = Ground::new().await;
    let (server, metrics) = watched(&ground, &[("DB_MAX_CONNECTIONS", "5")]).await;
    let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    assert_eq!(server.post("/auth/register", ada).await.0, 201);
    let login = |password: &str| json!({"username": "ada", "password": password});
    let (status, tokens) = server.post("/auth/token", login(PASSWORD)).await;
    assert_eq!(status, 200);
    assert_eq!(server.post("/auth/token", login("wrong")).await.0, 401);
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]});
    assert_eq!(server.post("/auth/token", refresh).await.0, 200);
    let token = tokens["access_token"].as_str();
    for _ in 0..3 {
        assert_eq!(server.get("/v1/api/users/", token).await.0, 200);
    }
    for path in ["/nowhere/1", "/nowhere/2", "/metrics"] {
        assert_eq!(server.get(path, None).await.0, 404);
    }

    let text = read(&metrics).await;

    for (line, expected) in [
        (
            r#"rollcall_http_requests_total{method="POST",route="/auth/register",status="201"}"#,
            1.0,
        ),
        (
            r#"rollcall_http_requests_total{method="POST",route="/auth/token",status="401"}"#,
            1.0,
        ),
        (
            r#"rollcall_http_requests_total{method="GET",route="/v1/api/users",status="200"}"#,
            3.0,
        ),
        (
            r#"rollcall_http_requests_total{method="GET",route="unmatched",status="404"}"#,
            3.0,
        ),
        (
            r#"rollcall_http_request_duration_seconds_count{method="POST",route="/auth/token"}"#,
            3.0,
        ),
        (
            r#"rollcall_http_request_duration_seconds_bucket{le="0.001",method="POST",route="/auth/register"}"#,
            0.0,
        ),
        (
            r#"rollcall_logins_total{grant="password",outcome="success"}"#,
            1.0,
        ),
        (
            r#"rollcall_logins_total{grant="password",outcome="invalid_credentials"}"#,
            1.0,
        ),
        (
            r#"rollcall_logins_total{grant="refresh_token",outcome="success"}"#,
            1.0,
        ),
        (r#"rollcall_password_hashes{state="waiting"}"#, 0.0),
        ("rollcall_http_requests_in_flight", 0.0),
        ("rollcall_database_connections_limit", 5.0),
        ("rollcall_database_up", 1.0),
        (r#"rollcall_outbox_mails{state="dead"}"#, 0.0),
    ] {
        assert!(
            (value(&text, line) - expected).abs() < 0.1,
            "{line}\n{text}"
        );
    }
    let hits = value(
        &text,
        r#"rollcall_session_cache_lookups_total{result="hit"}"#,
    );
    let misses = value(
        &text,
        r#"rollcall_session_cache_lookups_total{result="miss"}"#,
    );
    assert!((hits + misses - 3.0).abs() < 0.1, "{text}");
    assert!(text.ends_with("# EOF\n"));
    for secret in ["ada", PASSWORD, "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

#[tokio::test]
async fn what_waits_and_what_was_refused_shows() {
    let ground = Ground::new().await;
    let variables = [
        ("MAILER_HOST", "127.0.0.1"),
        ("MAILER_PORT", "1"),
        ("MAX_REQUESTS", "1"),
    ];
    let (server, metrics) = watched(&ground, &variables).await;
    let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    assert_eq!(server.post("/auth/register", ada).await.0, 201);
    let under_way = super::half_a_request(&server).await;
    assert_eq!(server.get("/v1/api/users", None).await.0, 503);

    let text = read(&metrics).await;

    for (line, expected) in [
        (r#"rollcall_outbox_mails{state="queued"}"#, 1.0),
        (
            r#"rollcall_http_requests_shed_total{reason="requests"}"#,
            1.0,
        ),
        ("rollcall_http_requests_in_flight", 1.0),
    ] {
        assert!(
            (value(&text, line) - expected).abs() < 0.1,
            "{line}\n{text}"
        );
    }
    super::finish(under_way).await;
}

#[test]
fn an_address_that_is_taken_stops_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let scratch = Scratch::new();
    let database = scratch.database();
    let own = free_port().to_string();
    let variables = [
        ("DATABASE_URL", database.as_str()),
        ("PORT", own.as_str()),
        ("METRICS_ENABLED", "true"),
        ("METRICS_PORT", port.as_str()),
    ];

    let run = rollcall(&["start", "--no-banner"], &variables, "");

    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("METRICS_PORT"), "{run:?}");
}
