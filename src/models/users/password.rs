//! Hashing passwords, in a way that can't stall the server. `policy` says which may be chosen.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, PasswordHash, Version,
    password_hash::{Output, Salt, SaltString, rand_core::OsRng},
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};
use unicode_normalization::UnicodeNormalization;

use super::imported_hash::ImportedHash;
use crate::{
    models::{Error, Result},
    settings::Password as Settings,
};
use threads::{Desk, Threads};

mod threads;

/// In place of a hash where no password has been chosen, or the one there was is void. Nothing matches
/// it.
pub const NONE: &str = "!";

/// How hashes of our own begin.
const OURS: &str = "$argon2id$v=19$";

/// Argon2id on threads of its own, at most so many at once: a login storm costs at most
/// `permits × memory_kib`, and never holds an async thread or a database connection.
#[derive(Clone)]
pub struct Hasher {
    settings: Settings,
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
    threads: Threads,
    waiting: Arc<AtomicUsize>,
    max_wait: Duration,
    /// Costs as much as a real one and matches no password.
    dummy: Arc<str>,
}

impl Hasher {
    pub fn new(settings: &Settings) -> Result<Self> {
        let params = argon2::Params::new(
            settings.memory_kib,
            settings.iterations,
            settings.parallelism,
            None,
        )
        .map_err(internal)?;
        let salt = Salt::from_b64("bm9ib2R5J3Mgc2FsdA").map_err(internal)?;
        let nothing = Output::new(&[0; argon2::Params::DEFAULT_OUTPUT_LEN]).map_err(internal)?;
        let dummy = phc(&params, salt, nothing)?;
        Ok(Self {
            settings: settings.clone(),
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            permits: Arc::new(Semaphore::new(settings.permits())),
            threads: Threads::default(),
            waiting: Arc::default(),
            max_wait: Duration::from_millis(settings.max_wait_ms),
            dummy: dummy.into(),
        })
    }

    /// Which passwords may be chosen; see `policy`.
    pub fn policy(&self) -> &Settings {
        &self.settings
    }

    /// Hash a new password, in PHC string form.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password: String = password.nfc().collect();
        let argon2 = self.argon2.clone();
        self.on_a_hash_thread(move |desk| {
            let salt = SaltString::generate(&mut OsRng);
            let salt = salt.as_salt();
            let length = argon2::Params::DEFAULT_OUTPUT_LEN;
            let made = output(desk, &argon2, &password, salt, length)?;
            phc(argon2.params(), salt, made)
        })
        .await
    }

    /// Does the password match? Without a hash, because there is no such account or it has no password,
    /// the same work is done and the answer is no, so that time does not tell the two apart.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let hash = hash.filter(|hash| *hash != NONE);
        let hash: String = hash.unwrap_or(&self.dummy).to_string();
        let typed = password.to_string();
        self.on_a_hash_thread(move |desk| {
            if !hash.starts_with(OURS) {
                let hash = ImportedHash::parse(&hash).map_err(internal)?;
                return Ok(hash.verify(&typed));
            }
            let hash = PasswordHash::new(&hash).map_err(internal)?;
            let password: String = typed.nfc().collect();
            // Whoever made one like ours may have hashed what was typed.
            Ok(matches(desk, &password, &hash)?
                || (password != typed && matches(desk, &typed, &hash)?))
        })
        .await
    }

    /// Was this hash made with less work than a new one would be?
    pub fn is_outdated(&self, hash: &str) -> bool {
        let params = PasswordHash::new(hash).ok().and_then(|hash| {
            let argon2id = hash.algorithm == argon2::ARGON2ID_IDENT
                && hash.version == Some(Version::V0x13.into());
            argon2::Params::try_from(&hash).ok().filter(|_| argon2id)
        });
        let wanted = self.argon2.params();
        params.is_none_or(|had| {
            had.m_cost() < wanted.m_cost()
                || had.t_cost() < wanted.t_cost()
                || had.p_cost() < wanted.p_cost()
        })
    }

    /// Hashes that wait for their turn, and those that are made at this moment.
    pub fn load(&self) -> (usize, usize) {
        let running = self.settings.permits() - self.permits.available_permits();
        (self.waiting.load(Ordering::Relaxed), running)
    }

    async fn on_a_hash_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let waiting = Waiting::count(&self.waiting);
        let permit = timeout(self.max_wait, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::Overloaded("password hashing"))?
            .map_err(internal)?;
        drop(waiting);
        let (sender, done) = oneshot::channel();
        self.threads.run(move |desk| {
            let outcome = work(desk);
            // Given back when the work is done, also when the request that asked for it is gone.
            Box::new(move || {
                drop(permit);
                let _ = sender.send(outcome);
            })
        })?;
        done.await.map_err(internal)?
    }
}

/// A hash of ours, in PHC string form.
fn phc(params: &argon2::Params, salt: Salt<'_>, made: Output) -> Result<String> {
    let hash = PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: params.try_into().map_err(internal)?,
        salt: Some(salt),
        hash: Some(made),
    };
    Ok(hash.to_string())
}

fn output(
    desk: &mut Desk,
    argon2: &Argon2<'_>,
    password: &str,
    salt: Salt<'_>,
    length: usize,
) -> Result<Output> {
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes).map_err(internal)?;
    let memory = desk.blocks(argon2.params().block_count());
    Output::init_with(length, |out| {
        let hashed = argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, memory);
        Ok(hashed?)
    })
    .map_err(internal)
}

/// By the parameters of the hash. The comparison takes the same time wherever the two differ.
fn matches(desk: &mut Desk, password: &str, hash: &PasswordHash<'_>) -> Result<bool> {
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
        return Ok(false);
    };
    let algorithm = Algorithm::try_from(hash.algorithm).map_err(internal)?;
    let version = hash
        .version
        .map(Version::try_from)
        .transpose()
        .map_err(internal)?;
    let params = argon2::Params::try_from(hash).map_err(internal)?;
    let argon2 = Argon2::new(algorithm, version.unwrap_or_default(), params);
    Ok(output(desk, &argon2, password, salt, expected.len())? == expected)
}

/// Counted until it is dropped, also when the request that waits is gone.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn count(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counter))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn internal(err: impl std::fmt::Display) -> Error {
    Error::Internal(err.to_string())
}
