//! One attempt: from a delivery to a mail or a request.

use tokio::sync::OnceCell;

use super::bursts;
use super::channels::email::Envelope;
use super::channels::{Attempt, Channels, Exchange, Secrets, Told};
use super::delivery::{BURST, CUSTOMER, DIGEST, Delivery, Failure, member_of, team_of};
use super::digest;
use super::event_context::EventContext;
use super::standing;
use super::suspensions;
use super::templates::{self, Email, MailFile};
use super::trial;
use crate::app::App;
use crate::auth::Member;
use crate::auth::invitations::{self as member_invitations, Invitation};
use crate::auth::password_links::{self, PasswordLink};
use crate::calls::weekly;
use crate::cases::{Case, EventType};
use crate::digests;
use crate::inbound::Received;
use crate::inbound::address::Party;
use crate::receipts::{self, Receipt};
use crate::self_check;
use crate::signals;
use crate::sites::Site;
use crate::sites::targets::{Standing, Target};
use crate::surveys::invitations;

/// Sends a delivery. Gives the type of its event, if it tells of one, and what came of it; an error is ours, such as of the database.
/// Deliveries of one event share `context`, which is read once.
pub(super) async fn send(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    context: &OnceCell<EventContext>,
    exchange: &Exchange,
) -> anyhow::Result<(Option<EventType>, Result<(), Failure>)> {
    let attempt = Attempt::new(&delivery.id, app.clock.now()).noted_in(exchange);
    let result = match delivery.subject.as_str() {
        DIGEST => send_digest(app, channels, delivery, attempt).await?,
        self_check::SUBJECT => send_self_check(app, channels, delivery, attempt).await?,
        invitations::SUBJECT => send_invitation(app, channels, delivery, attempt).await?,
        member_invitations::SUBJECT => send_member_invitation(app, channels, delivery, attempt).await?,
        password_links::SUBJECT => send_password_link(app, channels, delivery, attempt).await?,
        weekly::SUBJECT => send_call_list(app, channels, delivery, attempt).await?,
        digests::SUBJECT => send_periodic(app, channels, delivery, attempt).await?,
        signals::SUBJECT => send_signal(app, channels, delivery, attempt).await?,
        BURST => send_burst(app, channels, delivery, attempt).await?,
        standing::SUBJECT => send_switched_off(app, channels, delivery, attempt).await?,
        trial::SUBJECT => trial::send(app, channels, delivery, attempt).await?,
        _ => {
            let load = || EventContext::load(app, &delivery.order_key, delivery.order_no);
            let context = context.get_or_try_init(load).await?;
            return Ok((Some(context.event.kind), send_event(app, channels, delivery, context, attempt).await?));
        }
    };
    Ok((None, result))
}

/// Tells of what happened to a case.
async fn send_event(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    context: &EventContext,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    if delivery.destination == CUSTOMER {
        return send_to_customer(app, channels, context, attempt).await;
    }
    if let Some(key) = team_of(&delivery.destination) {
        return send_to_team_mailbox(app, channels, context, key, attempt).await;
    }
    if let Some(id) = member_of(&delivery.destination) {
        return send_to_member(app, channels, context, id, attempt).await;
    }
    Ok(match target(app, &delivery.destination).await? {
        Ok(target) => channels.tell(&app.config, secrets(app), Told::Event(context), &target, attempt).await,
        Err(failure) => Err(failure),
    })
}

/// Sends a mail to a customer of a site, unless the site sends none at this time.
async fn mail_to_customer(
    app: &App,
    channels: &Channels,
    site: &Site,
    envelope: &Envelope<'_>,
    email: &Email,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    if let Some(hours) = site.settings.quiet_hours {
        let zone = app.service.current().await?.zone_of(site);
        if let Some(until) = hours.end(attempt.now, &zone) {
            return Ok(Err(Failure::Held { until }));
        }
    }
    mail(app, channels, envelope, email, attempt).await
}

/// Sends a mail to a person, if mails to them do not come back.
async fn mail(
    app: &App,
    channels: &Channels,
    envelope: &Envelope<'_>,
    email: &Email,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    if suspensions::suspended_since(&app.db, &app.keys, envelope.to, attempt.now).await?.is_some() {
        return Ok(Err(Failure::Dropped("mails to this address come back")));
    }
    Ok(channels.mail(secrets(app), envelope, email, attempt).await)
}

fn secrets(app: &App) -> Secrets<'_> {
    Secrets::of(app)
}

/// Tells an admin what the daily self-check found, as it stands now.
async fn send_self_check(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let member = match recipient(app, &delivery.destination).await? {
        Ok(member) => member,
        Err(failure) => return Ok(Err(failure)),
    };
    let Some(report) = self_check::last(&app.db).await?.filter(|report| !report.problems.is_empty()) else {
        return Ok(Err(Failure::Dropped("there is nothing left to tell")));
    };
    let email = templates::self_check(&app.config, &report, member.lang());
    let envelope = Envelope::new(&member.email, &delivery.id);
    mail(app, channels, &envelope, &email, attempt).await
}

/// Tells a manager that a target was switched off, if it still is.
async fn send_switched_off(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let member = match recipient(app, &delivery.destination).await? {
        Ok(member) => member,
        Err(failure) => return Ok(Err(failure)),
    };
    let target = Target::by_id(&app.db, &delivery.subject_id).await?;
    let Some((target, Standing::Suspended(reason))) = target.map(|target| (target.clone(), target.standing)) else {
        return Ok(Err(Failure::Dropped("the target is on again, or was removed")));
    };
    let site = app.sites.by_id(&target.site_id).await?;
    let site_name = site.as_ref().map_or("", |site| site.name());
    let email = templates::switched_off(&app.config, (&target.key, site_name), &reason, member.lang());
    let envelope = Envelope::new(&member.email, &delivery.id);
    mail(app, channels, &envelope, &email, attempt).await
}

/// Asks somebody to answer a survey.
async fn send_invitation(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let invite = match invitations::load(app, delivery).await? {
        Ok(invite) => invite,
        Err(failure) => return Ok(Err(failure)),
    };
    let email = templates::survey(&app.config, &invite);
    let stop = app.config.url(&format!("{}/stop", invite.token.path()));
    let envelope =
        Envelope { unsubscribe: Some(&stop), ..Envelope::of_site(&invite.site, &invite.to, &delivery.order_key) };
    if invite.is_for_member {
        return mail(app, channels, &envelope, &email, attempt).await;
    }
    mail_to_customer(app, channels, &invite.site, &envelope, &email, attempt).await
}

/// Asks somebody to become a member, by the link that works now.
async fn send_member_invitation(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let invitation = Invitation::by_id(&app.db, &delivery.subject_id).await?;
    // One that was sent once more meanwhile comes with the delivery of that.
    let invitation = invitation.filter(|invitation| invitation.sent == delivery.order_no);
    let Some(invitation) = invitation.filter(|invitation| !invitation.is_over(app.clock.now())) else {
        return Ok(Err(Failure::Dropped("the invitation is no more")));
    };
    let Some(path) = invitation.path(&app.keys) else {
        return Ok(Err(Failure::Dropped("the invitation has no link")));
    };
    let email = templates::member_invitation(&app.config, &invitation, &path);
    let envelope = Envelope::new(&invitation.email, &delivery.order_key);
    mail(app, channels, &envelope, &email, attempt).await
}

/// Tells a representative how many customers they should call.
async fn send_call_list(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let member = Member::by_id(&app.db, &delivery.subject_id).await?;
    let Some(member) = member else { return Ok(Err(Failure::Dropped("the member has left"))) };
    let count = weekly::count(app, &member).await?;
    if count.is_empty() {
        return Ok(Err(Failure::Dropped("nobody needs a call any more")));
    }
    let email = templates::call_list(&app.config, &member, count);
    let envelope = Envelope::new(&member.email, &delivery.order_key);
    mail(app, channels, &envelope, &email, attempt).await
}

/// Lets a member set a forgotten password anew.
async fn send_password_link(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let link = PasswordLink::by_id(&app.db, &delivery.subject_id).await?;
    let Some(link) = link.filter(|link| app.clock.now() < link.expires_at) else {
        return Ok(Err(Failure::Dropped("the link is no more")));
    };
    let member = Member::by_id(&app.db, &link.member_id).await?;
    let (Some(member), Some(path)) = (member, link.path(&app.keys)) else {
        return Ok(Err(Failure::Dropped("the member is no more")));
    };
    let email = templates::password_link(&app.config, &member, &path);
    let envelope = Envelope::new(&member.email, &delivery.order_key);
    mail(app, channels, &envelope, &email, attempt).await
}

/// Tells a member of a day, a week or a month.
async fn send_periodic(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let digest = match digests::load(app, delivery).await? {
        Ok(digest) => digest,
        Err(failure) => return Ok(Err(failure)),
    };
    let email = templates::periodic(&app.config, &app.keys, &digest);
    let stop = digests::stop_link(&app.keys, &digest.member.id).map(|path| app.config.console(&path));
    let envelope = Envelope { unsubscribe: stop.as_deref(), ..Envelope::new(&digest.member.email, &delivery.id) };
    mail(app, channels, &envelope, &email, attempt).await
}

/// Warns a target of what a chart signals.
async fn send_signal(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let target = match target(app, &delivery.destination).await? {
        Ok(target) => target,
        Err(failure) => return Ok(Err(failure)),
    };
    Ok(match signals::load(app, delivery, &target).await? {
        Ok(signal) => channels.tell(&app.config, secrets(app), Told::Signal(&signal), &target, attempt).await,
        Err(failure) => Err(failure),
    })
}

/// Tells a chat room of many events at once.
async fn send_burst(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let target = match target(app, &delivery.destination).await? {
        Ok(target) => target,
        Err(failure) => return Ok(Err(failure)),
    };
    Ok(match bursts::load(app, delivery, &target).await? {
        Some(burst) => channels.tell(&app.config, secrets(app), Told::Burst(&burst), &target, attempt).await,
        None => Err(Failure::Dropped("there is nothing left to tell")),
    })
}

/// The member that a mail goes to.
async fn recipient(app: &App, destination: &str) -> anyhow::Result<Result<Member, Failure>> {
    let member = match member_of(destination) {
        Some(id) => Member::by_id(&app.db, id).await?,
        None => None,
    };
    Ok(member.ok_or(Failure::Dropped("the member has left")))
}

/// A target that gets something at present.
async fn target(app: &App, id: &str) -> anyhow::Result<Result<Target, Failure>> {
    Ok(match Target::by_id(&app.db, id).await? {
        Some(target) if target.standing == Standing::On => Ok(target),
        Some(_) => Err(Failure::Suspended),
        None => Err(Failure::Dropped("the target was removed")),
    })
}

async fn send_to_member(
    app: &App,
    channels: &Channels,
    context: &EventContext,
    member_id: &str,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let Some(member) = Member::by_id(&app.db, member_id).await? else {
        return Ok(Err(Failure::Dropped("the member has left")));
    };
    let giver = match &context.event.member_id {
        Some(giver) => Member::by_id(&app.db, giver).await?.map(|giver| giver.name),
        None => None,
    };
    let email = templates::to_member(&app.config, context, (member.lang(), member.role()), giver.as_deref());
    let envelope = Envelope::about(context, &member.email, Party::Staff);
    mail(app, channels, &envelope, &email, attempt).await
}

async fn send_to_team_mailbox(
    app: &App,
    channels: &Channels,
    context: &EventContext,
    key: &str,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let service = app.service.current().await?;
    let Some((team, address)) = service.team(key).and_then(|team| Some((team, team.email.as_ref()?))) else {
        return Ok(Err(Failure::Dropped("the team has no address any more")));
    };
    let email = templates::to_team_mailbox(&app.config, context, team.name.as_str());
    mail(app, channels, &Envelope::about(context, address.as_str(), Party::Staff), &email, attempt).await
}

async fn send_to_customer(
    app: &App,
    channels: &Channels,
    context: &EventContext,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let Some(address) = context.contact.as_ref().and_then(|contact| contact.email()) else {
        return Ok(Err(Failure::Dropped("the customer has no e-mail address")));
    };
    let mut email = templates::to_customer(&app.config, context);
    if context.event.kind == EventType::Created {
        let Receipt { name, jws } = receipts::give(app, &Case::by_id(app, &context.case.id).await?).await?;
        email.files.push(MailFile { name, media_type: Receipt::MEDIA_TYPE, content: jws });
    }
    let answered = Received::thread(&app.db, &app.keys, &context.case.id).await?;
    let envelope = Envelope { answered: &answered, ..Envelope::about(context, address, Party::Customer) };
    mail_to_customer(app, channels, &context.site, &envelope, &email, attempt).await
}

/// Sends a digest; an error is ours, such as of the database.
async fn send_digest(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let Some(digest) = digest::load(app, delivery).await? else {
        return Ok(Err(Failure::Dropped("there is nothing left to tell")));
    };
    if delivery.destination == CUSTOMER {
        let Some(address) = digest.context.contact.as_ref().and_then(|contact| contact.email()) else {
            return Ok(Err(Failure::Dropped("the customer has no e-mail address")));
        };
        let email = templates::digest_to_customer(&app.config, &digest);
        let site = &digest.context.site;
        let envelope = Envelope::of_site(site, address, &delivery.id);
        return mail_to_customer(app, channels, site, &envelope, &email, attempt).await;
    }
    let target = match target(app, &delivery.destination).await? {
        Ok(target) => target,
        Err(failure) => return Ok(Err(failure)),
    };
    let Some(access) = target.access(&app.keys) else {
        return Ok(Err(Failure::retryable("its address can't be decrypted with the keys at hand")));
    };
    let email = templates::digest_to_team(&app.config, &digest, target.settings.lang);
    let envelope = Envelope { name: None, ..Envelope::of_site(&digest.context.site, &access.address, &delivery.id) };
    Ok(channels.mail(secrets(app), &envelope, &email, attempt).await)
}
