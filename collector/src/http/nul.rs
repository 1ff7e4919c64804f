//! NUL characters: no text of anybody has one, and not every database can hold it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sayso_shared::fields::NO_NUL;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde_json::Value;

use super::Error;

/// Refuses addresses that hold one.
pub async fn refuse_in_addresses(request: Request, next: Next) -> Response {
    if request.uri().path().contains("%00") {
        return Error::NotFound("there is no such page").into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    let parameters = query.split('&').filter(|parameter| parameter.contains("%00"));
    let errors: Vec<FieldError> = parameters
        .map(|parameter| {
            let name = parameter.split('=').next().unwrap_or_default().replace("%00", "");
            let pointer = format!("/{}", name.chars().take(64).collect::<String>());
            FieldError::new(pointer, ErrorCode::Invalid, NO_NUL)
        })
        .collect();
    if errors.is_empty() { next.run(request).await } else { Error::Invalid(errors).into_response() }
}

/// Refuses a form that holds one.
pub fn refuse_in_form(body: &[u8]) -> Result<(), Error> {
    match body.contains(&0) || body.windows(3).any(|three| three == b"%00") {
        true => Err(Error::field(FieldError::new("", ErrorCode::Invalid, NO_NUL))),
        false => Ok(()),
    }
}

/// Where in a document texts or names hold one.
pub fn find(value: &Value) -> Vec<FieldError> {
    let mut found = Vec::new();
    walk(value, &mut String::new(), &mut found);
    found
}

fn walk(value: &Value, pointer: &mut String, found: &mut Vec<FieldError>) {
    let length = pointer.len();
    let mut step = |name: &str, value: Option<&Value>, found: &mut Vec<FieldError>| {
        pointer.push('/');
        // As JSON Pointers are written (RFC 6901).
        pointer.push_str(&name.replace('\0', "").replace('~', "~0").replace('/', "~1"));
        match value {
            Some(value) => walk(value, pointer, found),
            None => found.push(FieldError::new(pointer.clone(), ErrorCode::Invalid, NO_NUL)),
        }
        pointer.truncate(length);
    };
    match value {
        Value::String(text) if text.contains('\0') => {
            found.push(FieldError::new(pointer.clone(), ErrorCode::Invalid, NO_NUL));
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                step(&at.to_string(), Some(value), found);
            }
        }
        Value::Object(values) => {
            for (name, value) in values {
                step(name, (!name.contains('\0')).then_some(value), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_is_found_where_it_is() {
        let document = json!({"cause": {"en": "a\0b", "de": "ab"}, "items": ["", "\0"], "a/b\0": 1, "n": 0});
        let mut pointers: Vec<String> = find(&document).into_iter().map(|error| error.pointer).collect();
        // In which order an object is read depends on what else is built with its crate.
        pointers.sort();
        assert_eq!(pointers, ["/a~1b", "/cause/en", "/items/1"]);
        assert!(find(&json!({"message": "晚了三天"})).is_empty());
        assert!(refuse_in_form(b"text=a%00b").is_err() && refuse_in_form(b"text=a%20b").is_ok());
    }
}
