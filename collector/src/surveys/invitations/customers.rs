//! What is known of customers who answered by their personal link: what their answers are sorted by, and nothing that says who they are.

use std::collections::HashMap;

use super::token::Token;
use crate::db::Db;
use crate::keys::Keys;
use crate::with_db;

/// A customer who answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AskedCustomer {
    /// The key of their tier.
    pub tier: Option<String>,
    /// What they are worth.
    pub value: Option<f64>,
    /// The team of the case that they were last helped with before they were asked.
    pub team: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
}

#[derive(sqlx::FromRow)]
struct CustomerRow {
    id: String,
    tier: Option<String>,
    value: Option<f64>,
    team: Option<String>,
    kind: Option<String>,
}

/// The customers who answered a survey by their link, by what their answers are stored under. Members are not told apart: their answers are those of the staff.
pub async fn customers(db: &Db, keys: &Keys, survey: &str) -> sqlx::Result<HashMap<String, AskedCustomer>> {
    let select = "select asked.id, coalesce(customers.tier, customers.site_tier, customers.rule_tier) as tier, coalesce(customers.value, customers.site_value) as value, helped.team, helped.kind \
        from survey_invitations asked join customers on customers.id = asked.customer_id \
        left join cases helped on helped.id = (select cases.id from cases where cases.customer_id = asked.customer_id \
            and cases.quarantine = '' and cases.resolved_at <= asked.invited_at order by cases.resolved_at desc, cases.id desc limit 1) \
        where asked.survey = $1 and asked.answered";
    let rows: Vec<CustomerRow> = with_db!(db, pool => sqlx::query_as(select).bind(survey).fetch_all(pool).await)?;
    let known = rows.into_iter().filter_map(|CustomerRow { id, tier, value, team, kind }| {
        Some((Token::of(keys, &id)?.respondent(keys), AskedCustomer { tier, value, team, kind }))
    });
    Ok(known.collect())
}

/// Whether it is known of any customer who answered a survey what they are worth.
pub async fn have_values(db: &Db, survey: &str) -> sqlx::Result<bool> {
    let select = "select count(*) from survey_invitations asked join customers on customers.id = asked.customer_id \
        where asked.survey = $1 and asked.answered and coalesce(customers.value, customers.site_value) is not null";
    let found: i64 = with_db!(db, pool => sqlx::query_scalar(select).bind(survey).fetch_one(pool).await)?;
    Ok(found > 0)
}
