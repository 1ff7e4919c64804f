//! Alarms: a case that is urgent, or whose promise was broken, is told to those whom it concerns until one of them says that they are on it.
//!
//! It goes to the lead of the team at once, and where nobody takes it on, to the managers, again and again. Mails follow from the events; open pages
//! of the console show it above everything else.

mod ring;
mod rows;

use crate::auth::Role;
use crate::auth::permissions::Standing;
use crate::cases::status::words;
use crate::clock::{MINUTE, Millis};
use crate::service::Service;

pub use ring::ring;
pub use rows::{Alarm, OPEN, acknowledge, all_open};

words! {
    /// Why there is an alarm.
    Reason {
        /// The case is urgent.
        Urgent = "urgent",
        /// A promise was broken.
        Breached = "breached",
    }
}

/// After this time it goes one step up, unless somebody is on it.
pub const AGAIN_AFTER: Millis = 15 * MINUTE;
/// The last step: after it nobody is told any more, but pages still show it.
const TOP: i64 = 3;

impl Alarm {
    /// Whether a member is shown it: whoever owns the case, those of its team, everybody where it has none, and managers where it has gone up to them,
    /// or where nobody leads the team.
    pub fn concerns(&self, standing: &Standing, service: &Service) -> bool {
        let has_lead = self.team.as_deref().and_then(|key| service.team(key)).is_some_and(|team| team.lead.is_some());
        match standing.role {
            Role::Viewer | Role::Partner => false,
            _ if self.owner_id.as_ref() == Some(&standing.member_id) => true,
            _ if self.team.as_ref().is_none_or(|key| standing.teams.contains(key)) => true,
            Role::Manager | Role::Admin => self.level > 0 || !has_lead,
            Role::Agent => false,
        }
    }
}
