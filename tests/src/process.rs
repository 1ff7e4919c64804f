//! The real binary as a process of its own, for tests that kill it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tokio::process::{Child, Command as AsyncCommand};

use crate::write_key;

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

impl Served {
    /// Starts a server and waits until it answers.
    pub async fn start(data: &Path, database_url: &str, environment: &[(&str, &str)]) -> Self {
        if !data.join(sayso::keys::KEY_FILE).exists() {
            write_key(data);
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let url = format!("http://127.0.0.1:{port}");
        let mut child = AsyncCommand::new(binary())
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--database-url", database_url, "--data"])
            .arg(data)
            .envs(environment.iter().copied())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary runs");
        let client = crate::Client::new(&url);
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let ready = client.request(reqwest::Method::GET, "/readyz").send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return Self { url, child };
            }
            if let Some(status) = child.try_wait().expect("a child of ours") {
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

    /// Kills it with SIGKILL.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("a child of ours");
    }
}
