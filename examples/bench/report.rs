//! What was found: a table for people, JSON for machines.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{Options, Result, cases::Case, load::Measured};

#[derive(Clone, Serialize)]
pub struct Sample {
    #[serde(flatten)]
    measured: Measured,
    /// Microseconds of processor time for a request, of the whole process.
    cpu: f64,
}

impl Sample {
    pub fn new(measured: Measured, cpu_seconds: f64) -> Self {
        let requests = measured.requests.max(1) as f64;
        Self {
            cpu: cpu_seconds * 1e6 / requests,
            measured,
        }
    }
}

/// A case on one server; medians over the rounds.
#[derive(Serialize)]
struct Row {
    database: &'static str,
    case: String,
    server: &'static str,
    per_second: f64,
    /// To the limit, round by round: least, median, most.
    ratio: Option<[f64; 3]>,
    goal: Option<f64>,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    cpu_us: f64,
    errors: u64,
    first_error: Option<String>,
}

#[derive(Serialize)]
struct Figure {
    database: &'static str,
    what: String,
    server: &'static str,
    value: f64,
    unit: &'static str,
    goal: Option<f64>,
}

/// Points of a curve.
#[derive(Serialize)]
pub struct Point {
    pub database: &'static str,
    pub curve: &'static str,
    pub what: String,
    pub at: f64,
    pub figure: f64,
    pub unit: &'static str,
}

#[derive(Serialize)]
pub struct Report {
    rounds: usize,
    seconds: f64,
    request_log: bool,
    rows: Vec<Row>,
    figures: Vec<Figure>,
    pub growth: Vec<Point>,
    #[serde(skip)]
    json: bool,
}

impl Report {
    pub fn begin(options: &Options) -> Self {
        Self {
            rounds: options.rounds,
            seconds: options.seconds,
            request_log: options.log,
            rows: vec![],
            figures: vec![],
            growth: vec![],
            json: options.json,
        }
    }

    pub fn case(
        &mut self,
        database: &'static str,
        case: &Case,
        samples: &[Vec<Sample>],
        raw: &[f64],
    ) {
        let limit: Vec<f64> = samples[0]
            .iter()
            .map(|sample| sample.measured.per_second)
            .collect();
        for (server, samples) in ["limit", "in memory", "asks the database"]
            .into_iter()
            .zip(samples)
        {
            if samples.is_empty() {
                continue;
            }
            let of = |figure: fn(&Sample) -> f64| median(samples.iter().map(figure));
            let rates = samples.iter().map(|sample| sample.measured.per_second);
            let ratios: Vec<f64> = rates
                .zip(&limit)
                .map(|(ours, limit)| ours / limit)
                .collect();
            let (memory_postgres, memory_sqlite, without) = case.goal.unwrap_or_default();
            let goal = match (server, database) {
                ("in memory", "SQLite") => memory_sqlite,
                ("in memory", _) => memory_postgres,
                _ => without,
            };
            let is_ours = server != "limit";
            self.rows.push(Row {
                database,
                case: case.name.to_string(),
                server,
                per_second: of(|sample| sample.measured.per_second),
                // At a fixed rate it is what was asked for.
                ratio: (is_ours && case.rate.is_none()).then(|| spread(&ratios)),
                goal: case.goal.filter(|_| is_ours).map(|_| goal),
                p50_ms: of(|sample| sample.measured.p50),
                p99_ms: of(|sample| sample.measured.p99),
                p999_ms: of(|sample| sample.measured.p999),
                cpu_us: of(|sample| sample.cpu),
                errors: samples.iter().map(|sample| sample.measured.errors).sum(),
                first_error: samples
                    .iter()
                    .find_map(|sample| sample.measured.first_error.clone()),
            });
            if !raw.is_empty() {
                let rates = samples.iter().map(|sample| sample.measured.per_second);
                let ratio = median(rates.zip(raw).map(|(ours, raw)| ours / raw));
                let goal = is_ours.then_some(0.95);
                self.figure(
                    database,
                    "password logins to raw Argon2",
                    server,
                    ratio,
                    "of it",
                    goal,
                );
            }
        }
    }

    fn figure(
        &mut self,
        database: &'static str,
        what: impl Into<String>,
        server: &'static str,
        value: f64,
        unit: &'static str,
        goal: Option<f64>,
    ) {
        self.figures.push(Figure {
            database,
            what: what.into(),
            server,
            value,
            unit,
            goal,
        });
    }

    pub fn storm(
        &mut self,
        database: &'static str,
        server: &'static str,
        logins: &[Measured],
        reads: &[Measured],
        pings: &[Measured],
    ) {
        let errors: u64 = [logins, reads, pings]
            .iter()
            .flat_map(|all| all.iter())
            .map(|one| one.errors)
            .sum();
        let rate = median(logins.iter().map(|one| one.per_second));
        self.figure(database, "storm: password logins", server, rate, "/s", None);
        for (what, all) in [
            ("storm: p99 of the current user", reads),
            ("storm: p99 of /_ping", pings),
        ] {
            self.figure(
                database,
                what,
                server,
                median(all.iter().map(|one| one.p99)),
                "ms",
                None,
            );
        }
        self.figure(
            database,
            "storm: errors",
            server,
            errors as f64,
            "",
            Some(0.0),
        );
    }

    pub fn memory(&mut self, database: &'static str, server: &'static str, idle: f64, loaded: f64) {
        let goal = |goal| (server != "limit").then_some(goal);
        self.figure(database, "memory, idle", server, idle, "MiB", goal(30.0));
        self.figure(
            database,
            "memory after load",
            server,
            loaded,
            "MiB",
            goal(80.0),
        );
    }

    pub fn start(&mut self, database: &'static str, server: &'static str, took: &[f64]) {
        let goal = (server != "limit").then_some(60.0);
        let took = median(took.iter().copied());
        self.figure(
            database,
            "start to the first authenticated answer",
            server,
            took,
            "ms",
            goal,
        );
    }

    pub fn statements(
        &mut self,
        database: &'static str,
        server: &'static str,
        case: &str,
        count: usize,
    ) {
        let what = format!("statements: {case}");
        self.figure(database, what, server, count as f64, "a request", None);
    }

    pub fn end(self) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&self)?);
        } else {
            print!("{}", self.text()?);
        }
        let errors: u64 = self.rows.iter().map(|row| row.errors).sum();
        if errors > 0 {
            let first = self.rows.iter().find_map(|row| row.first_error.clone());
            return Err(format!(
                "{errors} answers were not as they should be: {}",
                first.unwrap_or_default()
            )
            .into());
        }
        Ok(())
    }

    fn text(&self) -> Result<String> {
        let mut out = String::new();
        let log = if self.request_log { "with" } else { "without" };
        if !self.rows.is_empty() {
            writeln!(
                out,
                "{} rounds of {} s, medians; {log} a line of the log for each request",
                self.rounds, self.seconds
            )?;
            writeln!(
                out,
                "{:11}{:31}{:19}{:>9}{:>25}{:>7}{:>9}{:>9}{:>9}{:>9}{:>7}",
                "",
                "",
                "",
                "/s",
                "of the limit (min-max)",
                "goal",
                "CPU us",
                "p50 ms",
                "p99 ms",
                "p99.9",
                "errors"
            )?;
        }
        for row in &self.rows {
            let ratio = row
                .ratio
                .map(|[least, ratio, most]| format!("{ratio:.2} ({least:.2}-{most:.2})"));
            let goal = row.goal.map(|goal| format!("{goal:.2}"));
            writeln!(
                out,
                "{:11}{:31}{:19}{:>9.0}{:>25}{:>7}{:>9.1}{:>9.2}{:>9.2}{:>9.2}{:>7}",
                row.database,
                row.case,
                row.server,
                row.per_second,
                ratio.unwrap_or_default(),
                goal.unwrap_or_default(),
                row.cpu_us,
                row.p50_ms,
                row.p99_ms,
                row.p999_ms,
                row.errors
            )?;
        }
        for figure in &self.figures {
            let goal = figure.goal.map(|goal| format!("goal {goal}"));
            writeln!(
                out,
                "{:11}{:45}{:19}{:>9.2} {:10}{}",
                figure.database,
                figure.what,
                figure.server,
                figure.value,
                figure.unit,
                goal.unwrap_or_default()
            )?;
        }
        for point in &self.growth {
            writeln!(
                out,
                "{:11}{:26}{:40}{:>9}{:>12.2} {}",
                point.database, point.curve, point.what, point.at, point.figure, point.unit
            )?;
        }
        Ok(out)
    }
}

pub fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

fn spread(figures: &[f64]) -> [f64; 3] {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(0.0, f64::max);
    [least, median(figures.iter().copied()), most]
}
