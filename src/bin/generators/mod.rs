//! What `cargo loco generate` and `cargo loco db entities` do here beyond what the framework does.

use std::{fs, path::Path};

use loco_rs::{Error, Result};

pub mod entities;
mod fields;
pub mod resource;

fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    fs::read_to_string(path)
        .map_err(|err| Error::Message(format!("{} can't be read: {err}", path.display())))
}

fn refuse<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::Message(what.into()))
}
