//! What the log says of a request.

use serde_json::{Value, json};

use crate::support::{
    PASSWORD,
    server::{Ground, Server},
};

const SECRET: &str = "b25seSBmb3IgdGhpcyB0ZXN0LCBhbmQgbG9uZyBlbm91Z2gu";

const PRODUCTION: [(&str, &str); 6] = [
    ("LOCO_ENV", "production"),
    ("DB_AUTO_MIGRATE", "true"),
    ("HOST", "https://rollcall.example.com"),
    ("BINDING", "127.0.0.1"),
    ("JWT_SECRET_KEY", SECRET),
    ("REQUIRE_VERIFIED_EMAIL", "false"),
];

/// Her account and her tokens.
async fn ada(server: &Server) -> (Value, Value) {
    let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    let (status, ada) = server.post("/auth/register", ada).await;
    assert_eq!(status, 201, "{ada}");
    let login = json!({"username": "ada", "password": PASSWORD});
    let (_, tokens) = server.post("/auth/token", login).await;
    (ada, tokens)
}

fn lines(log: &str) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    log.lines().map(line).collect()
}

#[tokio::test]
async fn production_writes_a_line_of_json_for_each_request() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &PRODUCTION).await;
    let (ada, tokens) = ada(&server).await;
    let token = tokens["access_token"].as_str();
    assert_eq!(
        server
            .get("/v1/api/users/by-username/ada?x=canary", token)
            .await
            .0,
        200
    );
    assert_eq!(server.get("/v1/api/users/", Some("nonsense")).await.0, 401);

    let log = ground.log();
    let lines = lines(&log);
    let answered = |path: &str| {
        let mut lines = lines.iter().filter(|line| {
            line["fields"]["message"] == "answered" && line["span"]["http.path"] == path
        });
        lines
            .next()
            .unwrap_or_else(|| panic!("no line for {path} in\n{log}"))
    };

    let found = answered("/v1/api/users/by-username/ada");
    assert_eq!(found["level"], "INFO");
    assert_eq!(
        found["fields"]["http.route"],
        "/v1/api/users/by-username/{username}"
    );
    assert_eq!(found["fields"]["http.status"], 200);
    assert!(
        found["fields"]["duration_us"]
            .as_u64()
            .is_some_and(|us| us > 0),
        "{found}"
    );
    assert_eq!(found["span"]["http.method"], "GET");
    assert_eq!(found["span"]["user.id"], ada["id"]);
    assert!(
        found["span"]["request.id"]
            .as_str()
            .is_some_and(|id| id.len() > 20),
        "{found}"
    );
    let refused = answered("/v1/api/users");
    assert_eq!(
        (&refused["level"], &refused["fields"]["http.status"]),
        (&json!("INFO"), &json!(401))
    );
    assert!(lines.iter().all(|line| line["level"] != "ERROR"), "{log}");
    for secret in [
        "canary",
        PASSWORD,
        "ada@example.com",
        token.expect("a token"),
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_line_can_be_left_out() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[("LOG_REQUESTS", "false")]).await;
    assert_eq!(server.get("/v1/api/users", None).await.0, 401);
    assert!(!ground.log().contains("answered"));
}

#[tokio::test]
async fn a_statement_is_logged_with_its_request() {
    let ground = Ground::new().await;
    let logging = [
        ("SESSION_CACHE_ENABLED", "false"),
        ("DB_LOGGING", "true"),
        ("LOG_LEVEL", "debug"),
    ];
    let variables: Vec<_> = PRODUCTION.into_iter().chain(logging).collect();
    let server = ground.start(&[], &variables).await;
    let (_, tokens) = ada(&server).await;
    let token = tokens["access_token"].as_str();
    assert_eq!(server.get("/v1/api/users/", token).await.0, 200);

    let lines = lines(&ground.log());
    let mut of_the_request = lines
        .iter()
        .filter(|line| line["span"]["http.path"] == "/v1/api/users");
    let statement = of_the_request.find(|line| line["fields"]["db.statement"].is_string());
    let statement = statement.expect("a statement");
    let answered = of_the_request.next().expect("an answer");
    assert_eq!(answered["fields"]["message"], "answered");
    assert_eq!(
        statement["span"]["request.id"],
        answered["span"]["request.id"]
    );
}
