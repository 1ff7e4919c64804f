//! What it costs customers to get their answer: messages, transfers and repeats. Of the cases that were received within the period, those that were
//! resolved at least once.

use rustc_hash::FxHashMap;
use sayso_analysis::facts::Fact;
use sayso_analysis::scores::{mean, percentiles};
use serde_json::json;

use super::asked::Asked;
use super::facts::{self, Reach};
use super::figures::{Content, Row};
use super::groups::{Groups, Naming};
use crate::app::App;
use crate::cases::counted::{FIRST_CONTACT_DAYS, REPEAT_DAYS};
use crate::clock::{DAY, Millis};
use crate::http::Result;

#[derive(Debug, Default)]
struct Efforts {
    resolved: u64,
    unresolved: u64,
    messages: Vec<f64>,
    transfers: Vec<f64>,
    first_contact: u64,
    reopened: u64,
    repeats: u64,
    known_customers: u64,
}

/// The report.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut groups: Groups<'_, Efforts> = Groups::new(naming);
    let again = REPEAT_DAYS * DAY;
    // When each customer last came with a case, whichever cases are asked for.
    let mut last: FxHashMap<[u8; 16], Millis> = FxHashMap::default();
    facts::each(app, &Reach::received_since(asked, app, again), |fact| {
        let at = fact.received_at();
        let customer = fact.customer();
        let came_before = customer.and_then(|customer| last.get(&customer)).is_some_and(|last| *last >= at - again);
        if asked.period.contains(at) && asked.counts(fact) {
            groups.of(asked.by.of(fact, at)).add(fact, came_before);
        }
        if let Some(customer) = customer.filter(|_| fact.quarantine().is_empty()) {
            let known = last.entry(customer).or_insert(at);
            *known = at.max(*known);
        }
    })
    .await?;
    let mut content = Content::default();
    let mut unresolved = 0;
    for (key, efforts) in groups.finish(asked)? {
        unresolved += efforts.unresolved;
        content.rows.push(efforts.into_row(key.name));
    }
    content.left_out.insert("unresolved", unresolved);
    content.overall = Some(json!({"first_contact_days": FIRST_CONTACT_DAYS, "repeat_days": REPEAT_DAYS}));
    Ok(content)
}

impl Efforts {
    fn add(&mut self, fact: Fact<'_>, came_before: bool) {
        self.known_customers += u64::from(fact.customer().is_some());
        self.repeats += u64::from(came_before);
        if fact.first_resolved_at().is_none() {
            self.unresolved += 1;
            return;
        }
        self.resolved += 1;
        self.messages.push(f64::from(fact.by_staff() + fact.by_customer()));
        self.transfers.push(f64::from(fact.transfers()));
        self.first_contact += u64::from(fact.by_staff() == 1 && !fact.was_reopened_soon());
        self.reopened += u64::from(fact.was_reopened());
    }

    fn into_row(self, group: String) -> Row {
        let (messages_mean, transfers_mean) = (mean(&self.messages), mean(&self.transfers));
        let [median, p90] = percentiles(self.messages, [50, 90]);
        Row::new(group, self.resolved)
            .with_share(self.first_contact, self.resolved)
            .with("first_contact", self.first_contact)
            .with("messages_mean", messages_mean)
            .with("messages_median", median)
            .with("messages_p90", p90)
            .with("transfers_mean", transfers_mean)
            .with("reopened", self.reopened)
            .with("repeats", self.repeats)
            .with("known_customers", self.known_customers)
    }
}
