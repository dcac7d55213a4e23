//! Ending sessions. Ending one twice changes nothing.

use chrono::{DateTime, Utc};
use sea_orm::{Condition, ConnectionTrait, entity::prelude::*, sea_query::Expr};

use super::{Column, Entity, Model, Sessions};
use crate::models::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    transaction,
};

impl Sessions {
    /// End this session.
    pub async fn revoke(&self, means: Means<'_>, session: &Model, reason: &str) -> Result<()> {
        let this = Condition::all().add(Column::Id.eq(session.id));
        self.revoke_one(means, session.user_id, session.id, this, reason)
            .await?;
        Ok(())
    }

    /// End one of a user's sessions by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it was ended before, or is somebody else's.
    pub async fn revoke_of(
        &self,
        means: Means<'_>,
        user_id: Uuid,
        id: Uuid,
        reason: &str,
    ) -> Result<()> {
        let own = Condition::all()
            .add(Column::Id.eq(id))
            .add(Column::UserId.eq(user_id));
        if self.revoke_one(means, user_id, id, own, reason).await? {
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }

    async fn revoke_one(
        &self,
        means: Means<'_>,
        user_id: Uuid,
        id: Uuid,
        which: Condition,
        reason: &str,
    ) -> Result<bool> {
        let _changing = self.authentications.changing(user_id);
        let txn = transaction::begin(means.db).await?;
        if end(&txn, which, reason, means.now).await? == 0 {
            return Ok(false);
        }
        let action = if reason == REUSED {
            Event::of(Action::RefreshTokenReused, user_id).refused()
        } else {
            Event::of(Action::SessionRevoked, user_id)
        };
        let event = action.session(id).with("reason", reason);
        record(&txn, means, event).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user_id, session.id = %id, reason, "a session was ended");
        Ok(true)
    }

    /// End all of a user's sessions. How many were live?
    pub async fn revoke_all(&self, means: Means<'_>, user_id: Uuid, reason: &str) -> Result<u64> {
        let _changing = self.authentications.changing(user_id);
        let txn = transaction::begin(means.db).await?;
        let ended = revoke_all(&txn, means, user_id, None, reason).await?;
        txn.commit().await?;
        Ok(ended)
    }
}

/// Why a session was ended that ended itself.
pub const LOGOUT: &str = "logout";

/// Why a session was ended whose refresh token was used twice.
pub const REUSED: &str = "refresh_token_reused";

/// End a user's sessions, inside the transaction of what they are ended for. The caller holds
/// [`super::authentications::Authentications::changing`] until that is over.
pub async fn revoke_all(
    txn: &impl ConnectionTrait,
    means: Means<'_>,
    user_id: Uuid,
    except: Option<Uuid>,
    reason: &str,
) -> Result<u64> {
    let mut sessions = Condition::all().add(Column::UserId.eq(user_id));
    if let Some(kept) = except {
        sessions = sessions.add(Column::Id.ne(kept));
    }
    let ended = end(txn, sessions, reason, means.now).await?;
    if ended > 0 {
        let event = Event::of(Action::SessionsRevoked, user_id)
            .with("reason", reason)
            .with("sessions", ended);
        record(txn, means, event).await?;
    }
    tracing::info!(user.id = %user_id, sessions = ended, reason, "sessions were ended");
    Ok(ended)
}

/// End everybody's sessions. How many were live?
pub async fn end_all(db: &impl ConnectionTrait, reason: &str, now: DateTime<Utc>) -> Result<u64> {
    end(db, Condition::all(), reason, now).await
}

/// Has nobody ended this session, as far as this transaction can see?
pub async fn is_open(db: &impl ConnectionTrait, id: Uuid) -> Result<bool> {
    let session = Entity::find_by_id(id).filter(Column::RevokedAt.is_null());
    Ok(session.one(db).await?.is_some())
}

/// Has this session only ended by itself, or by its own logout?
pub async fn was_left_alone(db: &impl ConnectionTrait, id: Uuid) -> Result<bool> {
    let session = Entity::find_by_id(id).one(db).await?;
    Ok(
        session.is_none_or(|session| match session.revoked_reason.as_deref() {
            None => true,
            Some(reason) => reason == LOGOUT,
        }),
    )
}

async fn end(
    db: &impl ConnectionTrait,
    which: Condition,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<u64> {
    let update = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(Some(now.fixed_offset())))
        .col_expr(Column::RevokedReason, Expr::value(Some(reason.to_string())))
        .filter(which)
        .filter(Column::RevokedAt.is_null());
    Ok(update.exec(db).await?.rows_affected)
}
