//! `cargo loco db entities` writes the same bytes on SQLite as on PostgreSQL.
//!
//! SQLite knows no enums and has no word for a unique index that covers only a part of the rows, so the
//! generator makes a `String` of the one and `unique` of the other.

use std::{collections::BTreeMap, fs, path::PathBuf};

use loco_rs::{Error, Result};
use migration::sea_orm::{ConnectionTrait, Database, Statement};

use super::read;
use crate::arguments::{command, environment};

const FOLDER: &str = "src/models/_entities";
const ENUMS: &str = "sea_orm_active_enums";
const IMPORT: &str = "use super::sea_orm_active_enums::";

/// What the entities said before they were made anew.
pub struct Entities {
    uri: String,
    before: BTreeMap<PathBuf, String>,
}

/// If this command makes entities on SQLite.
pub fn asked_for(arguments: &[String]) -> Result<Option<Entities>> {
    let [first, second, ..] = command(arguments) else {
        return Ok(None);
    };
    if first != "db" || second != "entities" {
        return Ok(None);
    }
    let uri = environment(arguments).load()?.database.uri;
    if !uri.starts_with("sqlite:") {
        return Ok(None);
    }
    let before = files()?;
    Ok(Some(Entities { uri, before }))
}

fn files() -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(FOLDER)? {
        let path = entry?.path();
        files.insert(path.clone(), read(&path)?);
    }
    Ok(files)
}

impl Entities {
    /// Put back what SQLite can't tell, and lay the files out.
    pub async fn normalise(self) -> Result<()> {
        let partial = partially_unique(&self.uri).await?;
        for (path, mut text) in files()? {
            let table = path.file_stem().unwrap_or_default().to_string_lossy();
            if let Some(before) = self.before.get(&path) {
                text = with_enums(&text, before);
            }
            for (_, column) in partial.iter().filter(|(of, _)| *of == table) {
                text = without_unique(&text, column);
            }
            if table == "mod" {
                text = with_the_module(&text);
            }
            fs::write(&path, text)?;
        }
        super::resource::run("cargo", &["fmt", "--all"])
    }
}

/// Tables and columns with a unique index `WHERE …`.
async fn partially_unique(uri: &str) -> Result<Vec<(String, String)>> {
    let db = Database::connect(uri).await?;
    let query = "SELECT m.name AS tbl, c.name AS col FROM sqlite_master AS m, pragma_index_list(m.name) AS i, \
                 pragma_index_info(i.name) AS c WHERE m.type = 'table' AND i.\"unique\" AND i.partial";
    let query = Statement::from_string(db.get_database_backend(), query);
    let rows = db.query_all_raw(query).await?;
    let columns = rows
        .iter()
        .map(|row| Ok((row.try_get("", "tbl")?, row.try_get("", "col")?)));
    columns
        .collect::<Result<_, migration::DbErr>>()
        .map_err(Error::from)
}

/// Fields whose type was an enum, as they were.
fn with_enums(text: &str, before: &str) -> String {
    let Some(import) = before.lines().find(|line| line.starts_with(IMPORT)) else {
        return text.to_string();
    };
    let names: Vec<&str> = import[IMPORT.len()..]
        .split(|c: char| !c.is_alphanumeric())
        .filter(|name| !name.is_empty())
        .collect();
    let mut lines: Vec<&str> = text.lines().collect();
    for field in before.lines() {
        let Some((name, kind)) = field.trim().split_once(": ") else {
            continue;
        };
        let kind = kind.trim_start_matches("Option<");
        if !names.contains(&kind.trim_end_matches([',', '>'])) {
            continue;
        }
        let plain = format!("{name}: ");
        if let Some(at) = lines
            .iter()
            .position(|line| line.trim().starts_with(&plain))
        {
            lines[at] = field;
            if at > 0 && lines[at - 1].contains("column_type = \"Text\"") {
                lines.remove(at - 1);
            }
        }
    }
    if let Some(at) = lines.iter().position(|line| line.starts_with("use ")) {
        lines.insert(at, import);
    }
    lines.join("\n") + "\n"
}

fn without_unique(text: &str, column: &str) -> String {
    let field = format!("pub {column}: ");
    let mut lines: Vec<String> = text.lines().map(ToString::to_string).collect();
    let at = lines
        .iter()
        .position(|line| line.trim().starts_with(&field));
    if let Some(attribute) = at.and_then(|at| lines.get_mut(at.checked_sub(1)?)) {
        *attribute = attribute.replace(", unique)]", ")]");
        if attribute.trim() == "#[sea_orm(unique)]" {
            attribute.clear();
        }
    }
    lines.join("\n") + "\n"
}

/// The enums' module stays.
fn with_the_module(text: &str) -> String {
    let module = format!("pub mod {ENUMS};");
    if text.contains(&module)
        || !PathBuf::from(FOLDER)
            .join(ENUMS)
            .with_extension("rs")
            .exists()
    {
        return text.to_string();
    }
    format!("{}\n{module}\n", text.trim_end())
}
