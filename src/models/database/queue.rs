//! How long does whoever wants a connection wait at this moment?

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use sea_orm::DatabaseConnection;
use tokio::time::sleep;

use super::pool;

/// Between two looks. Each takes its place behind all others who want a connection.
const EVERY: Duration = Duration::from_millis(100);

/// Nobody waits.
const NOBODY: u64 = u64::MAX;

pub struct Queue {
    started: Instant,
    /// Since when, in milliseconds after `started`.
    waiting_since: AtomicU64,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            waiting_since: AtomicU64::new(NOBODY),
        }
    }
}

impl Queue {
    /// How long it takes by now.
    pub fn wait(&self) -> Duration {
        match self.waiting_since.load(Ordering::Relaxed) {
            NOBODY => Duration::ZERO,
            since => self
                .started
                .elapsed()
                .saturating_sub(Duration::from_millis(since)),
        }
    }

    /// Look, for ever.
    pub async fn watch(&self, db: &DatabaseConnection) {
        loop {
            let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(NOBODY);
            self.waiting_since.store(now, Ordering::Relaxed);
            // Waiting goes on when it failed: the next one would not get a connection either.
            while pool::acquire(db).await.is_err() {
                sleep(EVERY).await;
            }
            self.waiting_since.store(NOBODY, Ordering::Relaxed);
            sleep(EVERY).await;
        }
    }
}
