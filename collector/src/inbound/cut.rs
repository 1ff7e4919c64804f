//! The line at the top of each mail to the staff, above which they write their answer. What stands below it is ours, in whatever way a program quotes it
//! and in whatever language it introduces the quote.

use sayso_shared::Lang;
use unicode_normalization::UnicodeNormalization as _;

use super::marks::{SENDER_FIELDS, field, is_separator, plain};
use crate::text::Texts;

/// The text of the line, which is set between dashes.
const TEXT: &str = "team.cut";
/// Lines above it that are looked at for what introduces the quote.
const INTRODUCTION_MAX: usize = 20;
/// Lines into which programs break the one that says who wrote what follows.
const ATTRIBUTION_MAX: usize = 3;
/// Lines in which a field of a head may go on.
const FOLDED_MAX: usize = 2;

/// The line in a language of the console.
pub fn line(t: Texts) -> String {
    format!("— {} —", t.get(TEXT))
}

/// The languages in which the staff have mails.
pub(super) fn languages() -> impl Iterator<Item = Texts> {
    Lang::CONSOLE.into_iter().chain([Lang::ZhHk]).map(Texts)
}

/// The letters and figures of a text, which programs leave as they are, wherever they break its lines and whatever they write before them.
pub(super) fn letters(text: &str) -> String {
    // Most lines are nothing but these, and each is looked at.
    if text.is_ascii() {
        return text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    text.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The number of the first line in which the cut line begins.
pub(super) fn position(lines: &[&str]) -> Option<usize> {
    let mut all = String::new();
    let mut begins = Vec::with_capacity(lines.len());
    for line in lines {
        begins.push(all.len());
        all.push_str(&letters(line));
    }
    let first = languages().filter_map(|t| all.find(&letters(t.get(TEXT)))).min()?;
    Some(begins.partition_point(|begin| *begin <= first).saturating_sub(1))
}

/// What stands above the line, without what introduces the quote; none if there is no such line.
pub(super) fn above(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let end = position(&lines)?;
    Some(lines[..introduction(&lines[..end])].join("\n"))
}

/// Where what introduces the quote begins, which ends with these lines.
fn introduction(lines: &[&str]) -> usize {
    let plain: Vec<String> = lines.iter().map(|line| plain(line)).collect();
    let says = |at: usize| plain[at].chars().any(char::is_alphanumeric) && !is_separator(&plain[at]);
    let mut end = said_until(&plain, plain.len(), says);
    let Some(last) = end.checked_sub(1) else { return 0 };
    if plain[last].ends_with(':') {
        // The date is at the beginning, and the name and the address are behind it.
        let above = (0..last).rev().take_while(|at| says(*at)).take(ATTRIBUTION_MAX - 1);
        let begin =
            if has_date(&plain[last]) { last } else { above.filter(|at| has_date(&plain[*at])).max().unwrap_or(last) };
        return said_until(&plain, begin, says);
    }
    // The head of the mail: the line of its sender is the first.
    let mut begin = None;
    let mut folded = 0;
    for at in (0..end).rev().filter(|at| says(*at)).take(INTRODUCTION_MAX) {
        match field(&plain[at]) {
            Some(name) if is_name(name) => {
                folded = 0;
                if SENDER_FIELDS.contains(&name) {
                    begin = Some(at);
                    break;
                }
                if plain[at].contains('@') {
                    begin = Some(at);
                }
            }
            _ if folded == FOLDED_MAX => break,
            _ => folded += 1,
        }
    }
    end = begin.unwrap_or(end);
    said_until(&plain, end, says)
}

/// Behind the last line before `end` that says something.
fn said_until(plain: &[String], end: usize, says: impl Fn(usize) -> bool) -> usize {
    debug_assert!(end <= plain.len());
    (0..end).rev().find(|at| says(*at)).map_or(0, |at| at + 1)
}

/// Whether a line may hold a date: a year, or a day and a month.
fn has_date(line: &str) -> bool {
    line.chars().filter(char::is_ascii_digit).count() >= 3
}

/// Whether what stands before a colon may be the name of a field, and is no sentence.
fn is_name(name: &str) -> bool {
    name.chars().any(char::is_alphabetic) && name.chars().count() <= 30 && name.split_whitespace().count() <= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(introduction: &str, mark: &str, t: Texts) -> String {
        let ours = format!("{}\n\nNew note #12\n\nThey are on the black list.", line(t));
        let ours: Vec<String> = ours.lines().map(|line| format!("{mark}{line}")).collect();
        format!("#reply\nDear Li,\nin the box: a leg.\n\n{introduction}\n{}\n", ours.join("\n"))
    }

    #[test]
    fn what_stands_below_is_cut_off_however_it_is_introduced() {
        for introduction in [
            "",
            "De : Acme <care+s1@acme.example>\nEnvoyé : mardi 24 novembre 2026 10:00\nÀ : Lee\nObjet : [Acme] New note #12: They are\non the black list\n",
            "________________________________\nOd: Acme <care+s1@acme.example>\n\nWysłano: wtorek\n\nDo: Lee\n\nTemat: [Acme] New note #12: They are\n",
            "差出人: Acme <care+s1@acme.example>\n送信日時: 2026年11月24日 10:00\n宛先: Lee\n件名: [Acme] New note #12",
            "Il giorno mar 24 nov 2026 alle ore 10:00 Acme <care+s1@acme.example> ha scritto:\n",
            "W dniu wt., 24 lis 2026 o 10:00 Acme Home Customer Service\n<care+s1@acme.example> napisał(a):\n",
            "-----原始邮件-----\n发件人: Acme <care+s1@acme.example>\n发送时间: 2026-11-24 19:05:03 (星期二)\n收件人: Lee\n主题: New note",
            "Ett namn: Acme <care+s1@acme.example>\nEn dag: tisdag\nEtt ärende: New note",
        ] {
            for mark in ["", "> ", ">> ", "| "] {
                for t in languages() {
                    let text = quoted(introduction, mark, t);
                    let above = above(&text).expect("the line is known");
                    assert_eq!(above, "#reply\nDear Li,\nin the box: a leg.", "{text}");
                }
            }
        }
    }

    #[test]
    fn the_line_is_known_however_it_is_broken_and_decorated() {
        for text in [
            "Yes.\n> — Write your answer\n> above this line —",
            "Yes.\n*-- WRITE YOUR ANSWER ABOVE THIS LINE --*",
            "Yes.\n? Write your answer above=20this line ?".replace("=20", "\u{a0}").as_str(),
            "Yes.\n\n> > — 请在这一行上方\n> > 书写回复 —",
        ] {
            assert_eq!(above(text).as_deref(), Some("Yes."), "{text}");
        }
        assert_eq!(above("Write your answer, please."), None);
        assert_eq!(above(&line(Texts(Lang::En))).as_deref(), Some(""));
    }

    #[test]
    fn what_a_member_wrote_last_is_no_introduction() {
        for text in ["Order: A-17\nDelivery: Monday", "Please write to us.\nCall: 555", "At ten."] {
            let whole = format!(
                "{text}\n\nLe mar. 24 nov. 2026 à 10:00, Acme <a@b.example> a écrit :\n> {}",
                line(Texts(Lang::En))
            );
            assert_eq!(above(&whole).as_deref(), Some(text));
            assert_eq!(above(&format!("{text}\n\n{}", line(Texts(Lang::En)))).as_deref(), Some(text));
        }
    }
}
