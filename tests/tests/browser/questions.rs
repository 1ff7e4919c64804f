//! What a manager wants to know of the demo company, each answered by clicking: from the list of reports, through their forms, to the cases behind a number.

use sayso::auth::Role;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp};
use serde_json::{Value, json};

use crate::stage::{add_member, sign_in};

/// The demo company, and a manager in front of the list of reports.
async fn open() -> (TestApp, Browser) {
    let app = TestApp::spawn(Database::Sqlite).await;
    // The demo makes its company where there is none.
    sayso::with_write!(&app.app.db, pool => sqlx::query("delete from sites").execute(pool).await.map(|_| ())).unwrap();
    app.app.clock.advance(1_000);
    sayso::demo::prepare(&app.app, "http://localhost:8788").await.unwrap();
    add_member(&app.app, "tom@acme.example", "Tom", Role::Manager).await;
    let browser = Browser::start(Setup { window: (1440, 1000), ..Setup::default() }).await;
    sign_in(&browser, &app.url, "tom@acme.example").await;
    (app, browser)
}

/// Clicks through to a report, from the navigation on.
async fn report(browser: &Browser, name: &str) {
    browser.click("nav a[href='/staff/reports']").await;
    browser.click(&format!(".report-list h2 a[href='/staff/reports/{name}']")).await;
    let wanted = format!("location.pathname === '/staff/reports/{name}' && document.readyState === 'complete'");
    browser.wait_for("the report", &wanted).await;
}

/// Chooses values in the form of a report, and shows it.
async fn choose(browser: &Browser, values: &[(&str, &str)]) {
    for (name, value) in values {
        browser.run(&format!("document.getElementById('{name}').value = '{value}'")).await;
    }
    browser.run("document.body.dataset.old = 1").await;
    browser.click("form.report-filters button").await;
    browser.wait_for("the report again", "!document.body.dataset.old && document.readyState === 'complete'").await;
}

async fn finding(browser: &Browser) -> String {
    browser.run("return document.getElementById('finding').innerText").await.as_str().unwrap().to_owned()
}

/// The cells of the table, row by row, each without what it was before.
async fn rows(browser: &Browser) -> Vec<Vec<String>> {
    let rows = browser
        .run(
            "return [...document.querySelector('.report-table').querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => { \
             const copy = cell.cloneNode(true); copy.querySelectorAll('.figure-before').forEach(one => one.remove()); return copy.innerText.trim(); }))",
        )
        .await;
    serde_json::from_value(rows).unwrap()
}

fn share(text: &str) -> f64 {
    text.trim_end_matches(" %").replace(',', ".").parse().unwrap_or_else(|_| panic!("{text:?} is a share"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_answers_six_questions_of_the_demo_by_clicking() {
    let (app, browser) = open().await;

    // What hurts our customers most?
    report(&browser, "causes").await;
    assert!(finding(&browser).await.contains("The courier's Saturday van is full"), "{}", finding(&browser).await);
    let n: usize = rows(&browser).await[0][2].parse().unwrap();
    browser.click(".report-table tbody tr a").await;
    browser.wait_for("its cases", "location.pathname === '/staff/cases' && document.readyState === 'complete'").await;
    let shown = browser.run("return document.querySelectorAll('.case-row-title').length").await;
    assert_eq!(shown, json!(n.min(50)), "behind the number stand its cases");

    // Is it getting worse?
    report(&browser, "quality").await;
    choose(&browser, &[("category", "delivery")]).await;
    let signals = browser.run("return document.querySelectorAll('.chart-signal').length").await;
    assert!(signals.as_u64() > Some(0), "{}", finding(&browser).await);
    let outside = rows(&browser).await.into_iter().find(|row| row[6].contains("超出控制限"));
    let outside = outside.expect("a week outside of the limits");
    assert!(share(&outside[3]) > share(&outside[5]), "{outside:?}");
    browser.picture("question-quality").await;

    // Are we keeping our promises?
    report(&browser, "promises").await;
    let kept = rows(&browser).await;
    let first = &kept[0];
    assert!(share(&first[1]) > 60.0 && first[2].contains('–'), "a share with its interval: {first:?}");
    assert!(first.iter().skip(3).filter(|cell| cell.parse::<u64>().is_ok()).count() >= 2, "{first:?}");

    // Who needs help?
    report(&browser, "customers").await;
    let at_risk = "return [...document.querySelectorAll('.report-table tbody tr')].map(row => row.lastElementChild.querySelector('a')) \
        .filter(link => link && Number(link.innerText) > 0).map(link => link.getAttribute('href'))";
    let links = browser.run(at_risk).await;
    let link = links[0].as_str().expect("somebody is at risk").to_owned();
    browser.click(&format!("a[href='{link}']")).await;
    browser.wait_for("their cases", "document.querySelectorAll('.case-row-title').length > 0").await;
    assert_ne!(browser.run("return document.getElementById('counted')").await, Value::Null, "it says what is shown");

    // What should we change first?
    report(&browser, "importance").await;
    let first = rows(&browser).await;
    let urgent: Vec<&Vec<String>> = first.iter().filter(|row| row.iter().any(|cell| cell == "集中改进")).collect();
    assert!(!urgent.is_empty(), "{first:?}");
    assert!(browser.run("return !!document.querySelector('svg.chart')").await.as_bool().unwrap());
    browser.picture("question-importance").await;

    // Did last quarter's change work?
    report(&browser, "quality").await;
    let begin =
        browser.run("const day = new Date(Date.now() - 39 * 7 * 864e5); return day.toISOString().slice(0, 10)").await;
    choose(&browser, &[("category", "repair"), ("by", "quarter"), ("from", begin.as_str().unwrap())]).await;
    let quarters = rows(&browser).await;
    let (first, last) = (&quarters[0], &quarters[quarters.len() - 1]);
    assert!(quarters.len() >= 3 && share(&first[3]) > 2.0 * share(&last[3]), "{quarters:?}");
    browser.picture("question-change").await;
    drop(app);
    browser.stop().await;
}
