//! `cargo xtask test fuzz`: libFuzzer against everything that takes bytes of strangers, each target for a bounded time.
//!
//! libFuzzer is guided by what a compiled program tells of its branches. The flags for that are ordinary ones of a stable compiler; they are
//! given for our own crates only, by standing between cargo and the compiler, so that no dependency is compiled again.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::environment;
use crate::packages;
use crate::step::Step;

/// Says that we stand between cargo and the compiler.
const INSTRUMENT: &str = "SAYSO_XTASK_INSTRUMENT";
const SECONDS: &str = "20";
/// An input that takes longer than these seconds is reported: whoever sends it can keep us busy.
const SLOW: &str = "5";
const CRATES: [&str; 4] = ["sayso_shared", "sayso", "sayso_tests", "fuzz"];
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Runs the targets, or those that are named; what begins with a dash goes to libFuzzer, such as `-max_total_time=600`.
pub fn fuzz(arguments: &[String]) -> anyhow::Result<()> {
    // libFuzzer itself is compiled from C++.
    packages::ensure("a compiler for C++", &["g++"], || environment::find_program("c++"))?;
    let (flags, names): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|word| word.starts_with('-'));
    let seeds = environment::workspace().join("tests/seeds");
    let mut targets: Vec<String> = Vec::new();
    for entry in fs::read_dir(&seeds).context("the seeds are there")? {
        targets.push(entry?.file_name().to_string_lossy().into_owned());
    }
    targets.sort();
    if let Some(unknown) = names.iter().find(|name| !targets.contains(name)) {
        anyhow::bail!("there is no target `{unknown}`; the targets are {}", targets.join(", "));
    }
    let step = Step::start("compile the fuzzer");
    step.run(program()?.arg("--no-run"))?;
    step.finish("");
    for target in targets.iter().filter(|target| names.is_empty() || names.contains(target)) {
        run(target, &flags)?;
    }
    Ok(())
}

/// Compiles as cargo says, with the flags for our own crates, if that is what we were started for.
pub fn compile_instrumented() -> Option<ExitCode> {
    env::var_os(INSTRUMENT)?;
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next()?;
    let arguments: Vec<OsString> = arguments.collect();
    let value_of = |name: &str| arguments.iter().skip_while(|word| *word != name).nth(1).and_then(|word| word.to_str());
    // A build script runs without libFuzzer, which is what listens to the flags.
    let is_ours = value_of("--crate-name").is_some_and(|name| CRATES.contains(&name));
    let mut command = Command::new(compiler);
    command.args(&arguments);
    if is_ours {
        command.args(FLAGS);
    }
    let error = command.exec();
    eprintln!("the compiler can't be started: {error}");
    Some(ExitCode::FAILURE)
}

fn run(target: &str, flags: &[&String]) -> anyhow::Result<()> {
    let step = Step::start(format!("fuzz {target}"));
    let found = environment::target_dir().join("fuzz").join(target);
    fs::create_dir_all(&found)?;
    let mut cargo = program()?;
    cargo.arg("--").args([
        &format!("-max_total_time={SECONDS}"),
        &format!("-timeout={SLOW}"),
        "-seed=1",
        "-print_final_stats=1",
        &format!("-artifact_prefix={}-", found.display()),
    ]);
    // The first folder takes what is found; the seeds stay as they are.
    cargo.args(flags).arg(&found).arg(environment::workspace().join("tests/seeds").join(target));
    let output = step.run(cargo.env("SAYSO_FUZZ_TARGET", target))?;
    let figure = |name: &str| output.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    let inputs = figure("stat::number_of_executed_units:").unwrap_or_default();
    let branches =
        output.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next()?.parse::<u64>().ok());
    ensure!(branches.is_some_and(|count| count > 0), "libFuzzer saw no branches of {target}: the flags have no effect");
    step.finish(&format!("{inputs} inputs, {} branches", branches.unwrap_or_default()));
    Ok(())
}

fn program() -> anyhow::Result<Command> {
    let mut cargo = environment::cargo();
    cargo.args(["test", "--workspace", "--features", "sayso-tests/fuzz", "--test", "fuzz"]);
    cargo.env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?).env(INSTRUMENT, "1");
    Ok(cargo)
}
