//! A million cases as a company has them after two years, straight into the tables.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sayso::App;
use sayso::cases::code::encrypt;
use sayso::cases::search;
use sayso::clock::{DAY, MINUTE, Millis};
use sayso::db::rows::{Part, Rows, chunks};
use sayso::db::{Db, Tx};
use sayso::keys::{Keys, new_id_at, random_bytes};
use sayso::{with_tx, with_write};

use crate::filling::{BATCH, progress, received_at, tracking_code};
use crate::texts::{Dice, message, reply};

/// What the cases belong to.
pub struct Around {
    /// The sites; the first has most of them, the last few.
    pub sites: Vec<String>,
    /// The members.
    pub members: Vec<String>,
    /// The customers, whose site does not matter here.
    pub customers: Vec<String>,
}

struct Made {
    id: String,
    number: usize,
    at: Millis,
    site: usize,
    kind: &'static str,
    status: &'static str,
    quarantine: &'static str,
    /// Who it is of; few say who they are, and some come often.
    customer: Option<usize>,
    /// How satisfied they are with what became of it.
    score: Option<i64>,
    owner: Option<usize>,
    replies: usize,
    deliveries: usize,
}

impl Made {
    /// Most are responded to within a day.
    fn responded_at(&self) -> Option<Millis> {
        (self.status != "new").then(|| self.at + (self.number as i64 % 1_440) * MINUTE)
    }

    /// And settled within a week.
    fn resolved_at(&self) -> Option<Millis> {
        matches!(self.status, "resolved" | "closed").then(|| self.at + DAY + (self.number as i64 % 8_640) * MINUTE)
    }
}

/// More events than any case has, so that each has a position of its own.
const EVENTS_MAX: usize = 32;

/// Makes `count` cases that end now, with their entries in the index.
pub async fn fill(app: &App, around: &Around, count: usize) -> anyhow::Result<()> {
    let now = app.clock.now();
    let bar = progress(count)?;
    for first in (0..count).step_by(BATCH) {
        let made: Vec<Made> =
            (first..count.min(first + BATCH)).map(|number| make(number, count, around, now)).collect();
        let mut tx = app.db.begin().await?;
        quickly(&mut tx).await?;
        write(&mut tx, &app.keys, around, &made).await?;
        tx.commit().await?;
        bar.inc(made.len() as u64);
    }
    bar.set_message("index");
    bar.set_position(0);
    let mut after = String::new();
    loop {
        let mut tx = app.db.begin().await?;
        quickly(&mut tx).await?;
        let next = search::reindex_page(&mut tx, &after, now).await?;
        tx.commit().await?;
        let Some(next) = next else { break };
        after = next;
        bar.inc(search::REINDEX_PAGE as u64);
    }
    bar.finish_and_clear();
    search::upkeep::keep_compact(app).await?;
    let last =
        "update counters set value = (select coalesce(max(position), 0) from events) where name = 'event_position'";
    with_write!(&app.db, pool => sqlx::query(last).execute(pool).await.map(|_| ()))?;
    with_write!(&app.db, pool => sqlx::query("analyze").execute(pool).await.map(|_| ()))?;
    if let Db::Postgres(pool) = &app.db {
        sqlx::query("vacuum").execute(pool).await?;
        sqlx::query("checkpoint").execute(pool).await?;
    }
    Ok(())
}

/// What is lost in a power cut is made again.
async fn quickly(tx: &mut Tx) -> sqlx::Result<()> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(tx) => sqlx::query("set local synchronous_commit = off").execute(&mut **tx).await.map(|_| ()),
    }
}

fn make(number: usize, count: usize, around: &Around, now: Millis) -> Made {
    let mut dice = Dice::new(number as u64 ^ 0x5151);
    let at = received_at(now, number, count);
    let is_recent = number + count / 20 > count;
    let status = match dice.below(100) {
        0..8 if is_recent => "new",
        8..25 if is_recent => "acknowledged",
        25..50 if is_recent => "in_progress",
        50..65 if is_recent => "waiting",
        // Later they are closed.
        65..75 if number + count / 75 > count => "resolved",
        0 => "waiting",
        1..4 => "in_progress",
        _ => "closed",
    };
    let quarantine = match dice.below(1_000) {
        0..2 if is_recent => "held",
        2..12 => "discarded",
        _ => "",
    };
    let owner = (status != "new").then(|| dice.rank(around.members.len()));
    let kind = ["complaint", "complaint", "complaint", "question", "question", "suggestion", "praise"][dice.below(7)];
    let deliveries = if number.is_multiple_of(1_000) { 17 } else { 1 + dice.below(3) };
    Made {
        id: new_id_at(at),
        number,
        at,
        site: dice.rank(around.sites.len()),
        customer: dice.holds(7, 10).then(|| dice.below(around.customers.len())),
        score: (matches!(status, "resolved" | "closed") && dice.holds(1, 5)).then(|| 5 - dice.rank(5) as i64),
        kind,
        status,
        quarantine,
        owner,
        replies: dice.below(4),
        deliveries,
    }
}

async fn write(tx: &mut Tx, keys: &Keys, around: &Around, made: &[Made]) -> sqlx::Result<()> {
    static CASES: Rows = Rows::new(&[Part {
        head: "insert into cases (id, site_id, code_hash, code_cipher, kind, status, priority, owner_id, received_at, updated_at, \
            quarantine, customer_id, first_responded_at, resolved_at) values ",
        row: "(?, ?, ?, ?, ?, ?, 'normal', ?, ?, ?, ?, ?, ?, ?)",
        tail: "",
    }]);
    static FEEDBACK: Rows = Rows::new(&[Part {
        head: "insert into feedback (id, site_id, kind, message, rating, locale, keep_unmasked, received_at) values ",
        row: "(?, ?, ?, ?, 3, 'en', false, ?)",
        tail: "",
    }]);
    static EVENTS: Rows = Rows::new(&[Part {
        head: "insert into events (id, case_id, seq, type, actor, data, created_at, position) values ",
        row: "(?, ?, ?, ?, 'system', '{}', ?, ?)",
        tail: "",
    }]);
    static MESSAGES: Rows = Rows::new(&[Part {
        head: "insert into messages (id, case_id, author, body, created_at) values ",
        row: "(?, ?, 'customer', ?, ?)",
        tail: "",
    }]);
    static DELIVERIES: Rows = Rows::new(&[Part {
        head: "insert into deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, due_at, created_at) values ",
        row: "(?, 'event', ?, ?, ?, ?, 'webhook', 'sent', 0, ?)",
        tail: "",
    }]);
    let code = tracking_code();
    for chunk in chunks(made) {
        let (cases, feedback) = (CASES.sql(tx, chunk.len()), FEEDBACK.sql(tx, chunk.len()));
        with_tx!(tx, conn => {
            let mut query = sqlx::query(cases);
            for case in chunk {
                let hash = URL_SAFE_NO_PAD.encode(random_bytes::<8>());
                query = query.bind(&case.id).bind(&around.sites[case.site]).bind(hash).bind(encrypt(keys, &case.id, &code)).bind(case.kind).bind(case.status)
                    .bind(case.owner.map(|owner| &around.members[owner])).bind(case.at).bind(case.at).bind(case.quarantine)
                    .bind(case.customer.map(|customer| &around.customers[customer])).bind(case.responded_at()).bind(case.resolved_at());
            }
            query.execute(conn).await.map(|_| ())
        })?;
        with_tx!(tx, conn => {
            let mut query = sqlx::query(feedback);
            for case in chunk {
                query = query.bind(&case.id).bind(&around.sites[case.site]).bind(case.kind).bind(message(case.number)).bind(case.at);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    static RATINGS: Rows = Rows::new(&[Part {
        head: "insert into satisfactions (case_id, score, created_at) values ",
        row: "(?, ?, ?)",
        tail: "",
    }]);
    let rated: Vec<(&Made, i64)> = made.iter().filter_map(|case| Some((case, case.score?))).collect();
    for chunk in chunks(&rated) {
        let insert = RATINGS.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (case, score) in chunk {
                query = query.bind(&case.id).bind(*score).bind(case.at + DAY);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    let messages: Vec<(&Made, usize)> =
        made.iter().flat_map(|case| (0..case.replies).map(move |reply| (case, reply))).collect();
    for chunk in chunks(&messages) {
        let insert = MESSAGES.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (case, at) in chunk {
                query = query.bind(new_id_at(case.at)).bind(&case.id).bind(reply(case.number, *at)).bind(case.at);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    let events: Vec<(&Made, usize)> = made
        .iter()
        .flat_map(|case| (0..case.deliveries.max(2 + case.replies)).map(move |event| (case, event)))
        .collect();
    for chunk in chunks(&events) {
        let insert = EVENTS.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (case, at) in chunk {
                let kind = if *at == 0 { "case.created" } else { "case.status" };
                query = query.bind(new_id_at(case.at)).bind(&case.id).bind(*at as i64 + 1).bind(kind).bind(case.at)
                    .bind((case.number * EVENTS_MAX + at) as i64 + 1);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    let deliveries: Vec<(&Made, usize)> =
        made.iter().flat_map(|case| (0..case.deliveries).map(move |delivery| (case, delivery))).collect();
    for chunk in chunks(&deliveries) {
        let insert = DELIVERIES.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (case, at) in chunk {
                query = query.bind(new_id_at(case.at)).bind(&case.id).bind(&case.id).bind(*at as i64 + 1).bind("customer").bind(case.at);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}
