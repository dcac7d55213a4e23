use loco_rs::prelude::*;

use super::{only, print, ready, required};
use crate::{
    models::{
        self,
        users::{self, Role},
    },
    views::users::UserResponse,
};

pub struct UserPromote;

#[async_trait]
impl Task for UserPromote {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "user:promote".to_string(),
            detail: "Make somebody an administrator: user:<username, email or phone number> [json:true]. It \
                     counts from their next request on."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["user", "json"])?;
        let identifier = required(vars, "user")?;
        let rollcall = ready(ctx).await?;
        let now = rollcall.clock.now();

        let user = users::Model::find_by_identifier(&ctx.db, identifier).await;
        let user = user.map_err(|err| match err {
            models::Error::NotFound => Error::string("no living account has this identifier"),
            err => err.into(),
        })?;
        let was_admin = user.role == Role::Admin;
        let user = user
            .into_active_model()
            .assign_role(
                &ctx.db,
                &rollcall.sessions.authentications,
                Role::Admin,
                now,
            )
            .await?;

        let user = UserResponse::from(user);
        print(vars, &user, || {
            let verb = if was_admin {
                "was an administrator already"
            } else {
                "is an administrator now"
            };
            format!("{} ({}) {verb}", user.username, user.email)
        })
    }
}
