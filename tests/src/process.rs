//! The real binary as a process of its own, for tests that kill it.

use std::io::Write as _;
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::process::{Child, Command as AsyncCommand};

use crate::write_key;

/// Below what Linux gives to whoever takes any port (`net.ipv4.ip_local_port_range`).
const PORTS: Range<u16> = 20_000..30_000;

/// A `sayso` process that serves from `data`.
#[derive(Debug)]
pub struct Served {
    /// Where it answers.
    pub url: String,
    child: Child,
}

/// The path of the binary: what `cargo xtask test` built, else built now.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("SAYSO_TEST_BINARY") {
            return path.into();
        }
        // Outside of `cargo xtask test`. The whole workspace is selected so that features, and with them all dependencies, are those of the tests.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "--quiet", "--workspace", "--bin", "sayso"]).status();
        assert!(built.expect("cargo runs").success(), "the binary builds");
        let tests = std::env::current_exe().expect("a test has a path");
        tests.ancestors().nth(2).expect("tests lie in target/debug/deps").join("sayso")
    })
}

/// Runs a command of the binary to its end; gives its success and what it printed to both outputs.
pub fn run(data: &Path, database_url: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(binary())
        .args(arguments)
        .args(["--data".as_ref(), data.as_os_str()])
        .args(["--database-url", database_url])
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    (
        output.status.success(),
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat(),
    )
}

/// The same, with something to read for the command.
pub fn run_with_input(data: &Path, database_url: &str, arguments: &[&str], input: &str) -> (bool, String) {
    let mut child = Command::new(binary())
        .args(arguments)
        .args(["--data".as_ref(), data.as_os_str()])
        .args(["--database-url", database_url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // A command that has ended already reads nothing.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    (
        output.status.success(),
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat(),
    )
}

/// A port that stays free until the test listens on it, and while it does not. It is none that the system gives to connections and to
/// listeners of port 0: else another test takes it in between, or a client that asks again and again for a server that was killed is
/// given that very port in the end, and talks to itself. Nor is it given to two tests of this process.
pub fn lasting_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new(u16::from_le_bytes(sayso::keys::random_bytes())));
    (0..PORTS.len())
        .map(|_| PORTS.start + next.fetch_add(1, Ordering::Relaxed) % PORTS.len() as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

impl Served {
    /// Starts a server on a port of its own and waits until it answers.
    pub async fn start(data: &Path, database_url: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_on(lasting_port(), data, database_url, environment).await
    }

    /// Starts a server on this port, such as one on which another was killed, and waits until it answers.
    pub async fn start_on(port: u16, data: &Path, database_url: &str, environment: &[(&str, &str)]) -> Self {
        if !data.join(sayso::keys::KEY_FILE).exists() {
            write_key(data);
        }
        let mut server = Self::spawn(port, Self::command(port, data, database_url, environment));
        server.ready().await;
        server
    }

    /// The command that serves.
    pub fn command(port: u16, data: &Path, database_url: &str, environment: &[(&str, &str)]) -> AsyncCommand {
        let mut command = AsyncCommand::new(binary());
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--database-url", database_url, "--data"]);
        command.arg(data).envs(environment.iter().copied());
        command
    }

    /// Runs a command that serves on this port; it may take a while until it answers.
    pub fn spawn(port: u16, mut command: AsyncCommand) -> Self {
        let child = command.kill_on_drop(true).spawn().expect("the binary runs");
        Self { url: format!("http://127.0.0.1:{port}"), child }
    }

    /// Waits until it answers.
    pub async fn ready(&mut self) {
        let client = crate::Client::new(&self.url);
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let ready = client.request(reqwest::Method::GET, "/readyz").send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                panic!("the server ended with {status} before it answered");
            }
        }
    }

    /// The memory that it has in RAM, in bytes.
    pub fn memory(&self) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux says so");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory is there");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
    }

    /// The identifier of the process.
    pub fn process_id(&self) -> u32 {
        self.child.id().expect("it has not been waited for")
    }

    /// Stops it with SIGTERM and waits for its end, which must be a good one.
    pub async fn stop(mut self) {
        let id = rustix::process::Pid::from_raw(self.process_id().cast_signed()).expect("an identifier is not zero");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("a child of ours");
        let status = self.child.wait().await.expect("a child of ours");
        assert!(status.success(), "the server ended with {status}");
    }

    /// Kills it with SIGKILL.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("a child of ours");
    }
}
