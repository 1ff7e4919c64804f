//! What a warning is called in a delivery: the first day of the week, and the topic; `2026-11-23/` for all of them together.

use jiff::civil::Date;

/// Writes the name of a warning.
pub(super) fn write(week: Date, category: Option<&str>) -> String {
    format!("{week}/{}", category.unwrap_or_default())
}

/// Reads it.
pub(super) fn parse(name: &str) -> Option<(Date, Option<&str>)> {
    let (week, category) = name.split_once('/')?;
    Some((week.parse().ok()?, Some(category).filter(|key| !key.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let week = jiff::civil::date(2026, 11, 23);
        for category in [None, Some("delivery"), Some("late/parcels")] {
            assert_eq!(parse(&write(week, category)), Some((week, category)));
        }
        assert_eq!((parse(""), parse("2026-11-23"), parse("soon/delivery")), (None, None, None));
    }
}
