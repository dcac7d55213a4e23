//! What of a session is in the database, and what a failing database does to a renewal.

use rollcall::models::{Error, Means, database::pool};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;

use crate::support::{PASSWORD, Service, service};

/// Rows of any table that have this text in any column; on SQLite its files, which have all of it.
async fn occurrences(s: &Service, text: &str) -> usize {
    if s.on_sqlite() {
        let uri = &s.ctx.config.database.uri;
        let path = uri.trim_start_matches("sqlite://");
        let path = path.split('?').next().expect("a path");
        let files = ["", "-wal"].map(|suffix| std::fs::read(format!("{path}{suffix}")));
        let files = files.map(|file| file.expect("a database file"));
        return files
            .iter()
            .map(|file| {
                let windows = file.windows(text.len());
                windows.filter(|window| *window == text.as_bytes()).count()
            })
            .sum();
    }
    let mut found = 0;
    for table in ["users", "sessions", "throttles", "leases"] {
        let sql = format!("SELECT 1 FROM {table} AS t WHERE strpos(t::text, $1) > 0");
        let backend = s.ctx.db.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, [text.into()]);
        found += s.ctx.db.query_all_raw(statement).await.expect("rows").len();
    }
    found
}

/// A connection that can read and not write.
async fn read_only(s: &Service) -> DatabaseConnection {
    let mut config = s.ctx.config.database.clone();
    config.uri = if s.on_sqlite() {
        config.uri.replace("mode=rwc", "mode=ro")
    } else {
        format!(
            "{}?options=-c%20default_transaction_read_only%3Don",
            config.uri
        )
    };
    pool::connect(&config).await.expect("a connection")
}

#[tokio::test]
async fn only_digests_are_stored() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let answer = ada.refresh(ada.refresh_token()).await;
        assert_eq!(answer.status, 200);
        let device = ada.log_in("ada", PASSWORD).await;
        let device = device.device().expect("a device").to_string();
        s.log_in("ada", PASSWORD).await;
        ada.log_in("ada", "a wrong password").await;

        let session = s.sessions_of(ada.uuid()).await.remove(0);
        for present in ["ada@example.com", &session.refresh_digest] {
            assert!(
                occurrences(&s, present).await > 0,
                "the search finds nothing"
            );
        }
        for secret in [
            ada.refresh_token(),
            answer.text_of("refresh_token"),
            ada.token(),
            answer.text_of("access_token"),
            &device,
            PASSWORD,
            "a wrong password",
        ] {
            assert_eq!(occurrences(&s, secret).await, 0, "{secret}");
            // Nor a part of it, without its prefix or tag.
            let middle = &secret[secret.len() / 4..secret.len() * 3 / 4];
            assert_eq!(occurrences(&s, middle).await, 0, "{middle}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let tokens = &s.rollcall.sessions.refresh_tokens;
        let token = tokens.recognise(ada.refresh_token()).expect("a token");

        let printed = format!("{token:?} {tokens:?} {:?}", s.rollcall.settings.oauth);

        assert!(!printed.contains(&ada.refresh_token()[30..60]), "{printed}");
        assert!(printed.contains(&token.session_id.to_string()));
        assert!(!printed.contains("a secret of the tests"), "{printed}");
        assert!(printed.contains("Key(…)"), "{printed}");
    })
    .await;
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_token_usable() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let closed = pool::connect(&s.ctx.config.database)
            .await
            .expect("a connection");
        closed.close_by_ref().await.expect("to close");
        let no_writing = read_only(&s).await;
        let before = s.sessions_of(ada.uuid()).await;

        for db in [&closed, &no_writing] {
            let means = Means { db, ..s.means() };
            let sessions = &s.rollcall.sessions;
            let outcome = sessions.rotate(means, ada.refresh_token()).await;
            assert!(matches!(outcome, Err(Error::Database(_))));
        }
        no_writing.close().await.expect("to close");

        assert_eq!(s.sessions_of(ada.uuid()).await, before);
        assert!(ada.is_in().await);
        let answer = ada.refresh(ada.refresh_token()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn without_a_database_a_renewal_is_refused_for_now() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.ctx.db.close_by_ref().await.expect("to close");

        let answer = ada.refresh(ada.refresh_token()).await;
        let invented = ada.refresh("rcr_invented").await;

        answer.is_problem(503, "service_unavailable");
        assert_eq!(answer.retry_after(), 1);
        invented.is_problem(401, "invalid_refresh_token");
    })
    .await;
}

#[tokio::test]
async fn a_session_keeps_where_it_comes_from_but_not_endlessly_much() {
    service(|s| async move {
        let client = s.anonymous().at("2001:db8::7");
        let client = client.with(axum::http::header::USER_AGENT, &"Mozilla ".repeat(200));
        let ada = s.member("ada").await;

        let credentials = json!({"username": "ada", "password": PASSWORD});
        assert_eq!(client.post("/auth/token", credentials).await.status, 200);

        let session = s.sessions_of(ada.uuid()).await.pop().expect("a session");
        assert_eq!(session.ip_address.as_deref(), Some("2001:db8::7"));
        assert_eq!(session.user_agent.map(|agent| agent.len()), Some(400));
        assert_eq!(session.authentication_method, "password");
    })
    .await;
}
