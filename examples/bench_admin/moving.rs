//! Import, export and copy, as an operator runs them: in processes of their own, whose memory is watched.
//! Each beside the floor: what the database does with the same rows when nothing else is done.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use rollcall::models::users::export;
use rusqlite::types::ToSqlOutput;
use sea_orm::{ConnectionTrait, Database};
use sqlx::{Connection, PgConnection};

use super::{Result, Table, connect, data};

/// Rows a second.
const IMPORT_GOAL: f64 = 20_000.0;
const EXPORT_GOAL: f64 = 50_000.0;
const COPY_GOAL: f64 = 20_000.0;
/// MB.
const MEMORY_GOAL: f64 = 150.0;

/// Ours, and what the floor is.
struct Measured {
    rows: u64,
    took: Duration,
    peak_mb: f64,
    floor: Duration,
}

pub async fn all(uri: &str, accounts: u64, table: &mut Table) -> Result<()> {
    if !table.wants("move") {
        return Ok(());
    }
    let directory = std::env::temp_dir().join(format!("rollcall-bench-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let measured = measure(uri, accounts, &directory, table).await;
    std::fs::remove_dir_all(&directory)?;
    measured
}

async fn measure(uri: &str, accounts: u64, directory: &Path, table: &mut Table) -> Result<()> {
    let csv = directory.join("accounts.csv");
    file(&csv, accounts)?;
    let file = |name: &str| format!("sqlite://{}?mode=rwc", directory.join(name).display());

    let first = fresh(uri, "bench_move_first", file("first")).await?;
    let csv = format!("file:{}", csv.display());
    let (took, peak_mb) = run(&first, &["users:import", &csv, "format:csv"])?;
    let db = connect(&first).await?;
    let there = export::count(&db).await?;
    if there != accounts {
        return Err(format!("{there} accounts instead of {accounts}").into());
    }
    let floor_of = fresh(uri, "bench_move_floor", file("floor")).await?;
    let floor = write(&first, &floor_of).await?;
    let rows = accounts;
    table.moved(
        "move: users:import",
        IMPORT_GOAL,
        &Measured {
            rows,
            took,
            peak_mb,
            floor,
        },
    );

    for format in ["csv", "jsonl"] {
        let to = format!("to:{}", directory.join("out").display());
        let (took, peak_mb) = run(&first, &["users:export", &to, &format!("format:{format}")])?;
        let floor = read(&first).await?;
        let name = format!("move: users:export format:{format}");
        table.moved(
            &name,
            EXPORT_GOAL,
            &Measured {
                rows,
                took,
                peak_mb,
                floor,
            },
        );
    }

    data::events(&db, accounts).await?;
    db.close().await?;
    let rows = 2 * accounts;
    let embedded = file("copy");
    let to = format!("to:{embedded}");
    let (took, peak_mb) = run(&first, &["db:copy", &to])?;
    let floor_of = fresh("sqlite:", "", file("copy-floor")).await?;
    let floor_took = write(&embedded, &floor_of).await?;
    table.moved(
        "move: db:copy into SQLite",
        COPY_GOAL,
        &Measured {
            rows,
            took,
            peak_mb,
            floor: floor_took,
        },
    );

    if uri.starts_with("postgres") {
        let second = fresh(uri, "bench_move_second", String::new()).await?;
        let to = format!("to:{second}");
        let (took, peak_mb) = run(&embedded, &["db:copy", &to])?;
        let floor_of = fresh(uri, "bench_move_floor", String::new()).await?;
        let floor = write(&second, &floor_of).await?;
        table.moved(
            "move: db:copy into PostgreSQL",
            COPY_GOAL,
            &Measured {
                rows,
                took,
                peak_mb,
                floor,
            },
        );
    }
    Ok(())
}

/// Accounts with hashes.
fn file(path: &PathBuf, accounts: u64) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "username,email,first_name,last_name,password_hash,created_at"
    )?;
    for n in 0..accounts {
        let scrambled = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        writeln!(
            file,
            "moved-{scrambled:x}.{n},moved.{n}@example.com,Anna,Núñez,\
             \"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY${scrambled:016x}gt3ub+b5dWRWJTmaaJObGRdescA\",\
             2024-01-01T00:00:00Z"
        )?;
    }
    Ok(file.flush()?)
}

/// An empty database with our tables, of the same kind as this one.
async fn fresh(uri: &str, name: &str, file: String) -> Result<String> {
    let database = if uri.starts_with("postgres") {
        let db = Database::connect(uri).await?;
        db.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}"))
            .await?;
        db.execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await?;
        db.close().await?;
        let (server, _) = uri.rsplit_once('/').ok_or("no name of a database")?;
        format!("{server}/{name}")
    } else {
        file
    };
    run(&database, &["users:search"])?;
    Ok(database)
}

/// Run a task in a process: this program, which is the service as well. How long, and MB at most.
fn run(database: &str, arguments: &[&str]) -> Result<(Duration, f64)> {
    let started = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .arg("task")
        .args(arguments)
        .env("DATABASE_URL", database)
        .env("LOG_LEVEL", "warn")
        .stdout(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    loop {
        // The last look before its end counts.
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let mut lines = status
            .lines()
            .filter_map(|line| line.strip_prefix("VmHWM:"));
        let kb = lines
            .next()
            .and_then(|kb| kb.trim().trim_end_matches(" kB").parse::<f64>().ok());
        peak = peak.max(kb.unwrap_or_default() / 1024.0);
        match child.try_wait()? {
            None => std::thread::sleep(Duration::from_millis(5)),
            Some(end) if end.success() => return Ok((started.elapsed(), peak)),
            Some(end) => return Err(format!("{arguments:?}: {end}").into()),
        }
    }
}

const TABLES: [&str; 2] = ["users", "audit_events"];

/// Put the rows of one database into another one: plain COPY, or one prepared insert in one transaction.
async fn write(from: &str, to: &str) -> Result<Duration> {
    if let Some(to) = path(to) {
        let from = path(from).ok_or("not of the same kind")?;
        return insert(from, to);
    }
    let mut from = PgConnection::connect(from).await?;
    let mut to = PgConnection::connect(to).await?;
    let mut took = Duration::ZERO;
    for name in TABLES {
        let rows = from
            .copy_out_raw(&format!("COPY {name} TO STDOUT (FORMAT binary)"))
            .await?;
        let rows: Vec<_> = rows.collect().await;
        let started = Instant::now();
        let mut copy = to
            .copy_in_raw(&format!("COPY {name} FROM STDIN (FORMAT binary)"))
            .await?;
        for part in rows {
            copy.send(part?).await?;
        }
        copy.finish().await?;
        took += started.elapsed();
    }
    Ok(took)
}

fn insert(from: &str, to: &str) -> Result<Duration> {
    let from = rusqlite::Connection::open(from)?;
    let mut to = rusqlite::Connection::open(to)?;
    to.pragma_update(None, "synchronous", "FULL")?;
    let started = Instant::now();
    let txn = to.transaction()?;
    for name in TABLES {
        let mut rows = from.prepare(&format!("SELECT * FROM {name}"))?;
        let columns = rows.column_count();
        let marks = vec!["?"; columns].join(",");
        let mut insert = txn.prepare(&format!("INSERT INTO {name} VALUES ({marks})"))?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            for at in 0..columns {
                insert.raw_bind_parameter(at + 1, ToSqlOutput::Borrowed(row.get_ref(at)?))?;
            }
            insert.raw_execute()?;
        }
    }
    txn.commit()?;
    Ok(started.elapsed())
}

/// Read all accounts, and do nothing with them.
async fn read(from: &str) -> Result<Duration> {
    let started = Instant::now();
    if let Some(from) = path(from) {
        let from = rusqlite::Connection::open(from)?;
        let mut rows = from.prepare("SELECT * FROM users")?;
        let columns = rows.column_count();
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            for at in 0..columns {
                std::hint::black_box(row.get_ref(at)?);
            }
        }
    } else {
        let mut from = PgConnection::connect(from).await?;
        let mut rows = from.copy_out_raw("COPY users TO STDOUT").await?;
        while let Some(part) = rows.next().await {
            std::hint::black_box(part?);
        }
    }
    Ok(started.elapsed())
}

fn path(uri: &str) -> Option<&str> {
    uri.strip_prefix("sqlite://")?.split('?').next()
}

impl Table {
    #[expect(clippy::cast_precision_loss, reason = "a few millions")]
    fn moved(&mut self, case: &str, goal: f64, measured: &Measured) {
        let Measured {
            rows,
            took,
            peak_mb,
            floor,
        } = measured;
        let floor = *rows as f64 / floor.as_secs_f64();
        self.rate(
            case,
            *rows,
            *took,
            goal,
            Some((floor, *peak_mb, MEMORY_GOAL)),
        );
    }
}
