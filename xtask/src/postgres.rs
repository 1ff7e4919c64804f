//! A throw-away PostgreSQL: a cluster of its own in a temporary folder, on a free port of 127.0.0.1, gone with us.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::environment;
use crate::packages;
use crate::process::{Group, OnInterrupt};
use crate::step::Step;

/// PostgreSQL refuses to run as root, so root lends it Debian's user for it.
const USER: &str = "postgres";
const START_DEADLINE: Duration = Duration::from_secs(60);

/// A running cluster. Dropping it stops the server and deletes the folder.
pub struct Cluster {
    // The order counts: the server ends before its folder is deleted.
    _server: Group,
    _folder: Folder,
    port: u16,
    programs: PathBuf,
}

/// What is left of what was committed when the machine loses its power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// All of it, as in operation.
    Full,
    /// Perhaps nothing: most tests ask only what the server itself remembers, and need not wait for the disk.
    None,
}

impl Durability {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Full => &[],
            Self::None => &["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
        }
    }
}

impl Cluster {
    /// Makes and starts a cluster; installs PostgreSQL if it is missing and we may.
    pub fn start(durability: Durability) -> anyhow::Result<Self> {
        let programs = packages::ensure("PostgreSQL", &["postgresql"], find_programs)?;
        let step = Step::start(match durability {
            Durability::Full => "start a throw-away PostgreSQL",
            Durability::None => "start a throw-away PostgreSQL that does not wait for the disk",
        });
        let folder = tempfile::Builder::new().prefix("sayso-postgres-").tempdir()?;
        let account = Account::for_server()?;
        account.own(folder.path())?;
        let data = folder.path().join("data");

        let mut initdb = account.command(&programs.join("initdb"));
        initdb.arg("--pgdata").arg(&data).args([
            "--username",
            USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
            // An empty cluster that a crash damages is made once more.
            "--no-sync",
        ]);
        step.run(initdb.current_dir(folder.path()))?;

        let cluster = Self::start_server(&account, &programs, Folder::Own(folder), durability)?;
        step.finish(&format!("127.0.0.1:{}", cluster.port));
        Ok(cluster)
    }

    /// Starts the cluster in a folder that stays, and makes it if it is not there.
    pub fn kept(folder: &Path) -> anyhow::Result<Self> {
        let programs = packages::ensure("PostgreSQL", &["postgresql"], find_programs)?;
        let step = Step::start("start a PostgreSQL that keeps its data");
        fs::create_dir_all(folder)?;
        let account = Account::for_server()?;
        account.own(folder)?;
        let data = folder.join("data");
        if !data.join("PG_VERSION").exists() {
            let mut initdb = account.command(&programs.join("initdb"));
            let arguments = ["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"];
            step.run(initdb.arg("--pgdata").arg(&data).args(arguments).current_dir(folder))?;
        }
        // A server that was killed leaves it behind.
        let _ = fs::remove_file(data.join("postmaster.pid"));
        let cluster = Self::start_server(&account, &programs, Folder::Kept(folder.to_owned()), Durability::Full)?;
        step.finish(&format!("127.0.0.1:{}", cluster.port));
        Ok(cluster)
    }

    /// The address of the maintenance database, as a superuser.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// The folder with the server's programs, for tests that need a server of their own.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Stops the server and deletes its folder, and says so.
    pub fn stop(self) {
        let step = Step::start("stop PostgreSQL and delete its folder");
        drop(self);
        step.finish("");
    }

    fn start_server(
        account: &Account,
        programs: &Path,
        folder: Folder,
        durability: Durability,
    ) -> anyhow::Result<Self> {
        let port = environment::free_port()?;
        let log_path = folder.path().join("server.log");
        let log = fs::File::create(&log_path)?;
        let mut command = account.command(&programs.join("postgres"));
        command
            .arg("-D")
            .arg(folder.path().join("data"))
            .args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("port={port}"), "-c", "max_connections=200"])
            .args(["-c", &format!("unix_socket_directories={}", folder.path().display())])
            .args(durability.settings().iter().flat_map(|setting| ["-c", *setting]))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // SIGINT is its fast shutdown. Tests that end on Ctrl-C still talk to it, so it ends after them.
        let mut server = Group::spawn(&mut command, Signal::INT, OnInterrupt::LeaveToOwner)?;
        let started = Instant::now();
        while !is_ready(programs, port) {
            if let Some(status) = server.try_wait()? {
                bail!("PostgreSQL ended with {status}: {}", fs::read_to_string(&log_path).unwrap_or_default());
            }
            if started.elapsed() > START_DEADLINE {
                bail!("PostgreSQL does not answer: {}", fs::read_to_string(&log_path).unwrap_or_default());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Self { _server: server, _folder: folder, port, programs: programs.to_owned() })
    }
}

/// Where a cluster is.
enum Folder {
    /// In a folder that goes with it.
    Own(TempDir),
    /// In one that stays.
    Kept(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Folder::Own(folder) => folder.path(),
            Folder::Kept(folder) => folder,
        }
    }
}

/// Who runs the server.
enum Account {
    Own,
    Lent { uid: u32, gid: u32 },
}

impl Account {
    fn for_server() -> anyhow::Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let passwd = fs::read_to_string("/etc/passwd").context("cannot read the list of users")?;
        let line = passwd.lines().find(|line| line.split(':').next() == Some(USER));
        let mut ids = line.with_context(|| format!("there is no user `{USER}`"))?.split(':').skip(2);
        let mut id = || ids.next().and_then(|id| id.parse().ok()).context("the list of users is unreadable");
        Ok(Self::Lent { uid: id()?, gid: id()? })
    }

    fn own(&self, folder: &Path) -> anyhow::Result<()> {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        if let Self::Lent { uid, gid } = *self {
            chown(folder, Some(uid), Some(gid)).context("cannot give the cluster's folder away")?;
        }
        Ok(())
    }

    /// A command as this account, which the kernel ends when we are killed and cannot do it ourselves.
    fn command(&self, program: &Path) -> Command {
        let Some(setpriv) = environment::find_program("setpriv") else { return Command::new(program) };
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "INT"]);
        if let Self::Lent { uid, gid } = self {
            command.args([&format!("--reuid={uid}"), &format!("--regid={gid}"), "--init-groups"]);
        }
        command.arg("--").arg(program);
        command
    }
}

/// The folder with the newest installed server.
fn find_programs() -> Option<PathBuf> {
    let version = |folder: &PathBuf| folder.parent().and_then(Path::file_name)?.to_str()?.parse::<u32>().ok();
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut folders: Vec<PathBuf> = debian.collect();
    folders.sort_by_key(version);
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let has_server =
        |folder: &PathBuf| ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).is_file());
    folders.into_iter().rev().chain(on_path).find(has_server)
}

fn is_ready(programs: &Path, port: u16) -> bool {
    let mut command = Command::new(programs.join("pg_isready"));
    command.args(["--quiet", "--host", "127.0.0.1", "--port", &port.to_string(), "--username", USER]);
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        for (durability, fsync) in [(Durability::Full, "on"), (Durability::None, "off")] {
            let cluster = Cluster::start(durability).expect("a cluster starts");
            let folder = cluster._folder.path().to_path_buf();
            let programs = find_programs().expect("it was there a moment ago");
            let psql = programs.join("psql");
            let arguments = ["-At", "-c", "show max_connections", "-c", "show fsync"];
            let output = Command::new(psql).arg(cluster.url()).args(arguments).output().expect("psql runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("200\n{fsync}"));
            let port = cluster.port;
            drop(cluster);
            assert!(!folder.exists());
            assert!(!is_ready(&programs, port));
        }
    }
}
