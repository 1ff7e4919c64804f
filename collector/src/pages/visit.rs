//! How a page was asked for: in which language, inside the widget's frame or not, and how it is answered.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use sayso_shared::{Lang, Problem};

use super::words::Words;
use crate::app::App;
use crate::assets;
use crate::clock::{Millis, rfc3339};
use crate::http::{Error, Result, cookies, cors, headers, language};
use crate::service::Service;
use crate::sites::Site;
use crate::text::Texts;

/// A request for one of the customer's pages.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The languages that the reader wants, the dearest first.
    wanted: Vec<Lang>,
    asked: Option<Lang>,
    query: Vec<(String, String)>,
    referrer: Option<String>,
    language_cookie: Option<HeaderValue>,
    /// What says by which clock a site lives; none while the database can't be read.
    service: Option<Arc<Service>>,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let referrer = parts.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
        let foreign = referrer.and_then(|text| url::Url::parse(text).ok()).filter(|url| {
            let origin = HeaderValue::try_from(url.origin().ascii_serialization());
            matches!(url.scheme(), "http" | "https")
                && origin.is_ok_and(|own| !cors::is_own(&app.config, &own, &parts.headers))
        });
        let asked = language::asked(&parts.uri);
        Ok(Self {
            wanted: language::wanted(&parts.uri, &parts.headers),
            language_cookie: asked
                .map(|lang| cookies::set(&app.config, language::COOKIE, lang.as_str(), language::KEPT_SECONDS)),
            asked,
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            referrer: foreign.map(String::from),
            service: app.service.current().await.ok(),
        })
    }
}

impl Visit {
    /// The time zone of a site.
    fn zone_of(&self, site: &Site) -> TimeZone {
        self.service.as_ref().map_or_else(|| site.zone(), |service| service.zone_of(site))
    }

    /// A parameter of the address.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the page is shown inside the widget's frame.
    pub fn is_framed(&self) -> bool {
        self.query("frame") == Some("1")
    }

    /// What the page around the frame looks like, as far as it was told: `light` or `dark`.
    pub fn theme(&self) -> Option<&str> {
        self.query("theme").filter(|theme| self.is_framed() && matches!(*theme, "light" | "dark"))
    }

    /// The colour of the page around the frame, in six hexadecimal digits.
    pub fn accent(&self) -> Option<&str> {
        let is_colour = |text: &&str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.query("accent").filter(is_colour)
    }

    /// Whether what is typed may stay in this browser: not on devices that many people use, as the page around it says.
    pub fn keeps_drafts(&self) -> bool {
        self.query("draft") != Some("off")
    }

    /// The origins of pages that may be around this one: the one that says it is, if it is one of the site's, else those that the site names in
    /// full. So a star stands for one label here as it does for the API; in a policy it would stand for any number of them.
    pub fn parents(&self, site: &Site) -> Vec<String> {
        match self.query("parent").filter(|parent| site.allows_text(parent)) {
            Some(parent) => vec![parent.to_owned()],
            None => {
                let exact = site.origins().iter().filter(|origin| origin.is_exact());
                exact.map(|origin| origin.as_source().to_owned()).collect()
            }
        }
    }

    /// The page of another website that led here.
    pub fn referrer(&self) -> Option<&str> {
        self.referrer.as_deref()
    }

    /// The origin of that page.
    pub fn referring_origin(&self) -> Option<String> {
        let url = url::Url::parse(self.referrer()?).ok()?;
        Some(url.origin().ascii_serialization())
    }

    /// The texts in the reader's language, or in the site's main one where the site does not speak theirs.
    pub fn texts(&self, site: &Site) -> Texts {
        Texts(site.settings.language_for(self.wanted.iter().copied()))
    }

    /// The texts in the reader's language.
    pub fn any_texts(&self) -> Texts {
        Texts(self.wanted.first().copied().unwrap_or(Lang::En))
    }

    /// The address `path` with what has to be carried from page to page: the frame with its looks, and the language if the address named
    /// one (a frame on another site gets no cookie).
    pub fn carry(&self, path: &str, more: &[(&str, &str)]) -> String {
        let frame = [
            ("frame", Some("1")),
            ("theme", self.theme()),
            ("accent", self.accent()),
            ("parent", self.query("parent")),
            // By which `draft.js` keeps the drafts of different users of the page around apart.
            ("visit", self.query("visit")),
        ];
        let frame = frame.into_iter().filter(|_| self.is_framed()).filter_map(|(name, value)| Some((name, value?)));
        let lang = self.asked.map(|lang| ("lang", lang.as_str()));
        let draft = (!self.keeps_drafts()).then_some(("draft", "off"));
        let pairs: Vec<_> = more.iter().copied().chain(frame).chain(lang).chain(draft).collect();
        if pairs.is_empty() {
            return path.to_owned();
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{path}?{query}")
    }

    /// Sends the reader to another page after a form was taken.
    pub fn go_to(&self, path: &str, more: &[(&str, &str)]) -> Response {
        Redirect::to(&self.carry(path, more)).into_response()
    }

    /// Answers with a page. A language that the address named is remembered, but not from inside a foreign page.
    pub fn page(&self, status: StatusCode, page: &impl Template) -> Result<Response> {
        let html = page.render().map_err(anyhow::Error::from)?;
        let mut response = (status, Html(html)).into_response();
        if let Some(cookie) = self.language_cookie.clone().filter(|_| !self.is_framed()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Answers with a page that says why something was not done, with the status and headers of that answer. It is logged as any error is.
    pub fn page_for_error(&self, error: Error, page: &impl Template) -> Result<Response> {
        let mut refused = error.into_response();
        refused.extensions_mut().remove::<Problem>();
        let retry_after = refused.headers_mut().remove(header::RETRY_AFTER);
        let mut response = self.page(refused.status(), page)?;
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        Ok(response)
    }
}

/// What every page shows around its content.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The texts in the reader's language.
    pub t: Words,
    /// The company's name; Sayso's own where no site is known.
    pub name: String,
    /// Where the name leads to.
    pub home: Option<String>,
    /// The site's style sheet.
    pub theme: Option<String>,
    /// Where the company's logo is.
    pub logo: Option<String>,
    /// The site's privacy statement.
    pub privacy_url: Option<String>,
    /// The other languages of this page.
    pub languages: Vec<LanguageLink>,
    /// Whether the page is inside the widget's frame.
    pub framed: bool,
    /// The origins of pages that may be around it.
    pub parents: String,
    /// Whether what is typed may stay in this browser.
    pub keeps_drafts: bool,
    /// `light` or `dark`, where the page around the frame has decided.
    pub scheme: Option<String>,
    /// By whose clock moments are shown where no script knows the reader's.
    pub zone: TimeZone,
}

/// A link of the language switch.
#[derive(Clone, Debug)]
pub struct LanguageLink {
    /// The language.
    pub lang: Lang,
    /// Where its page is.
    pub href: String,
}

impl Shell {
    /// The shell of a page of a site.
    pub fn of(site: &Site, visit: &Visit) -> Self {
        let home = format!("/s/{}", site.key());
        Self {
            t: Words::of(site, visit.texts(site)),
            name: site.name().to_owned(),
            theme: Some(match visit.accent().filter(|_| visit.is_framed()) {
                Some(accent) => format!("{home}/theme.css?accent={accent}"),
                None => format!("{home}/theme.css"),
            }),
            logo: site.settings.logo.as_ref().map(|logo| format!("{home}/logo?v={}", logo.version())),
            home: Some(home),
            privacy_url: site.settings.privacy_url.clone(),
            languages: links(&site.settings.languages, visit),
            framed: visit.is_framed(),
            parents: visit.parents(site).join(" "),
            keeps_drafts: visit.keeps_drafts(),
            scheme: visit.theme().map(str::to_owned),
            zone: visit.zone_of(site),
        }
    }

    /// The shell of a page that belongs to no site.
    pub fn plain(visit: &Visit) -> Self {
        Self {
            t: Words::plain(visit.any_texts()),
            name: "Sayso".to_owned(),
            home: None,
            theme: None,
            logo: None,
            privacy_url: None,
            languages: links(&Lang::ALL, visit),
            framed: false,
            parents: String::new(),
            keeps_drafts: visit.keeps_drafts(),
            scheme: None,
            zone: TimeZone::UTC,
        }
    }

    /// The letter that stands for the company, where it is one's page.
    pub fn initial(&self) -> Option<String> {
        self.home.as_ref()?;
        let letter = self.name.chars().find(|c| c.is_alphanumeric())?;
        Some(letter.to_uppercase().collect())
    }

    /// The text for one of the words of the database, such as `common.stage` and `closed`.
    pub fn word(&self, texts: &str, word: &str) -> &str {
        self.t.get(&format!("{texts}.{word}"))
    }

    /// A moment for programs. By reference, since that is what templates hold.
    pub fn iso(&self, millis: &Millis) -> String {
        rfc3339(*millis)
    }

    /// A moment for people, by the site's clock, which is named.
    pub fn moment(&self, millis: &Millis) -> String {
        self.t.moment_in(*millis, &self.zone)
    }

    /// The style sheets, the site's own last.
    pub fn styles(&self) -> Vec<&str> {
        assets::styles("customer").into_iter().chain(self.theme.as_deref()).collect()
    }
}

fn links(langs: &[Lang], visit: &Visit) -> Vec<LanguageLink> {
    if langs.len() < 2 {
        return Vec::new();
    }
    let stays =
        |name: &str| matches!(name, "frame" | "theme" | "accent" | "parent" | "visit" | "draft" | "kind" | "new");
    let kept: Vec<_> = visit.query.iter().filter(|(name, _)| stays(name)).collect();
    let href = |lang: Lang| {
        let mut query = url::form_urlencoded::Serializer::new(String::from("?"));
        query.extend_pairs(kept.iter().map(|(name, value)| (name, value)));
        query.append_pair("lang", lang.as_str()).finish()
    };
    langs.iter().map(|&lang| LanguageLink { lang, href: href(lang) }).collect()
}

/// Lets the site's own pages frame the answer, errors included.
pub fn framed_by_site(site: &Site, visit: &Visit, answer: Result<Response>) -> Response {
    let mut response = answer.into_response();
    let parents = visit.parents(site);
    let policy = headers::framed_by(parents.iter().map(String::as_str));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// The last part of an address. What can't be decoded is empty, so that it is answered as everything else that does not exist.
#[derive(Debug)]
pub struct Segment(pub String);

impl FromRequestParts<App> for Segment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        Ok(Self(path.map(|Path(text)| text).unwrap_or_default()))
    }
}
