//! What is counted, in the text format of OpenMetrics. `initializers/metrics` shows it; what stands in
//! the database or the pool is read when somebody looks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

/// From a session in memory to a login behind a queue of others.
const BUCKETS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];

type Float = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Login {
    grant: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lookup {
    result: &'static str,
}

/// Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Counted>);

struct Counted {
    registry: Registry,
    answers: Family<Answer, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    shed: Family<Reason, Counter>,
    logins: Family<Login, Counter>,
    hashes: Family<State, Gauge>,
    connections: Family<State, Gauge>,
    connections_limit: Gauge,
    database_up: Gauge,
    database_wait: Float,
    session_cache: Family<Lookup, Counter>,
    outbox: Family<State, Gauge>,
    outbox_age: Float,
    audit_unsealed: Gauge,
    audit_lag: Float,
}

/// What is read when somebody looks. Nothing of what could not be read.
#[derive(Debug, Default)]
pub struct Reading {
    pub hashes_waiting: usize,
    pub hashes_running: usize,
    pub connections: u32,
    pub connections_idle: usize,
    pub connections_limit: u32,
    /// How long whoever wants a connection has waited by now.
    pub database_wait: Duration,
    pub session_cache: (u64, u64),
    pub stored: Option<Stored>,
}

/// What stands in the database.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stored {
    pub mails_queued: u64,
    pub mails_dead: u64,
    /// Since the oldest one should have been sent.
    pub mails_late: Duration,
    pub events_unsealed: u64,
    /// Since the oldest one was recorded.
    pub events_lag: Duration,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("rollcall");
        let r = &mut registry;
        let durations: Family<Route, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        r.register(
            "build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        r.register_with_unit(
            "http_request_duration",
            "From the head of a request to the head of its answer",
            Unit::Seconds,
            durations.clone(),
        );
        let counted = Counted {
            answers: family(r, "http_requests", "Requests that were answered"),
            in_flight: gauge(r, "http_requests_in_flight", "Requests under way"),
            shed: family(
                r,
                "http_requests_shed",
                "Requests refused because there was too much to do (settings.serving)",
            ),
            logins: family(r, "logins", "Sessions opened or renewed, or why not"),
            hashes: family(r, "password_hashes", "Password hashes at this moment"),
            connections: family(
                r,
                "database_connections",
                "Connections of the pool at this moment",
            ),
            connections_limit: gauge(
                r,
                "database_connections_limit",
                "Connections that the pool may have (database.max_connections)",
            ),
            database_up: gauge(r, "database_up", "1 when the database answers"),
            database_wait: seconds(
                r,
                "database_wait",
                "How long whoever wants a connection has waited by now",
            ),
            session_cache: family(
                r,
                "session_cache_lookups",
                "Sessions looked up in memory since the start",
            ),
            outbox: family(r, "outbox_mails", "Mails that wait, or were given up"),
            outbox_age: seconds(
                r,
                "outbox_late",
                "How long the oldest mail that waits should have been sent",
            ),
            audit_unsealed: gauge(
                r,
                "audit_unsealed_events",
                "Audit events that are not in the chain yet",
            ),
            audit_lag: seconds(r, "audit_lag", "How old the oldest of them is"),
            durations,
            registry,
        };
        Self(Arc::new(counted))
    }

    /// A request is under way, until this is dropped.
    pub fn request(&self) -> InFlight {
        self.0.in_flight.inc();
        InFlight(self.clone())
    }

    /// A request was answered. `route` is one that is mounted: paths would be without number.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let route = route.to_string();
        let by_route = Route {
            method,
            route: route.clone(),
        };
        let durations = self.0.durations.get_or_create(&by_route);
        durations.observe(took.as_secs_f64());
        drop(durations);
        let answer = Answer {
            method,
            route,
            status,
        };
        self.0.answers.get_or_create(&answer).inc();
    }

    /// A request was refused because there is too much to do.
    pub fn shed(&self, reason: &'static str) {
        self.0.shed.get_or_create(&Reason { reason }).inc();
    }

    /// A session was opened or renewed (`success`), or not: the code of the error.
    pub fn login(&self, grant: &'static str, outcome: &'static str) {
        self.0.logins.get_or_create(&Login { grant, outcome }).inc();
    }

    /// All of it, as text.
    pub fn show(&self, reading: &Reading) -> Result<String, std::fmt::Error> {
        let counted = &*self.0;
        let states = |family: &Family<State, Gauge>, values: &[(&'static str, u64)]| {
            for (state, value) in values {
                family.get_or_create(&State { state }).set(signed(*value));
            }
        };
        states(
            &counted.hashes,
            &[
                ("waiting", reading.hashes_waiting as u64),
                ("running", reading.hashes_running as u64),
            ],
        );
        let idle = reading.connections_idle as u64;
        let in_use = u64::from(reading.connections).saturating_sub(idle);
        states(&counted.connections, &[("idle", idle), ("in_use", in_use)]);
        let limit = i64::from(reading.connections_limit);
        counted.connections_limit.set(limit);
        let wait = reading.database_wait.as_secs_f64();
        counted.database_wait.set(wait);
        let (hits, misses) = reading.session_cache;
        for (result, value) in [("hit", hits), ("miss", misses)] {
            let lookups = counted.session_cache.get_or_create(&Lookup { result });
            lookups.inner().store(value, Ordering::Relaxed);
        }
        counted.database_up.set(reading.stored.is_some().into());
        if let Some(stored) = &reading.stored {
            states(
                &counted.outbox,
                &[("queued", stored.mails_queued), ("dead", stored.mails_dead)],
            );
            counted.outbox_age.set(stored.mails_late.as_secs_f64());
            counted.audit_unsealed.set(signed(stored.events_unsealed));
            counted.audit_lag.set(stored.events_lag.as_secs_f64());
        }
        let mut text = String::new();
        encode(&mut text, &counted.registry)?;
        Ok(text)
    }
}

/// A request under way.
pub struct InFlight(Metrics);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.dec();
    }
}

fn family<M>(r: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let family = M::default();
    r.register(name, help, family.clone());
    family
}

fn gauge(r: &mut Registry, name: &str, help: &str) -> Gauge {
    family(r, name, help)
}

fn seconds(r: &mut Registry, name: &str, help: &str) -> Float {
    let gauge = Float::default();
    r.register_with_unit(name, help, Unit::Seconds, gauge.clone());
    gauge
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
