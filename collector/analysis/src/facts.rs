//! What reports count of a case, and many of them packed into few bytes.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970, or between two moments.
type Millis = i64;

/// Facts of cases, in the order of their identifiers. Texts, which many cases share, are there once. What is the same number of bytes for each case lies in
/// columns, which are read at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    texts: Vec<String>,
    #[serde(with = "serde_bytes")]
    ids: Vec<u8>,
    /// Zeros where nobody knows whose a case is.
    #[serde(with = "serde_bytes")]
    customers: Vec<u8>,
    /// The places of the texts, each in two bytes.
    #[serde(with = "serde_bytes")]
    words: Vec<u8>,
    facts: Vec<Packed>,
}

/// What is known of one case; times by how long after its receipt they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Packed {
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
    /// How long after its receipt, the score, and whether it is solved.
    rating: Option<(Millis, u8, Option<bool>)>,
}

/// The bytes of an identifier.
const ID: usize = 16;
/// Stands for nobody.
const NOBODY: [u8; ID] = [0; ID];
/// How many texts a case has.
const WORDS: usize = 14;
/// The bytes of their places.
const WORD_BYTES: usize = 2 * WORDS;

/// The texts of a case; empty where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
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

/// What is known of a case; a text is empty where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "as the methods of `Fact` say")]
pub struct Known<'a> {
    pub id: [u8; 16],
    pub customer: Option<[u8; 16]>,
    pub site: &'a str,
    pub team: &'a str,
    pub owner: &'a str,
    pub kind: &'a str,
    pub status: &'a str,
    pub priority: &'a str,
    pub tier: &'a str,
    pub channel: &'a str,
    pub category: &'a str,
    pub problem: &'a str,
    pub quarantine: &'a str,
    pub outcome: &'a str,
    pub currency: &'a str,
    pub calendar: &'a str,
    pub received_at: Millis,
    pub first_responded_at: Option<Millis>,
    pub resolved_at: Option<Millis>,
    pub due_at: Option<Millis>,
    pub first_resolved_at: Option<Millis>,
    pub pauses: Vec<(Millis, Millis)>,
    pub remedy_cost: i64,
    pub reopened_count: u32,
    pub by_staff: u32,
    pub by_customer: u32,
    pub transfers: u32,
    pub reopened_soon: bool,
    pub rating: Option<Rating>,
}

/// What the customer said of what became of their case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// When they last said it.
    pub at: Millis,
    /// From 1 to 5.
    pub score: u8,
    /// Whether it is solved, if they said.
    pub solved: Option<bool>,
}

/// Gathers cases into a block.
#[derive(Debug, Default)]
pub struct Packing {
    block: Block,
    places: HashMap<String, u16>,
}

impl Packing {
    /// Adds a case.
    ///
    /// # Panics
    ///
    /// If the cases have more than 65,536 different texts, which a few thousand do not.
    pub fn add(&mut self, known: Known<'_>) {
        let words = [
            known.site,
            known.team,
            known.owner,
            known.kind,
            known.status,
            known.priority,
            known.tier,
            known.channel,
            known.category,
            known.problem,
            known.quarantine,
            known.outcome,
            known.currency,
            known.calendar,
        ]
        .map(|word| self.place(word).to_le_bytes());
        self.block.words.extend_from_slice(words.as_flattened());
        self.block.ids.extend_from_slice(&known.id);
        self.block.customers.extend_from_slice(&known.customer.unwrap_or(NOBODY));
        let after = |at: Option<Millis>| at.map(|at| at - known.received_at);
        self.block.facts.push(Packed {
            received_at: known.received_at,
            first_responded: after(known.first_responded_at),
            resolved: after(known.resolved_at),
            due: after(known.due_at),
            first_resolved: after(known.first_resolved_at),
            pauses: known.pauses,
            remedy_cost: known.remedy_cost,
            reopened_count: known.reopened_count,
            by_staff: known.by_staff,
            by_customer: known.by_customer,
            transfers: known.transfers,
            reopened_soon: known.reopened_soon,
            rating: known.rating.map(|rating| (rating.at - known.received_at, rating.score, rating.solved)),
        });
    }

    /// The block.
    pub fn finish(self) -> Block {
        self.block
    }

    fn place(&mut self, text: &str) -> u16 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u16::try_from(self.block.texts.len()).expect("a block has fewer texts than two bytes count");
        self.block.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }
}

impl Block {
    /// How many cases it has.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The cases one after the other.
    pub fn iter(&self) -> impl Iterator<Item = Fact<'_>> {
        let ids = self.ids.as_chunks::<ID>().0.iter().zip(self.customers.as_chunks::<ID>().0);
        let words = self.words.as_chunks::<WORD_BYTES>().0;
        let rows = self.facts.iter().zip(words).zip(ids);
        rows.map(|((packed, words), (id, customer))| Fact { texts: &self.texts, id, customer, words, packed })
    }

    /// As bytes.
    ///
    /// # Panics
    ///
    /// Never: plain data can be written.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("plain data")
    }

    /// Out of bytes; none where they are no block.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let block: Self = postcard::from_bytes(bytes).ok()?;
        let cases = block.facts.len();
        let has_columns = block.ids.len() == ID * cases
            && block.customers.len() == ID * cases
            && block.words.len() == WORD_BYTES * cases;
        let words = block.words.as_chunks::<2>().0.iter();
        let has_texts = words
            .map(|place| u16::from_le_bytes(*place))
            .max()
            .is_none_or(|last| usize::from(last) < block.texts.len());
        (has_columns && has_texts).then_some(block)
    }
}

/// The facts of one case.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    texts: &'a [String],
    id: &'a [u8; ID],
    customer: &'a [u8; ID],
    words: &'a [u8; WORD_BYTES],
    packed: &'a Packed,
}

// Each is asked a million times for a report, from another crate.
impl<'a> Fact<'a> {
    /// Its identifier.
    #[inline]
    pub fn id(self) -> [u8; 16] {
        *self.id
    }

    /// The identifier of its customer; none if nobody knows whose it is.
    #[inline]
    pub fn customer(self) -> Option<[u8; 16]> {
        Some(*self.customer).filter(|customer| *customer != NOBODY)
    }

    /// When it was received.
    #[inline]
    pub fn received_at(self) -> Millis {
        self.packed.received_at
    }

    /// When it was first responded to.
    #[inline]
    pub fn first_responded_at(self) -> Option<Millis> {
        self.packed.first_responded.map(|after| self.packed.received_at + after)
    }

    /// When it was last resolved; it may have been reopened since.
    #[inline]
    pub fn resolved_at(self) -> Option<Millis> {
        self.packed.resolved.map(|after| self.packed.received_at + after)
    }

    /// When it was first resolved.
    #[inline]
    pub fn first_resolved_at(self) -> Option<Millis> {
        self.packed.first_resolved.map(|after| self.packed.received_at + after)
    }

    /// When the next of its promises is due.
    #[inline]
    pub fn due_at(self) -> Option<Millis> {
        self.packed.due.map(|after| self.packed.received_at + after)
    }

    /// When the clock of its resolution did not run, each from when until when.
    #[inline]
    pub fn pauses(self) -> &'a [(Millis, Millis)] {
        &self.packed.pauses
    }

    /// What its remedy cost, in thousandths, and the currency; none if it had none.
    #[inline]
    pub fn remedy(self) -> Option<(i64, &'a str)> {
        let currency = self.word(Word::Currency);
        (!currency.is_empty()).then_some((self.packed.remedy_cost, currency))
    }

    /// Whether it was ever reopened.
    #[inline]
    pub fn was_reopened(self) -> bool {
        self.packed.reopened_count > 0
    }

    /// Whether it was reopened within some days after it was first resolved.
    #[inline]
    pub fn was_reopened_soon(self) -> bool {
        self.packed.reopened_soon
    }

    /// How many messages the staff wrote until it was first resolved.
    #[inline]
    pub fn by_staff(self) -> u32 {
        self.packed.by_staff
    }

    /// How many messages the customer wrote until it was first resolved, after the first.
    #[inline]
    pub fn by_customer(self) -> u32 {
        self.packed.by_customer
    }

    /// How often it went from one team or owner to another.
    #[inline]
    pub fn transfers(self) -> u32 {
        self.packed.transfers
    }

    /// What its customer said of what became of it; none if they said nothing.
    #[inline]
    pub fn rating(self) -> Option<Rating> {
        self.packed.rating.map(|(after, score, solved)| Rating { at: self.packed.received_at + after, score, solved })
    }

    /// The identifier of its site.
    #[inline]
    pub fn site(self) -> &'a str {
        self.word(Word::Site)
    }

    /// The key of its team; empty without one.
    #[inline]
    pub fn team(self) -> &'a str {
        self.word(Word::Team)
    }

    /// The identifier of its owner; empty without one.
    #[inline]
    pub fn owner(self) -> &'a str {
        self.word(Word::Owner)
    }

    /// Its kind.
    #[inline]
    pub fn kind(self) -> &'a str {
        self.word(Word::Kind)
    }

    /// Its status.
    #[inline]
    pub fn status(self) -> &'a str {
        self.word(Word::Status)
    }

    /// Its priority.
    #[inline]
    pub fn priority(self) -> &'a str {
        self.word(Word::Priority)
    }

    /// The key of its customer's tier; empty without one.
    #[inline]
    pub fn tier(self) -> &'a str {
        self.word(Word::Tier)
    }

    /// How it came; empty if nobody knows.
    #[inline]
    pub fn channel(self) -> &'a str {
        self.word(Word::Channel)
    }

    /// The key of its category; empty without one.
    #[inline]
    pub fn category(self) -> &'a str {
        self.word(Word::Category)
    }

    /// The key of its problem; empty without one.
    #[inline]
    pub fn problem(self) -> &'a str {
        self.word(Word::Problem)
    }

    /// Empty for a case that is worked on; else why it is not.
    #[inline]
    pub fn quarantine(self) -> &'a str {
        self.word(Word::Quarantine)
    }

    /// What came of it; empty while nobody has said.
    #[inline]
    pub fn outcome(self) -> &'a str {
        self.word(Word::Outcome)
    }

    /// The key of the calendar in whose open time its responses are counted; none if all time is open.
    #[inline]
    pub fn calendar(self) -> Option<&'a str> {
        Some(self.word(Word::Calendar)).filter(|key| !key.is_empty())
    }

    /// Whether it is resolved or closed.
    #[inline]
    pub fn is_settled(self) -> bool {
        matches!(self.status(), "resolved" | "closed")
    }

    #[inline]
    fn word(self, word: Word) -> &'a str {
        let at = 2 * word as usize;
        &self.texts[usize::from(u16::from_le_bytes([self.words[at], self.words[at + 1]]))]
    }
}

#[cfg(test)]
mod tests;
