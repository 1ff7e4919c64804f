//! `sayso backup` and `sayso restore`: everything as rows and files in one archive, which either kind of database takes back.

mod archive;
mod attachments;
mod make;
mod restore;

use std::path::PathBuf;

pub use make::make;
pub use restore::restore;

/// Tables that are not kept: sessions, links and invitations that have been revoked since must not come back, who led then leads no more, what was counted
/// for limits is over, and where a server was, and which pages asked it, is nothing that another one wants to hear.
const FLEETING: [&str; 8] =
    ["sessions", "links", "member_invitations", "password_links", "leases", "limit_counts", "served", "sightings"];

/// What `sayso backup` is given.
#[derive(Debug, clap::Args)]
pub struct BackupArguments {
    /// The file to write.
    file: PathBuf,
    /// Write over a file of that name.
    #[arg(long)]
    replace: bool,
}

/// What `sayso restore` is given.
#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// The file that `sayso backup` wrote.
    file: PathBuf,
    /// Throw away what the database holds now.
    #[arg(long)]
    dangerous_replace: bool,
}

/// A number with commas, as people read it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
