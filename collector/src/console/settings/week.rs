//! A week of opening hours as a picture.

use crate::calendars::Slot;
use crate::calendars::WEEKDAYS;
use crate::service::calendar::{CalendarDefinition, WeekHours};
use crate::text::Texts;

/// Minutes of a day, which is how wide the picture is.
const DAY: u16 = 24 * 60;
/// How high a day is.
const ROW: usize = 88;

/// A week, Monday first.
pub(super) struct Week {
    /// Its days.
    pub(super) days: Vec<Day>,
    /// The same in words, for whoever does not see it.
    pub(super) in_words: String,
}

/// A day of it.
pub(super) struct Day {
    /// What it is called.
    pub(super) name: &'static str,
    /// Where it begins, from the top.
    pub(super) top: usize,
    /// Its bars: where each begins, and how long it is.
    pub(super) bars: Vec<(u16, u16)>,
}

impl Week {
    /// That of a calendar.
    pub(super) fn of(t: Texts, calendar: &CalendarDefinition) -> Self {
        let names = WEEKDAYS.map(|day| t.get(&format!("desk.settings.day.{day}")));
        let openings = days(&calendar.hours);
        let mut bars: [Vec<(u16, u16)>; 7] = std::array::from_fn(|_| Vec::new());
        for (day, slots) in openings.iter().enumerate() {
            for slot in *slots {
                let (from, to) = slot.minutes();
                bars[day].push((from, to.min(DAY) - from));
                if to > DAY {
                    bars[(day + 1) % 7].push((0, to - DAY));
                }
            }
        }
        let in_words = names.iter().zip(openings).filter(|(_, slots)| !slots.is_empty()).map(|(name, slots)| {
            let slots: Vec<String> = slots.iter().map(|slot| slot.to_string().replace('-', "–")).collect();
            format!("{name} {}", slots.join(", "))
        });
        let in_words = in_words.collect::<Vec<_>>().join("; ");
        let days = names.into_iter().zip(bars).enumerate();
        Self { days: days.map(|(at, (name, bars))| Day { name, top: at * ROW, bars }).collect(), in_words }
    }
}

fn days(hours: &WeekHours) -> [&[Slot]; 7] {
    let WeekHours { mon, tue, wed, thu, fri, sat, sun } = hours;
    [mon, tue, wed, thu, fri, sat, sun].map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use sayso_shared::Lang;

    use super::*;

    #[test]
    fn an_opening_that_ends_on_the_next_day_goes_on_there() {
        let written =
            "key = \"k\"\ntime_zone = \"Asia/Shanghai\"\nhours = { sun = [\"22:00-02:00\"], mon = [\"09:00-12:00\"] }";
        let calendar: CalendarDefinition = toml::from_str(written).expect("a calendar");
        let week = Week::of(Texts(Lang::En), &calendar);
        assert_eq!(week.days[0].bars, [(540, 180), (0, 120)]);
        assert_eq!(week.days[6].bars, [(1320, 120)]);
        assert_eq!(week.in_words, "Mon 09:00–12:00; Sun 22:00–02:00");
    }
}
