//! A website made by a program of its own, such as Next.js or PHP.

use std::process::Stdio;

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
        let program = command.kill_on_drop(true).stdin(Stdio::null()).spawn().expect("the program runs");
        let answers = async || reqwest::get(&ground.origin).await.is_ok_and(|answer| answer.status().is_success());
        sayso_tests::eventually("the website answers", answers).await;
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
