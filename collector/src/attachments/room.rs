//! The room for files that wait for their submission: shared among sites, and among the clients of each. When it is full, those who take
//! the most give way, so that nobody keeps others out by filling it.

use sayso_shared::id::IdempotencyKey;

use super::rows::{self, Holder};
use super::{UploadError, sweep};
use crate::app::App;
use crate::http::Error;
use crate::intake;
use crate::sites::Site;

/// From here on, in hundredths of the room, a sender has to show a form that was handed out here, or a proof of work.
const SCARCE_FROM: i64 = 50;
/// What one client may take, in hundredths of the room.
const SHARE_OF_CLIENT: i64 = 10;
/// Files that one upload takes away at most.
const WITHDRAWN_MOST: usize = 20;

/// What a sender has to show where there is little room left.
#[derive(Clone, Copy, Debug)]
pub enum Ticket<'a> {
    /// A solved challenge, if there is one.
    Proof(Option<&'a str>),
    /// The token of the form with this key.
    Form {
        /// The form's key.
        key: &'a IdempotencyKey,
        /// What it was handed out with.
        token: &'a str,
    },
    /// Nothing: it comes by a way that is guarded otherwise, and is claimed at once.
    Trusted,
}

/// Makes room for one more file of a client for a site, or says why there is none.
pub async fn make(app: &App, site: &Site, client: &str, ticket: Ticket<'_>) -> Result<(), UploadError> {
    let room = i64::from(app.config.limits.unclaimed_megabytes) * 1024 * 1024;
    let mut holders = rows::holders(&app.db).await.map_err(Error::from)?;
    let mut taken: i64 = holders.iter().map(|holder| holder.bytes).sum();
    let own: i64 =
        holders.iter().filter(|holder| holder.client.as_deref() == Some(client)).map(|holder| holder.bytes).sum();
    if own >= share_of_client(room) {
        tracing::info!(security = "uploads.share", "a client has as many waiting files as one may have");
        return Err(Error::TooMany { retry_after: 600 }.into());
    }
    if taken >= room / 100 * SCARCE_FROM && !app.config.dangerous_disable_guards {
        show(app, site, ticket).await?;
    }
    for _ in 0..WITHDRAWN_MOST {
        if taken < room {
            return Ok(());
        }
        let Some(heaviest) = heaviest(&holders).filter(|heaviest| heaviest.bytes > own).cloned() else { break };
        let Some(id) = rows::withdraw_oldest(&app.db, &heaviest).await.map_err(Error::from)? else {
            // Its files are all on their way out.
            holders.retain(|holder| *holder != heaviest);
            continue;
        };
        tracing::info!(security = "uploads.withdrawn", "a waiting file gave way to one of somebody who has fewer");
        sweep::delete_withdrawn(app, &id).await.map_err(Error::from)?;
        holders = rows::holders(&app.db).await.map_err(Error::from)?;
        taken = holders.iter().map(|holder| holder.bytes).sum();
    }
    if taken < room {
        return Ok(());
    }
    tracing::warn!("uploads are refused: too many files wait for their submission");
    Err(Error::Unavailable { retry_after: 600 }.into())
}

/// A tenth of the room, but always one file's worth.
fn share_of_client(room: i64) -> i64 {
    (room / 100 * SHARE_OF_CLIENT).max(1)
}

/// Who holds the most, of the site that holds the most.
fn heaviest(holders: &[Holder]) -> Option<&Holder> {
    let of_site = |site: &Holder| -> i64 {
        holders.iter().filter(|other| other.site_id == site.site_id).map(|holder| holder.bytes).sum()
    };
    holders.iter().max_by_key(|holder| (of_site(holder), holder.bytes))
}

async fn show(app: &App, site: &Site, ticket: Ticket<'_>) -> Result<(), UploadError> {
    match ticket {
        Ticket::Trusted => Ok(()),
        Ticket::Proof(proof) => {
            // Each file takes a challenge of its own.
            let file = IdempotencyKey::parse(&uuid::Uuid::new_v4().to_string());
            let file = file.map_err(|_| Error::Unavailable { retry_after: 5 })?;
            Ok(intake::check_proof(app, site, &file, proof).await?)
        }
        Ticket::Form { key, token } => {
            let (limits, now) = (&app.config.limits, app.clock.now());
            match intake::form_token_holds(&app.keys, limits, site.id(), key, token, now) {
                true => Ok(()),
                false => Err(Error::Unavailable { retry_after: 600 }.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(site: &str, client: &str, bytes: i64) -> Holder {
        Holder { site_id: Some(site.into()), client: Some(client.into()), bytes }
    }

    #[test]
    fn whoever_has_most_of_the_heaviest_site_gives_way_first() {
        let holders = [holder("a", "x", 50), holder("b", "y", 40), holder("b", "z", 30)];
        assert_eq!(heaviest(&holders), Some(&holders[1]), "the site b has 70");
        assert_eq!(heaviest(&[]), None);
    }
}
