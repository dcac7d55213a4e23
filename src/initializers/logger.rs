//! The log, on standard error: standard output belongs to what a task prints.

use std::io::IsTerminal;

use loco_rs::{Error, Result, config::Logger, logger::Format};
use tracing_subscriber::{EnvFilter, fmt};

/// The framework tells every route it mounts; below `debug` only its warnings are of interest.
fn filter(config: &Logger) -> Result<EnvFilter> {
    let level = config.level.to_string();
    let directives = match (&config.override_filter, level.as_str()) {
        (Some(filter), _) => filter.clone(),
        (None, "debug" | "trace") => level,
        (None, level) => format!("warn,rollcall={level},sea_orm_migration={level}"),
    };
    EnvFilter::try_new(directives)
        .map_err(|_| Error::string("logger.override_filter: not a tracing filter"))
}

pub fn init(config: &Logger) -> Result<()> {
    if !config.enable {
        return Ok(());
    }
    let log = fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter(config)?);
    let set = match config.format {
        Format::Json => log.json().try_init(),
        Format::Pretty => log.pretty().try_init(),
        Format::Compact => log.compact().try_init(),
    };
    // Another test of this process may have been first.
    set.or(Ok(()))
}
