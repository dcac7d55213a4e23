//! The connection pool: ours, because the framework's leaves SQLite able to lose writes that were
//! acknowledged, sets its PRAGMAs on one connection only, and waits half a second for a connection.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use loco_rs::config::Database as Config;
use sea_orm::{ConnectOptions, Database, DatabaseBackend, DatabaseConnection, DbErr};
use sqlx::{
    ConnectOptions as _, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::{sleep, timeout};

use super::shown;
use crate::models::error::is_outage_of;

/// A writer waits so long for another one. Beyond it the database counts as out of order.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that rested longer is asked whether it still lives before it is used.
const TEST_AFTER: Duration = Duration::from_secs(1);

/// One that does not answer within this is dead.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// Between two tries to reach a database that is not there yet: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Wait until the server answers, so that it need not be started before us. What waiting does not help
/// against, such as a wrong password, is left to whoever connects.
///
/// # Errors
/// That it did not answer in this time, and what was wrong at last.
pub async fn wait(config: &Config, longest: Duration) -> Result<(), String> {
    let options = match config.uri.parse::<PgConnectOptions>() {
        Ok(options) if config.uri.starts_with("postgres") && !longest.is_zero() => options,
        _ => return Ok(()),
    };
    let each = Duration::from_millis(config.connect_timeout);
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let what = match timeout(each, options.clone().connect()).await {
            Ok(Ok(connection)) => {
                let _ = connection.close().await;
                return Ok(());
            }
            Ok(Err(err)) if !is_outage_of(&err) => return Ok(()),
            Ok(Err(err)) => err.to_string(),
            Err(_) => "no answer".to_string(),
        };
        let place = shown(&config.uri);
        let left = longest.saturating_sub(started.elapsed());
        if left.is_zero() {
            let seconds = longest.as_secs();
            return Err(format!(
                "the database at {place} can't be reached, not within {seconds} seconds: {what}"
            ));
        }
        // There is no log yet.
        eprintln!("waiting for the database at {place}: {what}");
        sleep(pause.min(left)).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// A pool for this configuration; both databases, by the URI.
pub async fn connect(config: &Config) -> Result<DatabaseConnection, DbErr> {
    let acquire_timeout = config.acquire_timeout.unwrap_or(config.connect_timeout);
    let mut options = ConnectOptions::new(&config.uri);
    options
        .max_connections(config.max_connections)
        .min_connections(config.min_connections)
        .acquire_timeout(Duration::from_millis(acquire_timeout))
        .connect_timeout(Duration::from_millis(config.connect_timeout))
        .idle_timeout(Duration::from_millis(config.idle_timeout))
        .test_before_acquire_if_idle_for(TEST_AFTER)
        .sqlx_logging(config.enable_logging)
        .set_application_name("rollcall")
        .map_sqlx_postgres_pool_opts(|pool| keep_whole(test_in_time(pool)))
        .map_sqlx_sqlite_opts(|options| {
            // FULL: what is acknowledged survives a power cut, also in WAL mode.
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(SQLITE_BUSY_TIMEOUT)
                .pragma("temp_store", "memory")
                // 1 MiB for each connection: behind it is the system's own cache, once for all.
                .pragma("cache_size", "-1024")
                // Rows that a long list reads ahead: with few of them two threads wake each other for each.
                .row_buffer_size(1000)
                .optimize_on_close(true, None)
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            // When the disk is full SQLite rolls back by itself, and sqlx may take the connection for
            // one inside a transaction that nobody will commit. Such a connection is not used again.
            pool.after_release(|connection, _| {
                Box::pin(async move { Ok(!sqlx::Connection::is_in_transaction(connection)) })
            })
        });
    let started = Instant::now();
    loop {
        match Database::connect(options.clone()).await {
            // For the change to WAL SQLite waits for nobody, and two processes may make the file together.
            Err(err) if is_locked(&err) && started.elapsed() < SQLITE_BUSY_TIMEOUT => {
                sleep(FIRST_PAUSE).await;
            }
            connected => return connected,
        }
    }
}

fn is_locked(err: &DbErr) -> bool {
    err.to_string().contains("database is locked")
}

/// A server that went away without a word leaves connections that never answer. Each would be waited for,
/// one after the other, long after the server is back. So once one is silent, those that were used last
/// before that are not even asked.
fn test_in_time(pool: PgPoolOptions) -> PgPoolOptions {
    let silent_at: Arc<Mutex<Option<Instant>>> = Arc::default();
    pool.before_acquire(move |connection, meta| {
        let silent_at = Arc::clone(&silent_at);
        Box::pin(async move {
            if meta.idle_for < TEST_AFTER {
                return Ok(true);
            }
            let asked = Instant::now();
            let used = asked.checked_sub(meta.idle_for);
            if *silent_at.lock().unwrap_or_else(PoisonError::into_inner) > used {
                return Err(silent());
            }
            let answer = timeout(ANSWERS_WITHIN, connection.ping()).await;
            answer.map_err(|_| {
                *silent_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
                silent()
            })??;
            Ok(true)
        })
    })
}

/// When a `BEGIN` was last given up while it was under way.
static GIVEN_UP_AT: Mutex<Option<Instant>> = Mutex::new(None);

/// Connections that come back so soon after that are not used again: one of them may be in a transaction
/// that the driver knows nothing of, and what is acknowledged in it would be lost with it.
const SUSPECT: Duration = Duration::from_secs(3);

/// Begin a transaction, so that giving it up, because its client is gone or its time is over, is known. The
/// driver counts a transaction of PostgreSQL when the answer is there, and takes none back before.
pub async fn begin<F: Future>(beginning: F) -> F::Output {
    let mut beginning = Beginning {
        future: Box::pin(beginning),
        has_ended: false,
    };
    let begun = (&mut beginning.future).await;
    beginning.has_ended = true;
    begun
}

struct Beginning<F> {
    future: Pin<Box<F>>,
    has_ended: bool,
}

impl<F> Drop for Beginning<F> {
    /// Before the future goes, and gives its connection back.
    fn drop(&mut self) {
        if !self.has_ended {
            *GIVEN_UP_AT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

fn keep_whole(pool: PgPoolOptions) -> PgPoolOptions {
    pool.after_release(|connection, _| {
        Box::pin(async move {
            let given_up_at = *GIVEN_UP_AT.lock().unwrap_or_else(PoisonError::into_inner);
            let is_suspect = given_up_at.is_some_and(|at| at.elapsed() < SUSPECT);
            Ok(!is_suspect && !connection.is_in_transaction())
        })
    })
}

fn silent() -> sqlx::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the connection is silent").into()
}

/// Take a connection, and give it back.
pub async fn acquire(db: &DatabaseConnection) -> Result<(), sqlx::Error> {
    if db.get_database_backend() == DatabaseBackend::Postgres {
        db.get_postgres_connection_pool().acquire().await.map(drop)
    } else {
        db.get_sqlite_connection_pool().acquire().await.map(drop)
    }
}

/// Connections that there are, those of them that nobody uses, and as many as there may be.
pub fn connections(db: &DatabaseConnection) -> (u32, usize, u32) {
    if db.get_database_backend() == DatabaseBackend::Postgres {
        let pool = db.get_postgres_connection_pool();
        (
            pool.size(),
            pool.num_idle(),
            pool.options().get_max_connections(),
        )
    } else {
        let pool = db.get_sqlite_connection_pool();
        (
            pool.size(),
            pool.num_idle(),
            pool.options().get_max_connections(),
        )
    }
}
