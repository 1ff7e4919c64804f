//! The command line, parsed into types.

use anyhow::{Context as _, bail};

use crate::bench::Afterwards;
use crate::tests::{Part, Selection};

/// What the person asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Build,
    Run { demo_args: Vec<String> },
    Test { selection: Selection, test_args: Vec<String> },
    BenchConsole { arguments: Vec<String> },
    BenchCustomers { arguments: Vec<String> },
    BenchForward { rounds: Vec<String> },
    BenchIntake { rounds: Vec<String> },
    BenchSuggest,
    BenchWidget { afterwards: Afterwards },
    Dist,
    WordPress,
    Help,
}

impl Command {
    /// Reads the arguments after the program's name.
    pub fn parse(args: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let mut args = args.into_iter();
        let Some(name) = args.next() else { return Ok(Self::Help) };
        let mut rest: Vec<String> = args.collect();
        let command = match name.as_str() {
            "build" => Self::Build,
            "run" => {
                if rest.first().is_some_and(|arg| arg == "--") {
                    rest.remove(0);
                }
                return Ok(Self::Run { demo_args: rest });
            }
            "test" => return Self::parse_test(rest),
            "bench" if rest.first().is_some_and(|arg| arg == "widget") => return Self::parse_bench_widget(&rest[1..]),
            "bench" if rest.first().is_some_and(|arg| arg == "console") => {
                rest.remove(0);
                return Ok(Self::BenchConsole { arguments: rest });
            }
            "bench" if rest.first().is_some_and(|arg| arg == "customers") => {
                rest.remove(0);
                return Ok(Self::BenchCustomers { arguments: rest });
            }
            // The same cases, and the argument says what is asked of them.
            "bench" if rest.first().is_some_and(|arg| arg == "reports") => {
                return Ok(Self::BenchConsole { arguments: rest });
            }
            "bench" if rest.first().is_some_and(|arg| arg == "forward") => {
                rest.remove(0);
                known_rounds(&rest, &["sqlite", "postgresql", "arrival", "mail", "drain", "intake"])?;
                return Ok(Self::BenchForward { rounds: rest });
            }
            "bench" if rest.first().is_some_and(|arg| arg == "suggest") => {
                rest.remove(0);
                Self::BenchSuggest
            }
            "bench" => {
                if rest.first().is_some_and(|arg| arg == "intake") {
                    rest.remove(0);
                }
                known_rounds(
                    &rest,
                    &["sqlite", "postgresql", "parse", "single", "full", "half", "connections", "stored"],
                )?;
                return Ok(Self::BenchIntake { rounds: rest });
            }
            "dist" => Self::Dist,
            "wordpress" => Self::WordPress,
            "help" | "--help" | "-h" => return Ok(Self::Help),
            other => bail!("there is no command `{other}`; `cargo xtask help` lists them"),
        };
        match rest.first() {
            Some(extra) => bail!("`cargo xtask {name}` takes no argument, but got `{extra}`"),
            None => Ok(command),
        }
    }

    fn parse_bench_widget(rest: &[String]) -> anyhow::Result<Self> {
        let afterwards = match rest {
            [] => Afterwards::Print,
            [option] if option == "--record" => Afterwards::Record,
            _ => bail!("`cargo xtask bench widget` takes `--record` and nothing else"),
        };
        Ok(Self::BenchWidget { afterwards })
    }

    fn parse_test(mut rest: Vec<String>) -> anyhow::Result<Self> {
        let test_args = match rest.iter().position(|arg| arg == "--") {
            Some(separator) => rest.split_off(separator).split_off(1),
            None => Vec::new(),
        };
        let selection = match rest.as_slice() {
            [] => Selection::All,
            [part] => {
                let names = Part::ALL.map(Part::name).join(", ");
                Selection::One(Part::from_name(part).with_context(|| {
                    format!("there is no part `{part}`; the parts are {names} (a test's name goes after `--`)")
                })?)
            }
            [_, extra, ..] => bail!("one part at a time, please: `{extra}` is one too many"),
        };
        Ok(Self::Test { selection, test_args })
    }
}

fn known_rounds(asked: &[String], known: &[&str]) -> anyhow::Result<()> {
    match asked.iter().find(|round| !known.contains(&round.as_str())) {
        Some(unknown) => bail!("there is no round `{unknown}`; there are {}", known.join(", ")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<Command> {
        Command::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_asks_for_help() {
        assert_eq!(parse("").expect("no arguments are fine"), Command::Help);
    }

    #[test]
    fn a_part_and_the_arguments_of_its_test_program_are_kept_apart() {
        let command = parse("test browser -- whole_story --nocapture").expect("a known part");
        let test_args = vec!["whole_story".to_owned(), "--nocapture".to_owned()];
        assert_eq!(command, Command::Test { selection: Selection::One(Part::Browser), test_args });
    }

    #[test]
    fn the_demo_gets_its_arguments_with_and_without_a_separator() {
        let expected = Command::Run { demo_args: vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()] };
        assert_eq!(parse("run --listen 127.0.0.1:0").expect("demo arguments"), expected);
        assert_eq!(parse("run -- --listen 127.0.0.1:0").expect("demo arguments"), expected);
    }

    #[test]
    fn a_bench_can_be_cut_short() {
        assert_eq!(parse("bench").expect("no arguments are fine"), Command::BenchIntake { rounds: Vec::new() });
        let rounds = vec!["sqlite".to_owned(), "full".to_owned()];
        let arguments = vec!["--cases".to_owned(), "10".to_owned()];
        assert_eq!(parse("bench console --cases 10").expect("a bench"), Command::BenchConsole { arguments });
        let arguments = vec!["reports".to_owned(), "sqlite".to_owned()];
        assert_eq!(parse("bench reports sqlite").expect("a bench"), Command::BenchConsole { arguments });
        assert_eq!(parse("bench intake sqlite full").expect("known rounds"), Command::BenchIntake { rounds });
        let rounds = vec!["drain".to_owned()];
        assert_eq!(parse("bench forward drain").expect("a known round"), Command::BenchForward { rounds });
        assert!(parse("bench forward full").is_err());
    }

    #[test]
    fn figures_are_recorded_only_when_asked_for() {
        let (print, record) = (Afterwards::Print, Afterwards::Record);
        assert_eq!(parse("bench widget").expect("a known bench"), Command::BenchWidget { afterwards: print });
        assert_eq!(parse("bench widget --record").expect("an option"), Command::BenchWidget { afterwards: record });
        assert!(parse("bench widget sqlite").is_err());
        assert_eq!(parse("bench suggest").expect("a known bench"), Command::BenchSuggest);
        assert!(parse("bench suggest sqlite").is_err());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["biuld", "test everything", "test unit browser", "bench widgets", "dist now", "build --release"] {
            assert!(parse(line).is_err(), "{line} was accepted");
        }
    }
}
