use loco_rs::prelude::*;

use super::{limit, only, print, ready};
use crate::{models::users, views::users::RegisteredUser};

pub struct UserList;

#[async_trait]
impl Task for UserList {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "user:list".to_string(),
            detail: "The newest accounts: [limit:50] (1 to 1000) [json:true]".to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["limit", "json"])?;
        let limit = limit(vars)?;

        let rollcall = ready(ctx).await?;
        let users = users::Model::newest(&rollcall.db, limit).await?;

        let users: Vec<RegisteredUser> = users.into_iter().map(Into::into).collect();
        print(vars, &users, || table(&users))
    }
}

fn table(accounts: &[RegisteredUser]) -> String {
    let width = users::Role::longest_name();
    let mut lines = vec![format!(
        "{:<36}  {:<width$}  {:<6}  {:<24}  {}",
        "id", "role", "active", "username", "email"
    )];
    for user in accounts.iter().map(|registered| &registered.user) {
        lines.push(format!(
            "{:<36}  {:<width$}  {:<6}  {:<24}  {}",
            user.id,
            user.role.as_str(),
            user.is_active,
            user.username,
            user.email
        ));
    }
    lines.push(format!("{} accounts", accounts.len()));
    lines.join("\n")
}
