//! Round by round, each server in turn: what is slow for a moment is slow for all of them.

use std::{fs, process::Command, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::sleep;

use crate::{
    Options, Result,
    cases::{CASES, Case, Logins},
    data::Databases,
    load::{Kind, Measured, Order, connect, send},
    process::{Load, Server},
    report::{Report, Sample},
};

const CACHED: &str = "in memory";
const UNCACHED: &str = "asks the database";
const LIMIT: &str = "limit";
const FIRST_PORT: u16 = 5601;
/// What runs beside the requests has settled.
const SETTLED: Duration = Duration::from_secs(2);

struct Contestant {
    server: Server,
    logins: Logins,
    memory_idle: f64,
}

pub async fn all(
    options: &Options,
    databases: Databases,
    accounts: u64,
    report: &mut Report,
) -> Result<()> {
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| case.name.contains(&options.only) && (case.quick || !options.quick))
        .collect();
    let steps = cases.len() * options.rounds * 3 + 3 * options.rounds + 5;
    let bar = ProgressBar::new(steps as u64).with_style(ProgressStyle::with_template(
        "{prefix:12} {bar:30} {pos}/{len} {eta_precise} {msg}",
    )?);
    bar.set_prefix(databases.kind());

    let mut contestants = Vec::new();
    for (nth, name) in [LIMIT, CACHED, UNCACHED].into_iter().enumerate() {
        bar.set_message(format!("start: {name}"));
        let url = databases.copy(["limit", "cached", "uncached"][nth]).await?;
        let server = start(options, name, &url, FIRST_PORT + u16::try_from(nth)?).await?;
        sleep(if options.quick {
            Duration::ZERO
        } else {
            SETTLED
        })
        .await;
        let memory_idle = server.memory()?;
        let logins = Logins::on(&server, accounts).await?;
        contestants.push(Contestant {
            server,
            logins,
            memory_idle,
        });
        bar.inc(1);
    }

    for case in &cases {
        let mut samples: Vec<Vec<Sample>> = vec![vec![]; 3];
        let mut raw = Vec::new();
        for _ in 0..options.rounds {
            if case.name == "password login" {
                bar.set_message("raw Argon2");
                raw.push(argon2(options.seconds)?);
            }
            for (nth, contestant) in contestants.iter_mut().enumerate() {
                bar.inc(1);
                if contestant.server.name == UNCACHED && !case.by_cache {
                    continue;
                }
                bar.set_message(format!("{}: {}", case.name, contestant.server.name));
                samples[nth].push(measure(options, case, contestant).await?);
            }
        }
        report.case(databases.kind(), case, &samples, &raw);
    }
    if "storm".contains(&options.only) {
        storm(options, &contestants, databases.kind(), &bar, report).await?;
    }
    for contestant in &contestants {
        report.memory(
            databases.kind(),
            contestant.server.name,
            contestant.memory_idle,
            contestant.server.memory()?,
        );
    }
    if "statements".contains(&options.only) {
        bar.set_message("statements for each request");
        statements(&databases, accounts, report).await?;
    }
    drop(contestants);
    if "start".contains(&options.only) {
        starts(options, &databases, &bar, report).await?;
    }
    bar.finish_and_clear();
    databases
        .remove(&["limit", "cached", "uncached", "started", "counted"])
        .await
}

pub async fn start(options: &Options, name: &'static str, url: &str, port: u16) -> Result<Server> {
    let mut variables = options.variables();
    match name {
        LIMIT => return Server::limit(url, port).await,
        UNCACHED => variables.push(("SESSION_CACHE_ENABLED", "false")),
        _ => {}
    }
    Server::rollcall(name, url, port, &variables).await
}

fn argon2(seconds: f64) -> Result<f64> {
    let output = Command::new(std::env::current_exe()?)
        .args(["argon2", &seconds.to_string()])
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

async fn measure(options: &Options, case: &Case, contestant: &mut Contestant) -> Result<Sample> {
    let Contestant { server, logins, .. } = contestant;
    let order = Order {
        port: server.port,
        kind: (case.kind)(logins),
        connections: case.connections,
        rate: case.rate,
        seconds: options.seconds,
    };
    let cpu = server.cpu()?;
    let measured = Load::begin(&order)?.end().await?;
    let cpu = server.cpu()? - cpu;
    if !case.by_cache {
        // The refresh tokens are spent, and the names others.
        *logins = Logins::on(server, logins.access_tokens.len().try_into()?).await?;
    }
    Ok(Sample::new(measured, cpu))
}

/// Others read while 32 connections log in as fast as they can.
async fn storm(
    options: &Options,
    contestants: &[Contestant],
    kind: &'static str,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<()> {
    let mut found: Vec<[Vec<Measured>; 3]> = vec![Default::default(); contestants.len()];
    for _ in 0..options.rounds {
        for (nth, Contestant { server, logins, .. }) in contestants.iter().enumerate() {
            bar.set_message(format!("a storm of logins: {}", server.name));
            bar.inc(1);
            let order = |kind, connections, rate| Order {
                port: server.port,
                kind,
                connections,
                rate,
                // Enough of them for a p99.
                seconds: options.seconds * 2.0,
            };
            let loads = [
                order(logins.log_in(), 32, None),
                order(logins.current_user(), 4, Some(25.0)),
                order(Kind::Ping, 4, Some(25.0)),
            ];
            let loads = loads.iter().map(Load::begin).collect::<Result<Vec<_>>>()?;
            for (load, found) in loads.into_iter().zip(&mut found[nth]) {
                found.push(load.end().await?);
            }
        }
    }
    for ([logins, reads, pings], contestant) in found.iter().zip(contestants) {
        report.storm(kind, contestant.server.name, logins, reads, pings);
    }
    Ok(())
}

/// How many statements one request sends to the database, by the log of the driver.
async fn statements(databases: &Databases, accounts: u64, report: &mut Report) -> Result<()> {
    for name in [CACHED, UNCACHED] {
        let url = databases.copy("counted").await?;
        let cache = if name == CACHED { "true" } else { "false" };
        let variables = [
            ("SESSION_CACHE_ENABLED", cache),
            ("DB_LOGGING", "true"),
            ("LOG_LEVEL", "debug"),
        ];
        let server = Server::rollcall(name, &url, FIRST_PORT + 8, &variables).await?;
        sleep(Duration::from_millis(500)).await;
        let logins = Logins::on(&server, accounts.min(4)).await?;
        let mut sender = connect(server.port).await?;
        for case in CASES
            .iter()
            .filter(|case| case.rate.is_none() && case.connections == 32)
        {
            let before = count(&server)?;
            let requests = 4;
            let mut kind = (case.kind)(&logins);
            for nth in 0..requests {
                let (status, body) = send(&mut sender, kind.request(0, nth)?).await?;
                kind.accept(0, nth, status, &body)?;
            }
            sleep(Duration::from_millis(100)).await;
            let statements = count(&server)? - before;
            report.statements(databases.kind(), name, case.name, statements / requests);
        }
    }
    Ok(())
}

/// Lines of statements that a request has sent: those of what runs beside them are in no span.
fn count(server: &Server) -> Result<usize> {
    let log = fs::read_to_string(&server.log)?;
    let is_one = |line: &&str| line.contains("db.statement") && line.contains("\"http.path\"");
    Ok(log.lines().filter(is_one).count())
}

/// From the start of a process to its first answer to somebody who was logged in before.
async fn starts(
    options: &Options,
    databases: &Databases,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<()> {
    for name in [LIMIT, CACHED] {
        let url = databases.copy("started").await?;
        let mut took = Vec::new();
        let server = start(options, name, &url, FIRST_PORT + 9).await?;
        let logins = Logins::on(&server, 1).await?;
        drop(server);
        for _ in 0..options.rounds.max(3) {
            bar.set_message(format!("start to the first answer: {name}"));
            bar.inc(1);
            let server = start(options, name, &url, FIRST_PORT + 9).await?;
            let listening = std::time::Instant::now();
            let mut sender = connect(server.port).await?;
            let mut kind = logins.current_user();
            let (status, body) = send(&mut sender, kind.request(0, 0)?).await?;
            kind.accept(0, 0, status, &body)?;
            took.push((server.started_in + listening.elapsed()).as_secs_f64() * 1000.0);
        }
        report.start(databases.kind(), name, &took);
    }
    Ok(())
}
