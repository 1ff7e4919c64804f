//! Mails to the service team, in the site's main language. The customer's contact stays in the console, behind its sign-in.

use sayso_shared::Lang;

use super::{Email, QuotedLinks, excerpt, spaced};
use crate::cases::EventType;
use crate::config::Config;
use crate::outbox::event_context::{EventContext, Origin};
use crate::sites::texts;
use crate::text::Texts;

/// The mail that tells the team of an event.
pub fn to_team(config: &Config, context: &EventContext) -> Email {
    let t = Texts(context.team_language());
    let (case, event) = (&context.case, &context.event);
    let site = context.site.name();
    let kind = t.get(&format!("common.kind.{}", case.kind.as_str()));
    let what = what_happened(context, t);
    let about = event.words.as_ref().map_or(&case.message, |words| &words.body);
    let subject = t.with("mail.team.subject", &[("site", site), ("what", &what), ("excerpt", &excerpt(about))]);
    let mut email = Email {
        lang: t.0,
        subject,
        heading: Some(what),
        intro: Vec::new(),
        quote: event.words.as_ref().map(|words| words.body.clone()),
        quoted_links: QuotedLinks::Text,
        details: vec![(t.get("mail.fact.kind").to_owned(), kind.to_owned())],
        link: Some((t.get("mail.team.link").to_owned(), context.console_url(config))),
        closing: Vec::new(),
        footer: spaced(t.0, &t.with("mail.team.footer", &[("site", site)])),
    };
    if event.kind == EventType::Created {
        email.quote = Some(case.message.clone());
    }
    email.details.extend(case_details(context, t));
    if context.origin == Origin::Sample {
        email.subject = t.with("mail.sample.subject", &[("subject", &email.subject)]);
        email.intro.push(t.get("mail.sample.notice").to_owned());
    }
    email
}

fn what_happened(context: &EventContext, t: Texts) -> String {
    let event = &context.event;
    match event.kind {
        EventType::Created => t.get(&format!("mail.team.new.{}", context.case.kind.as_str())).to_owned(),
        EventType::Message if event.actor == "customer" => t.get("mail.team.customer_replied").to_owned(),
        EventType::Message => t.get("mail.team.staff_replied").to_owned(),
        EventType::Rated => t.with("mail.team.rated", &[("score", &event.data["score"].to_string())]),
        EventType::Status => {
            let to = event.data["to"].as_str().and_then(crate::cases::Status::parse).unwrap_or(context.case.status);
            t.with("mail.team.status", &[("status", t.get(&format!("common.status.{}", to.as_str())))])
        }
        EventType::Reopened => t.get("mail.team.reopened").to_owned(),
        EventType::Acknowledged => t.get("mail.team.acknowledged").to_owned(),
        EventType::Assigned => t.get("mail.team.assigned").to_owned(),
        EventType::Note => t.get("mail.team.note").to_owned(),
        EventType::DueSoon => t.get("mail.team.due_soon").to_owned(),
        EventType::Breached => t.get("mail.team.breached").to_owned(),
        EventType::Resolved => t.get("mail.team.resolved").to_owned(),
        EventType::Closed => t.get("mail.team.closed").to_owned(),
    }
}

/// What helps the team to judge the case before they open it.
fn case_details(context: &EventContext, t: Texts) -> Vec<(String, String)> {
    let (case, event) = (&context.case, &context.event);
    let score = |score: i64| t.with("mail.fact.score", &[("score", &score.to_string())]);
    let solved = event.data["solved"].as_bool().filter(|_| event.kind == EventType::Rated);
    let solved = solved.map(|solved| if solved { t.get("mail.fact.yes") } else { t.get("mail.fact.no") });
    let due = case.first_response_due.filter(|_| event.kind == EventType::Created);
    let fields = [
        (t.get("mail.fact.solved"), solved.map(str::to_owned)),
        (t.get("mail.fact.category"), category(context, t.0)),
        (t.get("mail.fact.rating"), case.rating.map(score)),
        (t.get("mail.fact.desired_outcome"), case.desired_outcome.clone()),
        (t.get("mail.fact.reference"), case.reference.clone()),
        (t.get("mail.fact.page"), case.page[0].clone()),
        (t.get("mail.fact.received"), Some(context.moment(t, case.received_at))),
        (t.get("mail.fact.due"), due.map(|due| context.moment(t, due))),
    ];
    fields.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?))).collect()
}

/// The category as people read it; its key if it has been removed since.
fn category(context: &EventContext, lang: Lang) -> Option<String> {
    let key = context.case.category.as_ref()?;
    let settings = &context.site.settings;
    let known = settings.categories.iter().find(|category| category.key == *key);
    let label = known.and_then(|category| texts::best(&category.label, lang, settings.languages.first()));
    Some(label.unwrap_or(key).to_owned())
}
