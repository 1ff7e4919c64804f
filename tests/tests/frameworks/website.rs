//! A website made by a program of its own, such as Next.js or PHP.

use std::process::Stdio;

use sayso_tests::browser::PATIENCE;
use sayso_tests::process::lasting_port;
use sayso_tests::{Database, TestApp};
use tokio::process::{Child, Command};

/// A collector whose site has the website's origin, before there is the website.
pub struct Ground {
    pub collector: TestApp,
    pub origin: String,
    pub port: u16,
}

impl Ground {
    pub async fn prepare() -> Self {
        let collector = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
        let port = lasting_port();
        let origin = format!("http://localhost:{port}");
        collector.set_site(&[&format!("origins={origin}")]).await;
        Self { collector, origin, port }
    }

    /// An example's text, with the collector's address in it.
    pub fn fill_in(&self, text: &str) -> String {
        text.replace(sayso_tests::company::EXAMPLE, &self.collector.url)
    }
}

/// The program, for as long as it is wanted.
pub struct Website {
    _program: Child,
}

impl Website {
    /// Starts it, and waits until it answers.
    pub async fn start(command: &mut Command, ground: &Ground) -> Self {
        let mut program = command.kill_on_drop(true).stdin(Stdio::null()).spawn().expect("the program runs");
        let client = reqwest::Client::new();
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(100));
        let answers = async {
            loop {
                looks.tick().await;
                if client.get(&ground.origin).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                if let Some(status) = program.try_wait().expect("a child of ours") {
                    panic!("the website ended with {status} before it answered");
                }
            }
        };
        tokio::time::timeout(PATIENCE, answers).await.expect("the website answers in time");
        Self { _program: program }
    }
}

/// Runs a program to its end and gives what it printed.
pub async fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().await.expect("the program runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}
