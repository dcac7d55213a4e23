//! Who is who, kept in memory - and never trusted longer than it is known to be true.
//!
//! An entry is one session and its user. It counts only while
//! - nothing has happened to the user or to one of its sessions since the entry was *read*: each
//!   change moves a version, on which the entry must still stand;
//! - this node is known to hear of other nodes' changes: `initializers::authentication_watch` keeps
//!   extending a lease, and stops when its connection does. Without the lease every request asks the
//!   database.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache;
use uuid::Uuid;

use super::Model;
use crate::{models::users, settings::Cache as Settings};

/// Versions are shared by users whose ids hash alike; that costs a needless read now and then.
const VERSIONS: usize = 4096;

/// An entry that nobody asks for leaves.
const IDLE: Duration = Duration::from_secs(300);

/// A session and its user, as they were read together.
#[derive(Debug)]
pub struct Authenticated {
    pub session: Model,
    pub user: users::Model,
}

#[derive(Clone)]
pub struct Authentications(Arc<Inner>);

struct Inner {
    enabled: bool,
    entries: Cache<Uuid, (u64, Arc<Authenticated>)>,
    versions: Vec<AtomicU64>,
    hasher: RandomState,
    started: Instant,
    /// In milliseconds since `started`.
    trusted_until: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The version of a user when reading began.
#[derive(Clone, Copy)]
pub struct Version(u64);

impl Authentications {
    pub fn new(settings: &Settings) -> Self {
        Self(Arc::new(Inner {
            enabled: settings.enable,
            entries: Cache::builder()
                .max_capacity(settings.capacity)
                .time_to_idle(IDLE)
                .build(),
            versions: (0..VERSIONS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            started: Instant::now(),
            trusted_until: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }))
    }

    pub fn is_enabled(&self) -> bool {
        self.0.enabled
    }

    /// May entries be used at this moment?
    pub fn is_trusted(&self) -> bool {
        self.0.enabled && self.0.elapsed_ms() < self.0.trusted_until.load(Ordering::Acquire)
    }

    /// The session with this id, if it is known and nothing has happened to it or its user.
    pub fn get(&self, session_id: Uuid) -> Option<Arc<Authenticated>> {
        let found = self.is_trusted().then(|| self.known(session_id)).flatten();
        let count = match found {
            Some(_) => &self.0.hits,
            None => &self.0.misses,
        };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn known(&self, session_id: Uuid) -> Option<Arc<Authenticated>> {
        let (version, entry) = self.0.entries.get(&session_id)?;
        let current = self.0.version(entry.user.id).load(Ordering::Acquire);
        (version == current).then_some(entry)
    }

    /// How often a session was found, and how often it was not.
    pub fn lookups(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.0.hits), load(&self.0.misses))
    }

    /// To be taken before the rows are read that [`Authentications::insert`] keeps.
    pub fn version(&self, user_id: Uuid) -> Version {
        Version(self.0.version(user_id).load(Ordering::Acquire))
    }

    pub fn insert(&self, version: Version, entry: &Arc<Authenticated>) {
        if self.is_trusted() {
            self.0
                .entries
                .insert(entry.session.id, (version.0, Arc::clone(entry)));
        }
    }

    /// A guard for a change to a user or one of its sessions: when it goes, whatever way the change
    /// ended, what was read before is forgotten.
    pub fn changing(&self, user_id: Uuid) -> Changing<'_> {
        Changing {
            authentications: self,
            user_id,
        }
    }

    /// Something has happened to this user or to one of its sessions.
    pub fn forget(&self, user_id: Uuid) {
        self.0.version(user_id).fetch_add(1, Ordering::AcqRel);
    }

    /// Anything may have happened to anybody.
    pub fn forget_all(&self) {
        for version in &self.0.versions {
            version.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Other nodes' changes are heard, as of this moment, and for so long.
    pub fn trust(&self, since: Instant, lease: Duration) {
        let until = since.duration_since(self.0.started) + lease;
        self.0.trusted_until.store(millis(until), Ordering::Release);
    }

    /// Other nodes' changes may go unheard.
    pub fn distrust(&self) {
        self.0.trusted_until.store(0, Ordering::Release);
    }
}

impl Inner {
    fn version(&self, user_id: Uuid) -> &AtomicU64 {
        let hash = usize::try_from(self.hasher.hash_one(user_id) % VERSIONS as u64);
        &self.versions[hash.unwrap_or_default()]
    }

    fn elapsed_ms(&self) -> u64 {
        millis(self.started.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[must_use]
pub struct Changing<'a> {
    authentications: &'a Authentications,
    user_id: Uuid,
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.authentications.forget(self.user_id);
    }
}
