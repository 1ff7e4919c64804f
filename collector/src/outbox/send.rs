//! One attempt: from a delivery to a mail or a request.

use tokio::sync::OnceCell;

use super::deliveries::{CUSTOMER, DIGEST, Delivery, Failure, member_of};
use super::digest;
use super::email::Mailer;
use super::event_context::EventContext;
use super::ssrf_guard::PrivateAddresses;
use super::templates::{self, Email};
use super::webhook::Webhooks;
use crate::app::App;
use crate::auth::Member;
use crate::cases::EventType;
use crate::clock::Millis;
use crate::config::Config;
use crate::keys::Keys;
use crate::sites::targets::{Channel, Target};

/// The ways out: mail and webhooks.
#[derive(Debug)]
pub struct Channels {
    mailer: Mailer,
    webhooks: Webhooks,
}

impl Channels {
    /// Opens them by the settings.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let private =
            if config.dangerous_allow_private_targets { PrivateAddresses::Allowed } else { PrivateAddresses::Blocked };
        Ok(Self { mailer: Mailer::open(config)?, webhooks: Webhooks::open(config, private)? })
    }

    /// Sends to a target under the identifier `id`, which is the same for every attempt.
    pub(super) async fn send_to_target(
        &self,
        config: &Config,
        keys: &Keys,
        context: &EventContext,
        target: &Target,
        id: &str,
        now: Millis,
    ) -> Result<(), Failure> {
        let access = target.access(keys);
        let access =
            access.ok_or_else(|| Failure::retryable("its address can't be decrypted with the keys at hand"))?;
        match target.channel() {
            Some(Channel::Email) => {
                let email = templates::to_team(config, context);
                let mail = self.mailer.compose(&access.address, None, &email, id, &context.case.id, now)?;
                self.mailer.send(&mail, id, now).await
            }
            Some(Channel::Webhook) => {
                let secret = access.secret.ok_or_else(|| Failure::Permanent("it has no secret to sign with".into()))?;
                self.webhooks.post(config, context, &access.address, &secret, id, now).await
            }
            None => Err(Failure::retryable(format!("this version does not know the channel {}", target.channel_name))),
        }
    }
}

impl Channels {
    /// Sends a mail that tells of other deliveries. `name` is the sender's.
    pub(super) async fn mail(
        &self,
        address: &str,
        name: Option<&str>,
        email: &Email,
        delivery: &Delivery,
        now: Millis,
    ) -> Result<(), Failure> {
        let mail = self.mailer.compose(address, name, email, &delivery.id, &delivery.id, now)?;
        self.mailer.send(&mail, &delivery.id, now).await
    }
}

/// Sends a delivery. Gives the type of its event, if it tells of one, and what came of it; an error is ours, such as of the database.
/// Deliveries of one event share `context`, which is read once.
pub(super) async fn send(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    context: &OnceCell<EventContext>,
) -> anyhow::Result<(Option<EventType>, Result<(), Failure>)> {
    if delivery.subject == DIGEST {
        return Ok((None, send_digest(app, channels, delivery).await?));
    }
    let load = || EventContext::load(app, &delivery.order_key, delivery.order_no);
    let context = context.get_or_try_init(load).await?;
    let now = app.clock.now();
    let result = if delivery.destination == CUSTOMER {
        send_to_customer(app, channels, context, &delivery.id, now).await
    } else if let Some(id) = member_of(&delivery.destination) {
        send_to_member(app, channels, context, id, &delivery.id, now).await?
    } else {
        match Target::by_id(&app.db, &delivery.destination).await? {
            Some(target) => channels.send_to_target(&app.config, &app.keys, context, &target, &delivery.id, now).await,
            None => Err(Failure::Dropped("the target was removed or switched off")),
        }
    };
    Ok((Some(context.event.kind), result))
}

async fn send_to_member(
    app: &App,
    channels: &Channels,
    context: &EventContext,
    member_id: &str,
    id: &str,
    now: Millis,
) -> anyhow::Result<Result<(), Failure>> {
    let Some(member) = Member::by_id(&app.db, member_id).await? else {
        return Ok(Err(Failure::Dropped("the member has left")));
    };
    let giver = match &context.event.member_id {
        Some(giver) => Member::by_id(&app.db, giver).await?.map(|giver| giver.name),
        None => None,
    };
    let email = templates::to_member(&app.config, context, member.lang(), giver.as_deref());
    let mail = channels.mailer.compose(&member.email, None, &email, id, &context.case.id, now);
    Ok(match mail {
        Ok(mail) => channels.mailer.send(&mail, id, now).await,
        Err(failure) => Err(failure),
    })
}

async fn send_to_customer(
    app: &App,
    channels: &Channels,
    context: &EventContext,
    id: &str,
    now: Millis,
) -> Result<(), Failure> {
    let Some(address) = context.contact.as_ref().and_then(|contact| contact.email()) else {
        return Err(Failure::Dropped("the customer has no e-mail address"));
    };
    let email = templates::to_customer(&app.config, context);
    let mailer = &channels.mailer;
    let mail = mailer.compose(address, Some(context.site.name()), &email, id, &context.case.id, now)?;
    mailer.send(&mail, id, now).await
}

/// Sends a digest; an error is ours, such as of the database.
async fn send_digest(app: &App, channels: &Channels, delivery: &Delivery) -> anyhow::Result<Result<(), Failure>> {
    let Some(digest) = digest::load(app, delivery).await? else {
        return Ok(Err(Failure::Dropped("there is nothing left to tell")));
    };
    let now = app.clock.now();
    if delivery.destination == CUSTOMER {
        let Some(address) = digest.context.contact.as_ref().and_then(|contact| contact.email()) else {
            return Ok(Err(Failure::Dropped("the customer has no e-mail address")));
        };
        let email = templates::digest_to_customer(&app.config, &digest);
        return Ok(channels.mail(address, Some(digest.context.site.name()), &email, delivery, now).await);
    }
    let Some(target) = Target::by_id(&app.db, &delivery.destination).await? else {
        return Ok(Err(Failure::Dropped("the target was removed or switched off")));
    };
    let Some(access) = target.access(&app.keys) else {
        return Ok(Err(Failure::retryable("its address can't be decrypted with the keys at hand")));
    };
    let email = templates::digest_to_team(&app.config, &digest);
    Ok(channels.mail(&access.address, None, &email, delivery, now).await)
}
