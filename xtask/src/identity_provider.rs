//! The provider of sign-ins that the tests sign in with: npm's oidc-provider, in `target/oidc`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::environment;
use crate::packages;
use crate::step::Step;

/// Where it is.
pub struct IdentityProvider {
    folder: PathBuf,
}

impl IdentityProvider {
    /// Installs what is missing.
    pub fn find_or_install() -> anyhow::Result<Self> {
        let npm = packages::ensure("Node.js with npm", &["nodejs", "npm"], || environment::find_program("npm"))?;
        let folder = environment::target_dir().join("oidc");
        fs::create_dir_all(&folder)?;
        let sources = environment::workspace().join("tests/fixtures/oidc");
        for file in ["package.json", "package-lock.json", "provider.mjs"] {
            fs::copy(sources.join(file), folder.join(file))?;
        }
        let lock = fs::read_to_string(sources.join("package-lock.json"))?;
        let noted = folder.join("installed.json");
        if !fs::read_to_string(&noted).is_ok_and(|installed| installed == lock) {
            let step = Step::start("install the provider of sign-ins");
            let mut install = Command::new(&npm);
            step.run(install.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]))
                .context("oidc-provider comes from npm, which has to be reached once")?;
            fs::write(&noted, &lock)?;
            step.finish("");
        }
        Ok(Self { folder })
    }

    /// Tells a child where it is.
    pub fn tell(&self, command: &mut Command) {
        command.env("SAYSO_TEST_OIDC", &self.folder);
    }
}
