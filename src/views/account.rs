//! Small pages for the links in mails, for an installation without a front end. No script, nothing from
//! elsewhere; a form posts the token.

use include_dir::{Dir, include_dir};
use loco_rs::{Result, controller::views::ViewRenderer};
use serde::Serialize;

use super::templates::Templates;

static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/views/account");

/// The templates of all pages.
pub fn templates() -> Result<Templates> {
    Templates::of(&TEMPLATES)
}

/// All that a page may say; empty where it does not apply.
#[derive(Clone, Default, Serialize)]
pub struct Page {
    pub product: String,
    pub color: String,
    pub locale: String,
    pub token: String,
    /// What was wrong with what was sent.
    pub error: String,
    pub ask_password: bool,
    pub min_length: usize,
    pub access_token: String,
    pub refresh_token: String,
    pub detail: String,
    pub status: u16,
}

impl Page {
    pub fn render(&self, engine: &impl ViewRenderer, name: &str) -> Result<String> {
        engine.render(&format!("{}/{name}.html", self.locale), self)
    }
}
