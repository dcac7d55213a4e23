//! How cost grows: with accounts, with sessions of one account, with connections that rest, with nodes.

use std::{fs, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::{net::TcpStream, time::sleep};

use crate::{
    Options, Result,
    cases::Logins,
    data::Databases,
    load::{Kind, Measured, Order, connect, send},
    plot,
    process::{Load, Server, directory},
    report::{Point, Report, median},
    rounds::start,
};

const PORT: u16 = 5620;
const ACCOUNTS: [u64; 3] = [1_000, 100_000, 1_000_000];
const SESSIONS: [u32; 4] = [1, 10, 100, 1_000];
const IDLE: [usize; 3] = [10, 1_000, 10_000];
const NODES: [u16; 3] = [1, 2, 4];

pub async fn all(options: &Options, report: &mut Report) -> Result<()> {
    let accounts = if options.quick {
        &ACCOUNTS[..1]
    } else {
        &ACCOUNTS
    };
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template(
        "{spinner} {elapsed_precise} {msg}",
    )?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut kinds = vec![None];
    kinds.extend(options.postgres.as_deref().map(Some));
    for server in kinds {
        for &count in accounts {
            bar.set_message(format!("{count} accounts are made"));
            let databases = match server {
                None => Databases::sqlite(count)?,
                Some(server) => Databases::postgres(server, count).await?,
            };
            with_accounts(options, &databases, count, &bar, report).await?;
            if count == ACCOUNTS[0] {
                with_sessions(options, &databases, &bar, report).await?;
                with_connections(options, &databases, &bar, report).await?;
                if server.is_some() {
                    with_nodes(options, &databases, &bar, report).await?;
                }
            }
            databases.remove(&["grown"]).await?;
        }
    }
    bar.finish_and_clear();
    let file = directory().join("growth.svg");
    fs::write(&file, plot::svg(&report.growth)?)?;
    eprintln!("the curves are drawn in {}", file.display());
    Ok(())
}

async fn measured(
    options: &Options,
    ports: &[u16],
    kind: &Kind,
    connections: usize,
) -> Result<Vec<Measured>> {
    let loads = ports.iter().map(|port| {
        Load::begin(&Order {
            port: *port,
            kind: kind.clone(),
            connections,
            rate: None,
            seconds: options.seconds,
        })
    });
    let mut all = Vec::new();
    for load in loads.collect::<Result<Vec<_>>>()? {
        let one = load.end().await?;
        if let Some(what) = &one.first_error {
            return Err(format!("{} answers were wrong: {what}", one.errors).into());
        }
        all.push(one);
    }
    Ok(all)
}

/// Microseconds of the server's processor time for a request, and requests a second; medians.
async fn cost(options: &Options, server: &Server, kind: &Kind) -> Result<(f64, f64)> {
    let (mut costs, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let cpu = server.cpu()?;
        let one = &measured(options, &[server.port], kind, 32).await?[0];
        costs.push((server.cpu()? - cpu) * 1e6 / one.requests.max(1) as f64);
        rates.push(one.per_second);
    }
    Ok((median(costs.into_iter()), median(rates.into_iter())))
}

fn note(
    report: &mut Report,
    database: &Databases,
    curve: &'static str,
    what: &str,
    at: f64,
    figures: &[(f64, &'static str)],
) {
    for (figure, unit) in figures {
        report.growth.push(Point {
            database: database.kind(),
            curve,
            what: what.to_string(),
            at,
            figure: *figure,
            unit,
        });
    }
}

async fn with_accounts(
    options: &Options,
    databases: &Databases,
    count: u64,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<()> {
    let url = databases.copy("grown").await?;
    for name in ["in memory", "asks the database"] {
        bar.set_message(format!("{count} accounts, {name}"));
        let server = start(options, name, &url, PORT).await?;
        let logins = Logins::on(&server, count).await?;
        let (cpu, rate) = cost(options, &server, &logins.current_user()).await?;
        let what = format!("current user, {name}");
        note(
            report,
            databases,
            "accounts",
            &what,
            count as f64,
            &[(cpu, "us of CPU"), (rate, "/s")],
        );
        if name == "in memory" {
            let (_, rate) = cost(options, &server, &logins.log_in()).await?;
            note(
                report,
                databases,
                "accounts",
                "password login",
                count as f64,
                &[(rate, "/s")],
            );
            note(
                report,
                databases,
                "accounts",
                "memory",
                count as f64,
                &[(server.memory()?, "MiB")],
            );
        }
    }
    Ok(())
}

/// All of them of one account.
async fn with_sessions(
    options: &Options,
    databases: &Databases,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<()> {
    let url = databases.copy("grown").await?;
    let server = start(options, "asks the database", &url, PORT).await?;
    let log_in = Kind::LogIn(vec![crate::data::username(0)]);
    let mut had = 0;
    let counts = if options.quick {
        &SESSIONS[..2]
    } else {
        &SESSIONS
    };
    for &count in counts {
        bar.set_message(format!("{count} sessions of one account"));
        let mut sender = connect(server.port).await?;
        while had < count {
            send(&mut sender, log_in.request(0, 0)?).await?;
            had += 1;
        }
        let logins = Logins::on(&server, 1).await?;
        had += 1;
        let (cpu, rate) = cost(options, &server, &logins.current_user()).await?;
        let what = "current user, asks the database";
        note(
            report,
            databases,
            "sessions of one account",
            what,
            f64::from(count),
            &[(cpu, "us of CPU"), (rate, "/s")],
        );
    }
    Ok(())
}

/// Connections that were used once and rest, and what somebody else notices of them.
async fn with_connections(
    options: &Options,
    databases: &Databases,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<()> {
    let counts = if options.quick { &IDLE[..2] } else { &IDLE };
    for &count in counts {
        bar.set_message(format!("{count} connections that rest"));
        let url = databases.copy("grown").await?;
        let mut variables = options.variables();
        // The longest that may be set: all of them are there until the end, some four seconds later.
        variables.push(("HEADER_TIMEOUT", "10000"));
        let server = Server::rollcall("in memory", &url, PORT, &variables).await?;
        let logins = Logins::on(&server, 64).await?;
        let mut resting = Vec::with_capacity(count);
        for nth in 0..count {
            let stream = TcpStream::connect(("127.0.0.1", server.port)).await?;
            // Each has asked once: what a connection keeps is there.
            stream.writable().await?;
            stream.try_write(b"GET /_ping HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
            resting.push(stream);
            if nth % 500 == 499 {
                sleep(Duration::from_millis(20)).await;
            }
        }
        sleep(Duration::from_millis(500)).await;
        let order = Order {
            port: server.port,
            kind: logins.current_user(),
            connections: 4,
            rate: Some(500.0),
            seconds: 3.0,
        };
        let one = Load::begin(&order)?.end().await?;
        let memory = server.memory()?;
        let gone = resting.iter().filter(|stream| is_closed(stream)).count();
        if gone > 0 {
            return Err(format!("{gone} of {count} connections were closed").into());
        }
        note(
            report,
            databases,
            "connections that rest",
            "memory",
            count as f64,
            &[(memory, "MiB")],
        );
        note(
            report,
            databases,
            "connections that rest",
            "p99 of others at 500/s",
            count as f64,
            &[(one.p99, "ms")],
        );
        drop(resting);
    }
    Ok(())
}

/// Behind its answer nothing more has come, not even the end.
fn is_closed(stream: &TcpStream) -> bool {
    let mut answer = [0; 4096];
    loop {
        match stream.try_read(&mut answer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(err) => return err.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

/// Several processes on one PostgreSQL; all share the machine with it and with what asks.
async fn with_nodes(
    options: &Options,
    databases: &Databases,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<()> {
    let url = databases.copy("grown").await?;
    for &count in &NODES {
        bar.set_message(format!("{count} nodes"));
        let mut nodes = Vec::new();
        for nth in 0..count {
            nodes.push(start(options, "in memory", &url, PORT + nth).await?);
        }
        let logins = Logins::on(&nodes[0], 64).await?;
        let ports: Vec<u16> = nodes.iter().map(|node| node.port).collect();
        for (what, kind) in [
            ("current user, in memory", logins.current_user()),
            ("PATCH", Kind::Patch(logins.access_tokens.clone())),
        ] {
            let each = 32 / usize::from(count);
            let mut rates = Vec::new();
            for _ in 0..options.rounds {
                let all = measured(options, &ports, &kind, each).await?;
                rates.push(all.iter().map(|one| one.per_second).sum());
            }
            note(
                report,
                databases,
                "nodes",
                what,
                f64::from(count),
                &[(median(rates.into_iter()), "/s of all")],
            );
        }
    }
    Ok(())
}
