//! How long each test took, read from when libtest said that it had ended, since stable Rust has no option to ask for it.
//!
//! libtest begins with as many tests as it has threads, in the order of their names, and with the next one whenever one has ended. So
//! the ends of all tests give their beginnings.

use std::time::Duration;

use crate::step::Transcript;

/// A test, and what it took.
#[derive(Debug, PartialEq, Eq)]
pub struct Timed {
    pub name: String,
    pub took: Duration,
}

/// The times of all tests in the output of test programs that ran so many tests at a time.
pub fn read(transcript: &Transcript, threads: usize) -> Vec<Timed> {
    let mut times = Vec::new();
    let mut program: Option<Program> = None;
    for (at, line) in transcript.timed_lines() {
        if let Some(tests) = line.strip_prefix("running ").and_then(|rest| rest.split(' ').next()?.parse().ok()) {
            program = Some(Program { began: at, tests, ends: Vec::with_capacity(tests) });
        } else if let (Some(program), Some(name)) = (&mut program, ended(line)) {
            program.ends.push((at, name));
        } else if line.starts_with("test result: ") {
            times.extend(program.take().map(|program| program.times(threads)).unwrap_or_default());
        }
    }
    times
}

/// What cargo took to compile, by when it said that it had finished.
pub fn compiling(transcript: &Transcript) -> Option<Duration> {
    let mut finished = transcript.timed_lines().filter(|(_, line)| line.trim_start().starts_with("Finished "));
    finished.next().map(|(at, _)| at)
}

/// The name of the test of which a line says that it has ended.
fn ended(line: &str) -> Option<&str> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    ["ok", "FAILED", "ignored"].iter().any(|word| result.starts_with(word)).then_some(name)
}

struct Program<'a> {
    began: Duration,
    tests: usize,
    ends: Vec<(Duration, &'a str)>,
}

impl Program<'_> {
    fn times(self, threads: usize) -> Vec<Timed> {
        // Where a child of a test has written into a line, what remains would be attributed to the wrong tests.
        if self.ends.len() != self.tests || threads == 0 {
            return Vec::new();
        }
        let mut by_name: Vec<(&str, Duration)> = self.ends.iter().map(|(end, name)| (*name, *end)).collect();
        by_name.sort_unstable();
        let beginnings = std::iter::repeat_n(self.began, threads).chain(self.ends.iter().map(|(end, _)| *end));
        let times = by_name.into_iter().zip(beginnings);
        times.map(|((name, end), began)| Timed { name: name.to_owned(), took: end.saturating_sub(began) }).collect()
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn times(lines: &[(u64, &str)], threads: usize) -> Vec<(String, u64)> {
        let times = read(&Transcript::of(lines), threads);
        times.into_iter().map(|test| (test.name, test.took.as_millis() as u64)).collect()
    }

    #[test]
    fn the_end_of_one_test_is_the_beginning_of_another() {
        // a and b begin at 100; a ends first, then c begins; b ends, then d begins.
        let lines = [
            (50, "    Finished `test` profile [unoptimized] target(s) in 0.05s"),
            (100, "running 4 tests"),
            (150, "test a ... ok"),
            (400, "test b ... ok"),
            (450, "test d - should panic ... ok"),
            (1_150, "test c ... FAILED"),
            (1_151, "test result: FAILED. 3 passed; 1 failed"),
            (1_200, "running 1 test"),
            (1_300, "test a ... ok"),
            (1_301, "test result: ok. 1 passed"),
        ];
        let expected = [("a", 50), ("b", 300), ("c", 1_000), ("d - should panic", 50), ("a", 100)];
        assert_eq!(times(&lines, 2), expected.map(|(name, took)| (name.to_owned(), took)));
        assert_eq!(compiling(&Transcript::of(&lines)), Some(Duration::from_millis(50)));
    }

    #[test]
    fn what_cannot_be_read_as_a_whole_is_left_out() {
        let lines = [(0, "running 2 tests"), (1, "test a ... noise"), (2, "test b ... ok"), (3, "test result: ok.")];
        assert!(times(&lines, 1).is_empty());
    }
}
