//! The fields of a form as the page shows them.

use sayso_shared::Lang;

use super::fields::{Control, Field, Hint, Kind, Source};
use super::values::{BY_RULE, Values};
use crate::calendars::WEEKDAYS;
use crate::cases::{Channel, EventType, Priority, Status};
use crate::console::shell::event_name;
use crate::service::ServiceFile;
use crate::service::rules::Trigger;
use crate::sites;
use crate::sites::targets::{Method, Part, Payload};
use crate::text::Texts;

/// The kind of survey whose items have dimensions.
const SERVQUAL: &str = "servqual";

/// The languages that every text is asked for in; the others are folded.
const ASKED: [Lang; 3] = [Lang::En, Lang::ZhHans, Lang::ZhHant];
/// Rows for items that are not there yet.
const EMPTY_ROWS: usize = 3;
/// The dimensions of SERVQUAL.
const DIMENSIONS: [&str; 5] = ["reliability", "responsiveness", "assurance", "empathy", "tangibles"];

/// A field.
pub(super) struct FieldView {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: Option<&'static str>,
    pub(super) errors: Vec<String>,
    pub(super) input: Input,
}

/// What it is typed into.
pub(super) enum Input {
    Line { value: String, kind: &'static str, mode: &'static str, is_fixed: bool },
    Lines { value: String },
    Paragraphs { value: String },
    Select { choices: Vec<Choice> },
    Checks { boxes: Vec<CheckBox> },
    Switch { is_on: bool },
    Texts { texts: LocalTexts, is_long: bool },
    Hours { days: Vec<TextInput> },
    Items { rows: Vec<ItemRow>, has_dimensions: bool },
    Audience { choices: Vec<Choice>, tiers: Vec<CheckBox>, within: String, sample: String },
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// One of several things that can be chosen together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckBox {
    pub(super) name: String,
    /// Its place among those that are chosen, so that they keep their order.
    pub(super) place: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// An input with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextInput {
    pub(super) name: String,
    pub(super) label: String,
    /// The language of what is typed, where it is one.
    pub(super) tag: String,
    pub(super) value: String,
}

/// A text in each language: those that are asked for or there, and the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocalTexts {
    pub(super) shown: Vec<TextInput>,
    pub(super) folded: Vec<TextInput>,
}

/// An item of a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ItemRow {
    pub(super) number: usize,
    pub(super) key: String,
    pub(super) texts: LocalTexts,
    pub(super) dimensions: Vec<Choice>,
}

/// What the fields are shown with.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) t: Texts,
    pub(super) service: &'a ServiceFile,
    /// Whether the object is there: then its key stays.
    pub(super) is_known: bool,
}

/// All fields of a form, each with what is wrong with it.
pub(super) fn fields(
    kind: Kind,
    values: &Values,
    wrong: &[(&'static str, String)],
    around: Around<'_>,
) -> Vec<FieldView> {
    let one = |field: &Field| FieldView {
        name: field.name,
        label: around.t.get(&format!("desk.form.{}", field.name)),
        hint: (field.hint == Hint::Own).then(|| around.t.get(&format!("desk.form.hint.{}", field.name))),
        errors: wrong.iter().filter(|(name, _)| *name == field.name).map(|(_, text)| text.clone()).collect(),
        input: input(field, values, around),
    };
    // Only dimensions have weights, so other surveys are not asked for them.
    let has_dimensions = values.get("kind") == SERVQUAL;
    let is_shown = |field: &&Field| {
        !field.name.starts_with("weights.") || has_dimensions || !values.get(field.name).trim().is_empty()
    };
    kind.fields().iter().filter(is_shown).map(one).collect()
}

fn input(field: &Field, values: &Values, around: Around<'_>) -> Input {
    let name = field.name;
    let value = values.get(name).to_owned();
    let line =
        |kind, mode| Input::Line { value: value.clone(), kind, mode, is_fixed: around.is_known && name == "key" };
    match field.control {
        Control::Line => line("text", "text"),
        Control::Number => line("text", "decimal"),
        Control::Date => line("date", "text"),
        Control::List | Control::WorkingDays | Control::Pairs => Input::Lines { value },
        Control::Paragraphs => Input::Paragraphs { value },
        Control::Texts => Input::Texts { texts: texts(name, values, around), is_long: false },
        Control::LongTexts | Control::OwnWords => Input::Texts { texts: texts(name, values, around), is_long: true },
        Control::Select(source) => Input::Select { choices: choices(source, around, |choice| choice == value) },
        Control::Checks(source) => Input::Checks { boxes: boxes(name, source, values, around) },
        Control::Events => Input::Checks { boxes: boxes(name, Source::TargetEvents, values, around) },
        Control::Secret => line("password", "text"),
        Control::Switch => Input::Switch { is_on: !value.is_empty() },
        Control::YesOrNo => {
            let words = ["true", "false"];
            Input::Select { choices: words.map(|word| named(word, "desk.form.answer", around.t, &value)).into() }
        }
        Control::Hours => {
            let day = |day: &str| {
                let name = format!("hours.{day}");
                let label = around.t.get(&format!("desk.settings.day.{day}")).to_owned();
                TextInput { label, tag: String::new(), value: values.get(&name).to_owned(), name }
            };
            Input::Hours { days: WEEKDAYS.map(day).into() }
        }
        Control::Items => {
            let rows = (0..values.items() + EMPTY_ROWS).map(|number| item(number, values, around)).collect();
            Input::Items { rows, has_dimensions: values.get("kind") == SERVQUAL }
        }
        Control::Audience => {
            let words = ["members", "customers"];
            Input::Audience {
                choices: words.map(|word| named(word, "desk.form.audience_word", around.t, &value)).into(),
                tiers: boxes("audience.tier", Source::Tiers, values, around),
                within: values.get("audience.resolved_within").to_owned(),
                sample: values.get("audience.sample").to_owned(),
            }
        }
    }
}

fn item(number: usize, values: &Values, around: Around<'_>) -> ItemRow {
    let chosen = values.get(&format!("items.{number}.dimension"));
    ItemRow {
        number,
        key: values.get(&format!("items.{number}.key")).to_owned(),
        texts: texts(&format!("items.{number}.text"), values, around),
        dimensions: DIMENSIONS.map(|word| named(word, "insight.dimension", around.t, chosen)).into(),
    }
}

fn texts(name: &str, values: &Values, around: Around<'_>) -> LocalTexts {
    let is_asked = |lang: Lang| {
        ASKED.contains(&lang) || around.service.sites.iter().any(|site| site.settings.languages.contains(&lang))
    };
    let input = |tag: &str, label: &str| {
        let name = format!("{name}.{tag}");
        TextInput { label: label.to_owned(), tag: tag.to_owned(), value: values.get(&name).to_owned(), name }
    };
    let known = Lang::ALL.into_iter().map(|lang| (input(lang.as_str(), lang.own_name()), is_asked(lang)));
    // Languages that Sayso itself does not speak.
    let others = values.parts(name).into_iter().filter(|tag| Lang::ALL.iter().all(|lang| lang.as_str() != *tag));
    let others = others.map(|tag| (input(tag, tag), true));
    let (shown, folded): (Vec<_>, Vec<_>) = known.chain(others).partition(|(_, is_asked)| *is_asked);
    let inputs = |list: Vec<(TextInput, bool)>| list.into_iter().map(|(input, _)| input).collect();
    LocalTexts { shown: inputs(shown), folded: inputs(folded) }
}

/// A word with the text that it has.
fn named(word: &str, texts: &str, t: Texts, chosen: &str) -> Choice {
    Choice { value: word.to_owned(), label: t.get(&format!("{texts}.{word}")).to_owned(), is_chosen: word == chosen }
}

/// A box for each choice; `name.choice` is the name of its input.
fn boxes(name: &str, source: Source, values: &Values, around: Around<'_>) -> Vec<CheckBox> {
    let check_box = |choice: Choice| {
        let name = format!("{name}.{}", choice.value);
        let place = values.get(&name);
        let is_chosen = !place.is_empty();
        let place = if is_chosen { place.to_owned() } else { "new".to_owned() };
        CheckBox { name, place, label: choice.label, is_chosen }
    };
    choices(source, around, |_| false).into_iter().map(check_box).collect()
}

fn choices(source: Source, around: Around<'_>, is_chosen: impl Fn(&str) -> bool) -> Vec<Choice> {
    let (t, service) = (around.t, around.service);
    let choice = |value: &str, label: &str| Choice {
        is_chosen: is_chosen(value),
        value: value.to_owned(),
        label: label.to_owned(),
    };
    let named = |texts: &str, word: &str| choice(word, t.get(&format!("{texts}.{word}")));
    let members = || service.members.iter().map(|member| choice(member.address.as_str(), member.name.as_str()));
    macro_rules! words {
        ($texts:literal, $words:expr) => {
            $words.into_iter().map(|word| named($texts, word)).collect()
        };
    }
    match source {
        Source::Sites => service.sites.iter().map(|site| choice(site.key.as_str(), site.name.as_str())).collect(),
        Source::Calendars => keys(service.calendars.iter().map(|calendar| calendar.key.as_str()), choice),
        Source::Teams => service.teams.iter().map(|team| choice(team.key.as_str(), team.name.as_str())).collect(),
        Source::Members => members().collect(),
        Source::Owners => {
            let mut all: Vec<Choice> = words!("desk.form.assignee", ["representative", "round_robin", "least_loaded"]);
            all.extend(members());
            all
        }
        Source::Tiers => keys(service.tiers.iter().map(|tier| tier.key.as_str()), choice),
        Source::Categories => keys(service.categories.iter().map(|category| category.key.as_str()), choice),
        Source::Templates => keys(service.templates.iter().map(|template| template.key.as_str()), choice),
        Source::Targets => keys(service.targets.iter().map(|target| target.key.as_str()), choice),
        Source::Problems => {
            service.problems.iter().map(|problem| choice(problem.key.as_str(), problem.title.as_str())).collect()
        }
        Source::Kinds => words!("common.kind", sayso_shared::Kind::ALL.iter().map(|kind| kind.as_str())),
        Source::Priorities => words!("common.priority", Priority::ALL.iter().map(|priority| priority.as_str())),
        Source::Channels => words!("common.channel", Channel::ALL.iter().map(|channel| channel.as_str())),
        Source::Statuses => words!("common.status", Status::ALL.iter().map(|status| status.as_str())),
        Source::Triggers => words!("desk.form.trigger", Trigger::ALL.iter().map(|trigger| trigger.as_str())),
        Source::SurveyKinds => {
            words!("insight.survey.kind", ["csat", "ces", "nps", "kano", "importance_satisfaction", "servqual", "free"])
        }
        Source::TargetChannels => {
            words!("console.delivery.channel", sites::targets::Channel::ALL.iter().map(|channel| channel.as_str()))
        }
        Source::TargetEvents => {
            let event = |event: &EventType| choice(event.as_str(), event_name(t, event.as_str()));
            let by_rule = choice(BY_RULE, t.get("desk.form.by_rule"));
            std::iter::once(by_rule).chain(EventType::ALL.iter().map(event)).collect()
        }
        Source::TargetParts => words!("desk.form.part", Part::ALL.iter().map(|part| part.as_str())),
        Source::Payloads => keys(Payload::ALL.iter().map(|payload| payload.as_str()), choice),
        Source::Methods => keys(Method::ALL.iter().map(|method| method.as_str()), choice),
        Source::ConsoleLanguages => Lang::CONSOLE.iter().map(|lang| choice(lang.as_str(), lang.own_name())).collect(),
        Source::SiteLanguages => Lang::ALL.iter().map(|lang| choice(lang.as_str(), lang.own_name())).collect(),
        Source::Requirable => words!("desk.form.requirable", sites::REQUIRABLE.iter().copied()),
        Source::Fonts => words!("desk.form.font", ["inherit", "system"]),
        Source::SurveyChannels => words!("desk.form.survey_channel", ["link", "email", "widget", "paper"]),
    }
}

/// Keys, each once: several sites may have the same.
fn keys<'k>(keys: impl Iterator<Item = &'k str>, choice: impl Fn(&str, &str) -> Choice) -> Vec<Choice> {
    let mut found: Vec<Choice> = Vec::new();
    for key in keys {
        if found.iter().all(|known| known.value != key) {
            found.push(choice(key, key));
        }
    }
    found
}
