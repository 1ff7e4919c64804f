//! Packs the stylesheet.

#[path = "../css.rs"]
mod css;

use std::path::Path;
use std::{env, fs, io};

const NAME: &str = "companion.css";

/// Writes the stylesheet, packed, to where the code includes it from.
fn main() -> io::Result<()> {
    let source = format!("styles/{NAME}");
    println!("cargo::rerun-if-changed=../css.rs");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={source}");
    let folder = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    fs::write(Path::new(&folder).join(NAME), css::minify(&fs::read_to_string(source)?))
}
