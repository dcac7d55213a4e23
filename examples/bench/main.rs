//! How near the service is to what the machine can do: the real binary beside a hand-written server, in one run.
//! `README.md` beside this file says how to read what it prints.
//!
//! ```sh
//! cargo run --release --example bench                                     # SQLite
//! cargo run --release --example bench -- postgres://user@host/postgres    # and PostgreSQL
//! cargo run --release --example bench -- --growth postgres://user@host/postgres
//! ```
//!
//! `--rounds 5`, `--seconds 3` (of each measurement), `--only <part of a case's name>`, `--quick` (one short round of
//! some cases), `--without-log` (no line for each request), `--json`.

#![expect(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement asks the real clock, and needs no more than some digits"
)]

mod cases;
mod data;
mod growth;
mod hashing;
mod limit;
mod load;
mod plot;
mod process;
mod report;
mod rounds;

use std::{process::Command, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

use data::Databases;
use report::Report;

/// The service's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
pub struct Options {
    postgres: Option<String>,
    rounds: usize,
    seconds: f64,
    only: String,
    quick: bool,
    log: bool,
    growth: bool,
    json: bool,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options = Self {
            postgres: None,
            rounds: 5,
            seconds: 3.0,
            only: String::new(),
            quick: false,
            log: true,
            growth: false,
            json: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} wants a value"));
            match argument.as_str() {
                "--rounds" => options.rounds = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--only" => options.only = value()?,
                "--quick" => {
                    (options.quick, options.rounds, options.seconds) = (true, 1, 0.5);
                }
                "--without-log" => options.log = false,
                "--growth" => options.growth = true,
                "--json" => options.json = true,
                url if url.starts_with("postgres") => options.postgres = Some(url.to_string()),
                other => return Err(format!("{other} is not known here").into()),
            }
        }
        Ok(options)
    }

    /// Of the service, besides what its database and port are.
    fn variables(&self) -> Vec<(&'static str, &'static str)> {
        if self.log {
            vec![]
        } else {
            vec![("LOG_REQUESTS", "false")]
        }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["load"] => return load::main(),
        ["argon2", seconds] => {
            println!(
                "{}",
                hashing::raw(Duration::from_secs_f64(seconds.parse()?))
            );
            return Ok(());
        }
        ["limit", url, port] => {
            let secret = BASE64.decode(process::secret())?;
            let runtime = tokio::runtime::Runtime::new()?;
            return runtime.block_on(limit::main(url, port.parse()?, &secret));
        }
        _ => {}
    }
    let options = Options::read()?;
    // What is measured is what the tree says.
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--bin", "rollcall-cli"]);
    if cfg!(debug_assertions) {
        eprintln!("a debug build: the figures mean nothing, use --release");
    } else {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err("the service does not build".into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, all(&options))
}

async fn all(options: &Options) -> Result<()> {
    let mut report = Report::begin(options);
    if options.growth {
        growth::all(options, &mut report).await?;
    } else {
        let accounts = if options.quick { 100 } else { 1000 };
        rounds::all(options, Databases::sqlite(accounts)?, accounts, &mut report).await?;
        if let Some(server) = &options.postgres {
            rounds::all(
                options,
                Databases::postgres(server, accounts).await?,
                accounts,
                &mut report,
            )
            .await?;
        }
    }
    report.end()
}
