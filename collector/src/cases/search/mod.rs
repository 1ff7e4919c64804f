//! Finding cases by what was said and by what they are.
//!
//! What of a case is to be found is its entry in the index ([`crate::db::search`]), which is written after the commit of what changed it.
//! Until then the case is *loose*: a search looks at it as it is now, so nobody misses what they have just done.
//!
//! What somebody types goes through three hands: [`query`] reads it, `text` looks up what it names, and [`search`] finds the cases.

mod entries;
mod facet;
mod field;
mod find;
mod lexer;
pub mod query;
pub mod said;
mod text;
pub mod upkeep;

pub use entries::{
    LOOSE, REINDEX_PAGE, facts_sql, refresh, refresh_for, refresh_in, reindex_batch, reindex_in, reindex_page,
};
pub use facet::{Facet, Has, received_between};
pub use field::Field;
pub use find::{Found, Search, search};
pub use query::{QueryError, SearchQuery};
pub use text::{BY_CODE, BY_NUMBER, Contacts, Reader, SearchText, by_number};
pub use upkeep::keep_compact;
