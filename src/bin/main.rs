use std::process::ExitCode;

use loco_rs::cli;
use migration::Migrator;
use rollcall::app::App;

/// Steadier under load than the C library's, which keeps what the hash threads once took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::main::<App, Migrator>().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err}");
            ExitCode::FAILURE
        }
    }
}
