//! The accounts: made once for each database by the service's own import, and copied for each server, so that
//! none works on what another one changed.

use std::{fmt::Write as _, fs};

use argon2::{
    Argon2, PasswordHasher,
    password_hash::{SaltString, rand_core::OsRng},
};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::{
    Result,
    load::PASSWORD,
    process::{directory, run},
};

pub fn username(nth: u64) -> String {
    format!("bench{nth:07}")
}

/// A kind of database, with accounts in a template.
pub enum Databases {
    Sqlite { template: String },
    Postgres { server: String, run: String },
}

impl Databases {
    pub fn sqlite(accounts: u64) -> Result<Self> {
        fs::create_dir_all(directory())?;
        let template = format!("template-{accounts}.sqlite");
        // Written when all of it is there.
        let whole = directory().join(format!("{template}.whole"));
        let file = directory().join(&template);
        let made = Self::Sqlite { template };
        if !fs::exists(&whole)? {
            fill(&made.template_url(), accounts)?;
            // The file is all that is copied: what a large import has left in its log goes there.
            let file = rusqlite::Connection::open(file)?;
            file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            fs::write(whole, "")?;
        }
        Ok(made)
    }

    /// On the server of this URL, whose role may create databases.
    pub async fn postgres(server: &str, accounts: u64) -> Result<Self> {
        fs::create_dir_all(directory())?;
        let made = Self::Postgres {
            server: server.to_string(),
            run: format!("rollcall_bench_{}", Uuid::new_v4().simple()),
        };
        made.execute(&format!("CREATE DATABASE {}", made.name("template")))
            .await?;
        fill(&made.template_url(), accounts)?;
        // Else a server's first seconds pay for what autovacuum finds in the copy.
        let mut connection = PgConnection::connect(&made.template_url()).await?;
        connection.execute("VACUUM ANALYZE").await?;
        connection.close().await?;
        Ok(made)
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    fn name(&self, name: &str) -> String {
        match self {
            Self::Sqlite { .. } => format!("{name}.sqlite"),
            Self::Postgres { run, .. } => format!("{run}_{name}"),
        }
    }

    fn url(&self, name: &str) -> String {
        match self {
            Self::Sqlite { .. } => format!("sqlite://{}/{name}?mode=rwc", directory().display()),
            Self::Postgres { server, .. } => {
                let (address, options) = server.split_once('?').unwrap_or((server, ""));
                let base = address.rsplit_once('/').map_or(address, |(base, _)| base);
                format!("{base}/{name}?{options}")
            }
        }
    }

    fn template_url(&self) -> String {
        match self {
            Self::Sqlite { template } => self.url(template),
            Self::Postgres { .. } => self.url(&self.name("template")),
        }
    }

    /// A copy of the template for one server; its URL.
    pub async fn copy(&self, name: &str) -> Result<String> {
        let file = self.name(name);
        match self {
            Self::Sqlite { template } => {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(directory().join(format!("{file}{suffix}")));
                }
                fs::copy(directory().join(template), directory().join(&file))?;
            }
            Self::Postgres { .. } => {
                let template = self.name("template");
                self.execute(&format!("DROP DATABASE IF EXISTS {file} WITH (FORCE)"))
                    .await?;
                self.execute(&format!("CREATE DATABASE {file} TEMPLATE {template}"))
                    .await?;
            }
        }
        Ok(self.url(&file))
    }

    async fn execute(&self, sql: &str) -> Result<()> {
        if let Self::Postgres { server, .. } = self {
            let mut connection = PgConnection::connect(server).await?;
            let sql = sqlx::AssertSqlSafe(sql.to_string());
            sqlx::query(sql).execute(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }

    /// Leave nothing on somebody's server.
    pub async fn remove(self, names: &[&str]) -> Result<()> {
        for name in names.iter().chain(&["template"]) {
            let name = self.name(name);
            self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await?;
        }
        Ok(())
    }
}

/// Make the tables, and so many accounts that all have the same password.
fn fill(url: &str, accounts: u64) -> Result<()> {
    if let Some(file) = url.strip_prefix("sqlite://") {
        let _ = fs::remove_file(file.trim_end_matches("?mode=rwc"));
    }
    run(url, &["db", "migrate"])?;
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default()
        .hash_password(PASSWORD.as_bytes(), &salt)?
        .to_string();
    let file = directory().join(format!("accounts-{}.csv", Uuid::new_v4().simple()));
    let mut rows =
        String::from("username,email,first_name,last_name,password_hash,email_verified_at\n");
    for nth in 0..accounts {
        let name = username(nth);
        writeln!(
            rows,
            "{name},{name}@example.com,Ada,Lovelace,\"{hash}\",2026-01-01T00:00:00Z"
        )?;
    }
    fs::write(&file, rows)?;
    let from = format!("file:{}", file.display());
    let imported = run(url, &["task", "users:import", &from, "format:csv"]);
    fs::remove_file(file)?;
    imported
}
