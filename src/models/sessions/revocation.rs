//! Ending sessions. Ending one twice changes nothing.

use chrono::{DateTime, Utc};
use sea_orm::{Condition, ConnectionTrait, entity::prelude::*, sea_query::Expr};

use super::{Column, Entity, Model, Sessions};
use crate::models::{Error, Result};

impl Sessions {
    /// End this session.
    pub async fn revoke(
        &self,
        db: &impl ConnectionTrait,
        session: &Model,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let _changing = self.authentications.changing(session.user_id);
        let this = Condition::all().add(Column::Id.eq(session.id));
        if end(db, this, reason, now).await? > 0 {
            tracing::info!(user.id = %session.user_id, session.id = %session.id, reason, "a session was ended");
        }
        Ok(())
    }

    /// End one of a user's sessions by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it was ended before, or is somebody else's.
    pub async fn revoke_own(
        &self,
        db: &impl ConnectionTrait,
        user_id: Uuid,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let _changing = self.authentications.changing(user_id);
        let own = Condition::all()
            .add(Column::Id.eq(id))
            .add(Column::UserId.eq(user_id));
        if end(db, own, "revoked_by_user", now).await? == 0 {
            return Err(Error::NotFound);
        }
        tracing::info!(user.id = %user_id, session.id = %id, "a session was ended by its user");
        Ok(())
    }

    /// End all of a user's sessions. How many were live?
    pub async fn revoke_all(
        &self,
        db: &impl ConnectionTrait,
        user_id: Uuid,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let _changing = self.authentications.changing(user_id);
        revoke_all(db, user_id, None, reason, now).await
    }
}

/// End a user's sessions, inside the transaction of what they are ended for. The caller holds
/// [`super::authentications::Authentications::changing`] until that is over.
pub async fn revoke_all(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    except: Option<Uuid>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<u64> {
    let mut sessions = Condition::all().add(Column::UserId.eq(user_id));
    if let Some(kept) = except {
        sessions = sessions.add(Column::Id.ne(kept));
    }
    let ended = end(db, sessions, reason, now).await?;
    tracing::info!(user.id = %user_id, sessions = ended, reason, "sessions were ended");
    Ok(ended)
}

/// Has nobody ended this session, as far as this transaction can see?
pub async fn is_open(db: &impl ConnectionTrait, id: Uuid) -> Result<bool> {
    let session = Entity::find_by_id(id).filter(Column::RevokedAt.is_null());
    Ok(session.one(db).await?.is_some())
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
