//! How many promises were kept, of those that began within the period.

use super::asked::Asked;
use super::figures::{Content, Row, count};
use super::groups::{Groups, Naming};
use super::select::{Cases, Select};
use crate::app::App;
use crate::cases::counted::broken_sql;
use crate::http::Result;

#[derive(Debug, Default)]
struct Kept {
    met: u64,
    breached: u64,
    open: u64,
}

#[derive(sqlx::FromRow)]
struct KeptRow {
    grp: String,
    found: i64,
    met: i64,
    breached: i64,
}

/// The report: an open promise whose time is over is broken; one in time is left out.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut select = Select::new(asked, Cases::Worked).within(asked, "clocks.started_at");
    if let Some(promise) = asked.filter.promise {
        select = select.and(&format!("clocks.promise = '{}'", promise.as_str()));
    }
    let now = select.bind(asked.now);
    let is_breached = broken_sql(&now);
    let columns = format!(
        "{} as grp, count(*) as found, \
         cast(sum(case when {is_breached} then 1 else 0 end) as bigint) as breached, \
         cast(sum(case when clocks.ended_at is not null and not {is_breached} then 1 else 0 end) as bigint) as met",
        asked.by.expression("clocks.started_at")
    );
    let mut groups: Groups<'_, Kept> = Groups::new(naming);
    let take = |row: KeptRow| {
        let kept = groups.at(&row.grp);
        kept.met += count(row.met);
        kept.breached += count(row.breached);
        kept.open += count(row.found - row.met - row.breached);
    };
    select.each(app, &columns, "clocks join cases on cases.id = clocks.case_id", "group by 1", take).await?;
    let mut content = Content::default();
    let mut open = 0;
    for (key, kept) in groups.finish(asked)? {
        open += kept.open;
        let n = kept.met + kept.breached;
        let row = Row::new(key.name, n).with_share(kept.met, n);
        content.rows.push(row.with("met", kept.met).with("breached", kept.breached).with("open", kept.open));
    }
    content.left_out.insert("open_in_time", open);
    Ok(content)
}
