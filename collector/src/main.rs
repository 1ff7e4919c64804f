//! The binary `sayso`.

use std::process::ExitCode;

use clap::Parser;
use rustix::thread::disable_transparent_huge_pages;
use sayso::cli::Cli;

/// Each submission makes a few hundred small allocations; the system's allocator would take a tenth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for huge pages, and gets 30 MiB of them for the 12 that a collector at rest uses. Without prctl it does without this.
    let _ = disable_transparent_huge_pages(true);
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
