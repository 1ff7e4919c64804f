//! The list: what is held first, since somebody has to look at it.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::shown::{PATH, check, outcome, reason, title};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::clock::rfc3339;
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::inbound::desk::{self, MailFilter, MailHead};
use crate::inbound::{MailOutcome, Received};
use crate::text::Texts;

/// Mails on a page.
const SHOWN: usize = 30;

/// Which mails.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// `held`, which is the default, `dropped` or `all`.
    #[serde(default)]
    outcome: String,
    /// Behind the mail with this identifier.
    #[serde(default)]
    after: String,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "console/incoming.html")]
struct ListPage {
    t: Texts,
    shell: Shell,
    tab: Tab,
    rows: Vec<Row>,
    /// The address of what is older.
    next: Option<String>,
    is_first: bool,
    done: Option<&'static str>,
}

/// A choice of mails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Held,
    Dropped,
    All,
}

struct Row {
    id: String,
    at: (String, String),
    tone: &'static str,
    outcome: &'static str,
    /// What it is about, or where nothing of it is kept, why and what it became.
    title: String,
    reason: &'static str,
    head: MailHead,
    case_id: Option<String>,
}

impl Tab {
    const ALL: [Self; 3] = [Self::Held, Self::Dropped, Self::All];

    const fn as_str(self) -> &'static str {
        match self {
            Tab::Held => "held",
            Tab::Dropped => "dropped",
            Tab::All => "all",
        }
    }

    fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|tab| tab.as_str() == word).unwrap_or(Tab::Held)
    }

    const fn outcome(self) -> Option<MailOutcome> {
        match self {
            Tab::Held => Some(MailOutcome::Held),
            Tab::Dropped => Some(MailOutcome::Dropped),
            Tab::All => None,
        }
    }
}

/// `GET /staff/incoming`.
pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(wanted): Query<Wanted>) -> Result<Html<String>> {
    check(&who, Action::ReadMail)?;
    let tab = Tab::parse(&wanted.outcome);
    let after = Received::by_id(&app.db, &wanted.after).await?.map(|mail| (mail.received_at, mail.id));
    let is_first = after.is_none();
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let mut mails =
        desk::list(&app.db, &MailFilter { outcome: tab.outcome(), after, limit, ..MailFilter::default() }).await?;
    let has_more = mails.len() > SHOWN;
    mails.truncate(SHOWN);
    let last = mails.last().filter(|_| has_more).map(|mail| mail.id.clone());
    let mut heads = desk::heads(&app.db, &app.keys, &mails).await?;
    let rows = mails.into_iter().map(|mail| Row::of(who.t, heads.remove(&mail.id).unwrap_or_default(), mail)).collect();
    page(&ListPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Incoming).await?,
        tab,
        rows,
        next: last.map(|last| format!("{PATH}?outcome={}&after={last}", tab.as_str())),
        is_first,
        done: wanted.done.as_deref().and_then(|done| who.t.find(&format!("desk.incoming.done.{done}"))),
    })
}

impl Row {
    fn of(t: Texts, head: MailHead, mail: Received) -> Self {
        let (tone, outcome) = outcome(t, &mail.outcome);
        let reason = reason(t, mail.reason.as_deref());
        Self {
            title: title(t, &head, [reason, outcome]),
            at: (rfc3339(mail.received_at), t.moment(mail.received_at)),
            reason,
            id: mail.id,
            tone,
            outcome,
            head,
            case_id: mail.case_id,
        }
    }
}

impl ListPage {
    fn tabs(&self) -> [(Tab, &'static str, String); 3] {
        Tab::ALL.map(|tab| {
            let word = tab.as_str();
            (tab, self.t.get(&format!("desk.incoming.tab.{word}")), format!("{PATH}?outcome={word}"))
        })
    }

    fn first(&self) -> String {
        format!("{PATH}?outcome={}", self.tab.as_str())
    }
}
