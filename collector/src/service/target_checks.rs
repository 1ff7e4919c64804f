//! What `[[target]]` says must fit its channel, and the variables that it names must be there.

use sayso_shared::EmailAddress;

use super::check::Check;
use super::reader::Item;
use super::surroundings::{Surroundings, Unset};
use super::target_definition::TargetDefinition;
use crate::outbox::egress::Egress;
use crate::outbox::template::{Template, is_header_name};
use crate::sites::targets::{Access, Channel, ChatId, Part, check_room};

/// Templates are kept, and rendered for each event.
const HEADERS_MAX: usize = 20;

impl Check<'_, '_> {
    /// Checks targets, and reads where they are.
    pub(super) fn targets(&mut self, targets: &mut [Item<'_, TargetDefinition>], surroundings: &Surroundings<'_>) {
        self.duplicates(targets, |target| target.key.to_string());
        for target in targets {
            self.exist(target, &["site"], "site", [&target.value.site].into_iter());
            self.conditions(
                target,
                Some(&target.value.site),
                &target.value.when,
                "the target can never hear of a case",
            );
            self.fits_channel(target);
            let typed = surroundings.typed.filter(|typed| typed.key == target.value.key.as_str());
            if let Some(typed) = typed {
                match access_mistake(target.value.channel, &typed.access, &surroundings.egress) {
                    Some((field, why)) => self.refuse(target.span(&[field]), why),
                    None => target.value.access = Some(typed.access.clone()),
                }
                continue;
            }
            let is_it = |known: &&TargetDefinition| known.key == target.value.key;
            let stored = surroundings.targets.iter().find(is_it);
            let is_stored = stored.is_some_and(|known| known.channel == target.value.channel);
            let names_the_same = |known: &TargetDefinition| {
                (&known.url_env, &known.secret_env) == (&target.value.url_env, &target.value.secret_env)
            };
            if is_stored
                && surroundings.unset == Unset::Stays
                && stored.is_some_and(names_the_same)
                && !self.has_variables(&target.value, surroundings)
            {
                continue;
            }
            target.value.access = self.access(target, is_stored, surroundings);
        }
    }

    /// Whether every variable is set that a target names; one without any has all of them.
    fn has_variables(&self, target: &TargetDefinition, surroundings: &Surroundings<'_>) -> bool {
        let named = target.url_env.iter().chain(&target.secret_env);
        named.into_iter().all(|name| (surroundings.variable)(name).is_some_and(|value| !value.trim().is_empty()))
    }

    /// Refuses what another channel has.
    fn fits_channel(&mut self, target: &Item<'_, TargetDefinition>) {
        let TargetDefinition { channel, chat_id, address, url_env, headers, body, method, payload, success, .. } =
            &target.value;
        let channel = *channel;
        let only = [
            ("address", address.is_some(), Channel::Email),
            ("chat_id", chat_id.is_some(), Channel::Telegram),
            ("headers", !headers.is_empty(), Channel::Generic),
            ("body", body.is_some(), Channel::Generic),
            ("method", method.is_some(), Channel::Generic),
            ("payload", payload.is_some(), Channel::Teams),
            ("success", success.is_some(), Channel::Generic),
        ];
        for (name, _, of) in only.into_iter().filter(|(_, is_there, of)| *is_there && *of != channel) {
            self.refuse(target.span(&[name]), format!("{name} is of the channel {of}, and this is {channel}"));
        }
        if channel == Channel::Email && url_env.is_some() {
            self.refuse(target.span(&["url_env"]), "a target of the channel email has an address, and no url_env");
        }
        match chat_id {
            None if channel == Channel::Telegram => {
                self.refuse(target.span(&["channel"]), "a target of the channel telegram needs chat_id");
            }
            Some(ChatId::Name(name)) if !is_chat_name(name) => {
                self.refuse(target.span(&["chat_id"]), "chat_id is a number, or a name such as @acme_cases");
            }
            _ => {}
        }
        if headers.len() > HEADERS_MAX {
            self.refuse(target.span(&["headers"]), format!("a target has at most {HEADERS_MAX} headers"));
        }
        if channel == Channel::Generic {
            self.templates(target);
        }
    }

    fn templates(&mut self, target: &Item<'_, TargetDefinition>) {
        let TargetDefinition { channel, headers, body, include, .. } = &target.value;
        let parts: &[Part] = include.as_deref().unwrap_or(channel.default_parts());
        for (name, text) in headers {
            if !is_header_name(name) {
                self.refuse(target.span(&["headers", name]), format!("{name} is no header that a template may set"));
            } else if let Err(why) = Template::header(text).try_out(parts) {
                self.refuse(target.span(&["headers", name]), why);
            }
        }
        if let Some(text) = body
            && let Err(why) = Template::body(text, headers).try_out(parts)
        {
            self.refuse(target.span(&["body"]), why);
        }
    }

    /// Reads where a target is; none if that stays as it is stored.
    fn access(
        &mut self,
        target: &Item<'_, TargetDefinition>,
        is_stored: bool,
        surroundings: &Surroundings<'_>,
    ) -> Option<Access> {
        let TargetDefinition { channel, url_env, secret_env, address, .. } = &target.value;
        let secret = secret_env.as_ref().map(|name| self.variable(target, "secret_env", name, surroundings));
        let url = url_env.as_ref().map(|name| self.url(target, name, surroundings));
        if secret == Some(None) || url == Some(None) {
            return None;
        }
        let (secret, url) = (secret.flatten(), url.flatten());
        if let Some(why) = secret_refusal(*channel, secret.as_deref()) {
            self.refuse(target.span(&["secret_env"]), why);
        }
        if *channel == Channel::Email {
            return self.mailbox(target, address.as_deref(), is_stored);
        }
        match url {
            Some(address) => Some(Access::new(address, secret)),
            // The bot's token is the secret, and the address is known.
            None if *channel == Channel::Telegram && secret.is_some() => Some(Access::new("", secret)),
            None if is_stored => None,
            None => {
                let text = format!("a target of the channel {channel} needs url_env, the variable with its address");
                self.refuse(target.span(&["channel"]), text);
                None
            }
        }
    }

    fn mailbox(
        &mut self,
        target: &Item<'_, TargetDefinition>,
        address: Option<&str>,
        is_stored: bool,
    ) -> Option<Access> {
        match address.map(EmailAddress::parse) {
            Some(Ok(address)) => Some(Access::new(address.into_string(), None)),
            Some(Err(error)) => {
                self.refuse(target.span(&["address"]), format!("the address {error}"));
                None
            }
            None if is_stored => None,
            None => {
                self.refuse(target.span(&["channel"]), "a target of the channel email needs address");
                None
            }
        }
    }

    fn url(
        &mut self,
        target: &Item<'_, TargetDefinition>,
        name: &str,
        surroundings: &Surroundings<'_>,
    ) -> Option<String> {
        let address = self.variable(target, "url_env", name, surroundings)?;
        let checked = check_room(target.value.channel, &address).map_err(|error| error.to_string());
        if let Err(why) = checked.and_then(|url| surroundings.egress.check_scheme(&url)) {
            // Without the address, which is a secret.
            self.refuse(target.span(&["url_env"]), format!("{name}: {why}"));
            return None;
        }
        Some(address)
    }

    fn variable(
        &mut self,
        target: &Item<'_, TargetDefinition>,
        field: &str,
        name: &str,
        surroundings: &Surroundings<'_>,
    ) -> Option<String> {
        let value =
            (surroundings.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if value.is_none() {
            self.refuse(target.span(&[field]), format!("the variable {name} is not set"));
        }
        value
    }
}

/// A channel's name, or a number in quotes.
fn is_chat_name(name: &str) -> bool {
    name.parse::<i64>().is_ok() || name.starts_with('@') && (2..=64).contains(&name.len())
}

/// What is wrong with where a target is, as somebody typed it: the name of what was typed, and why.
pub fn access_mistake(channel: Channel, access: &Access, egress: &Egress) -> Option<(&'static str, String)> {
    if let Some(why) = secret_refusal(channel, access.secret.as_deref()) {
        return Some(("secret", why.to_owned()));
    }
    let refused = match access.address.as_str() {
        // The bot's token is the secret, and the address is known.
        "" if channel == Channel::Telegram && access.secret.is_some() => None,
        "" => Some(format!("a target of the channel {channel} needs an address")),
        address => match check_room(channel, address) {
            Err(error) => Some(error.to_string()),
            Ok(url) => egress.check(&url).err(),
        },
    };
    refused.map(|why| ("address", why))
}

/// Why a channel can't sign with a secret.
fn secret_refusal(channel: Channel, secret: Option<&str>) -> Option<&'static str> {
    let is_fine =
        channel != Channel::Webhook || secret.is_none_or(|secret| standardwebhooks::Webhook::new(secret).is_ok());
    (!is_fine).then_some("a webhook's secret is base64, with whsec_ before it or without")
}
