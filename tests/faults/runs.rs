//! How often, what with, and what is told of a run.

use std::{io::Write, time::Duration};

use crate::support::process::{Run, rollcall};

/// Registered with it, as far as a test has no reason for another one.
pub const PASSWORD: &str = "correct horse battery";

/// Many callers come from one address here; limits for one client have their own tests.
pub const UNLIMITED: [(&str, &str); 4] = [
    ("RATE_LIMIT_ENABLED", "false"),
    ("THROTTLE_ENABLED", "false"),
    ("MAILER_SPREAD", "0"),
    ("LOG_LEVEL", "warn"),
];

/// So often, times what the variable says.
pub fn loops(few: usize) -> usize {
    few * factor()
}

/// How much more is done than in a quick run.
pub fn factor() -> usize {
    variable("ROLLCALL_FAULTS").map_or(1, |n| n.parse().expect("a number"))
}

/// Something that this machine does not have.
pub fn skip(test: &str, needs: &str) {
    say(&format!("SKIPPED {test}: needs {needs}"));
    let required = variable("ROLLCALL_FAULTS_REQUIRE").is_some_and(|value| value == "1");
    assert!(!required, "{test} needs {needs}");
}

/// Something that is a fault of the other database only: no failure, as that has a run of its own.
pub fn elsewhere(test: &str, database: &str) {
    say(&format!("SKIPPED {test}: needs {database} as DATABASE_URL"));
}

/// To the real stderr: what `eprintln!` writes in a test that passes is not shown.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn variable(name: &str) -> Option<String> {
    let found = std::env::vars().find(|(known, _)| known == name);
    found.map(|(_, value)| value)
}

/// A different one in each run, so that faults come somewhere else each time.
pub fn random(below: Duration) -> Duration {
    let [a, b, ..] = uuid::Uuid::new_v4().into_bytes();
    below.mul_f64(f64::from(u16::from_le_bytes([a, b])) / f64::from(u16::MAX))
}

/// The time that all but one of a hundred took at most.
pub fn p99(times: &mut [Duration]) -> Duration {
    assert!(!times.is_empty(), "nothing was measured");
    times.sort_unstable();
    times[(times.len() * 99).div_ceil(100) - 1]
}

/// Run a task of the binary on this database.
pub async fn task(database: &str, name: &str) -> Run {
    let (database, name) = (database.to_string(), name.to_string());
    let run = tokio::task::spawn_blocking(move || {
        let arguments = ["task", &name, "json:true"];
        rollcall(&arguments, &[("DATABASE_URL", &database)], "")
    });
    run.await.expect("an end")
}

/// One test at a time: times are measured, and a machine has few cores.
pub async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ONE.lock().await
}
