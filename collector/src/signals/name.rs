//! What a warning is called in a delivery: the first day of the week, and the topic; `2026-11-23/` for all of them together.

use jiff::civil::Date;

use super::watched::Watched;

/// Writes the name of a warning.
pub(super) fn write(week: Date, watched: &Watched) -> String {
    format!("{week}/{}", watched.name())
}

/// Reads it.
pub(super) fn parse(name: &str) -> Option<(Date, Watched)> {
    let (week, watched) = name.split_once('/')?;
    Some((week.parse().ok()?, Watched::parse(watched)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let week = jiff::civil::date(2026, 11, 23);
        for category in [None, Some("delivery".to_owned()), Some("late/parcels".to_owned())] {
            let watched = Watched::Complaints(category);
            assert_eq!(parse(&write(week, &watched)), Some((week, watched)));
        }
        assert_eq!(parse(&write(week, &Watched::Broken)), Some((week, Watched::Broken)));
        assert_eq!((parse(""), parse("2026-11-23"), parse("soon/delivery")), (None, None, None));
    }
}
