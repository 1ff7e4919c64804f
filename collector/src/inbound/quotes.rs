//! What of a mail is new, and what only repeats an earlier one: quotes, and what programs add below. Such lines are folded and never cut, since people
//! also answer between the lines, and no list of marks is ever complete.

use super::cut;
use super::marks::{DEVICES, attribution, begins_fields, begins_head, is_rule, is_separator, next_said, plain};

/// A run of lines of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The lines.
    pub text: String,
    /// Whether they are shown only when asked for.
    pub is_folded: bool,
}

/// The lines of a mail in runs that are shown and runs that are folded. What is nothing but folded lines is shown as a whole.
pub fn segments(text: &str) -> Vec<Segment> {
    let lines: Vec<&str> = text.lines().collect();
    let folded = folded_lines(&lines);
    let says_something = lines.iter().zip(&folded).any(|(line, is_folded)| !is_folded && !line.trim().is_empty());
    if !says_something {
        return vec![Segment { text: text.trim().to_owned(), is_folded: false }];
    }
    let mut segments: Vec<(Vec<&str>, bool)> = Vec::new();
    for (line, is_folded) in lines.iter().zip(folded) {
        match segments.last_mut() {
            Some((run, run_is_folded)) if *run_is_folded == is_folded || line.trim().is_empty() => run.push(line),
            _ => segments.push((vec![line], is_folded)),
        }
    }
    let segments = segments.into_iter().map(|(lines, is_folded)| {
        let text = lines.join("\n").trim_matches(['\n', '\r']).trim_end().to_owned();
        Segment { text, is_folded }
    });
    segments.filter(|segment| !segment.text.trim().is_empty()).collect()
}

/// What is shown, with a mark where something is folded: for those who can't unfold it.
pub fn without_quotes(segments: &[Segment]) -> String {
    let shown = segments.iter().map(|segment| if segment.is_folded { "…" } else { segment.text.as_str() });
    shown.collect::<Vec<_>>().join("\n\n")
}

/// Only what is new.
pub fn new_text(text: &str) -> String {
    let new = segments(text).into_iter().filter(|segment| !segment.is_folded).map(|segment| segment.text);
    new.collect::<Vec<_>>().join("\n\n")
}

fn folded_lines(lines: &[&str]) -> Vec<bool> {
    let plain: Vec<String> = lines.iter().map(|line| plain(line)).collect();
    let mut folded = vec![false; lines.len()];
    let cut = cut::position(lines);
    let mut at = 0;
    while at < lines.len() {
        let line = plain[at].as_str();
        let begins_quote = is_separator(line)
            || begins_fields(&plain, at)
            || is_rule(line) && begins_head(&plain, at)
            || Some(at) == cut && !line.starts_with('>');
        if begins_quote || lines[at].starts_with("-- ") && line == "--" {
            // All that follows is the mail that is answered, or the signature.
            folded[at..].fill(true);
            break;
        }
        let introduces = attribution(&plain, at);
        if introduces > 0 {
            let after = at + introduces;
            let is_quoted = next_said(&plain, after - 1).is_some_and(|line| line.starts_with('>'));
            let names_somebody = plain[at..after].iter().any(|line| line.contains(['@', '<']));
            if !is_quoted && names_somebody {
                folded[at..].fill(true);
                break;
            }
            folded[at..after].fill(is_quoted);
            at = after;
            continue;
        }
        folded[at] =
            line.starts_with('>') || DEVICES.iter().any(|mark| line.starts_with(mark)) && line.chars().count() < 60;
        at += 1;
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new_of(text: &str) -> String {
        new_text(text)
    }

    #[test]
    fn each_program_s_quote_is_folded() {
        for quote in [
            "On Tue, 24 Nov 2026 at 10:00, Acme <care@acme.example> wrote:\n> Dear Li,\n> we are looking into it.",
            "On Tue, 24 Nov 2026 at 10:00, Acme Home Customer Service\n<care@acme.example> wrote:\n\n> Dear Li",
            "在 2026年11月24日，下午5:45，Acme <care@acme.example> 写道：\n> 您好",
            "在 2026-11-24 19:05:03，\"Acme\" <care@acme.example> 写道：\n您好，我们正在处理。",
            "-----原始邮件-----\n发件人: Acme <care@acme.example>\n发送时间: 2026-11-24 19:05:03 (星期二)",
            "------------------ 原始邮件 ------------------\n发件人: \"Acme\"",
            "------------------\u{a0}原始邮件\u{a0}------------------\n发件人: \"Acme\"",
            "发件人： Acme\n发送时间： 2026-11-24 15:56\n收件人： Li\n主题： 您的投诉",
            "From: Acme <care@acme.example>\nSent: Tuesday, November 24, 2026 10:00\nTo: Li\nSubject: Your complaint",
            "-----Original Message-----\nFrom: Acme",
            "Am 24.11.2026 um 10:00 schrieb Acme <care@acme.example>:\n> Guten Tag",
            "Am 24.11.2026 um 10:00 Acme <care@acme.example> schrieb:\n> Guten Tag",
            "2026年11月24日(火) 10:00 Acme <care@acme.example>のメッセージ:\n> こんにちは",
            "Am Di., 24. Nov. 2026 um 10:00 Uhr schrieb Acme <care@acme.example>:\n\n> Guten Tag",
            "Am Di., 24. Nov. 2026 um 10:00 Uhr schrieb Acme Kundendienst\n<care@acme.example>:\n> Guten Tag",
            "Am 24.11.26 um 10:00 schrieb Acme:\n> Guten Tag",
            "2026年11月24日(火) 10:00 Acme <care@acme.example>:\n\n> こんにちは",
            "вт, 24 нояб. 2026 г. в 10:00, Acme <care@acme.example>:\n\n> Здравствуйте",
            "Em ter., 24 de nov. de 2026 às 10:00, Acme <care@acme.example>\nescreveu:\n\n> Olá",
            "Il giorno mar 24 nov 2026 alle ore 10:00 Acme <care@acme.example> ha\nscritto:\n\n> Buongiorno",
            "2026년 11월 24일 (화) 오전 10:00, Acme <care@acme.example>님이 작성:\n\n> 안녕하세요",
            "في الثلاثاء، 24 نوفمبر 2026 في 10:00 ص تمت كتابة ما يلي بواسطة \u{202a}Acme\u{202c} <\u{202a}care@acme.example\u{202c}>:\n\n> مرحبا",
            "मंगल, 24 नव॰ 2026 को 10:00 am बजे को Acme <care@acme.example> ने लिखा:\n\n> नमस्ते",
            "________________________________\nDe : Acme <care@acme.example>\nEnvoyé : mardi 24 novembre 2026 10:00\nÀ : Li\nObjet : Votre réclamation",
            "De: Acme <care@acme.example>\nEnviado el: martes, 24 de noviembre de 2026 10:00\nPara: Li\nAsunto: Su queja",
            "De: Acme <care@acme.example>\nEnviada em: terça-feira, 24 de novembro de 2026 10:00\nPara: Li\nAssunto: Sua reclamação",
            "Da: Acme <care@acme.example>\nInviato: martedì 24 novembre 2026 10:00\nA: Li\nOggetto: Il suo reclamo",
            "差出人: Acme <care@acme.example>\n送信日時: 2026年11月24日 10:00\n宛先: Li\n件名: お問い合わせ",
            "보낸 사람: Acme <care@acme.example>\n보낸 날짜: 2026년 11월 24일 화요일 오전 10:00\n받는 사람: Li\n제목: 문의",
            "От: Acme <care@acme.example>\nОтправлено: 24 ноября 2026 г. 10:00\nКому: Li\nТема: Жалоба",
            "من: Acme <care@acme.example>\nتم الإرسال: الثلاثاء، 24 نوفمبر 2026 10:00\nإلى: Li\nالموضوع: شكوى",
            "प्रेषक: Acme <care@acme.example>\nभेजा गया: मंगलवार, 24 नवंबर 2026 10:00\nप्रति: Li\nविषय: शिकायत",
            "________________________________\nFeladó: Acme <care@acme.example>\nElküldve: kedd\nCímzett: Li\nTárgy: Panasz",
        ] {
            let text = format!("It is still broken.\n\n{quote}");
            assert_eq!(new_of(&text), "It is still broken.", "{quote}");
        }
    }

    #[test]
    fn answers_between_the_lines_are_shown() {
        let text = "Thanks!\n\nOn Tue, Acme <care@acme.example> wrote:\n> Which colour?\n\nRed.\n\n> And the size?\n\nTwo metres.";
        assert_eq!(new_of(text), "Thanks!\n\nRed.\n\nTwo metres.");
        let whole: Vec<String> = segments(text).into_iter().map(|segment| segment.text).collect();
        for line in text.lines().filter(|line| !line.is_empty()) {
            assert!(whole.iter().any(|segment| segment.contains(line)), "{line} is lost");
        }
    }

    #[test]
    fn signatures_are_folded_where_they_stand() {
        assert_eq!(new_of("好的，谢谢\n\n发自我的iPhone"), "好的，谢谢");
        assert_eq!(new_of("Sent from my Galaxy\n\nIt works."), "It works.");
        assert_eq!(new_of("Yes.\n-- \nLi Lei\nAcme Ltd"), "Yes.");
    }

    #[test]
    fn what_people_write_themselves_is_shown() {
        for text in
            ["发件人: 是谁?", "The letter says: original", "On Monday he wrote:", "-- no", "1. first\n2. second"]
        {
            assert_eq!(new_of(text), text);
        }
        assert_eq!(new_of("> only a quote"), "> only a quote", "what has nothing new is shown as it is");
    }

    proptest! {
        #[test]
        fn no_line_is_ever_lost(text in "([a-z>字 :-]{0,12}|On x wrote:|发件人: a|-----原始邮件-----|-- )(\n([a-z>字 :-]{0,12}|主题: b|-- ))*") {
            let shown = segments(&text).iter().map(|segment| segment.text.clone()).collect::<Vec<_>>().join("\n");
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                prop_assert!(shown.contains(line), "{line:?} of {text:?} in {shown:?}");
            }
        }
    }
}
