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

/// The same with `integrity`; none where the collector was built without its widget.
pub fn pinned_tag(site: &Site, config: &Config) -> Option<String> {
    let (path, content) = assets::pinned_loader()?;
    let digest = STANDARD.encode(Sha384::digest(content));
    Some(tag(site, &config.url(path), &format!(r#" integrity="sha384-{digest}" crossorigin="anonymous""#)))
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

/// Both, with a sentence to each.
pub fn print(site: &Site, context: &Context, tag: Tag) -> anyhow::Result<String> {
    let config = &context.config;
    let script = match tag {
        Tag::Plain => script_tag(site, config),
        Tag::Pinned => pinned_tag(site, config).context("this binary was built without the widget")?,
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
        "{script}\n{caution}\nIf the site has a Content-Security-Policy, add these sources to it:\n\n{}\nWithout script, link to {}\n",
        csp_lines(config),
        config.url(&format!("/s/{}", site.key()))
    ))
}
