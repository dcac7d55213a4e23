//! What people do at a shell.

mod databases;
mod doctor;
mod outbox;
mod seed;
mod sessions_purge;
mod user_create;
mod user_list;
mod user_promote;
mod users_export;
mod users_import;

use std::process::Command;

use loco_rs::{app::AppContext, boot::run_task, task::Vars};
use rollcall::app::App;
use serde_json::Value;

use crate::support::Service;

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

/// What the binary prints, as JSON.
pub async fn printed(s: &Service, task: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall-cli"));
    command
        .args(["--environment", "test", "task", task])
        .args(arguments)
        .env("DATABASE_URL", &s.ctx.config.database.uri);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("to wait").expect("a process");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("JSON, and nothing else")
}
