//! Packs the stylesheet.

#[path = "pack.rs"]
mod pack;

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=pack.rs");
    pack::pack("widget.css")
}
