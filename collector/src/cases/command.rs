//! What the staff can do with a case, and what it means for its clocks.

use sayso_shared::limits::{DESIRED_OUTCOME_MAX, MESSAGE_MAX};
use sayso_shared::text::Text;

use super::money::Money;
use super::{EventType, Outcome, Status};
use crate::clocks::Step;

/// What the staff write.
pub type Body = Text<MESSAGE_MAX>;
/// What a customer was given.
pub type Remedy = Text<DESIRED_OUTCOME_MAX>;

/// What the staff write, with the files that go along.
#[derive(Clone, Debug)]
pub struct Content {
    /// The words.
    pub body: Body,
    /// The hashes by which the uploads are claimed.
    pub files: Vec<String>,
    /// Of a note: the identifiers of the members whom it names.
    pub mentions: Vec<String>,
}

impl From<Body> for Content {
    fn from(body: Body) -> Self {
        Self { body, files: Vec::new(), mentions: Vec::new() }
    }
}

/// What a reply to the customer means for the case.
#[derive(Clone, Debug)]
pub enum FollowUp {
    /// Work goes on.
    InProgress,
    /// The customer was asked something.
    Wait,
    /// This is the answer.
    Resolve(Resolution),
    /// A case that was resolved or closed is worked on again.
    Reopen,
}

/// How a case was resolved.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// What came of it; a complaint needs it.
    pub outcome: Option<Outcome>,
    /// What the customer was given.
    pub remedy: Option<Remedy>,
    /// What that cost; none leaves what was noted before.
    pub cost: Option<Money>,
}

impl Resolution {
    /// Whether it says how.
    pub fn says_something(&self) -> bool {
        self.outcome.is_some() || self.remedy.is_some() || self.cost.is_some()
    }
}

/// Something that the staff do with a case, for programs that may repeat it.
#[derive(Clone, Debug)]
pub enum Command {
    /// Say something to the customer. On a case that is resolved or closed it changes no status.
    Reply(Content, FollowUp),
    /// Note something that the customer never sees.
    Note(Content),
    /// One of the steps of the status table; resolving has one of its own.
    Status(Status),
    /// Resolve. A complaint needs an outcome, and only a complaint has one.
    Resolve(Resolution),
    /// Work again on a case that was resolved or closed, for a reason that the customer never sees.
    Reopen(Body),
    /// Give the case to a member, or to nobody.
    Assign(Option<String>),
}

impl Command {
    /// The uploads that come with it.
    pub(super) fn files(&self) -> &[String] {
        match self {
            Command::Reply(content, _) | Command::Note(content) => &content.files,
            _ => &[],
        }
    }

    /// The event that it leads to.
    pub(super) fn event(&self) -> EventType {
        match self {
            Command::Reply(..) => EventType::Message,
            Command::Note(_) => EventType::Note,
            Command::Status(_) => EventType::Status,
            Command::Resolve(_) => EventType::Resolved,
            Command::Reopen(_) => EventType::Reopened,
            Command::Assign(_) => EventType::Assigned,
        }
    }

    /// How it moves the clocks of a case that is `from`.
    pub(super) fn clock_steps(&self, from: Status) -> Vec<Step> {
        let resumed = (from == Status::Waiting).then_some(Step::Resumed);
        let (answered, then) = match self {
            Command::Reply(_, FollowUp::InProgress) => (true, resumed),
            Command::Reply(_, FollowUp::Wait) | Command::Status(Status::Waiting) => {
                (matches!(self, Command::Reply(..)), (from != Status::Waiting).then_some(Step::Paused))
            }
            Command::Reply(_, FollowUp::Resolve(_)) => (true, Some(Step::Resolved)),
            Command::Reply(_, FollowUp::Reopen) => (true, Some(Step::Reopened)),
            Command::Resolve(_) => (false, Some(Step::Resolved)),
            Command::Reopen(_) => (false, Some(Step::Reopened)),
            Command::Status(_) => (false, resumed),
            Command::Note(_) | Command::Assign(_) => (false, None),
        };
        answered.then_some(Step::Answered).into_iter().chain(then).collect()
    }
}
