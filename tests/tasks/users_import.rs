//! `users:import`: accounts from elsewhere, with the hashes of their passwords.

mod afterwards;
mod hashes;
mod killed;
mod lines;
mod parallel;
mod refusals;
mod rejected;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use rollcall::models::{imports, users};
use sea_orm::{DatabaseConnection, EntityTrait, QuerySelect};
use serde_json::{Value, json};

use crate::support::{
    Service,
    process::{Run, rollcall},
};

/// Run the task as somebody at a shell does. The name of the file tells its format.
async fn import(database: &str, file: &Path, arguments: &[&str]) -> Run {
    import_with(database, file, arguments, &[]).await
}

async fn import_with(
    database: &str,
    file: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Run {
    let format = file.extension().and_then(|end| end.to_str());
    let mut words = vec![
        "--environment".to_string(),
        "test".to_string(),
        "task".to_string(),
        "users:import".to_string(),
        format!("file:{}", file.display()),
        format!("format:{}", format.expect("a format")),
        "json:true".to_string(),
    ];
    words.extend(arguments.iter().map(ToString::to_string));
    let mut pairs = vec![("DATABASE_URL".to_string(), database.to_string())];
    pairs.extend(
        variables
            .iter()
            .map(|(name, value)| ((*name).to_string(), (*value).to_string())),
    );
    let run = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        rollcall(&words, &pairs.collect::<Vec<_>>(), "")
    });
    run.await.expect("to wait")
}

/// The summary of a run that ended well.
#[track_caller]
fn summary(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    let summary: Value = serde_json::from_str(&run.stdout).expect("JSON, and nothing else");
    let count = |name: &str| summary[name].as_u64().expect("a count");
    assert_eq!(count("rows"), count("accepted") + count("rejected"));
    summary
}

/// What a run says that refuses.
#[track_caller]
fn refusal(run: &Run) -> &str {
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.stdout, "", "{run:?}");
    &run.stderr
}

/// What a report says: line, field and code of each row.
fn report(path: &Path) -> Vec<(u64, String, String)> {
    let mut reader = csv::Reader::from_path(path).expect("a report");
    let header = reader.headers().expect("a header");
    assert_eq!(header, vec!["line", "field", "code", "reason"]);
    reader
        .deserialize()
        .map(|row| {
            let (line, field, code, reason): (u64, String, String, String) = row.expect("a row");
            assert!(!reason.is_empty(), "a reason for people");
            (line, field, code)
        })
        .collect()
}

/// Where the report is when nothing else is said.
fn report_of(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}.rejected.csv", file.display()))
}

/// A file with this text.
fn written(path: PathBuf, text: impl AsRef<[u8]>) -> PathBuf {
    std::fs::write(&path, text).expect("to write");
    path
}

/// The usernames that are there, each once.
async fn usernames(db: &DatabaseConnection) -> BTreeSet<String> {
    let rows = users::Entity::find()
        .select_only()
        .column(users::Column::Username);
    let rows: Vec<String> = rows.into_tuple().all(db).await.expect("the rows");
    let count = rows.len();
    let names: BTreeSet<_> = rows.into_iter().collect();
    assert_eq!(names.len(), count, "one is there twice");
    names
}

/// Files that are known, and events that tell of them.
async fn traces(s: &Service) -> (usize, usize) {
    let imports = imports::Entity::find().all(&s.ctx.db).await;
    let mut events = s.events().await;
    events.retain(|event| event.action == "accounts.imported");
    (imports.expect("the imports").len(), events.len())
}

/// `{"username": …, "email": …}` and these fields besides.
pub fn row(username: &str, fields: Value) -> String {
    let mut row = json!({"username": username, "email": format!("{username}@example.com")});
    let Value::Object(fields) = fields else {
        panic!("no object: {fields}");
    };
    row.as_object_mut().expect("an object").extend(fields);
    format!("{row}\n")
}
