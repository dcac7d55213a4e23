//! What people do at a shell.

mod seed;
mod sessions_purge;
mod user_create;
mod user_list;
mod user_promote;

use loco_rs::{app::AppContext, boot::run_task, task::Vars};
use rollcall::app::App;

/// Run a task; the message of its refusal.
pub async fn task(ctx: &AppContext, name: &str, arguments: &[(&str, &str)]) -> Result<(), String> {
    let arguments = arguments
        .iter()
        .map(|(key, value)| ((*key).to_string(), (*value).to_string()));
    let vars = Vars::from_cli_args(arguments.collect());
    run_task::<App>(ctx, Some(&name.to_string()), &vars)
        .await
        .map_err(|err| err.to_string())
}
