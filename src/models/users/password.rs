//! Passwords: the rule for new ones, and hashing that can't stall the server.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Output, SaltString, rand_core::OsRng},
};
use tokio::{sync::Semaphore, time::timeout};
use unicode_normalization::UnicodeNormalization;

use crate::{
    models::{Error, Result, params::Fault},
    settings::Password as Settings,
};

/// Longest password, in code points (NIST SP 800-63B-4, section 3.1.1.2, asks for at least 64).
const MAX_LENGTH: usize = 256;

/// Why a new password is not good enough, if it is not. Its length is all that counts: no rules of
/// composition (NIST SP 800-63B-4, section 3.1.1.2).
pub fn fault(password: &str, settings: &Settings) -> Option<Fault> {
    let length = password.nfc().count();
    let detail = if length < settings.min_length {
        format!(
            "A password has at least {} characters.",
            settings.min_length
        )
    } else if length > MAX_LENGTH {
        format!("A password has at most {MAX_LENGTH} characters.")
    } else {
        return None;
    };
    Some(Fault::new("password", "invalid_length", detail))
}

/// Argon2id on threads of its own, at most so many at once: a login storm costs at most
/// `permits × memory_kib`, and never holds an async thread or a database connection.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
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
        let dummy = PasswordHash {
            algorithm: argon2::ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().map_err(internal)?,
            salt: Some(
                argon2::password_hash::Salt::from_b64("bm9ib2R5J3Mgc2FsdA").map_err(internal)?,
            ),
            hash: Some(Output::new(&[0; 32]).map_err(internal)?),
        }
        .to_string();
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            permits: Arc::new(Semaphore::new(settings.permits())),
            max_wait: Duration::from_millis(settings.max_wait_ms),
            dummy: dummy.into(),
        })
    }

    /// Hash a new password, in PHC string form.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password: String = password.nfc().collect();
        self.on_a_hash_thread(move |argon2| {
            let salt = SaltString::generate(&mut OsRng);
            let hash = argon2
                .hash_password(password.as_bytes(), &salt)
                .map_err(internal)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Does the password match? Without a hash, because there is no such account, the same work is
    /// done and the answer is no, so that time does not tell the two apart.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let password: String = password.nfc().collect();
        let hash: String = hash.unwrap_or(&self.dummy).to_string();
        self.on_a_hash_thread(move |argon2| {
            let hash = PasswordHash::new(&hash).map_err(internal)?;
            Ok(argon2.verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    async fn on_a_hash_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = timeout(self.max_wait, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::Overloaded("password hashing"))?
            .map_err(internal)?;
        let argon2 = self.argon2.clone();
        tokio::task::spawn_blocking(move || {
            // Given back when the work is done, also when the request that asked for it is gone.
            let _permit = permit;
            work(&argon2)
        })
        .await
        .map_err(internal)?
    }
}

fn internal(err: impl std::fmt::Display) -> Error {
    Error::Internal(err.to_string())
}
