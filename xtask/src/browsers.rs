//! The browsers that tests and benches drive, and their drivers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::environment;
use crate::packages;
use crate::step::Step;

/// The version of Firefox's driver.
const GECKODRIVER: &str = "0.37.1";

/// Chromium and its driver.
pub struct Chromium {
    program: PathBuf,
    driver: PathBuf,
}

impl Chromium {
    /// Looks for both, and installs what is missing if we may.
    pub fn find_or_install() -> anyhow::Result<Self> {
        let find = || {
            let program = named("SAYSO_TEST_CHROMIUM").or_else(|| {
                ["chromium", "chromium-browser", "google-chrome"]
                    .iter()
                    .find_map(|name| environment::find_program(name))
            });
            let driver = named("SAYSO_TEST_CHROMEDRIVER").or_else(|| environment::find_program("chromedriver"));
            Some(Self { program: program?, driver: driver? })
        };
        let browser = packages::ensure("Chromium with its driver", &["chromium", "chromium-driver"], find)?;
        ensure_fonts()?;
        Ok(browser)
    }

    /// The browser's name and version.
    pub fn version(&self) -> anyhow::Result<String> {
        let output = Command::new(&self.program).arg("--version").output().context("Chromium tells no version")?;
        let text = String::from_utf8_lossy(&output.stdout);
        // Distributions add where they built it.
        Ok(text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
    }

    /// Tells a child where they are.
    pub fn tell(&self, command: &mut Command) {
        command.env("SAYSO_TEST_CHROMIUM", &self.program).env("SAYSO_TEST_CHROMEDRIVER", &self.driver);
    }
}

/// Firefox and its driver, which Debian has no package of.
pub struct Firefox {
    program: PathBuf,
    driver: PathBuf,
}

impl Firefox {
    /// Looks for both, and installs what is missing: the browser from Debian, the driver from crates.io.
    pub fn find_or_install() -> anyhow::Result<Self> {
        let find = || {
            named("SAYSO_TEST_FIREFOX")
                .or_else(|| ["firefox-esr", "firefox"].iter().find_map(|name| environment::find_program(name)))
        };
        let program = packages::ensure("Firefox", &["firefox-esr"], find)?;
        let driver = named("SAYSO_TEST_GECKODRIVER").or_else(|| environment::find_program("geckodriver"));
        Ok(Self { program, driver: driver.map_or_else(install_geckodriver, Ok)? })
    }

    /// Tells a child where they are.
    pub fn tell(&self, command: &mut Command) {
        command.env("SAYSO_TEST_FIREFOX", &self.program).env("SAYSO_TEST_GECKODRIVER", &self.driver);
    }
}

/// Compiles the driver into the target folder, once.
fn install_geckodriver() -> anyhow::Result<PathBuf> {
    let root = environment::target_dir().join("tools");
    let program = root.join("bin/geckodriver");
    if program.is_file() {
        return Ok(program);
    }
    let step = Step::start("compile geckodriver, the driver of Firefox (once)");
    let mut cargo = environment::cargo();
    cargo.args(["install", "geckodriver", "--version", GECKODRIVER, "--locked", "--root"]).arg(&root);
    step.run(&mut cargo).context(
        "geckodriver comes from crates.io, which has to be reached once; or let SAYSO_TEST_GECKODRIVER name an installed one",
    )?;
    step.finish(GECKODRIVER);
    Ok(program)
}

/// WebKit in GTK's small browser, its driver, and a screen that nobody sees.
pub struct WebKit {
    browser: PathBuf,
    driver: PathBuf,
    screen: PathBuf,
}

impl WebKit {
    /// Looks for all of them, and installs what is missing if we may.
    pub fn find_or_install() -> anyhow::Result<Self> {
        let find = || {
            let browser = named("SAYSO_TEST_MINIBROWSER").or_else(find_minibrowser);
            let driver = named("SAYSO_TEST_WEBKITDRIVER").or_else(|| environment::find_program("WebKitWebDriver"));
            let screen = named("SAYSO_TEST_XVFB").or_else(|| environment::find_program("Xvfb"));
            Some(Self { browser: browser?, driver: driver?, screen: screen? })
        };
        packages::ensure("WebKit with its driver and a screen", &["webkit2gtk-driver", "xvfb"], find)
    }

    /// Tells a child where they are.
    pub fn tell(&self, command: &mut Command) {
        command.env("SAYSO_TEST_MINIBROWSER", &self.browser).env("SAYSO_TEST_WEBKITDRIVER", &self.driver);
        command.env("SAYSO_TEST_XVFB", &self.screen);
    }
}

/// Debian keeps it beside the library, in a folder named by its version: the newest one.
fn find_minibrowser() -> Option<PathBuf> {
    let below = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let libraries = below("/usr/lib".into()).flat_map(below);
    libraries.map(|folder| folder.join("MiniBrowser")).filter(|program| program.is_file()).max()
}

/// A program that a person names by a variable.
fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// Screenshots of Chinese pages without these fonts are full of empty boxes.
fn ensure_fonts() -> anyhow::Result<()> {
    packages::ensure("fonts for Chinese and emoji", &["fonts-noto-cjk", "fonts-noto-color-emoji"], || {
        packages::has_font("NotoSansCJK-Regular.ttc").and(packages::has_font("NotoColorEmoji.ttf"))
    })
    .or_else(|error| match packages::any_cjk_font() {
        Some(()) => Ok(()),
        None => Err(error),
    })
    .context("the browser tests look at Chinese pages")
}
