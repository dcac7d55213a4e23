use loco_rs::prelude::*;
use serde_json::{Map, Value, json};

use super::{find_user, only, print, ready};
use crate::{
    models::{self, audit_events::Actor, params::parse, users::suspension::SuspendParams},
    views::admin::AdminUserResponse,
};

pub struct UsersSuspend;

#[async_trait]
impl Task for UsersSuspend {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "users:suspend".to_string(),
            detail: "Keep somebody out and end their sessions: user:<username, email, phone number or id> \
                     [reason:…] [until:2027-01-01T00:00:00Z] [json:true]. users:reinstate lifts it."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["user", "reason", "until", "json"])?;
        let rollcall = ready(ctx).await?;
        let user = find_user(&rollcall, vars).await?;
        let mut fields: Map<String, Value> = Map::new();
        for name in ["reason", "until"] {
            if let Some(value) = vars.cli.get(name) {
                fields.insert(name.to_string(), json!(value));
            }
        }
        let params: SuspendParams =
            parse(fields.into(), &rollcall.settings).map_err(models::Error::Invalid)?;

        let means = rollcall.means(Actor::OPERATOR);
        let user = user.suspend(means, params).await?;

        let user = AdminUserResponse::new(user, means.now);
        print(vars, &user, || {
            let until = user.suspended_until.map_or_else(
                || "until it is lifted".to_string(),
                |until| format!("until {until}"),
            );
            format!("{} is suspended {until}", user.user.username)
        })
    }
}
