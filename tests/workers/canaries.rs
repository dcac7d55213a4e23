//! In production, with the log at its most talkative: no token of a mail is found in the log or in the
//! database.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::support::{
    PASSWORD,
    server::{Ground, Server},
    smtp::{SmtpServer, Taken},
};

const ANOTHER: &str = "staple the correct battery";
const ADA: &str = "ada@example.com";

/// A mail server with TLS, and the certificate that its clients have to know.
fn with_tls(ground: &Ground) -> SmtpServer {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_string()]).expect("a certificate");
    std::fs::write(ground.file("ca.pem"), cert.pem()).expect("a file");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a certificate");
    SmtpServer::start_on(0, Some(TlsAcceptor::from(Arc::new(config))))
}

async fn next(smtp: &SmtpServer, to: &str, subject: &str) -> Taken {
    loop {
        let taken = smtp.taken();
        let found = taken
            .iter()
            .rev()
            .find(|mail| mail.to == [to] && mail.subject().contains(subject));
        if let Some(mail) = found {
            return mail.clone();
        }
        smtp.wait_for(taken.len() + 1).await;
    }
}

async fn asked(server: &Server, path: &str) {
    let (status, body) = server.post(path, json!({"email": ADA})).await;
    assert_eq!(status, 202, "{body}");
}

#[tokio::test]
async fn no_token_of_a_mail_is_in_the_log_or_the_database() {
    let ground = Ground::new().await;
    let smtp = with_tls(&ground);
    let (port, ca) = (smtp.port().to_string(), ground.file("ca.pem"));
    let variables = [
        ("LOCO_ENV", "production"),
        ("DB_AUTO_MIGRATE", "true"),
        ("LOG_LEVEL", "trace"),
        ("DB_LOGGING", "true"),
        ("HOST", "https://rollcall.example.com"),
        ("BINDING", "127.0.0.1"),
        (
            "JWT_SECRET_KEY",
            "b25seSBmb3IgdGhpcyB0ZXN0LCBhbmQgbG9uZyBlbm91Z2gu",
        ),
        ("MAILER_HOST", "localhost"),
        ("MAILER_PORT", &port),
        ("MAILER_TLS", "implicit"),
        ("MAILER_SPREAD", "0"),
        ("THROTTLE_ENABLED", "false"),
        ("SSL_CERT_FILE", ca.to_str().expect("a path")),
    ];
    let server = ground.start(&[], &variables).await;
    let mut secrets = Vec::new();

    let body = json!({"username": "ada", "email": ADA, "password": PASSWORD});
    assert_eq!(server.post("/auth/register", body).await.0, 201);
    let mail = next(&smtp, ADA, "Confirm").await;
    let link = mail.text();
    assert!(
        link.contains("https://rollcall.example.com/account/verify-email?token="),
        "{link}"
    );
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let (_, granted) = server.post("/auth/token", credentials).await;
    let token = granted["access_token"].as_str().expect("a token");
    assert_eq!(server.get("/v1/api/users/", Some(token)).await.0, 403);
    let page = format!("/account/verify-email?token={}", mail.token());
    assert_eq!(server.get(&page, None).await.0, 200);
    secrets.push(mail.token());
    let verify = json!({"token": mail.token(), "password": PASSWORD});
    assert_eq!(server.post("/auth/verify-email", verify).await.0, 204);
    assert_eq!(server.get("/v1/api/users/", Some(token)).await.0, 200);

    asked(&server, "/auth/magic-link").await;
    let mail = next(&smtp, ADA, "sign in").await;
    secrets.push(mail.token());
    let (status, opened) = server
        .post("/auth/magic-link/session", json!({"token": mail.token()}))
        .await;
    assert_eq!(status, 200);
    for tokens in [&granted, &opened] {
        for field in ["access_token", "refresh_token"] {
            secrets.push(tokens[field].as_str().expect("a token").to_string());
        }
    }
    asked(&server, "/auth/password/forgot").await;
    let mail = next(&smtp, ADA, "new password").await;
    secrets.push(mail.token());
    let reset = json!({"token": mail.token(), "password": ANOTHER});
    assert_eq!(server.post("/auth/password/reset", reset).await.0, 204);
    next(&smtp, ADA, "was changed").await;
    asked(&server, "/auth/password/forgot").await;
    let unused = next(&smtp, ADA, "new password").await;
    secrets.push(unused.token());
    server.kill();

    secrets.extend([PASSWORD, ANOTHER].map(ToString::to_string));
    let log = ground.log();
    assert!(
        log.contains("\"level\":\"TRACE\""),
        "the log is not talkative"
    );
    let database = everything(&ground.database()).await;
    for (n, secret) in secrets.iter().enumerate() {
        // The first bytes of a mail's token are the id of its row.
        let secret = secret
            .strip_prefix("rco_")
            .map_or(secret.as_str(), |rest| &rest[22..]);
        assert!(!log.contains(secret), "secret {n} is in the log");
        assert!(!database.contains(secret), "secret {n} is in the database");
    }
}

/// All bytes of the database: the files of SQLite, a dump of PostgreSQL's rows.
async fn everything(uri: &str) -> String {
    use sea_orm::{ConnectionTrait, Database, Statement};
    if let Some(path) = uri.strip_prefix("sqlite://") {
        let path = path.split('?').next().expect("a path");
        let files =
            ["", "-wal"].map(|end| std::fs::read(format!("{path}{end}")).unwrap_or_default());
        assert!(!files[0].is_empty());
        return files
            .iter()
            .map(|file| String::from_utf8_lossy(file).into_owned())
            .collect();
    }
    let db = Database::connect(uri).await.expect("the database");
    let mut all = String::new();
    for table in [
        "users",
        "sessions",
        "one_time_tokens",
        "outbox_mails",
        "throttles",
        "leases",
    ] {
        let sql = format!("SELECT row_to_json(t)::text AS row FROM {table} t");
        let sql = Statement::from_string(db.get_database_backend(), sql);
        for row in db.query_all_raw(sql).await.expect("the rows") {
            all.push_str(&row.try_get::<String>("", "row").expect("text"));
        }
    }
    assert!(!all.is_empty());
    db.close().await.expect("an end");
    all
}
