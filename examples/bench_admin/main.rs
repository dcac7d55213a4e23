//! How fast administration is with very many accounts, each figure beside the same query in plain SQL.
//!
//! ```sh
//! cargo run --release --example bench_admin                              # a SQLite file in target/
//! cargo run --release --example bench_admin -- postgres://user@host/name
//! ```
//!
//! `--users 1000000`, `--events 1000000`, `--rounds 200`, `--quick` (10,000 and 20), `--json`. What was made
//! is kept, and used again by the next run.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement asks the real clock"
)]

mod data;

use std::time::Instant;

use chrono::{Duration, Utc};
use indicatif::ProgressBar;
use migration::{Migrator, MigratorTrait};
use rollcall::models::{
    audit_events::chain::{self, Signer},
    cursor::Cursors,
    users::{self, search},
};
use sea_orm::{
    ConnectOptions, Database, DatabaseBackend, DatabaseConnection, EntityTrait, Statement,
};
use serde::Serialize;
use serde_json::json;

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Milliseconds.
const PAGE_GOAL: f64 = 25.0;
const RATIO_GOAL: f64 = 1.5;
const TEXT_GOAL: f64 = 100.0;
const TOTAL_GOAL: f64 = 150.0;
/// Events a second.
const VERIFY_GOAL: f64 = 200_000.0;
const DEEP: usize = 10_000;

struct Options {
    uri: String,
    users: u64,
    events: u64,
    rounds: usize,
    json: bool,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options = Self {
            uri: "sqlite://target/bench_admin.sqlite?mode=rwc".into(),
            users: 1_000_000,
            events: 1_000_000,
            rounds: 200,
            json: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number =
                || -> Result<u64> { Ok(arguments.next().ok_or("a number is missing")?.parse()?) };
            match argument.as_str() {
                "--users" => options.users = number()?,
                "--events" => options.events = number()?,
                "--rounds" => options.rounds = usize::try_from(number()?)?,
                "--quick" => (options.users, options.events, options.rounds) = (10_000, 10_000, 20),
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

/// A list that is measured: its query, and the condition and order of the same in plain SQL.
struct Case {
    name: &'static str,
    params: serde_json::Value,
    plain: String,
    order: &'static str,
    goal: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::read()?;
    let db = connect(&options.uri).await?;
    Migrator::up(&db, None).await?;
    data::users(&db, options.users).await?;
    data::events(&db, options.events).await?;

    let cases = cases(db.get_database_backend());
    let mut lines = Vec::new();
    let progress = ProgressBar::new(cases.len() as u64 + 6);
    for case in &cases {
        lines.push(list(&db, case, options.rounds, None).await?);
        progress.inc(1);
    }
    for (name, sort) in [("newest first", "-created_at"), ("by username", "username")] {
        let case = cases.iter().find(|case| case.params["sort"] == sort);
        let case = case.ok_or("no such case")?;
        let (cursor, place) = walk(&db, case).await?;
        let mut line = list(&db, case, options.rounds, Some((cursor, place))).await?;
        line.case = format!("{name}, page {DEEP} or the last");
        lines.push(line);
        progress.inc(1);
    }
    for filters in [
        json!({}),
        json!({"role": "admin"}),
        json!({"status": "unverified"}),
        json!({"q": "an"}),
    ] {
        lines.push(total(&db, filters, options.rounds).await?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    let (verified, rate) = verify(&db).await?;
    print(&options, &db, &lines, verified, rate);
    Ok(())
}

async fn connect(uri: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(uri);
    options
        .max_connections(4)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlx::sqlite::SqliteSynchronous::Normal)
        });
    Ok(Database::connect(options).await?)
}

fn cases(backend: DatabaseBackend) -> Vec<Case> {
    let (never, contains): (_, fn(&str) -> String) = if backend == DatabaseBackend::Postgres {
        (
            "(coalesce(last_login_at, '1970-01-01 00:00:00+00'::timestamptz)) DESC, id DESC",
            |text| format!("search_text LIKE '%{text}%'"),
        )
    } else {
        (
            "coalesce(last_login_at, '1970-01-01T00:00:00+00:00') DESC, id DESC",
            |text| {
                format!(
                    "id IN (SELECT user_id FROM users_search WHERE number IN \
                 (SELECT rowid FROM users_search_text WHERE users_search_text MATCH '\"{text}\"'))"
                )
            },
        )
    };
    let page = |name, params, plain: &str, order| Case {
        name,
        params,
        plain: plain.to_string(),
        order,
        goal: PAGE_GOAL,
    };
    let text = |name, q: &str| Case {
        name,
        params: json!({"q": q, "sort": "-created_at"}),
        plain: if q.chars().count() < 3 {
            format!("search_text LIKE '%{q}%'")
        } else {
            contains(q)
        },
        order: "id DESC",
        goal: TEXT_GOAL,
    };
    vec![
        page(
            "newest first",
            json!({"sort": "-created_at"}),
            "TRUE",
            "id DESC",
        ),
        page(
            "by username",
            json!({"sort": "username"}),
            "TRUE",
            "username_canonical, id",
        ),
        page(
            "by email, from the end",
            json!({"sort": "-email"}),
            "TRUE",
            "email_canonical DESC, id DESC",
        ),
        page(
            "by last login, latest first",
            json!({"sort": "-last_login_at"}),
            "TRUE",
            never,
        ),
        page(
            "administrators",
            json!({"role": "admin", "sort": "username"}),
            "role = 'admin'",
            "username_canonical, id",
        ),
        page(
            "suspended, by username",
            json!({"status": "suspended", "sort": "username"}),
            "NOT is_active",
            "username_canonical, id",
        ),
        page(
            "unverified, by email",
            json!({"status": "unverified", "sort": "email"}),
            "is_active AND email_verified_at IS NULL",
            "email_canonical, id",
        ),
        page(
            "exact email",
            json!({"email": "user.7@example.com"}),
            "email_canonical = 'user.7@example.com'",
            "id DESC",
        ),
        text("text: a handful have it", "qzx-handful"),
        text("text: 0.1 % have it", "medium-name"),
        text("text: many have it", "example"),
        text("text: not ASCII", "núñez"),
        text("text: nobody has it", "nobody-at-all"),
        text("text: two letters", "an"),
    ]
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
    let mut plain = format!("{} AND deleted_at IS NULL", case.plain);
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
        let after = if case.order == "id DESC" {
            format!("id < {id}")
        } else {
            format!(
                "(username_canonical, id) > ('{}', {id})",
                last.username_canonical
            )
        };
        place = (next.clone(), after);
        params.cursor = Some(next);
    }
    Ok(place)
}

async fn total(db: &DatabaseConnection, filters: serde_json::Value, rounds: usize) -> Result<Line> {
    let params: search::SearchParams = serde_json::from_value(filters.clone())?;
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
            "total of {filters}: {}{}",
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

async fn verify(db: &DatabaseConnection) -> Result<(u64, f64)> {
    let signer = Signer::new(b"a bench's secret, and nobody else's");
    let started = Instant::now();
    let verdict = chain::verify(db, &signer, None, || {}).await?;
    if let Some(fault) = verdict.fault {
        return Err(format!("the chain is broken at {}: {}", fault.sequence, fault.what).into());
    }
    #[expect(clippy::cast_precision_loss, reason = "a few millions")]
    let rate = verdict.verified as f64
        / started
            .elapsed()
            .max(Duration::milliseconds(1).to_std()?)
            .as_secs_f64();
    Ok((verdict.verified, rate))
}

fn print(options: &Options, db: &DatabaseConnection, lines: &[Line], verified: u64, rate: f64) {
    let holds = rate >= VERIFY_GOAL;
    if options.json {
        let verify = json!({"events": verified, "per_second": rate, "holds": holds});
        println!(
            "{}",
            json!({"users": options.users, "lists": lines, "audit_verify": verify})
        );
        return;
    }
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
    for line in lines {
        let verdict = if line.holds { "holds" } else { "MISSED" };
        println!(
            "{:<44} {:>9.2} {:>9.2} {:>12.2} {:>7.2}  {verdict} ({} ms)",
            line.case, line.p50_ms, line.p99_ms, line.plain_p99_ms, line.ratio, line.goal_ms
        );
    }
    let verdict = if holds { "holds" } else { "MISSED" };
    println!(
        "audit:verify: {verified} events, {rate:.0} a second  {verdict} ({VERIFY_GOAL} a second)"
    );
}
