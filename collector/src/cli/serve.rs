//! `sayso serve`.

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app::App;
use crate::auth::links;
use crate::config::Config;
use crate::http::connections::raise_file_limit;
use crate::{db, serve};

/// Serves until a signal.
pub async fn run(mut config: Config) -> anyhow::Result<()> {
    let listener = listen(&mut config).await?;
    let _lock = db::lock_for_serving(&config.data, config.database_url.reveal())?;
    raise_file_limit(&config);
    let app = App::start(config).await?;
    if let Some(path) = links::make_setup_link(&app.db, &app.keys, &app.clock).await? {
        println!("Nobody can sign in yet. Set it up, within a day, at\n\n    {}\n", app.config.url(&path));
    }
    if app.config.dangerous_store_nothing {
        tracing::warn!("dangerous_store_nothing is set: what customers send is answered and lost");
    }
    serve::stop_on_signals(&app)?;
    tracing::info!(listen = %app.config.listen, public_url = app.config.public_url, database = app.db.name(), "serving");
    serve::serve(app, listener).await
}

/// Takes the address first, so that a second server fails before it touches anything.
pub async fn listen(config: &mut Config) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.listen))?;
    config.listens_on(listener.local_addr()?);
    Ok(listener)
}
