//! `cargo xtask`: everything that a developer, a test machine or a release needs, in one program without further tools.

mod arguments;
mod bench;
mod browsers;
mod dependencies;
mod dist;
mod environment;
mod frameworks;
mod fuzz;
mod identity_provider;
mod packages;
mod postgres;
mod process;
mod run;
mod schemathesis;
mod step;
mod tests;
mod tidy;
mod types;
mod widget;
mod wordpress;

use std::process::ExitCode;

use crate::arguments::Command;

const HELP: &str = "\
cargo xtask <command>

  build                 compile the widget to WebAssembly, pack it into target/widget and print its sizes
  run [ARGS...]         build the widget if it is stale, then start `sayso demo ARGS`
  test [PART] [-- ARGS] check and test everything, or one part and what it needs:
                          tidy fmt types clippy doc widget unit collector faults browser
                          browsers frameworks fuzz (only by themselves)
                        ARGS go to the test programs, for example a test's name
  bench [intake] [ROUND...]
                        load the released collector on both databases and print tables against the budgets;
                        rounds are parse single full half connections stored, and sqlite or postgresql alone
  bench console [sqlite|postgresql] [--cases N] [--only TEXT]
                        ask the released collector for every page of the console over a million cases, on both databases,
                        with one reader and with eight; the databases stay in target/bench between runs
  bench customers [sqlite|postgresql] [--customers N]
                        how fast a customer is found among a million, their page, the backfill, an erasure, and the check of the
                        audit log
  bench forward [sqlite|postgresql] [ROUND...]
                        how fast cases and mails are forwarded by the released collector, beside targets that are dead or slow;
                        rounds are arrival mail drain intake
  bench reports [sqlite|postgresql] [--cases N]
                        make every report over the cases of `bench console` and half a million answers, the first time and again,
                        and export and gather all cases
  bench suggest         how often suggestions are right on generated texts in Chinese and English, against the most frequent
                        answer and against a plain model of word counts, with their time and memory
  bench widget [--record]
                        load a page with the widget in Chromium and print what it costs, against the budgets and the
                        figures in docs/widget-figures.json, which --record replaces
  dist                  make one release binary with the widget inside: target/dist/sayso
  wordpress             pack the plugin for WordPress: target/wordpress/sayso-feedback.zip
  help                  print this text

Set SAYSO_XTASK_VERBOSE=1 to see the whole output of each step.
";

fn main() -> ExitCode {
    if let Some(code) = fuzz::compile_instrumented() {
        return code;
    }
    let outcome = process::kill_children_on_signals().and_then(|()| dispatch());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> anyhow::Result<()> {
    match Command::parse(std::env::args().skip(1))? {
        Command::Build => widget::build().map(drop),
        Command::Run { demo_args } => run::demo(&demo_args),
        Command::Test { selection, test_args } => tests::test(selection, &test_args),
        Command::BenchConsole { arguments } => bench::console(&arguments),
        Command::BenchCustomers { arguments } => bench::customers(&arguments),
        Command::BenchForward { rounds } => bench::forward(&rounds),
        Command::BenchIntake { rounds } => bench::intake(&rounds),
        Command::BenchSuggest => bench::suggest(),
        Command::BenchWidget { afterwards } => bench::widget(afterwards),
        Command::Dist => dist::dist(),
        Command::WordPress => {
            println!("{}", wordpress::pack()?.display());
            Ok(())
        }
        Command::Help => {
            print!("{HELP}");
            Ok(())
        }
    }
}
