use loco_rs::prelude::*;

use super::{find_user, only, print, ready};
use crate::{models::audit_events::Actor, views::admin::AdminUserResponse};

pub struct UsersReinstate;

#[async_trait]
impl Task for UsersReinstate {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "users:reinstate".to_string(),
            detail: "Lift a suspension: user:<username, email, phone number or id> [json:true]"
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["user", "json"])?;
        let rollcall = ready(ctx).await?;
        let user = find_user(&rollcall, vars).await?;
        let means = rollcall.means(Actor::OPERATOR);
        let user = user.reinstate(means).await?;

        let user = AdminUserResponse::new(user, means.now);
        print(vars, &user, || format!("{} may log in", user.user.username))
    }
}
