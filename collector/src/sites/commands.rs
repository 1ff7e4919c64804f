//! `sayso site`.

use anyhow::ensure;
use clap::Subcommand;

use super::settings::NAMES;
use super::{Origin, Site, SiteKey, snippet};
use crate::cli::Context;

/// Add, show and set up sites.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Add a site that collects feedback.
    Add {
        /// The public key, which stands in the script tag: a-z, 0-9 and -.
        key: String,
        /// The name that customers know.
        #[arg(long)]
        name: String,
        /// The origins of its pages, such as `https://shop.example` or `https://*.shop.example`.
        #[arg(long = "origin", value_name = "URL", required = true, num_args = 1..)]
        origins: Vec<String>,
    },
    /// List the sites.
    List,
    /// Show the settings of a site.
    Show {
        /// The site's key.
        key: String,
    },
    /// Change settings of a site, such as `first_response_hours=4`; without any, list what can be set.
    Set {
        /// The site's key.
        key: String,
        /// NAME=VALUE
        assignments: Vec<String>,
    },
    /// Remove a site that has no cases.
    Remove {
        /// The site's key.
        key: String,
    },
    /// Print the script tag for the site's pages, and the lines that a Content-Security-Policy needs.
    Snippet {
        /// The site's key.
        key: String,
    },
}

/// Does what the command says.
pub async fn run(command: SiteCommand, context: &Context) -> anyhow::Result<()> {
    let Context { config, db, clock, .. } = context;
    match command {
        SiteCommand::Add { key, name, origins } => {
            let key = SiteKey::parse(&key)?;
            let origins = origins.iter().map(|origin| Origin::parse(origin)).collect::<anyhow::Result<Vec<_>>>()?;
            Site::add(db, &key, &name, &origins, clock.now()).await?;
            println!("Added the site {}. This goes into its pages:\n", key.as_str());
            print!("{}", snippet::print(key.as_str(), config));
        }
        SiteCommand::List => {
            let sites = Site::all(db).await?;
            if sites.is_empty() {
                println!("There is no site yet. Add one: sayso site add KEY --name NAME --origin URL");
            }
            for site in sites {
                let origins: Vec<&str> = site.origins().iter().map(Origin::as_str).collect();
                println!("{}\t{}\t{}", site.key(), site.name(), origins.join(" "));
            }
        }
        SiteCommand::Show { key } => {
            let site = Site::by_key(db, &key).await?;
            let origins: Vec<&str> = site.origins().iter().map(Origin::as_str).collect();
            println!("key = {:?}\nname = {:?}\norigins = {origins:?}", site.key(), site.name());
            print!("{}", toml::to_string(&site.settings)?);
        }
        SiteCommand::Set { key, assignments } => {
            let mut site = Site::by_key(db, &key).await?;
            ensure!(!assignments.is_empty(), "nothing to set; these can be: {NAMES}");
            for assignment in &assignments {
                site.set(assignment)?;
            }
            site.save(db, clock.now()).await?;
            println!("The site {key} is set; a running server sees it within a second.");
        }
        SiteCommand::Remove { key } => {
            Site::by_key(db, &key).await?.remove(db).await?;
            println!("Removed the site {key}.");
        }
        SiteCommand::Snippet { key } => {
            let site = Site::by_key(db, &key).await?;
            print!("{}", snippet::print(site.key(), config));
        }
    }
    Ok(())
}
