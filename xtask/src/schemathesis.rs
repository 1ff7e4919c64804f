//! schemathesis, which tests an API by its description: a Python program, installed into a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::environment;
use crate::packages;
use crate::step::Step;

/// The program and everything that it needs, each with its version.
const REQUIREMENTS: &str = include_str!("../schemathesis.txt");

/// The program: the one that `SAYSO_TEST_SCHEMATHESIS` names, or one in the target folder, which is installed if it is not there.
pub fn find_or_install() -> anyhow::Result<PathBuf> {
    if let Some(program) = std::env::var_os("SAYSO_TEST_SCHEMATHESIS") {
        return Ok(program.into());
    }
    let folder = environment::target_dir().join("schemathesis");
    let program = folder.join("bin/schemathesis");
    let noted = folder.join("requirements.txt");
    if fs::read_to_string(&noted).is_ok_and(|installed| installed == REQUIREMENTS) && program.is_file() {
        return Ok(program);
    }
    let python = packages::ensure("Python with venv", &["python3", "python3-venv"], find_python)?;
    let step = Step::start("install schemathesis");
    install(&step, &python, &folder).context(
        "schemathesis comes from PyPI, which has to be reached once; or let SAYSO_TEST_SCHEMATHESIS name an installed one",
    )?;
    fs::write(noted, REQUIREMENTS)?;
    step.finish(REQUIREMENTS.lines().find(|line| line.starts_with("schemathesis")).unwrap_or_default());
    Ok(program)
}

fn install(step: &Step, python: &Path, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    step.run(Command::new(python).args(["-m", "venv"]).arg(folder))?;
    let list = tempfile::NamedTempFile::new()?;
    fs::write(list.path(), REQUIREMENTS)?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    step.run(pip.arg(list.path()))?;
    Ok(())
}

/// A Python that can make environments; Debian keeps that in a package of its own.
fn find_python() -> Option<PathBuf> {
    let python = environment::find_program("python3")?;
    let output = Command::new(&python).args(["-c", "import venv, ensurepip"]).output().ok()?;
    output.status.success().then_some(python)
}
