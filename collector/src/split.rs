//! Splitting: whoever wrote about two things in one message gets two cases, each with an owner, promises and an answer of its own.

use sayso_shared::Kind;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::MESSAGE_MAX;
use sayso_shared::text::Text;
use serde_json::{Value, json};

use crate::app::App;
use crate::cases::idempotency::request_hash;
use crate::cases::{Actor, Case, CaseError, Channel, Priority, query, split};
use crate::http::Error;
use crate::intake::{self, Origin, SubmissionPolicy};

/// What of a case becomes one of its own.
#[derive(Clone, Debug)]
pub struct Part {
    /// What the customer said of it: lines of their own.
    pub text: Text<MESSAGE_MAX>,
    /// What it is.
    pub kind: Kind,
    /// The key of one of the site's categories.
    pub category: Option<String>,
}

/// Why a case was not split.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// Words of somebody else are not the customer's feedback.
    #[error("each line must be what the customer wrote in this case")]
    NotTheirWords,
    /// The case can't be worked on.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// What becomes of it is refused, or something failed.
    #[error(transparent)]
    Refused(#[from] Error),
}

/// Makes a case of a part of another one, once for a key, and gives its identifier. It is the same customer's, came the same way, and is worked on like
/// any new case; files stay where they are. With `version`, only if the case is still at it.
pub async fn split(
    app: &App,
    case: &Case,
    part: &Part,
    actor: &Actor,
    version: Option<i64>,
    key: &IdempotencyKey,
) -> Result<String, SplitError> {
    case.check_workable()?;
    let hash = request_hash(&("split", part.text.as_str(), part.kind, &part.category));
    split::check_version(app, &case.id, version, (key, &hash)).await?;
    let said = query::messages(app, &case.id).await?;
    let of_customer = said.iter().filter(|message| message.author == "customer").map(|message| message.body.as_str());
    let own: Vec<&str> = of_customer.chain([case.message.as_str()]).collect();
    if !split::is_made_of(part.text.as_str(), &own) {
        return Err(SplitError::NotTheirWords);
    }
    let site = app.sites.by_id(&case.site_id).await?.ok_or(Error::NoSite)?;
    let identity = case.identity(&app.keys);
    let origin = Origin {
        by: actor.clone(),
        channel: case.channel.as_deref().and_then(Channel::parse).unwrap_or(Channel::Api),
        priority: Priority::Normal,
        split_from: Some(case.id.clone()),
    };
    let policy = SubmissionPolicy::Split { identity: identity.as_ref() };
    let accepted = intake::submit_as(app, &site, key, feedback(app, case, part), policy, origin).await?;
    split::record(app, &case.id, &accepted.case_id, actor, (key, &hash)).await?;
    Ok(accepted.case_id)
}

/// The part as if the customer had submitted it. What they wrote was masked as they wanted it when it came.
fn feedback(app: &App, case: &Case, part: &Part) -> Value {
    let contact = case
        .contact(&app.keys)
        .map(|contact| json!({"name": contact.name(), "email": contact.email(), "phone": contact.phone()}));
    json!({
        "kind": part.kind,
        "message": part.text.as_str(),
        "category": part.category,
        "reference": case.reference,
        "locale": case.locale,
        "contact": contact,
        "keep_unmasked": true,
    })
}

impl From<SplitError> for Error {
    fn from(error: SplitError) -> Self {
        match error {
            SplitError::NotTheirWords => Error::Conflict(error.to_string()),
            SplitError::Case(error) => error.into(),
            SplitError::Refused(error) => error,
        }
    }
}
