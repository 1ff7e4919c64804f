//! A survey that a page asks for by `Sayso('survey', key)`.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use crate::accessibility::barriers;
use crate::stage::Stage;

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";
const SURVEY: &str = "[[survey]]\nkey = 'ease'\nkind = 'ces'\nsite = 'acme'\ntitle = { en = 'Was it easy?' }\n";

async fn open(head: &str) -> (Stage, Browser) {
    let html = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>{head}<title>Acme Home</title></head><body>\
         <main><h1>Acme Home</h1><p><button id=ask>Ask</button></p></main>{{tag}}</body></html>"
    );
    let page = Page { others: [("page".to_owned(), html)].into(), ..Page::default() };
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    stage.collector.apply_service(SURVEY).await;
    stage.collector.app.clock.advance(1_000);
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("page")).await.unwrap();
    browser.find_in_widget(".launcher").await;
    browser.run("window.answered = []; Sayso('on', 'answered', event => answered.push(event.detail.survey))").await;
    browser.run("document.querySelector('#ask').focus()").await;
    (stage, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_asks_and_hears_that_it_was_answered() {
    let (stage, browser) = open("").await;
    browser.run("Sayso('survey', 'ease')").await;
    let frame = browser.find_in_widget("#survey iframe").await;
    browser.wait_for("the focus in it", &format!("{WIDGET}.activeElement?.tagName === 'IFRAME'")).await;
    browser.picture("survey").await;
    let names = format!(
        "const dialog = {WIDGET}.querySelector('#survey'); return [dialog.ariaLabel, dialog.querySelector('iframe').title]"
    );
    let names = browser.run(&names).await;
    assert!(names[0].as_str().unwrap().contains("Was it easy?") && names[0] == names[1], "{names}");
    assert_eq!(barriers(&browser).await, Vec::<String>::new());
    frame.enter_frame().await.unwrap();
    browser.click("label:has(input[value='6'])").await;
    browser.click("form button.primary").await;
    browser.find("[data-answered]").await;
    browser.driver.enter_default_frame().await.unwrap();
    browser.wait_for("the event", "answered.length").await;
    assert_eq!(browser.run("return answered").await, json!(["ease"]));
    let count: i64 = sayso::with_db!(&stage.collector.app.db, pool =>
        sqlx::query_scalar("select count(*) from survey_answers where value = '6'").fetch_one(pool).await)
    .unwrap();
    assert_eq!(count, 1);

    // Its own button closes it, and Escape does; the focus goes back to where it was.
    browser.find_in_widget("#survey iframe").await.enter_frame().await.unwrap();
    browser.click("[data-frame-close]").await;
    browser.driver.enter_default_frame().await.unwrap();
    browser.wait_for("it closed", &format!("!{WIDGET}.querySelector('#survey')")).await;
    assert_eq!(browser.run("return document.activeElement.id").await, json!("ask"));
    browser.run("Sayso('survey', 'ease'); Sayso('survey', 'ease')").await;
    browser.find_in_widget("#survey button").await.send_keys("\u{e00c}").await.unwrap();
    browser.wait_for("it closed", &format!("!{WIDGET}.querySelector('#survey')")).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_closes_with_its_user() {
    let (_stage, browser) = open("").await;
    browser.run("Sayso('identify', { email: 'li@example.com' }); Sayso('survey', 'ease')").await;
    browser.find_in_widget("#survey iframe").await;
    browser.run("Sayso('identify', null)").await;
    browser.wait_for("it closed", &format!("!{WIDGET}.querySelector('#survey')")).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_refuses_frames_gets_a_link() {
    let (_stage, browser) = open("<meta http-equiv=Content-Security-Policy content=\"frame-src 'none'\">").await;
    browser.run("Sayso('survey', 'ease')").await;
    let link = browser.find_in_widget("#survey a").await;
    let address = link.attr("href").await.unwrap().unwrap();
    assert!(address.contains("/s/acme/survey/ease?lang=en"), "{address}");
    browser.stop().await;
}
