//! What was learnt from cases, as the staff see it: suggestions on the page of a case, how good they are, and what customers speak of lately.

use sayso::auth::Role;
use sayso::clock::DAY;
use sayso::learning::learn;
use sayso_tests::{Database, TestApp};
use serde_json::json;

use super::{CHINESE_DARK, ENGLISH_LIGHT, Inspector, System, console_language};
use crate::stage;

const SERVICE: &str = r#"
[[team]]
key = "drivers"
name = "Drivers"
[[team]]
key = "accounts"
name = "Accounts"
[[category]]
site = "acme"
key = "late"
label = { en = "Delivery", zh-Hans = "配送" }
[[category]]
site = "acme"
key = "money"
label = { en = "Money", zh-Hans = "付款" }
"#;

/// What was said of old with its category, and what is new.
const OLD: [(&str, &str); 5] = [
    ("快递一直没有送到，已经等了三天", "late"),
    ("my parcel came late and the courier never rang", "late"),
    ("退款还没有到账", "money"),
    ("送货晚了三天，没有人联系我", "late"),
    ("the refund is not on my card", "money"),
];
const NEW: &str = "充电器发烫，有烧焦的味道";

/// Submits settled cases of the weeks before, and new ones of the last week.
async fn set_up(app: &TestApp) {
    app.apply_service(SERVICE).await;
    for n in 0..240 {
        let (said, category) = OLD[n % 5];
        let feedback = json!({"kind": "complaint", "message": format!("{said}（{n}）"), "category": category});
        assert_eq!(app.client().submit(feedback).await.status, 201);
        if n % 60 == 59 {
            app.app.clock.advance(7 * DAY);
        }
    }
    let update = "update cases set status = 'closed', \
        team = case when (select category from feedback where feedback.id = cases.id) = 'late' then 'drivers' else 'accounts' end";
    let mut tx = app.app.db.begin().await.unwrap();
    sayso::with_tx!(&mut tx, conn => sqlx::query(update).execute(conn).await.map(|_| ())).unwrap();
    tx.commit().await.unwrap();
    for n in 0..12 {
        app.client().complain(&format!("{NEW}，订单 {n}"), "lin@example.com").await;
    }
    app.client().complain("快递又没有送到，courier 也没有打电话", "lin@example.com").await;
    sayso::jobs::run_due(&app.app).await.unwrap();
    learn(&app.app).await.unwrap();
}

async fn what_was_learnt(system: System) {
    let app = TestApp::spawn_working(Database::Sqlite, |config| config.dangerous_disable_guards = true).await;
    set_up(&app).await;
    stage::add_member(&app.app, "chen@acme.example", "陈师傅", Role::Manager).await;
    let mut inspector = Inspector::start(system).await;
    stage::sign_in(&inspector.browser, &app.url, "chen@acme.example").await;
    let language = console_language(system);
    inspector.browser.driver.goto(format!("{}/staff/account", app.url)).await.unwrap();
    inspector.click(&format!("input[name=lang][value={language}]")).await;
    inspector.click("form[action$=language] button").await;
    let speaks = format!("document.documentElement.lang === {language:?}");
    inspector.browser.wait_for("the member's language", &speaks).await;
    for (width, size) in [(1280, "wide"), (375, "narrow")] {
        inspector.browser.driver.set_window_rect(0, 0, width, 1_400).await.unwrap();
        for (path, what) in [("suggestions", "quality"), ("causes?by=category", "causes")] {
            inspector.open(&format!("{}/staff/reports/{path}", app.url), what).await;
            inspector.browser.picture(&format!("learnt-{what}-{language}-{size}")).await;
        }
        inspector.browser.driver.goto(format!("{}/staff/cases", app.url)).await.unwrap();
        inspector.click(".case-row-title a").await;
        inspector.browser.find("#suggestions").await;
        inspector.look("a case with suggestions").await;
        inspector.browser.run("document.querySelector('#suggestions').scrollIntoView()").await;
        inspector.browser.picture(&format!("learnt-case-{language}-{size}")).await;
    }
    inspector.click("#suggestions button").await;
    inspector.browser.wait_for("what was applied", "document.querySelectorAll('#suggestions li').length === 1").await;
    inspector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learnt_has_no_barriers() {
    what_was_learnt(ENGLISH_LIGHT).await;
    what_was_learnt(CHINESE_DARK).await;
}
