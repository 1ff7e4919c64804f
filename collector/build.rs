//! Embeds what the collector serves: the widget as `cargo xtask build` left it in `target/widget`, and the files of
//! `assets/` and the design tokens, named by their content and compressed here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut table = String::new();
    embed_pages(&root, &out, &mut table);
    embed_widget(&root.join("../target/widget"), &out, &mut table);
    fs::write(out.join("assets.rs"), format!("vec![\n{table}]")).expect("OUT_DIR is writable");
    list_widget_texts(&root.join("../widget/lang"), &out);
    pack_texts(&root.join("lang"), &out);
    make_it_small();
}

/// Tells the linker what makes the released binary smaller. Only the one that Rust brings for this target knows how.
fn make_it_small() {
    let is = |name: &str, expected: &str| std::env::var(name).is_ok_and(|value| value == expected);
    let is_target = is("CARGO_CFG_TARGET_ARCH", "x86_64") && is("CARGO_CFG_TARGET_OS", "linux");
    if !(is("PROFILE", "release") && is_target && is("CARGO_CFG_TARGET_ENV", "gnu")) {
        return;
    }
    // One is kept of the functions that come to the same code, as generic ones often do. None of ours is told from another by its address.
    println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
    // Addresses that are moved when it starts are a bit each, and no longer 24 bytes. A C library that is older than 2.36 can't read that; the
    // binary runs on systems that are as new as the one that made it, as ever.
    if std::env::var("HOST") == std::env::var("TARGET") && c_library().is_some_and(|version| version >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the C library of this system: `getconf` says "glibc 2.36".
fn c_library() -> Option<(u32, u32)> {
    let said = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

/// The widget's language files, so that the owner of a site can be told which texts there are.
fn list_widget_texts(folder: &Path, out: &Path) {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    let mut list = String::new();
    for (name, path) in files {
        let path = fs::canonicalize(path).expect("a file that was just listed");
        let _ = writeln!(list, "({:?}, include_str!({path:?})),", name.trim_end_matches(".json"));
    }
    fs::write(out.join("widget_texts.rs"), format!("&[\n{list}]")).expect("OUT_DIR is writable");
}

/// What the collector says, in all languages, as one file: `{"en": {"pages": {"title": "…"}}}`. Compressed it is a third of what it is.
fn pack_texts(folder: &Path, out: &Path) {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    let mut languages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, path) in &files {
        let (tag, slice) = name.split_once('/').expect("each language has a folder");
        let json = fs::read_to_string(path).expect("a file that was just listed");
        languages.entry(tag).or_default().push(format!("{:?}: {json}", slice.trim_end_matches(".json")));
    }
    let all = languages.into_iter().map(|(tag, slices)| format!("{tag:?}: {{{}}}", slices.join(",")));
    let all = format!("{{{}}}", all.collect::<Vec<_>>().join(","));
    fs::write(out.join("texts.json.gz"), gzip(all.as_bytes())).expect("OUT_DIR is writable");
}

/// Our own files: hashed, and compressed both ways.
fn embed_pages(root: &Path, out: &Path, table: &mut String) {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in [root.join("assets"), root.join("../shared/styles")] {
        println!("cargo:rerun-if-changed={}", folder.display());
        collect(&folder, &folder, &mut files);
    }
    for (name, path) in files {
        let content = fs::read(&path).expect("a file that was just listed");
        let hash = hash(&content);
        let flat = name.replace('/', "-");
        let (stem, ending) = flat.rsplit_once('.').expect("every asset has an ending");
        let hashed = format!("{stem}-{hash}.{ending}");
        let plain = out.join(&hashed);
        fs::write(&plain, &content).expect("OUT_DIR is writable");
        fs::write(out.join(format!("{hashed}.br")), brotli(&content)).expect("OUT_DIR is writable");
        fs::write(out.join(format!("{hashed}.gz")), gzip(&content)).expect("OUT_DIR is writable");
        entry(table, &name, &format!("/assets/{hashed}"), &plain);
    }
}

/// The widget's files come hashed and compressed. Without them the collector still serves every page, and the tag's loader says so.
fn embed_widget(folder: &Path, out: &Path, table: &mut String) {
    // A path that does not exist makes cargo run this again each time; it does until the widget has been built.
    println!("cargo:rerun-if-changed={}", folder.join("manifest.json").display());
    let loader = folder.join("sayso.js");
    if !loader.is_file() {
        println!("cargo:warning=the widget has not been built; `cargo xtask build` does it");
        return;
    }
    let kept = keep(&loader, out);
    entry(table, "sayso.js", "/sayso.js", &kept);
    // The same for tags that are pinned to it, which need a name that never means anything else.
    let content = fs::read(&kept).expect("a file that was just copied");
    entry(table, "pinned-sayso.js", &format!("/assets/loader-{}.js", hash(&content)), &kept);
    let mut files = BTreeMap::new();
    collect(&folder.join("assets"), &folder.join("assets"), &mut files);
    for (name, path) in files.into_iter().filter(|(name, _)| !name.ends_with(".br") && !name.ends_with(".gz")) {
        entry(table, &name, &format!("/assets/{name}"), &keep(&path, out));
    }
}

/// Copies a file of the widget and its compressed forms, since another build of the widget may replace them while the collector compiles.
fn keep(path: &Path, out: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).expect("names of ours are text");
    for ending in ["", ".br", ".gz"] {
        let from = path.with_file_name(format!("{name}{ending}"));
        fs::copy(&from, out.join(format!("{name}{ending}"))).expect("the widget's files come in threes");
    }
    out.join(name)
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|ending| ending != "md") {
            let name = path.strip_prefix(root).expect("it lies below the root");
            files.insert(name.to_string_lossy().replace('\\', "/"), path);
        }
    }
}

fn entry(table: &mut String, name: &str, url: &str, path: &Path) {
    let path = fs::canonicalize(path).expect("the file exists");
    let path = path.to_str().expect("paths of a build are text");
    let _ =
        writeln!(table, "Asset::new({name:?}, {url:?}, include_bytes!(\"{path}.br\"), include_bytes!(\"{path}.gz\")),");
}

/// The first half of the name that a file's content gives it.
fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(8).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn brotli(content: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 4096, 11, 22);
    writer.write_all(content).expect("memory takes everything");
    drop(writer);
    compressed
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content).expect("memory takes everything");
    writer.finish().expect("memory takes everything")
}
