//! What a request needs besides its own words: built once at boot, shared by reference.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use loco_rs::app::AppContext;
use sea_orm::DatabaseConnection;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    clock::Clock,
    metrics::{Metrics, Reading, Stored},
    models::{
        self, Means,
        audit_events::{Actor, chain::Signer, sealing},
        cursor::Cursors,
        database::{pool, probe::Probe, queue::Queue},
        one_time_tokens::OneTimeTokens,
        outbox_mails::{self, Outbox},
        sessions::Sessions,
        throttles::Throttles,
        users::password::Hasher,
    },
    settings::{self, Settings},
    traces::Traces,
};

/// What runs in the background gets so long to end.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// Whoever looks at the metrics does not wait longer for the database.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// Cheap to clone, where the framework's `AppContext` copies the whole configuration.
#[derive(Clone)]
pub struct Runtime(Arc<Parts>);

pub struct Parts {
    pub db: DatabaseConnection,
    pub settings: Settings,
    pub clock: Clock,
    pub hasher: Hasher,
    pub sessions: Sessions,
    pub throttles: Throttles,
    pub outbox: Outbox,
    pub cursors: Cursors,
    pub audit_signer: Signer,
    pub metrics: Metrics,
    pub traces: Traces,
    probe: Probe,
    queue: Queue,
    draining: AtomicBool,
    background: Mutex<Vec<JoinHandle<()>>>,
    stop: watch::Sender<bool>,
}

impl std::ops::Deref for Runtime {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Runtime {
    /// Read the configuration and keep what it says in the context's shared store.
    pub fn install(ctx: &AppContext) -> loco_rs::Result<()> {
        let settings = Settings::from_config(&ctx.config, &ctx.environment)?;
        let jwt = ctx.config.get_jwt_config()?;
        for (enabled, knob) in [
            (
                settings.throttle.enable,
                "settings.throttle.enable (THROTTLE_ENABLED)",
            ),
            (
                settings.rate_limit.enable,
                "settings.rate_limit.enable (RATE_LIMIT_ENABLED)",
            ),
        ] {
            if !enabled {
                tracing::warn!("{knob} is off: guessing and flooding are not slowed down");
            }
        }
        let endpoint = &settings.tracing.otlp_endpoint;
        let traces = Traces::new(endpoint, env!("CARGO_PKG_VERSION"));
        let traces = traces.map_err(loco_rs::Error::Message)?;
        let secret = settings::secret_bytes(&ctx.config).unwrap_or_default();
        ctx.shared_store.insert(Self(Arc::new(Parts {
            db: ctx.db.clone(),
            clock: Clock::default(),
            hasher: Hasher::new(&settings.password)?,
            sessions: Sessions::new(
                &secret,
                jwt.expiration,
                &settings.token,
                &settings.sessions,
                settings.require_verified_email,
            ),
            throttles: Throttles::new(&secret, &settings.throttle),
            outbox: Outbox::new(
                OneTimeTokens::new(&secret, &settings.one_time_tokens),
                &settings.mail,
            ),
            cursors: Cursors::new(&secret),
            audit_signer: Signer::new(&secret),
            metrics: Metrics::new(),
            traces,
            probe: Probe::default(),
            queue: Queue::default(),
            draining: AtomicBool::new(false),
            background: Mutex::default(),
            stop: watch::Sender::new(false),
            settings,
        })));
        Ok(())
    }

    /// The runtime of a booted application.
    pub fn of(ctx: &AppContext) -> loco_rs::Result<Self> {
        ctx.shared_store
            .get::<Self>()
            .ok_or_else(|| loco_rs::Error::string("the application has not been booted"))
    }

    /// What a change to an account needs, at this moment, when this actor asks for it.
    pub fn means<'a>(&'a self, actor: Actor<'a>) -> Means<'a> {
        Means {
            db: &self.db,
            hasher: &self.hasher,
            sessions: &self.sessions,
            throttles: &self.throttles,
            outbox: &self.outbox,
            now: self.clock.now(),
            actor,
        }
    }

    /// Requests may go elsewhere from now on: this process is about to stop.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Can requests be served here, also those that change something?
    ///
    /// # Errors
    /// Why not.
    pub async fn check_ready(&self) -> models::Result<()> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(models::Error::Overloaded("the process is about to stop"));
        }
        if self.is_overloaded() {
            return Err(models::Error::Overloaded("the database can't keep up"));
        }
        self.probe.write(&self.db, self.clock.now()).await
    }

    /// Why no more should be begun at this moment, if so.
    pub fn is_overloaded(&self) -> bool {
        let longest = Duration::from_millis(self.settings.serving.max_database_wait_ms);
        self.queue.wait() > longest
    }

    /// See how long whoever wants a connection to the database waits, for ever.
    pub async fn watch_database(&self) {
        self.queue.watch(&self.db).await;
    }

    /// What the metrics show of this moment.
    pub async fn reading(&self) -> Reading {
        let (hashes_waiting, hashes_running) = self.hasher.load();
        let (connections, connections_idle, connections_limit) = pool::connections(&self.db);
        let stored = timeout(READ_WITHIN, self.stored()).await;
        Reading {
            hashes_waiting,
            hashes_running,
            connections,
            connections_idle,
            connections_limit,
            database_wait: self.queue.wait(),
            session_cache: self.sessions.authentications.lookups(),
            stored: stored.ok().and_then(models::Result::ok),
        }
    }

    async fn stored(&self) -> models::Result<Stored> {
        let now = self.clock.now();
        let since = |then: Option<DateTime<Utc>>| {
            let passed = then.and_then(|then| (now - then).to_std().ok());
            passed.unwrap_or_default()
        };
        let (mails_queued, mails_dead, due) = outbox_mails::upkeep::depth(&self.db).await?;
        let (events_unsealed, recorded) = sealing::lag(&self.db).await?;
        Ok(Stored {
            mails_queued,
            mails_dead,
            mails_late: since(due),
            events_unsealed,
            events_lag: since(recorded),
        })
    }

    /// Run something beside the requests, until [`Runtime::stop`].
    #[expect(clippy::disallowed_methods, reason = "kept, and ended at shutdown")]
    pub fn run_in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let task = tokio::spawn(work);
        self.background().push(task);
    }

    /// Ends when the application does: for what runs in the background.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that the runtime itself is gone.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// End what runs in the background, and wait until it has let go of its connections.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.background());
        for mut task in tasks {
            if timeout(STOP_WITHIN, &mut task).await.is_err() {
                task.abort();
            }
        }
        let rollcall = self.clone();
        let sent = tokio::task::spawn_blocking(move || rollcall.traces.stop());
        let _ = timeout(STOP_WITHIN, sent).await;
    }

    fn background(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.background
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
