//! Tera templates that are built into the binary, in the languages that have a folder there.

use std::sync::Arc;

use include_dir::Dir;
use loco_rs::{Error, Result, controller::views::ViewRenderer};
use serde::Serialize;
use tera::{Context, Tera};

/// Where a language's own templates are missing.
const FALLBACK: &str = "en";

/// Every value in a file that ends like this is escaped.
const HTML: [&str; 2] = [".html", "html.t"];

#[derive(Clone)]
pub struct Templates {
    tera: Arc<Tera>,
    locales: Arc<[String]>,
}

impl Templates {
    /// All files below this folder, by their path in it; its folders are languages, but for `layout`.
    pub fn of(folder: &'static Dir<'static>) -> Result<Self> {
        let mut tera = Tera::default();
        tera.autoescape_on(HTML.to_vec());
        let mut files = Vec::new();
        collect(folder, &mut files);
        tera.add_raw_templates(files).map_err(Error::wrap)?;
        let locales = folder.dirs().map(|dir| dir.path().to_string_lossy());
        let locales = locales.filter(|name| name != "layout");
        Ok(Self {
            tera: Arc::new(tera),
            locales: locales.map(std::borrow::Cow::into_owned).collect(),
        })
    }

    /// Refuse a language that lacks this file: better at the start than when it is needed.
    ///
    /// # Errors
    /// Names the file.
    pub fn must_have(&self, file: &str) -> Result<()> {
        let names = self.locales.iter().map(|locale| format!("{locale}/{file}"));
        let mut missing = names.filter(|name| !self.tera.get_template_names().any(|n| n == name));
        match missing.next() {
            Some(name) => Err(Error::Message(format!("the template {name} is missing"))),
            None => Ok(()),
        }
    }

    /// The first of these languages that there are templates for: as it is, or without its region.
    pub fn locale<'a>(&self, wanted: impl IntoIterator<Item = &'a str>) -> &str {
        let known = |tag: &str| {
            self.locales
                .iter()
                .find(|locale| locale.eq_ignore_ascii_case(tag))
        };
        let language = |tag: &'a str| tag.split('-').next().unwrap_or_default();
        let mut wanted = wanted.into_iter();
        let found = wanted.find_map(|tag| known(tag).or_else(|| known(language(tag))));
        found.map_or(FALLBACK, String::as_str)
    }
}

impl ViewRenderer for Templates {
    fn render<S: Serialize>(&self, key: &str, data: S) -> Result<String> {
        let context = Context::from_serialize(&data).map_err(Error::wrap)?;
        self.tera.render(key, &context).map_err(Error::wrap)
    }
}

fn collect(folder: &'static Dir<'static>, files: &mut Vec<(String, &'static str)>) {
    for file in folder.files() {
        let name = file.path().to_string_lossy().into_owned();
        let is_template = [".html", ".t"].iter().any(|end| name.ends_with(end));
        if let (true, Some(text)) = (is_template, file.contents_utf8()) {
            files.push((name, text));
        }
    }
    for folder in folder.dirs() {
        collect(folder, files);
    }
}
