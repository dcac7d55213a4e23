//! The command line: the framework's, and before it what we do differently.

use std::process::ExitCode;

use loco_rs::cli;
use migration::Migrator;
use rollcall::app::App;

mod arguments;
mod doctor;
/// In release builds the framework has no generators either.
#[cfg(debug_assertions)]
mod generators;

/// Steadier under load than the C library's, which keeps what the hash threads once took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // With them a process that rests has 51 MiB, without 31; hashes are 3 % slower without.
    #[cfg(target_os = "linux")]
    if let Err(err) = rustix::thread::disable_transparent_huge_pages(true) {
        eprintln!("memory comes in huge pages: {err}");
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run() -> loco_rs::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(command) = doctor::asked_for(&arguments) {
        return command.run().await;
    }
    #[cfg(debug_assertions)]
    if let Some(resource) = generators::resource::asked_for(&arguments)? {
        return resource.generate(&arguments);
    }
    #[cfg(debug_assertions)]
    let entities = generators::entities::asked_for(&arguments)?;
    cli::main::<App, Migrator>().await?;
    #[cfg(debug_assertions)]
    if let Some(entities) = entities {
        entities.normalise().await?;
    }
    Ok(())
}
