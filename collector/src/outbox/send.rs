//! One attempt: from a delivery to a mail or a request.

use tokio::sync::OnceCell;

use super::deliveries::{CUSTOMER, Delivery, Failure};
use super::email::Mailer;
use super::event_context::EventContext;
use super::ssrf_guard::PrivateAddresses;
use super::templates;
use super::webhook::Webhooks;
use crate::app::App;
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

/// Sends a delivery. Gives the type of its event and what came of it; an error is ours, such as of the database. Deliveries of one event
/// share `context`, which is read once.
pub(super) async fn send(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    context: &OnceCell<EventContext>,
) -> anyhow::Result<(EventType, Result<(), Failure>)> {
    let context = context.get_or_try_init(|| EventContext::load(app, delivery)).await?;
    let now = app.clock.now();
    let result = if delivery.destination == CUSTOMER {
        send_to_customer(app, channels, context, &delivery.id, now).await
    } else {
        match Target::by_id(&app.db, &delivery.destination).await? {
            Some(target) => channels.send_to_target(&app.config, &app.keys, context, &target, &delivery.id, now).await,
            None => Err(Failure::Dropped("the target was removed or switched off")),
        }
    };
    Ok((context.event.kind, result))
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
