//! `sayso serve`.

use crate::app::App;
use crate::auth::links;
use crate::config::Config;
use crate::db;
use crate::http::connections::raise_file_limit;
use crate::serve::{self, Listeners};
use crate::sites::served;

/// Serves until a signal.
pub async fn run(mut config: Config) -> anyhow::Result<()> {
    let listeners = Listeners::bind(&mut config).await?;
    let _lock = db::lock_for_serving(&config.data, config.database_url.reveal())?;
    raise_file_limit(&config);
    let app = App::start(config).await?;
    if let Some(path) = links::make_setup_link(&app.db, &app.keys, &app.clock).await? {
        println!("Nobody can sign in yet. Set it up, within a day, at\n\n    {}\n", app.config.console(&path));
    }
    if app.config.dangerous_store_nothing {
        tracing::warn!("dangerous_store_nothing is set: what customers send is answered and lost");
    }
    served::remember(&app.db, &app.config, app.clock.now()).await?;
    serve::stop_on_signals(&app)?;
    tracing::info!(listen = %app.config.listen, public_url = app.config.public_url, database = app.db.name(), "serving");
    serve::serve(app, listeners).await
}
