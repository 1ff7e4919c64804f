//! Addresses in texts, without the secrets in them.

use crate::page_url::without_secret_parts;

/// The text, in whose addresses values of parameters that look like secrets are masked, and whoever signs in by them is left out.
pub fn without_secrets_in(text: String) -> String {
    // Few texts have an address with anything to hide.
    if !text.contains(['?', '#', '@', '&']) && !text.contains("://") {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let word = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let address = rest[..word].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        match is_address(address) {
            true => kept.push_str(&without_secret_parts(address)),
            false => kept.push_str(address),
        }
        let gap = rest[word..].find(is_part).map_or(rest.len(), |gap| word + gap);
        kept.push_str(&rest[address.len()..gap]);
        rest = &rest[gap..];
    }
    kept
}

/// Whether a character can be in an address as people paste them, of which a number may be masked: brackets and quotes stand around it.
fn is_part(c: char) -> bool {
    c == '•' || c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\'' | '`' | '(' | ')' | '{' | '}' | '|' | '\\')
}

fn is_address(word: &str) -> bool {
    let has_parameter = || {
        let place = word.find(['?', '#']);
        place.is_some_and(|at| word[..at].contains(['.', '/']) && word[at..].contains('='))
    };
    word.contains("://") || has_parameter()
}
