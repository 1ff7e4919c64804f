//! What is sent to add or change a target: what `[[target]]` of the service file says, and beside it what is never shown again.

use sayso_shared::fields::Fields;
use sayso_shared::problem::ErrorCode;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::cases::EventType;
use crate::http::Result;
use crate::sites::targets::{Channel, Method, Part, Payload};

/// The fields of a `[[target]]`.
const FIELDS: [&str; 16] = [
    "key",
    "site",
    "channel",
    "url_env",
    "secret_env",
    "address",
    "chat_id",
    "events",
    "include",
    "lang",
    "when",
    "headers",
    "body",
    "method",
    "payload",
    "success",
];

// For the description of the API; the reader of service files is what reads it.
/// A target: what `[[target]]` of the service file says, with `url` and `secret` beside it, which are never shown again.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffTargetNew)]
pub(super) struct NewBody {
    #[schema(example = "ops-room")]
    key: String,
    /// The key of a site.
    site: String,
    channel: Channel,
    /// The address of a receiver or a chat room.
    url: Option<String>,
    /// What signs, or what a template may name.
    secret: Option<String>,
    /// A variable of the server's environment with the address, instead of `url`.
    url_env: Option<String>,
    /// A variable of the server's environment with the secret, instead of `secret`.
    secret_env: Option<String>,
    /// The address of a mailbox.
    address: Option<String>,
    /// The chat of Telegram: a number or a name.
    chat_id: Option<Value>,
    /// Types of event; empty for what rules name it for.
    events: Option<Vec<EventType>>,
    /// What may leave.
    include: Option<Vec<Part>>,
    #[schema(example = "zh-Hans")]
    lang: Option<String>,
    /// What has to hold of a case, as in a rule.
    #[schema(value_type = Option<Object>)]
    when: Option<Value>,
    /// Templates of headers, of the channel `generic`.
    #[schema(value_type = Option<Object>)]
    headers: Option<Value>,
    /// The template of the body, of the channel `generic`.
    body: Option<String>,
    method: Option<Method>,
    /// What the workflow takes, of the channel `teams`.
    payload: Option<Payload>,
    #[schema(example = "/errcode == 0")]
    success: Option<String>,
}

// For the description of the API, as well.
/// What is to be another. What is left out stays; null takes away, but for `site` and `channel`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffTargetPatch)]
pub(super) struct PatchBody {
    /// That of the target, which can't be changed.
    #[schema(nullable = false)]
    key: Option<String>,
    /// The key of a site.
    #[schema(nullable = false)]
    site: Option<String>,
    #[schema(nullable = false)]
    channel: Option<Channel>,
    /// The address of a receiver or a chat room.
    url: Option<String>,
    /// What signs, or what a template may name.
    secret: Option<String>,
    /// A variable of the server's environment with the address, instead of `url`.
    url_env: Option<String>,
    /// A variable of the server's environment with the secret, instead of `secret`.
    secret_env: Option<String>,
    /// The address of a mailbox.
    address: Option<String>,
    /// The chat of Telegram: a number or a name.
    chat_id: Option<Value>,
    /// Types of event; empty for what rules name it for.
    events: Option<Vec<EventType>>,
    /// What may leave.
    include: Option<Vec<Part>>,
    #[schema(example = "zh-Hans")]
    lang: Option<String>,
    /// What has to hold of a case, as in a rule.
    #[schema(value_type = Option<Object>)]
    when: Option<Value>,
    /// Templates of headers, of the channel `generic`.
    #[schema(value_type = Option<Object>)]
    headers: Option<Value>,
    /// The template of the body, of the channel `generic`.
    body: Option<String>,
    method: Option<Method>,
    /// What the workflow takes, of the channel `teams`.
    payload: Option<Payload>,
    #[schema(example = "/errcode == 0")]
    success: Option<String>,
}

/// What was sent: the fields of a `[[target]]`, and beside them what is never shown again.
pub(super) struct Sent {
    pub(super) fields: Map<String, Value>,
    pub(super) url: Option<String>,
    pub(super) secret: Option<String>,
}

impl Sent {
    pub(super) fn read(body: Value) -> Result<Self> {
        let mut read = Fields::new(body, "");
        let mut fields = Map::new();
        for name in FIELDS {
            if let Some(value) = read.peek(name).cloned() {
                read.value(name);
                fields.insert(name.to_owned(), value);
            }
        }
        let [url, secret] = ["url", "secret"]
            .map(|name| read.string(name).map(|typed| typed.trim().to_owned()).filter(|typed| !typed.is_empty()));
        let is_set = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
        let is_typed = url.is_some() || secret.is_some();
        for name in ["url_env", "secret_env"].into_iter().filter(|name| is_typed && is_set(name)) {
            read.refuse(name, ErrorCode::Invalid, "does not go with url or secret");
        }
        let channel = fields.get("channel").and_then(Value::as_str);
        if channel == Some(Channel::Email.as_str()) && is_typed {
            read.refuse(if url.is_some() { "url" } else { "secret" }, ErrorCode::Invalid, "a mailbox has an address");
        }
        let errors = read.into_errors();
        if errors.is_empty() { Ok(Self { fields, url, secret }) } else { Err(errors.into()) }
    }
}
