//! `cargo loco db seed`: a development set, and how to log in with it.

use std::path::Path;

use loco_rs::{Error, Result, app::AppContext, db, environment::Environment};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde::{Serialize, de::DeserializeOwned};

use super::ready;
use crate::models::{self, users};

/// Every account of the fixtures has this password.
const PASSWORD: &str = "rollcall-development";

pub async fn run(ctx: &AppContext, base: &Path) -> Result<()> {
    // Accounts whose password everybody knows have no place there.
    if ctx.environment == Environment::Production {
        return Err(Error::string(
            "the seeds are for development; make accounts with the task `user:create`",
        ));
    }
    ready(ctx).await?;
    match users::Model::find_by_identifier(&ctx.db, "admin").await {
        Ok(_) => println!("the database has an account `admin` already: nothing was changed"),
        Err(models::Error::NotFound) => {
            let fixtures = base.join("users.yaml");
            let seeded = db::seed::<users::ActiveModel>(&ctx.db, &fixtures.to_string_lossy()).await;
            seeded.map_err(|err| match err {
                Error::DB(err) if err.sql_err().is_some() => Error::string(
                    "some of the seeds' accounts exist already; `cargo loco db seed --reset` starts anew",
                ),
                err => err,
            })?;
            println!("made the accounts admin (role admin), ada, grace and alan (inactive)");
        }
        Err(err) => return Err(err.into()),
    }
    // seeds-inject (do not remove)
    println!(
        "log in with: curl -d username=admin -d password={PASSWORD} {}/auth/token",
        ctx.config.server.host
    );
    Ok(())
}

/// The rows of `src/fixtures/<table>.yaml`, if the table is empty.
#[allow(dead_code, reason = "for resources that are generated")]
async fn fill<A>(ctx: &AppContext, base: &Path, table: &str) -> Result<()>
where
    A: ActiveModelTrait + Send + Sync,
    A: sea_orm::TryIntoModel<<A::Entity as EntityTrait>::Model>,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A> + DeserializeOwned + Serialize + Sync,
{
    if A::Entity::find().count(&ctx.db).await? > 0 {
        println!("the table `{table}` has rows already: nothing was changed");
        return Ok(());
    }
    let fixtures = base.join(table).with_extension("yaml");
    db::seed::<A>(&ctx.db, &fixtures.to_string_lossy()).await?;
    println!("filled the table `{table}`");
    Ok(())
}
