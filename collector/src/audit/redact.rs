//! Taking addresses of mail out of what is noted: entries are never erased, so they hold nothing personal. A member is named by their identifier, and of any
//! other address the domain is left, which says whose it is.

use std::collections::BTreeMap;

use sayso_shared::EmailAddress;
use serde_json::{Map, Value};

use crate::db::Tx;
use crate::with_tx;

/// What stands in the place of each address.
#[derive(Debug, Default)]
pub(super) struct Addresses(BTreeMap<String, String>);

impl Addresses {
    /// What stands in the place of the addresses in some values and a text.
    pub(super) async fn of(tx: &mut Tx, values: [&Value; 2], text: &str) -> sqlx::Result<Self> {
        let mut found = BTreeMap::new();
        values.into_iter().for_each(|value| collect(value, &mut found));
        collect_of_text(text, &mut found);
        for (address, place) in &mut found {
            let select = "select id from members where email = $1";
            let id: Option<String> = with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(address.to_lowercase())
                .fetch_optional(conn).await)?;
            if let Some(id) = id {
                *place = format!("member/{id}");
            }
        }
        Ok(Self(found))
    }

    /// A value without them.
    pub(super) fn redact(&self, value: &Value) -> Value {
        if self.0.is_empty() {
            return value.clone();
        }
        match value {
            Value::String(text) => Value::String(self.redact_text(text)),
            Value::Array(values) => values.iter().map(|value| self.redact(value)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (self.redact_text(name), self.redact(value)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// A text without them.
    pub(super) fn redact_text(&self, text: &str) -> String {
        let redact_word = |word: &str| self.0.get(word).cloned().unwrap_or_else(|| word.to_owned());
        split(text).map(redact_word).collect()
    }
}

fn collect(value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => collect_of_text(text, found),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            collect_of_text(name, found);
            collect(value, found);
        }),
        _ => {}
    }
}

fn collect_of_text(text: &str, found: &mut BTreeMap<String, String>) {
    if !text.contains('@') {
        return;
    }
    for word in split(text).filter(|word| EmailAddress::parse(word).is_ok()) {
        let domain = word.rsplit('@').next().unwrap_or_default();
        found.insert(word.to_owned(), format!("…@{domain}"));
    }
}

/// A text in words and what parts them, which together are the text.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let parts = |c: char| c.is_whitespace() || "<>()[]{},;:/\"\\".contains(c);
    text.split_inclusive(parts).flat_map(move |word| match word.chars().next_back() {
        Some(last) if parts(last) => {
            let (word, end) = word.split_at(word.len() - last.len_utf8());
            [word, end]
        }
        _ => [word, ""],
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_taken_out_wherever_they_stand() {
        let value = json!({"members": ["mei@acme.example"], "lead": "Tom <tom@acme.example>", "a@b.example": 1, "page": "https://acme.example/@x"});
        let mut found = BTreeMap::new();
        collect(&value, &mut found);
        found.insert("mei@acme.example".to_owned(), "member/1".to_owned());
        let redacted = Addresses(found).redact(&value);
        assert_eq!(
            redacted,
            json!({"members": ["member/1"], "lead": "Tom <…@acme.example>", "…@b.example": 1, "page": "https://acme.example/@x"})
        );
    }

    proptest! {
        #[test]
        fn what_has_no_address_stays_as_it_is(text in "\\PC{0,40}") {
            prop_assert_eq!(split(&text).collect::<String>(), text.clone());
            prop_assert_eq!(Addresses::default().redact_text(&text), text);
        }
    }
}
