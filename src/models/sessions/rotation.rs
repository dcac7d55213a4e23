//! Renewing a session: each refresh token is used once (RFC 9700, section 4.14.2).

use chrono::{DateTime, Duration, Utc};
use sea_orm::{DatabaseConnection, entity::prelude::*, sea_query::Expr};

use super::{
    Column, Entity, Granted, Model, Sessions, refresh_token::RefreshToken, revocation::REUSED,
};
use crate::models::{Error, Means, Result, users};

/// A client that lost the answer may ask again for so long, and gets the same token.
const GRACE: Duration = Duration::seconds(10);

/// What a token that is really one of this session's is worth.
enum Standing {
    /// The one that may be used now.
    Current,
    /// Just used, and its successor not yet: the answer may have been lost.
    JustUsed,
    /// Used before: somebody has a copy.
    Spent,
}

impl Sessions {
    /// Exchange a refresh token for the next one.
    ///
    /// One conditional UPDATE decides: of parallel requests one rotates, the others find the token
    /// just used and get the same successor. Nothing is lost when it fails: the old token stays good.
    ///
    /// # Errors
    /// [`Error::InvalidRefreshToken`], also after ending the session of a token that was spent.
    pub async fn rotate(&self, means: Means<'_>, plain: &str) -> Result<Granted> {
        let Means { db, now, .. } = means;
        let token = self
            .refresh_tokens
            .recognise(plain)
            .ok_or(Error::InvalidRefreshToken)?;
        let (mut session, user) = self.usable(db, &token, now).await?;
        if let Standing::Current = standing(&session, &token, now) {
            if self.advance(db, &session, &user, &token, now).await? {
                return Ok(Granted {
                    session,
                    user,
                    refresh_token: self.refresh_tokens.after(&token),
                });
            }
            // Somebody was faster, or has ended the session.
            (session, _) = self.usable(db, &token, now).await?;
        }
        match standing(&session, &token, now) {
            Standing::JustUsed => Ok(Granted {
                session,
                user,
                refresh_token: self.refresh_tokens.after(&token),
            }),
            Standing::Current => Err(Error::InvalidRefreshToken),
            Standing::Spent => {
                tracing::warn!(
                    session.id = %session.id, user.id = %user.id,
                    "a spent refresh token was used again: the session is ended"
                );
                self.revoke(means, &session, REUSED).await?;
                Err(Error::InvalidRefreshToken)
            }
        }
    }

    async fn usable(
        &self,
        db: &DatabaseConnection,
        token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<(Model, users::Model)> {
        let found = Model::find_with_user(db, token.session_id).await?;
        found
            .filter(|(session, user)| user.is_usable(now) && self.is_live(session, user.role, now))
            .ok_or(Error::InvalidRefreshToken)
    }

    /// Put the successor in the token's place; true for the one request that did.
    async fn advance(
        &self,
        db: &DatabaseConnection,
        session: &Model,
        user: &users::Model,
        token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let _changing = self.authentications.changing(user.id);
        let (idle, _) = self.lifetimes(user.role);
        let next = self.refresh_tokens.after(token).digest();
        let update = Entity::update_many()
            .col_expr(Column::RefreshDigest, Expr::value(next))
            .col_expr(Column::PreviousDigest, Expr::value(Some(token.digest())))
            .col_expr(Column::RotatedAt, Expr::value(Some(now.fixed_offset())))
            .col_expr(Column::LastSeenAt, Expr::value(now.fixed_offset()))
            .col_expr(
                Column::IdleExpiresAt,
                Expr::value((now + idle).fixed_offset()),
            )
            .filter(Column::Id.eq(session.id))
            .filter(Column::RefreshDigest.eq(token.digest()))
            .filter(Column::RevokedAt.is_null());
        Ok(update.exec(db).await?.rows_affected == 1)
    }
}

fn standing(session: &Model, token: &RefreshToken, now: DateTime<Utc>) -> Standing {
    let digest = Some(token.digest());
    if Some(&session.refresh_digest) == digest.as_ref() {
        return Standing::Current;
    }
    // Not at a time that is still to come either: the clock may have been set back since.
    let lately = session
        .rotated_at
        .is_some_and(|at| (now - at.to_utc()).abs() < GRACE);
    if session.previous_digest == digest && lately {
        Standing::JustUsed
    } else {
        Standing::Spent
    }
}
