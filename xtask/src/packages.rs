//! What the system must have: installed by apt where we may, else named precisely.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::environment;
use crate::step::Step;

/// Makes sure that something is there: looks, installs Debian packages if it is not and we may, and looks again.
pub fn ensure<T>(what: &str, packages: &[&str], look: impl Fn() -> Option<T>) -> anyhow::Result<T> {
    if let Some(found) = look() {
        return Ok(found);
    }
    install(what, packages)?;
    look().with_context(|| format!("{what}: still missing after installing {}", packages.join(" ")))
}

/// Installs Debian packages, or says what a person should do.
pub fn install(what: &str, packages: &[&str]) -> anyhow::Result<()> {
    let command_line = format!("apt-get install --yes {}", packages.join(" "));
    if environment::find_program("apt-get").is_none() {
        bail!("{what}: missing; install what Debian calls {}", packages.join(" "));
    }
    if !rustix::process::geteuid().is_root() {
        bail!("{what}: missing; run `sudo {command_line}`, or run this command as root, which installs it");
    }
    let step = Step::start(format!("install {what}"));
    // A fresh machine has no package lists, or lists that name files which the mirror has replaced since.
    step.run(&mut apt(&["update"]))?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    step.run(&mut apt(&arguments))?;
    step.finish(&packages.join(" "));
    Ok(())
}

/// The server of mailboxes that tests and benches read by IMAP.
pub fn ensure_dovecot() -> anyhow::Result<()> {
    ensure("Dovecot", &["dovecot-imapd"], || Path::new("/usr/sbin/dovecot").exists().then_some(()))
}

/// Looks for a font's file in the folders of Debian's Noto packages.
pub fn has_font(file: &str) -> Option<()> {
    let folders = ["/usr/share/fonts/opentype/noto", "/usr/share/fonts/truetype/noto"];
    folders.iter().any(|folder| Path::new(folder).join(file).is_file()).then_some(())
}

/// Asks fontconfig for any font with Chinese characters, for systems that keep theirs elsewhere.
pub fn any_cjk_font() -> Option<()> {
    let output = Command::new("fc-list").args([":lang=zh-cn", "file"]).output().ok()?;
    (!output.stdout.is_empty()).then_some(())
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(["--quiet", "-o", "DPkg::Lock::Timeout=300"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
