//! Accounts from elsewhere, with the hashes of their passwords, very many at a time.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::BuildHasher,
};

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseTransaction, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    Column, Entity, Model, Role, identifiers, imported_hash, imported_hash::ImportedHash, password,
    search::index, suspension::valid_reason,
};
use crate::{
    models::{
        Means, Result,
        audit_events::{Action, Event, record},
        bulk, new_id,
        outbox_mails::{Details, Kind, Ordered},
        params::{Fault, Params, not_null, parse},
        transaction,
    },
    settings::Settings,
};

/// Identifiers that are looked for in one statement.
const ASKED_AT_ONCE: usize = 1000;

/// An account as another system knew it. What is left out is as with a new one.
#[derive(Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "UsersImport")]
pub struct ImportParams {
    /// The id that it had there; a new one when left out.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<Uuid>,
    /// Letters, digits, `.`, `_` and `-`; unique whatever its case.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::username")
    )]
    #[schema(required = true, nullable = false, value_type = String, max_length = 64, pattern = r"^[\p{L}\p{M}\p{N}._-]*\p{L}[\p{L}\p{M}\p{N}._-]*$", example = "moved")]
    pub username: Option<String>,
    /// Unique whatever its case; ASCII, at most 254 bytes.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::email")
    )]
    #[schema(required = true, nullable = false, value_type = String, format = Email, max_length = 254, example = "moved@example.com")]
    pub email: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub first_name: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub last_name: Option<String>,
    /// E.164: `+` and 2 to 15 digits; unique.
    #[validate(custom(function = "identifiers::phone_number"))]
    #[schema(pattern = r"^\+[0-9]{2,15}$")]
    pub phone_number: Option<String>,
    /// `user` when left out.
    pub role: Option<Role>,
    /// `true` when left out.
    pub is_active: Option<bool>,
    /// As the other system stored it: Argon2, bcrypt, scrypt or PBKDF2, as Django, Keycloak, Laravel or
    /// PHP write them. Without one the account has no password.
    #[serde(default, deserialize_with = "hash_or_object")]
    #[schema(example = "pbkdf2_sha256$1000000$salt$c29tZXRoaW5n")]
    pub password_hash: Option<String>,
    /// The language of its mails, as RFC 5646 has it.
    #[validate(custom(function = "identifiers::locale"))]
    #[schema(max_length = 35, pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")]
    pub locale: Option<String>,
    /// Now when left out.
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    /// The address is not confirmed when it is left out.
    pub email_verified_at: Option<DateTime<Utc>>,
    pub last_login_at: Option<DateTime<Utc>>,
    /// When it was deleted; its identifiers are free.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Of an account that is not active: when its suspension lifts itself.
    pub suspended_until: Option<DateTime<Utc>>,
    /// For administrators.
    #[validate(custom(function = "valid_reason"))]
    #[schema(
        max_length = 500,
        pattern = r"^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F]*$"
    )]
    pub suspension_reason: Option<String>,
}

impl Params for ImportParams {
    fn check(&self, _: &Settings) -> Vec<Fault> {
        use chrono::Datelike;
        let mut faults = Vec::new();
        for (field, at) in [
            ("created_at", self.created_at),
            ("updated_at", self.updated_at),
            ("email_verified_at", self.email_verified_at),
            ("last_login_at", self.last_login_at),
            ("deleted_at", self.deleted_at),
            ("suspended_until", self.suspended_until),
        ] {
            if at.is_some_and(|at| !(1970..=9999).contains(&at.year())) {
                faults.push(Fault::new(
                    field,
                    "out_of_range",
                    "A year from 1970 to 9999.",
                ));
            }
        }
        if let Some(hash) = self.hash()
            && let Err(refusal) = ImportedHash::parse(hash)
        {
            let detail = refusal.to_string();
            faults.push(Fault::new("password_hash", refusal.code(), detail));
        }
        faults
    }
}

/// Keycloak's hash is an object itself.
fn hash_or_object<'de, D: Deserializer<'de>>(
    value: D,
) -> std::result::Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "invalid type: expected a string")]
    enum Hash {
        Text(String),
        Object(serde_json::Map<String, serde_json::Value>),
    }
    Ok(Option::<Hash>::deserialize(value)?.map(|hash| match hash {
        Hash::Text(text) => text,
        Hash::Object(object) => serde_json::Value::Object(object).to_string(),
    }))
}

impl ImportParams {
    fn hash(&self) -> Option<&str> {
        let hash = self.password_hash.as_deref();
        hash.filter(|hash| !imported_hash::is_none(hash))
    }

    /// The row of an account.
    pub fn into_row(self, now: DateTime<Utc>) -> Model {
        let at = |at: Option<DateTime<Utc>>| at.map(|at| in_microseconds(at).fixed_offset());
        let hash = self.hash().and_then(|hash| ImportedHash::parse(hash).ok());
        let hashed_password = hash.map_or(password::NONE.to_string(), |hash| hash.stored());
        let username = self.username.unwrap_or_default();
        let email = self.email.unwrap_or_default();
        let created_at = in_microseconds(self.created_at.unwrap_or(now));
        let mut user = Model {
            id: self.id.unwrap_or_else(|| new_id(created_at)),
            username_canonical: identifiers::canonical(&username),
            email_canonical: identifiers::canonical(&email),
            username,
            email,
            first_name: self.first_name,
            last_name: self.last_name,
            phone_number: self.phone_number,
            role: self.role.unwrap_or(Role::DEFAULT),
            is_active: self.is_active.unwrap_or(true),
            hashed_password,
            created_at: created_at.fixed_offset(),
            updated_at: at(self.updated_at),
            deleted_at: at(self.deleted_at),
            email_verified_at: at(self.email_verified_at),
            locale: self.locale,
            last_login_at: at(self.last_login_at),
            suspended_until: at(self.suspended_until),
            suspension_reason: self.suspension_reason,
            search_text: String::new(),
        };
        user.search_text = user.text_for_search();
        user
    }
}

impl From<Model> for ImportParams {
    /// What makes the same row again; each column is named, so that none is forgotten.
    fn from(user: Model) -> Self {
        let Model {
            id,
            username,
            email,
            first_name,
            last_name,
            phone_number,
            role,
            is_active,
            hashed_password,
            created_at,
            updated_at,
            deleted_at,
            email_verified_at,
            locale,
            last_login_at,
            suspended_until,
            suspension_reason,
            // Made from the others.
            username_canonical: _,
            email_canonical: _,
            search_text: _,
        } = user;
        let at = |at: Option<DateTimeWithTimeZone>| at.map(|at| at.to_utc());
        Self {
            id: Some(id),
            username: Some(username),
            email: Some(email),
            first_name,
            last_name,
            phone_number,
            role: Some(role),
            is_active: Some(is_active),
            password_hash: (hashed_password != password::NONE).then_some(hashed_password),
            locale,
            created_at: Some(created_at.to_utc()),
            updated_at: at(updated_at),
            email_verified_at: at(email_verified_at),
            last_login_at: at(last_login_at),
            deleted_at: at(deleted_at),
            suspended_until: at(suspended_until),
            suspension_reason,
        }
    }
}

/// What both databases store.
fn in_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    chrono::SubsecRound::trunc_subsecs(at, 6)
}

/// Accounts that go in together, each with a number by which its caller knows it.
pub struct Batch {
    pub rows: Vec<(u64, Model)>,
    /// Accounts without a password are sent a link by which one is chosen.
    pub setup_mail: bool,
}

/// What became of a batch.
#[derive(Default)]
pub struct Outcome {
    pub accepted: Vec<(u64, Uuid)>,
    pub rejected: Vec<(u64, Fault)>,
    /// To be handed over after the commit.
    pub mails: Vec<Ordered>,
}

/// Put them in; those whose identifiers somebody has, or whose id is there, are left out.
pub async fn insert(
    txn: &DatabaseTransaction,
    means: Means<'_>,
    batch: Batch,
    event: Event,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut numbers = HashMap::with_capacity(batch.rows.len());
    let mut rows = Vec::with_capacity(batch.rows.len());
    for (number, row) in batch.rows {
        if let Entry::Vacant(entry) = numbers.entry(row.id) {
            entry.insert(number);
            rows.push(row);
        } else {
            outcome.rejected.push((number, taken("id")));
        }
    }
    let without_password: Vec<Model> = if batch.setup_mail {
        let waiting = |user: &&Model| !user.has_password() && user.is_usable(means.now);
        rows.iter().filter(waiting).cloned().collect()
    } else {
        Vec::new()
    };

    let all: Vec<Key> = rows.iter().map(Key::of).collect();
    let paused = index::pause(txn).await?;
    let inserted = bulk::insert::<Entity>(txn, rows).await?;
    index::fill_up(txn, paused).await?;

    let inserted: HashSet<Uuid> = inserted.into_iter().collect();
    let refused: Vec<&Key> = all
        .iter()
        .filter(|key| !inserted.contains(&key.id))
        .collect();
    for (id, field) in why(txn, &refused).await? {
        outcome.rejected.push((numbers[&id], taken(field)));
    }
    for key in &all {
        if inserted.contains(&key.id) {
            outcome.accepted.push((numbers[&key.id], key.id));
        }
    }
    outcome.rejected.sort_by_key(|(number, _)| *number);
    if !outcome.accepted.is_empty() {
        let event = event
            .with("accepted", outcome.accepted.len())
            .with("rejected", outcome.rejected.len());
        record(txn, means, event).await?;
    }
    for user in without_password {
        if inserted.contains(&user.id) {
            let details = Details::default();
            let outbox = means.outbox;
            let mail = outbox.order(
                txn,
                Kind::Invitation,
                &user,
                &user.email,
                &details,
                means.now,
            );
            outcome.mails.push(mail.await?);
        }
    }
    Ok(outcome)
}

/// Which of these would be refused, without putting any in? `seen` are those of the batches before.
pub async fn look(
    db: &impl ConnectionTrait,
    rows: Vec<(u64, Model)>,
    seen: &mut Seen,
) -> Result<Vec<(u64, Fault)>> {
    let keys = rows.iter().map(|(number, row)| (*number, Key::of(row)));
    let keys: Vec<(u64, Key)> = keys.collect();
    let there: HashMap<Uuid, &'static str> =
        conflicts(db, &keys.iter().map(|(_, key)| key).collect::<Vec<_>>())
            .await?
            .into_iter()
            .collect();
    let rejected = keys.into_iter().filter_map(|(number, key)| {
        let field = there.get(&key.id).copied().or_else(|| seen.taken(&key))?;
        Some((number, taken(field)))
    });
    Ok(rejected.collect())
}

fn taken(field: &'static str) -> Fault {
    Fault::new(
        field,
        "already_taken",
        "Another account has it, there or earlier in what is imported.",
    )
}

/// What an account shares with no other.
struct Key {
    id: Uuid,
    is_deleted: bool,
    username: String,
    email: String,
    phone_number: Option<String>,
}

impl Key {
    fn of(user: &Model) -> Self {
        Self {
            id: user.id,
            is_deleted: user.is_deleted(),
            username: user.username_canonical.clone(),
            email: user.email_canonical.clone(),
            phone_number: user.phone_number.clone(),
        }
    }
}

/// Accounts that came before, as hashes: of a million it takes some 50 MB.
#[derive(Default)]
pub struct Seen {
    hasher: std::hash::RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    /// What it has that one before had; else it is kept.
    fn taken(&mut self, key: &Key) -> Option<&'static str> {
        let mut hashes = vec![("id", self.hasher.hash_one(("id", key.id)))];
        if !key.is_deleted {
            hashes.push((
                "username",
                self.hasher.hash_one(("username", &key.username)),
            ));
            hashes.push(("email", self.hasher.hash_one(("email", &key.email))));
            if let Some(number) = &key.phone_number {
                hashes.push(("phone_number", self.hasher.hash_one(("phone", number))));
            }
        }
        let taken = hashes.iter().find(|(_, hash)| self.hashes.contains(hash));
        if let Some((field, _)) = taken {
            return Some(field);
        }
        self.hashes.extend(hashes.into_iter().map(|(_, hash)| hash));
        None
    }
}

/// Why each of these was refused. What is gone again meanwhile had the username.
async fn why(txn: &impl ConnectionTrait, refused: &[&Key]) -> Result<Vec<(Uuid, &'static str)>> {
    let mut reasons = conflicts(txn, refused).await?;
    let found: HashSet<Uuid> = reasons.iter().map(|(id, _)| *id).collect();
    let gone = refused.iter().filter(|key| !found.contains(&key.id));
    reasons.extend(gone.map(|key| (key.id, "username")));
    Ok(reasons)
}

/// Which of these have something that an account has, and what?
async fn conflicts(db: &impl ConnectionTrait, keys: &[&Key]) -> Result<Vec<(Uuid, &'static str)>> {
    let mut found = Vec::new();
    for keys in keys.chunks(ASKED_AT_ONCE) {
        let living: Vec<&&Key> = keys.iter().filter(|key| !key.is_deleted).collect();
        let ids: HashSet<Uuid> = there(db, Column::Id, keys.iter().map(|key| key.id)).await?;
        let usernames = living.iter().map(|key| key.username.clone());
        let usernames = there(db, Column::UsernameCanonical, usernames).await?;
        let emails = living.iter().map(|key| key.email.clone());
        let emails = there(db, Column::EmailCanonical, emails).await?;
        let numbers = living.iter().filter_map(|key| key.phone_number.clone());
        let numbers = there(db, Column::PhoneNumber, numbers).await?;
        for key in keys {
            let is_taken =
                |there: &HashSet<String>, own: &str| !key.is_deleted && there.contains(own);
            let number = key.phone_number.as_deref().unwrap_or_default();
            let field = if ids.contains(&key.id) {
                "id"
            } else if is_taken(&usernames, &key.username) {
                "username"
            } else if is_taken(&emails, &key.email) {
                "email"
            } else if is_taken(&numbers, number) {
                "phone_number"
            } else {
                continue;
            };
            found.push((key.id, field));
        }
    }
    Ok(found)
}

/// Which of these values accounts have: living ones, or any when it is the id.
async fn there<T>(
    db: &impl ConnectionTrait,
    column: Column,
    values: impl Iterator<Item = T>,
) -> Result<HashSet<T>>
where
    T: Into<Value> + sea_orm::TryGetable + Eq + std::hash::Hash,
{
    let mut query = Entity::find()
        .select_only()
        .column(column)
        .filter(column.is_in(values));
    if !matches!(column, Column::Id) {
        query = query.filter(Column::DeletedAt.is_null());
    }
    let values: Vec<T> = query.into_tuple().all(db).await?;
    Ok(values.into_iter().collect())
}

/// Accounts in one request.
pub const MAX_BATCH: usize = 1000;

/// Accounts from elsewhere.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchParams {
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = Vec<ImportParams>, min_items = 1, max_items = 1000)]
    pub users: Option<Vec<serde_json::Value>>,
    /// Send accounts without a password a link by which one is chosen; not when left out.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = bool)]
    pub setup_mail: Option<bool>,
}

impl Params for BatchParams {
    fn check(&self, _: &Settings) -> Vec<Fault> {
        let users = self.users.as_ref();
        if users.is_some_and(|users| users.is_empty() || users.len() > MAX_BATCH) {
            return vec![Fault::new("users", "out_of_range", "1 to 1,000 accounts.")];
        }
        Vec::new()
    }
}

/// What became of each account of a request, by its place in it.
#[derive(Default)]
pub struct BatchOutcome {
    pub accepted: Vec<(u64, Uuid)>,
    pub rejected: Vec<(u64, Vec<Fault>)>,
}

/// In one transaction: those that can go in do, and of the others it is told why not.
pub async fn insert_now(
    means: Means<'_>,
    settings: &Settings,
    params: BatchParams,
) -> Result<BatchOutcome> {
    let mut rejected = Vec::new();
    let mut rows = Vec::new();
    for (number, user) in (0..).zip(params.users.unwrap_or_default()) {
        match parse::<ImportParams>(user, settings) {
            Ok(params) => rows.push((number, params.into_row(means.now))),
            Err(faults) => rejected.push((number, faults)),
        }
    }
    let batch = Batch {
        rows,
        setup_mail: params.setup_mail == Some(true),
    };
    let txn = transaction::begin(means.db).await?;
    let event = Event::general(Action::AccountsImported);
    let outcome = insert(&txn, means, batch, event).await?;
    txn.commit().await?;
    for mail in outcome.mails {
        means.outbox.deliver(mail);
    }
    let taken = outcome.rejected.into_iter();
    rejected.extend(taken.map(|(number, fault)| (number, vec![fault])));
    rejected.sort_by_key(|(number, _)| *number);
    Ok(BatchOutcome {
        accepted: outcome.accepted,
        rejected,
    })
}
