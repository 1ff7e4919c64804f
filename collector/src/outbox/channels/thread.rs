//! How Outlook keeps the mails of one case together: by their topic and an index (MS-OXOMSG, 2.2.1.2 and 2.2.1.3), where others go by `References`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use uuid::Uuid;

/// What answers begin with in every mail program; such a subject still counts as the same.
pub const ANSWERS: &str = "Re: ";

/// From 1601, where Windows begins to count, until 1970, in steps of 100 ns.
const UNIX_EPOCH_TICKS: u64 = 116_444_736_000_000_000;

/// The subject that all mails of a thread share.
pub fn topic(subject: &str) -> &str {
    subject.strip_prefix(ANSWERS).unwrap_or(subject)
}

/// The `Thread-Index` of a delivery in the thread of a case, whose identifiers (UUIDv7) say when each began: the time and the identifier of the case, then
/// how much later the delivery is. It is the same for every attempt. None for what belongs to no case.
pub fn index(case_id: &str, delivery_id: &str) -> Option<String> {
    let (case, delivery) = (Uuid::parse_str(case_id).ok()?, Uuid::parse_str(delivery_id).ok()?);
    let (began, now) = (ticks(case), ticks(delivery));
    let mut bytes = Vec::with_capacity(27);
    // The six upper bytes of the time. The first of them is the 1 that the index has to begin with, until 2057 by this clock.
    bytes.extend(&began.to_be_bytes()[..6]);
    bytes.extend(case.as_bytes());
    // 31 bits in steps of 2^18 ticks, 26 ms, up to 1.8 years; of 2^23, 0.8 s, for what comes later.
    let later = now.saturating_sub(began);
    let (coarse, steps) = if later >> 49 == 0 { (0, later >> 18) } else { (1 << 31, later >> 23) };
    let steps = u32::try_from(steps & 0x7fff_ffff).unwrap_or_default();
    bytes.extend((coarse | steps).to_be_bytes());
    bytes.push(delivery.as_bytes()[15]);
    Some(BASE64_STANDARD.encode(bytes))
}

/// When an identifier was made, as Windows counts.
fn ticks(id: Uuid) -> u64 {
    let bytes = id.as_bytes();
    let millis = bytes[..6].iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    UNIX_EPOCH_TICKS + millis * 10_000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An identifier that was made at a millisecond.
    fn made_at(millis: u64, rest: u128) -> Uuid {
        Uuid::from_u128(u128::from(millis) << 80 | rest & ((1 << 80) - 1))
    }

    #[test]
    fn an_index_is_what_outlook_reads() {
        // 2026-11-29 00:00 UTC, and a mail an hour later.
        let (case, delivery) = (made_at(1_795_910_400_000, 7), made_at(1_795_914_000_000, 0x2a));
        let index = index(&case.to_string(), &delivery.to_string()).expect("both are identifiers");
        let bytes = BASE64_STANDARD.decode(index).expect("base64");
        assert_eq!(bytes.len(), 27);
        let time = bytes[..6].iter().fold(0, |all, byte| all << 8 | u64::from(*byte)) << 16;
        let exact = UNIX_EPOCH_TICKS + 1_795_910_400_000 * 10_000;
        assert!(exact - time < 1 << 16, "{time} is not within 7 ms of {exact}");
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[6..22], *case.as_bytes());
        let steps = u64::from(u32::from_be_bytes(bytes[22..26].try_into().expect("four bytes")));
        assert_eq!((steps << 18) / 10_000_000, 3_599, "seconds between the two");
        assert_eq!(bytes[26], 0x2a);
    }

    #[test]
    fn what_belongs_to_no_case_has_no_index() {
        assert_eq!(index("digest/weekly", "018f3a1e-0000-7000-8000-000000000001"), None);
    }

    #[test]
    fn answers_have_the_topic_of_what_they_answer() {
        assert_eq!(topic("Re: Your complaint (Delivery)"), topic("Your complaint (Delivery)"));
    }

    proptest! {
        #[test]
        fn mails_of_a_case_share_the_beginning_and_go_by_time(began in 0_u64..1 << 42, case: u128, after in proptest::array::uniform2(0_u64..1 << 35)) {
            let case = made_at(began, case).to_string();
            let [one, other] = after.map(|after| {
                BASE64_STANDARD.decode(index(&case, &made_at(began + after, 0).to_string()).expect("an index")).expect("base64")
            });
            prop_assert_eq!(&one[..22], &other[..22]);
            // Steps of different lengths are told apart by their first bit alone.
            if one[22] >> 7 == other[22] >> 7 {
                prop_assert!(after[0] > after[1] || one[22..26] <= other[22..26]);
            }
        }
    }
}
