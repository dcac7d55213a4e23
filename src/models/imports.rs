//! Files of accounts that are being imported: how far each has come. Written in the transaction of each
//! batch, so that an import that was killed goes on where it was.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use futures_util::future::join;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseTransaction, SqlErr,
    entity::prelude::{ColumnTrait, EntityTrait, QueryFilter},
    sea_query::Expr,
};
use serde::Serialize;
use serde_json::{Map, Value};

pub use super::_entities::imports::{ActiveModel, Column, Entity, Model};
use super::{
    Error, Means, Result,
    audit_events::{Action, Event},
    new_id,
    params::{Fault, parse},
    transaction,
    users::{
        self,
        import::{self, Batch, ImportParams, Seen},
        imported_hash::{FirebaseParameters, ImportedHash},
    },
};
use crate::settings::Settings;
use report::Report;
use rows::{Reader, Row};

pub mod report;
pub mod rows;

impl ActiveModelBehavior for ActiveModel {}

/// Rows in one transaction: enough that its end costs little, few enough that other writers of a SQLite
/// file wait less than a second.
const BATCH: usize = 5000;

/// What is imported, and how.
pub struct Source {
    pub file: PathBuf,
    pub format: rows::Format,
    pub report: PathBuf,
    /// For rows with `password_salt`: the parameters of the project that they come from.
    pub firebase: Option<FirebaseParameters>,
    pub setup_mail: bool,
    pub dry_run: bool,
}

/// How an import ended.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub dry_run: bool,
    /// Rows that an earlier run had done.
    pub resumed_after: u64,
    pub rows: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Where the rejected rows stand, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// Import a file, or the rest of it. `progress` is told how many bytes and rows have been dealt with.
///
/// # Errors
/// [`Error::Invalid`] when the file as a whole can't be read.
pub async fn run(
    means: Means<'_>,
    settings: &Settings,
    source: &Source,
    mut progress: impl FnMut(u64, u64),
) -> Result<Summary> {
    let mut reader = Reader::open(&source.file, &source.format)?;
    if source.firebase.is_none() && reader.has_salts() {
        let what = "the column `password_salt` needs the parameters of a Firebase project";
        return Err(unusable(&source.file, what));
    }
    let digest = rows::digest(&source.file)?;
    // First for this process alone: how far the import has come is true from then on.
    let mut report = Report::open(&source.report)?;
    let under_way = Model::under_way(&digest, means).await?;
    if source.dry_run && under_way.is_some() {
        let what = "its import is under way; the same command without `dry_run` goes on";
        return Err(unusable(&source.file, what));
    }
    let is_new = under_way.is_none();
    let mut import = under_way.unwrap_or_else(|| Model::new(digest, means));
    let resumed_after = count(import.accepted + import.rejected);
    reader.go_to(count(import.position), count(import.line))?;
    report.go_to(count(import.report_length))?;
    if is_new && !source.dry_run {
        import.begin(means).await?;
    }
    let mut seen = Seen::default();
    let mut reading = Reading {
        reader,
        settings: settings.clone(),
        firebase: source.firebase.clone(),
        now: means.now,
    };
    let mut next;
    (reading, next) = reading.next().await?;
    loop {
        let part = next;
        if part.rows.is_empty() && part.unreadable.is_empty() {
            break;
        }
        let before = import.clone();
        (import.line, import.position) = (signed(part.line), signed(part.position));
        // The next part is read while the database takes this one.
        let meanwhile = reading.next();
        if source.dry_run {
            let offered = part.rows.len();
            let looked = import::look(means.db, part.rows, &mut seen);
            let (rejected, read) = join(looked, meanwhile).await;
            let rejected = rejected?;
            import.count(
                offered - rejected.len(),
                part.unreadable,
                rejected,
                &mut report,
            )?;
            (reading, next) = read?;
        } else {
            let taken = import.batch(&before, means, source, part, &mut report);
            let (taken, read) = join(taken, meanwhile).await;
            taken?;
            (reading, next) = read?;
        }
        progress(
            count(import.position),
            count(import.accepted + import.rejected),
        );
    }
    if !source.dry_run {
        import.finish(means).await?;
    }
    Ok(Summary {
        dry_run: source.dry_run,
        resumed_after,
        rows: count(import.accepted + import.rejected),
        accepted: count(import.accepted),
        rejected: count(import.rejected),
        report: report.end(import.rejected > 0)?,
    })
}

type Rejected = Vec<(u64, Fault)>;

/// Rows that go in together, those that can't be read, and how far they go.
struct Part {
    rows: Vec<(u64, users::Model)>,
    unreadable: Rejected,
    line: u64,
    position: u64,
}

/// Reads on a thread of its own.
struct Reading {
    reader: Reader,
    settings: Settings,
    firebase: Option<FirebaseParameters>,
    now: DateTime<Utc>,
}

impl Reading {
    /// Begins at once, also when nobody waits for it yet.
    fn next(mut self) -> impl Future<Output = Result<(Self, Part)>> {
        let reading = tokio::task::spawn_blocking(move || {
            let part = self.part()?;
            Ok((self, part))
        });
        async {
            reading
                .await
                .map_err(|err| Error::Internal(err.to_string()))?
        }
    }

    fn part(&mut self) -> Result<Part> {
        let mut rows = Vec::with_capacity(BATCH);
        let mut unreadable = Vec::new();
        while rows.len() + unreadable.len() < BATCH {
            let Some(Row { line, fields }) = self.reader.row()? else {
                break;
            };
            let fields = fields.and_then(|fields| match &self.firebase {
                Some(parameters) => with_salt(fields, parameters),
                None => Ok(fields),
            });
            let params =
                fields.and_then(|fields| parse::<ImportParams>(fields.into(), &self.settings));
            match params {
                Ok(params) => rows.push((line, params.into_row(self.now))),
                // One is enough to find the row; the next try shows the next.
                Err(faults) => {
                    unreadable.extend(faults.into_iter().take(1).map(|fault| (line, fault)));
                }
            }
        }
        Ok(Part {
            rows,
            unreadable,
            line: self.reader.line(),
            position: self.reader.position(),
        })
    }
}

/// Firebase exports a hash without what it needs to be verified.
fn with_salt(
    mut fields: Map<String, Value>,
    parameters: &FirebaseParameters,
) -> std::result::Result<Map<String, Value>, Vec<Fault>> {
    if let Some(salt) = fields
        .remove("password_salt")
        .filter(|salt| !salt.is_null())
    {
        let hash = fields.get("password_hash").and_then(Value::as_str);
        let (hash, salt) = (hash.unwrap_or_default(), salt.as_str().unwrap_or_default());
        let hash = ImportedHash::firebase(parameters, salt, hash).map_err(|refusal| {
            let detail = refusal.to_string();
            vec![Fault::new("password_hash", refusal.code(), detail)]
        })?;
        fields.insert("password_hash".to_string(), hash.stored().into());
    }
    Ok(fields)
}

impl Model {
    fn new(digest: String, means: Means<'_>) -> Self {
        Self {
            id: new_id(means.now),
            digest,
            position: 0,
            line: 0,
            accepted: 0,
            rejected: 0,
            report_length: 0,
            created_at: means.now.into(),
            updated_at: None,
            finished_at: None,
        }
    }

    /// The import of this file that has not ended.
    async fn under_way(digest: &str, means: Means<'_>) -> Result<Option<Self>> {
        let found = Entity::find()
            .filter(Column::Digest.eq(digest))
            .filter(Column::FinishedAt.is_null());
        Ok(found.one(means.db).await?)
    }

    async fn begin(&self, means: Means<'_>) -> Result<()> {
        let txn = transaction::begin(means.db).await?;
        let row = ActiveModel::from(self.clone()).reset_all();
        let inserted = Entity::insert(row).exec_without_returning(&txn).await;
        inserted.map_err(|err| match err.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => conflict(),
            _ => err.into(),
        })?;
        txn.commit().await?;
        Ok(())
    }

    /// One batch and how far it goes, or neither.
    async fn batch(
        &mut self,
        before: &Self,
        means: Means<'_>,
        source: &Source,
        part: Part,
        report: &mut Report,
    ) -> Result<()> {
        let event = Event::general(Action::AccountsImported)
            .with("import", self.id.to_string())
            .with("file_sha256", self.digest.clone())
            .with("from_line", before.line + 1)
            .with("to_line", self.line)
            .with("unreadable", part.unreadable.len());
        let batch = Batch {
            rows: part.rows,
            setup_mail: source.setup_mail,
        };
        let txn = transaction::begin_large(means.db).await?;
        let outcome = import::insert(&txn, means, batch, event).await?;
        let accepted = outcome.accepted.len();
        self.count(accepted, part.unreadable, outcome.rejected, report)?;
        self.save(before, &txn, means).await?;
        txn.commit().await?;
        for mail in outcome.mails {
            means.outbox.deliver(mail);
        }
        Ok(())
    }

    fn count(
        &mut self,
        accepted: usize,
        unreadable: Rejected,
        refused: Rejected,
        report: &mut Report,
    ) -> Result<()> {
        let mut rejected = unreadable;
        rejected.extend(refused);
        rejected.sort_by_key(|(line, _)| *line);
        self.accepted += signed(accepted as u64);
        self.rejected += signed(rejected.len() as u64);
        self.report_length = signed(report.add(&rejected)?);
        Ok(())
    }

    /// Keep how far it has come, unless somebody else has meanwhile.
    async fn save(&self, before: &Self, txn: &DatabaseTransaction, means: Means<'_>) -> Result<()> {
        let saved = Entity::update_many()
            .col_expr(Column::Position, Expr::value(self.position))
            .col_expr(Column::Line, Expr::value(self.line))
            .col_expr(Column::Accepted, Expr::value(self.accepted))
            .col_expr(Column::Rejected, Expr::value(self.rejected))
            .col_expr(Column::ReportLength, Expr::value(self.report_length))
            .col_expr(Column::UpdatedAt, Expr::value(means.now.fixed_offset()))
            .filter(Column::Id.eq(self.id))
            .filter(Column::Position.eq(before.position))
            .filter(Column::FinishedAt.is_null())
            .exec(txn)
            .await?;
        if saved.rows_affected == 1 {
            return Ok(());
        }
        Err(conflict())
    }

    async fn finish(&self, means: Means<'_>) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::FinishedAt, Expr::value(means.now.fixed_offset()))
            .filter(Column::Id.eq(self.id))
            .exec(means.db)
            .await?;
        Ok(())
    }
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Somebody else has begun, or gone on, meanwhile.
fn conflict() -> Error {
    let detail = "Another process is importing this file.";
    Error::Invalid(vec![Fault::new("file", "conflict", detail)])
}

/// A file that can't be used, and why.
fn unusable(path: &Path, what: &str) -> Error {
    let detail = format!("{}: {what}", path.display());
    Error::Invalid(vec![Fault::new("file", "unusable_file", detail)])
}
