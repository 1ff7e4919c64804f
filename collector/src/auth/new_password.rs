//! The password that somebody chooses.

use super::breached;
use super::password::{Password, Weakness};
use crate::app::App;
use crate::http::Result;

/// Reads a password that a member chooses for themselves; why it can't be one, if it can't. Their own name and address are no passwords, nor are the names of
/// the sites, and what was stolen elsewhere is none.
pub async fn read(app: &App, typed: &str, name: &str, email: &str) -> Result<std::result::Result<Password, Weakness>> {
    let sites = app.sites.all().await?;
    let mut own_words = vec![name, email, "sayso"];
    own_words.extend(sites.iter().flat_map(|site| [site.name(), site.key()]));
    Ok(match Password::parse(typed, &own_words) {
        Ok(password) => breached::check(&app.config, &password).await?.map(|()| password),
        Err(weak) => Err(weak),
    })
}
