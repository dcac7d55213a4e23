//! What `cargo loco generate` and `cargo loco db entities` do here beyond what the framework does.

use std::{fs, path::Path};

use loco_rs::{Error, Result};

pub mod entities;
mod fields;
pub mod resource;

/// The command and what follows it; the environment may be named before.
fn command(arguments: &[String]) -> &[String] {
    let mut rest = arguments;
    loop {
        rest = match rest {
            [flag, _, after @ ..] if flag == "-e" || flag == "--environment" => after,
            [flag, after @ ..] if flag.starts_with("--environment=") => after,
            _ => return rest,
        };
    }
}

fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    fs::read_to_string(path)
        .map_err(|err| Error::Message(format!("{} can't be read: {err}", path.display())))
}

fn refuse<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::Message(what.into()))
}
