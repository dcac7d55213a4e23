use loco_rs::prelude::*;
use serde_json::{Map, Value, json};

use super::{only, print, ready};
use crate::{
    models::{
        self,
        params::parse,
        users::{
            Role,
            search::{self, SearchParams},
        },
    },
    views::{admin::AdminUserResponse, page::Page},
};

const FILTERS: [&str; 15] = [
    "q",
    "role",
    "status",
    "id",
    "username",
    "email",
    "phone_number",
    "created_from",
    "created_to",
    "last_login_from",
    "last_login_to",
    "sort",
    "total",
    "limit",
    "cursor",
];

pub struct UsersSearch;

#[async_trait]
impl Task for UsersSearch {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "users:search".to_string(),
            detail: format!(
                "Find accounts: [q:<part of a name>] [role:{}] \
                     [status:active|suspended|unverified|deleted] [username:… email:… phone_number:… id:…] \
                     [created_from:2026-01-01T00:00:00Z] [created_to:…] [last_login_from:…] [last_login_to:…] \
                     [sort:[-]created_at|username|email|last_login_at] [limit:50] [cursor:…] [total:true] \
                     [json:true]",
                Role::names().join("|")
            ),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &[&FILTERS[..], &["json"]].concat())?;
        let rollcall = ready(ctx).await?;
        let mut fields: Map<String, Value> = Map::new();
        for name in FILTERS {
            if let Some(value) = vars.cli.get(name) {
                fields.insert(name.to_string(), json!(value));
            }
        }
        let params: SearchParams =
            parse(fields.into(), &rollcall.settings).map_err(models::Error::Invalid)?;

        let (db, now) = (&rollcall.db, rollcall.clock.now());
        let page = search::page(db, &rollcall.cursors, &params, now).await?;
        let total = match params.total {
            Some(true) => Some(search::total(db, &params, now).await?),
            _ => None,
        };

        let page = Page::of(page, |user| AdminUserResponse::new(user, now)).with_total(total);
        print(vars, &page, || table(&page))
    }
}

fn table(page: &Page<AdminUserResponse>) -> String {
    let width = Role::longest_name();
    let mut lines = vec![format!(
        "{:<36}  {:<width$}  {:<10}  {:<24}  {}",
        "id", "role", "status", "username", "email"
    )];
    for account in &page.items {
        let user = &account.user;
        let status = serde_json::to_value(account.status).unwrap_or_default();
        lines.push(format!(
            "{:<36}  {:<width$}  {:<10}  {:<24}  {}",
            user.id,
            user.role.as_str(),
            status.as_str().unwrap_or_default(),
            user.username,
            user.email
        ));
    }
    match &page.total {
        Some(total) if total.is_exact => lines.push(format!("{} accounts match", total.count)),
        Some(total) => lines.push(format!("at least {} accounts match", total.count)),
        None => lines.push(format!("{} accounts", page.items.len())),
    }
    if let Some(next) = &page.next {
        lines.push(format!("there are more: cursor:{next}"));
    }
    lines.join("\n")
}
