//! The tracking code of a case as it is stored: a short keyed hash, by which it is looked up, and a ciphertext, from which it is shown again.

use sayso_shared::TrackingCode;

use crate::keys::{Keys, Purpose, equal};

/// Characters of the hash: 66 bits, when a code has 60. A longer one would only make the index larger that every submission writes at a random
/// place. Should two codes ever have the same hash, the ciphertext tells them apart.
const HASH_CHARS: usize = 11;

/// What a code is looked up by.
pub fn lookup_hash(keys: &Keys, code: &TrackingCode) -> String {
    let mut hash = keys.hash(Purpose::Code, &code.symbols());
    hash.truncate(HASH_CHARS);
    hash
}

/// The code of a case, encrypted.
pub fn encrypt(keys: &Keys, case_id: &str, code: &TrackingCode) -> String {
    keys.encrypt(&context(case_id), code.to_string().as_bytes())
}

/// The code of a case as people write it; none if it can't be decrypted.
pub fn decrypt(keys: &Keys, case_id: &str, cipher: &str) -> Option<String> {
    keys.decrypt_text(&context(case_id), cipher)
}

/// Whether a case that was found by the hash of a code has that code.
pub fn is_code_of(keys: &Keys, case_id: &str, cipher: &str, code: &TrackingCode) -> bool {
    decrypt(keys, case_id, cipher).is_some_and(|own| equal(&own, &code.to_string()))
}

/// Where alone the ciphertext can be decrypted.
pub fn context(case_id: &str) -> String {
    format!("cases/{case_id}/code")
}
