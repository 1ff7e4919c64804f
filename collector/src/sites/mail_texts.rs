//! What mails to a site's customers say in its owner's words.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use sayso_shared::Lang;

use super::texts::{ALL_TEXTS_MAX, OwnTexts, Texts as ByLanguage, language_tag, set};
use crate::text::Texts;

/// The texts of mails that a site can have in other words.
const MAIL_TEXTS: &[&str] = &[
    "mail.hello",
    "mail.hello_name",
    "mail.subject.complaint",
    "mail.subject.suggestion",
    "mail.subject.question",
    "mail.subject.praise",
    "mail.receipt.thanks.complaint",
    "mail.receipt.thanks.suggestion",
    "mail.receipt.thanks.question",
    "mail.receipt.thanks.praise",
    "mail.receipt.split",
    "mail.receipt.promise",
    "mail.receipt.link",
    "mail.receipt.keep",
    "mail.answer.intro",
    "mail.answer.link",
    "mail.question.intro",
    "mail.question.without_words",
    "mail.question.link",
    "mail.resolved.intro",
    "mail.resolved.intro.praise",
    "mail.resolved.without_words",
    "mail.resolved.link",
    "mail.resolved.not_solved",
    "mail.digest.receipts_intro",
    "mail.digest.news_intro",
    "mail.can_reply",
    "mail.no_reply",
    "mail.signature",
    "mail.customer_footer",
    "mail.survey.again",
    "mail.survey.anonymous",
    "mail.survey.link",
    "mail.survey.changeable",
    "mail.survey.footer",
];

/// The keys of the texts of mails that a site can have in other words: those of the language files, without the `mail.` before them.
pub fn mail_texts() -> impl Iterator<Item = &'static str> {
    MAIL_TEXTS.iter().filter_map(|key| key.strip_prefix("mail."))
}

/// Sets or, if it is empty, removes one of them, named `KEY.LANG`.
pub fn set_mail_text(own: &mut OwnTexts, name: &str, value: &str) -> anyhow::Result<()> {
    let (key, tag) = name.rsplit_once('.').context("write mail_text.KEY.LANG, such as mail_text.receipt.keep.en")?;
    let listed = || mail_texts().collect::<Vec<_>>().join(", ");
    ensure!(mail_texts().any(|known| known == key), "mails have no text {key}; there are: {}", listed());
    let tag = language_tag(tag)?;
    let known = placeholders(key);
    for name in named_in(value) {
        let listed = known.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
        ensure!(!listed.is_empty(), "the text {key} has nothing to fill in, so it can't have {{{name}}}");
        ensure!(known.contains(name), "the text {key} knows no {{{name}}}; it can say {listed}");
    }
    let mut all = own.clone();
    let texts: &mut ByLanguage = all.entry(key.to_owned()).or_default();
    set(texts, &tag, value)?;
    if texts.is_empty() {
        all.remove(key);
    }
    let total: usize = all.values().flat_map(ByLanguage::values).map(|text| text.chars().count()).sum();
    ensure!(total <= ALL_TEXTS_MAX, "all texts of a site's mails together have at most {ALL_TEXTS_MAX} characters");
    *own = all;
    Ok(())
}

/// What a text can have filled in, such as `moment`.
pub fn placeholders(key: &str) -> BTreeSet<&'static str> {
    Texts(Lang::En).find(&format!("mail.{key}")).map(|text| named_in(text).collect()).unwrap_or_default()
}

fn named_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_them_is_one_of_ours() {
        for key in mail_texts() {
            assert!(Texts(Lang::En).find(&format!("mail.{key}")).is_some_and(|text| !text.is_empty()), "{key}");
        }
    }

    #[test]
    fn our_own_words_are_good_in_every_language() {
        for lang in Lang::ALL {
            let mut own = OwnTexts::new();
            for key in mail_texts() {
                let text = Texts(lang).get(&format!("mail.{key}"));
                set_mail_text(&mut own, &format!("{key}.{}", lang.as_str()), text).expect(key);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let mut own = OwnTexts::new();
        for (name, value, said) in [
            ("receipt.kept.en", "x", "no text receipt.kept"),
            ("keep", "x", "mail_text.KEY.LANG"),
            ("receipt.keep.it", "x", "ja, ko, pt-BR"),
            ("receipt.keep.en", "Dear {name}", "nothing to fill in"),
            ("receipt.promise.en", "By {when}", "it can say {moment}"),
            ("receipt.keep.en", "a\u{0}b", "control"),
        ] {
            let error = set_mail_text(&mut own, name, value).expect_err(name).to_string();
            assert!(error.contains(said), "{name}: {error}");
        }
        set_mail_text(&mut own, "answer.intro.en", "{who} writes:").expect("not everything has to be filled in");
        set_mail_text(&mut own, "answer.intro.en", "").expect("it is cleared");
        assert!(own.is_empty());
    }
}
