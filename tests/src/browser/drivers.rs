//! The three browsers, each with its driver, which speaks WebDriver.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use thirtyfour::Capabilities;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{Engine, Setup};
use crate::process::lasting_port;

/// A driver at work, and what it needs to start its browser.
pub struct Driver {
    pub url: String,
    pub capabilities: Capabilities,
    /// The driver, and the screen of a browser that needs one; they end with this.
    pub processes: Vec<Child>,
}

impl Driver {
    /// Starts the driver of an engine; its browser will keep everything in `profile`.
    pub async fn start(setup: &Setup<'_>, profile: &Path) -> Self {
        match setup.engine {
            Engine::Chromium => chromium(setup, profile).await,
            Engine::Firefox => firefox(setup, profile).await,
            Engine::WebKit => webkit(setup).await,
        }
    }
}

async fn chromium(setup: &Setup<'_>, profile: &Path) -> Driver {
    let (width, height) = setup.window;
    let own = [
        format!("--user-data-dir={}", profile.display()),
        format!("--lang={}", setup.language),
        format!("--accept-lang={}", setup.language),
        format!("--window-size={width},{height}"),
    ];
    // What keeps a browser without network from trying to reach its maker, and lets it run as root.
    let always = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--hide-scrollbars",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
    ];
    let arguments: Vec<&str> =
        own.iter().map(String::as_str).chain(always).chain(setup.arguments.iter().copied()).collect();
    let preferences: HashMap<_, _> = setup.preferences.iter().copied().collect();
    let binary = program("SAYSO_TEST_CHROMIUM", "/usr/bin/chromium");
    let options = json!({"binary": binary, "args": arguments, "prefs": preferences});
    let mut command = Command::new(program("SAYSO_TEST_CHROMEDRIVER", "/usr/bin/chromedriver"));
    let (driver, url) = start(command.arg("--port=0"), "started successfully on port ").await;
    let capabilities = capabilities(json!({"browserName": "chrome", "goog:chromeOptions": options}));
    Driver { url, capabilities, processes: vec![driver] }
}

async fn firefox(setup: &Setup<'_>, profile: &Path) -> Driver {
    let (width, height) = setup.window;
    let (width, height) = (width.to_string(), height.to_string());
    let mut arguments = vec!["-headless", "--width", &width, "--height", &height];
    arguments.extend(setup.arguments);
    let options = json!({
        "binary": program("SAYSO_TEST_FIREFOX", "/usr/bin/firefox-esr"),
        "args": arguments,
        "prefs": {
            "intl.accept_languages": setup.language,
            // Nothing but the tests may be asked for by a browser without network.
            "network.captive-portal-service.enabled": false,
            "network.connectivity-service.enabled": false,
        },
    });
    let mut command = Command::new(program("SAYSO_TEST_GECKODRIVER", "geckodriver"));
    // Its profile and whatever else it writes stay in our folder.
    command.args(["--port=0", "--websocket-port=0", "--profile-root"]).arg(profile).env("HOME", profile);
    let (driver, url) = start(&mut command, "Listening on 127.0.0.1:").await;
    let capabilities = capabilities(json!({"browserName": "firefox", "moz:firefoxOptions": options}));
    Driver { url, capabilities, processes: vec![driver] }
}

/// WebKit has no mode without a screen, so it gets one that nobody sees. Its language is the system's.
async fn webkit(setup: &Setup<'_>) -> Driver {
    let (width, height) = setup.window;
    let mut screen = Command::new(program("SAYSO_TEST_XVFB", "/usr/bin/Xvfb"));
    screen.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &format!("{width}x{}x24", height + 100)]);
    let (screen, mut lines) = spawn(&mut screen);
    let display = lines.next_line().await.expect("Xvfb writes text").expect("Xvfb says which screen it is");
    tokio::spawn(drain(lines));

    let port = lasting_port();
    let mut command = Command::new(program("SAYSO_TEST_WEBKITDRIVER", "/usr/bin/WebKitWebDriver"));
    command.arg(format!("--port={port}")).env("DISPLAY", format!(":{display}"));
    let (driver, lines) = spawn(&mut command);
    tokio::spawn(drain(lines));
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        ticks.tick().await;
    }
    let options = json!({"binary": program("SAYSO_TEST_MINIBROWSER", MINIBROWSER), "args": ["--automation"]});
    let capabilities = capabilities(json!({"browserName": "MiniBrowser", "webkitgtk:browserOptions": options}));
    Driver { url: format!("http://127.0.0.1:{port}"), capabilities, processes: vec![driver, screen] }
}

const MINIBROWSER: &str = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

/// How often a driver may be started until it stays. Chromium's takes a free port by itself and then the same one for IPv6, which may
/// be somebody else's by then; it ends where it is.
const STARTS: usize = 5;

/// Starts a driver that takes a free port and says which.
async fn start(command: &mut Command, before_the_port: &str) -> (Child, String) {
    for _ in 0..STARTS {
        let (driver, mut lines) = spawn(command);
        while let Some(line) = lines.next_line().await.expect("a driver writes text") {
            if let Some((_, port)) = line.split_once(before_the_port) {
                let url = format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.'));
                tokio::spawn(drain(lines));
                return (driver, url);
            }
        }
    }
    panic!("{:?} ended {STARTS} times before it was ready", command.as_std().get_program());
}

type Output = Lines<BufReader<tokio::process::ChildStdout>>;

fn spawn(command: &mut Command) -> (Child, Output) {
    let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let mut child = started.unwrap_or_else(|error| {
        let program = command.as_std().get_program();
        panic!("{program:?} does not run ({error}); `cargo xtask test` installs it, or says how")
    });
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    (child, lines)
}

/// Whatever else a program prints must not fill the pipe.
async fn drain(mut lines: Lines<impl AsyncBufRead + Unpin>) {
    while let Ok(Some(_)) = lines.next_line().await {}
}

fn capabilities(value: Value) -> Capabilities {
    let Value::Object(map) = value else { panic!("capabilities are an object") };
    Capabilities::from(map)
}

fn program(variable: &str, default: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}
