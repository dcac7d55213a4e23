//! What another process, or somebody with a database shell, does is seen within a second.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::support::{Client, PASSWORD, Service, service, waiting::until};

/// As promised.
const A_SECOND: Duration = Duration::from_secs(1);

/// A connection that this node knows nothing of.
async fn shell(s: &Service) -> DatabaseConnection {
    let config = &s.ctx.config.database;
    rollcall::models::database::pool::connect(config)
        .await
        .expect("a connection")
}

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.expect(sql);
}

async fn run_in_a_shell(s: &Service, sql: &str) {
    let db = shell(s).await;
    run(&db, sql).await;
    db.close().await.expect("to close");
}

/// Asked all the time, so that it stays in memory, until the answer is this one.
async fn answers(client: &Client, path: &str, status: u16) -> Duration {
    until(A_SECOND, || async {
        client.get(path).await.status == status
    })
    .await
}

#[tokio::test]
async fn a_row_changed_in_a_shell_counts_within_a_second() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.is_trusted().await;

        for (sql, path, status) in [
            ("UPDATE users SET is_active = false", "/v1/api/users/", 401),
            ("UPDATE users SET is_active = true", "/v1/api/users/", 200),
            (
                "UPDATE users SET role = 'admin'",
                "/v1/api/users/admin-only",
                200,
            ),
            (
                "UPDATE users SET role = 'user'",
                "/v1/api/users/admin-only",
                403,
            ),
            (
                "UPDATE users SET deleted_at = created_at",
                "/v1/api/users/",
                404,
            ),
            ("UPDATE users SET deleted_at = NULL", "/v1/api/users/", 200),
            (
                "UPDATE sessions SET revoked_at = created_at",
                "/v1/api/users/",
                401,
            ),
            (
                "UPDATE sessions SET revoked_at = NULL",
                "/v1/api/users/",
                200,
            ),
            (
                "UPDATE sessions SET expires_at = created_at",
                "/v1/api/users/",
                401,
            ),
        ] {
            run_in_a_shell(&s, sql).await;
            answers(&ada, path, status).await;
        }
    })
    .await;
}

#[tokio::test]
async fn rows_deleted_in_a_shell_are_gone_within_a_second() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.is_trusted().await;
        assert!(ada.is_in().await);

        run_in_a_shell(&s, "DELETE FROM sessions").await;
        answers(&ada, "/v1/api/users/", 401).await;

        let ada = s.log_in("ada", PASSWORD).await;
        assert!(ada.is_in().await);
        run_in_a_shell(&s, "DELETE FROM users").await;
        answers(&ada, "/v1/api/users/", 404).await;
    })
    .await;
}

/// The watch's connection is the one that the pool did not name.
const KILL_THE_LISTENER: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() \
    AND application_name <> 'rollcall' AND backend_type = 'client backend'";

#[tokio::test]
async fn a_node_that_hears_nothing_remembers_nothing() {
    service(|s| async move {
        if s.on_sqlite() {
            return;
        }
        let ada = s.member("ada").await;
        let db = shell(&s).await;
        let authentications = &s.rollcall.sessions.authentications;

        for active in [false, true, false, true] {
            s.is_trusted().await;
            answers(&ada, "/v1/api/users/", if active { 401 } else { 200 }).await;
            let started = Instant::now();
            run(&db, KILL_THE_LISTENER).await;
            run(&db, &format!("UPDATE users SET is_active = {active}")).await;

            answers(&ada, "/v1/api/users/", if active { 200 } else { 401 }).await;
            assert!(started.elapsed() < A_SECOND + Duration::from_millis(500));
        }

        // Killed as soon as it is back: never trusted for longer than one proof counts.
        until(Duration::from_secs(5), || async {
            run(&db, KILL_THE_LISTENER).await;
            !authentications.is_trusted()
        })
        .await;
        s.is_trusted().await;
        db.close().await.expect("to close");
    })
    .await;
}

#[tokio::test]
async fn a_node_that_stops_hearing_is_not_trusted_for_a_second_more() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.is_trusted().await;
        assert!(ada.is_in().await);
        // The watch neither hears nor says so any more, as on a machine that lost its network.
        s.rollcall.stop().await;
        let authentications = s.rollcall.sessions.authentications.clone();

        until(A_SECOND, || {
            std::future::ready(!authentications.is_trusted())
        })
        .await;
        run_in_a_shell(&s, "UPDATE users SET is_active = false").await;

        assert!(!ada.is_in().await);
    })
    .await;
}
