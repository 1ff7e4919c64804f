use proptest::prelude::*;

use super::*;
use crate::db::search::Tokens;

fn is_met(asked: &Text, text: &str) -> bool {
    let mut tokens = Tokens::default();
    tokens.add_text(text);
    let tokens = tokens.joined();
    let has = |term: &Term| tokens.split(' ').any(|token| term.has(token));
    asked.terms().iter().all(has) && !asked.unwanted().iter().any(has) && asked.is_met_by(&[text.to_owned()])
}

fn finds(words: &str, text: &str) -> bool {
    is_met(&Text::of_words(words), text)
}

fn finds_phrase(phrase: &str, text: &str) -> bool {
    let mut asked = Text::default();
    asked.add_phrase(phrase);
    is_met(&asked, text)
}

#[test]
fn finds_words_by_their_beginnings() {
    for query in ["deliv", "del", "deliv*", "DELIVERY", "late deliv", "deliv* late", "pack"] {
        assert!(finds(query, "Late delivery, torn packaging"), "{query}");
    }
    for query in ["de", "deliv late", "livery", "delivered", "refunds*"] {
        assert!(!finds(query, "Late delivery, torn packaging, one refund"), "{query}");
    }
    assert!(finds("Rechnung", "Zwei Rechnungen"));
    assert!(finds("rechn*", "Zwei Rechnungen"));
}

#[test]
fn finds_whatever_is_the_same() {
    for (query, text) in [
        ("muller", "Herr Müller"),
        ("café", "the cafe"),
        ("istanbul", "İstanbul'da"),
        ("質量", "质量问题"),
        ("质量", "質量問題"),
        ("हिन्दी", "यह हिन्दी है"),
        ("देर", "बहुत देर हुई"),
        ("محطم", "الصندوق مُحَطَّم"),
        ("สวัสดี", "สวัสดีครับสินค้าเสียหาย"),
        ("①②", "step ①②"),
        ("⅛", "⅛ inch"),
        ("😡", "so late 😡😡"),
        ("👍", "great 👍🏽"),
        ("refund", "two refunds"),
        ("refunds", "not refunded yet"),
        ("delayed parcel", "a delay of all parcels"),
        ("delays", "delayed again"),
        ("Haus", "zwei Häuser stehen leer"),
        ("Lieferungen", "Die Lieferung war zu spät, und niemand hat angerufen"),
        ("заказ", "два заказа"),
    ] {
        assert!(finds(query, text), "{query} in {text}");
    }
}

#[test]
fn a_number_is_found_however_its_parts_are_parted() {
    let spellings =
        ["2026-11-0042", "2026.11.0042", "2026/11/0042", "2026 11 0042", "2026110042", "２０２６–１１–００４２"];
    for query in spellings {
        for text in spellings {
            assert!(finds(query, &format!("Invoice {text}, please")), "{query} in {text}");
        }
        assert!(!finds(query, "In 2026 on the 11th"), "{query}");
    }
    assert!(!finds("2026-11-0042", "0042 of 11 in 2026"), "in its order");
    for query in ["A-1042/7", "a1042/7", "A.1042-7", "A10427", "A-1042", "A-104"] {
        assert!(finds(query, "订单A-1042/7号"), "{query}");
    }
    assert!(finds("0170 1234567", "call 0170-123-4567") && finds("01701234567", "(0170) 123-4567"));
    assert!(!finds("35", "3.5 stars"));
}

#[test]
fn a_phrase_is_found_as_it_stands() {
    assert!(finds_phrase("not delivered", "It was not, delivered!"));
    assert!(!finds_phrase("not delivered", "It was delivered, not sold"));
    assert!(finds_phrase("货迟到", "送货迟到了"));
    assert!(!finds_phrase("货迟到", "货迟，迟到"));
    assert!(finds_phrase("送货 late", "送货 late"));
    assert!(!finds_phrase("refund", "two refunds"), "in quotes only what stands there");
    assert!(finds_phrase("送貨 LATE", "请送货 late到了") && !finds_phrase("送货 late", "送货员 late"));
}

#[test]
fn what_is_not_wanted_is_left_out() {
    let without = |word: &str| {
        let mut asked = Text::default();
        asked.add_unwanted_word(word);
        asked
    };
    for (word, text) in [
        ("refund", "two refunds"),
        ("客服", "在线客服"),
        ("客服务", "客服务"),
        ("deliv*", "delivered"),
        ("2026-11", "2026.11"),
    ] {
        assert!(!is_met(&without(word), text), "-{word} in {text}");
    }
    for (word, text) in
        [("refund", "a parcel"), ("客服务", "客服，服务"), ("del", "delivered"), ("well-known", "known well")]
    {
        assert!(is_met(&without(word), text), "-{word} in {text}");
    }
    let mut asked = Text::of_words("delivered");
    asked.add_unwanted_phrase("not delivered");
    assert!(is_met(&asked, "delivered, but not whole") && !is_met(&asked, "not delivered"));
}

proptest! {
    #[test]
    fn every_word_of_a_text_is_found(text in "\\PC{0,60}|[0-9a-c送 ./()-]{0,40}", at in 0usize..20) {
        let words: Vec<&str> = text.split_whitespace().collect();
        prop_assume!(!words.is_empty());
        let word = words[at % words.len()];
        prop_assert!(finds(word, &text), "{word:?} in {text:?}");
    }

    #[test]
    fn every_part_of_a_text_is_a_phrase_of_it(text in "[a-c1-3送货 .-]{1,40}", from in 0usize..40, length in 1usize..20) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let part: Vec<&str> = words.into_iter().skip(from).take(length).collect();
        prop_assert!(part.is_empty() || Phrase::read(&part.join(" ")).is_none_or(|phrase| phrase.is_in(&text)));
        prop_assert!(finds_phrase(&part.join(" "), &text) || part.is_empty());
    }

    #[test]
    fn what_is_wanted_and_what_is_not_are_opposites(text in "[abc1送货到 .-]{1,30}", phrase in "[abc1送货到 .-]{1,6}") {
        let (mut with, mut without) = (Text::default(), Text::default());
        with.add_phrase(&phrase);
        without.add_unwanted_phrase(&phrase);
        prop_assert!(with.is_empty() || is_met(&with, &text) != is_met(&without, &text));
    }
}
