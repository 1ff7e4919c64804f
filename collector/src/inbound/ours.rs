//! The last guard before a member's mail goes to the customer: no list of marks is ever complete, and what the mail quotes is one of ours to the staff,
//! maybe about a note. Where any line of that is left, it does not go.

use super::address::case_of_address;
use super::cut::{languages, letters};
use super::marks::field;
use crate::app::App;
use crate::cases::{Case, query};
use crate::http::Result;
use crate::keys::Keys;
use crate::sites::Site;

/// The text that an answer begins with that was kept back, and so is a note.
pub(super) const KEPT_BACK: &str = "team.kept_back";
/// Sentences of our mails to the staff. What stands in the place of a name is not looked for.
const SENTENCES: [&str; 8] = [
    "team.cut",
    "team.can_reply",
    "team.footer",
    "team.yours_footer",
    "team.team_footer",
    "team.yours_by",
    "team.escalated_text",
    "team.alarm_text",
];
/// What our details are called. Two of them are a mark; one alone people write too.
const DETAILS: [&str; 12] = [
    "team.fact.customer",
    "team.fact.kind",
    "team.fact.priority",
    "team.fact.owner",
    "team.fact.category",
    "team.fact.rating",
    "team.fact.desired_outcome",
    "team.fact.reference",
    "team.fact.page",
    "team.fact.received",
    "team.fact.due",
    "team.fact.escalated_to",
];
/// How wide a text is that nobody writes by chance, also as a part of a line.
const PHRASE_MIN: usize = 16;
/// How wide a whole line of a note is that nobody writes by chance. Shorter ones say little.
const LINE_MIN: usize = 8;
/// How wide a line of the customer is that nobody writes by chance, though people may repeat a few words of it.
const SAID_MIN: usize = 24;
/// The way to a case, as links have it and as scanners write it into links of their own.
const LINKS: [&str; 2] = ["/staff/cases/", "%2fstaff%2fcases%2f"];

/// Whether lines of a mail of ours to the staff are left in what would go to the customer.
pub(super) async fn remains(app: &App, site: &Site, case: &Case, text: &str) -> Result<bool> {
    if is_of_frame(&app.keys, site.name(), text) {
        return Ok(true);
    }
    let messages = query::messages(app, &case.id).await?;
    let of = |author: &str| {
        messages
            .iter()
            .filter(|message| message.author == author)
            .map(|message| message.body.as_str())
            .collect::<Vec<_>>()
    };
    let said = [of("customer"), vec![case.message.as_str()]].concat();
    // What went to the customer before may go again.
    let known = [of("staff"), said.clone()].concat();
    Ok(is_of_notes(&of("note"), &known, text) || is_of_customer(&said, text))
}

/// Whether what all of our mails to the staff have is in a text.
fn is_of_frame(keys: &Keys, site: &str, text: &str) -> bool {
    let lower = text.to_lowercase();
    let has_address = || {
        let words = text.split(|c: char| c.is_whitespace() || "<>()[]{}\"',;:|*＜＞（）：；，".contains(c));
        words.filter(|word| word.contains('+')).any(|word| case_of_address(keys, word).is_some())
    };
    // As our subjects begin.
    let has_subject = || lower.contains(&format!("[{}]", site.to_lowercase()));
    if LINKS.iter().any(|link| lower.contains(link)) || has_subject() || has_address() {
        return true;
    }
    let all = letters(text);
    let lines: Vec<String> = text.lines().map(letters).collect();
    languages().any(|t| {
        let button = letters(t.get("team.link"));
        let sentences = SENTENCES.iter().flat_map(|key| t.get(key).split(['{', '}']).step_by(2)).map(letters);
        let mut sentences = sentences.filter(|sentence| width(sentence) >= PHRASE_MIN);
        let names: Vec<String> = DETAILS.iter().map(|key| letters(t.get(key))).collect();
        let named =
            text.lines().filter_map(|line| line.split_once('\t').map(|(name, _)| name).or_else(|| field_of(line)));
        lines.contains(&button)
            || sentences.any(|sentence| all.contains(&sentence))
            || named.map(letters).filter(|name| names.contains(name)).count() >= 2
    })
}

fn field_of(line: &str) -> Option<&str> {
    line.split_once('：').map(|(name, _)| name).or_else(|| field(line))
}

/// Whether words of a note are in a text, unless the customer knows them.
fn is_of_notes(notes: &[&str], known: &[&str], text: &str) -> bool {
    let kept_back: Vec<&str> = languages().map(|t| t.get(KEPT_BACK)).collect();
    let known: Vec<String> = known.iter().flat_map(|said| said.lines()).map(letters).collect();
    let all = letters(text);
    let lines: Vec<String> = text.lines().map(letters).filter(|line| !known.contains(line)).collect();
    // What was kept back before is sent again without what was left in it.
    let notes = notes.iter().filter(|note| !kept_back.iter().any(|mark| note.starts_with(mark)));
    notes.into_iter().any(|note| {
        let whole = letters(note);
        let mut of_note = note.lines().map(letters).filter(|line| !known.contains(line));
        lines.iter().any(|line| width(line) >= PHRASE_MIN && whole.contains(line.as_str()))
            || of_note.any(|line| {
                width(&line) >= LINE_MIN && lines.contains(&line) || width(&line) >= PHRASE_MIN && all.contains(&line)
            })
    })
}

/// Whether a whole line is the customer's: then more of the mail that it stands in is left as well.
fn is_of_customer(said: &[&str], text: &str) -> bool {
    let said: Vec<String> = said.iter().map(|said| letters(said)).collect();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('>')).map(letters);
    lines.filter(|line| width(line) >= SAID_MIN).any(|line| said.iter().any(|said| said.contains(&line)))
}

/// How much a text says: a character of Chinese is about a word.
fn width(letters: &str) -> usize {
    letters.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::address::{Party, reply_address};
    use crate::keys::new_id;

    const NOTE: &str = "Do not give a refund.\n他是黑名单上的客户。\nFraud!";

    fn keys() -> Keys {
        Keys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("it is a key")
    }

    fn of_frame(text: &str) -> bool {
        is_of_frame(&keys(), "Acme Home", text)
    }

    #[test]
    fn what_our_mails_say_is_known() {
        for text in [
            "Dear Li,\nOpen the case",
            "打开这条反馈：https://acme.example/staff/cases/018f",
            "https://scan.example/?u=https%3A%2F%2Facme.example%2Fstaff%2Fcases%2F018f",
            "Objet : [Acme Home] New note #12: Do not",
            "Sayso sends you this because you are a\nmember of the service team.",
            "回复此邮件即可添加备注；如果第一行是 #reply，其余内容将发送给客户。",
            "Priority: high\nOwner: Lee",
            "Priority\thigh\nOwner\tLee",
        ] {
            assert!(of_frame(text), "{text}");
        }
        let signed = reply_address(&keys(), "care@acme.example", Party::Staff, &new_id()).expect("it fits");
        assert!(of_frame(&format!("Dear Li,\nDe : Acme <{signed}>")));
        for text in ["Dear Li,\na new leg is on its way.", "Priority: high", "Write to care@acme.example.", "Acme Home"]
        {
            assert!(!of_frame(text), "{text}");
        }
    }

    #[test]
    fn no_line_of_a_note_goes_to_the_customer() {
        for text in [
            "Dear Li,\n> Do not give a refund.",
            "do not\ngive a refund",
            "他是黑名单上的客户。",
            "x Do not give a refund. y",
        ] {
            assert!(is_of_notes(&[NOTE], &[], text), "{text}");
        }
        assert!(!is_of_notes(&[NOTE], &[], "Dear Li,\nwe give you a refund."));
        assert!(!is_of_notes(&["Dear Li Lei,\nhello"], &["Dear Li Lei,"], "Dear Li Lei,\na leg is on its way."));
        let kept_back =
            format!("{}\n\nDear Li Lei, a leg is on its way.", languages().next().expect("one").get(KEPT_BACK));
        assert!(!is_of_notes(&[&kept_back], &[], "Dear Li Lei, a leg is on its way."), "it may be sent again");
    }

    #[test]
    fn a_line_of_the_customer_shows_that_more_is_left() {
        let said = ["The sofa came broken, and nobody\nanswers the telephone."];
        assert!(is_of_customer(&said, "Dear Li,\nThe sofa came broken, and nobody answers the telephone."));
        assert!(!is_of_customer(&said, "Dear Li,\nyou wrote that the sofa came broken."));
        assert!(!is_of_customer(&said, "> The sofa came broken, and nobody\nYes."));
    }
}
