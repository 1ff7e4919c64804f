//! What is packed comes out as it was.

use proptest::prelude::*;

use super::*;

fn known() -> impl Strategy<Value = Known<'static>> {
    let word = || prop::sample::select(vec!["", "complaint", "delivery", "客服", "resolved"]);
    let time = || prop::option::of(0_i64..4_000_000_000_000);
    let words = (word(), word(), word(), word(), word(), word(), word());
    let times = (0_i64..4_000_000_000_000, time(), time(), time(), time());
    let rest = (
        any::<[u8; 16]>(),
        prop::option::of(any::<[u8; 16]>().prop_filter("nobody", |id| *id != NOBODY)),
        any::<i64>(),
        any::<[u32; 4]>(),
        any::<bool>(),
        prop::option::of((0_i64..4_000_000_000_000, 1..=5_u8, any::<Option<bool>>())),
    );
    (words, times, rest, prop::collection::vec((any::<i64>(), any::<i64>()), 0..3)).prop_map(
        |(words, times, (id, customer, remedy_cost, counts, reopened_soon, rating), pauses)| Known {
            id,
            customer,
            site: words.0,
            team: words.1,
            kind: words.2,
            status: words.3,
            category: words.4,
            currency: words.5,
            calendar: words.6,
            received_at: times.0,
            first_responded_at: times.1,
            resolved_at: times.2,
            due_at: times.3,
            first_resolved_at: times.4,
            pauses,
            remedy_cost,
            reopened_count: counts[0],
            by_staff: counts[1],
            by_customer: counts[2],
            transfers: counts[3],
            reopened_soon,
            rating: rating.map(|(at, score, solved)| Rating { at, score, solved }),
            ..Known::default()
        },
    )
}

/// What a fact says, as it was known.
fn said(fact: Fact<'_>) -> Known<'_> {
    Known {
        id: fact.id(),
        customer: fact.customer(),
        site: fact.site(),
        team: fact.team(),
        owner: fact.owner(),
        kind: fact.kind(),
        status: fact.status(),
        priority: fact.priority(),
        tier: fact.tier(),
        channel: fact.channel(),
        category: fact.category(),
        problem: fact.problem(),
        quarantine: fact.quarantine(),
        outcome: fact.outcome(),
        currency: fact.remedy().map_or("", |(_, currency)| currency),
        calendar: fact.calendar().unwrap_or_default(),
        received_at: fact.received_at(),
        first_responded_at: fact.first_responded_at(),
        resolved_at: fact.resolved_at(),
        due_at: fact.due_at(),
        first_resolved_at: fact.first_resolved_at(),
        pauses: fact.pauses().to_vec(),
        remedy_cost: fact.packed.remedy_cost,
        reopened_count: fact.packed.reopened_count,
        by_staff: fact.by_staff(),
        by_customer: fact.by_customer(),
        transfers: fact.transfers(),
        reopened_soon: fact.was_reopened_soon(),
        rating: fact.rating(),
    }
}

proptest! {
    #[test]
    fn a_block_says_what_was_known(all in prop::collection::vec(known(), 0..40)) {
        let mut packing = Packing::default();
        all.iter().cloned().for_each(|known| packing.add(known));
        let bytes = packing.finish().to_bytes();
        let block = Block::from_bytes(&bytes).expect("it is one");
        prop_assert_eq!(block.len(), all.len());
        prop_assert_eq!(block.iter().map(said).collect::<Vec<_>>(), all);
    }

    #[test]
    fn bytes_of_anything_else_are_no_block_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(block) = Block::from_bytes(&bytes) {
            block.iter().map(said).for_each(drop);
        }
    }
}
