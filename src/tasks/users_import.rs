use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use loco_rs::prelude::*;

use super::{is_set, only, optional, print, ready, required};
use crate::models::{
    audit_events::Actor,
    imports::{self, Source, Summary, rows::Format},
    users::imported_hash::FirebaseParameters,
};

/// A secret of a Firebase project: not for a command line, which others on the machine can read.
const SIGNER_KEY: &str = "FIREBASE_SIGNER_KEY";

pub struct UsersImport;

#[async_trait]
impl Task for UsersImport {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "users:import".to_string(),
            detail: "Import accounts with the hashes of their passwords: file:<file> format:csv|jsonl \
                     [dry_run:true] [report:<file>, where the rejected rows go; <file>.rejected.csv when left \
                     out] [setup_mail:true, which sends accounts without a password a link by which one is \
                     chosen] [firebase_rounds:8 firebase_mem_cost:14 firebase_salt_separator:Bw==, with the \
                     variable FIREBASE_SIGNER_KEY and a column password_salt] [json:true]. When it is stopped, \
                     the same command goes on where it was."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(
            vars,
            &[
                "file",
                "format",
                "dry_run",
                "report",
                "setup_mail",
                "firebase_rounds",
                "firebase_mem_cost",
                "firebase_salt_separator",
                "json",
            ],
        )?;
        let source = source(vars)?;
        let rollcall = ready(ctx).await?;
        let bytes = std::fs::metadata(&source.file).map_or(0, |file| file.len());
        let progress = bar(bytes);

        let means = rollcall.means(Actor::OPERATOR);
        let summary = imports::run(means, &rollcall.settings, &source, |position, rows| {
            progress.set_position(position);
            progress.set_message(rate(&progress, rows));
        })
        .await?;

        progress.finish_and_clear();
        print(vars, &summary, || words(&summary))
    }
}

fn source(vars: &task::Vars) -> Result<Source> {
    let file = required(vars, "file")?;
    let format = match required(vars, "format")? {
        "csv" => Format::Csv,
        "jsonl" => Format::JsonLines,
        _ => return Err(Error::string("the argument `format` is csv or jsonl")),
    };
    let report =
        optional(vars, "report").map_or_else(|| format!("{file}.rejected.csv"), Into::into);
    Ok(Source {
        file: PathBuf::from(file),
        format,
        report: PathBuf::from(report),
        firebase: firebase(vars)?,
        setup_mail: is_set(vars, "setup_mail")?,
        dry_run: is_set(vars, "dry_run")?,
    })
}

fn firebase(vars: &task::Vars) -> Result<Option<FirebaseParameters>> {
    let names = [
        "firebase_rounds",
        "firebase_mem_cost",
        "firebase_salt_separator",
    ];
    if names.iter().all(|name| optional(vars, name).is_none()) {
        return Ok(None);
    }
    let number = |name: &str| {
        let number = required(vars, name)?.parse::<u32>();
        number.map_err(|_| Error::Message(format!("the argument `{name}` is a number")))
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a secret that only this command needs, and only once"
    )]
    let signer_key = std::env::var(SIGNER_KEY)
        .map_err(|_| Error::Message(format!("the variable {SIGNER_KEY} is missing")))?;
    Ok(Some(FirebaseParameters {
        signer_key,
        salt_separator: required(vars, "firebase_salt_separator")?.to_string(),
        rounds: number("firebase_rounds")?,
        mem_cost: number("firebase_mem_cost")?,
    }))
}

fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg} {eta}");
    style.map(|style| bar.set_style(style)).ok();
    bar
}

/// Rows a second, from the beginning.
fn rate(progress: &ProgressBar, rows: u64) -> String {
    let millis = u64::try_from(progress.elapsed().as_millis()).unwrap_or(u64::MAX);
    format!(
        "{rows} rows {}/s",
        rows.saturating_mul(1000) / millis.max(1)
    )
}

fn words(summary: &Summary) -> String {
    let Summary {
        rows,
        accepted,
        rejected,
        resumed_after,
        ..
    } = summary;
    let what = if summary.dry_run {
        format!("of {rows} rows {accepted} would be imported and {rejected} rejected")
    } else {
        format!("of {rows} rows {accepted} were imported and {rejected} rejected")
    };
    let earlier = match resumed_after {
        0 => String::new(),
        n => format!(", {n} of them in an earlier run"),
    };
    let report = match &summary.report {
        None => String::new(),
        Some(report) => format!("; those that were rejected are in {report}"),
    };
    what + &earlier + &report
}
