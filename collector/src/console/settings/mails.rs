//! What mails a site's customers get: each as it is, in each language of the site, with the words that it can have instead of ours.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use sayso_shared::Lang;
use serde::Deserialize;

use super::access::{check_manages, form_of};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::{CsrfForm, SignedIn};
use crate::cases::idempotency::content_hash;
use crate::console::languages;
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::outbox::customer_mails::{CustomerMail, Sampling};
use crate::outbox::templates::Email;
use crate::service::draft::{Draft, Reader, export};
use crate::service::plan::Prune;
use crate::service::store;
use crate::service::survey::Survey;
use crate::sites::mail_texts::set_mail_text;
use crate::sites::texts::TEXT_MAX;
use crate::sites::{Site, SiteKey};
use crate::text::Texts;

/// Where the page is.
pub(super) const MAILS: &str = "/staff/settings/mails";
/// Where a mail is shown as it looks, for the frame of the page.
pub(super) const VIEW: &str = "/staff/settings/mails/view";
/// Mails have their styles in them, and run nothing.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";

/// Which mail of which site, in which language; the first ones where that is left out.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    site: String,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    mail: Option<String>,
    #[serde(default)]
    done: Option<String>,
}

/// What is shown.
struct Shown {
    site: Site,
    lang: Lang,
    mail: CustomerMail,
    surveys: Vec<Survey>,
}

/// A text of the mail.
struct Field {
    key: &'static str,
    /// What it says in our words.
    ours: &'static str,
    typed: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "console/settings_mails.html")]
struct MailsPage {
    t: Texts,
    shell: Shell,
    shown: Shown,
    fields: Vec<Field>,
    /// The mail with what was typed; none of a survey where the site has none.
    email: Option<Email>,
    /// What the words were when the form was made.
    seen: String,
    is_saved: bool,
    is_outdated: bool,
    /// Whether the mail is shown with words that are not saved.
    is_draft: bool,
    mistakes: Vec<String>,
}

pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(wanted): Query<Wanted>) -> Result<Html<String>> {
    check_manages(&who)?;
    let shown = Shown::find(&app, &wanted).await?;
    let mut page_ = MailsPage::new(&app, &who, shown, None).await?;
    page_.is_saved = wanted.done.is_some();
    page(&page_)
}

/// The mail as it looks, alone.
pub(super) async fn view(State(app): State<App>, who: SignedIn, Query(wanted): Query<Wanted>) -> Result<Response> {
    check_manages(&who)?;
    let shown = Shown::find(&app, &wanted).await?;
    let email = shown.email(&app, who.t, &shown.site).ok_or(Error::NotFound("the site has no survey"))?;
    let html = email.html().map_err(anyhow::Error::from)?;
    let policy = [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(MAIL_POLICY))];
    Ok((policy, Html(html)).into_response())
}

/// Saves what was typed, or shows the mail with it.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Query(wanted): Query<Wanted>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    check_manages(&who)?;
    let shown = Shown::find(&app, &wanted).await?;
    let is_outdated = form.get("seen").is_none_or(|seen| *seen != shown.stamp());
    let saves = form.get("action").is_some_and(|action| action == "save");
    let mut answer = MailsPage::new(&app, &who, shown, Some(&form)).await?;
    let is_wrong = answer.fields.iter().any(|field| field.error.is_some());
    answer.is_outdated = is_outdated && saves;
    if saves && !is_wrong && !is_outdated {
        match save(&app, &who, &answer).await? {
            Ok(()) => {
                let at = answer.shown.path(answer.shown.mail, answer.shown.lang);
                return Ok(Redirect::to(&format!("{at}&done=saved")).into_response());
            }
            Err(mistakes) => answer.mistakes = mistakes,
        }
    }
    answer.is_draft = !is_wrong;
    let refused = is_wrong || answer.is_outdated || !answer.mistakes.is_empty();
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&answer)?).into_response())
}

/// Sets the words the way that everything of the service is set; the inner error names what is wrong elsewhere.
async fn save(app: &App, who: &SignedIn, answer: &MailsPage) -> Result<std::result::Result<(), Vec<String>>> {
    let mut document: toml::Table = export(&app.db, &app.keys).await?.parse().map_err(anyhow::Error::from)?;
    let sites = document.get_mut("site").and_then(toml::Value::as_array_mut).into_iter().flatten();
    let key = answer.shown.site.key();
    let site = sites
        .filter_map(toml::Value::as_table_mut)
        .find(|site| site.get("key").and_then(|key| key.as_str()) == Some(key));
    let site = site.ok_or(Error::NotFound("there is no such site"))?;
    let mut own = answer.shown.site.settings.mail_texts.clone();
    for field in &answer.fields {
        let name = format!("{}.{}", field.key, answer.shown.lang.as_str());
        set_mail_text(&mut own, &name, &field.typed)?;
    }
    site.insert("mail_texts".to_owned(), toml::Value::try_from(&own).map_err(anyhow::Error::from)?);
    let text = toml::to_string(&document).map_err(anyhow::Error::from)?;
    let around = (&app.db, app.keys.as_ref(), &app.config, app.clock.now());
    let draft = match Draft::read(around, &text, Prune::Keep, Reader::Server).await? {
        Ok(draft) => draft,
        Err(mistakes) => return Ok(Err(mistakes.into_iter().map(|mistake| mistake.text).collect())),
    };
    draft.apply(&app.db, &Stamp::member(&who.member.id, app.clock.now())).await?;
    app.service.forget();
    Ok(Ok(()))
}

impl Shown {
    async fn find(app: &App, wanted: &Wanted) -> Result<Self> {
        const NONE: Error = Error::NotFound("there is no such mail");
        let key = SiteKey::parse(&wanted.site).map_err(|_| NONE)?;
        // As it is stored, and not as it was a moment ago: whoever has saved wants to see it.
        let site = Site::by_key(&app.db, key.as_str()).await.map_err(|_| NONE)?;
        let lang = match &wanted.lang {
            Some(tag) => site.settings.languages.iter().copied().find(|lang| lang.as_str() == tag).ok_or(NONE)?,
            None => site.settings.main_language(),
        };
        let mail = match &wanted.mail {
            Some(word) => CustomerMail::parse(word).ok_or(NONE)?,
            None => CustomerMail::ALL[0],
        };
        let surveys = store::load(&app.db).await?.surveys;
        let surveys = surveys.into_iter().filter(|survey| survey.site.as_str() == site.key()).collect();
        Ok(Self { site, lang, mail, surveys })
    }

    /// The mail with the words of `site`.
    fn email(&self, app: &App, t: Texts, site: &Site) -> Option<Email> {
        self.mail.sample(&Sampling {
            config: &app.config,
            keys: &app.keys,
            site,
            lang: self.lang,
            words: t.get("desk.mails.words"),
            survey: self.surveys.first(),
            now: app.clock.now(),
        })
    }

    fn path(&self, mail: CustomerMail, lang: Lang) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("site", self.site.key())
            .append_pair("lang", lang.as_str())
            .append_pair("mail", mail.as_str());
        format!("{MAILS}?{}", query.finish())
    }

    /// What the site says for a text in the language.
    fn own(&self, key: &str) -> &str {
        let texts = self.site.settings.mail_texts.get(key);
        texts.and_then(|texts| texts.get(self.lang.as_str())).map_or("", String::as_str)
    }

    /// Tells whether the words are still those that a form was made from.
    fn stamp(&self) -> String {
        let words: Vec<&str> = self.mail.texts().into_iter().map(|key| self.own(key)).collect();
        content_hash(&words)
    }
}

impl MailsPage {
    async fn new(app: &App, who: &SignedIn, shown: Shown, form: Option<&BTreeMap<String, String>>) -> Result<Self> {
        let mut site = shown.site.clone();
        let mut fields = Vec::new();
        for key in shown.mail.texts() {
            let typed = form.and_then(|form| form.get(&format!("text.{key}")));
            let typed =
                typed.map_or_else(|| shown.own(key).to_owned(), |typed| typed.replace("\r\n", "\n").trim().to_owned());
            let name = format!("{key}.{}", shown.lang.as_str());
            let error = set_mail_text(&mut site.settings.mail_texts, &name, &typed).err();
            fields.push(Field {
                key,
                ours: Texts(shown.lang).get(&format!("mail.{key}")),
                typed,
                error: error.map(|error| error.to_string()),
            });
        }
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Settings).await?,
            email: shown.email(app, who.t, &site),
            seen: shown.stamp(),
            fields,
            is_saved: false,
            is_outdated: false,
            is_draft: false,
            mistakes: Vec::new(),
            shown,
        })
    }

    /// All mails, but those of surveys where the site has none.
    fn mails(&self) -> impl Iterator<Item = CustomerMail> {
        let has_survey = !self.shown.surveys.is_empty();
        let is_of_survey = |mail: &CustomerMail| matches!(mail, CustomerMail::Survey | CustomerMail::Reminder);
        CustomerMail::ALL.into_iter().filter(move |mail| has_survey || !is_of_survey(mail))
    }

    fn name(&self, mail: &CustomerMail) -> &'static str {
        self.t.get(&format!("desk.mails.mail.{}", mail.as_str()))
    }

    fn language(&self, lang: &Lang) -> String {
        languages::name(self.t, lang.as_str())
    }

    /// Where the mail is shown as it looks.
    fn view(&self) -> String {
        self.shown.path(self.shown.mail, self.shown.lang).replacen(MAILS, VIEW, 1)
    }

    fn action(&self) -> String {
        self.shown.path(self.shown.mail, self.shown.lang)
    }

    fn site_form(&self) -> String {
        form_of("site", Some(self.shown.site.key()))
    }

    const fn text_max(&self) -> usize {
        TEXT_MAX
    }
}
