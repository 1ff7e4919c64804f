//! Tiers: which ones a site has, and what another tier of a customer means for their open cases.

use serde_json::json;

use super::customer::Customer;
use super::reindex::reindex;
use crate::cases::case::{self, decrypt_identity};
use crate::cases::event::append;
use crate::cases::{Actor, CaseError, EventType};
use crate::clock::{Millis, rfc3339};
use crate::clocks::{self, Step, Terms};
use crate::db::Tx;
use crate::keys::Keys;
use crate::service::Service;
use crate::with_tx;

/// What the timeline of a case says of another tier.
pub const EVENT: EventType = EventType::Category;

/// Whether a customer of a site may be given a tier: one of its list, or any where it has none.
pub fn may_be(service: &Service, site_key: &str, tier: &str) -> bool {
    let mut of_site = service.tiers.iter().filter(|known| known.site.as_str() == site_key).peekable();
    of_site.peek().is_none() || of_site.any(|known| known.key.as_str() == tier)
}

/// Brings the tier of a customer to those of their open cases that had the earlier one from them: what is promised follows, from the receipt on. Gives
/// the cases.
pub(super) async fn follow(
    tx: &mut Tx,
    keys: &Keys,
    terms: &Terms,
    customer: &Customer,
    earlier: Option<&str>,
    actor: &Actor,
    now: Millis,
) -> Result<Vec<String>, CaseError> {
    reindex(tx, &customer.id, now).await?;
    let select = "select cases.id, feedback.identity_cipher from cases join feedback on feedback.id = cases.id \
        where cases.customer_id = $1 and cases.quarantine = '' and cases.status not in ('resolved', 'closed') and coalesce(cases.tier, '') = $2 order by cases.id";
    let open: Vec<(String, Option<String>)> = with_tx!(&mut *tx, conn => sqlx::query_as(select).bind(&customer.id)
        .bind(earlier.unwrap_or_default()).fetch_all(conn).await)?;
    let mut followed = Vec::new();
    for (case_id, identity_cipher) in open {
        let identity = decrypt_identity(keys, &case_id, identity_cipher.as_deref());
        if identity.is_some_and(|identity| identity.tier.is_some()) {
            continue;
        }
        case::lock(tx, &case_id, now).await?;
        let update = "update cases set tier = $1 where id = $2";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(&customer.tier).bind(&case_id).execute(conn).await.map(|_| ()))?;
        let before = due_at(tx, &case_id).await?;
        clocks::apply(tx, terms, &case_id, &[Step::Reclassified], now).await?;
        let after = due_at(tx, &case_id).await?;
        let mut data = json!({"from": {"tier": earlier}, "to": {"tier": customer.tier}});
        if after != before {
            data["due"] = json!(after.map(rfc3339));
        }
        append(tx, &case_id, EVENT, actor, data, now).await?;
        followed.push(case_id);
    }
    Ok(followed)
}

/// When the first of a case's clocks is due.
async fn due_at(tx: &mut Tx, case_id: &str) -> sqlx::Result<Option<Millis>> {
    let select = "select due_at from cases where id = $1";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_one(conn).await)
}
