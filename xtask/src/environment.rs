//! Where things are, and the environment that our children get.

use std::env;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

/// The workspace's root folder.
///
/// Cargo tells where it found us when it runs us, which stays right when a workspace was moved after its compilation.
pub fn workspace() -> PathBuf {
    let manifest_dir =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest_dir.parent().map_or_else(|| manifest_dir.clone(), Path::to_path_buf)
}

/// The folder for everything that is built.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => workspace().join(folder),
        None => workspace().join("target"),
    }
}

/// The cargo that runs us, in the workspace, as if we were not between it and the person.
///
/// Cargo's variables about the package `xtask` would otherwise make build scripts of other packages run again.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    for name in inherited_names().filter(|name| describes_our_own_run(name)) {
        command.env_remove(name);
    }
    command
}

/// Compiles the collector's program for tests and the demo.
///
/// The whole workspace is selected here as everywhere, so that all steps agree on the features of the dependencies and
/// nothing is compiled twice. The test program, a small one, is there for the same reason: without any, cargo leaves out
/// what dev-dependencies ask of the dependencies, and compiles most of them once more.
pub fn build_collector() -> Command {
    let mut command = cargo();
    command.args(["build", "--workspace", "--bin", "sayso", "--test", "sources"]);
    command
}

/// Where [`build_collector`] leaves the program.
pub fn collector_program() -> PathBuf {
    target_dir().join("debug/sayso")
}

/// Compiles the collector's program as released.
pub fn build_released_collector() -> Command {
    let mut command = cargo();
    command.args(["build", "--release", "--package", "sayso", "--bin", "sayso"]);
    // The same sources and the same compiler make the same file, byte by byte, wherever and whenever: no paths of this machine, and no date.
    command.env("CARGO_ENCODED_RUSTFLAGS", nobodys_paths()).env("SOURCE_DATE_EPOCH", "0");
    command
}

/// What has the compiler write other paths than those of this machine. Cargo takes several flags with this character in between.
fn nobodys_paths() -> String {
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or(home).unwrap_or_default();
    format!(
        "--remap-path-prefix={}=crates\u{1f}--remap-path-prefix={}=sayso",
        cargo_home.join("registry/src").display(),
        workspace().display()
    )
}

/// Where [`build_released_collector`] leaves the program.
pub fn released_collector_program() -> PathBuf {
    target_dir().join("release/sayso")
}

/// Another toolchain's program, without anything that would lead it to rustup's.
pub fn foreign_toolchain(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace());
    for name in inherited_names().filter(|name| describes_our_own_run(name) || leads_to_a_toolchain(name)) {
        command.env_remove(name);
    }
    if let Some(folder) = program.parent() {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(folder.to_path_buf()).chain(env::split_paths(&inherited));
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
    }
    command
}

/// Finds a program on `PATH`.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path: OsString = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A free port of 127.0.0.1, for a server. It is none that the system gives to connections and to listeners of port 0, of which tests make
/// many: else one of them has it before the server does.
pub fn free_port() -> anyhow::Result<u16> {
    let first = std::process::id() % 10_000;
    let mut ports =
        (0..10_000).map(|number| 10_000 + (first + number) % 10_000).filter_map(|port| u16::try_from(port).ok());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).context("there is no free port")
}

fn inherited_names() -> impl Iterator<Item = String> {
    env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

fn describes_our_own_run(name: &str) -> bool {
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    prefixes.iter().any(|prefix| name.starts_with(prefix))
        || ["CARGO_PRIMARY_PACKAGE", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "OUT_DIR"].contains(&name)
}

fn leads_to_a_toolchain(name: &str) -> bool {
    let exact = ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTDOCFLAGS", "CARGO_ENCODED_RUSTFLAGS"];
    let prefixes = ["RUSTUP_", "RUSTC_", "RUST_RECURSION_COUNT", "CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];
    exact.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_the_folder_with_the_members() {
        assert!(workspace().join("xtask/Cargo.toml").is_file());
    }

    #[test]
    fn registries_and_proxies_survive_but_toolchains_do_not() {
        for kept in ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_HTTP_PROXY", "CARGO_REGISTRIES_X_INDEX", "HTTPS_PROXY"] {
            assert!(!leads_to_a_toolchain(kept) && !describes_our_own_run(kept), "{kept}");
        }
        for removed in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC_WRAPPER", "RUSTFLAGS", "CARGO_TARGET_DIR"] {
            assert!(leads_to_a_toolchain(removed), "{removed}");
        }
    }
}
