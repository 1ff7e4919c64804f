//! The daily self-check: what `sayso doctor` looks at, and whether the audit log is whole. What is wrong is told to the admins by mail, and stands at the
//! head of the audit page.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::{Verdict, verify};
use crate::auth::{Member, Role};
use crate::clock::{DAY, HOUR, Millis};
use crate::db::Db;
use crate::outbox::{NewMail, member, plan_mail};
use crate::{with_db, with_write};

/// Under which name the last report is kept.
const NOTED: &str = "self_check";
/// The subject of the deliveries that tell of it.
pub const SUBJECT: &str = "self_check";
/// A server that was just started gets so long to be set up.
const FIRST_AFTER: Millis = HOUR;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Report {
    /// When it was made.
    pub at: Millis,
    /// What is wrong. None where everything is well.
    pub problems: Vec<Problem>,
}

/// Something that is wrong, in English, as `sayso doctor` says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Problem {
    /// What it is about.
    pub topic: String,
    /// What is wrong.
    pub text: String,
    /// How to mend it.
    pub mend: Option<String>,
}

/// The last report; none before the first check.
pub async fn last(db: &Db) -> sqlx::Result<Option<Report>> {
    let select = "select value from meta where name = $1";
    let noted: Option<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(NOTED).fetch_optional(pool).await)?;
    Ok(noted.and_then(|noted| serde_json::from_str::<Report>(&noted).ok()).filter(|report| report.at > 0))
}

/// When the next check is due, by what is noted; notes that it waits for the first one where nothing is.
pub async fn is_due(app: &App) -> anyhow::Result<bool> {
    let select = "select value from meta where name = 'self_check_due'";
    let due: Option<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).fetch_optional(pool).await)?;
    let now = app.clock.now();
    match due.and_then(|due| due.parse::<Millis>().ok()) {
        // One that was noted by a clock that was ahead would never come.
        Some(due) => Ok(now >= due || due > now + 2 * DAY),
        None => {
            note(&app.db, "self_check_due", &(now + FIRST_AFTER).to_string()).await?;
            Ok(false)
        }
    }
}

/// Checks, keeps the report, and tells the admins what is wrong. `found` is what the doctor found.
pub async fn run(app: &App, found: Vec<Problem>) -> anyhow::Result<Report> {
    let now = app.clock.now();
    let mut problems = found;
    if let Verdict::Broken { number, reason } = verify(&app.db).await? {
        let text = format!("the audit log is broken at entry {number}: {reason}");
        let mend = Some("find out who has changed the database; a backup of before has the entry".to_owned());
        problems.push(Problem { topic: "audit".to_owned(), text, mend });
    }
    let report = Report { at: now, problems };
    note(&app.db, NOTED, &serde_json::to_string(&report)?).await?;
    note(&app.db, "self_check_due", &(now + DAY).to_string()).await?;
    for problem in &report.problems {
        tracing::error!(topic = problem.topic, "the daily self-check found something wrong: {}", problem.text);
    }
    if !report.problems.is_empty() {
        tell(app, now).await?;
    }
    Ok(report)
}

/// Plans a mail to each admin.
async fn tell(app: &App, now: Millis) -> anyhow::Result<()> {
    let admins = Member::all(&app.db).await?;
    let admins = admins.iter().filter(|member| member.role() == Role::Admin && member.disabled_at.is_none());
    let mut tx = app.db.begin().await?;
    for admin in admins {
        let (subject_id, destination) = (format!("{SUBJECT}/{now}"), member(&admin.id));
        let mail = NewMail {
            subject: SUBJECT,
            subject_id: &subject_id,
            order_key: SUBJECT,
            order_no: now,
            destination: &destination,
            due_at: now,
        };
        plan_mail(&mut tx, mail, now).await?;
    }
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    Ok(())
}

async fn note(db: &Db, name: &str, value: &str) -> sqlx::Result<()> {
    let upsert =
        "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
    with_write!(db, pool => sqlx::query(upsert).bind(name).bind(value).execute(pool).await.map(|_| ()))
}
