//! A database that can't be used: 503 with `Retry-After`, never a 401, a 404 or a success.

use axum::http::Method;
use loco_rs::config::Config;
use rollcall::models::transaction;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use serde_json::json;

use crate::support::{
    Answer, Client, PASSWORD, in_parallel, service, service_with,
    waiting::{LONG, until},
};

fn is_unavailable(answer: &Answer) {
    answer.is_problem(503, "service_unavailable");
    let seconds: u32 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&seconds));
}

/// A request of each kind that needs the database, all at once.
async fn requests(anonymous: &Client, member: &Client) -> Vec<Answer> {
    let own = format!("/v1/api/users/{}", member.id());
    let grace = json!({"username": "grace", "email": "grace@example.com", "password": PASSWORD});
    let requests = [
        (
            anonymous,
            "POST",
            "/auth/token",
            Some(json!({"username": "ada", "password": PASSWORD})),
        ),
        (
            anonymous,
            "POST",
            "/auth/token",
            Some(json!({"username": "nobody", "password": "x"})),
        ),
        (anonymous, "POST", "/auth/register", Some(grace.clone())),
        (member, "POST", "/auth/register", Some(grace)),
        (
            member,
            "PATCH",
            "/v1/api/users",
            Some(json!({"first_name": "Ada"})),
        ),
        (member, "DELETE", "/v1/api/users", None),
        (member, "GET", "/v1/api/users", None),
        (member, "GET", "/v1/api/users/admin-only", None),
        (member, "GET", "/v1/api/users/by-username/ada", None),
        (member, "GET", "/v1/api/users/by-username/nobody", None),
        (member, "GET", "/v1/api/users/not-an-id", None),
        (member, "GET", &own, None),
        (anonymous, "GET", "/_readiness", None),
    ];
    in_parallel(requests.len(), |i| {
        let (client, method, path, body) = &requests[i];
        let (client, path) = ((*client).clone(), (*path).to_string());
        let (method, body) = (method.parse::<Method>().unwrap(), body.clone());
        async move {
            let content_type = body.as_ref().map(|_| "application/json");
            let body = body.map(|body| body.to_string()).unwrap_or_default();
            client.send(method, &path, content_type, body).await
        }
    })
    .await
}

#[tokio::test]
async fn without_a_database_nobody_is_refused_for_another_reason() {
    service(|s| async move {
        let ada = s.member("ada").await;

        s.ctx.db.close_by_ref().await.unwrap();

        for answer in requests(&s.anonymous(), &ada).await {
            is_unavailable(&answer);
        }
    })
    .await;
}

#[tokio::test]
async fn an_admin_is_no_stranger_while_the_database_is_down() {
    fn without_admins(config: &mut Config) {
        config.settings.as_mut().unwrap()["registration"]["allow_admin"] = false.into();
    }
    service_with(without_admins, |s| async move {
        let root = s.promoted("root").await;
        let grace = json!({
            "username": "grace", "email": "grace@example.com", "password": PASSWORD, "role": "admin",
        });

        s.ctx.db.close_by_ref().await.unwrap();

        is_unavailable(&root.post("/auth/register", grace).await);
    })
    .await;
}

#[tokio::test]
async fn without_a_database_the_process_is_alive_and_not_ready() {
    service(|s| async move {
        let before = s.anonymous().get("/_readiness").await;
        assert_eq!((before.status, before.body), (200, json!({"ok": true})));

        s.ctx.db.close_by_ref().await.unwrap();

        is_unavailable(&s.anonymous().get("/_readiness").await);
        for path in ["/_health", "/_ping"] {
            let answer = s.anonymous().get(path).await;
            assert_eq!((answer.status, answer.body), (200, json!({"ok": true})));
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_database_bad_requests_are_still_bad() {
    service(|s| async move {
        s.ctx.db.close_by_ref().await.unwrap();

        let client = s.anonymous();
        let answer = client.post("/auth/register", json!({})).await;
        answer.is_problem(422, "validation_failed");
        let answer = client.with_token("nonsense").get("/v1/api/users/").await;
        answer.is_problem(401, "invalid_token");
    })
    .await;
}

fn one_connection(config: &mut Config) {
    config.database.min_connections = 1;
    config.database.max_connections = 1;
    config.database.acquire_timeout = Some(2000);
    // Longer than these tests take: what a request says that waits is asked for.
    config.settings.as_mut().unwrap()["serving"] = json!({"max_database_wait_ms": 60_000});
}

#[tokio::test]
async fn while_connections_are_waited_for_too_long_nothing_more_is_begun() {
    fn impatient(config: &mut Config) {
        one_connection(config);
        config.settings.as_mut().unwrap()["serving"] = json!({"max_database_wait_ms": 300});
    }
    service_with(impatient, |s| async move {
        let ada = s.member("ada").await;

        let busy = transaction::begin(&s.ctx.db).await.unwrap();
        until(LONG, || async { s.rollcall.is_overloaded() }).await;
        let started = std::time::Instant::now();
        for answer in requests(&s.anonymous(), &ada).await {
            is_unavailable(&answer);
        }
        for path in ["/_ping", "/_health"] {
            assert_eq!(s.anonymous().get(path).await.status, 200, "{path}");
        }
        // Far less than a request would have waited. The readiness tries for itself.
        assert!(
            started.elapsed().as_millis() < 2500,
            "{:?}",
            started.elapsed()
        );
        busy.rollback().await.unwrap();

        until(LONG, || async { !s.rollcall.is_overloaded() }).await;
        assert_eq!(ada.get("/v1/api/users/").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn out_of_connections_is_an_outage_and_it_ends() {
    service_with(one_connection, |s| async move {
        let ada = s.member("ada").await;

        let busy = transaction::begin(&s.ctx.db).await.unwrap();
        for answer in requests(&s.anonymous(), &ada).await {
            is_unavailable(&answer);
        }
        busy.rollback().await.unwrap();

        assert_eq!(ada.get("/v1/api/users/").await.status, 200);
        assert_eq!(s.accounts().await, 1);
    })
    .await;
}

/// From now on this (only) connection refuses to write, or does so again.
async fn read_only(db: &DatabaseConnection, on: bool) {
    let statement = match (db.get_database_backend(), on) {
        (DbBackend::Sqlite, true) => "PRAGMA query_only = ON",
        (DbBackend::Sqlite, false) => "PRAGMA query_only = OFF",
        (_, true) => "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        (_, false) => "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    };
    db.execute_unprepared(statement).await.unwrap();
}

#[tokio::test]
async fn a_database_that_refuses_to_write_is_an_outage_for_writers() {
    service_with(one_connection, |s| async move {
        let ada = s.member("ada").await;
        let grace =
            json!({"username": "grace", "email": "grace@example.com", "password": PASSWORD});
        read_only(&s.ctx.db, true).await;

        is_unavailable(&s.anonymous().post("/auth/register", grace.clone()).await);
        let change = json!({"first_name": "Ada"});
        is_unavailable(&ada.patch("/v1/api/users/", change).await);
        is_unavailable(&ada.delete("/v1/api/users/").await);
        assert_eq!(
            ada.get("/v1/api/users/").await.body["first_name"],
            json!(null)
        );

        read_only(&s.ctx.db, false).await;
        let answer = s.anonymous().post("/auth/register", grace).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_can_not_be_right_is_a_fault_of_ours() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let drop = "ALTER TABLE users RENAME TO lost";
        s.ctx.db.execute_unprepared(drop).await.unwrap();

        for (method, path) in [
            (Method::GET, "/v1/api/users/"),
            (Method::DELETE, "/v1/api/users/"),
        ] {
            let answer = ada.send(method, path, None, "").await;

            answer.is_problem(500, "internal_error");
            assert!(!answer.text.contains("users"), "{answer:?}");
        }
    })
    .await;
}
