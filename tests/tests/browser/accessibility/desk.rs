//! The day of a member without a pointer: through the inbox, choosing cases, from one case to the next, and the list of all commands.

use sayso::auth::Role;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp};
use thirtyfour::prelude::*;

use crate::stage;

async fn is_on(browser: &Browser, message: &str) {
    let focused = format!("document.activeElement?.closest('[data-case]')?.textContent.includes({message:?})");
    browser.wait_for(&format!("the focus on {message:?}"), &focused).await;
}

async fn open_palette(browser: &Browser) {
    let chain = browser.driver.action_chain().key_down(Key::Control).send_keys("k").key_up(Key::Control);
    chain.perform().await.unwrap();
    browser.wait_for("the list of commands", "document.querySelector('#palette').open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_needs_no_pointer() {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    for message in ["The first parcel", "The second parcel", "The third parcel"] {
        app.client().complain(message, "lin@example.com").await;
    }
    stage::add_member(&app.app, "chen@acme.example", "Chen", Role::Manager).await;
    let browser = Browser::start(Setup::default()).await;
    stage::sign_in(&browser, &app.url, "chen@acme.example").await;
    browser.find("[data-case]").await;

    // The newest is first.
    browser.press("j").await;
    is_on(&browser, "The third parcel").await;
    browser.press("j").await;
    is_on(&browser, "The second parcel").await;
    browser.press("x").await;
    browser.wait_for("a chosen case", "document.querySelectorAll('[data-case] input:checked').length === 1").await;
    browser.press("k").await;
    is_on(&browser, "The third parcel").await;

    // From case to case, and into the field for a reply, where letters are letters.
    browser.press(Key::Enter).await;
    let shows = |message: &str| format!("document.querySelector('.thread')?.textContent.includes({message:?})");
    browser.wait_for("the third case", &shows("The third parcel")).await;
    browser.press("j").await;
    browser.wait_for("the next case", &shows("The second parcel")).await;
    browser.press("k").await;
    browser.wait_for("the case before", &shows("The third parcel")).await;
    browser.press("r").await;
    browser.wait_for("the field for a reply", "document.activeElement?.id === 'reply'").await;
    browser.press("just jokes?").await;
    browser.wait_for("what was typed", "document.querySelector('#reply').value === 'just jokes?'").await;

    // All commands, by their names, and what is none of them is searched for.
    browser.press(Key::Escape).await;
    open_palette(&browser).await;
    browser.press("second").await;
    browser.press(Key::Enter).await;
    browser.wait_for("what was searched for", "location.search.includes('q=second')").await;
    browser.wait_for("one case", "document.querySelectorAll('[data-case]').length === 1").await;

    // Letters do nothing once they are switched off.
    browser.press("?").await;
    browser.wait_for("the help", "document.querySelector('#keys-help').open").await;
    browser.picture("console-keys").await;
    browser.click("#keys-help input[type=checkbox]").await;
    browser.press(Key::Escape).await;
    browser.press("j").await;
    let focused = "!document.activeElement?.closest('[data-case]') && !document.querySelector('dialog[open]')";
    browser.wait_for("no focus in the list", focused).await;
    browser.stop().await;
}
