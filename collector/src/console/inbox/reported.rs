//! What a report that led to the inbox counts, as parameters of the address: a figure with its period, and by what its group is told apart.

use crate::cases::Channel;
use crate::cases::counted::{Counted, Figure, Trait};
use crate::cases::listing::Listing;

/// Stands for what a case does not have.
pub const NONE: &str = "none";

/// What is asked for besides the filters of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    category: Option<String>,
    channel: Option<Channel>,
    tier: Option<String>,
    problem: Option<String>,
    traits: Vec<Trait>,
    /// The figure.
    pub counted: Option<Counted>,
}

impl Reported {
    /// Reads parameters. What makes no sense is left out.
    pub fn read(parameters: &[(&str, &str)]) -> Self {
        let mut read = Self::default();
        for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
            let key = || Some((*value).to_owned());
            match *name {
                "category" if *value == NONE => read.traits.push(Trait::NoCategory),
                "category" => read.category = key(),
                "channel" if *value == NONE => read.traits.push(Trait::NoChannel),
                "channel" => read.channel = Channel::parse(value),
                "tier" if *value == NONE => read.traits.push(Trait::NoTier),
                "tier" => read.tier = key(),
                "problem" => read.problem = key(),
                "owned" if *value == "yes" => read.traits.push(Trait::Owned),
                "counted" => read.counted = Figure::parse(value).map(Counted::new),
                // They say more of a figure, which comes first.
                name => _ = read.counted.as_mut().is_some_and(|counted| counted.set(name, value)),
            }
        }
        read
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The parameters, in their order.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let has = |one| self.traits.contains(&one).then(|| NONE.to_owned());
        let channel = self.channel.map(|channel| channel.as_str().to_owned());
        let all = [
            ("category", self.category.clone().or(has(Trait::NoCategory))),
            ("channel", channel.or(has(Trait::NoChannel))),
            ("tier", self.tier.clone().or(has(Trait::NoTier))),
            ("problem", self.problem.clone()),
            ("owned", self.traits.contains(&Trait::Owned).then(|| "yes".to_owned())),
        ];
        let all = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
        all.chain(self.counted.iter().flat_map(Counted::parameters)).collect()
    }

    /// Adds it to what the tables are asked for.
    pub fn narrow(&self, listing: Listing) -> Listing {
        Listing {
            category: self.category.clone(),
            channel: self.channel,
            tier: self.tier.clone(),
            problem: self.problem.clone(),
            traits: self.traits.clone(),
            counted: self.counted.clone(),
            ..listing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_report_reads_back_and_nonsense_asks_for_nothing() {
        let given = [
            ("category", "none"),
            ("channel", "phone"),
            ("tier", "gold"),
            ("problem", "late-parcels"),
            ("owned", "yes"),
            ("counted", "broken"),
            ("from", "2026-11-02T00:00:00Z"),
            ("promise", "resolution"),
        ];
        let read = Reported::read(&given);
        let again = read.parameters();
        let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(Reported::read(&again), read);
        assert!(!read.is_empty());
        assert!(Reported::read(&[("counted", "x"), ("from", "2026-11-02T00:00:00Z"), ("owned", "no")]).is_empty());
    }
}
