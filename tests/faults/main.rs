//! What can go wrong, done to the real binary. `ROLLCALL_FAULTS` (1) says how often.

#![expect(
    clippy::disallowed_methods,
    reason = "a test waits for every task that it spawns"
)]

#[path = "../support"]
#[allow(dead_code, reason = "the other tests use more of it")]
mod support {
    pub mod process;
    pub mod server;
    pub mod waiting;
}

mod killed;
mod memory;
mod rows;
mod timing;

/// Good for every environment's policy.
const PASSWORD: &str = "correct horse battery";

/// How much more is done than in a quick run.
fn factor() -> usize {
    let factor = std::env::var_os("ROLLCALL_FAULTS");
    let factor = factor.map(|factor| factor.to_string_lossy().parse());
    factor.map_or(1, |factor| factor.expect("ROLLCALL_FAULTS is a number"))
}
