use std::path::PathBuf;

use indicatif::ProgressBar;
use loco_rs::prelude::*;
use serde_json::json;

use super::{embedded, only, print, ready, required};
use crate::models::{
    audit_events::{Action, Actor, Event, record},
    database::backup,
    transaction,
};

pub struct DbBackup;

#[async_trait]
impl Task for DbBackup {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "db:backup".to_string(),
            detail: "Write the embedded database to a new file, also while the service runs: to:<file> \
                     [json:true]. It is whole, of one moment, and for its owner alone; it holds everything, \
                     the hashes of passwords too."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["to", "json"])?;
        let file = PathBuf::from(required(vars, "to")?);
        embedded(ctx)?;
        let rollcall = ready(ctx).await?;
        let means = rollcall.means(Actor::OPERATOR);
        let txn = transaction::begin(means.db).await?;
        let event = Event::general(Action::DatabaseBackedUp).with("to", file.display().to_string());
        record(&txn, means, event).await?;
        txn.commit().await?;

        let progress = bytes(0);
        let size = backup::to_file(means.db, &file, |at, most| {
            progress.set_length(most);
            progress.set_position(at);
        })
        .await?;
        progress.finish_and_clear();
        print(vars, &json!({"to": file, "bytes": size}), || {
            format!("wrote {size} bytes to {}", file.display())
        })
    }
}

/// A bar of bytes.
fn bytes(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = indicatif::ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {elapsed}");
    style.map(|style| bar.set_style(style)).ok();
    bar
}
