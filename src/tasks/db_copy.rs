use std::io::{BufRead, IsTerminal};

use loco_rs::{config, db, prelude::*};
use migration::{Migrator, MigratorTrait};
use sea_orm::DatabaseConnection;
use serde_json::json;

use super::{audit_verify::bar, is_set, only, optional, print, ready};
use crate::models::{
    audit_events::{Action, Actor, Event, chain, record, sealing},
    database::{
        copy::{self, Copied},
        counts, pool, schema, shown,
    },
    transaction,
};

/// Where the target may stand, so that its password is on no command line.
const TARGET: &str = "ROLLCALL_COPY_TO";

pub struct DbCopy;

#[async_trait]
impl Task for DbCopy {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "db:copy".to_string(),
            detail: "Copy the whole database into an empty one, from SQLite to PostgreSQL or back: \
                     [to:postgres://…] (else the variable ROLLCALL_COPY_TO, else it is asked for) \
                     [dry_run:true] [resume:true, after it was stopped] [json:true]. Every table is compared \
                     in the end and the audit trail verified. Stop the service before: what it writes \
                     meanwhile is not in the copy."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["to", "dry_run", "resume", "json"])?;
        let uri = target(vars)?;
        let place = shown(&uri);
        let rollcall = ready(ctx).await?;
        let means = rollcall.means(Actor::OPERATOR);
        let to = open(ctx, uri).await?;
        if !is_set(vars, "resume")? {
            copy::check_empty(&to).await?;
        }
        if is_set(vars, "dry_run")? {
            let tables = counts(means.db).await?;
            return print(vars, &json!({"would_copy": tables, "to": place}), || {
                let rows: u64 = tables.iter().map(|table| table.rows).sum();
                format!("{rows} rows would be copied to {place}")
            });
        }

        let txn = transaction::begin(means.db).await?;
        let event = Event::general(Action::DatabaseCopied).with("to", place.clone());
        record(&txn, means, event).await?;
        txn.commit().await?;
        // An event that is sealed does not change any more, also not between two runs.
        sealing::seal_all(means.db).await?;

        let from = transaction::snapshot(means.db).await?;
        let rows: u64 = counts(&from).await?.iter().map(|table| table.rows).sum();
        let progress = bar(2 * rows);
        let copied = copy::copy(&from, &to, &|n| progress.inc(n)).await?;
        from.rollback().await?;
        let trail = chain::verify(&to, &rollcall.audit_signer, None, |_| ()).await?;
        progress.finish_and_clear();
        to.close().await?;
        if let Some(fault) = trail.fault {
            return Err(Error::Message(format!(
                "all rows are copied, and the audit trail is broken, as it was before, at {}: {}",
                fault.sequence, fault.what
            )));
        }
        let summary = json!({"to": place, "tables": copied, "audit": trail});
        print(vars, &summary, || words(&copied, &place))
    }
}

/// Never on the screen: there may be a password in it.
#[expect(
    clippy::disallowed_methods,
    reason = "a secret that only this command needs, and only once"
)]
fn target(vars: &task::Vars) -> Result<String> {
    if let Some(uri) = optional(vars, "to") {
        return Ok(uri.to_string());
    }
    if let Ok(uri) = std::env::var(TARGET) {
        return Ok(uri);
    }
    let uri = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Copy to (postgres://… or sqlite://…): ")?
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line
    };
    match uri.trim() {
        "" => Err(Error::Message(format!(
            "the argument `to:…` is missing, and so is the variable {TARGET}"
        ))),
        uri => Ok(uri.to_string()),
    }
}

/// Connect; a database without any accounts gets our tables, also when a copy was stopped while it made them.
async fn open(ctx: &AppContext, uri: String) -> Result<DatabaseConnection> {
    if !["sqlite:", "postgres:", "postgresql:"]
        .iter()
        .any(|scheme| uri.starts_with(scheme))
    {
        return Err(Error::string("the target is postgres://… or sqlite://…"));
    }
    let place = shown(&uri);
    let config = config::Database {
        uri,
        ..ctx.config.database.clone()
    };
    let failed = |err: DbErr| Error::Message(format!("the target {place} can't be opened: {err}"));
    let to = pool::connect(&config).await.map_err(failed)?;
    let applied = Migrator::get_applied_migrations_read_only(&to).await;
    let is_bare = applied.is_ok_and(|applied| applied.is_empty());
    if is_bare || !copy::has_accounts(&to).await? {
        db::migrate::<Migrator>(&to).await?;
    }
    schema::check(&to, "the target").await?;
    Ok(to)
}

fn words(copied: &[Copied], place: &str) -> String {
    let mut lines = vec![format!("{:<18} {:>10}  digest", "table", "rows")];
    for Copied {
        table,
        rows,
        digest,
    } in copied
    {
        lines.push(format!("{table:<18} {rows:>10}  {}…", &digest[..16]));
    }
    lines.push(format!(
        "copied to {place}; every table is the same there, and the audit trail verifies"
    ));
    lines.join("\n")
}
