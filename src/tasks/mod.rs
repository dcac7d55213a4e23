//! What people do at a shell: `cargo loco task noun:verb argument:value …`.

use loco_rs::{Error, Result, app::AppContext, db, task::Vars};
use migration::{Migrator, MigratorTrait};
use serde::Serialize;

use crate::runtime::Runtime;

pub mod seed;
pub mod sessions_purge;
pub mod user_create;
pub mod user_list;
pub mod user_promote;

/// The runtime, with the tables made where the server would make them at its start.
async fn ready(ctx: &AppContext) -> Result<Runtime> {
    let db = &ctx.db;
    if ctx.config.database.auto_migrate && !Migrator::get_pending_migrations(db).await?.is_empty() {
        db::migrate::<Migrator>(db).await?;
    }
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
