//! Steps: each says what it does and how long it took, shows a spinner to a person, and its whole output on failure.

use std::env;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rustix::process::Signal;

use crate::process::{self, Group, OnInterrupt};

/// How often a long step shows a sign of life where no spinner turns.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// How often we look whether a silent child has ended.
const POLL: Duration = Duration::from_millis(200);

/// One step of the work, from its announcement to its duration.
pub struct Step {
    title: String,
    started: Instant,
    bar: ProgressBar,
}

impl Step {
    /// Announces a step.
    pub fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let bar = if std::io::stderr().is_terminal() && !is_verbose() {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner:.cyan} {prefix} {elapsed:.dim} {wide_msg:.dim}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        } else {
            eprintln!("→ {title}");
            ProgressBar::hidden()
        };
        Self { title, started: Instant::now(), bar }
    }

    /// Runs a command to its end; its output is shown only when it fails.
    pub fn run(&self, command: &mut Command) -> anyhow::Result<Transcript> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::spawn(command, Signal::TERM, OnInterrupt::End)?;
        let (sender, lines) = mpsc::channel();
        let child = group.child();
        let stdout = child.stdout.take().context("the child's output is piped")?;
        let stderr = child.stderr.take().context("the child's error output is piped")?;
        forward_lines(stdout, sender.clone());
        forward_lines(stderr, sender);

        let mut output = Transcript::default();
        let began = Instant::now();
        let mut keep = |line: String| {
            if is_verbose() {
                eprintln!("  {line}");
            }
            self.bar.set_message(line.trim().to_owned());
            output.0.push((began.elapsed(), line));
        };
        let mut sign_of_life = Instant::now();
        loop {
            match lines.recv_timeout(POLL) {
                Ok(line) => keep(line),
                Err(RecvTimeoutError::Disconnected) => break,
                // What the child left behind may hold its pipes open for ever.
                Err(RecvTimeoutError::Timeout) if group.try_wait()?.is_some() => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if sign_of_life.elapsed() > HEARTBEAT {
                self.show_sign_of_life();
                sign_of_life = Instant::now();
            }
        }
        let status = group.wait().context("cannot wait for the child")?;
        while let Ok(line) = lines.recv_timeout(POLL) {
            keep(line);
        }
        if status.success() {
            return Ok(output);
        }
        if process::interrupted() {
            self.fail("interrupted");
            bail!("interrupted while: {}", self.title);
        }
        self.fail("failed");
        if !is_verbose() {
            output.lines().for_each(|line| eprintln!("{line}"));
        }
        bail!("{}: `{}` ended with {status}", self.title, process::describe(command))
    }

    /// Reports success.
    pub fn finish(self, remark: &str) {
        let separator = if remark.is_empty() { "" } else { ": " };
        let line = format!("✓ {}{separator}{remark} ({})", self.title, human_duration(self.started.elapsed()));
        self.bar.finish_and_clear();
        eprintln!("{line}");
    }

    fn fail(&self, how: &str) {
        self.bar.finish_and_clear();
        eprintln!("✗ {} {how} ({})", self.title, human_duration(self.started.elapsed()));
    }

    fn show_sign_of_life(&self) {
        if self.bar.is_hidden() {
            eprintln!("  … {}: still at it after {}", self.title, human_duration(self.started.elapsed()));
        }
    }
}

/// What a command said, each line with the time since its start.
#[derive(Debug, Default)]
pub struct Transcript(Vec<(Duration, String)>);

impl Transcript {
    /// The lines of both outputs, in the order in which they came.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().map(|(_, line)| line.as_str())
    }

    /// The same, with their times.
    pub fn timed_lines(&self) -> impl Iterator<Item = (Duration, &str)> {
        self.0.iter().map(|(at, line)| (*at, line.as_str()))
    }

    /// For tests: texts and the milliseconds at which they came.
    #[cfg(test)]
    pub fn of(texts: &[(u64, &str)]) -> Self {
        let lines = texts.iter().flat_map(|(at, text)| text.lines().map(|line| (*at, line)));
        Self(lines.map(|(at, line)| (Duration::from_millis(at), line.to_owned())).collect())
    }
}

/// A duration as a person says it: `0.4 s`, `12 s`, `3 min 05 s`.
pub fn human_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

fn is_verbose() -> bool {
    env::var_os("SAYSO_XTASK_VERBOSE").is_some_and(|value| !value.is_empty() && value != "0")
}

fn forward_lines(pipe: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n') {
            let Ok(line) = line else { break };
            // Nobody listens any more only when the step has been given up.
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let cases = [(400, "0.4 s"), (9_949, "9.9 s"), (12_300, "12 s"), (59_999, "59 s"), (185_000, "3 min 05 s")];
        for (milliseconds, expected) in cases {
            assert_eq!(human_duration(Duration::from_millis(milliseconds)), expected);
        }
    }

    #[test]
    fn both_outputs_of_a_command_are_kept_and_its_failure_is_ours() {
        let step = Step::start("say something");
        let output = step.run(Command::new("sh").args(["-c", "echo out; echo err >&2"])).expect("echo works");
        let mut lines: Vec<&str> = output.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["err", "out"]);
        let error = step.run(Command::new("sh").args(["-c", "exit 3"])).expect_err("3 is a failure");
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }
}
