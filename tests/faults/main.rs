//! What happens when machines, networks and clients fail: the binary, as processes.
//!
//! `cargo test --test faults`, on the database that `DATABASE_URL` names. `ROLLCALL_FAULTS` multiplies
//! the loops. What a test needs and does not find here it says on stderr; with
//! `ROLLCALL_FAULTS_REQUIRE=1` that is a failure.

#![expect(
    clippy::disallowed_methods,
    reason = "a test waits for every task that it spawns"
)]

mod backends;
mod caller;
mod connections;
mod disk;
mod full_disk;
mod killed;
mod life;
mod migrating;
mod outages;
mod overload;
mod proxy;
mod runs;
mod service;
mod slow;
mod stopped;
mod timing;
mod trail;
mod two_processes;

/// Of the other tests: what starts processes.
#[expect(dead_code, reason = "the other tests use more of it")]
#[path = "../support"]
mod support {
    pub mod process;
    pub mod server;
    pub mod smtp;
    pub mod waiting;
}
