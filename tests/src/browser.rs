//! A real browser, driven by WebDriver: Chromium, or Firefox or WebKit by the same functions.

mod drivers;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use thirtyfour::prelude::*;
use tokio::process::Child;

use drivers::Driver;

/// How long a browser may take for what a person would wait for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long a page looks by itself before it is asked again.
const LOOK: Duration = Duration::from_secs(1);

/// How long a script may give no answer before it has left with its page, which nobody would tell.
const SCRIPT: Duration = Duration::from_secs(10);

/// A browser with a profile of its own.
pub struct Browser {
    /// The session.
    pub driver: WebDriver,
    /// What draws the pages.
    pub engine: Engine,
    processes: Vec<Child>,
    _profile: TempDir,
}

/// What draws the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    #[default]
    Chromium,
    Firefox,
    /// As WebKitGTK has it in its MiniBrowser.
    WebKit,
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        })
    }
}

/// How a browser starts.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// Which one.
    pub engine: Engine,
    /// The browser's language, such as `zh-CN`. WebKit alone takes that of the system.
    pub language: &'a str,
    /// Width and height of the window in pixels.
    pub window: (u32, u32),
    /// More arguments of the browser.
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
        Self { engine: Engine::Chromium, language: "en-US", window: (1280, 900), arguments: &[], preferences: &[] }
    }
}

impl Browser {
    /// Starts one.
    pub async fn start(setup: Setup<'_>) -> Self {
        // What speaks WebDriver could speak it through TLS.
        sayso::install_crypto();
        let profile = tempfile::tempdir().expect("a temporary folder");
        let Driver { url, capabilities, processes } = Driver::start(&setup, profile.path()).await;
        let driver = WebDriver::new(&url, capabilities).await.unwrap_or_else(|error| {
            panic!("{} does not start: {error}", setup.engine);
        });
        driver.set_script_timeout(SCRIPT).await.expect("every driver knows it");
        Self { driver, engine: setup.engine, processes, _profile: profile }
    }

    /// Looks in the page until an expression gives something that is not null, false or undefined, and gives that.
    pub async fn wait_for(&self, what: &str, expression: &str) -> serde_json::Value {
        let script = format!(
            "const done = arguments[arguments.length - 1], end = Date.now() + {};\n\
             const look = () => {{ let found; try {{ found = ({expression}) }} catch (error) {{ found = null }}\n\
             if (found || Date.now() > end) done(found || null); else setTimeout(look, 20) }}; look()",
            LOOK.as_millis()
        );
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.driver.execute_async(script.as_str(), vec![]).await {
                Ok(answer) if answer.json().is_null() => {}
                Ok(answer) => return answer.json().clone(),
                Err(error) if left_with_its_page(&error) => {}
                Err(error) => panic!("the page runs no script: {error:?}"),
            }
        }
        let source = self.driver.source().await.unwrap_or_default();
        panic!("{what} did not come; the page is:\n{}", source.chars().take(4_000).collect::<String>());
    }

    /// Runs script in the page.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.driver.execute(script, vec![]).await.expect("the page runs script").json().clone()
    }

    /// Presses keys, which may lead to another page.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        // Where a page that was made ready takes over, the driver finds the old one gone before it answers.
        match self.driver.action_chain().send_keys(keys).perform().await {
            Err(error) if !error.to_string().contains("target frame detached") => {
                panic!("the keys are not pressed: {error:?}")
            }
            _ => {}
        }
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
        let end = Instant::now() + PATIENCE;
        loop {
            self.wait_for(css, &format!("document.querySelector({css:?})")).await;
            match self.driver.find(By::Css(css)).await {
                Ok(element) => return element,
                Err(error) if gone_with_its_page(&error) && Instant::now() < end => {}
                Err(error) => panic!("{css} was there: {error:?}"),
            }
        }
    }

    /// Clicks the first element that matches, as soon as it is there; if its page is left before the click, that of the next page.
    pub async fn click(&self, css: &str) {
        let end = Instant::now() + PATIENCE;
        while let Err(error) = self.find(css).await.click().await {
            assert!(gone_with_its_page(&error) && Instant::now() < end, "{css} takes no click: {error:?}");
        }
    }

    /// The first element in the widget's shadow root that matches, as soon as it is there.
    pub async fn find_in_widget(&self, css: &str) -> WebElement {
        self.wait_for(css, &format!("document.querySelector('sayso-widget').shadowRoot.querySelector({css:?})")).await;
        // By script, since not every driver knows shadow roots.
        let script = format!("return document.querySelector('sayso-widget').shadowRoot.querySelector({css:?})");
        let found = self.driver.execute(script, vec![]).await.expect("the page runs script");
        found.element().expect("it was there")
    }

    /// Tells pages that the screen has this size in CSS pixels, however small: Chromium's windows have a least size.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        let size = serde_json::json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Makes every page from now on note in `window.refused` what its policy refuses: before its own scripts, and not under that policy.
    pub async fn note_refusals(&self) {
        let listen = "window.refused = [];\
            addEventListener('securitypolicyviolation', event => refused.push(event.effectiveDirective + ' ' + event.blockedURI))";
        self.devtools("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({"source": listen})).await;
    }

    /// Makes every page from now on note in `window.shifts` how far its layout shifts. The observer alone tells: the page's performance
    /// entries hold no shifts.
    pub async fn note_shifts(&self) {
        let observe = "window.shifts = [];\
            new PerformanceObserver(list => shifts.push(...list.getEntries().map(entry => entry.value)))\
            .observe({ type: 'layout-shift', buffered: true })";
        self.devtools("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({"source": observe})).await;
    }

    /// Gives a command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, arguments: serde_json::Value) -> serde_json::Value {
        self.driver.cdp().send_raw(command, arguments).await.expect("Chromium knows the command")
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
        for process in &mut self.processes {
            let _ = process.kill().await;
        }
    }
}

/// Whether a script ended because its page did: where a form in a frame is sent, Chromium's driver does not notice and waits on, and
/// WebKit's says that there is no such frame.
fn left_with_its_page(error: &WebDriverError) -> bool {
    use thirtyfour::error::WebDriverErrorInner::{JavascriptError, NoSuchFrame, ScriptTimeout};
    matches!(error.as_inner(), ScriptTimeout(_) | JavascriptError(_) | NoSuchFrame(_))
}

/// Whether an element is not there any more because its page is not.
fn gone_with_its_page(error: &WebDriverError) -> bool {
    use thirtyfour::error::WebDriverErrorInner::{NoSuchElement, StaleElementReference};
    matches!(error.as_inner(), StaleElementReference(_) | NoSuchElement(_))
}
