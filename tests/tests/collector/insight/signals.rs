//! Early warnings: what a control chart signals is told to the targets that hear of it, once.

use sayso::auth::Role;
use sayso::clock::{DAY, HOUR, parse_rfc3339, rfc3339};
use sayso::signals::plan;
use sayso_tests::{MailServer, Options, TestApp, WebhookReceiver, on_both_databases};
use serde_json::{Value, json};

use super::reports::{SERVICE, go_to, import_csv};
use crate::console::Desk;
use crate::outbox::cases::work;
use crate::outbox::rooms::apply;

/// The week that stands out begins here.
const WEEK: &str = "2026-11-23T00:00:00+08:00";
/// Weeks before it.
const BEFORE: i64 = 25;

const TARGETS: &str = r#"
[[category]]
site = "acme"
key = "price"
label = { en = "Price" }

[[target]]
key = "room"
site = "acme"
channel = "wecom"
url_env = "ROOM_URL"
events = ["report.signal"]
lang = "zh-Hans"

[[target]]
key = "program"
site = "acme"
channel = "generic"
url_env = "ROOM_URL"
events = ["report.signal"]
when = { category = ["delivery"] }

[[target]]
key = "templated"
site = "acme"
channel = "generic"
url_env = "ROOM_URL"
events = ["report.signal"]
when = { category = ["delivery"] }
include = ["message", "link"]
body = '{"templated": "{{ card.title }}", "of": {{ case.number | tojson }}, "words": {{ case.message | tojson }}}'

[[target]]
key = "team"
site = "acme"
channel = "email"
address = "team@shop.example"
events = ["report.signal"]
when = { category = ["delivery"], kind = ["complaint"] }

[[target]]
key = "questions"
site = "acme"
channel = "email"
address = "questions@shop.example"
events = ["report.signal"]
when = { kind = ["question"] }

[[target]]
key = "usual"
site = "acme"
channel = "email"
address = "usual@shop.example"
"#;

/// Ten cases a week, of which two are complaints about deliveries; in the last week nine of twelve, and the first one about prices in half a year.
fn cases() -> String {
    let begin = parse_rfc3339(WEEK).unwrap();
    let mut lines = String::from("kind,category,message,received_at,external_id\n");
    for week in 0..=BEFORE {
        let (complaints, all) = if week == 0 { (9, 12) } else { (2, 10) };
        for at in 0..all {
            let kind = if at < complaints { "complaint,delivery" } else { "question," };
            let when = rfc3339(begin - week * 7 * DAY + at * HOUR);
            lines += &format!("{kind},words,{when},{week}-{at}\n");
        }
    }
    lines += &format!("complaint,price,words,{},price\n", rfc3339(begin + DAY));
    lines
}

async fn set_up(app: &TestApp, url: &str) {
    apply(app, &format!("{SERVICE}{TARGETS}"), url).await;
    import_csv(app, &cases()).await;
}

on_both_databases! {
    async fn what_stands_out_is_told_on_monday_and_once(database: Database) {
        let (server, receiver) = (MailServer::start().await, WebhookReceiver::start().await);
        receiver.answer_all_with(200, "{\"errcode\":0}");
        let smtp = server.url();
        let settings = Box::new(move |config: &mut sayso::Config| {
            config.dangerous_allow_private_targets = true;
            config.smtp.url = smtp.into();
        });
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        go_to(&app, "2026-11-29T12:00:00Z");
        set_up(&app, &receiver.url).await;
        assert_eq!(plan(&app.app).await.unwrap(), 0, "the week is not over");
        go_to(&app, "2026-11-30T06:59:00+08:00");
        assert_eq!(plan(&app.app).await.unwrap(), 0, "nobody reads it so early");
        go_to(&app, "2026-11-30T07:00:00+08:00");
        assert_eq!(plan(&app.app).await.unwrap(), 5, "all topics and this one to the room, and this one to three others; a first complaint is no sign");
        assert_eq!(plan(&app.app).await.unwrap(), 0, "each once");
        work(&app).await;

        let told: Vec<Value> = receiver.received().iter().map(|one| one.json()).collect();
        assert_eq!(told.len(), 4);
        let room: Vec<String> = told.iter().filter(|one| one["msgtype"].is_string()).map(Value::to_string).collect();
        assert!(room.iter().any(|text| text.contains("投诉超出控制限：所有方面")), "{room:?}");
        assert!(room.iter().any(|text| text.contains("投诉超出控制限：Delivery") && text.contains("13 条中有 9 条")), "{room:?}");
        let program = told.iter().find(|one| one["type"] == "report.signal").unwrap();
        let data = &program["data"];
        assert_eq!((&data["site"], &data["category"], &data["week"]), (&json!("acme"), &json!("delivery"), &json!("2026-11-23")));
        assert_eq!((&data["x"], &data["n"], &data["p"], &data["signals"][0]), (&json!(9), &json!(13), &json!(9.0 / 13.0), &json!(1)), "{program}");
        assert!(data["upper"].as_f64().unwrap() < 0.7 && data["url"].as_str().unwrap().contains("/staff/reports/quality?by=week"), "{program}");
        let templated = told.iter().find(|one| one["templated"].is_string()).unwrap();
        assert_eq!((&templated["of"], &templated["words"]), (&Value::Null, &Value::Null), "a chart is no case");

        let mail = server.mails_to("team@shop.example").remove(0);
        assert_eq!(mail.subject(), "[Acme Home] Complaints above the limit: Delivery");
        let text = mail.text();
        assert!(text.contains("9 of 13") && text.contains("/staff/reports/quality?by=week&site=acme&category=delivery&from=2026-06-01&to=2026-11-29"), "{text}");
        assert!(server.mails_to("questions@shop.example").is_empty() && server.mails_to("usual@shop.example").is_empty());
        let listed: Value = serde_json::from_str(&app.command(&["deliveries", "list", "--json", "--target", "team"]).await.1).unwrap();
        assert_eq!((&listed[0]["event"], &listed[0]["case"], &listed[0]["state"]), (&json!("report.signal"), &Value::Null, &json!("sent")));

        // A week in which nothing came says nothing.
        go_to(&app, "2026-12-07T08:00:00+08:00");
        assert_eq!(plan(&app.app).await.unwrap(), 0);
    }

    async fn rates_ratings_and_promises_are_warned_of_by_the_chart_that_the_page_draws(database: Database) {
        let server = MailServer::start().await;
        let smtp = server.url();
        let settings = Box::new(move |config: &mut sayso::Config| config.smtp.url = smtp.into());
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        go_to(&app, "2026-11-30T07:00:00+08:00");
        let target = "[[target]]\nkey = \"team\"\nsite = \"acme\"\nchannel = \"email\"\naddress = \"team@shop.example\"\nevents = [\"report.signal\"]\n";
        apply(&app, &format!("{SERVICE}{target}"), "http://127.0.0.1:9/").await;
        import_csv(&app, &cases().replace("complaint,price", "question,")).await;
        let orders = (0..=BEFORE).map(|week| format!("{},1000\n", &rfc3339(parse_rfc3339(WEEK).unwrap() - week * 7 * DAY + 12 * HOUR)[..10]));
        let file = app.write_file("orders.csv", format!("date,count\n{}", orders.collect::<String>()));
        let (went_well, said) = app.command(&["exposure", "import", &file]).await;
        assert!(went_well, "{said}");
        // Who complained was unhappy, and their promise was broken.
        for sql in [
            "delete from clocks",
            "insert into clocks (case_id, promise, started_at, span, due_at, ended_at, breached_at) select id, 'resolution', received_at, '3bd', received_at + 1000, \
                received_at + 500, case when kind = 'complaint' then received_at + 1000 end from cases",
            "insert into satisfactions (case_id, score, created_at) select id, case when kind = 'complaint' then 1 else 5 end, received_at from cases",
        ] {
            sayso::with_write!(&app.app.db, pool => sqlx::query(sql).execute(pool).await.map(|_| ())).unwrap();
        }
        assert_eq!(plan(&app.app).await.unwrap(), 5, "all topics, one topic, and the three others");
        work(&app).await;
        let mails: Vec<(String, String)> = server.mails_to("team@shop.example").iter().map(|mail| (mail.subject(), mail.text())).collect();
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        for (subject, report, sentence) in [
            ("Complaints for each order above the limit", "quality", "Complaints for every 1,000 orders left the control limits"),
            ("More customers than usual are not satisfied", "satisfaction", "Dissatisfaction left the control limits"),
            ("More promises than usual are broken", "promises", "Broken promises left the control limits"),
        ] {
            let (_, text) = mails.iter().find(|(of, _)| of.contains(subject)).unwrap_or_else(|| panic!("{subject}: {mails:?}"));
            assert!(text.contains(sentence), "{text}");
            let path = text.split_whitespace().find_map(|word| word.find(&format!("/staff/reports/{report}?")).map(|at| &word[at..])).unwrap();
            let page = tom.client.get(path).await.body;
            for part in [sentence, "class=\"chart-limit\"", "class=\"chart-signal\"", "class=\"chart-mean\""] {
                assert!(page.contains(part), "{report}: {part}: {page}");
            }
        }
        // Few weeks have no limits, and the period before is drawn instead.
        let short = tom.client.get("/staff/reports/satisfaction?by=week&from=2026-11-09&to=2026-11-22").await.body;
        assert!(!short.contains("class=\"chart-limit\"") && short.contains("<svg class=\"chart\""), "{short}");
    }

    async fn weeks_as_usual_and_too_few_of_them_tell_nothing(database: Database) {
        let settings = Box::new(|config: &mut sayso::Config| config.dangerous_allow_private_targets = true);
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        go_to(&app, "2026-11-23T08:00:00+08:00");
        set_up(&app, "http://127.0.0.1:9/").await;
        assert_eq!(plan(&app.app).await.unwrap(), 0, "the week before the one that stands out");
        sayso::with_write!(&app.app.db, pool => sqlx::query("update cases set quarantine = 'discarded' where received_at < 1790000000000").execute(pool).await.map(|_| ())).unwrap();
        go_to(&app, "2026-11-30T08:00:00+08:00");
        assert_eq!(plan(&app.app).await.unwrap(), 0, "fewer than 20 weeks have no limits");
    }
}
