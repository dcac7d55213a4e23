//! How fast administration is with very many accounts, each figure beside the same query in plain SQL.
//!
//! ```sh
//! cargo run --release --example bench_admin                              # a SQLite file in target/
//! cargo run --release --example bench_admin -- postgres://user@host/name
//! ```
//!
//! `--users 1000000`, `--events 1000000`, `--rounds 200`, `--moved 200000` (accounts that are imported, exported
//! and copied), `--quick` (10,000, 20 and 5,000), `--only <part of a line's name>`, `--json`. What was made is
//! kept, and used again by the next run; what is moved is not.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement asks the real clock"
)]

mod cases;
mod data;
mod moving;

use std::time::Instant;

use chrono::Utc;
use indicatif::ProgressBar;
use migration::{Migrator, MigratorTrait};
use rollcall::{
    app::App,
    models::{
        audit_events::chain::{self, Signer},
        cursor::Cursors,
        database::pool,
        users::{self, search},
    },
};
use sea_orm::{DatabaseBackend, DatabaseConnection, EntityTrait, Statement};
use serde::Serialize;
use serde_json::json;

use cases::{Case, PAGE_GOAL};

/// The application's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

const RATIO_GOAL: f64 = 1.5;
/// Milliseconds.
const TOTAL_GOAL: f64 = 150.0;
/// Events a second.
const VERIFY_GOAL: f64 = 200_000.0;
const DEEP: usize = 10_000;

struct Options {
    uri: String,
    users: u64,
    events: u64,
    rounds: usize,
    moved: u64,
    only: String,
    json: bool,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options = Self {
            uri: "sqlite://target/bench_admin.sqlite?mode=rwc".into(),
            users: 1_000_000,
            events: 1_000_000,
            rounds: 200,
            moved: 200_000,
            only: String::new(),
            json: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            if argument == "--only" {
                options.only = arguments.next().ok_or("a name is missing")?;
                continue;
            }
            let mut number =
                || -> Result<u64> { Ok(arguments.next().ok_or("a number is missing")?.parse()?) };
            match argument.as_str() {
                "--users" => options.users = number()?,
                "--events" => options.events = number()?,
                "--rounds" => options.rounds = usize::try_from(number()?)?,
                "--moved" => options.moved = number()?,
                "--quick" => {
                    (options.users, options.events) = (10_000, 10_000);
                    (options.rounds, options.moved) = (20, 5000);
                }
                "--json" => options.json = true,
                uri if uri.contains("://") => options.uri = uri.to_string(),
                other => return Err(format!("{other} is not known here").into()),
            }
        }
        Ok(options)
    }
}

/// One line of the table.
#[derive(Serialize)]
struct Line {
    case: String,
    p50_ms: f64,
    p99_ms: f64,
    plain_p99_ms: f64,
    goal_ms: f64,
    ratio: f64,
    holds: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().nth(1).is_some_and(|first| first == "task") {
        return Ok(loco_rs::cli::main::<App, Migrator>().await?);
    }
    let options = Options::read()?;
    let db = connect(&options.uri).await?;
    Migrator::up(&db, None).await?;
    data::users(&db, options.users).await?;
    data::events(&db, options.events).await?;

    let mut table = Table::begin(&options, &db);
    lists(&db, &mut table).await?;
    totals(&db, &mut table).await?;
    verify(&db, &mut table).await?;
    moving::all(&options.uri, options.moved, &mut table).await?;
    table.end();
    Ok(())
}

async fn lists(db: &DatabaseConnection, table: &mut Table) -> Result<()> {
    let cases = cases::all(db.get_database_backend());
    for case in &cases {
        if table.wants(case.name) {
            let line = list(db, case, table.rounds, None).await?;
            table.add(line);
        }
    }
    for (name, sort) in [
        ("newest first, page 10,000", "-created_at"),
        ("by username, page 10,000", "username"),
        ("by last login, page 10,000", "-last_login_at"),
    ] {
        if !table.wants(name) {
            continue;
        }
        let case = cases.iter().find(|case| case.params["sort"] == sort);
        let case = case.ok_or("no such case")?;
        let place = walk(db, case).await?;
        let mut line = list(db, case, table.rounds, Some(place)).await?;
        line.case = name.to_string();
        table.add(line);
    }
    Ok(())
}

async fn totals(db: &DatabaseConnection, table: &mut Table) -> Result<()> {
    for (name, filters) in [
        ("total of all", json!({})),
        ("total of administrators", json!({"role": "admin"})),
        ("total of unverified", json!({"status": "unverified"})),
        ("total of suspended", json!({"status": "suspended"})),
        ("total of deleted", json!({"status": "deleted"})),
        ("total with two letters", json!({"q": "an"})),
        ("total, nobody has it", json!({"q": "zq"})),
        ("total, 30,000 side by side", json!({"q": "merged.example"})),
    ] {
        if table.wants(name) {
            let line = total(db, name, filters, table.rounds).await?;
            table.add(line);
        }
    }
    Ok(())
}

/// As the application does.
async fn connect(uri: &str) -> Result<DatabaseConnection> {
    let config = serde_json::from_value(json!({
        "uri": uri,
        "enable_logging": false,
        "connect_timeout": 5000,
        "idle_timeout": 60_000,
        "min_connections": 1,
        "max_connections": 4,
    }))?;
    Ok(pool::connect(&config).await?)
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn percentile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few hundred rounds"
    )]
    let at = ((times.len() as f64 * share) as usize).min(times.len() - 1);
    times[at]
}

/// Ours and plain SQL, turn about.
async fn list(
    db: &DatabaseConnection,
    case: &Case,
    rounds: usize,
    place: Option<(String, String)>,
) -> Result<Line> {
    let cursors = Cursors::new(b"a bench's secret, and nobody else's");
    let mut params = case.params.clone();
    let mut plain = case.plain.clone();
    if params["status"] != "deleted" {
        plain += " AND deleted_at IS NULL";
    }
    if let Some((cursor, place)) = place {
        params["cursor"] = cursor.into();
        plain = format!("{plain} AND {place}");
    }
    let params: search::SearchParams = serde_json::from_value(params)?;
    let sql = format!(
        "SELECT * FROM users WHERE {plain} ORDER BY {} LIMIT 51",
        case.order
    );
    let plain = Statement::from_string(db.get_database_backend(), sql);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds + 3 {
        let started = Instant::now();
        let page = search::page(db, &cursors, &params, Utc::now()).await?;
        let mine = millis(started);
        let started = Instant::now();
        let rows = users::Entity::find()
            .from_raw_sql(plain.clone())
            .all(db)
            .await?;
        let same = page.rows.len() == rows.len().min(50);
        if round >= 3 {
            ours.push(mine);
            theirs.push(millis(started));
        }
        if !same {
            return Err(format!(
                "{}: {} rows instead of {}",
                case.name,
                page.rows.len(),
                rows.len()
            )
            .into());
        }
    }
    let (p50, p99) = (percentile(&mut ours, 0.5), percentile(&mut ours, 0.99));
    let plain = percentile(&mut theirs, 0.99);
    let ratio = p50 / percentile(&mut theirs, 0.5);
    Ok(Line {
        case: case.name.to_string(),
        p50_ms: p50,
        p99_ms: p99,
        plain_p99_ms: plain,
        goal_ms: case.goal,
        ratio,
        holds: p99 <= case.goal && (case.goal > PAGE_GOAL || ratio <= RATIO_GOAL),
    })
}

/// Go forward page by page; the cursor of the last one, and the same place in plain SQL.
async fn walk(db: &DatabaseConnection, case: &Case) -> Result<(String, String)> {
    let cursors = Cursors::new(b"a bench's secret, and nobody else's");
    let mut params: search::SearchParams = serde_json::from_value(case.params.clone())?;
    let mut place = (String::new(), String::new());
    for _ in 1..DEEP {
        let page = search::page(db, &cursors, &params, Utc::now()).await?;
        let (Some(next), Some(last)) = (page.next, page.rows.last()) else {
            break;
        };
        let id = if db.get_database_backend() == DatabaseBackend::Postgres {
            format!("'{}'", last.id)
        } else {
            format!("x'{}'", last.id.simple())
        };
        let after = match case.params["sort"].as_str() {
            Some("-created_at") => {
                let at = last.created_at.to_rfc3339();
                format!("(created_at, id) < ('{at}', {id}) AND created_at <= '{at}'")
            }
            Some("username") => {
                let name = &last.username_canonical;
                format!("(username_canonical, id) > ('{name}', {id})")
            }
            _ => {
                let key = case.order.trim_end_matches(" DESC, id DESC");
                let at = last.last_login_at.map(|at| at.to_utc()).unwrap_or_default();
                format!(
                    "({key}, id) < ('{0}', {id}) AND {key} <= '{0}'",
                    at.to_rfc3339()
                )
            }
        };
        place = (next.clone(), after);
        params.cursor = Some(next);
    }
    Ok(place)
}

async fn total(
    db: &DatabaseConnection,
    name: &str,
    filters: serde_json::Value,
    rounds: usize,
) -> Result<Line> {
    let params: search::SearchParams = serde_json::from_value(filters)?;
    let mut times = Vec::new();
    let mut found = None;
    for _ in 0..rounds {
        let started = Instant::now();
        found = Some(search::total(db, &params, Utc::now()).await?);
        times.push(millis(started));
    }
    let found = found.ok_or("no round")?;
    let p99 = percentile(&mut times, 0.99);
    Ok(Line {
        case: format!(
            "{name}: {}{}",
            if found.is_exact { "" } else { "at least " },
            found.count
        ),
        p50_ms: percentile(&mut times, 0.5),
        p99_ms: p99,
        plain_p99_ms: f64::NAN,
        goal_ms: TOTAL_GOAL,
        ratio: f64::NAN,
        holds: p99 <= TOTAL_GOAL,
    })
}

async fn verify(db: &DatabaseConnection, table: &mut Table) -> Result<()> {
    if !table.wants("audit:verify") {
        return Ok(());
    }
    let signer = Signer::new(b"a bench's secret, and nobody else's");
    let started = Instant::now();
    let verdict = chain::verify(db, &signer, None, |_| {}).await?;
    if let Some(fault) = verdict.fault {
        return Err(format!("the chain is broken at {}: {}", fault.sequence, fault.what).into());
    }
    table.rate(
        "audit:verify",
        verdict.verified,
        started.elapsed(),
        VERIFY_GOAL,
        None,
    );
    Ok(())
}

/// What was measured, told as it comes; for machines all at the end.
struct Table {
    progress: ProgressBar,
    rounds: usize,
    only: String,
    json: bool,
    lines: Vec<Line>,
    rates: Vec<Rate>,
}

/// How many rows in a second.
#[derive(Serialize)]
struct Rate {
    case: String,
    rows: u64,
    per_second: f64,
    goal: f64,
    /// Rows a second of the floor.
    floor: Option<f64>,
    peak_mb: Option<f64>,
    holds: bool,
}

impl Table {
    fn begin(options: &Options, db: &DatabaseConnection) -> Self {
        if !options.json {
            println!(
                "{:?}, {} accounts, {} rounds",
                db.get_database_backend(),
                options.users,
                options.rounds
            );
            println!(
                "{:<44} {:>9} {:>9} {:>12} {:>7}  goal",
                "", "p50 ms", "p99 ms", "SQL p99 ms", "ratio"
            );
        }
        Self {
            progress: ProgressBar::new_spinner(),
            rounds: options.rounds,
            only: options.only.clone(),
            json: options.json,
            lines: Vec::new(),
            rates: Vec::new(),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.progress.set_message(name.to_string());
        self.progress.tick();
        name.contains(&self.only)
    }

    fn say(&self, line: &str) {
        if !self.json {
            self.progress.suspend(|| println!("{line}"));
        }
    }

    fn add(&mut self, line: Line) {
        self.say(&format!(
            "{:<44} {:>9.2} {:>9.2} {:>12.2} {:>7.2}  {} ({} ms)",
            line.case,
            line.p50_ms,
            line.p99_ms,
            line.plain_p99_ms,
            line.ratio,
            verdict(line.holds),
            line.goal_ms
        ));
        self.lines.push(line);
    }

    /// `beside`: rows a second of the floor, MB at most, and how many there should be.
    #[expect(clippy::cast_precision_loss, reason = "a few millions")]
    fn rate(
        &mut self,
        case: &str,
        rows: u64,
        took: std::time::Duration,
        goal: f64,
        beside: Option<(f64, f64, f64)>,
    ) {
        let per_second = rows as f64 / took.as_secs_f64().max(0.001);
        let holds = per_second >= goal && beside.is_none_or(|(_, peak, most)| peak <= most);
        let floor = beside.map(|(floor, peak, most)| {
            format!(
                "; floor {floor:.0} a second, ratio {:.2}; {peak:.0} MB ({most})",
                per_second / floor
            )
        });
        self.say(&format!(
            "{case:<34} {rows} rows, {per_second:.0} a second  {} ({goal} a second){}",
            verdict(holds),
            floor.unwrap_or_default()
        ));
        self.rates.push(Rate {
            case: case.to_string(),
            rows,
            per_second,
            goal,
            floor: beside.map(|beside| beside.0),
            peak_mb: beside.map(|beside| beside.1),
            holds,
        });
    }

    fn end(self) {
        self.progress.finish_and_clear();
        if self.json {
            println!("{}", json!({"lists": self.lines, "rates": self.rates}));
        }
    }
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "MISSED" }
}
