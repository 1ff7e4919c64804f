//! The compiler for the browser. Building the standard library with the widget makes the module a quarter smaller, so
//! a toolchain with the library's sources is preferred; rustup's ready-made target works too.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::environment;
use crate::packages;
use crate::step::Step;

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const STD_SOURCES: &str = "lib/rustlib/src/rust/library/Cargo.lock";

/// A toolchain that can compile the widget.
pub enum Toolchain {
    /// Debian's packages, with the sources of the standard library.
    Debian { linker: PathBuf },
    /// The toolchain that runs us, with its component `rust-src`.
    OwnWithSources,
    /// The toolchain that runs us, with the ready-made target.
    OwnWithTarget,
}

impl Toolchain {
    /// Takes the best toolchain that is there, or installs one.
    pub fn find_or_install() -> anyhow::Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        let by_apt = packages::install("a compiler for WebAssembly", &DEBIAN_PACKAGES);
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        let by_rustup = add_to_rustup();
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        let reasons = [by_apt, by_rustup].into_iter().filter_map(Result::err).map(|error| format!("\n  {error:#}"));
        bail!(
            "no toolchain can compile for WebAssembly. Run `rustup component add rust-src` or `rustup target add {TARGET}`, \
             or on Debian 12 `apt-get install {}`. What was tried:{}",
            DEBIAN_PACKAGES.join(" "),
            reasons.collect::<String>()
        )
    }

    /// The cargo of this toolchain, ready for the target.
    pub fn cargo(&self) -> Command {
        let mut command = match self {
            Self::Debian { .. } => environment::foreign_toolchain(Path::new("/usr/bin/cargo")),
            Self::OwnWithSources | Self::OwnWithTarget => environment::cargo(),
        };
        // Flags of the person's own are meant for their machine, not for the browser.
        command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
        if self.is_as_released() {
            // Browsers compile each function when it is first called, on the page's thread. With these fewer and larger ones the module
            // has a tenth less of them, and no more bytes.
            let inlining = "-Cllvm-args=-inline-threshold=15";
            let mut flags = format!(
                "-Zunstable-options -Zfmt-debug=none -Zlocation-detail=none -Cpanic=immediate-abort {inlining}"
            );
            if let Self::Debian { linker } = self {
                flags = format!("-Clinker={} {flags}", linker.display());
            }
            // Stable compilers build their own library only when told that they may use unstable flags.
            command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", flags);
        }
        command
    }

    /// What cargo needs to be told beyond the package and the profile.
    pub fn build_arguments(&self) -> &'static [&'static str] {
        if self.is_as_released() {
            &["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]
        } else {
            &[]
        }
    }

    /// Says whether the module is as small as the one we release: only with a standard library built for it.
    pub fn is_as_released(&self) -> bool {
        !matches!(self, Self::OwnWithTarget)
    }

    /// What tells this toolchain's output from another's.
    pub fn identity(&self) -> anyhow::Result<String> {
        let mut rustc = match self {
            Self::Debian { .. } => environment::foreign_toolchain(Path::new("/usr/bin/rustc")),
            Self::OwnWithSources | Self::OwnWithTarget => own_rustc(),
        };
        let version = output_of(rustc.arg("--version")).context("the compiler does not tell its version")?;
        Ok(format!("{self} {version}"))
    }

    fn find() -> Option<Self> {
        Self::find_debian().or_else(|| {
            let sysroot = PathBuf::from(output_of(own_rustc().args(["--print", "sysroot"]))?);
            if sysroot.join(STD_SOURCES).is_file() {
                Some(Self::OwnWithSources)
            } else if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
                Some(Self::OwnWithTarget)
            } else {
                None
            }
        })
    }

    fn find_debian() -> Option<Self> {
        let linker = (19..=29)
            .rev()
            .map(|version| PathBuf::from(format!("/usr/bin/wasm-ld-{version}")))
            .find(|file| file.is_file())?;
        let there = Path::new("/usr/bin/cargo").is_file() && Path::new("/usr").join(STD_SOURCES).is_file();
        // Debian 12 also has an old `rustc` package in the same place, which cannot read this workspace.
        let version = output_of(environment::foreign_toolchain(Path::new("/usr/bin/rustc")).arg("--version"))?;
        (there && minor_version(&version)? >= 94).then_some(Self::Debian { linker })
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Debian { .. } => "Debian's toolchain, with the standard library",
            Self::OwnWithSources => "this toolchain, with the standard library",
            Self::OwnWithTarget => "this toolchain, ready-made standard library",
        })
    }
}

fn add_to_rustup() -> anyhow::Result<()> {
    let rustup = environment::find_program("rustup").context("rustup is not there")?;
    let step = Step::start("add the sources of the standard library by rustup");
    if step.run(Command::new(&rustup).args(["component", "add", "rust-src"])).is_ok() {
        step.finish("");
        return Ok(());
    }
    let step = Step::start(format!("add the target {TARGET} by rustup"));
    step.run(Command::new(&rustup).args(["target", "add", TARGET]))?;
    step.finish("");
    Ok(())
}

fn own_rustc() -> Command {
    let mut command = environment::cargo();
    let cargo = PathBuf::from(command.get_program());
    let beside = cargo.with_file_name("rustc");
    if beside.is_file() {
        command = environment::foreign_toolchain(&beside);
    } else {
        command = Command::new("rustc");
    }
    command
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The minor number of `rustc 1.96.0 (...)`.
fn minor_version(version: &str) -> Option<u32> {
    version.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(minor_version("rustc 1.96.0 (abc 2026-05-25) (built from a source tarball)"), Some(96));
        assert_eq!(minor_version("rustc 1.63.0"), Some(63));
        assert_eq!(minor_version("something else"), None);
    }
}
