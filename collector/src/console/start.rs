//! What a website's owner copies into it: for admins, and the page that the first set-up ends on.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::Administers;
use crate::auth::guard::HOME;
use crate::http::Result;
use crate::sites::snippet::{csp_lines, script_tag};
use crate::text::Texts;

/// `/staff/start`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/start", get(show))
}

#[derive(Template)]
#[template(path = "console/start.html")]
struct StartPage {
    t: Texts,
    shell: Shell,
    inbox: String,
    policy: String,
    sites: Vec<Embedded>,
}

struct Embedded {
    key: String,
    name: String,
    origins: Vec<String>,
    entry: String,
    tag: String,
}

async fn show(State(app): State<App>, Administers(who): Administers) -> Result<Html<String>> {
    let sites = crate::sites::Site::all(&app.db).await?;
    let sites = sites.iter().map(|site| Embedded {
        key: site.key().to_owned(),
        name: site.name().to_owned(),
        origins: site.origins().iter().map(|origin| origin.as_str().to_owned()).collect(),
        entry: app.config.url(&format!("/s/{}", site.key())),
        tag: script_tag(site, &app.config),
    });
    page(&StartPage {
        t: who.t,
        shell: Shell::new(&who, Screen::Start),
        inbox: app.config.console(HOME),
        policy: csp_lines(&app.config),
        sites: sites.collect(),
    })
}
