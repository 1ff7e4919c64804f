//! The tracking code of a submission, which is also what a repeat of its request is recognised by.

use sayso_shared::TrackingCode;

use crate::cases::case::code_context;
use crate::keys::{Keys, Purpose};

/// A code as it is given to the customer, looked up and kept.
///
/// It is not drawn by lot, but what the site and the idempotency key come to under a key of ours (a pseudorandom function: to anybody else it is
/// as good as random). A repeat comes to the same code, so that one unique index tells both codes and requests apart. A second one, of keys,
/// would double what each commit writes at random places, and a commit waits for little else.
#[derive(Clone)]
pub struct Code {
    /// What the customer is given.
    pub plain: String,
    /// What it is looked up by.
    pub hash: String,
    /// What it is shown again from.
    pub cipher: String,
}

impl Code {
    /// The code of a request. The first `attempt` is 0; the next one is for a code that another case has, which is that of a request with the same
    /// key so long ago that it has been forgotten (or, once in 10¹⁸ pairs, chance).
    pub fn derive(keys: &Keys, submission_key: &str, attempt: u32, case_id: &str) -> Self {
        let code = code(keys, submission_key, attempt);
        let plain = code.to_string();
        let cipher = keys.encrypt(&code_context(case_id), plain.as_bytes());
        Self { hash: keys.hash(Purpose::Code, &code.symbols()), plain, cipher }
    }

    /// Only what it is looked up by.
    pub fn hash_of(keys: &Keys, submission_key: &str, attempt: u32) -> String {
        keys.hash(Purpose::Code, &code(keys, submission_key, attempt).symbols())
    }
}

// The code must not reach a log.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

fn code(keys: &Keys, submission_key: &str, attempt: u32) -> TrackingCode {
    let mac = keys.mac(Purpose::NewCode, &format!("{submission_key}/{attempt}"));
    TrackingCode::from_random(std::array::from_fn(|at| mac[at]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_request_has_one_code_and_every_request_another() {
        let keys = |byte: u8| {
            Keys::parse(&base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [byte; 32])).expect("a key")
        };
        let (ours, others) = (keys(1), keys(2));
        let one = Code::derive(&ours, "a", 0, "case");
        let again = Code::derive(&ours, "a", 0, "another case");
        assert_eq!((&one.plain, &one.hash), (&again.plain, &again.hash));
        assert_ne!(one.cipher, again.cipher);
        assert_eq!(one.hash, Code::hash_of(&ours, "a", 0));
        let different = [(&ours, "a", 0), (&ours, "a", 1), (&ours, "b", 0), (&others, "a", 0)]
            .map(|(keys, key, attempt)| Code::derive(keys, key, attempt, "case").plain);
        assert_eq!(HashSet::from(different).len(), 4);
        assert!(!format!("{one:?}").contains(&one.plain));
    }
}
