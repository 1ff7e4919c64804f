//! Calls that nobody has asked for: check calls to a random sample of customers whose cases were resolved, and the customers whom their representative
//! should call, because nothing was heard of them for long or because they were unhappy last time.

mod draw;
mod due;
mod record;
mod rounds;
pub mod weekly;

pub use draw::{SEED_MAX, SIZE_MAX, Sample, SampleError, draw};
pub use due::{DUE_MAX, Due, Reason, Whose, due, due_of_all};
pub use record::{Found, ResultError, record};
pub use rounds::{CheckCall, Figures, OPEN_MAX, Round, calls_of, figures, open_calls, rounds};

use crate::cases::status::words;

words! {
    /// What a check call found.
    CallResult {
        /// The customer was helped, and is content with how.
        Satisfied = "satisfied",
        /// It is solved, and the customer is not content.
        Unsatisfied = "unsatisfied",
        /// The customer says that it is not solved: work on the case begins again.
        NotSolved = "not_solved",
        /// The customer did not want to speak of it.
        Declined = "declined",
        /// Nobody was reached. The third time it is given up.
        NotReached = "not_reached",
    }
}
