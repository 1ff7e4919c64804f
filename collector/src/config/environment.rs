//! Settings from the environment: `SAYSO_SMTP__URL` is `url` in `[smtp]`.
//!
//! The defaults say what a setting is, so that the text `123` stays a text where one is wanted. Other programs have variables with our
//! prefix too, Kubernetes above all, so one that is no setting stops nothing; it is named, with the setting that may have been meant.

use std::sync::LazyLock;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

const PREFIX: &str = "SAYSO_";
/// What is read elsewhere: the master key, the choice of the file, the level of the log.
const OURS: [&str; 3] = ["master_key", "config", "log"];
/// What belongs to tests and tools.
const TOOLS: [&str; 2] = ["test_", "xtask_"];

/// What the environment sets.
#[derive(Debug, Default)]
pub(super) struct Environment {
    values: Dict,
    /// Variables that are no settings, in words.
    pub unknown: Vec<String>,
}

impl Environment {
    /// Reads variables by what the defaults know.
    pub fn read(defaults: &toml::Table, variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut read = Self::default();
        for (variable, text) in variables {
            let lower = variable.to_ascii_lowercase();
            let Some(name) = lower.strip_prefix(&PREFIX.to_ascii_lowercase()) else { continue };
            if OURS.contains(&name) || TOOLS.iter().any(|tool| name.starts_with(tool)) {
                continue;
            }
            let path: Vec<&str> = name.split("__").collect();
            match find(defaults, &path) {
                Some(default) => {
                    if let Some(value) = value(default, &text) {
                        put(&mut read.values, &path, value);
                    }
                }
                None if is_of_kubernetes(name) => {}
                None => read.unknown.push(describe(&variable, name, defaults)),
            }
        }
        read
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        let variable = |_: &Profile, keys: &[&str]| format!("{PREFIX}{}", keys.join("__").to_uppercase());
        Metadata::named("environment variable(s)").interpolater(variable)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// What the settings of a mailbox are, whose table has a name of its own.
static MAILBOX: LazyLock<toml::Table> = LazyLock::new(|| {
    let texts = ["url", "user", "password", "token_command", "folder", "site", "ca_file", "move_to"];
    let texts = texts.map(|name| (name.to_owned(), toml::Value::String(String::new())));
    texts.into_iter().chain([("teams".to_owned(), toml::Value::Array(Vec::new()))]).collect()
});

/// What the settings of a provider of access tokens are, in a mailbox.
const OAUTH: [&str; 5] = ["token_url", "client_id", "client_secret", "refresh_token", "scope"];
/// Any text, where only the kind of a setting matters.
static TEXT: toml::Value = toml::Value::String(String::new());

/// What the settings of a provider of sign-ins are. Its groups are said in the file.
static PROVIDER: LazyLock<toml::Table> = LazyLock::new(|| {
    let texts = ["issuer", "client_id", "client_secret", "label", "groups_claim"];
    let texts = texts.map(|name| (name.to_owned(), toml::Value::String(String::new())));
    let others = [("scopes", toml::Value::Array(Vec::new())), ("create_members", toml::Value::Boolean(false))];
    texts.into_iter().chain(others.map(|(name, value)| (name.to_owned(), value))).collect()
});

fn find<'a>(defaults: &'a toml::Table, path: &[&str]) -> Option<&'a toml::Value> {
    if let ["imap", _, field] = path {
        return MAILBOX.get(*field);
    }
    if let ["imap", _, "oauth", field] = path {
        return OAUTH.contains(field).then_some(&TEXT);
    }
    if let ["oidc", _, field] = path {
        return PROVIDER.get(*field);
    }
    let (last, tables) = path.split_last()?;
    let table = tables.iter().try_fold(defaults, |table, name| table.get(*name)?.as_table())?;
    table.get(*last)
}

/// The value of a variable, as its setting wants it; none where it is empty and can't be.
fn value(default: &toml::Value, text: &str) -> Option<Value> {
    match default {
        toml::Value::String(_) => Some(Value::from(text)),
        _ if text.trim().is_empty() => None,
        toml::Value::Array(_) if !text.trim_start().starts_with('[') => {
            Some(Value::from(text.split(',').map(|item| parsed(item.trim())).collect::<Vec<_>>()))
        }
        _ => Some(parsed(text)),
    }
}

fn parsed(text: &str) -> Value {
    text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
}

fn put(values: &mut Dict, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => drop(values.insert((*name).to_owned(), value)),
        [table, rest @ ..] => {
            let inner = values.remove(*table).and_then(Value::into_dict);
            let mut inner = inner.unwrap_or_default();
            put(&mut inner, rest, value);
            values.insert((*table).to_owned(), Value::from(inner));
        }
    }
}

/// Whether Kubernetes, or Docker by its links, made the variable for a service that is called sayso or begins so: `SAYSO_SERVICE_HOST`,
/// `SAYSO_WEB_PORT`, `SAYSO_PORT_8787_TCP_ADDR`.
fn is_of_kubernetes(name: &str) -> bool {
    let parts: Vec<&str> = name.split('_').collect();
    let is_port = |rest: &[&str]| match rest {
        [] => true,
        [number, protocol, rest @ ..] => {
            number.bytes().all(|b| b.is_ascii_digit())
                && matches!(*protocol, "tcp" | "udp" | "sctp")
                && matches!(rest, [] | ["proto" | "port" | "addr"])
        }
        _ => false,
    };
    (0..parts.len()).any(|at| match &parts[at..] {
        ["service", "host"] | ["service", "port", ..] => true,
        ["port", rest @ ..] => is_port(rest),
        _ => false,
    })
}

fn describe(variable: &str, name: &str, defaults: &toml::Table) -> String {
    let nearest = names(defaults, "").into_iter().map(|known| (strsim::damerau_levenshtein(name, &known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= name.len().max(6) / 3 => {
            format!("{variable} is no setting and is ignored; is {PREFIX}{} meant?", known.to_uppercase())
        }
        _ => format!("{variable} is no setting and is ignored; `sayso config` shows them all"),
    }
}

fn names(table: &toml::Table, prefix: &str) -> Vec<String> {
    let name = |(name, value): (&String, &toml::Value)| match value.as_table() {
        Some(inner) => names(inner, &format!("{prefix}{name}__")),
        None => vec![format!("{prefix}{name}")],
    };
    table.iter().flat_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULTS;

    fn read(variables: &[(&str, &str)]) -> Environment {
        let defaults = DEFAULTS.parse().expect("the defaults are TOML");
        Environment::read(&defaults, variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    }

    #[test]
    fn what_kubernetes_sets_is_no_setting() {
        let variables = [
            ("SAYSO_SERVICE_HOST", "10.0.0.1"),
            ("SAYSO_SERVICE_PORT", "80"),
            ("SAYSO_SERVICE_PORT_HTTP", "80"),
            ("SAYSO_PORT", "tcp://10.0.0.1:80"),
            ("SAYSO_PORT_8787_TCP", "tcp://10.0.0.1:8787"),
            ("SAYSO_PORT_8787_TCP_ADDR", "10.0.0.1"),
            ("SAYSO_WEB_PORT", "tcp://10.0.0.1:80"),
            ("SAYSO_WEB_SERVICE_HOST", "10.0.0.1"),
            ("SAYSO_WEB_PORT_53_UDP_PROTO", "udp"),
            ("SAYSO_MASTER_KEY", "x"),
            ("SAYSO_TEST_ROUND", "short"),
            ("PATH", "/bin"),
        ];
        let environment = read(&variables);
        assert!(environment.values.is_empty() && environment.unknown.is_empty(), "{environment:?}");
    }

    #[test]
    fn an_unknown_variable_is_named_with_what_may_be_meant() {
        let unknown =
            read(&[("SAYSO_PUBLIC_ULR", "x"), ("SAYSO_SMTP__URI", "x"), ("SAYSO_SUPERCALIFRAGILISTIC", "x")]).unknown;
        assert!(unknown[0].ends_with("is SAYSO_PUBLIC_URL meant?"), "{unknown:?}");
        assert!(unknown[1].ends_with("is SAYSO_SMTP__URL meant?"), "{unknown:?}");
        assert!(unknown[2].contains("SAYSO_SUPERCALIFRAGILISTIC is no setting") && !unknown[2].contains("meant"));
    }

    #[test]
    fn a_text_stays_a_text_and_a_list_needs_no_brackets() {
        let environment = read(&[
            ("SAYSO_ATTACHMENTS__KEY_ID", "123"),
            ("SAYSO_SMTP__PASSWORD", "true"),
            ("SAYSO_LIMITS__QUEUE", "7"),
            ("SAYSO_LIMITS__BATCH", ""),
            ("SAYSO_TRUSTED_PROXIES", "127.0.0.1/32, 10.0.0.0/8"),
            ("sayso_listen", "127.0.0.1:1"),
        ]);
        let values = Value::from(environment.values);
        let find = |path: &str| values.clone().find(path);
        assert_eq!(find("attachments.key_id"), Some(Value::from("123")));
        assert_eq!(find("smtp.password"), Some(Value::from("true")));
        assert_eq!(find("limits.queue").and_then(|value| value.to_u128()), Some(7));
        assert_eq!(find("limits.batch"), None);
        assert_eq!(find("trusted_proxies").and_then(|list| list.into_array()).map(|list| list.len()), Some(2));
        assert_eq!(find("listen"), Some(Value::from("127.0.0.1:1")));
    }
}
