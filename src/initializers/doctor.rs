//! What `cargo loco doctor` looks at besides the framework's own: would this installation do its work?

use std::{
    io::Read,
    net::{Ipv4Addr, TcpStream, ToSocketAddrs},
    path::Path,
    time::Duration,
};

use async_trait::async_trait;
use loco_rs::{
    Result,
    app::{AppContext, Hooks, Initializer},
    config::{MailerTls, WorkerMode},
    doctor::{self, Check, CheckStatus},
    environment::Environment,
};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::{
    models::{
        audit_events::sealing,
        database::{probe, schema},
        outbox_mails,
    },
    runtime::Runtime,
    settings,
};

/// A mail server gets so long to say who it is (RFC 5321, section 4.5.3.2.1, would give it minutes).
const GREETING: Duration = Duration::from_secs(5);

/// Clocks that are further apart make tokens of the future: refused by the other node.
const CLOCKS_APART: i64 = 2;

/// Bytes below which a disk is about to be full.
const LITTLE_ROOM: u64 = 1 << 30;
const NO_ROOM: u64 = 100 << 20;

/// One thing that is looked at.
pub enum Subject {
    Writes,
    Schema,
    Secret,
    Mailer,
    Outbox,
    Clock,
    Disk,
}

/// All of them, for `Hooks::initializers`.
pub fn subjects() -> Vec<Box<dyn Initializer>> {
    let all = [
        Subject::Writes,
        Subject::Schema,
        Subject::Secret,
        Subject::Mailer,
        Subject::Outbox,
        Subject::Clock,
        Subject::Disk,
    ];
    all.into_iter()
        .map(|subject| Box::new(subject) as Box<dyn Initializer>)
        .collect()
}

#[async_trait]
impl Initializer for Subject {
    fn name(&self) -> String {
        match self {
            Self::Writes => "writes",
            Self::Schema => "schema",
            Self::Secret => "secret",
            Self::Mailer => "mailer",
            Self::Outbox => "outbox",
            Self::Clock => "clock",
            Self::Disk => "disk",
        }
        .to_string()
    }

    async fn check(&self, ctx: &AppContext) -> Result<Option<Check>> {
        let rollcall = Runtime::of(ctx)?;
        let schema = schema(&rollcall, ctx.config.database.auto_migrate).await;
        // Without tables there is nothing more to see.
        let needs_tables = matches!(self, Self::Writes | Self::Outbox | Self::Clock);
        if needs_tables && schema.status != CheckStatus::Ok {
            return Ok(None);
        }
        Ok(Some(match self {
            Self::Writes => writes(&rollcall).await,
            Self::Schema => schema,
            Self::Secret => secret(ctx),
            Self::Mailer => mailer(ctx).await,
            Self::Outbox => outbox(&rollcall).await,
            Self::Clock => clock(&rollcall).await,
            Self::Disk => disk(&rollcall).await,
        }))
    }
}

fn said(status: CheckStatus, message: impl Into<String>) -> Check {
    Check {
        status,
        message: message.into(),
        description: None,
    }
}

fn good(message: impl Into<String>) -> Check {
    said(CheckStatus::Ok, message)
}

fn bad(message: impl Into<String>) -> Check {
    said(CheckStatus::NotOk, message)
}

/// Works, and is not what it should be in earnest.
fn doubtful(message: impl Into<String>) -> Check {
    said(CheckStatus::NotConfigure, message)
}

async fn writes(rollcall: &Runtime) -> Check {
    match rollcall.check_ready().await {
        Ok(()) => good("the database takes writes"),
        Err(err) => bad(format!("a write was tried, and failed: {err}")),
    }
}

async fn schema(rollcall: &Runtime, is_migrated_at_the_start: bool) -> Check {
    match schema::pending(&rollcall.db, "the database").await {
        Ok(0) => good("the tables are those of this version"),
        Ok(pending) if is_migrated_at_the_start => doubtful(format!(
            "{pending} migrations are pending: the next start does them"
        )),
        Ok(pending) => bad(format!(
            "{pending} migrations are pending: run `db migrate` before the next start"
        )),
        Err(err) => bad(err.to_string()),
    }
}

fn secret(ctx: &AppContext) -> Check {
    if settings::has_shipped_secret(&ctx.config) {
        return doubtful("the secret of the repository: good on this machine, and nowhere else");
    }
    let bytes = settings::secret_bytes(&ctx.config).map_or(0, |secret| secret.len());
    good(format!("one of your own, {bytes} bytes"))
}

async fn mailer(ctx: &AppContext) -> Check {
    let mailer = ctx.config.mailer.as_ref();
    let server = mailer.and_then(|mailer| mailer.smtp.as_ref());
    let Some(smtp) = server.filter(|smtp| smtp.enable && !smtp.host.is_empty()) else {
        return match ctx.environment {
            Environment::Production => {
                bad("mails wait in the outbox: there is no mail server (MAILER_HOST)")
            }
            _ => doubtful("no mail server (MAILER_HOST): mails are shown at /_dev/mails"),
        };
    };
    let place = format!("{}:{}", smtp.host, smtp.port);
    // Otherwise nothing is said before TLS is spoken.
    let speaks_first = smtp.tls_mode() != MailerTls::Implicit;
    let asked = place.clone();
    let greeting = spawn_blocking(move || greeting(&asked, speaks_first)).await;
    match greeting {
        Ok(Ok(())) => good(format!(
            "{place} answers; whether it takes our mails shows the outbox"
        )),
        Ok(Err(err)) => bad(format!("{place} does not answer: {err}")),
        Err(err) => bad(format!("{place} could not be asked: {err}")),
    }
}

fn greeting(place: &str, speaks_first: bool) -> std::io::Result<()> {
    let nobody = || std::io::Error::other("the name has no address");
    let address = place.to_socket_addrs()?.next().ok_or_else(nobody)?;
    let mut server = TcpStream::connect_timeout(&address, GREETING)?;
    if !speaks_first {
        return Ok(());
    }
    server.set_read_timeout(Some(GREETING))?;
    let mut code = [0; 3];
    server.read_exact(&mut code)?;
    if code == *b"220" {
        return Ok(());
    }
    Err(std::io::Error::other(
        "it is not a mail server that is ready",
    ))
}

async fn outbox(rollcall: &Runtime) -> Check {
    match outbox_mails::upkeep::depth(&rollcall.db).await {
        Ok((waiting, 0, _)) => good(format!("{waiting} mails wait, none was given up")),
        Ok((_, dead, _)) => doubtful(format!(
            "{dead} mails were given up: `cargo loco task outbox:list` says why"
        )),
        Err(err) => bad(err.to_string()),
    }
}

async fn clock(rollcall: &Runtime) -> Check {
    let now = rollcall.clock.now();
    let there = match probe::time(&rollcall.db).await {
        Ok(there) => there,
        Err(err) => return bad(err.to_string()),
    };
    let apart = (there - now).num_seconds();
    if apart.abs() > CLOCKS_APART {
        return bad(format!(
            "the database's clock is {apart} seconds ahead of this machine's: tokens of one node are of the \
             future for another"
        ));
    }
    match sealing::newest(&rollcall.db).await {
        Ok(Some(newest)) if newest > now + chrono::Duration::seconds(CLOCKS_APART) => bad(format!(
            "the newest event of the trail, at {newest}, has not happened yet: the clock was set back"
        )),
        Ok(_) => good("this machine's is that of the database, and goes on from the newest event"),
        Err(err) => bad(err.to_string()),
    }
}

async fn disk(rollcall: &Runtime) -> Check {
    let Some(file) = probe::file(&rollcall.db) else {
        return good("the database's is not to be seen from here; a write was tried");
    };
    let free = spawn_blocking(move || free(&file)).await;
    let free = match free {
        Ok(Ok(free)) => free,
        Ok(Err(err)) => return bad(format!("the disk of the database can't be asked: {err}")),
        Err(err) => return bad(format!("the disk of the database can't be asked: {err}")),
    };
    let message = format!("{} MiB are free beside the database", free >> 20);
    match free {
        ..NO_ROOM => bad(message),
        NO_ROOM..LITTLE_ROOM => doubtful(message),
        LITTLE_ROOM.. => good(message),
    }
}

fn free(file: &Path) -> std::io::Result<u64> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let disk = rustix::fs::statvfs(folder.unwrap_or(Path::new(".")))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Print what was found, for people or as JSON; is everything as it must be?
///
/// The framework's `run_all` is not asked: it looks for newer versions of itself, over the network, and takes a
/// PostgreSQL without tables for one without rights.
pub async fn report<H: Hooks>(ctx: &AppContext, as_json: bool) -> Result<bool> {
    let mut checks = Vec::new();
    for subject in H::initializers(ctx).await? {
        if let Some(mut check) = subject.check(ctx).await? {
            check.message = format!("{}: {}", subject.name(), check.message);
            checks.push(check);
        }
    }
    if ctx.config.workers.mode == WorkerMode::BackgroundQueue {
        checks.push(doctor::check_queue(&ctx.config).await);
    }
    if ctx.environment == Environment::Production {
        let mut config = ctx.config.clone();
        // For the framework nobody reaches such an address; a proxy of this machine does, and nobody else should.
        let rollcall = Runtime::of(ctx)?;
        let proxies = &rollcall.settings.trusted_proxies.0;
        if proxies.iter().any(|network| network.addr().is_loopback()) {
            config.server.binding = Ipv4Addr::UNSPECIFIED.to_string();
        }
        checks.push(doctor::check_production_safety(&config));
    } else if !doctor::check_seaorm_cli().is_ok_and(|tool| tool.valid()) {
        checks.push(doubtful(
            "generators need sea-orm-cli: cargo install sea-orm-cli --locked --version 2.0.4",
        ));
    }
    let is_sound = checks.iter().all(Check::valid);
    if as_json {
        let found = checks.iter().map(|check| {
            let status = match check.status {
                CheckStatus::Ok => "ok",
                CheckStatus::NotConfigure => "doubtful",
                CheckStatus::NotOk => "failed",
            };
            json!({"status": status, "message": check.message, "description": check.description})
        });
        let found: Vec<_> = found.collect();
        println!("{}", json!({"sound": is_sound, "checks": found}));
    } else {
        for check in &checks {
            println!("{check}");
        }
    }
    Ok(is_sound)
}
