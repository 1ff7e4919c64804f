//! Mails to the service team, in the language of the target or the site's main one, and to the member to whom a case was given, in theirs. What of a
//! case they say is chosen for each target; how to reach the customer stays in the console for members, behind its sign-in.

use sayso_shared::Lang;

use super::{Brand, Email, excerpt, in_thread, spaced, submitted_topic, topic};
use crate::auth::Role;
use crate::cases::EventType;
use crate::config::Config;
use crate::outbox::event_context::{EventContext, Origin};
use crate::sites::targets::{Part, Target};
use crate::text::Texts;

/// The mail that tells the team of an event.
pub fn to_team(config: &Config, context: &EventContext, target: &Target) -> Email {
    let t = Texts::of_console(target.settings.lang.unwrap_or_else(|| context.team_language()));
    let event = &context.event;
    let parts: Vec<Part> = Part::ALL.iter().copied().filter(|part| target.includes(*part)).collect();
    let name = if target.includes(Part::Name) { CustomerName::Shown } else { CustomerName::Hidden };
    let mut email = about(config, context, t, what_happened(context, t), (&parts, name));
    email.quote = context.said().filter(|_| parts.contains(&Part::Message)).map(str::to_owned);
    // What must not be overlooked among the others of a case keeps its own.
    if !matches!(event.kind, EventType::DueSoon | EventType::Breached | EventType::Escalated | EventType::Alarm) {
        email.subject = in_thread(context, shared_subject(context, t, &parts));
    }
    let escalated_to = event.escalated_to.clone().map(|name| (t.get("team.fact.escalated_to").to_owned(), name));
    email.details.extend(escalated_to);
    email.footer = spaced(t.0, &t.with("team.footer", &[("site", context.site.name())]));
    if context.origin == Origin::Sample {
        email.subject = t.with("team.sample.subject", &[("subject", &email.subject)]);
        email.intro.push(t.get("team.sample.notice").to_owned());
    }
    email
}

/// The mail that tells a member what they have to see to: that a case is theirs now, and who gave it to them, that it was escalated to them, or that
/// its time is running out, or that a colleague named them in a note.
pub fn to_member(config: &Config, context: &EventContext, (lang, role): (Lang, Role), giver: Option<&str>) -> Email {
    let t = Texts(lang);
    let what = match context.event.kind {
        EventType::Assigned => t.get("team.yours").to_owned(),
        EventType::Escalated => t.get("team.escalated_to_you").to_owned(),
        EventType::Note => spaced(lang, &t.with("team.mentioned", &[("name", giver.unwrap_or("Sayso"))])),
        _ => what_happened(context, t),
    };
    // Partners are told no more than the console shows them.
    let name = if role == Role::Partner { CustomerName::Hidden } else { CustomerName::Shown };
    let mut email = about(config, context, t, what, (&[Part::Message, Part::Link], name));
    match context.event.kind {
        EventType::Assigned => {
            email.intro.extend(giver.map(|name| spaced(lang, &t.with("team.yours_by", &[("name", name)]))));
        }
        EventType::Escalated if context.event.data["alarm"].is_string() => {
            email.intro.push(t.get("team.alarm_text").to_owned());
        }
        EventType::Escalated => email.intro.push(t.get("team.escalated_text").to_owned()),
        _ => {}
    }
    email.quote = match (context.event.kind, &context.event.words) {
        (EventType::Note, Some(words)) => Some(words.body.clone()),
        _ => Some(context.case.message.clone()),
    };
    email.footer = t.get("team.yours_footer").to_owned();
    email
}

/// The mail to the mailbox of a team about what was given to it, or what nobody of it has yet and will soon be, or is, overdue. Who reads that mailbox
/// nobody knows, so it does not say who the customer is.
pub fn to_team_mailbox(config: &Config, context: &EventContext, team: &str) -> Email {
    let t = Texts(context.team_language());
    let what = match context.event.kind {
        EventType::Team => spaced(t.0, &t.with("team.given_to_team", &[("team", team)])),
        EventType::Task => spaced(t.0, &t.with("team.task_for_team", &[("team", team)])),
        _ => what_happened(context, t),
    };
    let mut email = about(config, context, t, what, (&[Part::Message, Part::Link], CustomerName::Hidden));
    email.quote = Some(context.case.message.clone());
    email.footer = spaced(t.0, &t.with("team.team_footer", &[("team", team)]));
    email
}

/// One subject for all mails of a case to the team, without which Gmail shows each by itself.
fn shared_subject(context: &EventContext, t: Texts, parts: &[Part]) -> String {
    let kind = t.get(&format!("common.kind.{}", context.case.submitted.0.as_str()));
    let said = Some(excerpt(&context.case.message)).filter(|_| parts.contains(&Part::Message));
    subject(context, t, kind, &said.unwrap_or_else(|| submitted_topic(context, t)))
}

fn subject(context: &EventContext, t: Texts, what: &str, said: &str) -> String {
    let values = [("site", context.site.name()), ("what", what), ("case", &number(context)), ("excerpt", said)];
    t.with("team.subject", &values)
}

/// The number of the case, with a space before it, once it has one.
fn number(context: &EventContext) -> String {
    context.case.number.map(|number| format!(" #{number}")).unwrap_or_default()
}

/// Whether a mail says who the customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CustomerName {
    /// It does.
    Shown,
    /// It does not.
    Hidden,
}

/// What mails to the staff have in common: which case, and what helps to judge it before it is opened.
fn about(
    config: &Config,
    context: &EventContext,
    t: Texts,
    what: String,
    (parts, name): (&[Part], CustomerName),
) -> Email {
    let (case, event) = (&context.case, &context.event);
    let said = event.words.as_ref().map_or(&case.message, |words| &words.body);
    let said = excerpt(said);
    // Without the words, what it is about.
    let kind = t.get(&format!("common.kind.{}", case.kind.as_str()));
    let said = if parts.contains(&Part::Message) { said.as_str() } else { kind };
    Email {
        lang: t.0,
        brand: Brand::of(&context.site),
        subject: subject(context, t, &what, said),
        heading: Some(what + &number(context)),
        details: case_details(context, t, parts, name),
        link: parts.contains(&Part::Link).then(|| (t.get("team.link").to_owned(), context.console_url(config))),
        closing: context
            .site
            .settings
            .mail_address
            .as_ref()
            .map(|_| t.get("team.can_reply").to_owned())
            .into_iter()
            .collect(),
        ..Email::default()
    }
}

/// What happened, in a few words.
pub fn what_happened(context: &EventContext, t: Texts) -> String {
    let event = &context.event;
    match event.kind {
        EventType::Created => t.get(&format!("team.new.{}", context.case.kind.as_str())).to_owned(),
        EventType::Message if event.actor == "customer" => t.get("team.customer_replied").to_owned(),
        EventType::Message => t.get("team.staff_replied").to_owned(),
        EventType::Rated => t.with("team.rated", &[("score", &event.data["score"].to_string())]),
        EventType::Status => {
            let to = event.data["to"].as_str().and_then(crate::cases::Status::parse).unwrap_or(context.case.status);
            t.with("team.status", &[("status", t.get(&format!("common.status.{}", to.as_str())))])
        }
        EventType::Reopened if event.actor == "customer" => t.get("team.reopened").to_owned(),
        EventType::Reopened => t.get("team.reopened_by_staff").to_owned(),
        EventType::Acknowledged => t.get("team.acknowledged").to_owned(),
        EventType::Assigned => t.get("team.assigned").to_owned(),
        EventType::Note => t.get("team.note").to_owned(),
        EventType::DueSoon => t.get("team.due_soon").to_owned(),
        EventType::Breached => t.get("team.breached").to_owned(),
        EventType::Resolved => t.get("team.resolved").to_owned(),
        EventType::Closed => t.get("team.closed").to_owned(),
        EventType::Contact => t.get("team.contact").to_owned(),
        EventType::Team => t.get("team.team").to_owned(),
        EventType::Priority => t.get("team.priority").to_owned(),
        EventType::Category => t.get("team.category").to_owned(),
        EventType::Tags => t.get("team.tags").to_owned(),
        EventType::FollowUp if event.data["due"].is_string() => t.get("team.follow_up_due").to_owned(),
        EventType::FollowUp => t.get("team.follow_up").to_owned(),
        EventType::Problem => t.get("team.problem").to_owned(),
        EventType::Merged => t.get("team.merged").to_owned(),
        EventType::Split => t.get("team.split").to_owned(),
        EventType::Unmerged => t.get("team.unmerged").to_owned(),
        EventType::Escalated => t.get("team.escalated").to_owned(),
        EventType::Alarm => t.get("team.alarm").to_owned(),
        EventType::Effort => t.get("team.effort").to_owned(),
        EventType::Remedy => t.get("team.remedy").to_owned(),
        EventType::Erased => t.get("team.erased").to_owned(),
        // It has a card and a mail of its own.
        EventType::Signal => t.get("console.delivery.event.signal").to_owned(),
        EventType::Task if event.data["is"] == "done" => t.get("team.task_done").to_owned(),
        EventType::Task => t.get("team.task").to_owned(),
    }
}

/// What helps the team to judge the case before they open it.
fn case_details(context: &EventContext, t: Texts, parts: &[Part], name: CustomerName) -> Vec<(String, String)> {
    let (case, event) = (&context.case, &context.event);
    let has = |part| parts.contains(&part);
    let contact = context.contact.as_ref().filter(|_| has(Part::Contact));
    let of_contact = |value: Option<&str>| value.map(str::to_owned);
    let score = |score: i64| t.with("team.fact.score", &[("score", &score.to_string())]);
    // What is due is of use until somebody has answered.
    let is_answered = case.first_responded_at.is_some();
    let solved = event.data["solved"].as_bool().filter(|_| event.kind == EventType::Rated);
    let solved = solved.map(|solved| if solved { t.get("team.fact.yes") } else { t.get("team.fact.no") });
    let due = case.first_response_due.filter(|_| case.status.is_open() && !is_answered);
    let due = due.map(|due| (t.get("team.fact.due"), context.moment(t, due)));
    let due = context.promise(t).or(due);
    let customer = context.contact.as_ref().and_then(|contact| contact.name());
    let customer = customer.unwrap_or_else(|| t.get("team.fact.anonymous"));
    let owner = case.owner.as_deref().unwrap_or_else(|| t.get("team.fact.nobody"));
    let fields = [
        (t.get("team.fact.customer"), (name == CustomerName::Shown).then(|| customer.to_owned())),
        (t.get("team.fact.email"), contact.and_then(|contact| of_contact(contact.email()))),
        (t.get("team.fact.phone"), contact.and_then(|contact| of_contact(contact.phone()))),
        (t.get("team.fact.kind"), Some(t.get(&format!("common.kind.{}", case.kind.as_str())).to_owned())),
        (t.get("team.fact.priority"), Some(t.get(&format!("common.priority.{}", case.priority.as_str())).to_owned())),
        (t.get("team.fact.owner"), Some(owner.to_owned())),
        (t.get("team.fact.solved"), solved.map(str::to_owned)),
        (t.get("team.fact.category"), topic(context, t.0)),
        (t.get("team.fact.rating"), case.rating.map(score)),
        (t.get("team.fact.desired_outcome"), case.desired_outcome.clone().filter(|_| has(Part::Message))),
        (t.get("team.fact.reference"), case.reference.clone()),
        (t.get("team.fact.page"), case.page[0].clone()),
        (t.get("team.fact.received"), Some(context.moment(t, case.received_at))),
        due.map_or(("", None), |(label, due)| (label, Some(due))),
        (t.get("team.fact.code"), has(Part::Code).then(|| case.code.clone())),
    ];
    let rows = fields.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?)));
    event.named_files(t).into_iter().chain(rows).collect()
}
