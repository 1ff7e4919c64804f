//! Which tables of the service have a form, and the fields of each.

use Control::{
    Audience, Checks, Date, Events, Hours, Items, Line, List, LongTexts, Number, OwnWords, Pairs, Paragraphs, Secret,
    Select, Switch, Texts, WorkingDays, YesOrNo,
};

use crate::cases::status::words;
use crate::service::ServiceFile;
use crate::service::objects::{Object, to_json};

words! {
    /// A table that has a form.
    Kind {
        /// A website whose customers write.
        Site = "site",
        /// When somebody is there.
        Calendar = "calendar",
        /// How soon customers are answered.
        Promise = "promise",
        /// Who works on cases together.
        Team = "team",
        /// What feedback can be about.
        Category = "category",
        /// What is done with new cases by itself.
        Rule = "rule",
        /// Classes of customers.
        Tier = "tier",
        /// Prepared replies.
        Template = "template",
        /// Answers for all to read.
        Answer = "answer",
        /// Questions to customers or members.
        Survey = "survey",
        /// A place that events are forwarded to.
        Target = "target",
    }
}

/// A field: its name in the table, with dots where it is in a table within, and how it is typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) control: Control,
    pub(super) hint: Hint,
}

/// Whether a sentence stands below the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    None,
    /// The text `desk.form.hint.NAME`.
    Own,
}

/// How a field is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// A line.
    Line,
    /// A number.
    Number,
    /// A day.
    Date,
    /// A few words in each language.
    Texts,
    /// Some sentences in each language.
    LongTexts,
    /// One of several, or none.
    Select(Source),
    /// Any of several.
    Checks(Source),
    /// Any number of words, a line each.
    List,
    /// A text of several lines.
    Paragraphs,
    /// Names with their values, a line each, such as `X-Team: care`.
    Pairs,
    /// Texts of the widget by their keys, a line each, in each language.
    OwnWords,
    /// What nobody is shown again.
    Secret,
    /// The types of event that a target hears of.
    Events,
    /// Yes, or nothing.
    Switch,
    /// Yes, no, or either.
    YesOrNo,
    /// The hours of a week.
    Hours,
    /// Days with the hours of another, a line each.
    WorkingDays,
    /// What a survey asks about.
    Items,
    /// Whom a survey is for.
    Audience,
}

/// Where the choices come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Sites,
    Calendars,
    Teams,
    Members,
    Owners,
    Tiers,
    Categories,
    Templates,
    Targets,
    Problems,
    Kinds,
    Priorities,
    Channels,
    Statuses,
    Triggers,
    SurveyKinds,
    SurveyChannels,
    TargetChannels,
    TargetEvents,
    TargetParts,
    ConsoleLanguages,
    Methods,
    Payloads,
    SiteLanguages,
    Requirable,
    Fonts,
}

const fn field(name: &'static str, control: Control) -> Field {
    Field { name, control, hint: Hint::None }
}

const fn explained(name: &'static str, control: Control) -> Field {
    Field { name, control, hint: Hint::Own }
}

const SITE: &[Field] = &[
    field("name", Line),
    explained("key", Line),
    explained("origins", List),
    explained("languages", Checks(Source::SiteLanguages)),
    field("kinds", Checks(Source::Kinds)),
    field("required", Checks(Source::Requirable)),
    field("promise_text", Texts),
    explained("first_response_hours", Number),
    field("privacy_url", Line),
    explained("consent_text", LongTexts),
    explained("theme.accent", Line),
    explained("theme.radius", Number),
    field("theme.font", Select(Source::Fonts)),
    explained("texts", OwnWords),
    explained("time_zone", Line),
    explained("country", Line),
    explained("mail_address", Line),
    explained("sender", Line),
    explained("quiet_hours", Line),
    explained("retention.contacts", Number),
    explained("retention.texts", Number),
    field("agents_see_all", Switch),
    field("public_record", Switch),
    field("page_errors", Switch),
    field("count_visits", Switch),
    field("health_reports", Switch),
];

const TARGET: &[Field] = &[
    explained("key", Line),
    field("site", Select(Source::Sites)),
    field("channel", Select(Source::TargetChannels)),
    explained("address", Secret),
    explained("secret", Secret),
    explained("chat_id", Line),
    explained("payload", Select(Source::Payloads)),
    explained("events", Events),
    explained("include", Checks(Source::TargetParts)),
    field("when.kind", Checks(Source::Kinds)),
    field("when.priority", Checks(Source::Priorities)),
    field("when.category", Checks(Source::Categories)),
    field("when.tier", Checks(Source::Tiers)),
    field("when.team", Checks(Source::Teams)),
    field("when.tags", List),
    explained("lang", Select(Source::ConsoleLanguages)),
    explained("method", Select(Source::Methods)),
    explained("headers", Pairs),
    field("body", Paragraphs),
    explained("success", Line),
];

const CALENDAR: &[Field] = &[
    explained("key", Line),
    explained("time_zone", Line),
    explained("hours", Hours),
    explained("holidays", List),
    explained("working_days", WorkingDays),
];

const TEAM: &[Field] = &[
    field("name", Line),
    explained("key", Line),
    field("members", Checks(Source::Members)),
    field("lead", Select(Source::Members)),
    field("calendar", Select(Source::Calendars)),
    field("email", Line),
];

const TIER: &[Field] = &[
    field("site", Select(Source::Sites)),
    explained("key", Line),
    field("name", Texts),
    explained("weight", Number),
    explained("from_cases", Number),
    explained("from_value", Number),
];

const CATEGORY: &[Field] = &[
    field("site", Select(Source::Sites)),
    field("label", Texts),
    explained("key", Line),
    explained("kinds", Checks(Source::Kinds)),
    field("team", Select(Source::Teams)),
];

const PROMISE: &[Field] = &[
    field("site", Select(Source::Sites)),
    field("kind", Select(Source::Kinds)),
    field("priority", Select(Source::Priorities)),
    field("tier", Select(Source::Tiers)),
    field("calendar", Select(Source::Calendars)),
    explained("first_response", Line),
    field("next_response", Line),
    field("resolution", Line),
    field("warn_before", Line),
];

const TEMPLATE: &[Field] = &[explained("key", Line), field("subject", Texts), explained("body", LongTexts)];

const RULE: &[Field] = &[
    field("name", Line),
    field("on", Checks(Source::Triggers)),
    field("site", Select(Source::Sites)),
    field("when.kind", Checks(Source::Kinds)),
    field("when.category", Checks(Source::Categories)),
    explained("when.words", List),
    field("when.language", List),
    field("when.channel", Checks(Source::Channels)),
    field("when.tier", Checks(Source::Tiers)),
    field("when.priority", Checks(Source::Priorities)),
    field("when.team", Checks(Source::Teams)),
    field("when.tags", List),
    field("when.status", Checks(Source::Statuses)),
    field("when.rating_max", Number),
    explained("when.page", Line),
    field("when.outside_hours", Select(Source::Calendars)),
    field("when.reopened", YesOrNo),
    field("when.waiting_longer_than", Line),
    field("then.team", Select(Source::Teams)),
    field("then.owner", Select(Source::Owners)),
    field("then.priority", Select(Source::Priorities)),
    field("then.tags", List),
    field("then.targets", Checks(Source::Targets)),
    field("then.template", Select(Source::Templates)),
    field("then.escalate_to", Select(Source::Members)),
    field("then.problem", Select(Source::Problems)),
    field("stop", Switch),
];

const ANSWER: &[Field] = &[
    explained("key", Line),
    field("site", Select(Source::Sites)),
    field("question", Texts),
    field("solution", LongTexts),
];

const SURVEY: &[Field] = &[
    explained("key", Line),
    field("site", Select(Source::Sites)),
    field("kind", Select(Source::SurveyKinds)),
    field("title", Texts),
    explained("items", Items),
    explained("weights.reliability", Number),
    field("weights.responsiveness", Number),
    field("weights.assurance", Number),
    field("weights.empathy", Number),
    field("weights.tangibles", Number),
    field("audience", Audience),
    field("channels", Checks(Source::SurveyChannels)),
    field("opens", Date),
    field("closes", Date),
    explained("remind_after", Line),
];

impl Kind {
    /// Its fields in the order of the form.
    pub(super) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Site => SITE,
            Self::Calendar => CALENDAR,
            Self::Team => TEAM,
            Self::Tier => TIER,
            Self::Category => CATEGORY,
            Self::Promise => PROMISE,
            Self::Template => TEMPLATE,
            Self::Rule => RULE,
            Self::Answer => ANSWER,
            Self::Survey => SURVEY,
            Self::Target => TARGET,
        }
    }

    /// Whether an object can be taken away: a site holds what customers wrote.
    pub(super) fn is_removable(self) -> bool {
        self != Self::Site
    }

    /// What there is of it: each with what tells it from others, and with what it says.
    pub(super) fn objects(self, service: &ServiceFile) -> Vec<(String, serde_json::Value)> {
        fn all<T: Object>(objects: &[T]) -> Vec<(String, serde_json::Value)> {
            objects.iter().map(|object| (object.key(), to_json(object))).collect()
        }
        match self {
            Self::Site => service.sites.iter().map(|site| (site.key.as_str().to_owned(), site.to_json())).collect(),
            Self::Calendar => all(&service.calendars),
            Self::Team => all(&service.teams),
            Self::Tier => all(&service.tiers),
            Self::Category => all(&service.categories),
            Self::Promise => all(&service.promises),
            Self::Template => all(&service.templates),
            Self::Rule => all(&service.rules),
            Self::Answer => all(&service.answers),
            Self::Survey => all(&service.surveys),
            Self::Target => service.targets.iter().map(|target| (target.key.to_string(), target.to_json())).collect(),
        }
    }
}
