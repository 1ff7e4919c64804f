//! The tracking code of a submission, which is also what a repeat of its request is recognised by.

use sayso_shared::TrackingCode;

use crate::keys::{Keys, Purpose};

/// Derives the code of a request. The first `attempt` is 0; the next one is for a code that another case has, which is that of a request with the
/// same key so long ago that it has been forgotten (or, once in 10¹⁸ pairs, chance).
///
/// A code is not drawn by lot, but what the site and the idempotency key come to under a key of ours (a pseudorandom function: to anybody else it
/// is as good as random). A repeat comes to the same code, so that one unique index tells both codes and requests apart. A second one, of keys,
/// would double what each commit writes at random places.
pub fn derive_code(keys: &Keys, submission_key: &str, attempt: u32) -> TrackingCode {
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
        assert_eq!(derive_code(&ours, "a", 0), derive_code(&ours, "a", 0));
        let different = [(&ours, "a", 0), (&ours, "a", 1), (&ours, "b", 0), (&others, "a", 0)]
            .map(|(keys, key, attempt)| derive_code(keys, key, attempt));
        assert_eq!(HashSet::from(different).len(), 4);
    }
}
