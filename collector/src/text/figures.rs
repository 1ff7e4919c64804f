//! Times, sizes and numbers as a language writes them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sayso_shared::Lang;

use super::Texts;
use crate::clock::Millis;

/// The months, as they stand beside a day.
const fn months(lang: Lang) -> [&'static str; 12] {
    match lang {
        Lang::Es => [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
        Lang::PtBr => [
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
        Lang::Fr => [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
        Lang::De => [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        Lang::Ru => [
            "января",
            "февраля",
            "марта",
            "апреля",
            "мая",
            "июня",
            "июля",
            "августа",
            "сентября",
            "октября",
            "ноября",
            "декабря",
        ],
        Lang::Ar => [
            "يناير",
            "فبراير",
            "مارس",
            "أبريل",
            "مايو",
            "يونيو",
            "يوليو",
            "أغسطس",
            "سبتمبر",
            "أكتوبر",
            "نوفمبر",
            "ديسمبر",
        ],
        Lang::Hi => ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"],
        Lang::En | Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja | Lang::Ko => {
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        }
    }
}

impl Texts {
    /// The size of a file for people: `340 KB`, `2.1 MB`.
    pub fn size(&self, bytes: i64) -> String {
        const KILO: f64 = 1024.0;
        let [kilo, mega] = match self.0 {
            Lang::Fr => ["Ko", "Mo"],
            Lang::Ru => ["КБ", "МБ"],
            Lang::Ar => ["كيلوبايت", "ميغابايت"],
            _ => ["KB", "MB"],
        };
        // Files are far smaller than what would lose precision.
        let kilobytes = bytes as f64 / KILO;
        match kilobytes / KILO {
            size if size >= 9.95 => format!("{size:.0} {mega}"),
            size if kilobytes >= 999.5 => format!("{} {mega}", self.decimal(&format!("{size:.1}"))),
            _ => format!("{:.0} {kilo}", kilobytes.ceil()),
        }
    }

    /// A whole number with its thousands apart.
    pub fn number(&self, number: u64) -> String {
        let apart = match self.0 {
            Lang::Es | Lang::PtBr | Lang::De => ".",
            Lang::Fr => "\u{202f}",
            Lang::Ru => "\u{a0}",
            _ => ",",
        };
        // Spanish writes four digits without.
        if number < 10_000 && self.0 == Lang::Es {
            return number.to_string();
        }
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            // Hindi goes on in pairs beyond the thousands.
            let left = digits.len() - at;
            let group =
                if self.0 == Lang::Hi && left > 3 { (left - 3).is_multiple_of(2) } else { left.is_multiple_of(3) };
            if at > 0 && group {
                text.push_str(apart);
            }
            text.push(digit);
        }
        text
    }

    /// What stands between a label and its value.
    pub const fn colon(&self) -> &'static str {
        match self.0 {
            Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja => "：",
            Lang::Fr => "\u{a0}: ",
            _ => ": ",
        }
    }

    /// A moment for people in a time zone, which is told by how far it is from UTC: `22 Nov 2026, 18:00 (UTC+8)`. Names such as `Asia/Shanghai` are for
    /// programs: whoever lives in Beijing or in Boston looks for another city.
    pub fn moment_in(&self, millis: Millis, zone: &TimeZone) -> String {
        let Ok(time) = Timestamp::from_millisecond(millis) else { return String::new() };
        if zone.iana_name().is_none_or(|name| name == "UTC") {
            return self.moment(millis);
        }
        let time = time.to_zoned(zone.clone());
        let minutes = time.offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let hours = match (minutes.abs() / 60, minutes.abs() % 60) {
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
        };
        let moment = self.day_and_time(time.date(), &time.strftime("%H:%M").to_string());
        match self.0 {
            Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja => format!("{moment}（{hours}）"),
            _ => format!("{moment} ({hours})"),
        }
    }

    /// A day for people, in UTC: `22 Nov 2026`, `2026年11月22日`.
    pub fn day(&self, millis: Millis) -> String {
        let Ok(time) = Timestamp::from_millisecond(millis) else { return String::new() };
        self.date(time.to_zoned(TimeZone::UTC).date())
    }

    /// A day of a calendar for people: `22 Nov 2026`, `2026年11月22日`.
    pub fn date(&self, date: Date) -> String {
        let (year, day) = (date.year(), date.day());
        let month = months(self.0)[usize::from(date.month().unsigned_abs()) - 1];
        match self.0 {
            Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja => format!("{year}年{}月{day}日", date.month()),
            Lang::Ko => format!("{year}년 {}월 {day}일", date.month()),
            Lang::Es | Lang::PtBr => format!("{day} de {month} de {year}"),
            Lang::Fr if day == 1 => format!("1er {month} {year}"),
            Lang::De => format!("{day}. {month} {year}"),
            Lang::Ru => format!("{day} {month} {year} г."),
            Lang::En | Lang::Fr | Lang::Ar | Lang::Hi => format!("{day} {month} {year}"),
        }
    }

    /// A month of a calendar for people: `Nov 2026`, `2026年11月`.
    pub fn month(&self, date: Date) -> String {
        let (year, month) = (date.year(), date.month());
        match self.0 {
            Lang::En => format!("{} {year}", months(self.0)[usize::from(month.unsigned_abs()) - 1]),
            Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja => format!("{year}年{month}月"),
            Lang::Ko => format!("{year}년 {month}월"),
            _ => format!("{month:02}/{year}"),
        }
    }

    /// A moment for people, in UTC: `22 Nov 2026, 10:00 UTC`, `2026年11月22日 10:00 UTC`.
    pub fn moment(&self, millis: Millis) -> String {
        let Ok(time) = Timestamp::from_millisecond(millis) else { return String::new() };
        let time = time.to_zoned(TimeZone::UTC);
        format!("{} UTC", self.day_and_time(time.date(), &time.strftime("%H:%M").to_string()))
    }

    fn day_and_time(&self, date: Date, time: &str) -> String {
        let day = self.date(date);
        match self.0 {
            Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja | Lang::Ko => format!("{day} {time}"),
            Lang::PtBr => format!("{day} às {time}"),
            Lang::Fr => format!("{day} à {time}"),
            Lang::De => format!("{day} um {time} Uhr"),
            Lang::Ru => format!("{day} в {time}"),
            Lang::Ar => format!("{day}، {time}"),
            Lang::En | Lang::Es | Lang::Hi => format!("{day}, {time}"),
        }
    }

    /// A number that was written with a point.
    fn decimal(&self, number: &str) -> String {
        match self.0 {
            Lang::Es | Lang::PtBr | Lang::Fr | Lang::De | Lang::Ru => number.replace('.', ","),
            _ => number.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2025, 10:00 UTC.
    const MOMENT: Millis = 1_763_805_600_000;

    #[test]
    fn sizes_are_short() {
        let sizes =
            [1, 1_024, 350_000, 1_020_000, 2_202_010, 10 * 1024 * 1024].map(|bytes| Texts(Lang::En).size(bytes));
        assert_eq!(sizes, ["1 KB", "1 KB", "342 KB", "997 KB", "2.1 MB", "10 MB"]);
        assert_eq!(Texts(Lang::Fr).size(2_202_010), "2,1 Mo");
        assert_eq!(Texts(Lang::Ru).size(350_000), "342 КБ");
    }

    #[test]
    fn moments_are_written_as_their_language_does() {
        for (lang, moment) in [
            (Lang::En, "22 Nov 2025, 10:00 UTC"),
            (Lang::ZhHans, "2025年11月22日 10:00 UTC"),
            (Lang::Ja, "2025年11月22日 10:00 UTC"),
            (Lang::Ko, "2025년 11월 22일 10:00 UTC"),
            (Lang::Es, "22 de noviembre de 2025, 10:00 UTC"),
            (Lang::PtBr, "22 de novembro de 2025 às 10:00 UTC"),
            (Lang::Fr, "22 novembre 2025 à 10:00 UTC"),
            (Lang::De, "22. November 2025 um 10:00 Uhr UTC"),
            (Lang::Ru, "22 ноября 2025 г. в 10:00 UTC"),
            (Lang::Ar, "22 نوفمبر 2025، 10:00 UTC"),
            (Lang::Hi, "22 नवंबर 2025, 10:00 UTC"),
        ] {
            assert_eq!(Texts(lang).moment(MOMENT), moment);
        }
    }

    #[test]
    fn moments_are_said_in_the_time_of_a_place() {
        let zone = |name| TimeZone::get(name).expect("a zone");
        let moment = |lang, name| Texts(lang).moment_in(MOMENT, &zone(name));
        assert_eq!(moment(Lang::En, "Asia/Shanghai"), "22 Nov 2025, 18:00 (UTC+8)");
        assert_eq!(moment(Lang::ZhHans, "America/St_Johns"), "2025年11月22日 06:30（UTC-3:30）");
        assert_eq!(moment(Lang::De, "Europe/Berlin"), "22. November 2025 um 11:00 Uhr (UTC+1)");
        assert_eq!(moment(Lang::En, "UTC"), "22 Nov 2025, 10:00 UTC");
    }

    #[test]
    fn every_month_has_a_name_and_the_first_is_an_ordinal_in_french() {
        for lang in Lang::ALL {
            let days: std::collections::BTreeSet<String> =
                (1..=12).map(|month| Texts(lang).date(jiff::civil::date(2026, month, 1))).collect();
            assert_eq!(days.len(), 12, "{days:?}");
        }
        assert_eq!(Texts(Lang::Fr).date(jiff::civil::date(2026, 8, 1)), "1er août 2026");
        assert_eq!(Texts(Lang::En).month(jiff::civil::date(2026, 8, 1)), "Aug 2026");
        assert_eq!(Texts(Lang::Ko).month(jiff::civil::date(2026, 8, 1)), "2026년 8월");
        assert_eq!(Texts(Lang::De).month(jiff::civil::date(2026, 8, 1)), "08/2026");
    }

    #[test]
    fn thousands_stand_apart_as_the_language_has_it() {
        let number = |lang| Texts(lang).number(10_000);
        assert_eq!([Lang::En, Lang::De, Lang::Fr].map(number), ["10,000", "10.000", "10\u{202f}000"]);
        assert_eq!(Texts(Lang::Hi).number(1_234_567), "12,34,567");
        assert_eq!([Texts(Lang::Es).number(1_000), Texts(Lang::En).number(999)], ["1000", "999"]);
    }

    #[test]
    fn a_label_ends_with_the_colon_of_its_language() {
        assert_eq!([Lang::En, Lang::Ja, Lang::Fr].map(|lang| Texts(lang).colon()), [": ", "：", "\u{a0}: "]);
    }
}
