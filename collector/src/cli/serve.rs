//! `sayso serve`.

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app::App;
use crate::config::Config;
use crate::serve;

/// Serves until a signal.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let listener = listen(&config).await?;
    let app = App::start(config).await?;
    let _lock = app.db.lock_for_serving(&app.config.data)?;
    serve::stop_on_signals(&app)?;
    tracing::info!(listen = %app.config.listen, public_url = app.config.public_url, database = app.db.name(), "serving");
    serve::serve(app, listener).await
}

/// Takes the address first, so that a second server fails before it touches anything.
async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))
}
