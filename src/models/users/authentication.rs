//! Who somebody is, by password.

use sea_orm::{DatabaseConnection, entity::prelude::*, sea_query::Expr};

use super::{Column, Entity, Model, identifiers, password::Hasher};
use crate::models::{
    Error, Result,
    sessions::Origin,
    throttles::{Attempt, Throttles},
};
use chrono::{DateTime, Utc};

/// What somebody shows at login.
pub struct Credentials<'a> {
    /// A username, an email or a phone number.
    pub identifier: &'a str,
    pub password: &'a str,
    /// The cookie of a device that signed in before.
    pub device: Option<&'a str>,
    pub origin: &'a Origin,
}

impl Model {
    /// The account whose identifier and password these are.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] for an unknown identifier, a wrong password and an account that
    /// may not log in, after the same work; [`Error::Throttled`] after too many failures.
    pub async fn authenticate(
        db: &DatabaseConnection,
        hasher: &Hasher,
        throttles: &Throttles,
        credentials: &Credentials<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let found = match Self::find_by_identifier(db, credentials.identifier).await {
            Ok(user) => Some(user),
            Err(Error::NotFound) => None,
            Err(err) => return Err(err),
        };
        let attempt = Self::admit(db, throttles, found.as_ref(), credentials, now).await?;
        let user = found.filter(Self::is_usable);
        let hash = user.as_ref().map(|user| user.hashed_password.as_str());
        let matches = hasher.verify(credentials.password, hash).await?;
        let Some(user) = user.filter(|_| matches) else {
            throttles.failed(db, &attempt, now).await?;
            tracing::info!("a login failed");
            return Err(Error::InvalidCredentials);
        };
        throttles.succeeded(db, &attempt).await?;
        user.rehashed(db, hasher, credentials.password).await
    }

    async fn admit(
        db: &DatabaseConnection,
        throttles: &Throttles,
        found: Option<&Self>,
        credentials: &Credentials<'_>,
        now: DateTime<Utc>,
    ) -> Result<Attempt> {
        let identifier = identifiers::canonical(credentials.identifier);
        let device = credentials
            .device
            .and_then(|cookie| throttles.devices.recognise(cookie));
        let device = device.filter(|device| found.is_some_and(|user| user.id == device.user_id));
        throttles
            .admit(
                db,
                &identifier,
                device.as_ref(),
                credentials.origin.address,
                now,
            )
            .await
    }

    /// Hashed anew when the parameters have been raised since; the only moment when the password is
    /// at hand. Not when it has been changed meanwhile. A parallel login may have done it already:
    /// then this is the account as that one left it.
    async fn rehashed(
        mut self,
        db: &DatabaseConnection,
        hasher: &Hasher,
        password: &str,
    ) -> Result<Self> {
        if !hasher.is_outdated(&self.hashed_password) {
            return Ok(self);
        }
        let hash = hasher.hash(password).await?;
        let update = Entity::update_many()
            .col_expr(Column::HashedPassword, Expr::value(&hash))
            .filter(Column::Id.eq(self.id))
            .filter(Column::HashedPassword.eq(&self.hashed_password));
        if update.exec(db).await?.rows_affected == 1 {
            tracing::info!(user.id = %self.id, "the password was hashed anew with higher parameters");
            self.hashed_password = hash;
            return Ok(self);
        }
        let current = Self::find_by_id(db, self.id).await?;
        let same = hasher.verify(password, Some(&current.hashed_password));
        if same.await? {
            Ok(current)
        } else {
            Err(Error::InvalidCredentials)
        }
    }
}
