//! Addresses and message identifiers that say which case a mail answers. Both are signed, so that nobody can make one up, and an answer finds its
//! case also where a mail program leaves one of the two out.

use uuid::Uuid;

use crate::keys::{Keys, Purpose, equal};

/// What base32 is written with here: lower case, since some servers write the part before the `@` so, and without letters that look alike.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters of an identifier of 128 bits.
const ID_LETTERS: usize = 26;
/// Letters of a signature, which has 65 bits.
const MAC_LETTERS: usize = 13;
/// The longest part before the `@` (RFC 5321).
const LOCAL_MAX: usize = 64;

/// To whom a mail went, and so who is expected to answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The customer.
    Customer,
    /// A team or a member.
    Staff,
}

impl Party {
    const fn letter(self) -> char {
        match self {
            Party::Customer => 'c',
            Party::Staff => 's',
        }
    }
}

/// The address to which answers to a mail about a case go, below the address of its site; none if that is too long to add to.
pub fn reply_address(keys: &Keys, mail_address: &str, party: Party, case_id: &str) -> Option<String> {
    let (local, domain) = mail_address.rsplit_once('@')?;
    let id = letters_of(case_id)?;
    let mac = signature(keys, party.letter(), &id);
    let local = format!("{local}+{}{id}{mac}", party.letter());
    (local.len() <= LOCAL_MAX).then(|| format!("{local}@{domain}"))
}

/// The case whose mail is answered by one to this address, and to whom that mail went.
pub fn case_of_address(keys: &Keys, address: &str) -> Option<(Party, String)> {
    let (local, _) = address.rsplit_once('@')?;
    let (_, tag) = local.rsplit_once('+')?;
    let tag = tag.to_ascii_lowercase();
    let party = [Party::Customer, Party::Staff].into_iter().find(|party| tag.starts_with(party.letter()))?;
    signed_case(keys, party.letter(), &tag[1..]).map(|case_id| (party, case_id))
}

/// The identifier of a mail about a case, without the angles. It is the same for every attempt to send it.
pub fn message_id(keys: &Keys, delivery_id: &str, case_id: &str, host: &str) -> String {
    match letters_of(case_id) {
        Some(id) => format!("{delivery_id}.{id}{}@{host}", signature(keys, 'm', &id)),
        // What belongs to no case can't be answered.
        None => format!("{delivery_id}@{host}"),
    }
}

/// The case of a mail with this identifier, if it is one of ours.
pub fn case_of_message_id(keys: &Keys, message_id: &str) -> Option<String> {
    let (left, _) = message_id.trim_matches(['<', '>', ' ']).rsplit_once('@')?;
    let (_, tag) = left.rsplit_once('.')?;
    signed_case(keys, 'm', &tag.to_ascii_lowercase())
}

fn signed_case(keys: &Keys, letter: char, tag: &str) -> Option<String> {
    if tag.len() != ID_LETTERS + MAC_LETTERS || !tag.is_ascii() {
        return None;
    }
    let (id, mac) = tag.split_at(ID_LETTERS);
    equal(&signature(keys, letter, id), mac).then(|| id_of(id))?
}

fn signature(keys: &Keys, letter: char, id: &str) -> String {
    let mac = keys.short_hash(Purpose::MailAddress, &format!("{letter}/{id}"));
    base32(mac, MAC_LETTERS)
}

fn letters_of(id: &str) -> Option<String> {
    Some(base32(Uuid::parse_str(id).ok()?.as_u128(), ID_LETTERS))
}

fn id_of(letters: &str) -> Option<String> {
    let value = letters.bytes().try_fold(0_u128, |value, letter| {
        let digit = ALPHABET.iter().position(|known| *known == letter)?;
        // The first letter holds three bits only.
        let value = value.checked_mul(32)?;
        value.checked_add(digit as u128)
    })?;
    Some(Uuid::from_u128(value).to_string())
}

/// The last `letters` times five bits of a number.
fn base32(mut value: u128, letters: usize) -> String {
    let mut text = vec![b'0'; letters];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(value % 32) as usize];
        value /= 32;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> Keys {
        Keys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
    }

    const CASE: &str = "018f3a1e-0000-7000-8000-000000000001";

    #[test]
    fn an_answer_finds_its_case_by_the_address() {
        let address = reply_address(&keys(), "care@acme.example", Party::Staff, CASE).unwrap();
        assert!(address.starts_with("care+s") && address.ends_with("@acme.example"), "{address}");
        assert_eq!(case_of_address(&keys(), &address), Some((Party::Staff, CASE.to_owned())));
        assert_eq!(case_of_address(&keys(), &address.to_uppercase()), Some((Party::Staff, CASE.to_owned())));
    }

    #[test]
    fn an_answer_to_the_customer_does_not_speak_for_the_staff() {
        let address = reply_address(&keys(), "care@acme.example", Party::Customer, CASE).unwrap();
        let forged = address.replacen("+c", "+s", 1);
        assert_eq!(case_of_address(&keys(), &forged), None);
    }

    #[test]
    fn an_address_that_is_too_long_is_not_added_to() {
        let long = format!("{}@acme.example", "a".repeat(30));
        assert_eq!(reply_address(&keys(), &long, Party::Customer, CASE), None);
    }

    #[test]
    fn what_is_no_case_has_an_identifier_that_leads_nowhere() {
        let id = message_id(&keys(), "d1", "c1", "acme.example");
        assert_eq!(id, "d1@acme.example");
        assert_eq!(case_of_message_id(&keys(), &id), None);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(case in any::<u128>(), delivery in "[a-z0-9-]{1,36}") {
            let case = Uuid::from_u128(case).to_string();
            let id = message_id(&keys(), &delivery, &case, "acme.example");
            prop_assert_eq!(case_of_message_id(&keys(), &format!("<{id}>")), Some(case.clone()));
            let address = reply_address(&keys(), "a@b.example", Party::Customer, &case).unwrap();
            prop_assert!(sayso_shared::EmailAddress::parse(&address).is_ok());
            prop_assert_eq!(case_of_address(&keys(), &address), Some((Party::Customer, case)));
        }

        #[test]
        fn nothing_else_is_taken_for_ours(text in "[a-z0-9+@.]{0,80}", at in 0_usize..40, letter in "[0-9a-z]") {
            prop_assert_eq!(case_of_address(&keys(), &text), None);
            let address = reply_address(&keys(), "a@b.example", Party::Customer, CASE).unwrap();
            let mut changed = address.clone();
            changed.replace_range(3 + at % 39..4 + at % 39, &letter);
            if changed != address {
                prop_assert_eq!(case_of_address(&keys(), &changed), None);
            }
        }
    }
}
