//! `cargo xtask dist`: the one file that a company puts on its server.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::Signal;
use sha2::{Digest as _, Sha256};

use crate::dependencies;
use crate::environment;
use crate::process::{Group, OnInterrupt};
use crate::step::Step;
use crate::widget;
use crate::widget::fingerprint::hex;

/// What the binary may weigh.
const BUDGET: u64 = 40_000_000;

/// How long it may take until it serves, on a machine that has other things to do.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Builds the widget and the collector as released, sees that the binary works, and copies it to `target/dist/sayso`.
pub fn dist() -> anyhow::Result<()> {
    widget::build_within_budget()?;
    let step = Step::start("compile the release binary");
    step.run(&mut environment::build_released_collector())?;
    step.finish("");

    let built = environment::released_collector_program();
    try_out(&built)?;
    let folder = environment::workspace().join("target/dist");
    fs::create_dir_all(&folder)?;
    let binary = folder.join("sayso");
    // Written beside and moved: a running server keeps its old file.
    let fresh = folder.join("sayso.new");
    fs::copy(&built, &fresh).with_context(|| format!("cannot copy {}", built.display()))?;
    fs::rename(&fresh, &binary)?;
    let bytes = fs::metadata(&binary)?.len();
    println!("\n{}: {} of {} allowed", binary.display(), megabytes(bytes), megabytes(BUDGET));
    ensure!(bytes <= BUDGET, "the binary is over its budget");
    let sum = format!("{}  sayso\n", hex(&Sha256::digest(fs::read(&binary)?)));
    fs::write(folder.join("sayso.sha256"), &sum)?;
    println!("SHA-256, the same wherever these sources are built with this compiler: {}", sum.trim_end());
    let bill = folder.join("sayso.cdx.json");
    fs::write(&bill, serde_json::to_string_pretty(&dependencies::bill_of_materials()?)?)?;
    println!("{}: what is in it (CycloneDX)", bill.display());
    Ok(())
}

/// Sees that a build of the collector says who it is, starts on an empty folder, and serves the widget that has just been built. The tests do
/// this with their own build, which needs nothing more compiled and finds most of what would keep a release from working.
pub fn try_out(program: &Path) -> anyhow::Result<()> {
    let step = Step::start("try the binary");
    let version = answer(program, "--version")?;
    let expected = concat!("sayso ", env!("CARGO_PKG_VERSION"));
    ensure!(version.trim() == expected, "it should be `{expected}`, and says: {version}");
    let help = answer(program, "--help")?;
    ensure!(help.contains("serve") && help.contains("doctor"), "its help names no commands: {help}");
    let loader = widget::output_dir().join("sayso.js");
    let loader = fs::read(&loader).with_context(|| format!("cannot read {}", loader.display()))?;
    let served = serve_loader(program)?;
    ensure!(served.ends_with(&loader), "it serves another loader: {}", String::from_utf8_lossy(&served));
    step.finish(version.trim());
    Ok(())
}

/// What it prints for an option.
fn answer(program: &Path, option: &str) -> anyhow::Result<String> {
    let output = Command::new(program).arg(option).output().with_context(|| format!("{} runs", program.display()))?;
    ensure!(output.status.success(), "{option}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts it as somebody does who has just put it on a server, and asks for the widget's loader.
fn serve_loader(program: &Path) -> anyhow::Result<Vec<u8>> {
    let data = tempfile::tempdir()?;
    let address = format!("127.0.0.1:{}", environment::free_port()?);
    let mut command = Command::new(program);
    command.args(["serve", "--listen", &address, "--data"]).arg(data.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?;
    let started = Instant::now();
    let mut connection = loop {
        match TcpStream::connect(&address) {
            Ok(connection) => break connection,
            Err(_) if started.elapsed() < START_DEADLINE => {}
            Err(error) => return Err(error).context("it does not serve"),
        }
        if let Some(status) = server.try_wait()? {
            bail!("it ended with {status} instead of serving");
        }
        thread::sleep(Duration::from_millis(50));
    };
    connection
        .write_all(format!("GET /sayso.js HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer)
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_work_is_not_released() {
        for (program, complaint) in [("/bin/false", "--version"), ("/bin/true", "it should be `sayso ")] {
            let error = try_out(Path::new(program)).expect_err("that is no collector");
            assert!(error.to_string().contains(complaint), "{error}");
        }
        let error = serve_loader(Path::new("/bin/false")).expect_err("it serves nothing");
        assert!(error.to_string().contains("instead of serving"), "{error}");
    }
}
