//! What a website's owner copies into it: for admins, and the page that the first set-up ends on.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::shell::{Screen, Shell, page, span};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::Administers;
use crate::auth::guard::HOME;
use crate::clock::Millis;
use crate::config::Config;
use crate::http::Result;
use crate::sites::Site;
use crate::sites::origin::as_listed;
use crate::sites::sightings::Sighting;
use crate::sites::snippet::{csp_lines, pinned_csp_lines, pinned_tag, script_tag};
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
    /// Pages of no site that load the tag, with what lets them in.
    strangers: Vec<Stranger>,
}

struct Embedded {
    key: String,
    name: String,
    origins: Vec<String>,
    entry: String,
    tag: String,
    pinned: Option<(String, String)>,
    /// Where the tag can be tried, by origin.
    tests: Vec<(String, String)>,
    /// What was seen of the tag: a word for its colour, a sentence, and when.
    seen: Vec<Seen>,
    strangers: Vec<Stranger>,
}

struct Seen {
    /// `ok` or `warn`.
    tone: &'static str,
    sentence: String,
    last: String,
}

struct Stranger {
    sentence: String,
    command: String,
}

async fn show(State(app): State<App>, Administers(who): Administers) -> Result<Html<String>> {
    let sites = Site::all(&app.db).await?;
    let sightings = app.sightings.latest().await?;
    let now = app.clock.now();
    let some_key = sites.first().map_or("KEY", Site::key);
    let unlisted = sightings.iter().filter(|sighting| sighting.site_id.is_empty());
    let strangers = unlisted
        .filter(|sighting| !sites.iter().any(|site| is_listed(site, &sighting.origin)))
        .map(|sighting| Stranger::new(who.t, "console.start.unknown", some_key, &sighting.origin));
    page(&StartPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Start).await?,
        inbox: app.config.console(HOME),
        policy: csp_lines(&app.config),
        strangers: strangers.take(SHOWN).collect(),
        sites: sites.iter().map(|site| Embedded::of(&app.config, who.t, site, &sightings, now)).collect(),
    })
}

/// So many pages of each kind are shown: those that were seen last.
const SHOWN: usize = 5;

impl Embedded {
    fn of(config: &Config, t: Texts, site: &Site, sightings: &[Sighting], now: Millis) -> Self {
        let own = || sightings.iter().filter(|sighting| sighting.site_id == site.id());
        let listed = own().filter(|sighting| is_listed(site, &sighting.origin));
        let strangers = own().filter(|sighting| sighting.refused_at > 0 && !is_listed(site, &sighting.origin));
        let strangers = strangers.map(|one| Stranger::new(t, "console.start.foreign", site.key(), &one.origin));
        let origins: Vec<String> = site.origins().iter().map(|origin| origin.as_str().to_owned()).collect();
        let exact = origins.iter().filter(|origin| !origin.contains('*'));
        Self {
            key: site.key().to_owned(),
            name: site.name().to_owned(),
            entry: config.url(&format!("/s/{}", site.key())),
            tag: script_tag(site, config),
            pinned: pinned_tag(site, config).map(|tag| (tag.html.clone(), pinned_csp_lines(config, &tag))),
            tests: exact.map(|origin| (origin.clone(), format!("{origin}/?sayso-test"))).collect(),
            seen: listed.take(SHOWN).map(|sighting| Seen::new(t, sighting, now)).collect(),
            strangers: strangers.take(SHOWN).collect(),
            origins,
        }
    }
}

impl Seen {
    fn new(t: Texts, sighting: &Sighting, now: Millis) -> Self {
        let (tone, key) = match (sighting.is_framed(), sighting.reason.as_str()) {
            _ if sighting.is_linked() => ("warn", "console.start.linked"),
            (false, _) => ("ok", "console.start.works"),
            (true, "policy") => ("warn", "console.start.policy_refuses"),
            (true, _) => ("warn", "console.start.framed"),
        };
        let origin = [("origin", sighting.origin.as_str())];
        let ago = span(t, now - sighting.last_at());
        Self {
            tone,
            sentence: t.with(key, &origin),
            last: t.with("console.start.seen", &[("origin", &sighting.origin), ("span", &ago)]),
        }
    }
}

impl Stranger {
    fn new(t: Texts, sentence: &str, key: &str, origin: &str) -> Self {
        Self {
            sentence: t.with(sentence, &[("origin", origin)]),
            command: format!("sayso site set {key} origins+={}", as_listed(origin)),
        }
    }
}

fn is_listed(site: &Site, origin: &str) -> bool {
    site.origins().iter().any(|listed| listed.matches(origin))
}
