//! The form in the flow of the page, where that has `<sayso-feedback>`.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::accessibility::barriers;
use crate::pictures;
use crate::stage::{Stage, click_in_widget, type_in_widget};

/// What the strict page of these tests allows: the lines that `sayso site snippet` prints, and nothing more.
const POLICY: &str =
    "default-src 'none'; script-src {collector} 'wasm-unsafe-eval'; connect-src {collector}; frame-src {collector}";

const ELEMENT: &str = "<sayso-feedback id=first site=acme><a href=\"{collector}/s/acme\">Tell us</a></sayso-feedback>";

/// The shadow root that the form is in, of an element.
fn within(element: &str) -> String {
    format!("document.querySelector('{element}').shadowRoot.querySelector('div').shadowRoot")
}

/// Finds something of the form in the page.
async fn find(browser: &Browser, element: &str, css: &str) -> WebElement {
    let look = format!("{}?.querySelector({css:?})", within(element));
    browser.wait_for(css, &look).await;
    let found = browser.driver.execute(format!("return {look}"), vec![]).await.unwrap();
    found.element().unwrap()
}

fn page(body: &str) -> String {
    format!(
        "<!-- Content-Security-Policy: {POLICY} -->\n<!doctype html><html lang=it><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Acme Home</title><main><h1>Acme Home</h1>{body}</main></html>"
    )
}

/// Pages by their names, on a site that takes feedback from them.
async fn open(pages: &[(&str, &str)]) -> (Stage, Browser) {
    let others = pages.iter().map(|(path, body)| ((*path).to_owned(), page(body))).collect();
    let stage = Stage::open(Database::Sqlite, Page { others, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    browser.driver.goto(stage.company.url(pages[0].0)).await.unwrap();
    (stage, browser)
}

/// Writes in the form that is in an element, sends it, and waits for the thanks in its place.
pub async fn complain(browser: &Browser, element: &str) {
    find(browser, element, "#message").await.send_keys("The drawer is stuck.").await.unwrap();
    find(browser, element, "label.complaint").await.click().await.unwrap();
    find(browser, element, "#send").await.click().await.unwrap();
    let code = find(browser, element, "#code").await.text().await.unwrap();
    assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
}

async fn is_true(browser: &Browser, condition: &str) -> bool {
    browser.run(&format!("return Boolean({condition})")).await == json!(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_in_the_page_and_sends() {
    let before = format!("{ELEMENT}{{tag}}");
    let after = format!("{{tag}}<p>Hello</p>{ELEMENT}");
    let (stage, browser) = open(&[("before", &before), ("after", &after)]).await;
    for (count, path) in [(1, "before"), (2, "after")] {
        browser.driver.goto(stage.company.url(path)).await.unwrap();
        find(&browser, "#first", "#send").await;
        assert!(
            is_true(&browser, "document.activeElement === document.body && scrollY === 0").await,
            "it takes no focus"
        );
        let shape = format!(
            "(panel => [panel.getAttribute('role'), panel.localName, panel.ariaModal, getComputedStyle(panel).position,\
             panel.offsetWidth === Math.min(720, document.querySelector('#first').offsetWidth), panel.scrollHeight <= panel.clientHeight + 1])({}.querySelector('#panel'))",
            within("#first")
        );
        let shape = browser.run(&format!("return {shape}")).await;
        assert_eq!(
            shape,
            json!(["region", "section", null, "relative", true, true]),
            "it is as wide as there is room, and as high as it has to be"
        );
        assert_eq!(barriers(&browser).await, Vec::<String>::new());
        complain(&browser, "#first").await;
        assert_eq!(stage.cases().await, count);
        // Another one, in the same place.
        find(&browser, "#first", "#again").await.click().await.unwrap();
        find(&browser, "#first", "#send").await;
    }
    assert_eq!(browser.run("return window.refused").await, json!([]), "the policy is enough");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_may_come_later_go_and_come_back() {
    let (stage, browser) = open(&[("later", "<div id=place></div>{tag}")]).await;
    browser.find_in_widget("[part=launcher]").await;
    let insert = "const element = document.createElement('sayso-feedback');\
        element.id = 'first'; element.setAttribute('site', 'acme'); element.setAttribute('kind', 'praise');\
        document.querySelector('#place').append(element); window.element = element";
    browser.run(insert).await;
    find(&browser, "#first", "#message").await.send_keys("The drawer").await.unwrap();
    assert!(
        is_true(&browser, &format!("{}.querySelector('[value=praise]').checked", within("#first"))).await,
        "the kind"
    );

    // Away, where the launcher has the form with all that was written, and the same element back again.
    browser.run("window.element.remove()").await;
    browser
        .wait_for("the form's way back", "document.querySelector('sayso-widget').shadowRoot.querySelector('#message')")
        .await;
    click_in_widget(&browser, "[part=launcher]").await;
    let written = "document.querySelector('sayso-widget').shadowRoot.querySelector('#message')?.value === 'The drawer'";
    browser.wait_for("what was written", written).await;
    // While somebody writes in the dialog the form stays there.
    browser.run("document.querySelector('#place').append(window.element)").await;
    type_in_widget(&browser, "#message", " is").await;
    click_in_widget(&browser, "[part=close]").await;
    find(&browser, "#first", "#message").await.send_keys(" stuck.").await.unwrap();

    // A framework makes a new one of it.
    browser
        .run(
            "const next = document.createElement('sayso-feedback'); next.id = 'next'; window.element.replaceWith(next)",
        )
        .await;
    find(&browser, "#next", "#send").await.click().await.unwrap();
    find(&browser, "#next", "#code").await;
    let message: String = sayso::with_db!(&stage.collector.app.db, pool =>
        sqlx::query_scalar("select message from feedback").fetch_one(pool).await)
    .unwrap();
    assert_eq!(message, "The drawer is stuck.");

    // And everything goes, and comes again.
    browser.run("Sayso('destroy')").await;
    assert!(is_true(&browser, "!document.querySelector('#next').shadowRoot.querySelector('div')").await);
    let bring = format!(
        "document.head.append(Object.assign(document.createElement('script'), {{ src: '{}/sayso.js' }}));\
         document.head.lastChild.dataset.site = 'acme'",
        stage.collector.url
    );
    browser.run(&bring).await;
    complain(&browser, "#next").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_and_the_launcher_lead_to_the_one_form() {
    let body = format!(
        "{ELEMENT}<div style></div>{{tag}}<p><button id=open data-sayso-open=question>Ask</button></p>\
         <sayso-feedback id=second></sayso-feedback><sayso-feedback id=other site=another><b>Stays</b></sayso-feedback>"
    );
    let (stage, browser) = open(&[("two", &body)]).await;
    find(&browser, "#first", "#send").await;
    let button = find(&browser, "#second", "button").await;
    assert_eq!(button.text().await.unwrap(), "Feedback");
    assert_eq!(barriers(&browser).await, Vec::<String>::new());
    assert!(
        is_true(
            &browser,
            "!document.querySelector('#other').shadowRoot && document.querySelector('#other b').offsetWidth"
        )
        .await,
        "what the page has put there stays"
    );
    button.click().await.unwrap();
    browser.wait_for("the focus in the form", &format!("{}.activeElement", within("#first"))).await;
    browser.click("#open").await;
    let asked =
        format!("{0}.querySelector('[value=question]').checked && {0}.activeElement?.matches('h2')", within("#first"));
    browser.wait_for("the kind, and the focus", &asked).await;
    click_in_widget(&browser, "[part=launcher]").await;
    let closed = "document.querySelector('sayso-widget').shadowRoot.querySelector('dialog').hidden";
    assert!(is_true(&browser, closed).await, "the dialog stays closed");
    complain(&browser, "#first").await;

    // The first goes, and so the second has the form.
    browser.run("document.querySelector('#first').remove()").await;
    find(&browser, "#second", "#again").await.click().await.unwrap();
    complain(&browser, "#second").await;
    // Where nobody sees it, the dialog has it.
    browser.run("document.querySelector('#second').hidden = true").await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser
        .wait_for("the dialog", "!document.querySelector('sayso-widget').shadowRoot.querySelector('dialog').hidden")
        .await;
    assert_eq!(stage.cases().await, 2);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_keyboard_one_goes_in_and_out() {
    let body = "<p><button id=above>Above</button></p><sayso-feedback id=first></sayso-feedback><p><button id=below>Below</button></p>{tag}";
    let (stage, browser) = open(&[("keys", body)]).await;
    find(&browser, "#first", "#send").await;
    browser.run("document.querySelector('#above').focus()").await;
    let inside = format!("{}.activeElement?.id === ", within("#first"));
    let mut seen = Vec::new();
    for _ in 0..30 {
        browser.press(Key::Tab + "").await;
        if is_true(&browser, "document.activeElement.id === 'below'").await {
            break;
        }
        seen.push(
            browser
                .run(&format!(
                    "const active = {}.activeElement; return active && (active.id || active.localName)",
                    within("#first")
                ))
                .await,
        );
    }
    assert!(seen.contains(&json!("message")) && seen.contains(&json!("send")), "{seen:?}");
    assert!(is_true(&browser, "document.activeElement.id === 'below'").await, "there is no trap: {seen:?}");
    // Escape does nothing, and is the page's.
    browser.run("document.querySelector('#above').focus(); window.keys = []; addEventListener('keydown', event => keys.push([event.key, event.defaultPrevented]))").await;
    find(&browser, "#first", "#message").await.send_keys("The drawer is stuck.").await.unwrap();
    browser.press(Key::Escape + "").await;
    assert!(is_true(&browser, &format!("{inside} 'message'")).await);
    assert_eq!(browser.run("return window.keys").await, json!([]), "what is typed is no shortcut of the page");
    // A choice by the arrow keys, and Enter sends.
    browser.run(&format!("{}.querySelector('[value=complaint]').focus()", within("#first"))).await;
    browser.press(" ").await;
    browser.run(&format!("{}.querySelector('#send').focus()", within("#first"))).await;
    browser.press(Key::Enter + "").await;
    browser.wait_for("the thanks", &format!("{inside} 'thanks'")).await;
    assert_eq!(stage.cases().await, 1);
    browser.stop().await;
}

/// It is fetched when it is about to be seen, and what a page of its own looks like changes nothing in it.
#[tokio::test(flavor = "multi_thread")]
async fn it_waits_until_somebody_is_near_and_follows_its_attributes() {
    let far = (0..90).map(|_| "<p>Acme</p>").collect::<String>();
    let body =
        format!("{far}<sayso-feedback id=first kind=suggestion lang=zh-Hans theme=dark></sayso-feedback>{{tag}}");
    let (stage, browser) = open(&[("far", &body)]).await;
    browser.wait_for("the element's module", "document.querySelector('#first').shadowRoot").await;
    let fetched = "performance.getEntriesByType('resource').some(entry => /panel|wasm/.test(entry.name))";
    assert!(!is_true(&browser, fetched).await, "nobody is near");
    browser.note_shifts().await;
    browser.run("document.querySelector('#first').scrollIntoView()").await;
    find(&browser, "#first", "#send").await;
    let looks = format!(
        "(root => [root.querySelector('[value=suggestion]').checked, root.querySelector('#panel').className, root.querySelector('#send').textContent])({})",
        within("#first")
    );
    assert_eq!(browser.run(&format!("return {looks}")).await, json!([true, "flow dark", "提交"]));
    complain(&browser, "#first").await;
    assert_eq!(stage.cases().await, 1);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_page_refuses_the_module_the_frame_is_in_its_place() {
    let body = format!("{ELEMENT}{{tag}}");
    let weak = page(&body).replace(" 'wasm-unsafe-eval'", "");
    let weaker = weak.replace("frame-src {collector}", "frame-src 'none'");
    let others = [("frame".to_owned(), weak), ("link".to_owned(), weaker)].into();
    let stage = Stage::open(Database::Sqlite, Page { others, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("frame")).await.unwrap();
    let frame = find(&browser, "#first", "iframe:not([hidden])").await;
    assert!(is_true(&browser, "document.activeElement === document.body").await, "it takes no focus");
    browser.picture("inline-frame").await;
    frame.enter_frame().await.unwrap();
    browser.click("label:has(input[value=complaint])").await;
    browser.find("#message").await.send_keys("The drawer is stuck.").await.unwrap();
    browser.click("form button.primary").await;
    browser.find("[data-submitted-code]").await;
    browser.driver.enter_default_frame().await.unwrap();
    assert_eq!(stage.cases().await, 1);

    browser.driver.goto(stage.company.url("link")).await.unwrap();
    let link = find(&browser, "#first", "#fallback a:only-child").await;
    assert!(link.attr("href").await.unwrap().unwrap().ends_with("/s/acme?lang=en"));
    assert!(is_true(&browser, "document.activeElement === document.body").await, "it takes no focus");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_looks_right_in_every_place() {
    let narrow = "<sayso-feedback id=first></sayso-feedback>{tag}";
    let (stage, browser) = open(&[("wide", narrow)]).await;
    for (size, width) in [("1280", (1280, 1000)), ("375", (375, 900))] {
        for (lang, theme) in [("en", "light"), ("en", "dark"), ("zh-Hans", "light"), ("ar", "dark"), ("ar", "light")] {
            browser.resize(width).await;
            browser.driver.goto(stage.company.url("wide")).await.unwrap();
            browser.find_in_widget("[part=launcher]").await;
            browser.run(&format!("Sayso('set', {{ lang: '{lang}', theme: '{theme}' }})")).await;
            find(&browser, "#first", "#send").await;
            let spoken = format!(
                "{}.querySelector('#panel').dir === '{}'",
                within("#first"),
                if lang == "ar" { "rtl" } else { "ltr" }
            );
            browser.wait_for("the language", &spoken).await;
            find(&browser, "#first", "#details").await.click().await.unwrap();
            find(&browser, "#first", "#along summary").await.click().await.unwrap();
            find(&browser, "#first", "#along li").await;
            assert_eq!(barriers(&browser).await, Vec::<String>::new(), "{lang} {theme} {size}");
            let sideways = "document.documentElement.scrollWidth > innerWidth";
            assert!(!is_true(&browser, sideways).await, "{lang} {theme} {size}");
            browser.picture(&format!("inline-{size}-{lang}-{theme}")).await;
            if size == "375" {
                find(&browser, "#first", "#along summary").await.click().await.unwrap();
                find(&browser, "#first", "#details").await.click().await.unwrap();
                pictures::keep(&browser, &format!("{lang}-{theme}-inline")).await;
            }
        }
    }
    browser.stop().await;
}
