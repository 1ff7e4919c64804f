//! A real Chromium, driven by WebDriver.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use thirtyfour::prelude::*;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a browser may take for what a person would wait for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with a profile of its own.
pub struct Browser {
    /// The session.
    pub driver: WebDriver,
    server: Child,
    _profile: TempDir,
}

/// How a browser starts.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The browser's language, such as `zh-CN`.
    pub language: &'a str,
    /// Width and height of the window in pixels.
    pub window: (u32, u32),
    /// More arguments of Chromium.
    pub arguments: &'a [&'a str],
    /// Names and values of Chromium's preferences.
    pub preferences: &'a [(&'a str, u32)],
}

/// Whether a page has a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It has.
    Online,
    /// The browser knows that there is none.
    Offline,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { language: "en-US", window: (1280, 900), arguments: &[], preferences: &[] }
    }
}

impl Browser {
    /// Starts one.
    pub async fn start(setup: Setup<'_>) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let (server, url) = start_chromedriver().await;
        let mut capabilities = DesiredCapabilities::chrome();
        capabilities.set_binary(&program("SAYSO_TEST_CHROMIUM", "/usr/bin/chromium")).expect("a path");
        let (width, height) = setup.window;
        let own = [
            format!("--user-data-dir={}", profile.path().display()),
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
        for argument in own.iter().map(String::as_str).chain(always).chain(setup.arguments.iter().copied()) {
            capabilities.add_arg(argument).expect("an argument");
        }
        let preferences: HashMap<_, _> = setup.preferences.iter().copied().collect();
        capabilities.add_experimental_option("prefs", preferences).expect("preferences");
        let driver = WebDriver::new(&url, capabilities).await.expect("Chromium starts");
        Self { driver, server, _profile: profile }
    }

    /// Runs script in the page until it gives something that is not null, false or undefined, and gives that.
    pub async fn wait_for(&self, what: &str, expression: &str) -> serde_json::Value {
        let script = format!(
            "const done = arguments[arguments.length - 1], end = Date.now() + {};\n\
             const look = () => {{ let found; try {{ found = ({expression}) }} catch (error) {{ found = null }}\n\
             if (found || Date.now() > end) done(found ?? null); else setTimeout(look, 20) }}; look()",
            PATIENCE.as_millis()
        );
        let answer = self.driver.execute_async(script, vec![]).await.expect("the page runs script");
        let found = answer.json().clone();
        if found.is_null() || found == serde_json::json!(false) {
            let source = self.driver.source().await.unwrap_or_default();
            panic!("{what} did not come; the page is:\n{}", source.chars().take(4_000).collect::<String>());
        }
        found
    }

    /// Runs script in the page.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.driver.execute(script, vec![]).await.expect("the page runs script").json().clone()
    }

    /// Tells the page whether there is a network; without one, nothing leaves it.
    pub async fn set_connection(&self, connection: Connection) {
        let conditions = serde_json::json!({
            "offline": connection == Connection::Offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        for (method, parameters) in
            [("Network.enable", serde_json::json!({})), ("Network.emulateNetworkConditions", conditions)]
        {
            self.driver.cdp().send_raw(method, parameters).await.expect("Chromium obeys");
        }
    }

    /// The first element that matches, as soon as it is there.
    pub async fn find(&self, css: &str) -> WebElement {
        self.wait_for(css, &format!("document.querySelector({css:?})")).await;
        self.driver.find(By::Css(css)).await.expect("it was there")
    }

    /// The first element in the widget's shadow root that matches, as soon as it is there.
    pub async fn find_in_widget(&self, css: &str) -> WebElement {
        self.wait_for(css, &format!("document.querySelector('sayso-widget').shadowRoot.querySelector({css:?})")).await;
        let host = self.driver.find(By::Css("sayso-widget")).await.expect("the widget's element");
        let root = host.get_shadow_root().await.expect("its open shadow root");
        root.find(By::Css(css)).await.expect("it was there")
    }

    /// Writes a picture of the page to `target/pictures`, for people to look at.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
        std::fs::create_dir_all(&folder).expect("target is writable");
        self.driver.screenshot(&folder.join(format!("{name}.png"))).await.expect("a picture");
    }

    /// Ends it.
    pub async fn stop(mut self) {
        // The driver is killed anyway; a browser that has gone already is no reason to fail.
        let _ = self.driver.quit().await;
        let _ = self.server.kill().await;
    }
}

async fn start_chromedriver() -> (Child, String) {
    let mut command = Command::new(program("SAYSO_TEST_CHROMEDRIVER", "/usr/bin/chromedriver"));
    let started = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let mut server = started.expect("chromedriver runs; `cargo xtask test browser` installs it, or says how");
    let mut lines = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    while let Some(line) = lines.next_line().await.expect("chromedriver writes text") {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let url = format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.'));
            // Whatever else it prints must not fill the pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (server, url);
        }
    }
    panic!("chromedriver ended before it was ready");
}

fn program(variable: &str, default: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}
