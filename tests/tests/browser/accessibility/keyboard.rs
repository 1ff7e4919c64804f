//! The whole story without a pointer.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::stage::Stage;

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

async fn press(browser: &Browser, key: Key) {
    browser.driver.action_chain().send_keys(key).perform().await.unwrap();
}

async fn press_backwards(browser: &Browser) {
    let chain = browser.driver.action_chain().key_down(Key::Shift).send_keys(Key::Tab).key_up(Key::Shift);
    chain.perform().await.unwrap();
}

async fn write(browser: &Browser, text: &str) {
    browser.driver.action_chain().send_keys(text).perform().await.unwrap();
}

async fn is_focused(browser: &Browser, css: &str) -> bool {
    browser.run(&format!("return !!{WIDGET}.activeElement?.matches({css:?})")).await == json!(true)
}

/// Presses Tab until what matches has the focus, and sees that the focus can be seen.
async fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..25 {
        if is_focused(browser, css).await {
            let seen = format!(
                "const active = {WIDGET}.activeElement, styles = [active, active.closest('label')].filter(Boolean).map(getComputedStyle);\
                 return styles.some(style => style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2)"
            );
            assert_eq!(browser.run(&seen).await, json!(true), "the focus on {css} can be seen");
            return;
        }
        press(browser, Key::Tab).await;
    }
    panic!("Tab does not reach {css}");
}

async fn wait_for_focus(browser: &Browser, css: &str) {
    browser.wait_for(&format!("the focus on {css}"), &format!("{WIDGET}.activeElement?.matches({css:?})")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_needs_no_pointer() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    stage.collector.set_site(&["required=contact"]).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    tab_to(&browser, "[part=launcher]").await;
    press(&browser, Key::Enter).await;
    // The heading, so that nothing is skipped; nothing is chosen yet.
    wait_for_focus(&browser, "form h2").await;
    assert_eq!(browser.run(&format!("return !!{WIDGET}.querySelector('[name=kind]:checked')")).await, json!(false));

    // On to the kinds, which are one stop, and through them with the arrows.
    press(&browser, Key::Tab).await;
    assert!(is_focused(&browser, "input[name=kind]").await);
    for _ in 0..4 {
        if is_focused(&browser, "[value=suggestion]").await {
            break;
        }
        press(&browser, Key::Right).await;
    }
    assert!(is_focused(&browser, "[value=suggestion]:checked").await, "arrows choose a kind");
    press(&browser, Key::Tab).await;
    assert!(is_focused(&browser, "#message").await, "the kinds are one stop");

    // Sent too early: the focus goes to what is missing.
    tab_to(&browser, "#send").await;
    press(&browser, Key::Space).await;
    wait_for_focus(&browser, "#message[aria-invalid]").await;
    let described = format!(
        "const field = {WIDGET}.activeElement; return {WIDGET}.querySelector('#' + field.getAttribute('aria-describedby')?.split(' ')[0])?.textContent"
    );
    assert!(browser.run(&described).await.as_str().is_some_and(|text| !text.is_empty()), "the field names its error");
    write(&browser, "A bench by the door would be nice.").await;

    // What folds opens with Space, and an importance is chosen by arrows.
    tab_to(&browser, "#details").await;
    press(&browser, Key::Space).await;
    browser.wait_for("the details", &format!("{WIDGET}.querySelector('#details[aria-expanded=true]')")).await;
    tab_to(&browser, "input[name=importance]").await;
    press(&browser, Key::Space).await;
    press(&browser, Key::Right).await;
    tab_to(&browser, "#email").await;
    write(&browser, "li.lei@example.com").await;

    // Round the dialog: after its last stop comes its first.
    tab_to(&browser, "#mine").await;
    press(&browser, Key::Tab).await;
    assert!(is_focused(&browser, "[part=close]").await, "the last stop is followed by the first");
    press_backwards(&browser).await;
    assert!(is_focused(&browser, "#mine").await, "and the other way round");
    tab_to(&browser, "#send").await;
    press(&browser, Key::Enter).await;
    wait_for_focus(&browser, "#thanks").await;
    let (kind, importance): (String, i64) = sayso::with_db!(&stage.collector.app.db, pool =>
        sqlx::query_as("select kind, importance from feedback").fetch_one(pool).await)
    .unwrap();
    assert_eq!((kind.as_str(), importance), ("suggestion", 2));

    tab_to(&browser, "#copy").await;
    press(&browser, Key::Enter).await;
    tab_to(&browser, "a#status").await;
    tab_to(&browser, "#again").await;
    press(&browser, Key::Enter).await;
    wait_for_focus(&browser, "form h2").await;
    press(&browser, Key::Escape).await;
    wait_for_focus(&browser, "[part=launcher]").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frame_and_the_dialog_are_one_round() {
    let stage = Stage::open(Database::Sqlite, Page::without(" 'wasm-unsafe-eval'"), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    tab_to(&browser, "[part=launcher]").await;
    press(&browser, Key::Enter).await;
    wait_for_focus(&browser, "iframe:not([hidden])").await;
    // Through all of the frame's own stops, and back to the dialog's first.
    for _ in 0..30 {
        press(&browser, Key::Tab).await;
        if is_focused(&browser, "[part=close]").await {
            break;
        }
        assert!(is_focused(&browser, "iframe").await, "the focus never leaves the dialog");
    }
    assert!(is_focused(&browser, "[part=close]").await, "the frame has an end");
    press(&browser, Key::Tab).await;
    assert!(is_focused(&browser, "iframe").await);
    // Escape is heard in there, too.
    press(&browser, Key::Tab).await;
    press(&browser, Key::Escape).await;
    wait_for_focus(&browser, "[part=launcher]").await;
    browser.stop().await;
}
