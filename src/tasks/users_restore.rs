use loco_rs::prelude::*;
use uuid::Uuid;

use super::{only, print, ready, required};
use crate::{
    models::{self, audit_events::Actor, users},
    views::admin::AdminUserResponse,
};

pub struct UsersRestore;

#[async_trait]
impl Task for UsersRestore {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "users:restore".to_string(),
            detail:
                "Bring a deleted account back: id:<uuid> (users:search status:deleted shows them) \
                     [json:true]"
                    .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["id", "json"])?;
        let id: Uuid = required(vars, "id")?
            .parse()
            .map_err(|_| Error::string("the argument `id` is a UUID"))?;
        let rollcall = ready(ctx).await?;
        let means = rollcall.means(Actor::OPERATOR);
        let user = users::Model::restore(means, id).await;
        let user = user.map_err(|err| match err {
            models::Error::NotFound => Error::string("no account has this id"),
            err => err.into(),
        })?;

        let user = AdminUserResponse::new(user, means.now);
        print(vars, &user, || format!("{} is back", user.user.username))
    }
}
