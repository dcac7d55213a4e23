//! Sessions: a login on a device, until it is ended or expires. One capability a file:
//! `access_token`, `refresh_token`, `rotation`, `revocation`, `authentications`, `device`, `purge`.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryOrder,
    QuerySelect, entity::prelude::*, sea_query::Expr,
};

pub use super::_entities::sessions::{ActiveModel, Column, Entity, Model};
use super::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    new_id,
    outbox_mails::{Details, Kind, Ordered},
    transaction,
    users::{self, Role},
};
use crate::settings::{Sessions as Settings, Token};
use access_token::{AccessTokens, Claims};
use authentications::{Authenticated, Authentications};
use lookups::Lookups;
use refresh_token::{RefreshToken, RefreshTokens};

pub mod access_token;
pub mod authentications;
pub mod device;
pub mod grant;
pub mod introspection;
mod lookups;
pub mod purge;
pub mod refresh_token;
pub mod revocation;
pub mod rotation;
mod with_user;

impl ActiveModelBehavior for ActiveModel {}

/// `last_seen_at` is written at most so often for a session.
const SEEN_EVERY: Duration = Duration::seconds(60);

/// Longest user agent that is kept.
const MAX_USER_AGENT: usize = 400;

/// A user has at most so many sessions listed.
const MAX_LISTED: u64 = 200;

/// What opening and checking sessions needs besides the database.
#[derive(Clone)]
pub struct Sessions {
    pub access_tokens: AccessTokens,
    pub refresh_tokens: RefreshTokens,
    pub authentications: Authentications,
    lookups: Lookups,
    pub settings: Settings,
    /// Is an account confined to confirming its address until that is done?
    pub require_verified_email: bool,
}

/// Where a login comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// The user who signed in on this device before, by its cookie.
    pub known_to: Option<Uuid>,
}

/// What a login or a renewal hands out.
pub struct Granted {
    pub session: Model,
    pub user: users::Model,
    pub refresh_token: RefreshToken,
}

impl Sessions {
    /// `lifetime` of an access token, in seconds.
    pub fn new(
        secret: &[u8],
        lifetime: u64,
        token: &Token,
        settings: &Settings,
        require_verified_email: bool,
    ) -> Self {
        Self {
            access_tokens: AccessTokens::new(secret, lifetime, token),
            refresh_tokens: RefreshTokens::new(secret),
            authentications: Authentications::new(&settings.cache),
            lookups: Lookups::default(),
            settings: settings.clone(),
            require_verified_email,
        }
    }

    /// Open a session for somebody who has just shown who they are, by this method.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when the account was suspended or deleted, or its password
    /// changed, while it was being checked: whatever ends all sessions ends this one too.
    pub async fn open(
        &self,
        means: Means<'_>,
        user: users::Model,
        method: &str,
        origin: &Origin,
    ) -> Result<Granted> {
        let txn = transaction::begin(means.db).await?;
        let (granted, notice) = self.open_in(&txn, means, user, method, origin).await?;
        txn.commit().await?;
        if let Some(notice) = notice {
            means.outbox.deliver(notice);
        }
        Ok(granted)
    }

    /// As [`Sessions::open`], in the transaction of what it is opened for. The owner is owed a notice
    /// when the device is new.
    pub async fn open_in(
        &self,
        txn: &DatabaseTransaction,
        means: Means<'_>,
        user: users::Model,
        method: &str,
        origin: &Origin,
    ) -> Result<(Granted, Option<Ordered>)> {
        let Means { outbox, now, .. } = means;
        let user = user
            .log_in(txn, now)
            .await?
            .ok_or(Error::InvalidCredentials)?;
        let (idle, absolute) = self.lifetimes(user.role);
        let id = new_id(now);
        let refresh_token = self.refresh_tokens.first(id);
        let agent = origin.user_agent.as_ref();
        let session = ActiveModel {
            id: Set(id),
            user_id: Set(user.id),
            created_at: Set(now.into()),
            last_seen_at: Set(now.into()),
            idle_expires_at: Set((now + idle).into()),
            expires_at: Set((now + absolute).into()),
            authenticated_at: Set(now.into()),
            authentication_method: Set(method.to_string()),
            ip_address: Set(origin.address.map(|address| address.to_string())),
            user_agent: Set(agent.map(|agent| agent.chars().take(MAX_USER_AGENT).collect())),
            refresh_digest: Set(refresh_token.digest()),
            previous_digest: Set(None),
            rotated_at: Set(None),
            revoked_at: Set(None),
            revoked_reason: Set(None),
        };
        let notice = if device::is_new(txn, user.id, origin).await? {
            let details = Details {
                device: Some(device::name(origin.user_agent.as_deref())),
                address: origin.address.map(|address| address.to_string()),
                ..Default::default()
            };
            let notice = outbox.order(txn, Kind::NewDevice, &user, &user.email, &details, now);
            Some(notice.await?)
        } else {
            None
        };
        let session = session.insert(txn).await?;
        let event = Event::of(Action::Login, user.id)
            .session(id)
            .with("method", method);
        record(txn, means, event).await?;
        tracing::info!(user.id = %user.id, session.id = %id, method, "logged in");
        let granted = Granted {
            session,
            user,
            refresh_token,
        };
        Ok((granted, notice))
    }

    /// Must this account confirm its address before it may do anything else?
    pub fn confines(&self, user: &users::Model) -> bool {
        self.require_verified_email && !user.is_verified()
    }

    /// Who these claims belong to at this moment: from memory while that can be trusted, else by one
    /// indexed query for the session and its user together.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the user is gone; [`Error::SessionEnded`].
    pub async fn authenticate(
        &self,
        db: &DatabaseConnection,
        claims: &Claims,
        now: DateTime<Utc>,
    ) -> Result<Arc<Authenticated>> {
        // Memory may say yes. Before it says no, the database is asked: another node may have seen the
        // session since.
        let remembered = self.authentications.get(claims.sid);
        let found = match remembered.filter(|entry| self.admits(entry, claims, now)) {
            Some(entry) => entry,
            None => self.read(db, claims).await?,
        };
        if found.user.is_deleted() {
            return Err(Error::NotFound);
        }
        if !self.admits(&found, claims, now) {
            return Err(Error::SessionEnded);
        }
        self.seen(db, &found, now).await;
        Ok(found)
    }

    fn admits(&self, found: &Authenticated, claims: &Claims, now: DateTime<Utc>) -> bool {
        found.user.id == claims.sub
            && found.user.is_usable(now)
            && self.is_live(&found.session, found.user.role, now)
    }

    async fn read(&self, db: &DatabaseConnection, claims: &Claims) -> Result<Arc<Authenticated>> {
        let version = self.authentications.version(claims.sub);
        let Some(entry) = self.lookups.find(db, claims.sid).await? else {
            // Purged with its user, or for itself: only the first is "not found".
            users::Model::find_by_id(db, claims.sub).await?;
            return Err(Error::SessionEnded);
        };
        if entry.user.id == claims.sub {
            self.authentications.insert(version, &entry);
        }
        Ok(entry)
    }

    /// Keep `last_seen_at`, with at most one write a minute. A request does not fail for it.
    async fn seen(&self, db: &impl ConnectionTrait, found: &Authenticated, now: DateTime<Utc>) {
        let session = &found.session;
        if now < session.last_seen_at.to_utc() + SEEN_EVERY {
            return;
        }
        let _changing = self.authentications.changing(session.user_id);
        let (idle, _) = self.lifetimes(found.user.role);
        let update = Entity::update_many()
            .col_expr(Column::LastSeenAt, Expr::value(now.fixed_offset()))
            .col_expr(
                Column::IdleExpiresAt,
                Expr::value((now + idle).fixed_offset()),
            )
            .filter(Column::Id.eq(session.id))
            .filter(Column::LastSeenAt.lte((now - SEEN_EVERY).fixed_offset()))
            .filter(Column::RevokedAt.is_null());
        if let Err(err) = update.exec(db).await {
            tracing::warn!(error = %err, session.id = %session.id, "last_seen_at was not written");
        }
    }

    /// Idle and absolute lifetime, by the role at this moment.
    fn lifetimes(&self, role: Role) -> (Duration, Duration) {
        let (idle, absolute) = role.session_seconds(&self.settings);
        (Duration::seconds(idle), Duration::seconds(absolute))
    }

    /// Is this session neither ended nor expired?
    pub fn is_live(&self, session: &Model, role: Role, now: DateTime<Utc>) -> bool {
        let (idle, absolute) = self.lifetimes(role);
        session.revoked_at.is_none()
            && now < session.expires_at
            && now < session.idle_expires_at
            && now < session.created_at.to_utc() + absolute
            && now < session.last_seen_at.to_utc() + idle
    }

    /// The live sessions of a user, the latest first.
    pub async fn list(
        &self,
        db: &impl ConnectionTrait,
        user: &users::Model,
        now: DateTime<Utc>,
    ) -> Result<Vec<Model>> {
        let query = Entity::find()
            .filter(Column::UserId.eq(user.id))
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.fixed_offset()))
            .order_by_desc(Column::Id)
            .limit(MAX_LISTED);
        let mut sessions = query.all(db).await?;
        sessions.retain(|session| self.is_live(session, user.role, now));
        Ok(sessions)
    }
}
