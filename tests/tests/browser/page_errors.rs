//! What goes along of the page: the customer sees it and takes out what they want, and the page does not notice that its errors are noted.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::{Value, json};

use crate::accessibility::barriers;
use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

/// The page's own script: what goes wrong on it, each in its way, and what it gets for what it calls. What a driver runs would be nobody's.
const SCRIPT: &str = "\
    function makeTrouble(done) {\
      console.error('The cart broke', new TypeError('no cart'), { token: 1 });\
      setTimeout(() => { throw new Error('late trouble') });\
      Promise.reject(new Error('nobody caught it'));\
      const request = new XMLHttpRequest;\
      request.open('POST', '/none?card=4111111111111111&id=7');\
      request.onloadend = () => fetch('/missing?session=abcdef&page=2#part').then(() => fetch('http://localhost:9/gone')).catch(() => setTimeout(done, 50));\
      request.send();\
    }\
    async function look(done) {\
      const seen = [];\
      const nameOf = why => why.name;\
      addEventListener('unhandledrejection', event => seen.push('unhandled ' + event.reason.name));\
      seen.push(console.error.name, fetch.name, fetch.length, String(console.error('x')));\
      const answer = await fetch('/missing');\
      seen.push(answer.status, answer instanceof Response, await answer.text());\
      seen.push(fetch('/blank') instanceof Promise, await fetch('http://localhost:9/').catch(nameOf));\
      const ending = new AbortController;\
      const ended = fetch('/blank', { signal: ending.signal });\
      ending.abort();\
      seen.push(await ended.catch(nameOf), await fetch('http://[').catch(nameOf));\
      fetch('http://localhost:9/');\
      await new Promise(next => setTimeout(next, 200));\
      const request = new XMLHttpRequest;\
      request.open('GET', '/missing');\
      seen.push(String(request.send()));\
      await new Promise(next => request.onloadend = next);\
      seen.push(request.status, Object.keys(request).join());\
      try { XMLHttpRequest.prototype.open.call({}) } catch (why) { seen.push(why.name) }\
      console.error({ get message() { throw 1 } }, Symbol('s'), null, Object.create(null));\
      console.error(Object.create(Error.prototype, { message: { get() { throw 1 } } }));\
      done(seen);\
    }";

/// A policy under which the page may ask its own server.
const POLICY: &str = "default-src 'none'; script-src {collector} 'wasm-unsafe-eval' 'unsafe-inline'; connect-src *";
/// One that refuses WebAssembly besides, so that the form comes in a frame.
const FRAMES_ONLY: &str =
    "default-src 'none'; script-src {collector} 'unsafe-inline'; frame-src {collector}; connect-src *";

/// A page on a site that wants to know of errors or not.
async fn open(attributes: &str, setting: &str) -> (Stage, Browser) {
    open_under(POLICY, attributes, setting).await
}

async fn open_under(policy: &str, attributes: &str, setting: &str) -> (Stage, Browser) {
    let html = format!(
        "<!-- Content-Security-Policy: {policy} -->\n<!doctype html><html lang=it><meta charset=utf-8><title>Acme Home</title><main><h1>Acme Home</h1></main>\
         <script>{SCRIPT}</script>{{tag}}</html>"
    );
    let page = Page { others: [("shop".to_owned(), html)].into(), ..Page::with(attributes) };
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    stage.collector.set_site(&[setting]).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("shop?password=hunter2#part")).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    if attributes.contains("data-errors") {
        let there = "performance.getEntriesByType('resource').some(entry => entry.responseEnd && entry.name.endsWith('-errors.js'))";
        browser.wait_for("the module", there).await;
        // It has run once the next task does.
        browser.run("return new Promise(next => setTimeout(next))").await;
    }
    (stage, browser)
}

async fn make_trouble(browser: &Browser) {
    browser.driver.execute_async("makeTrouble(arguments[0])", vec![]).await.unwrap();
}

async fn send(browser: &Browser) {
    type_in_widget(browser, "#message", "The cart is broken.").await;
    click_in_widget(browser, "#send").await;
    browser.find_in_widget("#code").await;
}

async fn stored(stage: &Stage) -> (Value, Option<String>) {
    let row: (Option<String>, Option<String>) = sayso::with_db!(&stage.collector.app.db, pool =>
        sqlx::query_as("select context, page_url from feedback order by id desc limit 1").fetch_one(pool).await)
    .unwrap();
    (row.0.map_or(Value::Null, |context| serde_json::from_str(&context).unwrap()), row.1)
}

/// The errors without their times.
fn errors(context: &Value) -> Vec<String> {
    let all = context["errors"].as_array().cloned().unwrap_or_default();
    all.iter().map(|error| error.as_str().unwrap()[9..].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_and_failed_requests_reach_the_case_without_secrets() {
    let (stage, browser) = open("data-errors", "page_errors=true").await;
    make_trouble(&browser).await;
    browser.run("for (const _ of [1, 2, 3]) console.error('again')").await;
    click_in_widget(&browser, "[part=launcher]").await;
    click_in_widget(&browser, "#along summary").await;
    browser.wait_for("the list", &format!("{WIDGET}.querySelectorAll('#along li').length > 8")).await;
    assert_eq!(barriers(&browser).await, Vec::<String>::new());
    browser.picture("page-errors-list").await;
    let listed = browser
        .run(&format!("return [...{WIDGET}.querySelectorAll('#along bdi')].map(item => item.textContent)"))
        .await;
    send(&browser).await;
    let (context, page_url) = stored(&stage).await;
    let origin = &stage.company.origin;
    let found = errors(&context);
    let expected = [
        "The cart broke TypeError: no cart [object]".to_owned(),
        "Unhandled rejection: Error: nobody caught it".to_owned(),
        "Uncaught Error: late trouble".to_owned(),
        format!("POST 404 {origin}/none?card=***&id=***"),
        format!("GET 404 {origin}/missing?session=***&page=***"),
        "GET failed http://localhost:9/gone".to_owned(),
        "again ×3".to_owned(),
    ];
    for expected in &expected {
        assert!(found.iter().any(|error| error.starts_with(expected)), "{expected} in {found:?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert_eq!(page_url, Some(format!("{origin}/shop?password=***")));
    // What was shown is what was sent.
    let listed: Vec<&str> = listed.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for sent in context["errors"].as_array().unwrap().iter().chain([&context["viewport"], &json!(page_url)]) {
        assert!(listed.contains(&sent.as_str().unwrap()), "{sent} was not shown in {listed:?}");
    }
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frame_lists_what_goes_along_and_leaves_out_what_is_unticked() {
    let (stage, browser) = open_under(FRAMES_ONLY, "data-errors", "page_errors=true").await;
    make_trouble(&browser).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("iframe:not([hidden])").await.enter_frame().await.unwrap();
    browser.click("#along summary").await;
    browser.run("document.querySelector('#along').scrollIntoView()").await;
    browser.picture("page-errors-frame").await;
    let listed = browser.run("return [...document.querySelectorAll('#along bdi')].map(item => item.textContent)").await;
    let listed: Vec<&str> = listed.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(listed[1], "Acme Home");
    browser.click("input[name=page-title]").await;
    browser.run("for (const box of document.querySelectorAll('[name^=page-error]')) if (box.value.includes('late trouble')) box.click()").await;
    // It comes back with a mistake: what was left out stays out.
    browser.click("form button.primary").await;
    browser.find("#message-error").await;
    assert_eq!(barriers(&browser).await, Vec::<String>::new());
    let left = browser.run("return [...document.querySelectorAll('#along bdi')].map(item => item.textContent)").await;
    assert_eq!(left.as_array().unwrap().len(), listed.len() - 2, "{left}");
    browser.click("label:has(input[name=kind][value=complaint])").await;
    browser.find("#message").await.send_keys("The cart is broken.").await.unwrap();
    browser.click("form button.primary").await;
    browser.find("[data-submitted-code]").await;
    let (context, page_url) = stored(&stage).await;
    let found = errors(&context);
    assert!(found.iter().any(|error| error.starts_with("The cart broke TypeError")), "{found:?}");
    assert!(!found.iter().any(|error| error.contains("late trouble")), "{found:?}");
    // Nothing on such a page knows what is a secret, so all of the parameters stay there.
    assert_eq!(page_url, Some(format!("{}/shop", stage.company.origin)));
    let select = "select page_title from feedback order by id desc limit 1";
    let title: Option<String> =
        sayso::with_db!(&stage.collector.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
    assert_eq!(title, None);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_stays_out() {
    let (stage, browser) = open("data-errors", "page_errors=true").await;
    browser.run("Sayso('set', { reference: 'A-1001', context: { cart: 3, plan: 'gold' } }); console.error('first'); console.error('second')").await;
    click_in_widget(&browser, "[part=launcher]").await;
    click_in_widget(&browser, "#along summary").await;
    browser.wait_for("the list", &format!("{WIDGET}.querySelectorAll('#along li').length > 6")).await;
    // By the keyboard, one after the other.
    let untick = format!(
        "for (const label of {WIDGET}.querySelectorAll('#along label')) if (/first|gold|Address|Window|window|language|Order/.test(label.textContent)) label.querySelector('input').click()"
    );
    browser.run(&untick).await;
    // What goes wrong later is among it.
    browser.run("console.error('third')").await;
    browser
        .wait_for("what came meanwhile", &format!("{WIDGET}.querySelector('#along').textContent.includes('third')"))
        .await;
    send(&browser).await;
    let (context, page_url) = stored(&stage).await;
    assert_eq!(errors(&context), ["second", "third"]);
    assert_eq!(
        (&context["cart"], &context["plan"], &context["viewport"], page_url),
        (&json!(3), &Value::Null, &Value::Null, None)
    );
    let row: (Option<String>, Option<String>, Option<String>) = sayso::with_db!(&stage.collector.app.db, pool =>
        sqlx::query_as("select page_title, locale, reference from feedback").fetch_one(pool).await)
    .unwrap();
    assert_eq!((row.0.as_deref(), row.2), (Some("Acme Home"), None), "{:?}", row.1);
    // What the page says while somebody looks is listed as well, and in the language of the moment.
    click_in_widget(&browser, "#again").await;
    click_in_widget(&browser, "#along summary").await;
    browser.run("Sayso('set', { lang: 'de', context: { step: 'payment' } })").await;
    let listed = format!("{WIDGET}.querySelector('#along').textContent.match(/Adresse dieser Seite.*payment/)");
    browser.wait_for("the new list", &listed).await;
    browser.run("Sayso('set', { lang: 'en' })").await;
    browser.wait_for("the old language", &format!("{WIDGET}.querySelector('#send').textContent === 'Send'")).await;
    // The next message begins with everything.
    send(&browser).await;
    let (context, page_url) = stored(&stage).await;
    assert_eq!((errors(&context).len(), &context["plan"], page_url.is_some()), (3, &json!("gold"), true));

    // Of somebody who has signed out nothing goes along.
    browser.run("Sayso('identify', { name: 'Li Lei' }); console.error('of Li Lei'); Sayso('identify', null)").await;
    send(&browser).await;
    assert!(!stored(&stage).await.0.to_string().contains("Li Lei"));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_the_site_or_the_tag_does_not_want_it() {
    for (attributes, setting) in [("data-errors", "page_errors=false"), ("", "page_errors=true")] {
        let (stage, browser) = open(attributes, setting).await;
        browser.run("console.error('a secret of the page')").await;
        make_trouble(&browser).await;
        click_in_widget(&browser, "[part=launcher]").await;
        click_in_widget(&browser, "#along summary").await;
        browser.wait_for("the list", &format!("{WIDGET}.querySelectorAll('#along li').length > 3")).await;
        send(&browser).await;
        let (context, _) = stored(&stage).await;
        assert_eq!(context.as_object().unwrap().keys().collect::<Vec<_>>(), ["viewport"], "{attributes} {setting}");
        browser.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_room_for_the_newest_and_for_what_the_page_says() {
    let (stage, browser) = open("data-errors", "page_errors=true").await;
    browser.run("for (let i = 0; i < 40; i++) console.error('number ' + i + ' ' + '抽屉'.repeat(40)); Sayso('set', { context: { cart: 'x'.repeat(1500) } })").await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.wait_for("the list's module", "performance.getEntriesByType('resource').some(entry => entry.responseEnd && entry.name.endsWith('-masks.wasm'))").await;
    send(&browser).await;
    let (context, _) = stored(&stage).await;
    let found = errors(&context);
    assert!(found.len() > 3 && found.len() < 20, "{}", found.len());
    assert!(found.last().unwrap().starts_with("number 39 ") && context.to_string().len() <= 4096, "{found:?}");
    assert!(found.iter().all(|error| error.chars().count() <= 291));
    // A page that fills it alone gets what it got.
    browser.run("Sayso('set', { context: { cart: 'x'.repeat(4080) } })").await;
    click_in_widget(&browser, "#again").await;
    send(&browser).await;
    let (context, _) = stored(&stage).await;
    assert_eq!(context.as_object().unwrap().keys().collect::<Vec<_>>(), ["cart"]);
    browser.stop().await;
}

/// What the page calls gives what it gave, and what nobody catches is told of as before.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_does_not_notice() {
    let mut seen = Vec::new();
    for attributes in ["", "data-errors"] {
        let (_stage, browser) = open(attributes, "page_errors=true").await;
        seen.push(browser.driver.execute_async("look(arguments[0])", vec![]).await.unwrap().json().clone());
        if attributes == "data-errors" {
            let own = "Sayso('destroy'); return [fetch, console.error, XMLHttpRequest.prototype.open, XMLHttpRequest.prototype.send].every(one => /native code/.test(one))";
            assert_eq!(browser.run(own).await, json!(true));
        }
        browser.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].to_string().contains("unhandled TypeError"), "{}", seen[0]);
}
