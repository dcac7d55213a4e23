//! Keeping somebody out: for a time, or until somebody lets them in again.

use chrono::{DateTime, Utc};
use sea_orm::{IntoActiveModel, QuerySelect, entity::prelude::*};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::{Column, Entity, Model};
use crate::{
    models::{
        Error, Means, Result,
        audit_events::{Action, Event, record},
        params::{Fault, Params, not_null, refuse},
        sessions::revocation::revoke_all,
        transaction,
    },
    settings::Settings,
};

const MAX_REASON: usize = 500;

/// Suspensions that are lifted in one go.
const BATCH: u64 = 500;

/// Why, and until when.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendParams {
    /// For administrators; the user finds it in an export, and nowhere else.
    #[serde(default)]
    #[validate(custom(function = "valid_reason"))]
    #[schema(
        max_length = 500,
        pattern = r"^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F]*$",
        example = "Reported for spam"
    )]
    pub reason: Option<String>,
    /// The suspension lifts itself then; without it, it stays until it is lifted.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = DateTime, example = "2027-01-01T00:00:00Z")]
    pub until: Option<DateTime<Utc>>,
}

impl Params for SuspendParams {
    fn check(&self, _: &Settings) -> Vec<Fault> {
        use chrono::Datelike;
        let absurd = self
            .until
            .is_some_and(|until| !(1970..=9999).contains(&until.year()));
        let fault =
            absurd.then(|| Fault::new("until", "out_of_range", "A year from 1970 to 9999."));
        fault.into_iter().collect()
    }
}

pub(super) fn valid_reason(reason: &str) -> std::result::Result<(), ValidationError> {
    if reason.chars().count() > MAX_REASON {
        return refuse("invalid_length", "A reason has at most 500 characters.");
    }
    if reason.chars().any(|c| c.is_control() && c != '\n') {
        return refuse("invalid_characters", "A reason has no control characters.");
    }
    Ok(())
}

impl Model {
    /// Keep this account out from its next request on, and end its sessions. Suspending again replaces
    /// reason and end.
    ///
    /// # Errors
    /// [`Error::LastAdmin`]; [`Error::Invalid`] for an end that is past; [`Error::NotFound`] when it
    /// is deleted.
    pub async fn suspend(&self, means: Means<'_>, params: SuspendParams) -> Result<Self> {
        let now = means.now;
        if params.until.is_some_and(|until| until <= now) {
            let fault = Fault::new("until", "in_the_past", "A suspension ends in the future.");
            return Err(Error::Invalid(vec![fault]));
        }
        let _changing = means.sessions.authentications.changing(self.id);
        let txn = transaction::begin(means.db).await?;
        self.is_not_the_last_admin(&txn, now).await?;
        let user = Self::lock(&txn, self.id).await?;
        if user.is_deleted() {
            return Err(Error::NotFound);
        }
        let mut row = user.into_active_model();
        row.is_active.set_if_not_equals(false);
        row.suspended_until
            .set_if_not_equals(params.until.map(Into::into));
        row.suspension_reason.set_if_not_equals(params.reason);
        if !row.is_changed() {
            return Ok(row.try_into()?);
        }
        let user = row.save_if_changed(&txn, now).await?;
        let until = params.until.map(|until| until.to_rfc3339());
        let event = Event::of(Action::AccountSuspended, user.id).with("until", until);
        record(&txn, means, event).await?;
        revoke_all(&txn, means, user.id, None, "account_suspended").await?;
        means.outbox.void_tokens(&txn, &user, now).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, "an account was suspended");
        Ok(user)
    }

    /// Let this account in again.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is deleted.
    pub async fn reinstate(&self, means: Means<'_>) -> Result<Self> {
        let _changing = means.sessions.authentications.changing(self.id);
        let txn = transaction::begin(means.db).await?;
        let user = Self::lock(&txn, self.id).await?;
        if user.is_deleted() {
            return Err(Error::NotFound);
        }
        let mut row = user.into_active_model();
        row.is_active.set_if_not_equals(true);
        row.suspended_until.set_if_not_equals(None);
        row.suspension_reason.set_if_not_equals(None);
        if !row.is_changed() {
            return Ok(row.try_into()?);
        }
        let user = row.save_if_changed(&txn, means.now).await?;
        record(&txn, means, Event::of(Action::AccountReinstated, user.id)).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, "an account was reinstated");
        Ok(user)
    }
}

/// Tidy up suspensions that have ended: they count no more already. How many?
pub async fn lift_ended(means: Means<'_>) -> Result<u64> {
    let ended = Entity::find()
        .filter(Column::SuspendedUntil.lte(means.now.fixed_offset()))
        .filter(Column::DeletedAt.is_null())
        .limit(BATCH);
    let mut lifted = 0;
    for user in ended.all(means.db).await? {
        match user.reinstate(means).await {
            Ok(_) => lifted += 1,
            Err(Error::NotFound) => {}
            Err(err) => return Err(err),
        }
    }
    Ok(lifted)
}
