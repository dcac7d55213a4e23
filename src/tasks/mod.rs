//! What people do at a shell: `cargo loco task noun:verb argument:value …`.

use std::{path::PathBuf, str::FromStr};

use indicatif::ProgressBar;
use loco_rs::{Error, Result, app::AppContext, db, task::Vars};
use migration::Migrator;
use serde::Serialize;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;

use crate::{
    models::{self, database::schema, users},
    runtime::Runtime,
};

/// Rows that a list shows.
const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 1000;

pub mod audit_cut;
pub mod audit_export;
pub mod audit_head;
pub mod audit_verify;
pub mod db_backup;
pub mod db_copy;
pub mod db_restore;
pub mod outbox_list;
pub mod outbox_purge;
pub mod outbox_retry;
pub mod seed;
pub mod sessions_purge;
pub mod user_create;
pub mod user_list;
pub mod user_promote;
pub mod users_export;
pub mod users_import;
pub mod users_purge;
pub mod users_reinstate;
pub mod users_restore;
pub mod users_search;
pub mod users_suspend;

/// The runtime, with the tables made where the server would make them at its start.
async fn ready(ctx: &AppContext) -> Result<Runtime> {
    if ctx.config.database.auto_migrate {
        db::migrate::<Migrator>(&ctx.db).await?;
    }
    schema::check(&ctx.db, "the database").await?;
    Runtime::of(ctx)
}

/// An argument that must be given.
fn required<'a>(vars: &'a Vars, name: &str) -> Result<&'a str> {
    optional(vars, name)
        .ok_or_else(|| Error::string(&format!("the argument `{name}:…` is missing")))
}

fn optional<'a>(vars: &'a Vars, name: &str) -> Option<&'a str> {
    vars.cli.get(name).map(String::as_str)
}

/// Is this one of the arguments that are true?
fn is_set(vars: &Vars, name: &str) -> Result<bool> {
    match optional(vars, name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::Message(format!(
            "the argument `{name}` is true or false"
        ))),
    }
}

/// The living account that the argument `user` means, by any of its identifiers or its id.
async fn find_user(rollcall: &Runtime, vars: &Vars) -> Result<users::Model> {
    let identifier = required(vars, "user")?;
    let found = match identifier.parse() {
        Ok(id) => users::Model::find_by_id(&rollcall.db, id).await,
        Err(_) => users::Model::find_by_identifier(&rollcall.db, identifier).await,
    };
    match found {
        Ok(user) if !user.is_deleted() => Ok(user),
        Ok(_) | Err(models::Error::NotFound) => {
            Err(Error::string("no living account has this identifier"))
        }
        Err(err) => Err(err.into()),
    }
}

/// Refuse what the task does not know: a typing error must not be ignored.
fn only(vars: &Vars, known: &[&str]) -> Result<()> {
    match vars.cli.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Error::string(&format!(
            "the argument `{name}` is not known here; known are: {}",
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

/// Print for people, or for machines with `json:true`.
fn print<T: Serialize>(vars: &Vars, value: &T, for_people: impl FnOnce() -> String) -> Result<()> {
    if optional(vars, "json") == Some("true") {
        println!("{}", serde_json::to_string(value)?);
    } else {
        println!("{}", for_people());
    }
    Ok(())
}

/// The argument `limit`.
fn limit(vars: &Vars) -> Result<u64> {
    match optional(vars, "limit").map(str::parse) {
        None => Ok(DEFAULT_LIMIT),
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(Error::string(
            "the argument `limit` is a number from 1 to 1000",
        )),
    }
}

/// The file of the embedded database.
fn embedded(ctx: &AppContext) -> Result<PathBuf> {
    let uri = &ctx.config.database.uri;
    match SqliteConnectOptions::from_str(uri) {
        Ok(options) if uri.starts_with("sqlite:") => Ok(options.get_filename().to_path_buf()),
        _ => Err(Error::string(
            "this is for the embedded database; PostgreSQL has pg_dump and pg_restore (see config/README.md)",
        )),
    }
}

/// What a dry run says, if this is one.
fn dry_run(vars: &Vars, what: &str, found: u64) -> Option<Result<()>> {
    (optional(vars, "dry_run") == Some("true")).then(|| {
        print(vars, &json!({"would_remove": found}), || {
            format!("{found} {what} would be removed")
        })
    })
}

/// What was removed in the end.
fn removed(vars: &Vars, what: &str, progress: &ProgressBar) -> Result<()> {
    let removed = progress.position();
    progress.finish_and_clear();
    print(vars, &json!({"removed": removed}), || {
        format!("removed {removed} {what}")
    })
}
