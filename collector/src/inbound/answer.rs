//! An answer to a mail about a case: of its customer, of a member, or of somebody else.

use sayso_shared::masking::Masking;
use sayso_shared::reply::Reply;
use serde_json::json;

use super::address::Party;
use super::cut;
use super::decision::{Decision, identity, key_of, same};
use super::files::{self, Kept};
use super::message::Mail;
use super::new_case::make_case;
use super::ours;
use super::quotes::new_text;
use super::rows::{MailOutcome, MailReason, Received};
use crate::app::App;
use crate::attachments::claim_hash;
use crate::auth::member::{Email, Member};
use crate::auth::permissions::Action;
use crate::auth::standing;
use crate::cases::access::case_for;
use crate::cases::command::{Command, Content, FollowUp};
use crate::cases::idempotency::request_hash;
use crate::cases::staff::{self, Body};
use crate::cases::{Actor, Case, CaseError, Channel, customer};
use crate::clock::DAY;
use crate::http::{Error, Result};
use crate::keys::Purpose;
use crate::sites::Site;
use crate::text::Texts;

/// Mails that one case takes in a day: more is a program that answers a program.
const A_DAY: i64 = 50;
/// With which first line a member's mail goes to the customer; all else is a note.
const MARKERS: &[&str] = &["#reply", "#回复", "#回覆"];

/// Takes an answer about a case. `party` is to whom the mail went that it answers, where that is known.
pub(super) async fn answer(app: &App, mail: &Mail, party: Option<Party>, case: Case) -> Result<Decision> {
    let since = app.clock.now() - DAY;
    if Received::count_of_case(&app.db, &case.id, since).await? >= A_DAY {
        tracing::warn!(
            case = case.id,
            "a case has had too many mails today; `sayso mail list` shows those that are held"
        );
        return Ok(Decision::held(MailReason::TooMany));
    }
    let sender = mail.sender.1.as_str();
    let contact = case.contact(&app.keys);
    let is_customer = contact.and_then(|contact| Some(same(contact.email()?, sender))).unwrap_or_default();
    match member(app, sender).await? {
        _ if is_customer && party == Some(Party::Customer) => of_customer(app, mail, &case).await,
        // Whoever had a mail of ours as the customer is none of the staff, whatever sender they write into theirs.
        Some(member) if party != Some(Party::Customer) => of_member(app, mail, &case, &member).await,
        _ if is_customer => of_customer(app, mail, &case).await,
        _ => of_stranger(app, mail, &case).await,
    }
}

/// The member who writes from an address.
pub(super) async fn member(app: &App, sender: &str) -> sqlx::Result<Option<Member>> {
    match Email::parse(sender) {
        Ok(email) => Member::by_email(&app.db, &email).await,
        Err(_) => Ok(None),
    }
}

async fn of_customer(app: &App, mail: &Mail, case: &Case) -> Result<Decision> {
    let Some(site) = app.sites.by_id(&case.site_id).await? else { return Ok(Decision::held(MailReason::NoSite)) };
    let key = key_of(app, mail);
    let said = if mail.text.is_empty() { mail.subject.clone() } else { mail.text.clone() };
    let Kept { text, tokens } = files::keep(app, &site, mail, &key, (said, Masking::Everything)).await?;
    if text.is_empty() {
        return Ok(Decision::held(MailReason::Empty));
    }
    let Ok(reply) = Reply::parse(json!({"body": text, "attachments": tokens})) else {
        return Ok(Decision::held(MailReason::Refused));
    };
    match customer::reply(app, case, &reply, &key, Channel::Email).await {
        Ok(()) => Ok(Decision::on(&case.id, MailOutcome::Message)),
        // A case that is closed for good is not the place for it, but nothing is lost.
        Err(CaseError::ReopenPeriodOver { .. }) => {
            let refers_to = case.number.map(|number| format!("#{number}"));
            make_case(app, mail, &site, refers_to.map(super::new_case::Related::Earlier)).await
        }
        Err(error) => refused(error.into()),
    }
}

async fn of_member(app: &App, mail: &Mail, case: &Case, member: &Member) -> Result<Decision> {
    let standing = standing(app, member).await?;
    // What is quoted is a mail of ours to the staff, which must not go to the customer.
    let above = cut::above(&mail.text);
    let (text, goes_to_customer) = match after_marker(&new_text(above.as_deref().unwrap_or(&mail.text))) {
        Some(rest) => (rest, true),
        None => (new_text(&mail.text), false),
    };
    let action = if goes_to_customer { Action::Answer } else { Action::WriteNote };
    match case_for(app, &standing, &case.id, action).await {
        Ok(_) => {}
        Err(Error::NotFound(_) | Error::Forbidden(_)) => return Ok(Decision::held(MailReason::NotAllowed)),
        Err(error) => return Err(error),
    }
    let Some(site) = app.sites.by_id(&case.site_id).await? else { return Ok(Decision::held(MailReason::NoSite)) };
    if goes_to_customer && ours::remains(app, &site, case, &text).await? {
        return kept_back(app, mail, case, (&site, member), text).await;
    }
    let key = key_of(app, mail);
    let Kept { text, tokens } = files::keep(app, &site, mail, &key, (text, Masking::Cards)).await?;
    let Ok(body) = Body::parse(&text) else { return Ok(Decision::held(MailReason::Empty)) };
    let asked = request_hash(&("mail", action == Action::Answer, body.as_str()));
    let content =
        Content { files: tokens.iter().map(|token| claim_hash(&app.keys, token)).collect(), ..Content::from(body) };
    let (command, outcome) = match goes_to_customer {
        true => (Command::Reply(content, FollowUp::InProgress), MailOutcome::Reply),
        false => (Command::Note(content), MailOutcome::Note),
    };
    let actor = Actor::Member(member.id.clone());
    match staff::apply_idempotent(app, &case.id, &actor, command, &key, &asked).await {
        Ok(()) => Ok(Decision::on(&case.id, outcome)),
        Err(error) => refused(error.into()),
    }
}

/// Makes a note of what a member meant for the customer, since lines of a mail of ours to the staff are still in it, and tells them.
async fn kept_back(
    app: &App,
    mail: &Mail,
    case: &Case,
    (site, member): (&Site, &Member),
    text: String,
) -> Result<Decision> {
    let t = Texts::of_console(member.lang());
    let key = key_of(app, mail);
    let Kept { text, tokens } = files::keep(app, site, mail, &key, (text, Masking::Cards)).await?;
    let kept = format!("{}\n\n{text}", t.get(ours::KEPT_BACK));
    let told = t.with("team.kept_back.told", &[("member", &member.email)]);
    let (Ok(kept), Ok(told)) = (Body::parse(&kept), Body::parse(&told)) else {
        return Ok(Decision::held(MailReason::QuotesOurs));
    };
    let content =
        Content { files: tokens.iter().map(|token| claim_hash(&app.keys, token)).collect(), ..Content::from(kept) };
    // The second one names the member, who has a mail of it.
    let told_key = app.keys.request_key(Purpose::Mail, &format!("kept back/{}", identity(mail)));
    let notes = [(Actor::Member(member.id.clone()), content, key), (Actor::System, Content::from(told), told_key)];
    for (actor, content, key) in notes {
        let asked = request_hash(&("mail kept back", content.body.as_str()));
        if let Err(error) = staff::apply_idempotent(app, &case.id, &actor, Command::Note(content), &key, &asked).await {
            return refused(error.into());
        }
    }
    Ok(Decision { reason: Some(MailReason::QuotesOurs), ..Decision::on(&case.id, MailOutcome::Note) })
}

/// Somebody who is no party of the case: what they write becomes a case of their own, in quarantine, that says which one it is about.
async fn of_stranger(app: &App, mail: &Mail, case: &Case) -> Result<Decision> {
    let Some(site) = app.sites.by_id(&case.site_id).await? else { return Ok(Decision::held(MailReason::NoSite)) };
    let about = case.number.map_or_else(|| case.id.clone(), |number| format!("#{number}"));
    let decision = make_case(app, mail, &site, Some(super::new_case::Related::Foreign(about))).await?;
    Ok(Decision { reason: decision.reason.or(Some(MailReason::Stranger)), ..decision })
}

/// What the case refuses is kept; what is our own trouble is tried again.
fn refused(error: Error) -> Result<Decision> {
    match error {
        Error::Conflict(_) | Error::Invalid(_) | Error::NotFound(_) | Error::KeyReused => {
            Ok(Decision::held(MailReason::Refused))
        }
        other => Err(other),
    }
}

/// What follows the line that says that a mail goes to the customer, if it begins with it.
fn after_marker(text: &str) -> Option<String> {
    let (first, rest) = text.trim_start().split_once('\n').unwrap_or((text.trim_start(), ""));
    let first = first.trim().replace('＃', "#").to_lowercase();
    MARKERS.contains(&first.as_str()).then(|| rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_is_a_line_of_its_own_at_the_beginning() {
        assert_eq!(after_marker("\n #Reply \nDear Li,\n#reply"), Some("Dear Li,\n#reply".to_owned()));
        assert_eq!(after_marker("＃回复\n您好"), Some("您好".to_owned()));
        for note in ["Dear Li", "#reply to him", "He said\n#reply", ""] {
            assert_eq!(after_marker(note), None, "{note}");
        }
    }
}
