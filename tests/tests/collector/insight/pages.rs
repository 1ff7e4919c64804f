//! Surveys as people answer them: by the page, without script, and on paper that a member types in.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::parse_rfc3339;
use sayso::surveys::Sheet;

use sayso_tests::{Options, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{near, report};
use crate::access::{Program, count};
use crate::console::Desk;

const SURVEYS: &str = r#"
[[survey]]
key = "recommend"
kind = "nps"
site = "acme"
title = { en = "Would you recommend us?", zh-Hans = "您会推荐我们吗？" }
opens = "2026-12-01"
closes = "2026-12-31"

[[survey]]
key = "features"
kind = "kano"
site = "acme"
title = { en = "What would you like?" }
items = [{ key = "tracking", text = { en = "Live <tracking>", zh-Hans = "实时查询" } }, { key = "wrapping", text = { en = "Gift wrapping" } }]

[[survey]]
key = "yearly"
kind = "importance_satisfaction"
site = "acme"
title = { en = "How did we do?" }
items = [{ key = "delivery", text = { en = "Delivery" } }]
channels = ["paper"]

[[survey]]
key = "opinion"
kind = "free"
site = "acme"
title = { en = "What do you think?" }

[[survey]]
key = "staff"
kind = "csat"
site = "acme"
title = { en = "How is work?" }
audience = "members"
channels = ["paper"]

[[survey]]
key = "gold"
kind = "csat"
site = "acme"
title = { en = "How do you do?" }
audience = { customers = { resolved_within = "365d", sample = 200 } }
channels = ["email", "widget"]
"#;

async fn set_up(app: &TestApp, now: &str) {
    app.apply_service(SURVEYS).await;
    app.set_site(&["time_zone=Asia/Shanghai"]).await;
    let clock = &app.app.clock;
    clock.advance(parse_rfc3339(now).unwrap() - clock.now());
}

/// The value of a hidden field.
pub(super) fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// In which order items stand on a page.
fn order(page: &str) -> bool {
    page.find("Live &#60;tracking&#62;").unwrap() < page.find("Gift wrapping").unwrap()
}

on_both_databases! {
    async fn an_answer_counts_once_however_often_it_is_sent(app: TestApp) {
        set_up(&app, "2026-12-01T00:00:00Z").await;
        let client = app.client();
        let page = client.get("/s/acme/survey/recommend?score=9").await;
        assert_eq!(page.status, StatusCode::OK);
        for part in ["Would you recommend us?", "Acme Home wants to know", "anonymous", "value=\"9\" checked"] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(page.header("content-security-policy").contains(TestApp::ORIGIN), "the site's own pages may frame it");
        assert_eq!(count(&app, "survey_answers").await, 0, "a link that is followed answers nothing");
        let key = hidden(&page.body, "key");
        let form = [("key", key.as_str()), ("website", ""), ("score:score", "9")];
        for _ in 0..2 {
            let sent = client.post_form("/s/acme/survey/recommend", &form).await;
            assert_eq!((sent.status, sent.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/s/acme/survey/recommend?done=1"));
        }
        // Also where the address has more to be carried along, as in the widget's frame.
        let asked = "/s/acme/survey/recommend?lang=en&frame=1&theme=dark&parent=https%3A%2F%2Fshop.example";
        let sent = client.post_form(asked, &form).await;
        assert_eq!(sent.location(), "/s/acme/survey/recommend?done=1&frame=1&theme=dark&parent=https%3A%2F%2Fshop.example&lang=en");
        assert!(client.get(sent.location()).await.body.contains("data-answered"));
        let thanks = client.get("/s/acme/survey/recommend?done=1").await;
        assert!(thanks.body.contains("Thank you for your answers") && !thanks.body.contains("<form"), "{}", thanks.body);
        assert_eq!(count(&app, "survey_answers").await, 1);
        let changed = [("key", key.as_str()), ("score:score", "0")];
        client.post_form("/s/acme/survey/recommend", &changed).await;
        for score in ["10", "10", "7", "8"] {
            client.post_form("/s/acme/survey/recommend", &[("score:score", score)]).await;
        }
        let program = Program::new(&app).await;
        let found = report(&program, "satisfaction?survey=recommend&from=2026-12-01&to=2026-12-01").await;
        assert_eq!(found["rows"][0]["n"], 5, "what was answered is in the report of its day in Shanghai");
        near(&found["rows"][0]["value"], 100.0 * (2.0 / 5.0 - 1.0 / 5.0));
    }

    async fn days_are_those_of_the_site(app: TestApp) {
        // In Shanghai it is still the day before.
        set_up(&app, "2026-11-30T15:59:00Z").await;
        let client = app.client();
        let early = client.get("/s/acme/survey/recommend").await;
        assert!(early.body.contains("has not begun yet") && early.body.contains("1 Dec 2026") && !early.body.contains("<form"), "{}", early.body);
        let refused = client.post_form("/s/acme/survey/recommend", &[("score:score", "9")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        app.app.clock.advance(60_000);
        assert!(client.get("/s/acme/survey/recommend").await.body.contains("<form"));
        app.app.clock.advance(31 * sayso::clock::DAY);
        let late = client.get("/s/acme/survey/recommend?lang=zh-Hans").await;
        assert!(late.body.contains("调查已经结束") && late.body.contains("2026年12月31日"), "{}", late.body);
        assert_eq!(client.post_form("/s/acme/survey/recommend", &[("score:score", "9")]).await.status, StatusCode::CONFLICT);
        assert_eq!(count(&app, "survey_answers").await, 0);
    }

    async fn what_is_wrong_comes_back_with_all_that_was_typed(app: TestApp) {
        set_up(&app, "2026-12-01T00:00:00Z").await;
        let client = app.client();
        let page = client.get("/s/acme/survey/features").await;
        let key = hidden(&page.body, "key");
        let wrong = client.post_form("/s/acme/survey/features", &[("key", &key), ("functional:tracking", "love"), ("dysfunctional:wrapping", "live_with")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body.contains("Choose one of the answers.") && wrong.body.contains("value=\"live_with\" checked"), "{}", wrong.body);
        assert_eq!((hidden(&wrong.body, "key"), order(&wrong.body)), (key.clone(), order(&page.body)), "it comes back as it was");
        let empty = client.post_form("/s/acme/survey/features", &[("key", &key)]).await;
        assert!(empty.body.contains("Answer at least one question."), "{}", empty.body);
        let long = "好".repeat(10_001);
        let too_long = client.post_form("/s/acme/survey/opinion", &[("text:text", &long)]).await;
        assert!(too_long.status == StatusCode::UNPROCESSABLE_ENTITY && too_long.body.contains("at most 10,000 characters"));
        let robot = client.post_form("/s/acme/survey/opinion", &[("text:text", "buy"), ("website", "x")]).await;
        assert_eq!((robot.status, robot.location()), (StatusCode::SEE_OTHER, "/s/acme/survey/opinion?done=1"), "it is thanked and learns nothing");
        let foreign = client.send(client.request(reqwest::Method::POST, "/s/acme/survey/opinion").header("origin", "https://evil.example").form(&[("text:text", "x")])).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        assert_eq!(count(&app, "survey_answers").await, 0);
        for gone in ["/s/acme/survey/nothing", "/s/other/survey/features", "/s/acme/survey/staff", "/s/acme/survey/yearly"] {
            assert_eq!(client.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
            assert_eq!(client.post_form(gone, &[("score:score", "5")]).await.status, StatusCode::NOT_FOUND, "{gone}");
        }
    }

    async fn a_channel_with_a_page_has_one_whomever_it_is_for(app: TestApp) {
        set_up(&app, "2026-12-01T00:00:00Z").await;
        let client = app.client();
        let page = client.get("/s/acme/survey/gold").await;
        assert!(page.status == StatusCode::OK && page.body.contains("How do you do?"), "{}", page.body);
        for began in ["-9223372036854775808", "9223372036854775807", "soon"] {
            let sent = client.post_form("/s/acme/survey/gold", &[("score:score", "5"), ("began", began)]).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{began}: {}", sent.body);
        }
        assert_eq!((count(&app, "survey_answers").await, count(&app, "survey_times").await), (3, 0));
        assert_eq!(client.get("/api/v1/sites/acme/surveys/gold").await.status, StatusCode::OK);
    }

    async fn what_was_written_on_paper_counts_once(app: TestApp) {
        set_up(&app, "2026-12-01T00:00:00Z").await;
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let list = mei.client.get("/staff/surveys").await;
        assert!(list.body.contains("How did we do?") && list.body.contains("/staff/surveys/yearly/paper"), "{}", list.body);
        let paper = mei.client.get("/staff/surveys/yearly/paper?copies=3").await;
        assert_eq!((paper.status, paper.body.matches("class=\"sheet\"").count()), (StatusCode::OK, 3));
        let code = paper.body.split("translate=\"no\">").nth(1).unwrap()[..9].to_owned();
        assert!(Sheet::parse(&code).is_some(), "{code}");
        let typing = mei.client.get(&format!("/staff/surveys/yearly/answers?code={code}")).await;
        assert!(typing.body.contains(&format!("value=\"{code}\"")), "{}", typing.body);
        let fields = [("code", code.as_str()), ("importance:delivery", "5"), ("satisfaction:delivery", "unknown")];
        let saved = mei.post("/staff/surveys/yearly/answers", &fields).await;
        assert_eq!(saved.headers["location"], "/staff/surveys/yearly/answers?done=1");
        let changed = [("code", code.as_str()), ("importance:delivery", "4"), ("satisfaction:delivery", "")];
        mei.post("/staff/surveys/yearly/answers", &changed).await;
        assert_eq!(count(&app, "survey_answers").await, 1, "what was left out is taken away");
        let mistyped = [("code", "7QK4-M2XX"), ("importance:delivery", "3")];
        let refused = mei.post("/staff/surveys/yearly/answers", &mistyped).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("no code of a sheet") && refused.body.contains("value=\"3\" checked"), "{}", refused.body);
        for _ in 0..4 {
            mei.post("/staff/surveys/yearly/answers", &[("importance:delivery", "5"), ("satisfaction:delivery", "2")]).await;
        }
        let program = Program::new(&app).await;
        let found = report(&program, "importance?survey=yearly").await;
        assert_eq!(found["left_out"], json!({"incomplete": 1, "unknown": 0, "too_few": 4}));
        assert_eq!(found["rows"][0]["importance"], Value::Null);
        assert_eq!(mei.client.get("/staff/surveys/yearly/qr").await.status, StatusCode::NOT_FOUND, "it has no page");
        let qr = mei.client.get("/staff/surveys/recommend/qr").await;
        assert!(qr.headers["content-type"] == "image/svg+xml" && qr.body.starts_with("<svg "), "{}", qr.body);
        let partner = Desk::of(&app, "partner", Role::Partner).await;
        for page in ["/staff/surveys", "/staff/surveys/yearly/paper", "/staff/surveys/yearly/answers"] {
            assert_eq!(partner.client.get(page).await.status, StatusCode::FORBIDDEN, "{page}");
        }
        assert_eq!(mei.client.post_form("/staff/surveys/yearly/answers", &fields).await.status, StatusCode::FORBIDDEN, "no form of this session");
    }
}

on_both_databases! {
    async fn who_sends_too_much_waits_and_loses_nothing(database: Database) {
        let options = Options { settings: Box::new(|config| config.limits.submissions_per_minute = 2), ..Options::default() };
        let app = TestApp::spawn_with(database, options).await;
        set_up(&app, "2026-12-01T00:00:00Z").await;
        let client = app.client();
        for _ in 0..2 {
            assert_eq!(client.post_form("/s/acme/survey/recommend", &[("score:score", "9")]).await.status, StatusCode::SEE_OTHER);
        }
        let refused = client.post_form("/s/acme/survey/recommend", &[("score:score", "7")]).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers.contains_key("retry-after") && refused.body.contains("value=\"7\" checked"), "{}", refused.body);
        assert_eq!(count(&app, "survey_answers").await, 2);
    }
}
