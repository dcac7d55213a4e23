//! PostgreSQL that has no connection left.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use reqwest::Url;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};
use tokio::time::sleep;

use crate::{
    backends::{end_all, pids, shell},
    runs::{alone, elsewhere, say},
    service::{BACK_WITHIN, Service},
    support::{server::Ground, waiting::until},
};

async fn run(db: &DatabaseConnection, sql: &str) {
    let done = db.execute_unprepared(sql).await;
    done.unwrap_or_else(|err| panic!("{sql}: {err}"));
}

async fn is_superuser(db: &DatabaseConnection) -> bool {
    let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql));
    let row = row.await.expect("an answer").expect("a role");
    row.try_get("", "rolsuper").expect("yes or no")
}

async fn runs_out(ground: &Ground, db: &DatabaseConnection, uri: &str) -> Duration {
    let s = Service::start(ground, uri).await;
    let database = ground.database();
    let database = database.rsplit('/').next().expect("a name");
    let limit = async |limit: i32| {
        let sql = format!("ALTER DATABASE {database} CONNECTION LIMIT {limit}");
        run(db, &sql).await;
    };

    // The test has the only one.
    limit(1).await;
    end_all(db).await;
    // One that is told to end goes on for a moment.
    until(BACK_WITHIN, || async { pids(db, "").await.is_empty() }).await;
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(4) {
        s.puts_everything_off(since).await;
        assert_eq!(s.status("/_health").await, 200);
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(s.status("/_readiness").await, 503);

    limit(-1).await;
    s.is_back(Instant::now()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_connections_left_is_an_outage_that_ends() {
    let name = "a_database_without_connections_left_is_an_outage_that_ends";
    let _alone = alone().await;
    let ground = Ground::new().await;
    if !ground.database().starts_with("postgres") {
        return elsewhere(name, "PostgreSQL");
    }
    let db = shell(&ground).await;
    let mut uri = Url::parse(&ground.database()).expect("a URI");
    let mut role = None;
    // No limit holds for a superuser.
    if is_superuser(&db).await {
        let name = format!("rollcall_{}", uuid::Uuid::now_v7().simple());
        run(&db, &format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'")).await;
        let database = uri.path().trim_start_matches('/').to_string();
        run(&db, &format!("ALTER DATABASE {database} OWNER TO {name}")).await;
        uri.set_username(&name).expect("a name");
        uri.set_password(Some(&name)).expect("a password");
        role = Some(name);
    }
    let outcome = runs_out(&ground, &db, uri.as_str());
    let outcome = std::panic::AssertUnwindSafe(outcome).catch_unwind().await;
    if let Some(role) = role {
        run(&db, &format!("REASSIGN OWNED BY {role} TO CURRENT_USER")).await;
        run(&db, &format!("DROP OWNED BY {role}")).await;
        run(&db, &format!("DROP ROLE {role}")).await;
    }
    db.close().await.expect("an end");
    match outcome {
        Ok(back) => say(&format!("outages: out of connections, back after {back:?}")),
        Err(failure) => std::panic::resume_unwind(failure),
    }
}
