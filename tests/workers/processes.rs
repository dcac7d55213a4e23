//! Real processes, killed and started again.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{
    PASSWORD,
    server::{Ground, Server},
    smtp::{Behaviour, SmtpServer},
};

async fn register(server: &Server, n: usize) {
    let body = json!({
        "username": format!("user-{n}"),
        "email": format!("user-{n}@example.com"),
        "password": PASSWORD,
    });
    let (status, body) = server.post("/auth/register", body).await;
    assert_eq!(status, 201, "{body}");
}

/// How often each address got a mail, by `Message-ID`: a mail system drops the second of one.
fn arrived(smtp: &SmtpServer) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for taken in smtp.taken() {
        ids.entry(taken.message_id())
            .or_insert_with(Vec::new)
            .push(taken.to[0].clone());
    }
    let mut counts = BTreeMap::new();
    for to in ids.into_values() {
        *counts.entry(to[0].clone()).or_insert(0) += 1;
    }
    counts
}

#[tokio::test]
async fn a_process_that_is_killed_in_the_middle_loses_no_mail() {
    let ground = Ground::new().await;
    let smtp = SmtpServer::start();
    let port = smtp.port().to_string();
    let variables = [
        ("MAILER_HOST", "127.0.0.1"),
        ("MAILER_PORT", port.as_str()),
        ("MAILER_TIMEOUT", "2"),
        ("MAILER_SPREAD", "0"),
    ];
    smtp.behave([
        Behaviour::Accept,
        Behaviour::Hang,
        Behaviour::TakeAndVanish,
        Behaviour::Hang,
    ]);
    let server = ground.start(&[], &variables).await;
    for n in 0..6 {
        register(&server, n).await;
    }
    while smtp.connections() < 6 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }

    server.kill();
    smtp.behave([Behaviour::Accept]);
    let _server = ground.start(&[], &variables).await;

    while arrived(&smtp).len() < 6 {
        smtp.wait_for(smtp.taken().len() + 1).await;
    }
    let counts = arrived(&smtp);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

/// By the framework's own queue, on either database. Its rows hold nothing but ids.
#[tokio::test]
async fn mails_go_through_a_queue_too() {
    let ground = Ground::new().await;
    let smtp = SmtpServer::start();
    let port = smtp.port().to_string();
    let variables = [
        ("MAILER_HOST", "127.0.0.1"),
        ("MAILER_PORT", port.as_str()),
        ("WORKERS_MODE", "BackgroundQueue"),
        ("MAILER_SPREAD", "0"),
    ];
    let server = ground.start(&["--server-and-worker"], &variables).await;

    for n in 0..3 {
        register(&server, n).await;
    }

    let taken = smtp.wait_for(3).await;
    assert_eq!(arrived(&smtp).len(), 3);
    let body = json!({"token": taken[0].token()});
    assert_eq!(server.post("/auth/verify-email", body).await.0, 204);
    server.kill();
    let log = ground.log();
    assert!(!log.contains("locked"), "{log}");
    for payload in queued(&ground.database()).await {
        let payload: serde_json::Value = serde_json::from_str(&payload).expect("JSON");
        let fields = payload.as_object().expect("an object");
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["mail_id"]);
    }
}

/// What stands in the queue's rows, finished ones too.
async fn queued(uri: &str) -> Vec<String> {
    use sea_orm::{ConnectionTrait, Database, DatabaseBackend, Statement};
    let db = Database::connect(uri).await.expect("the database");
    let backend = db.get_database_backend();
    let table = match backend {
        DatabaseBackend::Postgres => "pg_loco_queue",
        _ => "sqlt_loco_queue",
    };
    let sql = format!("SELECT CAST(task_data AS TEXT) AS payload FROM {table}");
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await;
    let rows = rows.expect("the rows");
    let payloads: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "payload").expect("a payload"))
        .collect();
    assert_eq!(payloads.len(), 3);
    db.close().await.expect("an end");
    payloads
}

/// Whoever reads mails can take over accounts.
#[tokio::test]
async fn mails_can_be_read_in_development_and_nowhere_else() {
    let ground = Ground::new().await;
    let development = ground.start(&[], &[("MAILER_SPREAD", "0")]).await;
    register(&development, 1).await;
    let mail = loop {
        let (status, mails) = development.get("/_dev/mails", None).await;
        assert_eq!(status, 200);
        if let Some(mail) = mails.get(0) {
            break mail.clone();
        }
    };
    assert_eq!(mail["to"], "user-1@example.com");
    let (status, html) = development
        .get(
            &format!("/_dev/mails/{}", mail["id"].as_str().expect("an id")),
            None,
        )
        .await;
    assert_eq!((status, html.as_str()), (200, mail["html"].as_str()));
    assert!(
        ground
            .log()
            .contains(mail["text"].as_str().expect("a text").trim())
    );
    development.kill();

    let production = [
        ("LOCO_ENV", "production"),
        ("DB_AUTO_MIGRATE", "true"),
        ("HOST", "https://rollcall.example.com"),
        ("BINDING", "127.0.0.1"),
        (
            "JWT_SECRET_KEY",
            "b25seSBmb3IgdGhpcyB0ZXN0LCBhbmQgbG9uZyBlbm91Z2gu",
        ),
        ("MAILER_SPREAD", "0"),
    ];
    let server = ground.start(&[], &production).await;
    assert_eq!(server.get("/_dev/mails", None).await.0, 404);
    register(&server, 2).await;
    server.kill();
    let log = ground.log();
    assert!(log.contains("MAILER_HOST) is not set: mails wait in the outbox"));
    assert!(!log.contains("user-2@example.com"), "the mail waits");
}
