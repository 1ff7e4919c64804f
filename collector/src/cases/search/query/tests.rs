use proptest::prelude::*;

use super::*;

fn read(typed: &str) -> SearchQuery {
    SearchQuery::parse(typed).unwrap_or_else(|error| panic!("{typed}: {error}"))
}

fn words(typed: &str) -> Text {
    let mut text = Text::default();
    text.add_words(typed, Last::Unfinished);
    text
}

#[test]
fn reads_words_phrases_and_fields() {
    let query = read("late kind:Complaint -tag:\"very late\" “not delivered” -refund team：none #1042");
    let fields: Vec<(Field, Polarity)> =
        query.conditions().iter().map(|condition| (condition.field, condition.polarity)).collect();
    assert_eq!(
        fields,
        [(Field::Kind, Polarity::Required), (Field::Tag, Polarity::Excluded), (Field::Team, Polarity::Required)]
    );
    let mut text = Text::default();
    text.add_words("late", Last::Whole);
    text.add_phrase("not delivered");
    text.add_unwanted_word("refund");
    text.add_words("#1042", Last::Unfinished);
    assert_eq!(query.text(), &text);
    assert_eq!(
        (query.number(), read("kind:praise #1042").number(), read("１０４２").number()),
        (None, Some(1042), Some(1042))
    );
}

#[test]
fn quotes_of_every_keyboard_make_a_phrase() {
    let mut phrase = Text::default();
    phrase.add_phrase("送货 late");
    for typed in [
        "\"送货 late\"",
        "＂送货 late＂",
        "“送货 late”",
        "„送货 late“",
        "‟送货 late”",
        "«送货 late»",
        "»送货 late«",
        "「送货 late」",
        "『送货 late』",
        "”送货 late”",
    ] {
        assert_eq!(read(typed).text(), &phrase, "{typed}");
    }
    let mut within = Text::default();
    within.add_words("他说", Last::Whole);
    within.add_phrase("不要");
    within.add_words("了", Last::Unfinished);
    assert_eq!(read("他说“不要”了").text(), &within);
    assert_eq!(read("\"open quote").text(), &words("open quote"), "what is not closed is no phrase");
    assert_eq!(read("5\" screen").text(), &words("5\" screen"), "an inch opens none");
}

#[test]
fn what_is_no_field_is_text() {
    for typed in ["https://shop.example/a?b=c", "10:30", "foo:bar", "Kind: unknown", "kind:", "再说：不行", "re:late"]
    {
        assert_eq!(read(typed).text(), &words(typed), "{typed}");
        assert!(read(typed).conditions().is_empty(), "{typed}");
    }
    for typed in ["-", "--", "late - early", "well-known", "- late"] {
        assert!(read(typed).text().unwanted().is_empty(), "{typed}");
    }
}

#[test]
fn what_could_be_a_contact_is_all_that_must_occur() {
    for (typed, contact) in [
        ("\"+49 170 1234567\" kind:praise", Some("+49 170 1234567")),
        ("\"Lei, Li\" <li@example.com>", Some("Lei, Li <li@example.com>")),
        ("mailto:li@example.com", Some("mailto:li@example.com")),
        ("li@example.com -late", None),
        ("kind:praise", None),
    ] {
        assert_eq!(read(typed).contact(), contact, "{typed}");
    }
}

#[test]
fn impossible_values_are_errors() {
    for (typed, field) in [
        ("kind:bug", Field::Kind),
        ("late status:lost", Field::Status),
        ("is:x", Field::Is),
        ("owner:lee", Field::Owner),
        ("priority:1", Field::Priority),
        ("channel:fax", Field::Channel),
        ("number:x", Field::Number),
        ("number:#-1", Field::Number),
        ("code:7QK4-M2XH-9TRD-8", Field::Code),
        ("before:tomorrow", Field::Before),
        ("after:2026-02-30", Field::After),
        ("on:2026-10", Field::On),
        ("has:money", Field::Has),
        ("tag:a,b", Field::Tag),
        ("tag:\"\"", Field::Tag),
    ] {
        assert_eq!(SearchQuery::parse(typed).err(), Some(QueryError::Impossible(field)), "{typed}");
    }
    assert_eq!(SearchQuery::parse("-before:2026-10-01").err(), Some(QueryError::NotExcludable(Field::Before)));
    assert_eq!(SearchQuery::parse(&"a".repeat(LENGTH_MAX + 1)).err(), Some(QueryError::TooLong));
    assert!(SearchQuery::parse(&format!(" {} ", "货".repeat(LENGTH_MAX))).is_ok());
    assert_eq!(SearchQuery::parse(&"a ".repeat(PARTS_MAX + 1)).err(), Some(QueryError::TooManyParts));
    assert!(SearchQuery::parse(&"a ".repeat(PARTS_MAX)).is_ok());
}

#[test]
fn a_day_is_read_as_people_write_it() {
    let day = FieldValue::Day(jiff::civil::date(2026, 10, 1));
    for typed in ["2026-10-01", "2026/10/1", "2026.10.1", "２０２６－１０－０１", "2026年10月1日"] {
        assert_eq!(read(&format!("after:{typed}")).conditions()[0].value, day, "{typed}");
    }
}

fn part() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "late",
        "送货",
        "-refund",
        "“not delivered”",
        "-\"in time\"",
        "kind:complaint",
        "-status:closed",
        "tag:late",
        "is:open",
        "owner:none",
        "priority:high",
        "before:2026-10-01",
        "has:task",
        "2026-11-0042",
        "#7",
        "deliv*",
        "https://a.example/b",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn whatever_is_typed_is_read_or_refused(typed in "\\PC{0,60}|[-:：\"“”「」# a客*]{0,40}|(kind|tag|on|has|-is|code)[:：][^ ]{0,8}( \\PC{0,8})?") {
        if let Err(error) = SearchQuery::parse(&typed) {
            prop_assert!(error.field().is_some_and(|field| typed.to_lowercase().contains(field.name()) || !typed.is_ascii()), "{error} in {typed:?}");
        }
    }

    #[test]
    fn plain_words_are_words(typed in "[a-z送货é0-9 .!?]{0,60}") {
        let query = read(&typed);
        let typed = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(query.text(), &words(&typed));
        prop_assert!(query.conditions().is_empty());
    }

    #[test]
    fn fields_say_the_same_wherever_they_stand(parts in prop::collection::vec(part(), 0..8), seed in any::<u64>()) {
        let in_order = read(&parts.join(" "));
        let mut moved = parts.clone();
        let fields: Vec<String> = moved.extract_if(.., |part| part.contains(':') && !part.starts_with("https")).collect();
        let at = usize::try_from(seed).unwrap_or_default() % (moved.len() + 1);
        moved.splice(at..at, fields);
        let moved = read(&moved.join("　").replace(":comp", "：comp"));
        prop_assert_eq!(in_order.conditions(), moved.conditions());
        prop_assert_eq!(in_order.text().unwanted(), moved.text().unwanted());
        prop_assert_eq!(in_order.text().needs_texts(), moved.text().needs_texts());
    }
}
