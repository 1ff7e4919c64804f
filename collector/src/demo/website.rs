//! The demo company's website: a site of its own, with the strict Content-Security-Policy that a careful company has.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::app::App;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("website/", $name)))),+]
    };
}

const FILES: &[(&str, &str)] = files!(
    "index.html",
    "zh.html",
    "zh-hant.html",
    "help.html",
    "help-zh.html",
    "help-zh-hant.html",
    "site.css",
    "help.css",
);

/// Serves the website until the collector stops.
pub async fn serve(app: App, listener: TcpListener) -> anyhow::Result<()> {
    let shutdown = app.shutdown.clone();
    // Browsers may try the IPv6 address of localhost first; where there is none, IPv4 is enough.
    let port = listener.local_addr()?.port();
    if let Ok(second) = TcpListener::bind(("::1", port)).await {
        let (routes, shutdown) = (router(app.clone()), shutdown.clone());
        tokio::spawn(
            async move { axum::serve(second, routes).with_graceful_shutdown(shutdown.cancelled_owned()).await },
        );
    }
    axum::serve(listener, router(app)).with_graceful_shutdown(shutdown.cancelled_owned()).await?;
    Ok(())
}

fn router(app: App) -> Router {
    let index = get(|State(app): State<App>| async move { respond(&app, "index.html") });
    let file = get(|State(app): State<App>, Path(name): Path<String>| async move { respond(&app, &name) });
    Router::new().route("/", index).route("/{*name}", file).with_state(app)
}

fn respond(app: &App, name: &str) -> Response {
    let Some((_, content)) = FILES.iter().chain(PICTURES).find(|(known, _)| *known == name) else {
        return (StatusCode::NOT_FOUND, "There is no such page.\n").into_response();
    };
    let collector = &app.config.public_url;
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         script-src {collector} 'wasm-unsafe-eval'; connect-src {collector}; frame-src {collector}"
    );
    let media_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "image/svg+xml",
    };
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, &policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content.replace("{{collector}}", collector)).into_response()
}

const PICTURES: &[(&str, &str)] = files!(
    "pictures/fridge.svg",
    "pictures/room.svg",
    "pictures/sign.svg",
    "pictures/sofa.svg",
    "pictures/table.svg",
    "pictures/van.svg",
    "pictures/washer.svg",
);
