//! What a chat room is told of an event: one model, which each channel renders in its own way.

use sayso_shared::Lang;

use super::bursts::Burst;
use super::event_context::{EventContext, Origin};
use super::templates::{topic, what_happened};
use crate::cases::EventType;
use crate::reports::findings::Trend;
use crate::signals::Signal;
use crate::sites::targets::{Part, Target};
use crate::text::Texts;

/// A message about one event. Its texts are as somebody wrote them: each channel makes them harmless (`inert`).
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// The language it is written in.
    pub lang: Lang,
    /// What happened to which case, such as `New complaint · #1042`.
    pub title: String,
    /// How it looks.
    pub tone: Tone,
    /// What helps to judge it.
    pub facts: Vec<Fact>,
    /// That it is a test.
    pub notice: Option<&'static str>,
    /// What somebody wrote.
    pub words: Option<String>,
    /// Where the case is.
    pub link: Option<Link>,
    /// Who says it, about which event of which case: whoever gets it twice sees that it is the same.
    pub footer: String,
}

/// A label and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: String,
}

/// Something to press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub label: &'static str,
    /// Where it leads.
    pub url: String,
}

/// How a card looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something went wrong.
    Bad,
    /// Something will.
    Warning,
    /// Something is well.
    Good,
    /// Anything else.
    Neutral,
}

// What people wrote must not reach a log.
impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card(…)")
    }
}

impl Card {
    /// All of it as lines of text, for a terminal.
    pub fn plain(&self) -> String {
        let mut lines = vec![self.title.clone()];
        lines.extend(self.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)));
        lines.extend(self.notice.map(str::to_owned));
        lines.extend(self.words.iter().flat_map(|words| words.lines()).map(|line| format!("> {line}")));
        lines.extend(self.link.iter().map(|link| format!("{}: {}", link.label, link.url)));
        lines.push(self.footer.clone());
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// What a target is told of an event; `url` is the address of the case in the console.
    pub fn new(context: &EventContext, target: &Target, url: String) -> Self {
        let lang = target.settings.lang.unwrap_or_else(|| context.team_language());
        let t = Texts::of_console(lang);
        let (case, event) = (&context.case, &context.event);
        let number = case.number.map(|number| format!(" · #{number}")).unwrap_or_default();
        let is_sample = context.origin == Origin::Sample;
        let title = format!("{}{number}", what_happened(context, t));
        let name = case.number.map_or_else(|| case.id.clone(), |number| format!("#{number}"));
        Self {
            lang: t.0,
            title: if is_sample { t.with("team.sample.subject", &[("subject", &title)]) } else { title },
            tone: Tone::of(context),
            facts: facts(context, target, t),
            notice: is_sample.then(|| t.get("team.sample.notice")),
            words: context.said().filter(|_| target.includes(Part::Message)).map(str::to_owned),
            link: target.includes(Part::Link).then(|| Link { label: t.get("team.link"), url }),
            footer: format!("Sayso · {name} · {}", event.seq),
        }
    }

    /// What a target is told of a chart that signals; `url` is its address in the console.
    pub fn of_signal(signal: &Signal, target: &Target, url: String) -> Self {
        let t = signal.t;
        Self {
            lang: t.0,
            title: signal.title(),
            tone: match signal.trend {
                Trend::Above => Tone::Bad,
                Trend::Below => Tone::Good,
                Trend::Shift => Tone::Warning,
            },
            facts: signal.facts().into_iter().map(|(label, value)| Fact { label, value }).collect(),
            notice: None,
            // It is ours, and nobody's words that may have to stay.
            words: Some(signal.sentence.clone()),
            link: target.includes(Part::Link).then(|| Link { label: t.get("team.signal.link"), url }),
            footer: format!("Sayso · {} · {}", signal.site.key(), signal.week),
        }
    }

    /// What a chat room is told of many events at once; `url` is the address of the inbox.
    pub fn of_burst(burst: &Burst, target: &Target, url: String) -> Self {
        let t = burst.t;
        Self {
            lang: t.0,
            title: burst.title(),
            tone: Tone::Warning,
            facts: vec![Fact { label: t.get("team.fact.site"), value: burst.site.clone() }],
            notice: None,
            words: Some(burst.lines()),
            link: target.includes(Part::Link).then(|| Link { label: t.get("team.digest.link"), url }),
            footer: format!("Sayso · {} · {}", burst.site, burst.events),
        }
    }

    /// What stands between a label and its value.
    pub const fn colon(&self) -> &'static str {
        Texts(self.lang).colon()
    }

    /// All of it as plain text.
    pub fn text(&self) -> String {
        let mut blocks = vec![self.title.clone()];
        let colon = self.colon();
        let facts: Vec<String> = self.facts.iter().map(|fact| format!("{}{colon}{}", fact.label, fact.value)).collect();
        blocks.push(facts.join("\n"));
        blocks.extend(self.notice.map(str::to_owned));
        blocks.extend(self.words.clone());
        blocks.extend(self.link.as_ref().map(|link| format!("{}{colon}{}", link.label, link.url)));
        blocks.push(self.footer.clone());
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

impl Tone {
    /// The word for a style sheet.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tone::Bad => "bad",
            Tone::Warning => "warning",
            Tone::Good => "good",
            Tone::Neutral => "neutral",
        }
    }

    /// A colour of the web.
    pub const fn colour(self) -> &'static str {
        match self {
            Tone::Bad => "#b3261e",
            Tone::Warning => "#b26a00",
            Tone::Good => "#2e7d32",
            Tone::Neutral => "#0d5757",
        }
    }

    fn of(context: &EventContext) -> Self {
        use sayso_shared::Kind;
        match (context.event.kind, context.case.kind) {
            (EventType::Breached | EventType::Escalated | EventType::Reopened, _) => Tone::Bad,
            (EventType::DueSoon, _) => Tone::Warning,
            (EventType::Resolved | EventType::Closed, _) => Tone::Good,
            (EventType::Rated, _) => match context.event.data["score"].as_i64() {
                Some(..=2) => Tone::Bad,
                Some(4..) => Tone::Good,
                _ => Tone::Neutral,
            },
            (EventType::Created, Kind::Complaint) => Tone::Bad,
            (EventType::Created, Kind::Praise) => Tone::Good,
            _ => Tone::Neutral,
        }
    }
}

fn facts(context: &EventContext, target: &Target, t: Texts) -> Vec<Fact> {
    let case = &context.case;
    let contact = context.contact.as_ref().filter(|_| target.includes(Part::Contact));
    let of_contact = |value: Option<&str>| value.map(str::to_owned);
    let named = context.contact.as_ref().filter(|_| target.includes(Part::Name));
    let due = case.due_at.filter(|_| case.status.is_open()).map(|due| context.moment(t, due));
    let due = due.map(|due| (t.get("team.fact.next_due"), due));
    let due = context.promise(t).or(due);
    // The title of a new case says it.
    let is_new = context.event.kind == EventType::Created;
    let kind = (!is_new).then(|| t.get(&format!("common.kind.{}", case.kind.as_str())));
    let facts = [
        (t.get("team.fact.site"), Some(context.site.name().to_owned())),
        (t.get("team.fact.kind"), kind.map(str::to_owned)),
        (t.get("team.fact.priority"), Some(t.get(&format!("common.priority.{}", case.priority.as_str())).to_owned())),
        (t.get("team.fact.category"), topic(context, t.0)),
        (t.get("team.fact.owner"), case.owner.clone()),
        (t.get("team.fact.escalated_to"), context.event.escalated_to.clone()),
        due.map_or(("", None), |(label, due)| (label, Some(due))),
        (t.get("team.fact.customer"), named.and_then(|contact| of_contact(contact.name()))),
        (t.get("team.fact.email"), contact.and_then(|contact| of_contact(contact.email()))),
        (t.get("team.fact.phone"), contact.and_then(|contact| of_contact(contact.phone()))),
        (t.get("team.fact.code"), target.includes(Part::Code).then(|| case.code.clone())),
    ];
    facts
        .into_iter()
        .filter_map(|(label, value)| Some(Fact { label, value: value.filter(|value| !value.is_empty())? }))
        .collect()
}
