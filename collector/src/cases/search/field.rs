//! The fields of a search.

/// Fields with the names by which they are typed, and what their values are.
macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $expected:literal;)+) => {
        /// What a case can be asked for by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field { $($(#[$doc])* $variant),+ }

        impl Field {
            /// All of them.
            pub const ALL: &[Field] = &[$(Field::$variant),+];

            /// The name by which it is typed.
            pub const fn name(self) -> &'static str {
                match self { $(Field::$variant => $name),+ }
            }

            /// What its values are.
            pub const fn expected(self) -> &'static str {
                match self { $(Field::$variant => $expected),+ }
            }

            /// Reads a name, folded.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Field::$variant),)+
                    // As the screens call it.
                    "topic" => Some(Field::Category),
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// What it is.
    Kind = "kind", "complaint, suggestion, question or praise";
    /// Where it stands.
    Status = "status", "a status, or open";
    /// The same in other words.
    Is = "is", "a status, or open";
    /// Which team works on it.
    Team = "team", "the key of a team, or none";
    /// Who works on it.
    Owner = "owner", "the address of a member, or none; in the console also me";
    /// A tag.
    Tag = "tag", "a tag: 1 to 64 characters without commas";
    /// How urgent it is.
    Priority = "priority", "low, normal, high or urgent";
    /// What it is about.
    Category = "category", "the key of a category";
    /// How it came.
    Channel = "channel", "a channel, such as widget or phone";
    /// The customer's tier.
    Tier = "tier", "the key of a tier";
    /// Its site.
    Site = "site", "the key of a site";
    /// Its short number.
    Number = "number", "the number of a case";
    /// Its tracking code.
    Code = "code", "a tracking code with its check symbol";
    /// Received before a day.
    Before = "before", "a date, such as 2026-10-01";
    /// Received on a day or later.
    After = "after", "a date, such as 2026-10-01";
    /// Received on a day.
    On = "on", "a date, such as 2026-10-01";
    /// Something that it has.
    Has = "has", "attachment, task or problem";
}
