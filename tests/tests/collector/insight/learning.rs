//! Learning from settled cases: what is suggested, how good it is, what customers have begun to speak of, and what says nearly the same.

use std::fmt::Write as _;

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::Case;
use sayso::clock::{DAY, HOUR, MINUTE, rfc3339};
use sayso::jobs::run_due;
use sayso::learning::learn;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::report;
use crate::access::Program;
use crate::console::Desk;

const SERVICE: &str = r#"
[[team]]
key = "drivers"
name = "Drivers & co"

[[team]]
key = "accounts"
name = "Accounts"

[[category]]
site = "acme"
key = "late"
label = { en = "Late <parcels>", zh-Hans = "送货" }

[[category]]
site = "acme"
key = "money"
label = { en = "Money", zh-Hans = "付款" }
"#;

const DELIVERY: [&str; 5] =
    ["the courier never rang", "my parcel came late", "the parcel is missing", "快递一直没有送到", "送货晚了三天"];
const MONEY: [&str; 5] = [
    "I was charged twice",
    "the refund is not on my card",
    "the invoice shows another amount",
    "退款还没有到账",
    "发票金额不对",
];

async fn set_up(app: &TestApp) {
    app.apply_service(SERVICE).await;
}

/// Imports complaints with a category, each so long ago.
async fn import(app: &TestApp, cases: &[(String, &str, i64)]) {
    let mut lines = String::new();
    for (at, (message, category, ago)) in cases.iter().enumerate() {
        let received_at = rfc3339(app.app.clock.now() - ago);
        let row = json!({"site": "acme", "kind": "complaint", "message": message, "category": category, "external_id": at.to_string(), "received_at": received_at});
        writeln!(lines, "{row}").unwrap();
    }
    let (went_well, said) = app.command(&["import", &app.write_file("old.jsonl", lines)]).await;
    assert!(went_well, "{said}");
}

/// Settles all cases: those about deliveries by one team, the others by another one.
async fn settle(app: &TestApp) {
    let update = "update cases set status = 'closed', \
        team = case when (select category from feedback where feedback.id = cases.id) = 'late' then 'drivers' else 'accounts' end";
    let mut tx = app.app.db.begin().await.unwrap();
    sayso::with_tx!(&mut tx, conn => sqlx::query(update).execute(conn).await.map(|_| ())).unwrap();
    tx.commit().await.unwrap();
}

/// 300 settled cases, about deliveries and money, of the last year.
async fn settled(app: &TestApp) {
    set_up(app).await;
    let mut cases = Vec::new();
    for n in 0..300_usize {
        let (said, category) = if n % 3 == 0 { (MONEY[n / 3 % 5], "money") } else { (DELIVERY[n % 5], "late") };
        cases.push((format!("Order {n}: {said}"), category, (300 - n as i64) * DAY));
    }
    import(app, &cases).await;
    settle(app).await;
}

async fn submit(app: &TestApp, message: &str) -> Case {
    let answer = app.client().submit(json!({"kind": "complaint", "message": message})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let case = Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap();
    run_due(&app.app).await.unwrap();
    case
}

async fn suggestions(program: &Program<'_>, case: &Case) -> Vec<Value> {
    let answer = program.get(&format!("/{}", case.id)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["suggestions"].as_array().expect("a case has suggestions").clone()
}

fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    page.split_once(before).and_then(|(_, rest)| rest.split_once(after)).expect("the page has it").0
}

on_both_databases! {
    async fn what_was_settled_is_suggested_with_the_words_that_decided(app: TestApp) {
        settled(&app).await;
        let program = Program::new(&app).await;
        let case = submit(&app, "Order 901: the courier rang nobody and the parcel is not here").await;
        assert_eq!(suggestions(&program, &case).await, Vec::<Value>::new(), "nothing was learnt yet");
        learn(&app.app).await.unwrap();
        let found = suggestions(&program, &case).await;
        let values: Vec<(&str, &str)> = found.iter().map(|one| (one["field"].as_str().unwrap(), one["value"].as_str().unwrap())).collect();
        assert_eq!(values, [("category", "late"), ("team", "drivers")], "the priority was always the same: {found:?}");
        assert!(found[0]["confidence"].as_f64().unwrap() > 0.6, "{found:?}");
        let words: Vec<&str> = found[0]["words"].as_array().unwrap().iter().map(|word| word["word"].as_str().unwrap()).collect();
        assert!(words.iter().any(|word| word.contains("courier") || word.contains("parcel")) && !words.contains(&"order"), "{words:?}");
        let chinese = submit(&app, "退款怎麼還沒有到賬").await;
        assert_eq!(suggestions(&program, &chinese).await[0]["value"], "money", "also in traditional characters");
        assert!(program.get("").await.json()["cases"][0].get("suggestions").is_none(), "lists have none");

        let mei = Desk::of(&app, "mei", Role::Manager).await;
        let page = mei.client.get(&format!("/staff/cases/{}", case.id)).await.body;
        let card = between(&page, "id=\"suggestions\"", "</section>");
        assert!(card.contains("Late &#60;parcels&#62;") && card.contains("Drivers &#38; co") && card.contains("Because of: "), "{card}");
        let seen = between(card, "name=\"seen\" value=\"", "\"").replace("&#34;", "\"").replace("&#38;", "&");
        let key = uuid::Uuid::new_v4().to_string();
        let path = format!("/staff/cases/{}/suggestion", case.id);
        let form = [("key", key.as_str()), ("seen", &seen), ("field", "team"), ("value", "drivers")];
        let applied = mei.post(&path, &form).await;
        assert_eq!((applied.status, applied.location()), (StatusCode::SEE_OTHER, format!("/staff/cases/{}?done=properties", case.id).as_str()));
        assert_eq!(mei.post(&path, &form).await.status, StatusCode::SEE_OTHER, "twice is once");
        assert_eq!(Case::by_id(&app.app, &case.id).await.unwrap().team.as_deref(), Some("drivers"));
        assert_eq!(suggestions(&program, &case).await.len(), 1, "what it is now is not suggested");
        let events = program.get(&format!("/{}", case.id)).await.json()["events"].clone();
        assert_eq!(events.as_array().unwrap().iter().filter(|event| event["type"] == "case.team").count(), 1);
        for (field, value, seen, status) in [
            ("category", "late", seen.as_str(), StatusCode::CONFLICT),
            ("category", "nothing", "", StatusCode::UNPROCESSABLE_ENTITY),
            ("team", "nothing", "", StatusCode::UNPROCESSABLE_ENTITY),
            ("owner", "mei", "", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let key = uuid::Uuid::new_v4().to_string();
            let refused = mei.post(&path, &[("key", &key), ("seen", seen), ("field", field), ("value", value)]).await;
            assert_eq!(refused.status, status, "{field} {value}: {}", refused.body);
        }
        let ann = Desk::of(&app, "ann", Role::Viewer).await;
        let page = ann.client.get(&format!("/staff/cases/{}", case.id)).await;
        assert!(page.status == StatusCode::OK && !page.body.contains("id=\"suggestions\""), "who may not sort sees none");
        let key = uuid::Uuid::new_v4().to_string();
        assert_eq!(ann.post(&path, &[("key", &key), ("seen", ""), ("field", "team"), ("value", "accounts")]).await.status, StatusCode::FORBIDDEN);
        // What there is not any more is not suggested, and a case that is closed needs nothing.
        settle(&app).await;
        assert_eq!(suggestions(&program, &case).await, Vec::<Value>::new());
    }

    async fn managers_see_how_good_it_is(app: TestApp) {
        settled(&app).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/suggestions").await;
        assert!(page.status == StatusCode::OK && page.body.contains("Nothing has been learnt yet."), "{}", page.body);
        assert!(tom.client.get("/staff/reports").await.body.contains("href=\"/staff/reports/suggestions\""));
        learn(&app.app).await.unwrap();
        let page = tom.client.get("/staff/reports/suggestions").await.body;
        // 60 of 300 are held back; two of three are about deliveries.
        let row = between(&page, "<th scope=\"row\">Topic</th>", "</tr>");
        for part in [">300<", ">60<", ">100 %<", "Late &#60;parcels&#62;: 66.7 %", ">Yes<"] {
            assert!(row.contains(part), "{part}: {row}");
        }
        assert!(between(&page, "<th scope=\"row\">Priority</th>", "</tr>").contains("No: too few settled cases"), "{page}");
        let max = Desk::of(&app, "max", Role::Agent).await;
        assert_eq!(max.client.get("/staff/reports/suggestions").await.status, StatusCode::FORBIDDEN);
    }

    async fn what_is_no_better_than_the_most_frequent_answer_is_not_suggested(app: TestApp) {
        set_up(&app).await;
        // The text has nothing to do with the category.
        let cases: Vec<(String, &str, i64)> = (0..260_i64)
            .map(|n| (format!("Order {n}: {}", DELIVERY[n as usize % 5]), if n * 7 % 10 < 7 { "late" } else { "money" }, (260 - n) * DAY))
            .collect();
        import(&app, &cases).await;
        settle(&app).await;
        learn(&app.app).await.unwrap();
        let case = submit(&app, "my parcel came late").await;
        assert_eq!(suggestions(&Program::new(&app).await, &case).await, Vec::<Value>::new());
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/suggestions").await.body;
        assert!(between(&page, "<th scope=\"row\">Topic</th>", "</tr>").contains("No: not better than the most frequent answer"), "{page}");
    }

    async fn causes_say_what_grows_and_what_says_nearly_the_same(app: TestApp) {
        set_up(&app).await;
        let mut cases = Vec::new();
        for n in 0..250_i64 {
            // Of each week about 28 cases; the last one speaks of something that was never said.
            let ago = n * 63 * DAY / 250 + HOUR;
            let message = match (ago < 7 * DAY, n % 2) {
                (true, 0) => format!("the charger overheats, order {n} of shop {}", n * 7),
                _ => format!("question {n} about order {} and colour {}", n * 3, n * 11),
            };
            cases.push((message, "late", ago));
        }
        for n in 0..4 {
            cases.push((format!("The blue lamp of order 77 arrived without its bulb and screws{}", "!".repeat(n)), "late", (n as i64 + 10) * DAY));
        }
        import(&app, &cases).await;
        run_due(&app.app).await.unwrap();
        let program = Program::new(&app).await;
        let before = report(&program, "causes?by=category").await;
        assert_eq!((&before["new_topics"], &before["near_duplicates"]), (&json!([]), &json!([])), "nothing was looked for yet");
        assert!(report(&program, "overview").await.get("new_topics").is_none());
        learn(&app.app).await.unwrap();
        app.app.clock.advance(MINUTE);
        let found = report(&program, "causes?by=category&site=acme").await;
        let topics = found["new_topics"].as_array().unwrap();
        let topic = topics.iter().find(|topic| topic["words"].as_array().unwrap().contains(&json!("overheats"))).expect("it grew");
        assert_eq!((&topic["site"], &topic["n_before"], &topic["share_before"], &topic["upper"]), (&json!("acme"), &json!(0), &json!(0.0), &json!(0.0)));
        assert!(topic["words"].as_array().unwrap().contains(&json!("charger")), "words of the same cases are one topic: {topic}");
        assert!(topic["n"].as_u64().unwrap() >= 12 && topic["share"].as_f64().unwrap() > 0.4, "{topic}");
        assert!(!topics.iter().any(|topic| topic["words"].as_array().unwrap().contains(&json!("order"))), "{topics:?}");
        let groups = found["near_duplicates"].as_array().unwrap();
        let group = groups.iter().find(|group| group["words"].as_array().unwrap().contains(&json!("screws"))).expect("they say the same");
        assert_eq!((&group["n"], group["cases"].as_array().unwrap().len()), (&json!(4), 4), "{group}");
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/causes?by=category").await.body;
        for part in ["What customers have begun to speak of", "overheats", "q=%22", "Cases that say nearly the same", "screws"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        // What was erased since says nothing any more.
        let mut tx = app.app.db.begin().await.unwrap();
        sayso::with_tx!(&mut tx, conn => sqlx::query("update feedback set message = '' where message like 'The blue lamp%'").execute(conn).await.map(|_| ())).unwrap();
        tx.commit().await.unwrap();
        let found = report(&program, "causes?by=category").await;
        assert!(!found["near_duplicates"].to_string().contains("screws"), "{found}");
    }
}
