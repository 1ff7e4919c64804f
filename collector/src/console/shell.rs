//! What all pages of the console share: the bar at their top, and how they are rendered.

use askama::Template;
use axum::http::{HeaderMap, header};
use axum::response::Html;
use sayso_shared::Lang;

use super::troubles::{self, Trouble};
use crate::alarms::{self, Alarm, Reason};
use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::guard::Place;
use crate::auth::password::Weakness;
use crate::auth::permissions::Action;
use crate::clock::{DAY, HOUR, MINUTE, Millis, rfc3339};
use crate::config::Config;
use crate::http::language::{COOKIE, KEPT_SECONDS};
use crate::http::{Result, cookies};
use crate::outbox::standing::{self, Stopped};
use crate::text::Texts;

/// A screen that the bar leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// What is to be done today.
    Today,
    /// The list of cases, and a case.
    Inbox,
    /// Entering what came on the phone, at the counter or by letter.
    Entry,
    /// What nobody may overlook.
    Alarms,
    /// Looking customers up, and a customer.
    Customers,
    /// What lies behind several cases.
    Problems,
    /// Surveys, and answers on paper.
    Surveys,
    /// What cases and answers say.
    Reports,
    /// How websites embed the widget.
    Start,
    /// The service as it is set up.
    Settings,
    /// Who works here.
    Members,
    /// Mails that came in and are on no case.
    Incoming,
    /// What was sent, and what is stuck.
    Deliveries,
    /// Mails that were written to files.
    Mail,
    /// The audit log.
    Audit,
    /// The member's own language and password.
    Account,
}

/// The frame of a page.
#[derive(Debug)]
pub struct Shell {
    /// Where the reader is.
    pub screen: Screen,
    /// Whether it is a tab or the pane beside the inbox, whose bar and alarms are there already.
    pub place: Place,
    /// Who reads.
    pub name: String,
    /// Whether the reader sees the screens for admins.
    pub administers: bool,
    /// Whether the reader sees how the service is set up.
    pub reads_service: bool,
    /// Whether the reader sees what became of mails that came in.
    pub reads_mail: bool,
    /// Whether the reader may read the audit log.
    pub reads_audit: bool,
    /// Whether the reader may enter feedback for customers.
    pub may_enter: bool,
    /// Whether the reader may look customers up.
    pub reads_customers: bool,
    /// Whether the reader may read the register of problems.
    pub reads_problems: bool,
    /// Whether the reader may read reports.
    pub reads_reports: bool,
    /// Whether the reader may change cases.
    pub may_act: bool,
    /// What the reader must not overlook, the longest first.
    pub alarms: Vec<Banner>,
    /// How many more of them there are.
    pub more_alarms: usize,
    /// Targets that were switched off, for whoever looks after them.
    pub stopped: Vec<Stopped>,
    /// How many more of them there are.
    pub more_stopped: usize,
    /// What is stuck, for whoever looks after the service.
    pub troubles: Vec<Trouble>,
    /// What forms carry.
    pub csrf: String,
}

impl Shell {
    /// The frame for a screen.
    pub async fn load(app: &App, who: &SignedIn, screen: Screen) -> Result<Self> {
        let mut alarms = match who.place {
            Place::Tab => Banner::all(app, who).await?,
            Place::Pane => Vec::new(),
        };
        let more_alarms = alarms.len().saturating_sub(BANNERS);
        alarms.truncate(BANNERS);
        let mut stopped = match who.place {
            Place::Tab if who.may(Action::ManageService) => standing::switched_off(&app.db).await?,
            Place::Tab | Place::Pane => Vec::new(),
        };
        let more_stopped = stopped.len().saturating_sub(BANNERS);
        stopped.truncate(BANNERS);
        let troubles = match who.place {
            Place::Tab if who.may(Action::ManageService) => troubles::all(app, who.t).await?,
            Place::Tab | Place::Pane => Vec::new(),
        };
        Ok(Self {
            screen,
            place: who.place,
            name: who.member.name.clone(),
            administers: who.may(Action::Administer),
            reads_service: who.may(Action::ReadService),
            may_enter: who.may(Action::EnterFeedback),
            reads_customers: who.may(Action::ReadCustomer),
            reads_problems: who.may(Action::ReadProblems),
            reads_reports: who.standing.report_reach().is_some(),
            reads_mail: who.may(Action::ReadMail),
            reads_audit: who.may(Action::ReadAudit),
            may_act: who.member.role().may_act(),
            alarms,
            more_alarms,
            stopped,
            more_stopped,
            troubles,
            csrf: who.csrf.clone(),
        })
    }

    /// Whether the page stands in the pane beside the inbox.
    pub fn is_in_pane(&self) -> bool {
        self.place == Place::Pane
    }

    /// Whether the reader is on one of the screens for how things are set up, which have a bar of their own.
    pub fn is_settings(&self) -> bool {
        matches!(
            self.screen,
            Screen::Settings
                | Screen::Start
                | Screen::Members
                | Screen::Incoming
                | Screen::Deliveries
                | Screen::Mail
                | Screen::Audit
        )
    }

    /// Whether the reader is on this screen.
    pub fn is(&self, screen: Screen) -> bool {
        self.screen == screen
    }
}

/// Alarms that stand above a page; more of them would leave no room for it.
const BANNERS: usize = 2;

/// An alarm, as pages show it.
#[derive(Debug)]
pub struct Banner {
    /// The case.
    pub case_id: String,
    /// What it is about.
    pub text: String,
    /// Since when, for programs and for people.
    pub since: (String, String),
}

impl Banner {
    /// Those that concern a member, the longest first.
    pub async fn all(app: &App, who: &SignedIn) -> Result<Vec<Self>> {
        let open = alarms::all_open(&app.db).await?;
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let service = app.service.current().await?;
        let concerning = open.into_iter().filter(|alarm| alarm.concerns(&who.standing, &service));
        Ok(concerning.map(|alarm| Self::of(who.t, alarm)).collect())
    }

    fn of(t: Texts, alarm: Alarm) -> Self {
        let number = alarm.number.map(|number| format!("#{number}")).unwrap_or_default();
        let kind = t.get(&format!("common.kind.{}", alarm.kind));
        let values = [("kind", kind), ("number", number.as_str())];
        let text = match alarm.reason == Reason::Breached.as_str() {
            true => t.with("desk.alarm.breached", &values),
            false => t.with("desk.alarm.urgent", &values),
        };
        Self { since: (rfc3339(alarm.raised_at), t.moment(alarm.raised_at)), case_id: alarm.case_id, text }
    }
}

/// Renders a page.
pub fn page(template: &impl Template) -> Result<Html<String>> {
    Ok(Html(template.render().map_err(anyhow::Error::from)?))
}

/// Makes error pages, which know no member, speak the language as well.
pub fn remember_language(config: &Config, lang: Lang) -> HeaderMap {
    HeaderMap::from_iter([(header::SET_COOKIE, cookies::set(config, COOKIE, lang.as_str(), KEPT_SECONDS))])
}

/// The text for a password that can't be set.
pub fn weakness(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::TooShort => "console.password.too_short",
        Weakness::TooLong => "console.password.too_long",
        Weakness::Common => "console.password.common",
        Weakness::Breached => "console.password.breached",
        Weakness::OwnWords => "console.password.own_words",
    }
}

/// The status whose colour fits the state of a delivery.
pub fn delivery_tone(state: &str) -> &'static str {
    match state {
        "sent" => "resolved",
        "failed" | "suspended" => "waiting",
        "pending" => "in_progress",
        _ => "closed",
    }
}

/// What an event is called where it is forwarded.
pub fn event_name(t: Texts, word: &str) -> &'static str {
    t.get(&format!("console.delivery.event.{}", word.split_once('.').map_or(word, |(_, name)| name)))
}

/// A span of time in the largest unit that fits, such as `3 h`.
pub fn span(t: Texts, span: Millis) -> String {
    let (key, unit) = match span {
        DAY.. => ("console.span.days", DAY),
        HOUR.. => ("console.span.hours", HOUR),
        _ => ("console.span.minutes", MINUTE),
    };
    t.with(key, &[("n", &(span / unit).max(1).to_string())])
}

/// A text on one line, cut at about `most` characters, and where words are parted by spaces, between words.
pub fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, next)) => {
            let cut = &line[..at];
            // A space far back is no end of a word: Chinese has none within a sentence.
            let word = cut.rfind(' ').filter(|space| next.is_ascii_alphanumeric() && at - space < 24);
            format!("{}…", word.map_or(cut, |space| &cut[..space]).trim_end())
        }
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(excerpt("送货\n迟到", 9), "送货 迟到");
        assert_eq!(excerpt("沙发送来时扶手破了", 4), "沙发送来…");
        assert_eq!(excerpt("from the beginning of it", 16), "from the…");
        assert_eq!(excerpt("from the beginning of it", 18), "from the beginning…");
    }

    #[test]
    fn names_the_largest_unit() {
        let t = Texts(Lang::En);
        assert_eq!(span(t, 3 * HOUR + 59 * MINUTE), "3 h");
        assert_eq!(span(t, 20), "1 min");
        assert_eq!(span(t, 2 * DAY), "2 d");
    }
}
