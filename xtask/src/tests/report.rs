//! What the tests took: each step, and the slowest of all tests, as tables.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::step::{Step, Transcript, human_duration};
use crate::tests::timing::{self, Timed};

/// So many of the slowest tests are named.
const SLOWEST: usize = 10;

/// Where the generator of proptest begins.
const PROPERTY_SEED: &str = "PROPTEST_RNG_SEED";

/// The durations of one run.
pub struct Report {
    began: Instant,
    threads: usize,
    property_inputs: PropertyInputs,
    steps: Vec<Row>,
    tests: Vec<Timed>,
}

/// What property tests draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyInputs {
    /// The same at each run, so that no change is refused for an input that has nothing to do with it.
    Same,
    /// Others at each run, which find what nobody thought of.
    New,
}

struct Row {
    title: String,
    took: Duration,
    /// What cargo took of it, where cargo has said so.
    compiling: Option<Duration>,
    remark: String,
}

impl Report {
    /// Begins one. The test programs are told how many tests to run at a time, since the times of the tests follow from that.
    pub fn begin(property_inputs: PropertyInputs) -> Self {
        let told = std::env::var("RUST_TEST_THREADS").ok().and_then(|number| number.parse().ok());
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = told.unwrap_or_else(processors);
        Self { began: Instant::now(), threads, property_inputs, steps: Vec::new(), tests: Vec::new() }
    }

    /// Does something that is a row of the table, even if it consists of several steps.
    pub fn time<T>(&mut self, title: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let began = Instant::now();
        let done = work()?;
        self.steps.push(Row { title: title.to_owned(), took: began.elapsed(), compiling: None, remark: String::new() });
        Ok(done)
    }

    /// Runs a command as a step of its own, and notes what it and the tests in it took.
    pub fn run(&mut self, title: &str, command: &mut Command) -> anyhow::Result<()> {
        self.run_with_threads(title, self.threads, command)
    }

    /// As [`Report::run`], with so many tests at a time.
    pub fn run_with_threads(&mut self, title: &str, threads: usize, command: &mut Command) -> anyhow::Result<()> {
        let step = Step::start(title);
        let began = Instant::now();
        command.env("RUST_TEST_THREADS", threads.to_string());
        if self.property_inputs == PropertyInputs::Same && std::env::var_os(PROPERTY_SEED).is_none() {
            command.env(PROPERTY_SEED, "1");
        }
        let transcript = step.run(command)?;
        let took = began.elapsed();
        let remark = summary(&transcript);
        step.finish(&remark);
        self.tests.extend(timing::read(&transcript, threads));
        self.steps.push(Row { title: title.to_owned(), took, compiling: timing::compiling(&transcript), remark });
        Ok(())
    }

    /// The tables; empty where there is nothing to compare.
    pub fn tables(&self) -> String {
        let mut text = String::new();
        if self.steps.len() > 1 {
            let everything = Row {
                title: "everything".to_owned(),
                took: self.began.elapsed(),
                compiling: Some(self.steps.iter().filter_map(|row| row.compiling).sum()),
                remark: String::new(),
            };
            text.push_str("\n| part | took | of that compiling | |\n| --- | ---: | ---: | --- |\n");
            for row in self.steps.iter().chain([&everything]) {
                let compiling = row.compiling.map(human_duration).unwrap_or_default();
                let _ =
                    writeln!(text, "| {} | {} | {compiling} | {} |", row.title, human_duration(row.took), row.remark);
            }
        }
        if self.tests.len() > 1 {
            let mut slowest: Vec<&Timed> = self.tests.iter().collect();
            slowest.sort_by_key(|test| std::cmp::Reverse(test.took));
            text.push_str("\n| slowest tests | took |\n| --- | ---: |\n");
            for test in slowest.into_iter().take(SLOWEST) {
                let _ = writeln!(text, "| {} | {} |", test.name, human_duration(test.took));
            }
        }
        text
    }
}

/// How many tests passed and were left out, over all test programs of a step.
fn summary(transcript: &Transcript) -> String {
    let count = |what: &str| -> u64 {
        let results = transcript.lines().filter(|line| line.starts_with("test result:"));
        let fields = results.flat_map(|line| line.split([';', '.']));
        fields.filter_map(|field| field.trim().strip_suffix(what)?.trim().parse::<u64>().ok()).sum()
    };
    match (count(" passed"), count(" ignored")) {
        (0, 0) => String::new(),
        (passed, 0) => format!("{passed} tests passed"),
        (passed, ignored) => format!("{passed} tests passed, {ignored} ignored"),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn results_of_several_programs_are_added_up() {
        let output = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured\nnoise\n\
                      test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured\n";
        assert_eq!(summary(&Transcript::of(&[(0, output)])), "42 tests passed, 1 ignored");
        assert_eq!(summary(&Transcript::of(&[(0, "Checking sayso")])), "");
    }

    #[test]
    fn the_tables_name_every_step_and_the_slowest_tests() {
        let mut report = Report::begin(PropertyInputs::New);
        assert_eq!(report.tables(), "", "there is nothing to compare");
        report.time("tidiness", || Ok(())).expect("nothing fails");
        let script = "echo 'running 12 tests'; for n in 01 02 03 04 05 06 07 08 09 10 11 12; do echo \"test t$n ... ok\"; done; \
            echo 'test result: ok. 12 passed; 0 failed'";
        report.run("unit", Command::new("sh").args(["-c", script])).expect("echo works");
        let tables = report.tables();
        assert!(tables.contains("| tidiness | 0.0 s |  |  |\n"), "{tables}");
        assert!(tables.contains("| unit | 0.") && tables.contains("| 12 tests passed |"), "{tables}");
        assert!(tables.contains("| everything | "), "{tables}");
        let named = |line: &&str| line.starts_with("| t0") || line.starts_with("| t1");
        assert_eq!(tables.lines().filter(named).count(), SLOWEST, "{tables}");
    }
}
