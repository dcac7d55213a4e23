//! The binary as a server: a process that can be killed.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use loco_rs::{
    app::Hooks,
    environment::Environment,
    testing::prelude::{TestSupport, init_test_db_creation},
};
use reqwest::{Client, RequestBuilder};
use rollcall::app::App;
use serde_json::Value;

use super::waiting::{LONG, until};

/// A database for processes, on the server that the tests run on, and a directory for their logs.
pub struct Ground {
    database: Option<Box<dyn TestSupport>>,
    directory: PathBuf,
}

impl Ground {
    pub async fn new() -> Self {
        let config = App::load_config(&Environment::Test).await;
        let uri = config.expect("the test configuration").database.uri;
        let database = init_test_db_creation(&uri).expect("a test database");
        database.init_db().await;
        let directory = std::env::temp_dir().join(format!("rollcall-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&directory).expect("a directory");
        Self {
            database: Some(database),
            directory,
        }
    }

    pub fn database(&self) -> String {
        let database = self.database.as_ref().expect("a database");
        database.get_connection_str().to_string()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What all processes have written.
    pub fn log(&self) -> String {
        let logs = std::fs::read_dir(&self.directory).expect("the logs");
        logs.map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|end| end == "log"))
            .map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("a log")).into_owned())
            .collect()
    }

    /// Start a server with these variables and nothing else in its environment.
    pub async fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        let mut server = self.spawn(arguments, variables);
        server.is_ready_within(LONG * 2).await;
        server
    }

    /// As [`Ground::start`], without waiting for anything.
    pub fn spawn(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        let port = free_port();
        let log = self.file(&format!("{port}-{}.log", uuid::Uuid::now_v7()));
        let log = File::create(log).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_rollcall-cli"))
            .args(["start", "--no-banner"])
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("DATABASE_URL", self.database())
            .env("PORT", port.to_string())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("a process");
        Server {
            child,
            base: format!("http://127.0.0.1:{port}"),
            http: Client::new(),
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let database = self.database.take();
        // Its end waits for a runtime, which must not be this thread's.
        let dropped = std::thread::spawn(move || drop(database)).join();
        let _ = std::fs::remove_dir_all(&self.directory);
        assert!(
            dropped.is_ok() || std::thread::panicking(),
            "the database stays"
        );
    }
}

/// A running server, killed at the end.
pub struct Server {
    child: Child,
    base: String,
    http: Client,
}

impl Server {
    /// A process that ends before it is ready will never be.
    pub async fn is_ready_within(&mut self, time: Duration) -> Duration {
        until(time, || {
            let end = self.child.try_wait().expect("its state");
            assert!(end.is_none(), "it has ended: {end:?}");
            let ready = self.http.get(format!("{}/_readiness", self.base)).send();
            async { ready.await.is_ok_and(|answer| answer.status() == 200) }
        })
        .await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.base));
        answer(request.json(&body)).await
    }

    pub async fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.base));
        answer(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// Without a body, with these tokens; the status.
    pub async fn post_as(&self, tokens: &Value, path: &str) -> u16 {
        let token = tokens["access_token"].as_str().expect("a token");
        let request = self.http.post(format!("{}{path}", self.base));
        answer(request.bearer_auth(token)).await.0
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn port(&self) -> u16 {
        let port = self.base.rsplit(':').next().expect("a port");
        port.parse().expect("a number")
    }

    /// Tell it something: `TERM`, `INT`, `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(sent.expect("to send it").success());
    }

    /// The code that it ends with by itself.
    pub async fn end_within(&mut self, time: Duration) -> Option<i32> {
        let started = Instant::now();
        loop {
            if let Some(end) = self.child.try_wait().expect("its state") {
                return end.code();
            }
            assert!(started.elapsed() < time, "still running after {time:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// Not one of those that the system gives to whoever asks for any (Linux: 32768 and above): by the time
/// that a process listens, another test's connection could have it. Nor one that was given before.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Two runs side by side begin elsewhere.
    let first = std::process::id() % 200 * 100;
    let nth = || first + u32::from(GIVEN.fetch_add(1, Ordering::Relaxed));
    std::iter::repeat_with(|| 10_000 + u16::try_from(nth() % 20_000).expect("a port"))
        .take(1_000)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free port")
}
