//! What it costs customers to get their answer: messages, transfers and repeats. Of the cases that were received within the period, those that were
//! resolved at least once.

use sayso_analysis::scores::{mean, percentile};
use serde_json::json;

use super::asked::Asked;
use super::figures::{Content, Row};
use super::groups::{Groups, Naming};
use super::select::{Cases, Select};
use crate::app::App;
use crate::clock::DAY;
use crate::http::Result;

/// A case that is reopened within so many days was not resolved at first contact.
const FIRST_CONTACT_DAYS: i64 = 14;
/// A customer who comes again within so many days comes again about the same.
const REPEAT_DAYS: i64 = 30;

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

#[derive(sqlx::FromRow)]
struct CaseRow {
    grp: String,
    is_resolved: i64,
    by_staff: i64,
    by_customer: i64,
    transfers: i64,
    reopened_soon: i64,
    reopened_count: i64,
    is_known: i64,
    came_before: i64,
}

/// The report.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut select = Select::new(asked, Cases::Worked).received(asked, app);
    let (soon, again) = (select.bind(FIRST_CONTACT_DAYS * DAY), select.bind(REPEAT_DAYS * DAY));
    const FIRST: &str =
        "(select min(events.created_at) from events where events.case_id = cases.id and events.type = 'case.resolved')";
    let messages = |author: &str| {
        format!(
            "(select count(*) from messages where messages.case_id = cases.id and messages.author = '{author}' and messages.created_at <= {FIRST})"
        )
    };
    let columns = format!(
        "{} as grp, case when {FIRST} is null then cast(0 as bigint) else cast(1 as bigint) end as is_resolved, {} as by_staff, {} as by_customer, \
         (select count(*) from events where events.case_id = cases.id and events.type in ('case.team', 'case.assigned') \
          and events.data not like '%\"from\":null%') as transfers, \
         (select count(*) from events where events.case_id = cases.id and events.type = 'case.reopened' \
          and events.created_at <= {FIRST} + {soon}) as reopened_soon, cases.reopened_count as reopened_count, \
         case when cases.customer_id is null then cast(0 as bigint) else cast(1 as bigint) end as is_known, \
         (select count(*) from cases earlier where earlier.customer_id = cases.customer_id and earlier.id < cases.id \
          and earlier.quarantine = '' and earlier.received_at >= cases.received_at - {again}) as came_before",
        asked.by.expression("cases.received_at"),
        messages("staff"),
        messages("customer"),
    );
    let mut groups: Groups<'_, Efforts> = Groups::new(naming);
    select.each(app, &columns, "cases", "", |row: CaseRow| groups.at(&row.grp).add(&row)).await?;
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
    fn add(&mut self, row: &CaseRow) {
        self.known_customers += u64::from(row.is_known == 1);
        self.repeats += u64::from(row.came_before > 0);
        if row.is_resolved == 0 {
            self.unresolved += 1;
            return;
        }
        self.resolved += 1;
        self.messages.push((row.by_staff + row.by_customer) as f64);
        self.transfers.push(row.transfers as f64);
        self.first_contact += u64::from(row.by_staff == 1 && row.reopened_soon == 0);
        self.reopened += u64::from(row.reopened_count > 0);
    }

    fn into_row(self, group: String) -> Row {
        Row::new(group, self.resolved)
            .with_share(self.first_contact, self.resolved)
            .with("first_contact", self.first_contact)
            .with("messages_mean", mean(&self.messages))
            .with("messages_median", percentile(&self.messages, 50))
            .with("messages_p90", percentile(&self.messages, 90))
            .with("transfers_mean", mean(&self.transfers))
            .with("reopened", self.reopened)
            .with("repeats", self.repeats)
            .with("known_customers", self.known_customers)
    }
}
