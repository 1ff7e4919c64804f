//! What a provider says of somebody, read into our types. All of it is a stranger's text.

use serde_json::{Map, Value};

use super::id_token::seconds;
use crate::auth::member::{Email, Name};
use crate::clock::Millis;
use crate::config::Oidc;

/// So many groups are looked at. A member of more is in a group that matters here among the first of them, or is given one of its own.
const GROUPS_MAX: usize = 10_000;

/// Somebody, as a provider knows them. `Debug` shows nothing of them.
pub struct Claims {
    /// Who issued them.
    pub issuer: String,
    /// By what the provider tells them from others, for good.
    pub subject: String,
    /// Their address, if the provider says that it is theirs.
    pub verified_email: Option<Email>,
    /// What they are called.
    pub name: Option<Name>,
    /// The groups that they are in; none if the provider says nothing of groups.
    pub groups: Option<Vec<String>>,
    /// When they showed who they are, in Unix milliseconds, if the provider says so.
    pub authenticated_at: Option<Millis>,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claims(…)")
    }
}

impl Claims {
    /// Reads what an ID token claims, with what the provider told besides. `groups` is the claim with the groups.
    pub fn read(claims: &Map<String, Value>, groups: &str) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let is_verified = match claims.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            // Some providers write it as a text.
            Some(Value::String(verified)) => verified == "true",
            _ => false,
        };
        Self {
            issuer: text("iss").unwrap_or_default().to_owned(),
            subject: text("sub").unwrap_or_default().to_owned(),
            verified_email: text("email").filter(|_| is_verified).and_then(|email| Email::parse(email).ok()),
            name: text("name").and_then(|name| Name::parse(name).ok()),
            groups: find(claims, groups).and_then(group_names),
            authenticated_at: seconds(claims, "auth_time"),
        }
    }

    /// Whether something is missing that the provider may tell when it is asked for it. Groups are, where the settings go by them.
    pub fn lack_something(&self, settings: &Oidc) -> bool {
        self.verified_email.is_none() || self.groups.is_none() && !settings.groups.is_empty()
    }
}

/// The claim with a name, which may have dots itself, such as the address that Auth0 wants before it; else the one to which dots lead.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        find(claims.get(first)?.as_object()?, rest)
    })
}

/// One group may come as a text. What is no text is no group.
fn group_names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(all) => {
            Some(all.iter().take(GROUPS_MAX).filter_map(|one| one.as_str().map(str::to_owned)).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value, groups: &str) -> Claims {
        Claims::read(claims.as_object().expect("an object"), groups)
    }

    #[test]
    fn an_address_counts_once_it_is_verified() {
        let email = |verified: Value| {
            let claims = json!({"sub": "1", "email": "Mei@Shop.example", "email_verified": verified});
            read(&claims, "groups").verified_email.map(|email| email.as_str().to_owned())
        };
        assert_eq!(email(json!(true)).as_deref(), Some("mei@shop.example"));
        assert_eq!(email(json!("true")).as_deref(), Some("mei@shop.example"));
        for not in [json!(false), json!(null), json!("false"), json!(1), json!("yes")] {
            assert_eq!(email(not.clone()), None, "{not}");
        }
        assert!(read(&json!({"email": "mei@shop.example"}), "groups").verified_email.is_none());
    }

    #[test]
    fn groups_are_found_in_every_shape_and_none_is_not_an_empty_list() {
        let groups = |claims: Value, name: &str| read(&claims, name).groups;
        assert_eq!(groups(json!({"groups": ["a", 7, "b"]}), "groups"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(groups(json!({"groups": "a"}), "groups"), Some(vec!["a".to_owned()]));
        assert_eq!(groups(json!({"groups": []}), "groups"), Some(Vec::new()));
        assert_eq!(groups(json!({"realm_access": {"roles": ["a"]}}), "realm_access.roles"), Some(vec!["a".to_owned()]));
        assert_eq!(
            groups(json!({"https://a.example/groups": ["a"]}), "https://a.example/groups"),
            Some(vec!["a".to_owned()])
        );
        for none in [json!({}), json!({"groups": null}), json!({"groups": {"a": 1}})] {
            assert_eq!(groups(none, "groups"), None);
        }
        let many: Vec<String> = (0..20_000).map(|number| format!("group-{number}")).collect();
        assert_eq!(groups(json!({"groups": many}), "groups").map(|groups| groups.len()), Some(GROUPS_MAX));
    }

    #[test]
    fn a_name_that_is_none_is_left_out() {
        assert!(read(&json!({"name": "x".repeat(101)}), "groups").name.is_none());
        assert_eq!(read(&json!({"name": "Mei Chen"}), "groups").name.expect("a name").as_str(), "Mei Chen");
    }
}
