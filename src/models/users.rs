//! Accounts. One capability a file: `identifiers`, `password`, `policy`, `authentication`,
//! `role`, `registration`, `after_registration`, `verification`, `recovery`, `magic_link`, `invitation`,
//! `profile`, `email_change`, `deletion`, `restoration`, `suspension`, `search`, `administration`,
//! `import`, `imported_hash`.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, ConnectionTrait, DatabaseTransaction, IntoActiveModel, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

pub use super::_entities::{
    sea_orm_active_enums::Roletype as Role,
    users::{ActiveModel, Column, Entity, Model},
};
use super::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    transaction,
};
use identifiers::Identifier;

pub mod administration;
pub mod after_registration;
pub mod authentication;
pub mod deletion;
pub mod email_change;
pub mod export;
pub mod identifiers;
pub mod import;
pub mod imported_hash;
pub mod invitation;
pub mod magic_link;
pub mod password;
pub mod policy;
pub mod profile;
pub mod recovery;
pub mod registration;
pub mod restoration;
pub mod role;
pub mod search;
pub mod suspension;
pub mod verification;

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Give this account another role; it counts from the next request on. Giving it the one it has
    /// changes nothing. `keep_last_admin` as in [`Model::soft_delete`].
    ///
    /// # Errors
    /// [`Error::LastAdmin`]; [`Error::NotFound`] when it is deleted.
    pub async fn assign_role(
        &self,
        means: Means<'_>,
        role: Role,
        keep_last_admin: bool,
    ) -> Result<Self> {
        let now = means.now;
        let _changing = means.sessions.authentications.changing(self.id);
        let txn = transaction::begin(means.db).await?;
        if keep_last_admin && !role.is_admin() {
            self.is_not_the_last_admin(&txn, now).await?;
        }
        let user = Self::lock(&txn, self.id).await?;
        if user.is_deleted() {
            return Err(Error::NotFound);
        }
        if user.role == role {
            return Ok(user);
        }
        let event = Event::of(Action::RoleChanged, user.id)
            .with("from", user.role.as_str())
            .with("to", role.as_str());
        record(&txn, means, event).await?;
        let mut user = user.into_active_model();
        user.role.set_if_not_equals(role);
        let user = user.save_if_changed(&txn, now).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, role = role.as_str(), "a role was given");
        Ok(user)
    }
}

impl Model {
    /// The account with this id, deleted or not.
    pub async fn find_by_id(db: &impl ConnectionTrait, id: Uuid) -> Result<Self> {
        Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)
    }

    /// The living account that an identifier means: a username, an email or a phone number.
    pub async fn find_by_identifier(db: &impl ConnectionTrait, identifier: &str) -> Result<Self> {
        let (column, value) = match Identifier::parse(identifier) {
            Identifier::Username(canonical) => (Column::UsernameCanonical, canonical),
            Identifier::Email(canonical) => (Column::EmailCanonical, canonical),
            Identifier::Phone(number) => (Column::PhoneNumber, number),
        };
        let query = Entity::find()
            .filter(column.eq(value))
            .filter(Column::DeletedAt.is_null());
        query.one(db).await?.ok_or(Error::NotFound)
    }

    /// The living account with this id, as far as `self` may see it: itself, or anybody for a
    /// role that sees everybody.
    pub async fn find_visible(&self, db: &impl ConnectionTrait, id: Uuid) -> Result<Self> {
        if id == self.id {
            return Ok(self.clone());
        }
        if !self.role.sees_everybody() {
            return Err(Error::NotFound);
        }
        let query = Entity::find_by_id(id).filter(Column::DeletedAt.is_null());
        query.one(db).await?.ok_or(Error::NotFound)
    }

    /// As [`Model::find_visible`], by username.
    pub async fn find_visible_by_username(
        &self,
        db: &impl ConnectionTrait,
        username: &str,
    ) -> Result<Self> {
        let canonical = identifiers::canonical(username);
        if canonical == self.username_canonical {
            return Ok(self.clone());
        }
        if !self.role.sees_everybody() {
            return Err(Error::NotFound);
        }
        let query = Entity::find()
            .filter(Column::UsernameCanonical.eq(canonical))
            .filter(Column::DeletedAt.is_null());
        query.one(db).await?.ok_or(Error::NotFound)
    }

    /// The newest accounts that are not deleted.
    pub async fn newest(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Self>> {
        let query = Entity::find().filter(Column::DeletedAt.is_null());
        let newest_first = query
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id);
        Ok(newest_first.limit(limit).all(db).await?)
    }

    /// Log this account in, if its password is what it was and it may: as it is now, and kept so until the
    /// transaction ends. Not a change of the account: `updated_at` stays.
    pub async fn log_in(
        &self,
        txn: &DatabaseTransaction,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>> {
        let update = Entity::update_many()
            .col_expr(Column::LastLoginAt, Expr::value(Some(now.fixed_offset())))
            .filter(Column::Id.eq(self.id))
            .filter(Column::HashedPassword.eq(&self.hashed_password))
            .filter(is_usable(now));
        Ok(update.exec_with_returning(txn).await?.pop())
    }

    /// The account as it is now, deleted or not, and kept so until the transaction ends. New rows may
    /// point to it meanwhile.
    pub async fn lock(txn: &impl ConnectionTrait, id: Uuid) -> Result<Self> {
        let query = Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
        query.one(txn).await?.ok_or(Error::NotFound)
    }

    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// May this account log in and act? A suspension that has an end lifts itself.
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        !self.is_deleted() && !self.is_suspended(now)
    }

    pub fn is_suspended(&self, now: DateTime<Utc>) -> bool {
        !self.is_active && self.suspended_until.is_none_or(|until| now < until)
    }

    /// What it may be called at login, in the form that is looked up.
    pub fn identifiers(&self) -> Vec<&str> {
        let phone_number = self.phone_number.as_deref();
        [self.username_canonical.as_str(), &self.email_canonical]
            .into_iter()
            .chain(phone_number)
            .collect()
    }

    /// Has somebody shown that mail to its address arrives with them?
    pub fn is_verified(&self) -> bool {
        self.email_verified_at.is_some()
    }

    /// Has a password been chosen for it?
    pub fn has_password(&self) -> bool {
        self.hashed_password != password::NONE
    }
}

impl ActiveModel {
    /// Write what has changed, if anything has, to an account that is still there.
    async fn save_if_changed(
        mut self,
        txn: &DatabaseTransaction,
        now: DateTime<Utc>,
    ) -> Result<Model> {
        if !self.is_changed() {
            return self.try_into().map_err(Error::from);
        }
        self.index_for_search();
        super::timestamps::stamp(&mut self, now);
        let update = Entity::update(self)
            .validate()?
            .filter(Column::DeletedAt.is_null());
        update
            .exec(txn)
            .await
            .map_err(|err| identifiers::conflict(&err).unwrap_or_else(|| err.into()))
    }
}

/// As [`Model::is_usable`], for a query.
fn is_usable(now: DateTime<Utc>) -> Condition {
    let lifted = Condition::any()
        .add(Column::IsActive.eq(true))
        .add(Column::SuspendedUntil.lte(now.fixed_offset()));
    Condition::all()
        .add(Column::DeletedAt.is_null())
        .add(lifted)
}
