//! Our packages as npm would publish them: packed, and installed beside the frameworks as an application would have them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use flate2::read::GzDecoder;

use crate::environment;
use crate::step::Step;

/// The folders of `packages`.
const PACKAGES: [&str; 3] = ["widget", "react", "vue"];

/// Leaves the tarballs, and what npm says of each, in `packed`.
pub fn pack_and_install(npm: &Path, folder: &Path) -> anyhow::Result<()> {
    let step = Step::start("pack our packages");
    let packed = folder.join("packed");
    if packed.exists() {
        fs::remove_dir_all(&packed)?;
    }
    fs::create_dir_all(&packed)?;
    for name in PACKAGES {
        let source = environment::workspace().join("packages").join(name);
        let mut pack = Command::new(npm);
        pack.current_dir(source).args(["pack", "--json", "--silent", "--pack-destination"]).arg(&packed);
        let said: Vec<String> = step.run(&mut pack)?.lines().map(str::to_owned).collect();
        let said = said.join("\n");
        fs::write(packed.join(name).with_extension("json"), &said)?;
        let said: serde_json::Value = serde_json::from_str(&said).context("npm says in JSON what it packed")?;
        let tarball = said[0]["filename"].as_str().context("npm names the tarball")?;
        install(&packed.join(tarball), &folder.join("node_modules/@sayso").join(name))?;
    }
    step.finish(&PACKAGES.join(", "));
    Ok(())
}

/// As npm would. It does not do it itself, since the lock would then hold the hash of every state of ours.
fn install(tarball: &Path, to: &Path) -> anyhow::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(tarball)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.strip_prefix("package").context("npm packs into this folder")?.to_path_buf();
        let target = to.join(path);
        fs::create_dir_all(target.parent().context("a file is in a folder")?)?;
        entry.unpack(target)?;
    }
    Ok(())
}
