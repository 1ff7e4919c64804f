//! The forms that languages have for numbers, by the rules of CLDR for whole numbers.

use sayso_shared::Lang;

/// The names of the forms that a language has, in the order of the alphabet. `other` is always there; the forms of fractions are too, which whole
/// numbers never take.
pub(super) const fn categories(lang: Lang) -> &'static [&'static str] {
    match lang {
        Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja | Lang::Ko => &["other"],
        Lang::En | Lang::De | Lang::Hi => &["one", "other"],
        Lang::Es | Lang::PtBr | Lang::Fr => &["many", "one", "other"],
        Lang::Ru => &["few", "many", "one", "other"],
        Lang::Ar => &["few", "many", "one", "other", "two", "zero"],
    }
}

/// The name of the form that a language has for a number.
pub(super) fn category(lang: Lang, number: u64) -> &'static str {
    match lang {
        Lang::ZhHans | Lang::ZhHant | Lang::ZhHk | Lang::Ja | Lang::Ko => "other",
        Lang::En | Lang::De => {
            if number == 1 {
                "one"
            } else {
                "other"
            }
        }
        Lang::Hi => {
            if number < 2 {
                "one"
            } else {
                "other"
            }
        }
        Lang::Es if number == 1 => "one",
        Lang::PtBr | Lang::Fr if number < 2 => "one",
        Lang::Es | Lang::PtBr | Lang::Fr => {
            if number > 0 && number.is_multiple_of(1_000_000) {
                "many"
            } else {
                "other"
            }
        }
        Lang::Ru => slavic(number),
        Lang::Ar => arabic(number),
    }
}

fn slavic(number: u64) -> &'static str {
    match (number % 10, number % 100) {
        (1, last) if last != 11 => "one",
        (2..=4, last) if !(12..=14).contains(&last) => "few",
        _ => "many",
    }
}

fn arabic(number: u64) -> &'static str {
    match (number, number % 100) {
        (0, _) => "zero",
        (1, _) => "one",
        (2, _) => "two",
        (_, 3..=10) => "few",
        (_, 11..) => "many",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples of CLDR.
    #[test]
    fn a_number_has_the_form_of_its_language() {
        let samples: [(Lang, &str, &[u64]); 24] = [
            (Lang::Ja, "other", &[0, 1, 2, 15, 1_000_000]),
            (Lang::En, "one", &[1]),
            (Lang::En, "other", &[0, 2, 16, 101]),
            (Lang::De, "one", &[1]),
            (Lang::De, "other", &[0, 2, 21]),
            (Lang::Hi, "one", &[0, 1]),
            (Lang::Hi, "other", &[2, 17, 101]),
            (Lang::Es, "one", &[1]),
            (Lang::Es, "other", &[0, 2, 100, 1_000_001]),
            (Lang::Es, "many", &[1_000_000, 2_000_000]),
            (Lang::PtBr, "one", &[0, 1]),
            (Lang::PtBr, "other", &[2, 17, 1_000]),
            (Lang::Fr, "one", &[0, 1]),
            (Lang::Fr, "other", &[2, 17, 1_000]),
            (Lang::Fr, "many", &[1_000_000]),
            (Lang::Ru, "one", &[1, 21, 101, 1_001]),
            (Lang::Ru, "few", &[2, 4, 22, 34, 102]),
            (Lang::Ru, "many", &[0, 5, 11, 12, 14, 19, 100, 111, 112, 1_000_000]),
            (Lang::Ar, "zero", &[0]),
            (Lang::Ar, "one", &[1]),
            (Lang::Ar, "two", &[2]),
            (Lang::Ar, "few", &[3, 10, 103, 110, 1_003]),
            (Lang::Ar, "many", &[11, 26, 99, 111, 1_011]),
            (Lang::Ar, "other", &[100, 102, 200, 1_000, 1_000_000]),
        ];
        for (lang, form, numbers) in samples {
            for number in numbers {
                assert_eq!(category(lang, *number), form, "{number} in {}", lang.as_str());
                assert!(categories(lang).contains(&form), "{form} in {}", lang.as_str());
            }
        }
    }
}
