use std::process::ExitCode;

use loco_rs::cli;
use migration::Migrator;
use rollcall::app::App;

/// In release builds the framework has no generators either.
#[cfg(debug_assertions)]
mod generators;

/// Steadier under load than the C library's, which keeps what the hash threads once took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(debug_assertions)]
async fn run() -> loco_rs::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(resource) = generators::resource::asked_for(&arguments)? {
        return resource.generate(&arguments);
    }
    let entities = generators::entities::asked_for(&arguments)?;
    cli::main::<App, Migrator>().await?;
    if let Some(entities) = entities {
        entities.normalise().await?;
    }
    Ok(())
}

#[cfg(not(debug_assertions))]
async fn run() -> loco_rs::Result<()> {
    cli::main::<App, Migrator>().await
}
