//! Numbers of several parts, such as `2026-11-0042` or `A-1042/7`, which some write with dashes, some with dots and some in one.

use sayso_analysis::runs::{PlacedRun, Run};

/// A number of several parts in one piece is a token if it has so many characters; with fewer, `3.5` would be found by `35`.
const LENGTH: std::ops::RangeInclusive<usize> = 6..=32;
/// What has more parts is a table.
const PARTS_MAX: usize = 8;
/// The longest part without a digit, such as `INV`.
const WORD_MAX: usize = 6;

/// The numbers of several parts that stand in a text, each in one piece.
pub fn joined(folded: &[char], runs: &[PlacedRun]) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut parts: Vec<&PlacedRun> = Vec::new();
    for run in runs {
        let goes_on = parts.last().is_some_and(|last| is_joined(last, &folded[last.range.end..run.range.start], run));
        if !goes_on {
            numbers.extend(in_one(&parts));
            parts.clear();
        }
        parts.push(run);
    }
    numbers.extend(in_one(&parts));
    numbers
}

/// Whether a text is one number of several parts and nothing else.
pub fn is_number(folded: &[char], runs: &[PlacedRun]) -> bool {
    let is_joined = |pair: &[PlacedRun]| is_joined(&pair[0], &folded[pair[0].range.end..pair[1].range.start], &pair[1]);
    (2..=PARTS_MAX).contains(&runs.len()) && runs.windows(2).all(is_joined) && runs.iter().any(has_digit)
}

fn is_joined(one: &PlacedRun, between: &[char], other: &PlacedRun) -> bool {
    if !is_part(one) || !is_part(other) {
        return false;
    }
    match between {
        [sign] if is_sign(*sign) => true,
        // A space parts words, so only figures go on after it: `0800 123 456`, `(0800) 123 - 456`.
        [_, ..] if between.len() <= 3 => {
            is_figure(one) && is_figure(other) && between.iter().all(|sign| is_space(*sign) || is_dash(*sign))
        }
        _ => false,
    }
}

fn in_one(parts: &[&PlacedRun]) -> Option<String> {
    let number: String = parts.iter().map(|part| part.word()).collect();
    let is_one = (2..=PARTS_MAX).contains(&parts.len()) && LENGTH.contains(&number.chars().count());
    (is_one && parts.iter().any(|part| has_digit(part))).then_some(number)
}

fn is_part(run: &PlacedRun) -> bool {
    let Run::Word(word) = &run.run else { return false };
    word.chars().all(char::is_alphanumeric) && (has_digit(run) || word.chars().count() <= WORD_MAX)
}

fn has_digit(run: &PlacedRun) -> bool {
    run.word().chars().any(char::is_numeric)
}

fn is_figure(run: &PlacedRun) -> bool {
    run.word().chars().all(char::is_numeric)
}

const fn is_sign(character: char) -> bool {
    is_dash(character) || matches!(character, '.' | '_' | '\\')
}

const fn is_dash(character: char) -> bool {
    matches!(character, '-' | '/' | '\u{2010}'..='\u{2015}')
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '(' | ')')
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;
    use sayso_analysis::runs::cut;

    fn numbers(text: &str) -> Vec<String> {
        let folded: Vec<char> = fold(text).chars().collect();
        joined(&folded, &cut(folded.iter().copied()))
    }

    #[test]
    fn finds_numbers_however_they_are_parted() {
        for text in [
            "2026-11-0042",
            "2026.11.0042",
            "2026 11 0042",
            "2026/11/0042",
            "２０２６－１１－００４２",
            "订单2026–11–0042号",
            "2026−11−0042",
            "2026∕11∕0042",
            "2026ー11ー0042",
            "2026ｰ11ｰ0042",
            "٢٠٢٦-١١-٠٠٤٢",
        ] {
            assert_eq!(numbers(text), ["2026110042"], "{text}");
        }
        assert_eq!(numbers("Invoice A-1042/7, call (0170) 123-4567."), ["a10427", "01701234567"]);
    }

    #[test]
    fn leaves_words_and_short_numbers() {
        for text in [
            "well-known",
            "3.5",
            "I paid 100. 200 came back",
            "order-number 1042",
            "1 2 3 4 5 6 7 8 9 10",
            "10:30",
            "shipping/1042/8",
        ] {
            assert_eq!(numbers(text), [""; 0], "{text}");
        }
    }
}
