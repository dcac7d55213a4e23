//! The outbox: mails that are owed. A row is written in the transaction of what the mail is about, and
//! delivered after its commit, at least once: a mail that may have arrived is sent again with the same
//! `Message-ID`, by which mail systems know a duplicate.
//!
//! What somebody asks for by an address (a reset, a magic link) is ordered without looking whether an
//! account has it: that is found out at delivery, so the answer's time tells nothing.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    Iterable, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

pub use super::_entities::outbox_mails::{ActiveModel, Column, Entity, Model};
use super::{
    Error, Result, new_id,
    one_time_tokens::{self, Kind as TokenKind, OneTimeTokens},
    users,
};
use crate::settings::Mail as Settings;

pub mod letter;
pub mod upkeep;

impl ActiveModelBehavior for ActiveModel {}

/// Mails that one process hands over at the same time.
const AT_ONCE: usize = 8;
/// Beyond the time a delivery may take, until somebody else may try.
const CLAIM_MARGIN: Duration = Duration::seconds(10);
/// The wait after the first failure; it doubles with each one more, up to `LONGEST_WAIT`.
const FIRST_WAIT: Duration = Duration::seconds(15);
const LONGEST_WAIT: Duration = Duration::hours(4);
/// A new mail is left to whoever was told of it; then anybody takes it.
const LEFT_ALONE: Duration = Duration::seconds(10);
/// A mail that is refused for good, and not for now, is tried so often: a server that has just been
/// set up says so of what it will take a moment later.
const MAX_REFUSALS: i64 = 5;
/// Longest error text that is kept.
const MAX_ERROR: usize = 400;

pub mod status {
    pub const QUEUED: &str = "queued";
    /// Handed over to the mail server.
    pub const SENT: &str = "sent";
    /// Nobody to send it to, or overtaken by a newer one.
    pub const DROPPED: &str = "dropped";
    /// Refused for good, or too often.
    pub const DEAD: &str = "dead";
    pub const ALL: [&str; 4] = [QUEUED, SENT, DROPPED, DEAD];
}

/// What a mail is about. Each has its templates in `mailers/account`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Kind {
    VerifyEmail,
    ResetPassword,
    MagicLink,
    ChangeEmail,
    Invitation,
    PasswordChanged,
    NewDevice,
    EmailChangeRequested,
    EmailChanged,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password_changed",
            Self::NewDevice => "new_device",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::VerifyEmail
            | Self::ResetPassword
            | Self::MagicLink
            | Self::ChangeEmail
            | Self::Invitation => self.token().map_or("", TokenKind::as_str),
        }
    }

    fn parse(kind: &str) -> Result<Self> {
        Self::iter()
            .find(|known| known.as_str() == kind)
            .ok_or_else(|| Error::Internal("a mail of an unknown kind".to_string()))
    }

    /// The token that its link carries; notices have none.
    pub fn token(self) -> Option<TokenKind> {
        match self {
            Self::VerifyEmail => Some(TokenKind::VerifyEmail),
            Self::ResetPassword => Some(TokenKind::ResetPassword),
            Self::MagicLink => Some(TokenKind::MagicLink),
            Self::ChangeEmail => Some(TokenKind::ChangeEmail),
            Self::Invitation => Some(TokenKind::Invitation),
            Self::PasswordChanged
            | Self::NewDevice
            | Self::EmailChangeRequested
            | Self::EmailChanged => None,
        }
    }
}

/// What a mail tells besides its kind. Nothing secret: it stands in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_email: Option<String>,
    /// The session that asked, which outlives the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
}

/// A mail that is owed once the transaction has been committed: then hand it to [`Outbox::deliver`].
#[must_use = "the mail leaves at once only when it is handed to `deliver` after the commit"]
pub struct Ordered(Uuid);

/// The way out. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    pub tokens: OneTimeTokens,
    pub settings: Settings,
    ordered: mpsc::UnboundedSender<Uuid>,
    orders: Arc<Mutex<Option<mpsc::UnboundedReceiver<Uuid>>>>,
    turns: Arc<Semaphore>,
}

impl Outbox {
    pub fn new(tokens: OneTimeTokens, settings: &Settings) -> Self {
        let (ordered, orders) = mpsc::unbounded_channel();
        Self {
            tokens,
            settings: settings.clone(),
            ordered,
            orders: Arc::new(Mutex::new(Some(orders))),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Owe an account a mail.
    pub async fn order(
        &self,
        txn: &impl ConnectionTrait,
        kind: Kind,
        user: &users::Model,
        recipient: &str,
        details: &Details,
        now: DateTime<Utc>,
    ) -> Result<Ordered> {
        if let Some(token) = kind.token() {
            // The newer one counts from now on, not from its delivery.
            users::Model::lock(txn, user.id).await?;
            one_time_tokens::void(txn, user.id, token).await?;
        }
        self.write(txn, kind, Some(user.id), recipient, details, now)
            .await
    }

    /// As [`Outbox::order`], for an account that this transaction makes: it has no tokens yet, and nobody
    /// else can lock it.
    pub async fn order_first(
        &self,
        txn: &DatabaseTransaction,
        kind: Kind,
        user: &users::Model,
        now: DateTime<Utc>,
    ) -> Result<Ordered> {
        let details = Details::default();
        self.write(txn, kind, Some(user.id), &user.email, &details, now)
            .await
    }

    /// Owe a mail to whoever has this address, if anybody has.
    pub async fn order_for_address(
        &self,
        txn: &impl ConnectionTrait,
        kind: Kind,
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<Ordered> {
        let recipient = users::identifiers::canonical(email);
        self.write(txn, kind, None, &recipient, &Details::default(), now)
            .await
    }

    async fn write(
        &self,
        txn: &impl ConnectionTrait,
        kind: Kind,
        user_id: Option<Uuid>,
        recipient: &str,
        details: &Details,
        now: DateTime<Utc>,
    ) -> Result<Ordered> {
        let details =
            serde_json::to_string(details).map_err(|err| Error::Internal(err.to_string()))?;
        let id = new_id(now);
        let row = ActiveModel {
            id: Set(id),
            kind: Set(kind.as_str().to_string()),
            recipient: Set(recipient.to_string()),
            user_id: Set(user_id),
            token_id: Set(None),
            details: Set(details),
            status: Set(status::QUEUED.to_string()),
            attempts: Set(0),
            next_attempt_at: Set(now.into()),
            claimed_until: Set(None),
            last_error: Set(None),
            created_at: Set(now.into()),
            ended_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(txn).await?;
        Ok(Ordered(id))
    }

    /// Send what was ordered, now that it is committed.
    #[expect(clippy::needless_pass_by_value, reason = "handed over once")]
    pub fn deliver(&self, ordered: Ordered) {
        // Nobody listens in a task, or after the stop: then the sweep of a server sends it.
        let _ = self.ordered.send(ordered.0);
    }

    /// The mails that this process is told of; for the one who hands them on.
    pub fn orders(&self) -> Option<mpsc::UnboundedReceiver<Uuid>> {
        let mut orders = self.orders.lock();
        let orders = orders.as_mut().ok();
        orders.and_then(|orders| orders.take())
    }

    /// A turn to deliver, of a few that a process has.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// Until no delivery is under way.
    pub async fn idle(&self) {
        let all = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
        let _ = self.turns.acquire_many(all).await;
    }

    /// Take a mail for delivery: of all who try, on all nodes, one gets it, until its claim ends.
    pub async fn claim(
        &self,
        db: &DatabaseConnection,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Model>> {
        let lasts = Duration::seconds(self.settings.timeout_seconds) + CLAIM_MARGIN;
        let update = Entity::update_many()
            .col_expr(
                Column::ClaimedUntil,
                Expr::value(Some((now + lasts).fixed_offset())),
            )
            .col_expr(
                Column::Attempts,
                sea_orm::ExprTrait::add(Expr::col(Column::Attempts), 1),
            )
            .filter(Column::Id.eq(id))
            .filter(is_due(now));
        if update.exec(db).await?.rows_affected == 1 {
            Ok(Entity::find_by_id(id).one(db).await?)
        } else {
            Ok(None)
        }
    }

    /// Mails that nobody is sending though it is time: the first of them.
    pub async fn overdue(
        &self,
        db: &impl ConnectionTrait,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>> {
        let forgotten = (now - LEFT_ALONE).fixed_offset();
        let query = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(is_due(now))
            .filter(
                Condition::any()
                    .add(Column::Attempts.gt(0))
                    .add(Column::NextAttemptAt.lte(forgotten)),
            )
            .order_by_asc(Column::NextAttemptAt)
            .limit(limit);
        Ok(query.into_tuple().all(db).await?)
    }

    /// It was handed over.
    pub async fn sent(
        &self,
        db: &impl ConnectionTrait,
        mail: &Model,
        now: DateTime<Utc>,
    ) -> Result<()> {
        tracing::info!(mail.id = %mail.id, mail.kind = mail.kind, attempts = mail.attempts, "a mail was sent");
        end(db, mail, status::SENT, None, now).await
    }

    /// There is nobody to send it to, or no reason any more.
    pub async fn dropped(
        &self,
        db: &impl ConnectionTrait,
        mail: &Model,
        now: DateTime<Utc>,
    ) -> Result<()> {
        tracing::debug!(mail.id = %mail.id, mail.kind = mail.kind, "a mail was dropped");
        end(db, mail, status::DROPPED, None, now).await
    }

    /// It could not be handed over: later again, until it has been tried too often. `for_good` is what
    /// the server said of its refusal.
    pub async fn failed(
        &self,
        db: &impl ConnectionTrait,
        mail: &Model,
        error: &str,
        for_good: bool,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let error = printable(error);
        let max = self.settings.max_attempts;
        let max = if for_good { max.min(MAX_REFUSALS) } else { max };
        if mail.attempts >= max {
            tracing::error!(
                mail.id = %mail.id, mail.kind = mail.kind, attempts = mail.attempts, error,
                "a mail is given up; the task outbox:retry sends it after all"
            );
            return end(db, mail, status::DEAD, Some(error), now).await;
        }
        let wait = wait_after(mail.attempts);
        tracing::warn!(
            mail.id = %mail.id, mail.kind = mail.kind, attempts = mail.attempts, error,
            retry_in_seconds = wait.num_seconds(), "a mail could not be sent"
        );
        Entity::update_many()
            .col_expr(
                Column::NextAttemptAt,
                Expr::value((now + wait).fixed_offset()),
            )
            .col_expr(
                Column::ClaimedUntil,
                Expr::value(None::<DateTimeWithTimeZone>),
            )
            .col_expr(Column::LastError, Expr::value(Some(error)))
            .filter(claimed(mail))
            .exec(db)
            .await?;
        Ok(())
    }

    /// Void an account's tokens and the mails that would bring new ones: after a change of its
    /// password or email. The caller holds the account's lock.
    pub async fn void_tokens(
        &self,
        txn: &impl ConnectionTrait,
        user: &users::Model,
        now: DateTime<Utc>,
    ) -> Result<()> {
        one_time_tokens::void_all(txn, user.id).await?;
        let with_token = Kind::iter().filter(|kind| kind.token().is_some());
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(status::DROPPED))
            .col_expr(Column::EndedAt, Expr::value(Some(now.fixed_offset())))
            .filter(Column::Status.eq(status::QUEUED))
            .filter(Column::Kind.is_in(with_token.map(Kind::as_str)))
            .filter(
                Condition::any()
                    .add(Column::UserId.eq(user.id))
                    .add(Column::Recipient.eq(&user.email_canonical)),
            )
            .exec(txn)
            .await?;
        Ok(())
    }
}

/// Exponential, with a cap: 15 s, 30 s, 1 min … 4 h.
fn wait_after(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or_default();
    (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT)
}

fn is_due(now: DateTime<Utc>) -> Condition {
    let now = now.fixed_offset();
    Condition::all()
        .add(Column::Status.eq(status::QUEUED))
        .add(Column::NextAttemptAt.lte(now))
        .add(
            Condition::any()
                .add(Column::ClaimedUntil.is_null())
                .add(Column::ClaimedUntil.lte(now)),
        )
}

async fn end(
    db: &impl ConnectionTrait,
    mail: &Model,
    status: &str,
    error: Option<String>,
    now: DateTime<Utc>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::LastError, Expr::value(error))
        .col_expr(
            Column::ClaimedUntil,
            Expr::value(None::<DateTimeWithTimeZone>),
        )
        .col_expr(Column::EndedAt, Expr::value(Some(now.fixed_offset())))
        .filter(claimed(mail))
        .exec(db)
        .await?;
    Ok(())
}

/// This mail, while the claim that it was read under is the last one.
fn claimed(mail: &Model) -> Condition {
    Condition::all()
        .add(Column::Id.eq(mail.id))
        .add(Column::Status.eq(status::QUEUED))
        .add(Column::Attempts.eq(mail.attempts))
}

/// A mail server's words on one line.
fn printable(error: &str) -> String {
    let words = error.split(|c: char| c.is_control() || c.is_whitespace());
    let line = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    line.chars().take(MAX_ERROR).collect()
}
