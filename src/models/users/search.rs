//! Finding accounts among very many: filters, free text, any order, and pages that hold still while
//! accounts come and go.
//!
//! A page begins after the last row of the one before (keyset), found in an index of the list's order.
//! Free text is looked for in `search_text`, all names in one canonical form: by an index of trigrams
//! (`pg_trgm`, FTS5) while few accounts have it, and else in the order of the list, where the page is
//! soon full. A text of one or two letters is the beginning of a word, which has a trigram too.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, ConnectionTrait, DatabaseBackend, QueryOrder, QuerySelect, QueryTrait, Statement,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, Order, SimpleExpr},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use validator::{Validate, ValidationError};

use super::{Column, Entity, Model, Role, identifiers};
use crate::models::{
    Error, Result,
    cursor::{Cursors, Page},
    params::{Params, from_text, refuse},
};

pub mod index;

const DEFAULT_LIMIT: u64 = 50;
/// Accounts with a text that are few enough to be found first and sorted then: about as dear as the walk
/// in the order of the list that more of them would need.
const FEW: u64 = 30_000;
/// Shorter texts have no trigram of their own.
const MIN_TRIGRAM: usize = 3;
const MAX_TEXT: usize = 200;
/// Beyond it a total says "at least".
const MAX_TOTAL: u64 = 50_000;

/// Which accounts, and in which order.
#[derive(Clone, Debug, Default, Deserialize, Serialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Part of a username, email or name, whatever its case. One or two letters are the beginning of a
    /// word.
    #[serde(default)]
    #[validate(custom(function = "valid_text"))]
    #[param(
        example = "love",
        max_length = 200,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
    )]
    pub q: Option<String>,
    /// `user` or `admin`.
    #[serde(default)]
    #[validate(custom(function = "valid_role"))]
    #[param(value_type = Role, inline, required = false, example = "admin")]
    pub role: Option<String>,
    /// `active`, `suspended`, `unverified` or `deleted`; all that are not deleted when left out.
    #[serde(default)]
    #[validate(custom(function = "valid_status"))]
    #[param(
        example = "active",
        pattern = "^(active|suspended|unverified|deleted)$"
    )]
    pub status: Option<String>,
    /// Exactly this id.
    #[serde(default, deserialize_with = "from_text")]
    pub id: Option<Uuid>,
    /// Exactly this one, whatever its case.
    #[serde(default)]
    pub username: Option<String>,
    /// Exactly this one, whatever its case.
    #[serde(default)]
    pub email: Option<String>,
    /// Exactly this one.
    #[serde(default)]
    pub phone_number: Option<String>,
    /// Made at this time or later.
    #[serde(default, deserialize_with = "from_text")]
    pub created_from: Option<DateTime<Utc>>,
    /// Made before this time.
    #[serde(default, deserialize_with = "from_text")]
    pub created_to: Option<DateTime<Utc>>,
    /// Last logged in at this time or later.
    #[serde(default, deserialize_with = "from_text")]
    pub last_login_from: Option<DateTime<Utc>>,
    /// Last logged in before this time, or never.
    #[serde(default, deserialize_with = "from_text")]
    pub last_login_to: Option<DateTime<Utc>>,
    /// `created_at`, `username`, `email` or `last_login_at`; with `-` in front from the end.
    #[serde(default)]
    #[validate(custom(function = "valid_sort"))]
    #[param(
        example = "-created_at",
        default = "-created_at",
        pattern = "^-?(created_at|username|email|last_login_at)$"
    )]
    pub sort: Option<String>,
    /// Count all that match, too.
    #[serde(default, deserialize_with = "from_text", skip_serializing)]
    #[param(default = false)]
    pub total: Option<bool>,
    /// Accounts on a page.
    #[serde(default, deserialize_with = "from_text", skip_serializing)]
    #[validate(range(min = 1, max = 100, message = "A page has 1 to 100 rows."))]
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<u64>,
    /// Where the page begins: `next` of the page before.
    #[serde(default, skip_serializing)]
    pub cursor: Option<String>,
}

impl Params for SearchParams {}

fn valid_text(text: &str) -> std::result::Result<(), ValidationError> {
    let length = text.trim().chars().count();
    if !(1..=MAX_TEXT).contains(&length) || text.contains('\0') {
        return refuse(
            "invalid_length",
            "A text to look for has 1 to 200 characters.",
        );
    }
    Ok(())
}

fn valid_role(role: &str) -> std::result::Result<(), ValidationError> {
    if Role::parse(role).is_some() {
        return Ok(());
    }
    refuse("unknown_role", "There is no such role.")
}

fn valid_status(status: &str) -> std::result::Result<(), ValidationError> {
    if ["active", "suspended", "unverified", "deleted"].contains(&status) {
        return Ok(());
    }
    refuse(
        "unknown_status",
        "A status is active, suspended, unverified or deleted.",
    )
}

fn valid_sort(sort: &str) -> std::result::Result<(), ValidationError> {
    if Sort::parse(sort).is_some() {
        return Ok(());
    }
    refuse(
        "unknown_order",
        "Lists are sorted by created_at, username, email or last_login_at.",
    )
}

/// How many match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    pub count: u64,
    /// Beyond a bound it is "at least so many".
    pub is_exact: bool,
}

#[derive(Clone, Copy)]
enum Key {
    /// Not the order of the ids: accounts from elsewhere bring theirs.
    Created,
    Username,
    Email,
    LastLogin,
}

#[derive(Clone, Copy)]
struct Sort {
    key: Key,
    order: Direction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Sort {
    fn parse(sort: &str) -> Option<Self> {
        let (name, order) = match sort.strip_prefix('-') {
            Some(name) => (name, Direction::Down),
            None => (sort, Direction::Up),
        };
        let key = match name {
            "created_at" => Key::Created,
            "username" => Key::Username,
            "email" => Key::Email,
            "last_login_at" => Key::LastLogin,
            _ => return None,
        };
        Some(Self { key, order })
    }

    fn order(self) -> Order {
        match self.order {
            Direction::Up => Order::Asc,
            Direction::Down => Order::Desc,
        }
    }

    fn place(self, user: &Model) -> Place {
        let value = match self.key {
            Key::Created => user.created_at.to_rfc3339(),
            Key::Username => user.username_canonical.clone(),
            Key::Email => user.email_canonical.clone(),
            Key::LastLogin => {
                let at = user.last_login_at.map(|at| at.to_utc());
                at.unwrap_or_default().to_rfc3339()
            }
        };
        Place { value, id: user.id }
    }

    /// The rows after this place.
    fn after(self, place: Place, backend: DatabaseBackend) -> Result<Condition> {
        let key = self.key(backend);
        let value: SimpleExpr = match self.key {
            Key::Created | Key::LastLogin => {
                let at = DateTime::parse_from_rfc3339(&place.value);
                Expr::value(at.map_err(|_| Error::NotFound)?)
            }
            Key::Username | Key::Email => Expr::value(place.value),
        };
        let row = Expr::tuple([key.clone(), Expr::col(Column::Id)]);
        let place = Expr::tuple([value.clone(), Expr::value(place.id)]);
        // Said once more of the key alone: SQLite finds the place of an expression only so.
        Ok(Condition::all().add(match self.order {
            Direction::Up => row.gt(place).and(key.gte(value)),
            Direction::Down => row.lt(place).and(key.lte(value)),
        }))
    }

    /// What the list is sorted by before the id, in the words of the index.
    fn key(self, backend: DatabaseBackend) -> SimpleExpr {
        match self.key {
            Key::Created => Expr::col(Column::CreatedAt),
            Key::Username => Expr::col(Column::UsernameCanonical),
            Key::Email => Expr::col(Column::EmailCanonical),
            Key::LastLogin => last_login(backend),
        }
    }
}

/// Never comes before everything else. Said in the same words by the index.
fn last_login(backend: DatabaseBackend) -> SimpleExpr {
    Expr::cust(match backend {
        DatabaseBackend::Postgres => {
            "(coalesce(last_login_at, '1970-01-01 00:00:00+00'::timestamptz))"
        }
        _ => "coalesce(last_login_at, '1970-01-01T00:00:00+00:00')",
    })
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
struct Place {
    value: String,
    id: Uuid,
}

/// A page of accounts.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of another list.
pub async fn page(
    db: &impl ConnectionTrait,
    cursors: &Cursors,
    params: &SearchParams,
    now: DateTime<Utc>,
) -> Result<Page<Model>> {
    let backend = db.get_database_backend();
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let sort = params
        .sort
        .as_deref()
        .and_then(Sort::parse)
        .unwrap_or(Sort {
            key: Key::Created,
            order: Direction::Down,
        });
    let list = format!(
        "users {}",
        serde_json::to_string(params).unwrap_or_default()
    );
    let mut query = Entity::find()
        .filter(matching(params, backend, now))
        .filter(with_text(db, params).await?)
        .order_by(sort.key(backend), sort.order())
        .order_by(Column::Id, sort.order())
        .limit(limit + 1);
    if let Some(cursor) = &params.cursor {
        let place: Place = cursors.read(&list, cursor)?;
        query = query.filter(sort.after(place, backend)?);
    }
    let mut rows = query.all(db).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = match rows.last().filter(|_| more) {
        Some(end) => Some(cursors.make(&list, &sort.place(end))?),
        None => None,
    };
    Ok(Page { rows, next })
}

/// How many accounts match, up to a bound.
pub async fn total(
    db: &impl ConnectionTrait,
    params: &SearchParams,
    now: DateTime<Utc>,
) -> Result<Total> {
    let backend = db.get_database_backend();
    let found = Entity::find()
        .select_only()
        .expr(Expr::val(1))
        .filter(matching(params, backend, now))
        .filter(with_text(db, params).await?)
        .limit(MAX_TOTAL + 1);
    let count = count(db, found).await?;
    Ok(Total {
        count: Ord::min(count, MAX_TOTAL),
        is_exact: count <= MAX_TOTAL,
    })
}

async fn count(db: &impl ConnectionTrait, query: Select<Entity>) -> Result<u64> {
    let statement = query.build(db.get_database_backend());
    let values = statement.values.map(|values| values.0);
    counted(db, &statement.sql, values.unwrap_or_default()).await
}

async fn counted(db: &impl ConnectionTrait, sql: &str, values: Vec<sea_orm::Value>) -> Result<u64> {
    let sql = format!("SELECT count(*) AS n FROM ({sql}) AS found");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let row = db.query_one_raw(statement).await?;
    let n: i64 = row.map_or(Ok(0), |row| row.try_get("", "n"))?;
    Ok(u64::try_from(n).unwrap_or_default())
}

/// The accounts that have the text: the few that an index finds, or a look at each row.
async fn with_text(db: &impl ConnectionTrait, params: &SearchParams) -> Result<Condition> {
    let all = Condition::all();
    let Some(text) = &params.q else {
        return Ok(all);
    };
    let backend = db.get_database_backend();
    let text = Text::new(text, backend);
    if text.is_frequent(db).await? || text.count(db, FEW + 1).await? > FEW {
        return Ok(text.in_each_row());
    }
    // Found first and sorted then, whatever the planner thinks of it.
    Ok(match backend {
        DatabaseBackend::Postgres => {
            let ids = Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(text.by_trigrams())
                .limit(FEW + 1)
                .into_query();
            all.add(Column::Id.in_subquery(ids))
        }
        _ => text.by_trigrams(),
    })
}

/// What is looked for.
struct Text {
    canonical: String,
    backend: DatabaseBackend,
}

impl Text {
    fn new(text: &str, backend: DatabaseBackend) -> Self {
        Self {
            canonical: identifiers::canonical(text.trim()),
            backend,
        }
    }

    fn is_short(&self) -> bool {
        self.canonical.chars().count() < MIN_TRIGRAM
    }

    /// Does PostgreSQL expect so many that counting them would take longer than the page? Its index
    /// finds all before it gives the first.
    async fn is_frequent(&self, db: &impl ConnectionTrait) -> Result<bool> {
        if self.backend != DatabaseBackend::Postgres {
            return Ok(false);
        }
        let any = self
            .patterns()
            .into_iter()
            .fold(Condition::any(), |any, pattern| {
                any.add(Column::SearchText.like(pattern))
            });
        let found = Entity::find().select_only().expr(Expr::val(1)).filter(any);
        let statement = found.build(self.backend);
        let explain = Statement::from_sql_and_values(
            self.backend,
            format!("EXPLAIN {}", statement.sql),
            statement.values.map(|values| values.0).unwrap_or_default(),
        );
        let plan = db.query_one_raw(explain).await?;
        let plan: String = plan.map_or(Ok(String::new()), |row| row.try_get_by_index(0))?;
        let rows = plan
            .split_once(" rows=")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
        Ok(rows.is_some_and(|rows| rows > 3 * FEW))
    }

    /// How many accounts have it, as far as the index says and up to a bound?
    async fn count(&self, db: &impl ConnectionTrait, bound: u64) -> Result<u64> {
        if self.backend == DatabaseBackend::Postgres {
            let found = Entity::find()
                .select_only()
                .expr(Expr::val(1))
                .filter(self.by_trigrams())
                .limit(bound);
            return count(db, found).await;
        }
        counted(
            db,
            "SELECT 1 FROM users_search_text WHERE users_search_text MATCH ? LIMIT ?",
            vec![self.phrase().into(), bound.into()],
        )
        .await
    }

    fn by_trigrams(&self) -> Condition {
        if self.backend == DatabaseBackend::Postgres {
            let mut any = Condition::any();
            for pattern in self.patterns() {
                // Said once more in words without statistics, of which the planner expects next to
                // nothing: else it may read the whole table.
                let again =
                    Expr::cust_with_values("(search_text || '') LIKE $1", [pattern.clone()]);
                any = any.add(Column::SearchText.like(pattern).and(again));
            }
            return any;
        }
        Condition::all().add(Expr::cust_with_values(
            "users.id IN (SELECT user_id FROM users_search WHERE number IN \
             (SELECT rowid FROM users_search_text WHERE users_search_text MATCH ?))",
            [self.phrase()],
        ))
    }

    /// For LIKE on PostgreSQL, whose escape is a backslash by itself.
    fn patterns(&self) -> Vec<String> {
        let escaped = self.canonical.replace('\\', "\\\\");
        let escaped = escaped.replace('%', "\\%").replace('_', "\\_");
        if self.is_short() {
            vec![format!("{escaped}%"), format!("% {escaped}%")]
        } else {
            vec![format!("%{escaped}%")]
        }
    }

    /// For FTS5, in whose text two blanks stand before each word.
    fn phrase(&self) -> String {
        let words = self.canonical.replace('"', "\"\"").replace(' ', "  ");
        match self.canonical.chars().count() {
            1 => format!("\"  {words}\""),
            2 => format!("\" {words}\""),
            _ => format!("\"{words}\""),
        }
    }

    /// In words that no index knows, and of which the planner expects much: so the list is read in its
    /// order.
    fn in_each_row(&self) -> Condition {
        let before = if self.is_short() { " " } else { "" };
        Condition::all().add(Expr::cust_with_values(
            match self.backend {
                DatabaseBackend::Postgres => "strpos(' ' || search_text, $1) > 0",
                _ => "instr(' ' || search_text, ?) > 0",
            },
            [format!("{before}{}", self.canonical)],
        ))
    }
}

fn matching(params: &SearchParams, backend: DatabaseBackend, now: DateTime<Utc>) -> Condition {
    let now = now.fixed_offset();
    let mut all = Condition::all();
    all = match params.status.as_deref() {
        Some("deleted") => all.add(Column::DeletedAt.is_not_null()),
        Some("suspended") => all
            .add(Column::DeletedAt.is_null())
            // In the words of the index.
            .add(Expr::col(Column::IsActive).not())
            .add(
                Condition::any()
                    .add(Column::SuspendedUntil.is_null())
                    .add(Column::SuspendedUntil.gt(now)),
            ),
        Some("active") => all
            .add(super::is_usable(now.to_utc()))
            .add(Column::EmailVerifiedAt.is_not_null()),
        Some("unverified") => all
            .add(super::is_usable(now.to_utc()))
            .add(Column::EmailVerifiedAt.is_null()),
        _ => all.add(Column::DeletedAt.is_null()),
    };
    if let Some(role) = params.role.as_deref().and_then(Role::parse) {
        // In the words of the index: a parameter would hide it.
        all = all.add(Expr::cust(format!("role = '{}'", role.as_str())));
    }
    if let Some(id) = params.id {
        all = all.add(Column::Id.eq(id));
    }
    if let Some(username) = &params.username {
        all = all.add(Column::UsernameCanonical.eq(identifiers::canonical(username)));
    }
    if let Some(email) = &params.email {
        all = all.add(Column::EmailCanonical.eq(identifiers::canonical(email)));
    }
    if let Some(phone_number) = &params.phone_number {
        all = all.add(Column::PhoneNumber.eq(identifiers::canonical(phone_number)));
    }
    if let Some(from) = params.created_from {
        all = all.add(Column::CreatedAt.gte(from.fixed_offset()));
    }
    if let Some(to) = params.created_to {
        all = all.add(Column::CreatedAt.lt(to.fixed_offset()));
    }
    if let Some(from) = params.last_login_from {
        all = all
            .add(Column::LastLoginAt.gte(from.fixed_offset()))
            .add(last_login(backend).gte(from.fixed_offset()));
    }
    if let Some(to) = params.last_login_to {
        // Never is before every time that is asked for.
        let to = Ord::max(to, DateTime::UNIX_EPOCH + chrono::Duration::seconds(1));
        all = all.add(last_login(backend).lt(to.fixed_offset()));
    }
    all
}
