//! What reports count of a case, and many of them packed into few bytes.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Millis;

/// Facts of cases, in the order of their identifiers. Texts, which many cases share, are there once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Block {
    texts: Vec<String>,
    facts: Vec<Packed>,
}

/// What is known of one case; texts by their places, and times by how long after its receipt they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Packed {
    id: [u8; 16],
    customer: Option<[u8; 16]>,
    received_at: Millis,
    first_responded: Option<Millis>,
    resolved: Option<Millis>,
    due: Option<Millis>,
    first_resolved: Option<Millis>,
    pauses: Vec<(Millis, Millis)>,
    remedy_cost: i64,
    reopened_count: u32,
    by_staff: u32,
    by_customer: u32,
    transfers: u32,
    reopened_soon: bool,
    words: [u32; WORDS],
}

/// How many texts a case has.
const WORDS: usize = 14;

/// The texts of a case; empty where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Site,
    Team,
    Owner,
    Kind,
    Status,
    Priority,
    Tier,
    Channel,
    Category,
    Problem,
    Quarantine,
    Outcome,
    Currency,
    Calendar,
}

/// A case as the database has it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct FactRow {
    pub(super) id: String,
    site: String,
    team: String,
    owner: String,
    kind: String,
    status: String,
    priority: String,
    tier: String,
    channel: String,
    category: String,
    problem: String,
    quarantine: String,
    outcome: String,
    currency: String,
    calendar: String,
    customer: Option<String>,
    received_at: Millis,
    first_responded_at: Option<Millis>,
    resolved_at: Option<Millis>,
    due_at: Option<Millis>,
    first_resolved_at: Option<Millis>,
    pauses: Option<String>,
    remedy_cost: Option<i64>,
    reopened_count: i64,
    by_staff: i64,
    by_customer: i64,
    transfers: i64,
    reopened_soon: i64,
}

/// Gathers rows into a block.
#[derive(Debug, Default)]
pub(super) struct Packing {
    block: Block,
    places: HashMap<String, u32>,
}

impl Packing {
    /// Adds a case.
    pub(super) fn add(&mut self, row: &FactRow) {
        let words = [
            &row.site,
            &row.team,
            &row.owner,
            &row.kind,
            &row.status,
            &row.priority,
            &row.tier,
            &row.channel,
            &row.category,
            &row.problem,
            &row.quarantine,
            &row.outcome,
            &row.currency,
            &row.calendar,
        ]
        .map(|word| self.place(word));
        let after = |at: Option<Millis>| at.map(|at| at - row.received_at);
        self.block.facts.push(Packed {
            id: bytes(&row.id),
            customer: row.customer.as_deref().map(bytes),
            received_at: row.received_at,
            first_responded: after(row.first_responded_at),
            resolved: after(row.resolved_at),
            due: after(row.due_at),
            first_resolved: after(row.first_resolved_at),
            pauses: row.pauses.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default(),
            remedy_cost: row.remedy_cost.unwrap_or_default(),
            reopened_count: small(row.reopened_count),
            by_staff: small(row.by_staff),
            by_customer: small(row.by_customer),
            transfers: small(row.transfers),
            reopened_soon: row.reopened_soon > 0,
            words,
        });
    }

    /// The block.
    pub(super) fn finish(self) -> Block {
        self.block
    }

    fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.block.texts.len()).unwrap_or(u32::MAX);
        self.block.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }
}

impl Block {
    /// How many cases it has.
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// The cases one after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = Fact<'_>> {
        self.facts.iter().map(|packed| Fact { texts: &self.texts, packed })
    }

    /// As bytes.
    pub(super) fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        Ok(postcard::to_allocvec(self)?)
    }

    /// Out of bytes; none where they are no block.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let block: Self = postcard::from_bytes(bytes).ok()?;
        let is_whole = block.facts.iter().flat_map(|fact| fact.words).all(|place| (place as usize) < block.texts.len());
        is_whole.then_some(block)
    }
}

/// The facts of one case.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    texts: &'a [String],
    packed: &'a Packed,
}

impl<'a> Fact<'a> {
    /// Its identifier.
    pub(super) fn id(self) -> [u8; 16] {
        self.packed.id
    }

    /// The identifier of its customer; none if nobody knows whose it is.
    pub fn customer(self) -> Option<[u8; 16]> {
        self.packed.customer
    }

    /// When it was received.
    pub fn received_at(self) -> Millis {
        self.packed.received_at
    }

    /// When it was first responded to.
    pub fn first_responded_at(self) -> Option<Millis> {
        self.packed.first_responded.map(|after| self.packed.received_at + after)
    }

    /// When it was last resolved; it may have been reopened since.
    pub fn resolved_at(self) -> Option<Millis> {
        self.packed.resolved.map(|after| self.packed.received_at + after)
    }

    /// When it was first resolved.
    pub fn first_resolved_at(self) -> Option<Millis> {
        self.packed.first_resolved.map(|after| self.packed.received_at + after)
    }

    /// When the next of its promises is due.
    pub fn due_at(self) -> Option<Millis> {
        self.packed.due.map(|after| self.packed.received_at + after)
    }

    /// When the clock of its resolution did not run, each from when until when.
    pub fn pauses(self) -> &'a [(Millis, Millis)] {
        &self.packed.pauses
    }

    /// What its remedy cost, in thousandths, and the currency; none if it had none.
    pub fn remedy(self) -> Option<(i64, &'a str)> {
        let currency = self.word(Word::Currency);
        (!currency.is_empty()).then_some((self.packed.remedy_cost, currency))
    }

    /// Whether it was ever reopened.
    pub fn was_reopened(self) -> bool {
        self.packed.reopened_count > 0
    }

    /// Whether it was reopened within some days after it was first resolved.
    pub fn was_reopened_soon(self) -> bool {
        self.packed.reopened_soon
    }

    /// How many messages the staff wrote until it was first resolved.
    pub fn by_staff(self) -> u32 {
        self.packed.by_staff
    }

    /// How many messages the customer wrote until it was first resolved, after the first.
    pub fn by_customer(self) -> u32 {
        self.packed.by_customer
    }

    /// How often it went from one team or owner to another.
    pub fn transfers(self) -> u32 {
        self.packed.transfers
    }

    /// The identifier of its site.
    pub fn site(self) -> &'a str {
        self.word(Word::Site)
    }

    /// The key of its team; empty without one.
    pub fn team(self) -> &'a str {
        self.word(Word::Team)
    }

    /// The identifier of its owner; empty without one.
    pub fn owner(self) -> &'a str {
        self.word(Word::Owner)
    }

    /// Its kind.
    pub fn kind(self) -> &'a str {
        self.word(Word::Kind)
    }

    /// Its status.
    pub fn status(self) -> &'a str {
        self.word(Word::Status)
    }

    /// Its priority.
    pub fn priority(self) -> &'a str {
        self.word(Word::Priority)
    }

    /// The key of its customer's tier; empty without one.
    pub fn tier(self) -> &'a str {
        self.word(Word::Tier)
    }

    /// How it came; empty if nobody knows.
    pub fn channel(self) -> &'a str {
        self.word(Word::Channel)
    }

    /// The key of its category; empty without one.
    pub fn category(self) -> &'a str {
        self.word(Word::Category)
    }

    /// The key of its problem; empty without one.
    pub fn problem(self) -> &'a str {
        self.word(Word::Problem)
    }

    /// Empty for a case that is worked on; else why it is not.
    pub fn quarantine(self) -> &'a str {
        self.word(Word::Quarantine)
    }

    /// What came of it; empty while nobody has said.
    pub fn outcome(self) -> &'a str {
        self.word(Word::Outcome)
    }

    /// The key of the calendar in whose open time its responses are counted; none if all time is open.
    pub fn calendar(self) -> Option<&'a str> {
        Some(self.word(Word::Calendar)).filter(|key| !key.is_empty())
    }

    /// Whether it is resolved or closed.
    pub fn is_settled(self) -> bool {
        matches!(self.status(), "resolved" | "closed")
    }

    fn word(self, word: Word) -> &'a str {
        &self.texts[self.packed.words[word as usize] as usize]
    }
}

/// The bytes of an identifier.
pub(super) fn bytes(id: &str) -> [u8; 16] {
    Uuid::parse_str(id).unwrap_or_default().into_bytes()
}

fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}
