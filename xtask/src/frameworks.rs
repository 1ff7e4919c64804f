//! What the packages for npm and the examples for frameworks are tried with: the frameworks themselves, from npm, and WordPress with PHP.

mod applications;
mod tarballs;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use flate2::read::GzDecoder;

use crate::environment;
use crate::packages;
use crate::step::Step;

/// The package that carries WordPress to npm, and what of it is needed.
const WORDPRESS: &str = "@wp-playground/wordpress-builds@0.9.19";
const ARCHIVES: [&str; 2] = ["wp-6.5.zip", "sqlite-database-integration.zip"];

/// Where all of it is.
pub struct Frameworks {
    folder: PathBuf,
    php: PathBuf,
}

impl Frameworks {
    /// Installs what is missing, packs our packages, and builds the applications that the tests open.
    pub fn find_or_install() -> anyhow::Result<Self> {
        let npm = packages::ensure("Node.js with npm", &["nodejs", "npm"], || environment::find_program("npm"))?;
        let php = packages::ensure("PHP with SQLite", &["php-cli", "php-sqlite3", "php-zip", "php-xml"], find_php)?;
        let folder = environment::target_dir().join("frameworks");
        fs::create_dir_all(&folder)?;
        let sources = environment::workspace().join("tests/fixtures/frameworks");
        let lock = fs::read_to_string(sources.join("package-lock.json"))?;
        let noted = folder.join("installed.json");
        copy(&sources, &folder)?;
        if !fs::read_to_string(&noted).is_ok_and(|installed| installed == lock) {
            let step = Step::start("install the frameworks");
            let mut install = Command::new(&npm);
            step.run(install.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]))
                .context("the frameworks come from npm, which has to be reached once")?;
            fs::write(&noted, &lock)?;
            step.finish("");
        }
        if !ARCHIVES.iter().all(|archive| folder.join(archive).is_file()) {
            fetch_wordpress(&npm, &folder)?;
        }
        tarballs::pack_and_install(&npm, &folder)?;
        applications::build(&folder)?;
        Ok(Self { folder, php })
    }

    /// Tells a child where they are.
    pub fn tell(&self, command: &mut Command) {
        command.env("SAYSO_TEST_FRAMEWORKS", &self.folder).env("SAYSO_TEST_PHP", &self.php);
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Node.js, of the version that the frameworks are tried with.
fn node(folder: &Path) -> Command {
    let program = folder.join("node_modules/node/bin/node");
    let mut node = Command::new(program);
    // Builds that report to somebody are told not to.
    node.env("ASTRO_TELEMETRY_DISABLED", "1").env("NG_CLI_ANALYTICS", "false");
    node
}

/// A PHP with what WordPress needs to live in SQLite.
fn find_php() -> Option<PathBuf> {
    let php = environment::find_program("php")?;
    let output = Command::new(&php).arg("-m").output().ok()?;
    let modules = String::from_utf8_lossy(&output.stdout).into_owned();
    ["pdo_sqlite", "zip", "dom"].iter().all(|module| modules.lines().any(|line| line == *module)).then_some(php)
}

fn fetch_wordpress(npm: &Path, folder: &Path) -> anyhow::Result<()> {
    let step = Step::start("fetch WordPress (160 MB, once)");
    let fetched = tempfile::tempdir_in(folder)?;
    step.run(Command::new(npm).current_dir(fetched.path()).args(["pack", "--silent", WORDPRESS]))?;
    let archive = fs::read_dir(fetched.path())?.next().context("npm left nothing")??.path();
    let mut found = 0;
    let mut package = tar::Archive::new(GzDecoder::new(fs::File::open(archive)?));
    for entry in package.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Some(name) = ARCHIVES.iter().find(|name| path.ends_with(name)) else { continue };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        fs::write(folder.join(name), bytes)?;
        found += 1;
    }
    ensure!(found == ARCHIVES.len(), "{WORDPRESS} has only {found} of {ARCHIVES:?}");
    step.finish(WORDPRESS);
    Ok(())
}
