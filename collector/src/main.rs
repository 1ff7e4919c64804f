//! The binary `sayso`.

use std::process::ExitCode;

use clap::Parser;
use sayso::cli::Cli;

/// Each submission makes a few hundred small allocations; the system's allocator would take a tenth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(Cli::parse().run()));
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sayso: {error:#}");
            ExitCode::FAILURE
        }
    }
}
