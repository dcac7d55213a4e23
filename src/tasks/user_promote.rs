use loco_rs::prelude::*;

use super::{find_user, only, print, ready};
use crate::{
    models::{audit_events::Actor, users::Role},
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
        let rollcall = ready(ctx).await?;

        let user = find_user(&rollcall, vars).await?;
        let was_admin = user.role.is_admin();
        let means = rollcall.means(Actor::OPERATOR);
        let user = user.assign_role(means, Role::Admin, false).await?;

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
