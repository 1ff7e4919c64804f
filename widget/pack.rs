//! Packs a stylesheet, for the build scripts of the modules: it travels inside the module, so comments and white space would be paid for by visitors.

use std::path::Path;
use std::{env, fs, io};

/// Writes `styles/NAME` of the package, packed, to where its code includes it from.
pub fn pack(name: &str) -> io::Result<()> {
    let source = format!("styles/{name}");
    println!("cargo::rerun-if-changed={source}");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    fs::write(Path::new(&folder).join(name), minify(&fs::read_to_string(source)?))
}

/// Takes out comments and the white space that separates nothing. Our stylesheet has no strings with such characters.
fn minify(css: &str) -> String {
    let mut plain = String::new();
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);

    let mut packed = String::new();
    for word in plain.split_whitespace() {
        // Blanks matter between the parts of a selector or a value, and around the operators of calc().
        let joins = packed.ends_with(['{', '}', ';', ',', ':', '>']) || word.starts_with(['{', '}', '>']);
        if !joins && !packed.is_empty() {
            packed.push(' ');
        }
        packed.push_str(word);
    }
    packed.replace(";}", "}")
}
