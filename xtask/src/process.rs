//! Children that never outlive us.
//!
//! Each child leads a process group of its own, so that a signal reaches what it started too (cargo's compilers, the
//! tests' servers and browsers), and so that we decide in which order things end.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How long a group may take to end by itself after it was asked to.
const PATIENCE: Duration = Duration::from_secs(10);

static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// On Ctrl-C, SIGTERM or a closed terminal: ends the running steps, and lets everything else be cleaned up by its owners.
pub fn kill_children_on_signals() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            // A second Ctrl-C means now.
            signal_all(Signal::KILL);
        } else {
            signal_all(Signal::TERM);
        }
    })
    .context("cannot listen for Ctrl-C")
}

/// Says whether a person or a supervisor wants us to end.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A running child with its group. Dropping it ends the whole group.
pub struct Group {
    child: Child,
    leader: Pid,
    stop_signal: Signal,
}

/// Whether Ctrl-C also ends a child, or whether its owner does that later.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnInterrupt {
    End,
    LeaveToOwner,
}

impl Group {
    /// Starts the command as the leader of a new process group.
    pub fn spawn(command: &mut Command, stop_signal: Signal, on_interrupt: OnInterrupt) -> anyhow::Result<Self> {
        // The lock is held while starting, so that no child can slip in behind a signal.
        let mut groups = groups();
        anyhow::ensure!(!interrupted(), "interrupted");
        let child = command.process_group(0).spawn().with_context(|| format!("cannot start {}", describe(command)))?;
        let leader = Pid::from_child(&child);
        if on_interrupt == OnInterrupt::End {
            groups.push(leader);
        }
        Ok(Self { child, leader, stop_signal })
    }

    /// The child itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until the child ends, then ends whatever it left behind.
    pub fn wait(mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// The child's status if it has ended by itself.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    fn is_alive(&mut self) -> bool {
        let leader_runs = self.child.try_wait().is_ok_and(|status| status.is_none());
        leader_runs || test_kill_process_group(self.leader).is_ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Asked once, for a second signal means "at once" to many programs. Errors only say that the group is gone.
        if kill_process_group(self.leader, self.stop_signal).is_ok() {
            let asked = Instant::now();
            while self.is_alive() && asked.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(10));
            }
            let _gone = kill_process_group(self.leader, Signal::KILL);
        }
        let _reaped = self.child.wait();
        groups().retain(|leader| *leader != self.leader);
    }
}

/// The command as a person would type it.
pub fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn signal_all(signal: Signal) {
    for leader in groups().iter() {
        // The group may have ended in this moment.
        let _gone = kill_process_group(*leader, signal);
    }
}

fn groups() -> MutexGuard<'static, Vec<Pid>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    #[test]
    fn dropping_a_group_ends_grandchildren_too() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut shell, Signal::TERM, OnInterrupt::End).expect("sh starts");
        let mut line = String::new();
        let stdout = group.child().stdout.as_mut().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the pipe can be read");
        let sleeper: i32 = line.trim().parse().expect("the shell prints a process id");
        let sleeper = Pid::from_raw(sleeper).expect("a process id is not zero");
        assert!(rustix::process::test_kill_process(sleeper).is_ok());
        let leader = group.leader;
        drop(group);
        assert!(test_kill_process_group(leader).is_err(), "the group is still there");
    }
}
