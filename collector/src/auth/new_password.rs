//! The password that somebody chooses.

use super::breached;
use super::password::{Password, Weakness};
use crate::app::App;
use crate::config::Config;
use crate::http::Result;
use crate::sites::Site;

/// Reads a password that a member chooses for themselves; why it can't be one, if it can't.
pub async fn read(app: &App, typed: &str, name: &str, email: &str) -> Result<std::result::Result<Password, Weakness>> {
    let sites = app.sites.all().await?;
    Ok(check(&app.config, sites.iter().map(AsRef::as_ref), typed, (name, email)).await?)
}

/// The same wherever one is chosen. The own name and address are no passwords, nor are the names of the sites, and what was stolen elsewhere is none.
pub async fn check<'a>(
    config: &Config,
    sites: impl Iterator<Item = &'a Site>,
    typed: &str,
    (name, email): (&str, &str),
) -> anyhow::Result<std::result::Result<Password, Weakness>> {
    let mut own_words = vec![name, email, "sayso"];
    own_words.extend(sites.flat_map(|site| [site.name(), site.key()]));
    Ok(match Password::parse(typed, &own_words) {
        Ok(password) => breached::check(config, &password).await?.map(|()| password),
        Err(weak) => Err(weak),
    })
}
