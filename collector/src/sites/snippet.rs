//! What a site's owner copies: the script tag, and the lines that a strict Content-Security-Policy needs.

use crate::config::Config;

/// The script tag for the pages of the site `key`.
pub fn script_tag(key: &str, config: &Config) -> String {
    format!(r#"<script async src="{}" data-site="{key}"></script>"#, config.url("/sayso.js"))
}

/// The sources that the site's Content-Security-Policy has to allow, one directive a line.
pub fn csp_lines(config: &Config) -> String {
    let collector = &config.public_url;
    format!("script-src {collector} 'wasm-unsafe-eval';\nconnect-src {collector};\nframe-src {collector};\n")
}

/// Both, with a sentence to each.
pub fn print(key: &str, config: &Config) -> String {
    format!(
        "{}\n\nIf the site has a Content-Security-Policy, add these sources to it:\n\n{}\nWithout script, link to {}\n",
        script_tag(key, config),
        csp_lines(config),
        config.url(&format!("/s/{key}"))
    )
}
