//! Writing the cases of the history: as submissions that were imported, so that nobody is told of them, with what became of them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::{Feedback, Kind};
use serde_json::{Value, json};

use super::cast::CUSTOMERS;
use super::draw::{Made, What};
use crate::app::App;
use crate::cases::{Actor, Channel, Priority, search};
use crate::clock::{DAY, HOUR, Millis};
use crate::db::Tx;
use crate::db::rows::{Rows, chunks};
use crate::intake::{self, Origin, Received, Submission};
use crate::keys::{new_id, new_id_at};
use crate::sites::Site;
use crate::{table_row, with_tx};

/// Cases of a transaction.
const BATCH: usize = 250;
/// Within so long a first response is promised.
const RESPONSE: Millis = 4 * HOUR;

/// Writes the cases, and gives their identifiers in the same order.
pub(super) async fn write(
    app: &App,
    site: &Site,
    made: &[Made],
    members: &BTreeMap<&str, String>,
) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::with_capacity(made.len());
    for batch in made.chunks(BATCH) {
        let mut tx = app.db.begin().await?;
        let submissions: Vec<Submission> =
            batch.iter().map(|made| submission(app, site, made)).collect::<anyhow::Result<_>>()?;
        for stored in intake::write_in(&mut tx, &app.keys, &submissions.iter().collect::<Vec<_>>()).await? {
            stored?;
        }
        let told: Vec<Told<'_>> = submissions
            .iter()
            .zip(batch)
            .map(|(submission, made)| Told::of(submission.case_id(), made, members, app.clock.now()))
            .collect();
        write_told(&mut tx, &told).await?;
        tx.commit().await?;
        ids.extend(submissions.iter().map(|submission| submission.case_id().to_owned()));
    }
    Ok(ids)
}

/// Enters the cases into the index of the search, as they are now.
pub(super) async fn index(app: &App, ids: &[String]) -> anyhow::Result<()> {
    for ids in ids.chunks(BATCH) {
        let mut tx = app.db.begin().await?;
        search::refresh_in(&mut tx, ids).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn submission(app: &App, site: &Site, made: &Made) -> anyhow::Result<Submission> {
    let contact = made.customer.map(|customer| {
        let customer = CUSTOMERS[customer];
        json!({"name": customer.name, "email": format!("{}@example.com", customer.mailbox)})
    });
    let feedback = json!({
        "kind": made.kind, "category": made.category, "locale": made.locale, "message": made.message, "contact": contact,
    });
    let feedback =
        Feedback::parse(feedback, &site.rules()).map_err(|refused| anyhow::anyhow!("{:?}", refused.errors))?;
    let received = Received {
        feedback,
        composed_at: None,
        received_at: made.received_at,
        first_response_due: Some(made.received_at + RESPONSE),
        origin: Origin {
            by: if made.channel == "phone" { Actor::System } else { Actor::Customer },
            channel: Channel::parse(made.channel).context("a channel")?,
            priority: Priority::parse(made.priority).context("a priority")?,
            split_from: None,
        },
        identity: None,
        suspicion: None,
        consent_text: None,
    };
    let key = IdempotencyKey::parse(&new_id())?;
    Ok(Submission::imported(&app.keys, site.id(), &key, received, app.clock.now()))
}

table_row! {
    struct MessageRow<'a> in "messages" {
        id: &'a str,
        case_id: &'a str,
        author: &'a str,
        member_id: Option<&'a str>,
        body: &'a str,
        created_at: Millis,
    }
}

table_row! {
    struct EventRow<'a> in "events" {
        id: &'a str,
        case_id: &'a str,
        seq: i64,
        kind as "type": &'a str,
        actor: &'a str,
        member_id: Option<&'a str>,
        data: String,
        created_at: Millis,
        silent: bool,
        version: i64,
    }
}

table_row! {
    struct ClockRow<'a> in "clocks" {
        case_id: &'a str,
        promise: &'a str,
        started_at: Millis,
        span: &'a str,
        due_at: Millis,
        ended_at: Option<Millis>,
        breached_at: Option<Millis>,
    }
}

table_row! {
    struct RatingRow<'a> in "satisfactions" {
        case_id: &'a str,
        score: i64,
        solved: bool,
        created_at: Millis,
    }
}

/// A case with all that is told of it.
struct Told<'a> {
    id: &'a str,
    made: &'a Made,
    owner: &'a str,
    messages: Vec<(String, &'static str, &'static str, Millis)>,
    events: Vec<(String, &'static str, &'static str, Value, Millis)>,
    status: &'static str,
    responded_at: Option<Millis>,
    resolved_at: Option<Millis>,
    closed_at: Option<Millis>,
    reopened: i64,
    rating: Option<(i64, Millis)>,
    now: Millis,
}

impl<'a> Told<'a> {
    fn of(id: &'a str, made: &'a Made, members: &'a BTreeMap<&str, String>, now: Millis) -> Self {
        let owner = members.get(made.owner).map_or("", String::as_str);
        let mut told = Self {
            id,
            made,
            owner,
            messages: Vec::new(),
            events: Vec::new(),
            status: "new",
            responded_at: None,
            resolved_at: None,
            closed_at: None,
            reopened: 0,
            rating: None,
            now,
        };
        for step in &made.steps {
            told.add(step.what, step.at);
        }
        told
    }

    fn add(&mut self, what: What, at: Millis) {
        match what {
            What::Taken => {
                self.event("case.acknowledged", "member", json!({"from": self.status, "to": "acknowledged"}), at);
                self.event("case.assigned", "member", json!({"from": null, "to": self.owner}), at);
                if let Some(team) = self.made.team {
                    self.event("case.team", "system", json!({"from": null, "to": team}), at);
                }
                self.status = "acknowledged";
            }
            What::Transferred => {
                let (from, to) = ("workshop", self.made.team.unwrap_or("delivery"));
                let from = if from == to { "delivery" } else { from };
                self.event("case.team", "member", json!({"from": from, "to": to}), at);
            }
            What::Reply(text) => {
                self.say("staff", text, json!({"resolves": false, "asks": false}), at);
                self.responded_at.get_or_insert(at);
                self.event("case.status", "member", json!({"from": self.status, "to": "in_progress"}), at);
                self.status = "in_progress";
            }
            What::Answer(text) => _ = self.say("customer", text, json!({}), at),
            What::Resolved(text) => {
                let message = self.say("staff", text, json!({"resolves": true, "asks": false}), at);
                let data =
                    json!({"from": self.status, "to": "resolved", "outcome": self.made.outcome, "message_id": message});
                self.event("case.resolved", "member", data, at);
                self.responded_at.get_or_insert(at);
                (self.status, self.resolved_at) = ("resolved", Some(at));
            }
            What::Reopened(text) => {
                let message = self.say("customer", text, json!({}), at);
                let data = json!({"from": "resolved", "to": "in_progress", "message_id": message});
                self.event("case.reopened", "customer", data, at);
                (self.status, self.resolved_at) = ("in_progress", None);
                self.reopened += 1;
            }
            What::Rated(score) => {
                self.event("case.rated", "customer", json!({"score": score, "solved": score > 2}), at);
                self.rating = Some((score, at));
            }
            What::Closed => {
                self.event("case.closed", "system", json!({"from": self.status}), at);
                (self.status, self.closed_at) = ("closed", Some(at));
            }
        }
    }

    fn say(&mut self, author: &'static str, text: &'static str, mut data: Value, at: Millis) -> String {
        let id = new_id_at(at);
        data["message_id"] = id.as_str().into();
        data["by"] = author.into();
        self.messages.push((id.clone(), author, text, at));
        self.event("case.message", if author == "staff" { "member" } else { author }, data, at);
        id
    }

    fn event(&mut self, kind: &'static str, actor: &'static str, data: Value, at: Millis) {
        self.events.push((new_id(), kind, actor, data, at));
    }

    fn updated_at(&self) -> Millis {
        self.events.last().map_or(self.made.received_at, |(.., at)| *at)
    }

    fn version(&self) -> i64 {
        i64::try_from(self.events.len()).unwrap_or_default() + 1
    }

    /// One of its two promises: of the first response, or of the resolution.
    fn clock(&self, which: usize) -> ClockRow<'_> {
        let days = if self.made.kind == Kind::Complaint.as_str() { 3 } else { 5 };
        let (promise, span, length, ended_at) = match which {
            0 => ("first_response", "4h", RESPONSE, self.responded_at),
            _ => ("resolution", if days == 3 { "3d" } else { "5d" }, days * DAY, self.resolved_at),
        };
        let due_at = self.made.received_at + length;
        let breached_at = (ended_at.unwrap_or(self.now) > due_at).then_some(due_at);
        ClockRow { case_id: self.id, promise, started_at: self.made.received_at, span, due_at, ended_at, breached_at }
    }

    fn due_at(&self) -> Option<Millis> {
        let clocks = [0, 1].map(|which| self.clock(which));
        clocks.into_iter().filter(|clock| clock.ended_at.is_none()).map(|clock| clock.due_at).min()
    }
}

async fn write_told(tx: &mut Tx, told: &[Told<'_>]) -> anyhow::Result<()> {
    let update = "update cases set status = $1, owner_id = $2, team = $3, problem = $4, first_responded_at = $5, resolved_at = $6, closed_at = $7, \
        reopened_count = $8, outcome = $9, remedy_cost = $10, remedy_currency = $11, updated_at = $12, version = $13, due_at = $14 where id = $15";
    for case in told {
        let made = case.made;
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(case.status).bind(case.owner).bind(made.team).bind(made.problem)
            .bind(case.responded_at).bind(case.resolved_at).bind(case.closed_at).bind(case.reopened).bind(made.outcome)
            .bind(made.cost).bind(made.cost.map(|_| "CNY")).bind(case.updated_at()).bind(case.version()).bind(case.due_at())
            .bind(case.id).execute(conn).await.map(|_| ()))?;
    }
    write_messages(tx, told).await?;
    write_events(tx, told).await?;
    static CLOCKS: Rows = Rows::new(&[ClockRow::PART]);
    let both: Vec<(&Told<'_>, usize)> = told.iter().flat_map(|case| [(case, 0), (case, 1)]).collect();
    for chunk in chunks(&both) {
        let insert = CLOCKS.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let query = chunk.iter().fold(sqlx::query(insert), |query, (case, which)| case.clock(*which).bind(query));
            query.execute(conn).await.map(|_| ())
        })?;
    }
    static RATINGS: Rows = Rows::new(&[RatingRow::PART]);
    let ratings: Vec<(&str, i64, Millis)> =
        told.iter().filter_map(|case| case.rating.map(|(score, at)| (case.id, score, at))).collect();
    for chunk in chunks(&ratings) {
        let insert = RATINGS.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let query = chunk.iter().fold(sqlx::query(insert), |query, (case_id, score, at)| {
                RatingRow { case_id, score: *score, solved: *score > 2, created_at: *at }.bind(query)
            });
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

async fn write_messages(tx: &mut Tx, told: &[Told<'_>]) -> sqlx::Result<()> {
    static MESSAGES: Rows = Rows::new(&[MessageRow::PART]);
    let all: Vec<_> = told.iter().flat_map(|case| case.messages.iter().map(move |message| (case, message))).collect();
    for chunk in chunks(&all) {
        let insert = MESSAGES.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let query = chunk.iter().fold(sqlx::query(insert), |query, (case, (id, author, body, at))| {
                let member_id = (*author == "staff").then_some(case.owner);
                MessageRow { id, case_id: case.id, author, member_id, body, created_at: *at }.bind(query)
            });
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

async fn write_events(tx: &mut Tx, told: &[Told<'_>]) -> sqlx::Result<()> {
    static EVENTS: Rows = Rows::new(&[EventRow::PART]);
    let all: Vec<_> =
        told.iter().flat_map(|case| case.events.iter().zip(2..).map(move |event| (case, event))).collect();
    for chunk in chunks(&all) {
        let insert = EVENTS.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let query = chunk.iter().fold(sqlx::query(insert), |query, (case, ((id, kind, actor, data, at), seq))| {
                let row = EventRow {
                    id,
                    case_id: case.id,
                    seq: *seq,
                    kind,
                    actor,
                    member_id: (*actor == "member").then_some(case.owner),
                    data: data.to_string(),
                    created_at: *at,
                    silent: true,
                    version: *seq,
                };
                row.bind(query)
            });
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}
