//! Servers as processes, and what they cost.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use tokio::{net::TcpStream, time::sleep};

use crate::{
    Result,
    load::{CLIENT, Measured, Order},
};

/// Ticks of the kernel's clock in a second, as it tells them to processes.
const TICKS: f64 = 100.0;

/// Of this run alone, and of all servers in it: a token of one is good for the other's check.
pub fn secret() -> String {
    BASE64.encode("the secret of a benchmark, which protects nothing at all")
}

/// Where databases and logs lie.
pub fn directory() -> PathBuf {
    PathBuf::from("target/bench")
}

/// The command line of the service, built before.
fn rollcall() -> Result<Command> {
    let here = std::env::current_exe()?;
    let built = here
        .parent()
        .and_then(Path::parent)
        .ok_or("no target directory")?;
    let mut command = Command::new(built.join("rollcall-cli"));
    command.env_clear().env("LOCO_ENV", "production");
    Ok(command)
}

/// What the service is told, besides its database and port. Guessing and flooding are what a benchmark
/// does, so their limits are off; everything else is as in production.
fn environment(url: &str) -> Vec<(String, String)> {
    let (client_id, client_secret) = CLIENT;
    [
        ("DATABASE_URL", url),
        ("HOST", "https://users.example.com"),
        ("JWT_SECRET_KEY", &secret()),
        ("JWT_EXPIRATION", "3600"),
        ("BINDING", "127.0.0.1"),
        ("RATE_LIMIT_ENABLED", "false"),
        ("THROTTLE_ENABLED", "false"),
        ("OAUTH_CLIENT_ID", client_id),
        ("OAUTH_CLIENT_SECRET", client_secret),
    ]
    .map(|(name, value)| (name.to_string(), value.to_string()))
    .into()
}

/// A command of the service that ends, with its words where it fails.
pub fn run(url: &str, arguments: &[&str]) -> Result<()> {
    let output = rollcall()?
        .envs(environment(url))
        .args(arguments)
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {words}", arguments.join(" ")).into())
}

pub struct Server {
    child: Child,
    pub name: &'static str,
    pub port: u16,
    pub log: PathBuf,
    /// From the start of the process to its first answer.
    pub started_in: Duration,
}

impl Server {
    pub async fn rollcall(
        name: &'static str,
        url: &str,
        port: u16,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let mut command = rollcall()?;
        command
            .args(["start", "--no-banner"])
            .envs(environment(url))
            .env("PORT", port.to_string())
            .envs(variables.iter().copied());
        Self::start(name, command, port).await
    }

    pub async fn limit(url: &str, port: u16) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["limit", url, &port.to_string()]).env_clear();
        Self::start("limit", command, port).await
    }

    async fn start(name: &'static str, mut command: Command, port: u16) -> Result<Self> {
        let log = directory().join(format!("{name}-{port}.log").replace(' ', "-"));
        let out = File::create(&log)?;
        let begun = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()?;
        let mut server = Self {
            child,
            name,
            port,
            log,
            started_in: Duration::ZERO,
        };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = server.child.try_wait()? {
                let words = fs::read_to_string(&server.log)?;
                return Err(format!("{name} ended with {status}: {words}").into());
            }
            sleep(Duration::from_micros(500)).await;
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Seconds of processor time so far, of all its threads.
    pub fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .ok_or("no VmRSS")?
            .trim()
            .trim_end_matches(" kB")
            .parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Send requests from a process of its own.
pub struct Load(Child);

impl Load {
    pub fn begin(order: &Order) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().ok_or("no standard input")?;
        input.write_all(serde_json::to_string(order)?.as_bytes())?;
        Ok(Self(child))
    }

    pub async fn end(self) -> Result<Measured> {
        let output = tokio::task::spawn_blocking(move || self.0.wait_with_output()).await??;
        let measured: Measured = serde_json::from_slice(&output.stdout)
            .map_err(|err| format!("the load ended with {}: {err}", output.status))?;
        Ok(measured)
    }
}
