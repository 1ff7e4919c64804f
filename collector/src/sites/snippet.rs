//! What a site's owner copies: the script tag, and the lines that a strict Content-Security-Policy needs.

use super::Site;
use crate::config::Config;

/// The script tag for the pages of a site. The launcher asks the collector for nothing, so its colour is in the tag.
pub fn script_tag(site: &Site, config: &Config) -> String {
    let accent = site.settings.theme.accent.as_deref();
    let accent = accent.map(|accent| format!(r#" data-accent="{accent}""#)).unwrap_or_default();
    format!(r#"<script async src="{}" data-site="{}"{accent}></script>"#, config.url("/sayso.js"), site.key())
}

/// The sources that the site's Content-Security-Policy has to allow, one directive a line.
pub fn csp_lines(config: &Config) -> String {
    let collector = &config.public_url;
    format!("script-src {collector} 'wasm-unsafe-eval';\nconnect-src {collector};\nframe-src {collector};\n")
}

/// Both, with a sentence to each.
pub fn print(site: &Site, config: &Config) -> String {
    format!(
        "{}\n\nIf the site has a Content-Security-Policy, add these sources to it:\n\n{}\nWithout script, link to {}\n",
        script_tag(site, config),
        csp_lines(config),
        config.url(&format!("/s/{}", site.key()))
    )
}
