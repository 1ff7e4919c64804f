//! A target as programs read it: neither its address, which may be a secret, nor what signs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::cases::EventType;
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::outbox::list::last_sent;
use crate::sites::targets::{Method, Part, Payload, Standing, Target};

/// A place that the events of a site are forwarded to.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTarget)]
pub struct TargetBody {
    /// Its identifier.
    id: String,
    /// What people call it; its identifier where nobody gave it a key.
    #[schema(example = "ops-room")]
    key: String,
    /// The key of the site.
    site: String,
    /// How events get there.
    #[schema(example = "feishu")]
    channel: String,
    /// Where it is: of a mailbox all of it, of a URL the server, since the rest may be a secret. Null where that is named by `url_env`, or can't be decrypted.
    #[schema(required = true, example = "https://open.feishu.cn/…")]
    address: Option<String>,
    /// The variable that its address came from.
    #[schema(required = true)]
    url_env: Option<String>,
    /// The variable that its secret came from.
    #[schema(required = true)]
    secret_env: Option<String>,
    /// The chat of Telegram: a number or a name.
    #[schema(required = true)]
    chat_id: Option<Value>,
    /// The types of event that it hears of; null for those of its channel, and empty for what rules name it for.
    #[schema(required = true)]
    events: Option<Vec<EventType>>,
    /// What may leave.
    include: Vec<Part>,
    /// The language of what it gets; null for the main one of the site.
    #[schema(required = true)]
    lang: Option<String>,
    /// What has to hold of a case, as in a rule.
    #[schema(value_type = Object)]
    when: Value,
    /// Templates of headers, of the channel `generic`.
    headers: BTreeMap<String, String>,
    /// The template of the body, of the channel `generic`.
    #[schema(required = true)]
    body: Option<String>,
    #[schema(required = true)]
    method: Option<Method>,
    /// What the workflow takes, of the channel `teams`.
    #[schema(required = true)]
    payload: Option<Payload>,
    /// What answers have to say besides a status of success.
    #[schema(required = true)]
    success: Option<String>,
    state: TargetState,
    /// Why it was switched off.
    #[schema(required = true)]
    reason: Option<String>,
    /// Failures in a row.
    failures: i64,
    /// Since when there have been nothing but failures.
    #[schema(required = true, format = DateTime)]
    failing_since: Option<String>,
    /// When something arrived there last.
    #[schema(required = true, format = DateTime)]
    last_sent_at: Option<String>,
}

/// How a target stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum TargetState {
    /// It gets what it should hear.
    On,
    /// Somebody stopped it; what it should hear waits.
    Paused,
    /// Sayso switched it off; what it should hear waits.
    Suspended,
}

/// A page of targets.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTargets)]
pub struct PageBody {
    pub(super) targets: Vec<TargetBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    pub(super) next: Option<String>,
}

/// A target that was added.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTargetAdded)]
pub struct AddedBody {
    pub(super) target: TargetBody,
    /// The secret that signs, where Sayso made it: shown this once.
    #[schema(required = true)]
    pub(super) secret: Option<String>,
}

impl TargetBody {
    /// What is shown of a target.
    pub(super) async fn of(app: &App, target: Target) -> Result<Self> {
        let site = app.sites.by_id(&target.site_id).await?;
        let last_sent: Option<Millis> = last_sent(&app.db, &target.id).await?;
        let include = Part::ALL.iter().copied().filter(|part| target.includes(*part)).collect();
        let access = target.access(&app.keys).filter(|_| target.settings.url_env.is_none());
        let address = access.map(|access| access.server()).filter(|address| !address.is_empty());
        let (state, reason) = match &target.standing {
            Standing::On => (TargetState::On, None),
            Standing::Paused => (TargetState::Paused, None),
            Standing::Suspended(reason) => (TargetState::Suspended, Some(reason.clone())),
        };
        Ok(Self {
            site: site.map_or_else(String::new, |site| site.key().to_owned()),
            address,
            chat_id: target.settings.chat_id.as_ref().map(plain),
            events: target.chosen_events().map(<[EventType]>::to_vec),
            include,
            lang: target.settings.lang.map(|lang| lang.as_str().to_owned()),
            when: plain(&target.settings.when),
            headers: target.settings.headers,
            body: target.settings.body,
            method: target.settings.method,
            payload: target.settings.payload,
            success: target.settings.success.map(|success| success.to_string()),
            state,
            reason,
            failures: target.failures,
            failing_since: target.failing_since.map(rfc3339),
            last_sent_at: last_sent.map(rfc3339),
            url_env: target.settings.url_env,
            secret_env: target.settings.secret_env,
            channel: target.channel_name,
            key: target.key,
            id: target.id,
        })
    }
}

fn plain(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("settings are plain data")
}
