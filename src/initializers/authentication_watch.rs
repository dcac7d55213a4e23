//! Hears of other processes' changes to users and sessions, so that authentication state in memory is
//! never older than a second. While nothing can be heard, that memory is not used at all.
//!
//! On PostgreSQL triggers notify, and a connection of its own listens; an echo on that connection,
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
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    sqlite::SqliteConnectOptions,
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{models::sessions::authentications::Authentications, runtime::Runtime};

/// As the triggers of the migration say it.
const CHANNEL: &str = "rollcall_authentication";
/// How often it is proved that changes are heard.
const HEARTBEAT: Duration = Duration::from_millis(200);
/// How long one proof counts. With the heartbeat, below the promised second.
const LEASE: Duration = Duration::from_millis(800);
/// How long an attempt to connect may take.
const CONNECT: Duration = Duration::from_secs(2);
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
            let stopped = rollcall.stopped();
            rollcall.run_in_background(watch(uri, authentications, stopped));
        }
        Ok(())
    }
}

/// Until `stopped`, and then without a connection left behind.
async fn watch(uri: String, authentications: Authentications, stopped: impl Future<Output = ()>) {
    if uri.starts_with("sqlite:") {
        tokio::select! {
            () = keep_watching(&authentications, || watch_sqlite(&uri, &authentications)) => {}
            () = stopped => {}
        }
    } else if let Ok(options) = PgConnectOptions::from_str(&uri) {
        // A pool of its own: closing it waits until the listener's connection is gone.
        let one = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT);
        let pool = one.connect_lazy_with(options.application_name("rollcall listener"));
        tokio::select! {
            () = keep_watching(&authentications, || watch_postgres(&pool, &authentications)) => {}
            () = stopped => {}
        }
        pool.close().await;
    }
    authentications.distrust();
}

async fn keep_watching<F>(authentications: &Authentications, watch: impl Fn() -> F)
where
    F: Future<Output = sqlx::Result<()>>,
{
    loop {
        let ended = watch().await;
        authentications.distrust();
        if let Err(err) = ended {
            tracing::warn!(error = %err, "other nodes' changes are not heard: every request asks the database");
        }
        sleep(RETRY).await;
    }
}

async fn watch_postgres(pool: &PgPool, authentications: &Authentications) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    // What this node tells itself: only hearing it proves that it hears.
    let echo = format!("rollcall_echo_{}", Uuid::new_v4().simple());
    listener.listen_all([CHANNEL, &echo]).await?;
    // What happened before this moment was not heard.
    authentications.forget_all();
    tracing::info!("listening for other nodes' changes");
    loop {
        let proved = prove(&mut listener, &echo, authentications).await?;
        while proved.elapsed() < HEARTBEAT {
            let rest = HEARTBEAT.saturating_sub(proved.elapsed());
            match timeout(rest, hear(&mut listener, authentications)).await {
                Ok(heard) => drop(heard?),
                Err(_) => break,
            }
        }
    }
}

/// Say something on this connection and hear it: what was committed before has been heard too.
async fn prove(
    listener: &mut PgListener,
    echo: &str,
    authentications: &Authentications,
) -> sqlx::Result<Instant> {
    let asked = Instant::now();
    let heard = async {
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(echo)
            .execute(&mut *listener)
            .await?;
        while hear(listener, authentications).await? != echo {}
        Ok::<(), sqlx::Error>(())
    };
    // In time, or not at all.
    timeout(LEASE, heard)
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    authentications.trust(asked, LEASE);
    Ok(asked)
}

/// The next notification's channel; what it says is forgotten.
async fn hear(
    listener: &mut PgListener,
    authentications: &Authentications,
) -> sqlx::Result<String> {
    let notification = listener.try_recv().await?.ok_or(sqlx::Error::PoolClosed)?;
    if notification.channel() == CHANNEL {
        match notification.payload().parse() {
            Ok(user_id) => authentications.forget(user_id),
            Err(_) => authentications.forget_all(),
        }
    }
    Ok(notification.channel().to_string())
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
