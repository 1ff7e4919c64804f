use proptest::prelude::*;

use super::*;

struct Closed;

impl Hours for Closed {
    fn is_closed(&self, calendar: &Key) -> Option<bool> {
        (calendar.as_str() == "office").then_some(true)
    }

    fn is_waiting_longer_than(&self, span: Span) -> bool {
        span == Span::BusinessDays(2)
    }
}

fn facts<'a>(texts: Vec<&'a str>) -> Facts<'a> {
    Facts {
        trigger: Trigger::Created,
        site: "acme",
        kind: Kind::Complaint,
        category: Some("delivery"),
        texts,
        language: Some("zh-CN"),
        channel: Channel::Widget,
        tier: Some("gold"),
        priority: Priority::Normal,
        team: None,
        tags: vec!["late".to_owned()],
        rating: Some(2),
        page: Some("https://shop.example/orders/42"),
        is_reopened: true,
        status: Status::New,
    }
}

fn conditions(text: &str) -> Conditions {
    toml::from_str(text).expect("conditions")
}

fn hold(text: &str) -> bool {
    conditions(text).hold(&facts(vec!["我的包裹晚到了三天", "It came late, and the box was torn"]), &Closed)
}

#[test]
fn each_condition_holds_as_it_should() {
    for held in [
        "",
        "kind = ['praise', 'complaint']",
        "category = ['delivery']",
        "words = ['LATE']",
        "words = ['晚到']",
        "words = ['晚到', 'never']",
        "words = ['box was']",
        "language = ['zh-Hans']",
        "language = ['zh']",
        "channel = ['widget']",
        "tier = ['gold']",
        "priority = ['normal']",
        "rating_max = 2",
        "page = 'https://shop.example/orders/*'",
        "page = '*/orders/*2'",
        "outside_hours = 'office'",
        "reopened = true",
        "status = ['new']",
        "waiting_longer_than = '2bd'",
        "kind = ['complaint']\nwords = ['late']\nrating_max = 5",
    ] {
        assert!(hold(held), "{held}");
    }
    for missed in [
        "kind = ['praise']",
        "kind = []",
        "category = ['price']",
        "words = ['lat']",
        "words = ['late box']",
        "words = ['早到']",
        "language = ['zh-Hant']",
        "language = ['en']",
        "channel = ['phone']",
        "tier = ['platinum']",
        "priority = ['urgent']",
        "team = ['delivery']",
        "rating_max = 1",
        "page = 'https://shop.example/orders'",
        "page = '/orders/*'",
        "outside_hours = 'night'",
        "reopened = false",
        "status = ['closed']",
        "waiting_longer_than = '3bd'",
        "kind = ['complaint']\nrating_max = 1",
    ] {
        assert!(!hold(missed), "{missed}");
    }
}

#[test]
fn a_language_is_that_of_its_varieties() {
    for language in ["zh-HK", "zh-MO", "zh-TW", "zh-Hant-HK", "zh-Hant"] {
        assert!(speaks(language, "zh-Hant") && !speaks(language, "zh-Hans"), "{language}");
    }
    assert!(speaks("zh-HK", "zh-HK") && speaks("pt-BR", "pt") && speaks("zh", "zh-Hans"));
    assert!(!speaks("zh-TW", "zh-HK") && !speaks("zh-HK", "zh-TW"));
}

#[test]
fn an_owner_is_a_way_to_choose_one_or_an_address() {
    let owner = |text: &str| toml::from_str::<Actions>(&format!("owner = '{text}'")).map(|actions| actions.owner);
    assert_eq!(owner("least_loaded").expect("a way"), Some(Assignee::LeastLoaded));
    let member = Assignee::Member("mei@shop.example".parse().expect("an address"));
    assert_eq!(owner("Mei@shop.example").expect("an address"), Some(member));
    assert!(owner("nobody").is_err());
}

proptest! {
    #[test]
    fn what_meets_the_narrower_conditions_meets_the_wider(kinds in proptest::sample::subsequence(vec!["complaint", "praise"], 0..2),
            more in proptest::sample::subsequence(vec!["complaint", "praise"], 0..2), most in 1u8..6, asked in 1u8..6) {
        let wide = conditions(&format!("kind = {kinds:?}\nrating_max = {most}"));
        let narrow = conditions(&format!("kind = {more:?}\nrating_max = {asked}"));
        if wide.include(&narrow) && narrow.hold(&facts(Vec::new()), &Closed) {
            prop_assert!(wide.hold(&facts(Vec::new()), &Closed));
        }
        prop_assert!(wide.include(&wide.clone()));
    }

    #[test]
    fn a_star_is_anything(before in "[a-c*]{0,4}", text in "[a-c]{0,8}") {
        let starred = format!("{before}*");
        let literal = before.replace('*', "");
        prop_assert!(is_like(&text, "*"));
        prop_assert_eq!(is_like(&text, &literal), text == literal);
        let longer = format!("{literal}{text}");
        prop_assert!(is_like(&longer, &starred));
    }
}
