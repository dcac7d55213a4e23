//! The binary, as somebody at a shell runs it.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use uuid::Uuid;

/// Far more than any run takes: beyond it the process hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Run the binary with nothing in its environment but these variables.
pub fn rollcall(args: &[&str], variables: &[(&str, &str)], stdin: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall-cli"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    // It may end without reading its input.
    let _ = child
        .stdin
        .take()
        .expect("stdin")
        .write_all(stdin.as_bytes());
    let stdout = read(child.stdout.take().expect("stdout"));
    let stderr = read(child.stderr.take().expect("stderr"));
    let Ok(stderr) = stderr.recv_timeout(DEADLINE) else {
        child.kill().expect("to stop it");
        panic!("still running after {DEADLINE:?}: {args:?}");
    };
    Run {
        code: child.wait().expect("an end").code(),
        stdout: stdout.recv().expect("stdout"),
        stderr,
    }
}

/// The same, while other things go on.
pub async fn rollcall_beside(
    arguments: &'static [&'static str],
    variables: &[(&str, &str)],
) -> Run {
    let owned = |(name, value): &(&str, &str)| ((*name).to_string(), (*value).to_string());
    let variables: Vec<(String, String)> = variables.iter().map(owned).collect();
    let run = tokio::task::spawn_blocking(move || {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        rollcall(arguments, &variables.collect::<Vec<_>>(), "")
    });
    run.await.expect("to wait")
}

/// All of it, once the process has closed it.
fn read(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (done, received) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).expect("UTF-8");
        let _ = done.send(text);
    });
    received
}

/// A directory for one test, removed with its database at the end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("rollcall-{}", Uuid::now_v7()));
        std::fs::create_dir(&directory).expect("a directory");
        Self(directory)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A SQLite file in it.
    pub fn database(&self) -> String {
        format!("sqlite://{}/test.sqlite?mode=rwc", self.0.display())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
