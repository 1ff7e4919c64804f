//! What mails to a site's customers say in its owner's words.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use sayso_shared::Lang;

use super::texts::{ALL_TEXTS_MAX, OwnTexts, Texts as ByLanguage, language_tag, set};
use crate::text::Texts;

/// The texts of mails that a site can have in other words: those of the language files, without the `mail.` before them.
pub const MAIL_TEXTS: &[&str] = &[
    "hello",
    "hello_name",
    "subject.complaint",
    "subject.suggestion",
    "subject.question",
    "subject.praise",
    "receipt.thanks.complaint",
    "receipt.thanks.suggestion",
    "receipt.thanks.question",
    "receipt.thanks.praise",
    "receipt.split",
    "receipt.promise",
    "receipt.link",
    "receipt.keep",
    "answer.intro",
    "answer.link",
    "question.intro",
    "question.without_words",
    "question.link",
    "resolved.intro",
    "resolved.intro.praise",
    "resolved.without_words",
    "resolved.link",
    "resolved.not_solved",
    "digest.receipts_intro",
    "digest.news_intro",
    "can_reply",
    "no_reply",
    "signature",
    "customer_footer",
    "survey.again",
    "survey.anonymous",
    "survey.link",
    "survey.changeable",
    "survey.footer",
];

/// Sets or, if it is empty, removes one of them, named `KEY.LANG`.
pub fn set_mail_text(own: &mut OwnTexts, name: &str, value: &str) -> anyhow::Result<()> {
    let (key, tag) = name.rsplit_once('.').context("write mail_text.KEY.LANG, such as mail_text.receipt.keep.en")?;
    ensure!(MAIL_TEXTS.contains(&key), "mails have no text {key}; there are: {}", MAIL_TEXTS.join(", "));
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
        for key in MAIL_TEXTS {
            assert!(Texts(Lang::En).find(&format!("mail.{key}")).is_some_and(|text| !text.is_empty()), "{key}");
        }
    }

    #[test]
    fn our_own_words_are_good_in_every_language() {
        for lang in Lang::ALL {
            let mut own = OwnTexts::new();
            for key in MAIL_TEXTS {
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
