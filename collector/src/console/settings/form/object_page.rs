//! The page of a form: its fields, what was typed into them, and what is wrong with it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::fields::Kind;
use super::subject::Subject;
use super::values::{Values, Written};
use super::view::{self, Around, FieldView, Input};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::console::settings::access::{LOGO, form_of};
use crate::console::settings::mails::MAILS;
use crate::console::settings::trial::TrialView;
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::service::read::Mistake;
use crate::sites::Logo;
use crate::text::Texts;

/// What the input of an object's key is called: a form's own key, by which it is told from one that is sent again, has the other name.
pub(super) const OWN_KEY: &str = "own_key";

#[derive(Template)]
#[template(path = "console/settings_object.html")]
pub(super) struct ObjectPage {
    t: Texts,
    shell: Shell,
    kind: Kind,
    key: Option<String>,
    fields: Vec<FieldView>,
    /// What is wrong and in no field.
    mistakes: Vec<String>,
    /// What the object was when the form was made.
    seen: String,
    is_outdated: bool,
    /// What the rules would have done with past cases, once that was asked for.
    trial: Option<TrialView>,
    /// The logo of a site.
    logo: Option<LogoView>,
}

/// What was typed, and what is wrong with it.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) values: Values,
    pub(super) wrong: Vec<(&'static str, String)>,
    pub(super) mistakes: Vec<String>,
    pub(super) is_outdated: bool,
    pub(super) trial: Option<TrialView>,
    pub(super) logo_mistake: Option<&'static str>,
}

/// What the page of a site says of its logo.
pub(super) struct LogoView {
    /// Where the form is sent.
    pub(super) action: String,
    /// Where the picture is; none if there is none.
    pub(super) picture: Option<String>,
    /// What is wrong with the file that was sent.
    pub(super) mistake: Option<&'static str>,
}

impl LogoView {
    /// That of a site; none of anything else, and of a site that is not there yet.
    pub(super) fn of(subject: &Subject, mistake: Option<&'static str>) -> Option<Self> {
        let key = subject.key.as_ref().filter(|_| subject.kind == Kind::Site)?;
        let logo = subject.object.as_ref()?["logo"].as_str().and_then(|logo| logo.parse::<Logo>().ok());
        let picture = logo.map(|logo| format!("/s/{key}/logo?v={}", logo.version()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("kind", "site")
            .append_pair("key", key)
            .finish();
        Some(Self { action: format!("{LOGO}?{query}"), picture, mistake })
    }
}

/// The form with what was typed.
pub(super) async fn again(app: &App, who: &SignedIn, subject: &Subject, mut typed: Typed) -> Result<Response> {
    typed.values.forget_secrets(subject.kind);
    let is_wrong =
        typed.is_outdated || typed.logo_mistake.is_some() || !typed.wrong.is_empty() || !typed.mistakes.is_empty();
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&ObjectPage::new(app, who, subject, typed).await?)?).into_response())
}

impl Typed {
    /// Nothing yet: what is stored.
    pub(super) fn of(subject: &Subject) -> Self {
        let values = subject.object.as_ref().map(|object| Values::of(subject.kind, object)).unwrap_or_default();
        Self { values, ..Self::default() }
    }

    /// Puts each mistake to the field that it is in.
    pub(super) fn place(&mut self, t: Texts, written: &Written, mistakes: Vec<Mistake>) {
        for Mistake { line, text, .. } in mistakes {
            match (missing(&text), written.field_at(line)) {
                (Some(field), _) => self.wrong.push((field, t.get("desk.form.missing").to_owned())),
                (None, Some(field)) => self.wrong.push((field, text)),
                (None, None) => self.mistakes.push(text),
            }
        }
    }
}

/// The field that is missing: the reader of tables says so of the whole table.
fn missing(text: &str) -> Option<&'static str> {
    let name = text.strip_prefix("missing field `")?.split('`').next()?;
    let all = [
        "key",
        "name",
        "site",
        "label",
        "body",
        "question",
        "solution",
        "title",
        "kind",
        "time_zone",
        "hours",
        "origins",
        "channel",
    ];
    all.into_iter().find(|field| *field == name)
}

impl ObjectPage {
    pub(super) async fn new(app: &App, who: &SignedIn, subject: &Subject, typed: Typed) -> Result<Self> {
        let around = Around { t: who.t, service: &subject.service, is_known: subject.object.is_some() };
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Settings).await?,
            kind: subject.kind,
            key: subject.key.clone(),
            fields: view::fields(subject.kind, &typed.values, &typed.wrong, around),
            mistakes: typed.mistakes,
            seen: subject.stamp(),
            is_outdated: typed.is_outdated,
            trial: typed.trial,
            logo: LogoView::of(subject, typed.logo_mistake),
        })
    }

    fn title(&self) -> &'static str {
        self.t.get(&format!("desk.form.title.{}", self.kind.as_str()))
    }

    /// The page on which customers write to a site, in its looks and words as they are saved.
    fn preview(&self) -> Option<String> {
        let key = self.key.as_ref().filter(|_| self.kind == Kind::Site)?;
        Some(format!("/s/{key}"))
    }

    /// Where the mails of a site's customers are.
    fn mails(&self) -> Option<String> {
        let key = self.key.as_ref().filter(|_| self.kind == Kind::Site)?;
        Some(format!("{MAILS}?site={key}"))
    }

    /// Whether something is wrong in a field.
    fn is_wrong(&self) -> bool {
        !self.mistakes.is_empty() || self.fields.iter().any(|field| !field.errors.is_empty())
    }

    /// Where the form is sent.
    fn action(&self) -> String {
        form_of(self.kind.as_str(), self.key.as_deref())
    }

    fn input_name(&self, field: &FieldView) -> &'static str {
        if field.name == "key" { OWN_KEY } else { field.name }
    }

    /// What `aria-describedby` names.
    fn described_by(&self, field: &FieldView) -> String {
        let hint = field.hint.map(|_| format!("{}-hint", field.name));
        let error = (!field.errors.is_empty()).then(|| format!("{}-error", field.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}
