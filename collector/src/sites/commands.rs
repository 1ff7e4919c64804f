//! `sayso site`.

use clap::Subcommand;

use super::assign::NAMES;
use super::{Origin, Site, SiteKey, secrets, snippet, texts};
use crate::audit::Stamp;
use crate::clock::rfc3339;
use crate::config::Config;
use crate::context::Context;

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
    /// List what the widget says, under the keys of `text.KEY.LANG`.
    Texts {
        /// The language.
        #[arg(long, default_value = "en")]
        lang: String,
    },
    /// Remove a site that has no cases.
    Remove {
        /// The site's key.
        key: String,
    },
    /// Make, list and remove the secrets with which a site signs who its customers are.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Print the script tag for the site's pages, and the lines that a Content-Security-Policy needs.
    Snippet {
        /// The site's key.
        key: String,
        /// A tag with `integrity`, for websites that ask for it. It belongs to this version of Sayso.
        #[arg(long)]
        pinned: bool,
    },
}

/// Make, list and remove secrets.
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Make a secret and show it this once. Two are valid at a time, so that the new one can take over from the old one.
    Add {
        /// The site's key.
        key: String,
    },
    /// List the secrets of a site, without showing them.
    List {
        /// The site's key.
        key: String,
    },
    /// Remove a secret: what it signed is refused from now on.
    Remove {
        /// The secret's identifier (see `sayso site secret list KEY`).
        id: String,
    },
}

/// Does what the command says.
pub async fn run(command: SiteCommand, context: &Context) -> anyhow::Result<()> {
    let Context { config, db, clock, .. } = context;
    match command {
        SiteCommand::Add { key, name, origins } => {
            let key = SiteKey::parse(&key)?;
            let origins = origins.iter().map(|origin| Origin::parse(origin)).collect::<anyhow::Result<Vec<_>>>()?;
            Site::add(db, &key, &name, &origins, &Stamp::command(clock.now())).await?;
            let site = Site::by_key(db, key.as_str()).await?;
            println!("Added the site {} to the database {}. This goes into its pages:\n", site.key(), database(config));
            print!("{}", snippet::print(&site, context, snippet::Tag::Plain)?);
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
            let mut settings = site.settings;
            // Nobody reads a picture in Base64; `sayso service export` has it.
            if let Some(logo) = settings.logo.take() {
                println!("# logo: {}, {} bytes", logo.media_type(), logo.content().len());
            }
            print!("{}", toml::to_string(&settings)?);
        }
        SiteCommand::Set { key, assignments } => {
            let mut site = Site::by_key(db, &key).await?;
            if assignments.is_empty() {
                println!("What can be set, as NAME=VALUE (see `sayso site show {key}` for what is set):\n{NAMES}");
                return Ok(());
            }
            for assignment in &assignments {
                site.set(assignment)?;
            }
            site.save(db, &Stamp::command(clock.now())).await?;
            println!("The site {key} is set; a running server sees it within a second.");
        }
        SiteCommand::Texts { lang } => {
            texts::language_tag(&lang)?;
            for (key, text) in texts::widget_texts(&lang).into_iter().flatten() {
                println!("{key} = {text}");
            }
        }
        SiteCommand::Remove { key } => {
            Site::by_key(db, &key).await?.remove(db, &Stamp::command(clock.now())).await?;
            println!("Removed the site {key}.");
        }
        SiteCommand::Secret(command) => run_secret(command, context).await?,
        SiteCommand::Snippet { key, pinned } => {
            let site = Site::by_key(db, &key).await?;
            let tag = if pinned { snippet::Tag::Pinned } else { snippet::Tag::Plain };
            print!("{}", snippet::print(&site, context, tag)?);
        }
    }
    Ok(())
}

/// Which database a command works with, so that nobody sets up another one than the server's without noticing.
fn database(config: &Config) -> String {
    match config.database_url.reveal() {
        Some(url) => url::Url::parse(url).map_or_else(
            |_| "that is set".to_owned(),
            |url| format!("{} of {}", url.path().trim_start_matches('/'), url.host_str().unwrap_or("this machine")),
        ),
        None => {
            let folder = std::path::absolute(&config.data).unwrap_or_else(|_| config.data.clone());
            format!("in {}", folder.display())
        }
    }
}

async fn run_secret(command: SecretCommand, context: &Context) -> anyhow::Result<()> {
    let Context { db, keys, clock, .. } = context;
    match command {
        SecretCommand::Add { key } => {
            let site = Site::by_key(db, &key).await?;
            let (id, secret) = secrets::add(db, keys, &site, &Stamp::command(clock.now())).await?;
            println!(
                "Added the secret {id} of the site {key}. Its server signs identities (JWT, HS256) with this text:\n"
            );
            println!("  {}\n", secret.reveal());
            println!("It is shown only this once, so keep it now, and never in a page or an app.");
        }
        SecretCommand::List { key } => {
            let site = Site::by_key(db, &key).await?;
            let listed = secrets::list(db, &site).await?;
            if listed.is_empty() {
                println!("The site {key} has no secret; `sayso site secret add {key}` makes one.");
            }
            for secret in listed {
                println!("{}  made {}", secret.id, rfc3339(secret.created_at));
            }
        }
        SecretCommand::Remove { id } => {
            secrets::remove(db, &id, &Stamp::command(clock.now())).await?;
            println!("Removed the secret {id}; what it signed is refused from now on.");
        }
    }
    Ok(())
}
