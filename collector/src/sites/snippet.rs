//! What a site's owner copies: the script tag, and the lines that a strict Content-Security-Policy needs.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use super::Site;
use crate::assets;
use crate::config::Config;
use crate::context::{Context, PublicAddress};

/// Which tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The newest loader, whenever a page is loaded.
    Plain,
    /// This version's loader and no other.
    Pinned,
}

/// The script tag for the pages of a site. It asks the collector for nothing before somebody wants the form, so what the launcher and the page's errors
/// need to know is in the tag.
pub fn script_tag(site: &Site, config: &Config) -> String {
    tag(site, &config.url("/sayso.js"), "")
}

/// A tag with `integrity`, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedTag {
    /// The import map with the integrity of every script that the loader fetches later, and below it the tag.
    pub html: String,
    /// What the policy's `script-src` has to name for the import map, which stands in the page.
    pub import_map: String,
    /// What it has to name for all scripts where it names no host.
    pub hashes: Vec<String>,
}

/// The same with `integrity`; none where the collector was built without its widget.
pub fn pinned_tag(site: &Site, config: &Config) -> Option<PinnedTag> {
    let (path, content) = assets::pinned_loader()?;
    let loader = integrity(&content);
    let modules: Vec<(String, String)> =
        assets::widget_modules().iter().map(|(path, content)| (config.url(path), integrity(content))).collect();
    let listed: serde_json::Map<String, serde_json::Value> =
        modules.iter().map(|(url, digest)| (url.clone(), digest.as_str().into())).collect();
    let map = serde_json::json!({ "integrity": listed }).to_string();
    let tag = tag(site, &config.url(path), &format!(r#" integrity="{loader}" crossorigin="anonymous""#));
    let import_map = format!("'{}'", integrity(map.as_bytes()));
    let hashes = std::iter::once(&loader).chain(modules.iter().map(|(_, digest)| digest));
    Some(PinnedTag {
        html: format!("<script type=\"importmap\">{map}</script>\n{tag}"),
        hashes: hashes.map(|digest| format!("'{digest}'")).collect(),
        import_map,
    })
}

fn integrity(content: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(content)))
}

fn tag(site: &Site, address: &str, more: &str) -> String {
    let accent = site.settings.theme.accent.as_deref();
    let accent = accent.map(|accent| format!(r#" data-accent="{accent}""#)).unwrap_or_default();
    let errors = if site.settings.page_errors { " data-errors" } else { "" };
    format!(r#"<script async src="{address}"{more} data-site="{}"{accent}{errors}></script>"#, site.key())
}

/// The sources that the site's Content-Security-Policy has to allow, one directive a line.
pub fn csp_lines(config: &Config) -> String {
    let collector = &config.public_url;
    format!("script-src {collector} 'wasm-unsafe-eval';\nconnect-src {collector};\nframe-src {collector};\n")
}

/// The same for a pinned tag.
pub fn pinned_csp_lines(config: &Config, tag: &PinnedTag) -> String {
    let collector = &config.public_url;
    csp_lines(config).replacen(collector.as_str(), &format!("{collector} {}", tag.import_map), 1)
}

/// Both, with a sentence to each.
pub fn print(site: &Site, context: &Context, tag: Tag) -> anyhow::Result<String> {
    let config = &context.config;
    let (script, policy, note) = match tag {
        Tag::Plain => (script_tag(site, config), csp_lines(config), String::new()),
        Tag::Pinned => {
            let tag = pinned_tag(site, config).context("this binary was built without the widget")?;
            let policy = pinned_csp_lines(config, &tag);
            let note = format!(
                "\nA policy that names scripts by their hashes alone has these in place of {}. In Safari, which takes no later script\nby its hash, \
                 the tag then leads to the form by a link:\n\nscript-src {} {} 'wasm-unsafe-eval'\n",
                config.public_url,
                tag.import_map,
                tag.hashes.join(" ")
            );
            (tag.html, policy, note)
        }
    };
    let caution = match (context.address, tag) {
        (PublicAddress::Guessed, _) => format!(
            "\nThe address {} is a guess, since no server has run with this database yet.\nStart it with --public-url, then \
             `sayso site snippet {}` prints the tag again.\n",
            config.public_url,
            site.key()
        ),
        (_, Tag::Pinned) => {
            "\nIt belongs to this version of Sayso: after an upgrade, put the new one into your pages.\n".to_owned()
        }
        _ => String::new(),
    };
    Ok(format!(
        "{script}\n{caution}\nIf the site has a Content-Security-Policy, add these sources to it:\n\n{policy}{note}\nWithout script, link to {}\n",
        config.url(&format!("/s/{}", site.key()))
    ))
}
