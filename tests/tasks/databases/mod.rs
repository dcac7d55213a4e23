//! Whole databases: copied, backed up, restored. By real processes.

use std::{path::Path, time::Duration};

use rollcall::models::database::counts;
use sea_orm::{ConnectionTrait, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD,
    process::{Run, rollcall},
    server::{Ground, Server},
};

mod backup;
mod copy;
mod restore;
mod versions;

/// Run a task on this database.
async fn run(database: &str, task: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let arguments = owned(&[&["task", task], arguments].concat());
    let names = owned(&variables.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let values = owned(
        &variables
            .iter()
            .map(|(_, value)| *value)
            .collect::<Vec<_>>(),
    );
    let database = database.to_string();
    let run = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut variables: Vec<(&str, &str)> = vec![("DATABASE_URL", &database)];
        variables.extend(
            names
                .iter()
                .map(String::as_str)
                .zip(values.iter().map(String::as_str)),
        );
        rollcall(&arguments, &variables, "")
    });
    run.await.expect("to wait")
}

/// Run a task that ends well; what it prints as JSON.
pub async fn done(database: &str, task: &str, arguments: &[&str]) -> Value {
    let run = run(database, task, &[arguments, &["json:true"]].concat(), &[]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.stdout).expect("JSON, and nothing else")
}

/// Run a task that refuses; what it says.
async fn refusal(database: &str, task: &str, arguments: &[&str]) -> String {
    let run = run(database, task, arguments, &[]).await;
    assert!(run.code.is_some_and(|code| code != 0), "{run:?}");
    run.stderr
}

async fn register(server: &Server, name: &str) {
    let body = json!({
        "username": name,
        "email": format!("{name}@example.com"),
        "password": PASSWORD,
        "first_name": "Zoë, \"the\" second",
    });
    let (status, body) = server.post("/auth/register", body).await;
    assert_eq!(status, 201, "{body}");
}

/// The tokens of a new session.
async fn log_in(server: &Server, name: &str) -> Value {
    let body = json!({"username": name, "password": PASSWORD});
    let (status, tokens) = server.post("/auth/token", body).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

async fn who(server: &Server, tokens: &Value) -> u16 {
    let token = tokens["access_token"].as_str().expect("a token");
    server.get("/v1/api/users", Some(token)).await.0
}

/// All accounts of a database, as the export writes them.
async fn exported(database: &str, ground: &Ground) -> String {
    let file = ground.file(&format!("{}.jsonl", uuid::Uuid::now_v7()));
    let to = format!("to:{}", file.display());
    done(database, "users:export", &[&to, "format:jsonl"]).await;
    std::fs::read_to_string(file).expect("the export")
}

fn sqlite(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}

/// A file of accounts with hashes.
fn many(ground: &Ground, accounts: usize) -> String {
    use std::fmt::Write;
    let mut csv = "username,email,password_hash\n".to_string();
    for n in 0..accounts {
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY$\
                    RdescudvJCsgt3ub+b5dWRWJTmaaJObGRdescudvJCs";
        writeln!(csv, "many-{n},many-{n}@example.com,\"{hash}\"").expect("to write");
    }
    let file = ground.file("many.csv");
    std::fs::write(&file, csv).expect("a file");
    format!("file:{}", file.display())
}

async fn connect(database: &str) -> sea_orm::DatabaseConnection {
    Database::connect(database).await.expect("a connection")
}

/// How many rows there are in all tables.
async fn rows(database: &str) -> u64 {
    let db = connect(database).await;
    let counts = counts(&db).await.expect("the tables");
    db.close().await.expect("to close it");
    counts.iter().map(|table| table.rows).sum()
}

/// So often something is killed in the middle.
pub fn kills() -> usize {
    let kills = std::env::vars().find(|(name, _)| name == "ROLLCALL_KILLS");
    kills.map_or(3, |(_, n)| n.parse().expect("a number"))
}

/// A different one in each run: the middle is somewhere else each time.
pub fn random(below: Duration) -> Duration {
    let random = u32::from_le_bytes(
        *uuid::Uuid::new_v4()
            .as_bytes()
            .first_chunk()
            .expect("bytes"),
    );
    below.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[tokio::test]
async fn every_table_is_known() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[]).await;
    server.kill();
    let db = connect(&ground.database()).await;
    let names = match db.get_database_backend() {
        DatabaseBackend::Postgres => {
            "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    let names = Statement::from_string(db.get_database_backend(), names);
    let names = db.query_all_raw(names).await.expect("the tables");
    let mut names: Vec<String> = names
        .iter()
        .map(|row| row.try_get("", "name").expect("a name"))
        // The migrations, SQLite's index of free text, and the framework's queue.
        .filter(|name: &String| {
            name != "seaql_migrations"
                && !name.starts_with("users_search")
                && !name.contains("loco_queue")
        })
        .collect();
    names.sort();
    let mut known: Vec<&str> = counts(&db)
        .await
        .expect("counts")
        .iter()
        .map(|table| table.table)
        .collect();
    known.sort_unstable();
    assert_eq!(names, known, "a table that is not copied");
}
