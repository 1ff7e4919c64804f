//! A PostgreSQL of a test's own, for tests that break it.

use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::process::lasting_port;

/// The account that the server runs as when the tests run as root, which PostgreSQL refuses.
const ACCOUNT: &str = "postgres";

/// A cluster in a folder of its own.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

/// How a server is stopped, by the names of `pg_ctl`.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// Transactions are rolled back and all is written down.
    Fast,
    /// Everything is dropped; the next start recovers from the log.
    Immediate,
}

impl Cluster {
    /// Makes one and starts it.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("sayso-postgres-").tempdir().expect("a temporary folder");
        if let Some((uid, gid)) = lent_account() {
            chown(folder.path(), Some(uid), Some(gid)).expect("root may give folders away");
        }
        let mut cluster = Self { folder, port: lasting_port(), server: None };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]);
        let output = initdb.arg("--pgdata").arg(cluster.data()).output().await.expect("initdb runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        cluster.resume().await;
        cluster
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops the server.
    pub async fn stop(&mut self, how: Stop) {
        let mut server = self.server.take().expect("it runs");
        let id = server.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        let signal = match how {
            Stop::Fast => Signal::INT,
            Stop::Immediate => Signal::QUIT,
        };
        kill_process(id, signal).expect("a child of ours");
        server.wait().await.expect("a child of ours");
    }

    /// Starts the stopped server again, and waits until it takes connections.
    pub async fn resume(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", &format!("port={}", self.port)]);
        command.args(["-c", &format!("unix_socket_directories={}", self.folder.path().display())]);
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("server.log"));
        command.stdout(Stdio::null()).stderr(log.expect("the folder is writable"));
        self.server = Some(command.kill_on_drop(true).spawn().expect("PostgreSQL runs"));
        crate::eventually("PostgreSQL takes connections", || async {
            let mut command = self.command("pg_isready");
            command.args(["--quiet", "--host", "127.0.0.1", "--port", &self.port.to_string()]);
            command.status().await.expect("pg_isready runs").success()
        })
        .await;
        // It answers before a last piece of its start is done; what matters is that sessions can be made.
        tokio::time::timeout(Duration::from_secs(30), async {
            while <sqlx::PgConnection as sqlx::Connection>::connect(&self.url()).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("PostgreSQL makes sessions");
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command as the server's account, ended by the kernel when the test is.
    fn command(&self, program: &str) -> Command {
        let programs = std::env::var("SAYSO_TEST_POSTGRES_PROGRAMS").expect(
            "SAYSO_TEST_POSTGRES_PROGRAMS is not set; `cargo xtask test faults` sets it to PostgreSQL's folder",
        );
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some((uid, gid)) = lent_account() {
            command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--init-groups".to_owned()]);
        }
        command
            .arg("--")
            .arg(PathBuf::from(programs).join(program))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }
}

/// The identifiers of the account that root lends the server.
fn lent_account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").expect("the list of users");
    let line = passwd.lines().find(|line| line.split(':').next() == Some(ACCOUNT)).expect("there is a user postgres");
    let mut ids = line.split(':').skip(2).map(|id| id.parse().expect("an identifier is a number"));
    Some((ids.next().expect("a user"), ids.next().expect("a group")))
}
