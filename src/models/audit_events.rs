//! The audit trail: who did what to whom, from where, with what outcome. An event is written in the
//! transaction of what it tells of, by [`record`] alone, and never changed.
//!
//! Events are chained by hash after they are committed (`sealing`), in batches and by one writer at a
//! time: so the requests that write them never wait for each other.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, Iterable, entity::prelude::*, sea_query::Expr};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{Object, Schema, Type},
    },
};

pub use super::_entities::audit_events::{ActiveModel, Column, Entity, Model};
use super::{Means, Result, new_id, secrets};

pub mod chain;
pub mod retention;
pub mod sealing;
pub mod search;

impl ActiveModelBehavior for ActiveModel {}

/// Who does something, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    pub kind: ActorKind,
    pub user_id: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub address: Option<IpAddr>,
    pub request_id: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// Nobody knows who, over the network.
    Anonymous,
    /// Somebody who is logged in.
    User,
    /// Somebody with a shell on the machine.
    Operator,
    /// The service itself.
    System,
}

impl ActorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User => "user",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

impl Actor<'static> {
    pub const OPERATOR: Self = Self::of(ActorKind::Operator);
    pub const SYSTEM: Self = Self::of(ActorKind::System);
    pub const ANONYMOUS: Self = Self::of(ActorKind::Anonymous);

    const fn of(kind: ActorKind) -> Self {
        Self {
            kind,
            user_id: None,
            session_id: None,
            address: None,
            request_id: None,
        }
    }
}

/// What happened: stable names, `subject.verb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Action {
    AccountRegistered,
    AccountInvited,
    AccountUpdated,
    AccountDeleted,
    AccountRestored,
    AccountPurged,
    AccountSuspended,
    AccountReinstated,
    RoleChanged,
    Login,
    IdentifierClosed,
    SessionRevoked,
    SessionsRevoked,
    RefreshTokenReused,
    PasswordChanged,
    PasswordReset,
    PasswordResetForced,
    EmailVerified,
    EmailChangeRequested,
    EmailChanged,
    MailRequested,
    TokenRefused,
    AuditExported,
    AuditCut,
    AccountExported,
    AccountsImported,
    AccountsExported,
    DatabaseCopied,
    DatabaseBackedUp,
    DatabaseRestored,
}

/// In the document: its names.
impl PartialSchema for Action {
    fn schema() -> RefOr<Schema> {
        let names = Self::iter().map(Self::as_str);
        Object::builder()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .into()
    }
}

impl ToSchema for Action {}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountRegistered => "account.registered",
            Self::AccountInvited => "account.invited",
            Self::AccountUpdated => "account.updated",
            Self::AccountDeleted => "account.deleted",
            Self::AccountRestored => "account.restored",
            Self::AccountPurged => "account.purged",
            Self::AccountSuspended => "account.suspended",
            Self::AccountReinstated => "account.reinstated",
            Self::RoleChanged => "role.changed",
            Self::Login => "login",
            Self::IdentifierClosed => "identifier.closed",
            Self::SessionRevoked => "session.revoked",
            Self::SessionsRevoked => "sessions.revoked",
            Self::RefreshTokenReused => "refresh_token.reused",
            Self::PasswordChanged => "password.changed",
            Self::PasswordReset => "password.reset",
            Self::PasswordResetForced => "password.reset_forced",
            Self::EmailVerified => "email.verified",
            Self::EmailChangeRequested => "email.change_requested",
            Self::EmailChanged => "email.changed",
            Self::MailRequested => "mail.requested",
            Self::TokenRefused => "one_time_token.refused",
            Self::AuditExported => "audit.exported",
            Self::AuditCut => "audit.cut",
            Self::AccountExported => "account.exported",
            Self::AccountsImported => "accounts.imported",
            Self::AccountsExported => "accounts.exported",
            Self::DatabaseCopied => "database.copied",
            Self::DatabaseBackedUp => "database.backed_up",
            Self::DatabaseRestored => "database.restored",
        }
    }
}

/// An event that is about to be recorded.
#[must_use]
#[derive(Clone, Debug)]
pub struct Event {
    action: Action,
    is_success: bool,
    subject_id: Option<Uuid>,
    session_id: Option<Uuid>,
    details: Value,
}

impl Event {
    /// Something was done to this account.
    pub fn of(action: Action, subject_id: Uuid) -> Self {
        Self {
            action,
            is_success: true,
            subject_id: Some(subject_id),
            session_id: None,
            details: json!({}),
        }
    }

    /// Something that is not about one account, or nobody knows about which.
    pub fn general(action: Action) -> Self {
        Self {
            action,
            is_success: true,
            subject_id: None,
            session_id: None,
            details: json!({}),
        }
    }

    /// It was refused.
    pub fn refused(mut self) -> Self {
        self.is_success = false;
        self
    }

    /// In which session, when that is not the actor's own.
    pub fn session(mut self, id: Uuid) -> Self {
        self.session_id = Some(id);
        self
    }

    /// More about it. Nothing personal and nothing secret: it stays when the account is purged.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details[name] = value.into();
        self
    }
}

/// Write an event, in the transaction of what it tells of.
pub async fn record(txn: &impl ConnectionTrait, means: Means<'_>, event: Event) -> Result<()> {
    let Means { actor, now, .. } = means;
    let address = actor.address.map(|address| address.to_string());
    let salt = address
        .as_ref()
        .map(|_| BASE64.encode(&secrets::random()[..16]));
    let ip_digest = salt.as_ref().zip(address.as_ref());
    let row = ActiveModel {
        id: Set(new_id(now)),
        sequence: Set(None),
        occurred_at: Set(now.into()),
        action: Set(event.action.as_str().to_string()),
        outcome: Set(if event.is_success { SUCCESS } else { FAILURE }.to_string()),
        actor_kind: Set(actor.kind.as_str().to_string()),
        actor_id: Set(actor.user_id),
        subject_id: Set(event.subject_id),
        session_id: Set(event.session_id.or(actor.session_id)),
        request_id: Set(actor.request_id.map(ToString::to_string)),
        details: Set(event.details.to_string()),
        ip_digest: Set(ip_digest.map(|(salt, address)| commitment(salt, address))),
        ip_address: Set(address),
        ip_salt: Set(salt),
        hash: Set(None),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    Ok(())
}

pub const SUCCESS: &str = "success";
pub const FAILURE: &str = "failure";

/// What the chain keeps of an address: says nothing once the salt is erased.
fn commitment(salt: &str, address: &str) -> String {
    secrets::digest(format!("{salt} {address}").as_bytes())
}

/// Erase the addresses that this account acted from. How many?
pub async fn erase_addresses(txn: &impl ConnectionTrait, user_id: Uuid) -> Result<u64> {
    let update = Entity::update_many()
        .col_expr(Column::IpAddress, Expr::value(None::<String>))
        .col_expr(Column::IpSalt, Expr::value(None::<String>))
        .filter(
            sea_orm::Condition::any()
                .add(Column::ActorId.eq(user_id))
                .add(Column::SubjectId.eq(user_id)),
        )
        .filter(Column::IpAddress.is_not_null());
    Ok(update.exec(txn).await?.rows_affected)
}

/// The time of an event as the chain writes it.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
