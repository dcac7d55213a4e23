//! Who somebody is, by password.

use sea_orm::{DatabaseConnection, entity::prelude::*, sea_query::Expr};

use super::{Column, Entity, Model, identifiers, password::Hasher};
use crate::models::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    sessions::Origin,
    throttles::Attempt,
    transaction,
};

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
    pub async fn authenticate(means: Means<'_>, credentials: &Credentials<'_>) -> Result<Self> {
        let Means {
            db, hasher, now, ..
        } = means;
        let found = match Self::find_by_identifier(db, credentials.identifier).await {
            Ok(user) => Some(user),
            Err(Error::NotFound) => None,
            Err(err) => return Err(err),
        };
        let subject = found.as_ref().map(|user| user.id);
        let attempt = match Self::admit(means, found.as_ref(), credentials).await {
            Err(err @ Error::Throttled { .. }) => {
                failed(means, subject, "throttled", None).await?;
                return Err(err);
            }
            attempt => attempt?,
        };
        let user = found.filter(|user| user.is_usable(now));
        let hash = user.as_ref().map(|user| user.hashed_password.as_str());
        let matches = hasher.verify(credentials.password, hash).await?;
        let Some(user) = user.filter(|_| matches) else {
            failed(means, subject, "credentials", Some(&attempt)).await?;
            tracing::info!("a login failed");
            return Err(Error::InvalidCredentials);
        };
        means.throttles.succeeded(db, &attempt).await?;
        user.rehashed(db, hasher, credentials.password).await
    }

    async fn admit(
        means: Means<'_>,
        found: Option<&Self>,
        credentials: &Credentials<'_>,
    ) -> Result<Attempt> {
        let Means {
            db, throttles, now, ..
        } = means;
        let identifier = identifiers::canonical(credentials.identifier);
        let device = credentials
            .device
            .and_then(|cookie| throttles.devices.recognise(cookie));
        let device = device.filter(|device| found.is_some_and(|user| user.id == device.user_id));
        let address = credentials.origin.address;
        throttles
            .admit(db, &identifier, device.as_ref(), address, now)
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

/// Count a failure and put it on record, together.
async fn failed(
    means: Means<'_>,
    subject: Option<Uuid>,
    reason: &str,
    attempt: Option<&Attempt>,
) -> Result<()> {
    let of = |action| match subject {
        Some(id) => Event::of(action, id),
        None => Event::general(action),
    };
    let txn = transaction::begin(means.db).await?;
    let event = of(Action::Login)
        .with("method", "password")
        .with("reason", reason);
    record(&txn, means, event.refused()).await?;
    if let Some(attempt) = attempt
        && means.throttles.failed(&txn, attempt, means.now).await?
    {
        record(&txn, means, of(Action::IdentifierClosed)).await?;
    }
    txn.commit().await?;
    Ok(())
}
