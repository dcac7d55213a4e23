use std::{
    fs::OpenOptions,
    io::{BufWriter, Write},
};

use loco_rs::prelude::*;

use super::{audit_verify::bar, only, print, ready, required};
use crate::models::{
    audit_events::{Action, Actor, Event, record},
    imports::rows::{Format, Writer},
    transaction,
    users::export,
};

pub struct UsersExport;

#[async_trait]
impl Task for UsersExport {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "users:export".to_string(),
            detail: "Write all accounts, deleted ones and the hashes of passwords too, as `users:import` reads \
                     them: to:<file> format:csv|jsonl [json:true]. The file is for its owner alone; it is \
                     written beside its place and moved there at the end."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["to", "format", "json"])?;
        let path = required(vars, "to")?;
        let format = match required(vars, "format")? {
            "csv" => Format::Csv,
            "jsonl" => Format::JsonLines,
            _ => return Err(Error::string("the argument `format` is csv or jsonl")),
        };
        let rollcall = ready(ctx).await?;
        let means = rollcall.means(Actor::OPERATOR);

        let partial = format!("{path}.partial");
        // What another one left keeps its own mode, which may let others read.
        let _ = std::fs::remove_file(&partial);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&partial)
            .map_err(|err| Error::Message(format!("{partial} can't be written: {err}")))?;
        let txn = transaction::snapshot(means.db).await?;
        let progress = bar(export::count(&txn).await?);
        let mut writer = Writer::new(BufWriter::new(file), format)?;
        let mut place = None;
        loop {
            let rows = export::after(&txn, place).await?;
            let Some(last) = rows.last() else { break };
            place = Some(last.id);
            progress.inc(rows.len() as u64);
            for user in rows {
                writer.write(&user.into())?;
            }
        }
        let mut file = writer.end()?;
        file.flush()?;
        file.get_ref().sync_all()?;
        txn.rollback().await?;

        let exported = progress.position();
        progress.finish_and_clear();
        let txn = transaction::begin(means.db).await?;
        let event = Event::general(Action::AccountsExported).with("accounts", exported);
        record(&txn, means, event).await?;
        txn.commit().await?;
        // None is there that nobody recorded.
        std::fs::rename(&partial, path)?;
        let summary = serde_json::json!({"exported": exported, "to": path});
        print(vars, &summary, || {
            format!("wrote {exported} accounts to {path}")
        })
    }
}
