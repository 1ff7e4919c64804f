//! The machine: its clock, its disk, and how many files may be open.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};

use super::finding::Finding;
use crate::clock::{Clock, Millis, rfc3339};
use crate::config::Config;
use crate::http::connections::Rules;

/// No clock is right that shows an earlier time: Sayso did not exist then.
const BEFORE_SAYSO: Millis = 1_767_225_600_000;
/// A hundred years later.
const FAR_AWAY: Millis = BEFORE_SAYSO + 100 * 365 * 86_400_000;
/// Two clocks that differ by more tell different times to people.
const SKEW: Duration = Duration::from_secs(5);
const LITTLE: u64 = 1024 * 1024 * 1024;
const TOO_LITTLE: u64 = 100 * 1024 * 1024;

/// Looks at clock, disk and limits.
pub fn examine(config: &Config) -> Vec<Finding> {
    vec![clock(Clock::default().now()), data(&config.data), files(config)]
}

fn clock(now: Millis) -> Finding {
    if (BEFORE_SAYSO..FAR_AWAY).contains(&now) {
        return Finding::good("clock", rfc3339(now));
    }
    Finding::wrong(
        "clock",
        format!("the time of this machine, {}, can't be right", rfc3339(now)),
        "set the clock and let it be kept (timedatectl set-ntp true)",
    )
}

/// The folder for everything: whether it can be written, by whom it can be read, and what room there is.
fn data(folder: &Path) -> Finding {
    let name = folder.display();
    if !folder.exists() {
        let mend =
            "`sayso serve` makes it; if that surprises you, look at the setting `data` and at the folder you are in";
        return Finding::warning("data", format!("there is no folder {name} yet"), mend);
    }
    let probe = match tempfile::tempfile_in(folder).and_then(|file| file.metadata()) {
        Ok(probe) => probe,
        Err(error) => {
            let mend = format!("let the user that runs Sayso own it: chown -R USER {name}");
            return Finding::wrong("data", format!("{name} can't be written: {error}"), mend);
        }
    };
    let (free, share_of_inodes) = match statvfs(folder) {
        Ok(disk) => {
            let inodes = if disk.f_files == 0 { 1.0 } else { disk.f_favail as f64 / disk.f_files as f64 };
            (disk.f_bavail * disk.f_frsize, inodes)
        }
        Err(error) => {
            return Finding::warning("data", format!("the disk of {name} can't be asked: {error}"), "look at it");
        }
    };
    let skew = probe.modified().ok().map(|at| apart(at, SystemTime::now())).unwrap_or_default();
    if skew > SKEW {
        let text = format!("the clock of the disk of {name} differs from this machine's by {} s", skew.as_secs());
        return Finding::warning("data", text, "let both keep the time by NTP");
    }
    if let Some(finding) = room(folder, free, share_of_inodes) {
        return finding;
    }
    match mode_for_others(folder) {
        0 => Finding::good("data", format!("{name}, {} MiB free", free / 1024 / 1024)),
        _ => Finding::warning(
            "data",
            format!("others on this machine can look into {name}"),
            format!("chmod 700 {name}"),
        ),
    }
}

/// How many MiB are free on the disk of a folder, if that is little.
pub fn little_room(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    let free = disk.f_bavail * disk.f_frsize;
    (free < LITTLE).then_some(free / 1024 / 1024)
}

fn room(folder: &Path, free: u64, share_of_inodes: f64) -> Option<Finding> {
    let name = folder.display();
    let mend = "make room, or move the data folder to a larger disk; without room nothing is stored, and customers are asked to come back";
    let text = format!("{} MiB free on the disk of {name}", free / 1024 / 1024);
    match free {
        free if free < TOO_LITTLE => Some(Finding::wrong("data", format!("only {text}"), mend)),
        free if free < LITTLE => Some(Finding::warning("data", format!("only {text}"), mend)),
        _ if share_of_inodes < 0.02 => {
            let text = format!("the disk of {name} has room, but hardly any inodes, which files need too");
            Some(Finding::wrong("data", text, "remove small files, such as old mails"))
        }
        _ => None,
    }
}

fn files(config: &Config) -> Finding {
    // The server raises its limit to the highest that it may.
    let possible = Rules::within(config, getrlimit(Resource::Nofile).maximum).connections;
    if possible >= config.limits.connections {
        return Finding::good("files", format!("{possible} connections fit into the limit of open files"));
    }
    Finding::warning(
        "files",
        format!(
            "the limit of open files leaves room for {possible} connections, fewer than the {} of the settings",
            config.limits.connections
        ),
        "raise it where the server starts (LimitNOFILE=65536 of systemd, ulimit -Hn), or lower [limits] connections",
    )
}

fn mode_for_others(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().map_or(0, |found| found.permissions().mode() & 0o077)
}

/// How far two times are apart, whichever is earlier.
pub(super) fn apart(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).or_else(|_| b.duration_since(a)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn an_impossible_time_and_a_full_disk_are_found() {
        assert_eq!(clock(0).state, State::Wrong);
        assert_eq!(clock(FAR_AWAY + 1).state, State::Wrong);
        assert_eq!(clock(BEFORE_SAYSO + 1).state, State::Good);
        let state = |free: u64, inodes: f64| room(Path::new("/data"), free, inodes).map(|finding| finding.state);
        assert_eq!(state(10 * LITTLE, 0.5), None);
        assert_eq!(state(LITTLE - 1, 0.5), Some(State::Warning));
        assert_eq!(state(TOO_LITTLE - 1, 0.5), Some(State::Wrong));
        assert_eq!(state(10 * LITTLE, 0.01), Some(State::Wrong));
    }
}
