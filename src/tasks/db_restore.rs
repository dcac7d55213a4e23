use std::path::{Path, PathBuf};

use loco_rs::{config, db, prelude::*};
use migration::{Migrator, MigratorTrait};
use sea_orm::DatabaseConnection;
use serde_json::json;

use super::{audit_verify::bar, embedded, is_set, only, print, ready, required};
use crate::{
    models::{
        audit_events::{Actor, chain},
        database::{
            backup, counts, pool,
            restore::{self, Staged},
        },
    },
    runtime::Runtime,
};

pub struct DbRestore;

#[async_trait]
impl Task for DbRestore {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "db:restore".to_string(),
            detail: "Replace the embedded database by a backup, also while the service runs: from:<file> \
                     [dry_run:true, which only looks through the file] [keep_sessions:true] \
                     [accept_broken_trail:true] [json:true]. The file is checked before anything is \
                     replaced, and what was there is kept beside the database. All sessions end and \
                     all links that were mailed are void: they may have been so since the backup."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(
            vars,
            &[
                "from",
                "dry_run",
                "keep_sessions",
                "accept_broken_trail",
                "json",
            ],
        )?;
        let file = PathBuf::from(required(vars, "from")?);
        let (dry_run, keep_sessions) = (is_set(vars, "dry_run")?, is_set(vars, "keep_sessions")?);
        let accept_broken_trail = is_set(vars, "accept_broken_trail")?;
        let path = embedded(ctx)?;
        let rollcall = ready(ctx).await?;

        let staged = Staged::of(&file, &path)?;
        let copy = open(ctx, staged.path()).await?;
        let progress = bar(chain::count(&copy).await?);
        let signer = &rollcall.audit_signer;
        let found = restore::check(&copy, signer, accept_broken_trail, |n| progress.inc(n)).await?;
        progress.finish_and_clear();
        if dry_run {
            copy.close().await?;
            return print(vars, &found, || {
                let users = found.tables.first().map_or(0, |table| table.rows);
                format!(
                    "{} is a whole database with {users} accounts and {} events; nothing was replaced",
                    file.display(),
                    found.audit.verified + found.audit.unsealed
                )
            });
        }
        let means = rollcall.means(Actor::OPERATOR);
        let ended = restore::prepare(&copy, means, &file, keep_sessions).await?;
        copy.close().await?;

        let kept = keep(&rollcall, &path).await?;
        let progress = bar(0);
        let (from, to, shown) = (staged.path().to_path_buf(), path.clone(), progress.clone());
        let replaced = tokio::task::spawn_blocking(move || {
            restore::replace(&from, &to, |at, all| {
                shown.set_length(all);
                shown.set_position(at);
            })
        });
        replaced
            .await
            .map_err(|err| Error::string(&err.to_string()))??;
        progress.finish_and_clear();
        let summary = json!({
            "from": file, "tables": found.tables, "sessions_ended": ended, "kept": kept,
        });
        print(vars, &summary, || {
            let kept = kept
                .as_ref()
                .map(|kept| format!("; what was there before is in {}", kept.display()));
            let sessions = if keep_sessions {
                "sessions are as they were in the backup: whoever was logged out since is in again"
                    .to_string()
            } else {
                format!("{ended} sessions have ended")
            };
            format!(
                "restored {}; {sessions}{}",
                file.display(),
                kept.unwrap_or_default()
            )
        })
    }
}

/// With the tables of this version.
async fn open(ctx: &AppContext, staged: &Path) -> Result<DatabaseConnection> {
    let path = staged.display().to_string();
    let path = path.replace('%', "%25").replace('?', "%3F");
    let config = config::Database {
        uri: format!("sqlite://{path}"),
        ..ctx.config.database.clone()
    };
    let refused = |what: String| Error::Message(format!("the backup can't be used: {what}"));
    let copy = pool::connect(&config)
        .await
        .map_err(|err| refused(err.to_string()))?;
    restore::intact(&copy).await?;
    let applied = Migrator::get_applied_migrations_read_only(&copy).await;
    let applied = applied.map_err(|err| refused(err.to_string()))?;
    if applied.is_empty() {
        return Err(refused("it has no tables of this application".to_string()));
    }
    db::migrate::<Migrator>(&copy).await?;
    Ok(copy)
}

/// What is there now, beside it; nothing when there is nothing.
async fn keep(rollcall: &Runtime, path: &Path) -> Result<Option<PathBuf>> {
    let tables = counts(&rollcall.db).await?;
    if tables.iter().all(|table| table.rows == 0) {
        return Ok(None);
    }
    let now = rollcall.clock.now().format("%Y%m%dT%H%M%S%6fZ");
    let kept = PathBuf::from(format!("{}.before-restore-{now}", path.display()));
    backup::to_file(&rollcall.db, &kept, |_, _| ()).await?;
    Ok(Some(kept))
}
