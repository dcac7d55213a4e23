//! Hears of other processes' changes to users and sessions, so that authentication state in memory is
//! never older than a second. While nothing can be heard, that memory is not used at all.
//!
//! On PostgreSQL triggers notify, and a connection of its own listens; a query on that connection,
//! several times a second, proves that it still hears. On SQLite `PRAGMA data_version` on a connection
//! of its own tells that somebody else has committed.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use loco_rs::{
    Result,
    app::{AppContext, Initializer},
};
use sqlx::{ConnectOptions, postgres::PgListener, sqlite::SqliteConnectOptions};
use tokio::time::{sleep, timeout};

use crate::{models::sessions::authentications::Authentications, runtime::Runtime};

/// As the triggers of the migration say it.
const CHANNEL: &str = "rollcall_authentication";
/// How often it is proved that changes are heard.
const HEARTBEAT: Duration = Duration::from_millis(200);
/// How long one proof counts. With the heartbeat, below the promised second.
const LEASE: Duration = Duration::from_millis(800);
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(250);

pub struct AuthenticationWatch;

#[async_trait]
impl Initializer for AuthenticationWatch {
    fn name(&self) -> String {
        "authentication_watch".to_string()
    }

    async fn before_run(&self, ctx: &AppContext) -> Result<()> {
        let rollcall = Runtime::of(ctx)?;
        let authentications = rollcall.sessions.authentications.clone();
        if authentications.is_enabled() {
            let uri = ctx.config.database.uri.clone();
            rollcall.run_in_background(watch(uri, authentications));
        }
        Ok(())
    }
}

async fn watch(uri: String, authentications: Authentications) {
    loop {
        let ended = if uri.starts_with("sqlite:") {
            watch_sqlite(&uri, &authentications).await
        } else {
            watch_postgres(&uri, &authentications).await
        };
        authentications.distrust();
        if let Err(err) = ended {
            tracing::warn!(error = %err, "other nodes' changes are not heard: every request asks the database");
        }
        sleep(RETRY).await;
    }
}

async fn watch_postgres(uri: &str, authentications: &Authentications) -> sqlx::Result<()> {
    let mut listener = PgListener::connect(uri).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    // What happened before this moment was not heard.
    authentications.forget_all();
    tracing::info!("listening for other nodes' changes");
    let mut proved = prove(&mut listener, authentications).await?;
    loop {
        let rest = HEARTBEAT.saturating_sub(proved.elapsed());
        match timeout(rest, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => match notification.payload().parse() {
                Ok(user_id) => authentications.forget(user_id),
                Err(_) => authentications.forget_all(),
            },
            Ok(Ok(None)) => return Err(sqlx::Error::PoolClosed),
            Ok(Err(err)) => return Err(err),
            Err(_) => proved = prove(&mut listener, authentications).await?,
        }
        if proved.elapsed() >= HEARTBEAT {
            proved = prove(&mut listener, authentications).await?;
        }
    }
}

/// The connection answers: what was committed before the question was asked has been sent to it.
async fn prove(
    listener: &mut PgListener,
    authentications: &Authentications,
) -> sqlx::Result<Instant> {
    let asked = Instant::now();
    match timeout(LEASE, sqlx::query("SELECT 1").execute(&mut *listener)).await {
        Ok(answer) => answer?,
        Err(_) => return Err(sqlx::Error::PoolTimedOut),
    };
    while let Some(notification) = listener.next_buffered() {
        match notification.payload().parse() {
            Ok(user_id) => authentications.forget(user_id),
            Err(_) => authentications.forget_all(),
        }
    }
    authentications.trust(asked, LEASE);
    Ok(asked)
}

async fn watch_sqlite(uri: &str, authentications: &Authentications) -> sqlx::Result<()> {
    let mut connection = SqliteConnectOptions::from_str(uri)?.connect().await?;
    let mut seen: Option<i64> = None;
    loop {
        let asked = Instant::now();
        let version: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut connection)
            .await?;
        if seen != Some(version) {
            authentications.forget_all();
            seen = Some(version);
        }
        authentications.trust(asked, LEASE);
        sleep(HEARTBEAT).await;
    }
}
