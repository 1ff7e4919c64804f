//! Who can be asked, and who of them is.

use std::collections::BinaryHeap;

use sqlx::AssertSqlSafe;

use crate::auth::Member;
use crate::calendars::Calendar;
use crate::clock::{DAY, Millis};
use crate::db::Db;
use crate::keys::{Keys, Purpose};
use crate::service::survey::{Audience, CustomerSample, Survey};
use crate::sites::Site;
use crate::with_db;

/// A customer is asked at most once in this time, whatever the survey.
const QUIET: Millis = 90 * DAY;
/// Customers that are read at once.
const BATCH: i64 = 1_000;
/// Customers that are asked in one round; the next ones are asked in the next.
const ROUND_MAX: usize = 20_000;

/// Somebody who can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// A customer, by their identifier.
    Customer(String),
    /// A member.
    Member(String),
}

/// Who can be asked now, in the order in which they would be drawn, and how many could be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Those who are asked.
    pub asked: Vec<Candidate>,
    /// How many could have been.
    pub of: usize,
}

/// Who can be asked by a survey now. A sample is drawn by a keyed hash of survey and customer: whoever draws again draws the same ones.
pub async fn candidates(
    db: &Db,
    keys: &Keys,
    site: &Site,
    survey: &Survey,
    calendar: &Calendar,
    now: Millis,
) -> sqlx::Result<Drawn> {
    match &survey.audience {
        Audience::Anyone => Ok(Drawn::default()),
        Audience::Members => members(db, survey).await,
        Audience::Customers(sample) => customers(db, keys, site, survey, &Wanted::new(sample, calendar, now)).await,
    }
}

async fn members(db: &Db, survey: &Survey) -> sqlx::Result<Drawn> {
    let select = "select member_id from survey_invitations where survey = $1 and member_id is not null";
    let invited: Vec<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(survey.key.as_str()).fetch_all(pool).await)?;
    let all = Member::all(db).await?;
    let fresh = all.into_iter().filter(|member| member.disabled_at.is_none() && !invited.contains(&member.id));
    let asked: Vec<Candidate> = fresh.map(|member| Candidate::Member(member.id)).collect();
    Ok(Drawn { of: asked.len(), asked })
}

/// Which customers a survey asks.
struct Wanted<'a> {
    tiers: Vec<&'a str>,
    /// Those with a case that was resolved since.
    resolved_since: Option<Millis>,
    most: usize,
    now: Millis,
}

impl<'a> Wanted<'a> {
    fn new(sample: &'a CustomerSample, calendar: &Calendar, now: Millis) -> Self {
        Self {
            tiers: sample.tier.iter().map(|tier| tier.as_str()).collect(),
            resolved_since: sample.resolved_within.and_then(|span| calendar.moment_before(now, span)),
            most: sample.sample.map_or(ROUND_MAX, |most| usize::try_from(most).unwrap_or(ROUND_MAX)),
            now,
        }
    }
}

async fn customers(db: &Db, keys: &Keys, site: &Site, survey: &Survey, wanted: &Wanted<'_>) -> sqlx::Result<Drawn> {
    let resolved = match wanted.resolved_since {
        Some(_) => {
            " and exists (select 1 from cases where cases.customer_id = customers.id and cases.quarantine = '' and cases.resolved_at >= $6)"
        }
        None => "",
    };
    let select = format!(
        "select customers.id, coalesce(customers.tier, customers.site_tier, customers.rule_tier) from customers where customers.site_id = $1 and customers.id > $2 \
         and customers.merged_into is null and customers.erased_at is null and coalesce(customers.preferred_channel, 'email') = 'email' \
         and exists (select 1 from customer_handles where customer_handles.customer_id = customers.id and customer_handles.kind = 'email') \
         and not exists (select 1 from survey_invitations asked where asked.customer_id = customers.id and (asked.survey = $3 or asked.invited_at > $4)) \
         and not exists (select 1 from customers before join survey_invitations asked on asked.customer_id = before.id \
            where before.merged_into = customers.id and (asked.survey = $3 or asked.invited_at > $4)) \
         and not exists (select 1 from customer_handles known join survey_optouts on survey_optouts.hash = known.hash \
            and survey_optouts.site_id = customers.site_id where known.customer_id = customers.id){resolved} \
         order by customers.id limit $5"
    );
    let mut heap: BinaryHeap<(u128, String)> = BinaryHeap::new();
    let (mut after, mut of) = (String::new(), 0);
    loop {
        let rows: Vec<(String, Option<String>)> = with_db!(db, pool => {
            let query = sqlx::query_as(AssertSqlSafe(select.clone())).bind(site.id()).bind(&after).bind(survey.key.as_str())
                .bind(wanted.now - QUIET).bind(BATCH);
            match wanted.resolved_since {
                Some(since) => query.bind(since),
                None => query,
            }
            .fetch_all(pool).await
        })?;
        let Some((last, _)) = rows.last() else { break };
        after.clone_from(last);
        for (id, tier) in rows {
            if !wanted.tiers.is_empty() && !tier.is_some_and(|tier| wanted.tiers.contains(&tier.as_str())) {
                continue;
            }
            of += 1;
            // Those with the smallest hashes are drawn.
            heap.push((keys.short_hash(Purpose::Survey, &format!("draw/{}/{id}", survey.key)), id));
            if heap.len() > wanted.most {
                heap.pop();
            }
        }
    }
    let asked = heap.into_sorted_vec().into_iter().map(|(_, id)| Candidate::Customer(id)).collect();
    Ok(Drawn { asked, of })
}
