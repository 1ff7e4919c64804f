//! The ways out, one file each: what is sent, and what an answer means.

mod attempt;
mod connect;
mod dingtalk;
mod discord;
pub mod email;
mod feishu;
mod generic;
mod mattermost;
mod slack;
mod teams;
mod telegram;
#[cfg(test)]
mod tests;
pub mod thread;
mod told;
mod webhook;
mod wecom;

use url::Url;

pub use self::attempt::{Attempt, Exchange, Noted};
use self::dingtalk::Overrun;
use self::email::{Envelope, Mailer};
pub use self::told::Told;
use super::card::Card;
use super::delivery::Failure;
use super::dkim::Signer;
use super::event_context::EventContext;
use super::http::{Answer, Http, Request};
use super::suspensions::address_hash;
use super::templates::{self, Email};
use crate::app::App;
use crate::config::Config;
use crate::db::Db;
use crate::inbound::address::Party;
use crate::keys::Keys;
use crate::sites::targets::{Access, Channel, Payload, SuccessRule, Target};

/// The ways out: mail and HTTP.
#[derive(Debug)]
pub struct Channels {
    mailer: Mailer,
    signer: Signer,
    http: Http,
    overrun: Overrun,
}

/// What mails are signed and addressed with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secrets<'a> {
    /// Where the keys that sign mails are.
    pub(super) db: &'a Db,
    /// What they are encrypted with.
    pub(super) keys: &'a Keys,
}

impl<'a> Secrets<'a> {
    /// Those of a collector.
    pub(super) fn of(app: &'a App) -> Self {
        Self { db: &app.db, keys: &app.keys }
    }
}

impl Channels {
    /// Opens them by the settings.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            mailer: Mailer::open(config)?,
            signer: Signer::default(),
            http: Http::open(config)?,
            overrun: Overrun::default(),
        })
    }

    /// Tells a target of something.
    pub(super) async fn tell(
        &self,
        config: &Config,
        secrets: Secrets<'_>,
        told: Told<'_>,
        target: &Target,
        attempt: Attempt<'_>,
    ) -> Result<(), Failure> {
        let Some(channel) = target.channel() else {
            let name = &target.channel_name;
            return Err(Failure::retryable(format!("this version does not know the channel {name}")));
        };
        attempt.note_target(&target.key);
        let access = target.access(secrets.keys);
        let access =
            access.ok_or_else(|| Failure::retryable("its address can't be decrypted with the keys at hand"))?;
        let to = &access.address;
        let context = told.event().map(|context| context.for_target(target));
        let told = context.as_deref().map_or(told, Told::Event);
        if channel == Channel::Email {
            let (email, envelope) = match told {
                Told::Event(context) => {
                    (templates::to_team(config, context, target), Envelope::about(context, to, Party::Staff))
                }
                Told::Signal(signal) => (templates::signal(config, signal, target), Envelope::new(to, attempt.id)),
                Told::Burst(_) => return Err(Failure::Permanent("mail has digests of its own".into())),
            };
            return self.mail(secrets, &envelope, &email, attempt).await;
        }
        let message = Message { told, target, access: &access, console_url: told.console_url(config) };
        let sent = self.request(channel, &message, attempt).await;
        sent.map_err(|failure| failure.redacted(&access))
    }

    async fn request(&self, channel: Channel, message: &Message<'_>, attempt: Attempt<'_>) -> Result<(), Failure> {
        let answer = self.http.send(message.request(channel, attempt)?, attempt).await?;
        let judged = judge(channel, &answer, message.target.settings.success.as_ref());
        if channel == Channel::Dingtalk {
            return self.overrun.patient(&message.target.id, judged);
        }
        if channel == Channel::Feishu && judged.is_err() && feishu::wants_text(&answer) {
            let request = message.plain_feishu(attempt)?;
            return feishu::judge(&self.http.send(request, attempt).await?);
        }
        judged
    }
}

impl Channels {
    /// Sends a mail, signed where the sender's domain has a key.
    pub(super) async fn mail(
        &self,
        secrets: Secrets<'_>,
        envelope: &Envelope<'_>,
        email: &Email,
        attempt: Attempt<'_>,
    ) -> Result<(), Failure> {
        let Secrets { db, keys } = secrets;
        let mut mail = self.mailer.compose(keys, envelope, email, attempt)?;
        attempt.note_recipient(address_hash(keys, envelope.to));
        let signed = self.signer.of(db, keys, self.mailer.domain(envelope), attempt.now).await.map_err(|error| {
            tracing::error!(%error, "mails can't be signed");
            Failure::retryable("the mail could not be signed")
        })?;
        if let Some(config) = signed {
            mail.sign(&config);
        }
        self.mailer.send(&mail, attempt.id, attempt.now).await
    }
}

/// What would be posted to a target; the error is a sentence.
pub(super) fn body(
    config: &Config,
    keys: &Keys,
    context: &EventContext,
    target: &Target,
    attempt: Attempt<'_>,
) -> Result<String, String> {
    let channel = target.channel().ok_or("this version does not know the channel")?;
    let access = target.access(keys).ok_or("its address can't be decrypted with the keys at hand")?;
    let told = Told::Event(context);
    let message = Message { told, target, access: &access, console_url: told.console_url(config) };
    let request = message.request(channel, attempt).map_err(|failure| failure.redacted(&access));
    request.map(|request| request.body).map_err(|failure| match failure {
        Failure::Retryable { error, .. }
        | Failure::Permanent(error)
        | Failure::Bounced { error, .. }
        | Failure::Gone(error) => error,
        Failure::Dropped(_) | Failure::Suspended | Failure::Held { .. } | Failure::Moved(_) => String::new(),
    })
}

/// What is told, and to whom.
struct Message<'a> {
    told: Told<'a>,
    target: &'a Target,
    access: &'a Access,
    console_url: String,
}

impl Message<'_> {
    fn request(&self, channel: Channel, attempt: Attempt<'_>) -> Result<Request, Failure> {
        let Self { told, target, access, console_url } = self;
        let (secret, card) = (access.secret.as_deref(), self.card());
        Ok(match channel {
            Channel::Email => return Err(Failure::Permanent("mail is not sent by HTTP".into())),
            Channel::Webhook => {
                let secrets = access.signing_secrets(attempt.now);
                webhook::request(self.url()?, &secrets, &told.body(target, console_url), (attempt.id, attempt.now))?
            }
            Channel::Slack => slack::request(self.url()?, &card),
            Channel::Teams => {
                teams::request(self.url()?, &card, self.target.settings.payload.unwrap_or(Payload::Message))
            }
            Channel::Discord => discord::request(self.url()?, &card),
            Channel::Mattermost => mattermost::request(self.url()?, &card),
            Channel::Feishu => feishu::request(self.url()?, secret, &card, feishu::Form::Card, attempt.now),
            Channel::Dingtalk => dingtalk::request(self.url()?, secret, &card, attempt.now),
            Channel::Wecom => wecom::request(self.url()?, &card),
            Channel::Telegram => telegram::request(access, &self.chat()?, &card)?,
            Channel::Generic => generic::request(self.url()?, secret, *told, target, &card, console_url)?,
        })
    }

    fn plain_feishu(&self, attempt: Attempt<'_>) -> Result<Request, Failure> {
        let secret = self.access.secret.as_deref();
        Ok(feishu::request(self.url()?, secret, &self.card(), feishu::Form::Text, attempt.now))
    }

    fn card(&self) -> Card {
        match self.told {
            Told::Event(context) => Card::new(context, self.target, self.console_url.clone()),
            Told::Signal(signal) => Card::of_signal(signal, self.target, self.console_url.clone()),
            Told::Burst(burst) => Card::of_burst(burst, self.target, self.console_url.clone()),
        }
    }

    fn chat(&self) -> Result<String, Failure> {
        let moved = self.target.moved_to.clone();
        let chat = moved.or_else(|| self.target.settings.chat_id.as_ref().map(ToString::to_string));
        chat.ok_or_else(|| Failure::Permanent("it has no chat_id".into()))
    }

    fn url(&self) -> Result<Url, Failure> {
        Url::parse(&self.access.address).map_err(|_| Failure::Permanent("the address is not a URL".into()))
    }
}

/// What an answer of a channel means.
fn judge(channel: Channel, answer: &Answer, rule: Option<&SuccessRule>) -> Result<(), Failure> {
    match channel {
        Channel::Email | Channel::Webhook => answer.judge_patiently(),
        Channel::Generic => generic::judge(answer, rule),
        Channel::Slack => slack::judge(answer),
        Channel::Teams => teams::judge(answer),
        Channel::Discord => discord::judge(answer),
        Channel::Mattermost => mattermost::judge(answer),
        Channel::Feishu => feishu::judge(answer),
        Channel::Dingtalk => dingtalk::judge(answer),
        Channel::Wecom => wecom::judge(answer),
        Channel::Telegram => telegram::judge(answer),
    }
}

impl Failure {
    /// The same without the address and the secret, which a receiver may repeat.
    fn redacted(self, access: &Access) -> Self {
        let url = Url::parse(&access.address).ok();
        let path = url.iter().map(|url| url.path().trim_start_matches('/').to_owned());
        // A part of the path may be the token, which is longer than a word, and so may be each parameter, as it is written and as it is meant.
        let parts = url.iter().flat_map(|url| url.path_segments().into_iter().flatten().map(str::to_owned));
        let parts = parts.filter(|part| part.len() >= 12);
        let written = url.iter().flat_map(|url| url.query().unwrap_or_default().split('&'));
        let written = written.filter_map(|pair| Some(pair.split_once('=')?.1.to_owned()));
        let meant = url.iter().flat_map(|url| url.query_pairs().map(|(_, value)| value.into_owned()));
        let whole = [Some(access.address.clone()), access.secret.clone()].into_iter().flatten();
        let mut secrets: Vec<String> =
            whole.chain(path).chain(parts).chain(written).chain(meant).filter(|secret| secret.len() >= 8).collect();
        // The longest first, so that no part of one is left.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let clean = |text: String| secrets.iter().fold(text, |text, secret| text.replace(secret.as_str(), "…"));
        match self {
            Failure::Retryable { error, wait } => Failure::Retryable { error: clean(error), wait },
            Failure::Permanent(error) => Failure::Permanent(clean(error)),
            Failure::Gone(error) => Failure::Gone(clean(error)),
            other => other,
        }
    }
}
