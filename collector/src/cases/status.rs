//! The statuses of a case, and which changes are allowed.

pub use sayso_shared::customer::{Outcome, Stage};

/// An enum whose variants are one word each in the database and on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word in the database and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        // By hand, since the derived one does not see a name that a macro gave, and would describe the variants' own.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some([$($word),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use words;

words! {
    /// Where a case stands for the staff.
    Status {
        /// The customer has submitted it.
        New = "new",
        /// The customer knows that it arrived, or its owner has begun with it.
        Acknowledged = "acknowledged",
        /// Somebody works on it.
        InProgress = "in_progress",
        /// The customer was asked something; clocks pause.
        Waiting = "waiting",
        /// The staff consider it answered.
        Resolved = "resolved",
        /// The customer agreed, or did not object in time.
        Closed = "closed",
    }
}

words! {
    /// How urgent a case is.
    Priority {
        /// Can wait.
        Low = "low",
        /// As usual.
        Normal = "normal",
        /// Sooner than others.
        High = "high",
        /// Now.
        Urgent = "urgent",
    }
}

words! {
    /// How feedback came.
    Channel {
        /// By the widget on a page.
        Widget = "widget",
        /// By the entry page.
        Entry = "entry",
        /// By a program.
        Api = "api",
        /// On the phone.
        Phone = "phone",
        /// At a counter.
        Counter = "counter",
        /// By letter.
        Letter = "letter",
        /// By e-mail.
        Email = "email",
        /// In a file.
        Import = "import",
    }
}

impl Status {
    /// Whether work is left.
    pub const fn is_open(self) -> bool {
        !matches!(self, Status::Resolved | Status::Closed)
    }

    /// What the customer sees.
    pub const fn stage(self) -> Stage {
        match self {
            Status::New | Status::Acknowledged => Stage::Received,
            Status::InProgress => Stage::BeingLookedInto,
            Status::Waiting => Stage::WaitingForYou,
            Status::Resolved => Stage::Answered,
            Status::Closed => Stage::Closed,
        }
    }

    /// Whether the staff may take this step. What customers do is decided by [`Status::after_customer_reply`].
    pub const fn staff_may(self, to: Status) -> bool {
        match to {
            Status::New | Status::Closed => false,
            Status::Acknowledged => matches!(self, Status::New),
            Status::InProgress => matches!(self, Status::New | Status::Acknowledged | Status::Waiting),
            Status::Waiting | Status::Resolved => {
                self.is_open() && !matches!((self, to), (Status::Waiting, Status::Waiting))
            }
        }
    }

    /// Where a message of the customer brings the case. A resolved or closed one is reopened.
    pub const fn after_customer_reply(self) -> Status {
        match self {
            Status::Waiting | Status::Resolved | Status::Closed => Status::InProgress,
            unchanged => unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staff_take_only_the_steps_of_the_table() {
        use Status::*;
        let allowed: Vec<(Status, Status)> = Status::ALL
            .iter()
            .flat_map(|&from| Status::ALL.iter().map(move |&to| (from, to)))
            .filter(|(from, to)| from.staff_may(*to))
            .collect();
        let table = [
            (New, Acknowledged),
            (New, InProgress),
            (New, Waiting),
            (New, Resolved),
            (Acknowledged, InProgress),
            (Acknowledged, Waiting),
            (Acknowledged, Resolved),
            (InProgress, Waiting),
            (InProgress, Resolved),
            (Waiting, InProgress),
            (Waiting, Resolved),
        ];
        assert_eq!(allowed, table);
    }

    #[test]
    fn a_reply_of_the_customer_always_leads_to_open_work() {
        for &status in Status::ALL {
            let after = status.after_customer_reply();
            assert!(after.is_open() && after != Status::Waiting, "{status:?}");
        }
    }

    #[test]
    fn words_read_back() {
        for &status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("Open"), None);
    }
}
