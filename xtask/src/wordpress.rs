//! The plugin for WordPress, packed as WordPress takes it: `target/wordpress/sayso-feedback.zip`, whose one folder is named as the plugin is.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::environment;

const SLUG: &str = "sayso-feedback";
const FILES: [&str; 3] = ["sayso-feedback.php", "uninstall.php", "readme.txt"];

/// Checks the plugin's files and packs them.
pub fn pack() -> anyhow::Result<PathBuf> {
    let source = environment::workspace().join("examples/wordpress-plugin").join(SLUG);
    let target = environment::target_dir().join("wordpress").join(format!("{SLUG}.zip"));
    fs::create_dir_all(target.parent().context("it is in a folder")?)?;
    let mut zip = ZipWriter::new(fs::File::create(&target)?);
    let listed = fs::read_dir(&source)?.count();
    ensure!(listed == FILES.len(), "{} has {listed} files, and {FILES:?} are packed", source.display());
    for file in FILES {
        let text = fs::read_to_string(source.join(file))?;
        check(file, &text).with_context(|| format!("{file} of the plugin for WordPress"))?;
        zip.start_file(
            format!("{SLUG}/{file}"),
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored),
        )?;
        zip.write_all(text.as_bytes())?;
    }
    zip.finish()?;
    Ok(target)
}

/// What Plugin Check of wordpress.org refuses and a text tells: the headers, their agreement with the readme, access by address, and names without a prefix.
fn check(file: &str, text: &str) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let has = |line: &str| {
        text.lines()
            .any(|known| known.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches("* ") == line)
    };
    let headers: &[&str] = &["Requires at least: 6.3", "Requires PHP: 7.4", "License: Apache-2.0"];
    let own = match file {
        "readme.txt" => {
            vec![format!("Stable tag: {version}"), "Tested up to: 6.5".to_owned(), "=== Sayso Feedback ===".to_owned()]
        }
        "sayso-feedback.php" => vec![
            format!("Version: {version}"),
            format!("Text Domain: {SLUG}"),
            "Plugin Name: Sayso Feedback".to_owned(),
        ],
        _ => Vec::new(),
    };
    let wanted = own.iter().map(String::as_str).chain(headers.iter().copied().filter(|_| !own.is_empty()));
    for line in wanted {
        ensure!(has(line), "there is no line `{line}`");
    }
    if file == "readme.txt" {
        let short = text.lines().skip_while(|line| !line.is_empty()).nth(1).unwrap_or_default();
        ensure!((1..=150).contains(&short.chars().count()), "the short description has 1 to 150 characters");
        let tags = text.lines().find_map(|line| line.strip_prefix("Tags: ")).unwrap_or_default();
        ensure!((1..=5).contains(&tags.split(", ").count()), "there are one to five tags");
        return Ok(());
    }
    ensure!(
        text.contains("! defined( 'ABSPATH' )") || text.contains("! defined( 'WP_UNINSTALL_PLUGIN' )"),
        "it can be run by its address"
    );
    let names = text.lines().filter_map(|line| line.strip_prefix("function ").or_else(|| line.strip_prefix("const ")));
    for name in names {
        ensure!(name.to_lowercase().starts_with("sayso_feedback_"), "`{name}` has no prefix of ours");
    }
    for line in text.lines().filter(|line| line.contains("echo ")) {
        ensure!(line.contains("echo esc_"), "`{}` is not escaped", line.trim());
    }
    for word in ["eval(", "base64_decode", "file_get_contents", "curl_", "<script", "$_GET", "$_POST", "$_REQUEST"] {
        ensure!(!text.contains(word), "it has `{word}`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_escaped_or_has_no_prefix_is_refused() {
        let php = "<?php\nif ( ! defined( 'ABSPATH' ) ) { exit; }\n";
        assert!(check("uninstall.php", php).is_ok());
        for wrong in ["echo $name;", "function helper() {}", "eval($x);", "$x = $_GET['x'];"] {
            assert!(check("uninstall.php", &format!("{php}{wrong}\n")).is_err(), "{wrong}");
        }
        assert!(check("uninstall.php", "<?php\n").is_err());
    }

    #[test]
    fn the_plugin_is_packed_as_it_is() {
        pack().expect("it keeps the rules");
    }
}
