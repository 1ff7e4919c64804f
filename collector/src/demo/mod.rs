//! `sayso demo`: the collector with a company to try it on.

mod history;
mod seed;
mod surveys;
mod website;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app::App;
use crate::config::{Config, Overrides, USUAL_DATA};
use crate::db;
use crate::serve::{self, Listeners};
use crate::sites::served;

/// Arguments of `sayso demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Where the company's website listens; it is reached as localhost, which is another site than 127.0.0.1.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8788")]
    website: SocketAddr,
}

impl Arguments {
    /// The demo keeps its data apart from real data unless the settings, wherever they come from, say where.
    pub fn into_overrides(&self, mut overrides: Overrides) -> anyhow::Result<Overrides> {
        let config = Config::load(&overrides)?;
        let is_usual = overrides.data.is_none() && config.data == Path::new(USUAL_DATA);
        if is_usual && config.database_url.reveal().is_none() {
            overrides.data = Some("./data/demo".into());
        }
        Ok(overrides)
    }
}

/// Serves until a signal.
pub async fn run(mut config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let cannot = |address: SocketAddr| format!("cannot listen on {address}; is another demo running?");
    let asked = config.listen;
    let listeners = Listeners::bind(&mut config).await.with_context(|| cannot(asked))?;
    let site_listener = TcpListener::bind(arguments.website).await.with_context(|| cannot(arguments.website))?;
    let website = format!("http://localhost:{}", site_listener.local_addr()?.port());
    let _lock = db::lock_for_serving(&config.data, config.database_url.reveal())?;
    let app = App::start(config).await?;
    served::remember(&app.db, &app.config, app.clock.now()).await?;
    let link = prepare(&app, &website).await?;
    serve::stop_on_signals(&app)?;
    let site = tokio::spawn(website::serve(app.clone(), site_listener));
    print_addresses(&app, &website, &link);
    serve::serve(app, listeners).await?;
    site.await?
}

/// Makes the demo company if it is not there yet, with its website at an address, and gives the path of a new one-time sign-in link for its admin.
pub async fn prepare(app: &App, website: &str) -> anyhow::Result<String> {
    seed::prepare(app, website).await
}

fn print_addresses(app: &App, website: &str, link: &str) {
    let config = &app.config;
    println!();
    println!("  Sayso demo");
    println!("  The company's website   {website}");
    println!("  Without script          {}", config.url("/s/acme"));
    println!("  Follow a case           {}", config.url("/t/"));
    println!("  Staff console           {}", config.console("/staff"));
    println!("  Sign in as staff, once  {}", config.console(link));
    println!("  Mails                   {}", config.console("/staff/mail"));
    println!("  Data                    {}", config.data.display());
    println!();
    println!("  Ctrl-C ends it.");
    println!();
}
