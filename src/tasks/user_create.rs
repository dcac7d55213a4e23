use std::io::{BufRead, IsTerminal};

use loco_rs::prelude::*;
use serde_json::{Map, Value};

use super::{only, print, ready};
use crate::{
    models::{
        self,
        audit_events::Actor,
        params::parse,
        users::{
            self,
            registration::{RegisterParams, Registrar},
        },
    },
    views::users::RegisteredUser,
};

const FIELDS: [&str; 7] = [
    "username",
    "email",
    "first_name",
    "last_name",
    "phone_number",
    "role",
    "locale",
];

pub struct UserCreate;

#[async_trait]
impl Task for UserCreate {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "user:create".to_string(),
            detail: "Make an account: username:ada email:ada@example.com [role:admin] [first_name:…] \
                     [last_name:…] [phone_number:+…] [locale:de] [json:true]. Its email address counts as confirmed. The password is asked for, or read as \
                     one line from standard input; it is never an argument."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &[&FIELDS[..], &["json"]].concat())?;
        let rollcall = ready(ctx).await?;
        let mut fields: Map<String, Value> = Map::new();
        for name in FIELDS {
            if let Some(value) = vars.cli.get(name) {
                fields.insert(name.to_string(), value.clone().into());
            }
        }
        fields.insert("password".to_string(), read_password()?.into());

        let params: RegisterParams =
            parse(fields.into(), &rollcall.settings).map_err(models::Error::Invalid)?;
        let means = rollcall.means(Actor::OPERATOR);
        let user = users::Model::register(means, params, Registrar::Operator, None).await?;

        let created = RegisteredUser::from(user);
        print(vars, &created, || {
            let user = &created.user;
            format!(
                "created {} ({}), role {}, id {}",
                user.username,
                user.email,
                user.role.as_str(),
                user.id
            )
        })
    }
}

fn read_password() -> Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_string());
    }
    let password = rpassword::prompt_password("Password: ")?;
    if rpassword::prompt_password("Once more: ")? == password {
        Ok(password)
    } else {
        Err(Error::string("the two passwords differ"))
    }
}
