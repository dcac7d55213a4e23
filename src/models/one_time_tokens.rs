//! One-time tokens: what a link in a mail carries. The table has a digest; the token itself is derived
//! from a random seed of its row with a key of ours, when its mail is sent: so a mail that is sent
//! again carries the same one, and nobody who reads the table can make it.
//!
//! Whoever touches an account's tokens locks the account first, so that no two wait for each other.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Duration, Utc};
use sea_orm::{ConnectionTrait, entity::prelude::*, sea_query::Expr};

pub use super::_entities::one_time_tokens::{ActiveModel, Column, Entity, Model};
use super::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    new_id,
    params::Fault,
    secrets::{self, Key},
    transaction, users,
};
use crate::settings::OneTimeTokens as Settings;

impl ActiveModelBehavior for ActiveModel {}

/// So that scanners for leaked secrets can know one.
const PREFIX: &str = "rco_";

/// Rows of tokens that could be used so long ago are removed.
const KEPT: Duration = Duration::days(30);

/// What a token is good for, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    VerifyEmail,
    ResetPassword,
    MagicLink,
    ChangeEmail,
    Invitation,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::MagicLink => "magic_link",
            Self::ChangeEmail => "change_email",
            Self::Invitation => "invitation",
        }
    }
}

/// For the mail, and nothing else.
pub struct PlainToken(String);

impl PlainToken {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken(…)")
    }
}

/// Makes one-time tokens, and knows its own.
#[derive(Clone, Debug)]
pub struct OneTimeTokens {
    key: Key,
    settings: Settings,
}

impl OneTimeTokens {
    pub fn new(secret: &[u8], settings: &Settings) -> Self {
        Self {
            key: Key::derive(secret, "one-time token"),
            settings: settings.clone(),
        }
    }

    /// Make a token for this account, sent to this address. Older ones of its kind are void.
    pub async fn issue(
        &self,
        txn: &impl ConnectionTrait,
        kind: Kind,
        user: &users::Model,
        email: &str,
        session_id: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Model> {
        users::Model::lock(txn, user.id).await?;
        void(txn, user.id, kind).await?;
        let mut token = Model {
            id: new_id(now),
            user_id: user.id,
            session_id,
            kind: kind.as_str().to_string(),
            email: email.to_string(),
            seed: BASE64.encode(secrets::random()),
            digest: String::new(),
            created_at: now.into(),
            expires_at: (now + self.lifetime(kind)).into(),
            used_at: None,
        };
        token.digest = secrets::digest(self.derive(&token).0.as_bytes());
        let row: ActiveModel = token.into();
        Ok(row.reset_all().insert(txn).await?)
    }

    /// The token of a row.
    ///
    /// # Errors
    /// When the configured secret has changed since the row was made: the token would open nothing.
    pub fn plain(&self, token: &Model) -> Result<PlainToken> {
        let plain = self.derive(token);
        if secrets::digest(plain.0.as_bytes()) == token.digest {
            Ok(plain)
        } else {
            Err(Error::Internal(
                "the secret has changed since this token was made".to_string(),
            ))
        }
    }

    /// The token that this is, if it may be used now, with its account; a refusal is on record. Does
    /// not use it up: see [`Model::consume`].
    ///
    /// # Errors
    /// [`Error::Invalid`], the same for a token that is unknown, spent, expired, of another kind, or
    /// of an account that may not act.
    pub async fn admit(
        &self,
        means: Means<'_>,
        kind: Kind,
        plain: &str,
    ) -> Result<(Model, users::Model)> {
        let found = self.find(means.db, kind, plain, means.now).await;
        if let Err(Error::Invalid(_)) = found {
            let txn = transaction::begin(means.db).await?;
            let event = Event::general(Action::TokenRefused).with("kind", kind.as_str());
            record(&txn, means, event.refused()).await?;
            txn.commit().await?;
        }
        found
    }

    async fn find(
        &self,
        db: &impl ConnectionTrait,
        kind: Kind,
        plain: &str,
        now: DateTime<Utc>,
    ) -> Result<(Model, users::Model)> {
        let id = id_of(plain).ok_or_else(invalid)?;
        let found = usable(id, kind, now)
            .filter(Column::Digest.eq(secrets::digest(plain.as_bytes())))
            .find_also_related(users::Entity)
            .one(db)
            .await?;
        found
            .and_then(|(token, user)| Some((token, user?)))
            .filter(|(_, user)| user.is_usable(now))
            .ok_or_else(invalid)
    }

    pub fn lifetime(&self, kind: Kind) -> Duration {
        let s = &self.settings;
        Duration::seconds(match kind {
            Kind::VerifyEmail => s.verify_email_seconds,
            Kind::ResetPassword => s.reset_password_seconds,
            Kind::MagicLink => s.magic_link_seconds,
            Kind::ChangeEmail => s.change_email_seconds,
            Kind::Invitation => s.invitation_seconds,
        })
    }

    fn derive(&self, token: &Model) -> PlainToken {
        let (id, user) = (token.id.as_bytes(), token.user_id.as_bytes());
        let kind = token.kind.as_bytes();
        let secret = self.key.mac(&[id, user, kind, token.seed.as_bytes()]);
        let bytes = [&id[..], &secret].concat();
        PlainToken(format!("{PREFIX}{}", BASE64.encode(bytes)))
    }
}

impl Model {
    /// Use this token up, and lock its account, inside the transaction of what it is used for. Of
    /// parallel uses one gets here.
    ///
    /// # Errors
    /// As [`OneTimeTokens::admit`], of which this is the second and deciding look.
    pub async fn consume(
        &self,
        txn: &impl ConnectionTrait,
        kind: Kind,
        now: DateTime<Utc>,
    ) -> Result<users::Model> {
        let user = users::Model::lock(txn, self.user_id).await?;
        let update = Entity::update_many()
            .col_expr(Column::UsedAt, Expr::value(Some(now.fixed_offset())))
            .filter(Column::Id.eq(self.id))
            .filter(Column::Kind.eq(kind.as_str()))
            .filter(Column::Digest.eq(&self.digest))
            .filter(Column::UsedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.fixed_offset()));
        if update.exec(txn).await?.rows_affected == 1 && user.is_usable(now) {
            Ok(user)
        } else {
            Err(invalid())
        }
    }
}

/// Make all of an account's tokens void. The caller holds the account's lock.
pub async fn void_all(txn: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::UsedAt.is_null())
        .exec(txn)
        .await?;
    Ok(())
}

/// Make all tokens of all accounts void.
pub async fn void_everybodys(txn: &impl ConnectionTrait) -> Result<()> {
    let unused = Entity::delete_many().filter(Column::UsedAt.is_null());
    unused.exec(txn).await?;
    Ok(())
}

/// Make an account's tokens of one kind void.
pub async fn void(txn: &impl ConnectionTrait, user_id: Uuid, kind: Kind) -> Result<()> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::UsedAt.is_null())
        .exec(txn)
        .await?;
    Ok(())
}

/// Remove rows that say nothing any more. How many?
pub async fn purge(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    let old = Column::ExpiresAt.lt((now - KEPT).fixed_offset());
    Ok(Entity::delete_many()
        .filter(old)
        .exec(db)
        .await?
        .rows_affected)
}

fn usable(id: Uuid, kind: Kind, now: DateTime<Utc>) -> Select<Entity> {
    Entity::find_by_id(id)
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.fixed_offset()))
}

fn id_of(plain: &str) -> Option<Uuid> {
    let bytes = BASE64.decode(plain.strip_prefix(PREFIX)?).ok()?;
    let (id, secret) = bytes.split_first_chunk::<16>()?;
    (secret.len() == 32).then(|| Uuid::from_bytes(*id))
}

/// The refusal of a token, whatever is wrong with it.
pub fn invalid() -> Error {
    Error::Invalid(vec![Fault::new(
        "token",
        "invalid_or_expired",
        "This token is not valid, has been used, or has expired. Ask for a new one.",
    )])
}
