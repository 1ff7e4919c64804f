//! Files that come at a bad time or are not what they seem: none is lost without a word, and none holds up what is said.

use sayso_tests::browser::{Connection, Setup};
use sayso_tests::company::{FRONT, Page};
use serde_json::json;

use super::Visit;
use super::files::{file, names};
use crate::stage::{choose_a_kind, click_in_widget, type_in_widget};

/// The first bytes of a photo as iPhones take it.
const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_is_still_read_when_send_is_pressed_goes_scaled_down() {
    let visit = Visit::usual().await;
    visit.browser.run("const decode = createImageBitmap; window.held = new Promise(go => window.go = go); window.createImageBitmap = async (...all) => { await held; return decode(...all) }").await;
    let large = visit.bring((4_000, 3_000), "image/jpeg", "photo.jpg", "drop").await;
    visit.wait_for("it is read", "root.querySelector('.files small')?.textContent == 'Preparing…'").await;
    type_in_widget(&visit.browser, "#message", "Look at this.").await;
    click_in_widget(&visit.browser, "#send").await;
    visit.wait_for("it waits for its photo", "root.querySelector('#send').getAttribute('aria-disabled')").await;
    assert_eq!(visit.stage.cases().await, 0);
    visit.browser.run("go()").await;
    let case = visit.read().await;
    let size = case["attachments"][0]["size"].as_u64().unwrap();
    assert!(size < large * 3 / 4, "{size} of {large}");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_when_it_is_sent_is_named_in_the_thanks() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    visit.choose(&[file(folder.path(), "order.txt", b"Order 7")]).await;
    visit.ready(1).await;
    visit.choose_offline(&file(folder.path(), "page.html", b"<!doctype html><script>alert(1)</script>")).await;
    visit.browser.set_connection(Connection::Online).await;
    type_in_widget(&visit.browser, "#message", "With a page.").await;
    let case = visit.send_and_read().await;
    assert_eq!(names(&case), ["order.txt"]);
    let hints = visit.run("return [...root.querySelectorAll('.thanks .hint')].map(hint => hint.textContent)").await;
    assert!(hints[0].as_str().unwrap().starts_with("Couldn’t be sent along: page.html."), "{hints}");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_after_it_has_waited_is_named_beside_the_code() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    visit.choose_offline(&file(folder.path(), "page.html", b"<!doctype html><script>alert(1)</script>")).await;
    type_in_widget(&visit.browser, "#message", "With a page.").await;
    click_in_widget(&visit.browser, "#send").await;
    visit.browser.find_in_widget("#outbox li.waiting").await;
    visit.browser.set_connection(Connection::Online).await;
    let named = "[...root.querySelectorAll('#outbox li.sent .about')].some(said => said.textContent.startsWith('Couldn’t be sent along: page.html.'))";
    visit.wait_for("its name", named).await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_does_not_move_holds_nothing_up() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    // Half a minute is over soon, and what carries files never answers.
    visit.browser.run("const later = setTimeout; window.setTimeout = (run, wait, ...rest) => later(run, wait == 30000 ? 300 : wait, ...rest)").await;
    visit.browser.devtools("Fetch.enable", json!({"patterns": [{"urlPattern": "*/attachments*"}]})).await;
    visit.choose(&[file(folder.path(), "order.txt", b"Order 7")]).await;
    visit
        .wait_for(
            "it waits",
            "root.querySelector('.files small')?.textContent.includes('will be sent with your message')",
        )
        .await;
    type_in_widget(&visit.browser, "#message", "Over a bad line.").await;
    click_in_widget(&visit.browser, "#send").await;
    visit.browser.find_in_widget("#outbox li.waiting").await;
    visit.browser.devtools("Fetch.disable", json!({})).await;
    visit.browser.run("dispatchEvent(new Event('online'))").await;
    let code = visit.text("#outbox output").await;
    let case = visit.stage.collector.client().get(&format!("/api/v1/feedback/{code}")).await.json().clone();
    assert_eq!(names(&case), ["order.txt"]);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_read_once_for_its_preview_however_often_the_list_changes() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    visit.browser.run("const decode = createImageBitmap; window.read = []; window.createImageBitmap = (...all) => { read.push(all[1]?.resizeWidth ?? 0); return decode(...all) }").await;
    visit.bring((60, 40), "image/png", "small.png", "paste").await;
    visit.ready(1).await;
    visit.wait_for("the preview", "root.querySelector('.preview canvas').className == 'drawn'").await;
    visit.choose(&[file(folder.path(), "one.txt", b"1"), file(folder.path(), "two.txt", b"2")]).await;
    visit.ready(3).await;
    click_in_widget(&visit.browser, ".files li:nth-child(3) .remove").await;
    visit.ready(2).await;
    assert_eq!(visit.browser.run("return read").await, json!([0, 224]), "once to see how large it is, once small");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_has_vanished_since_is_named_and_one_that_no_browser_reads_too() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "order.txt", b"Order 7");
    visit.choose_offline(&path).await;
    std::fs::remove_file(&path).unwrap();
    visit.browser.set_connection(Connection::Online).await;
    click_in_widget(&visit.browser, ".files .ways button").await;
    let said = |text: &str| {
        format!("[...root.querySelectorAll('.files small')].some(said => said.textContent.startsWith('{text}'))")
    };
    visit.wait_for("it is gone", &said("“order.txt” can’t be read any more.")).await;
    visit.choose(&[file(folder.path(), "photo.heic", HEIC)]).await;
    visit.wait_for("no picture of ours", &said("“photo.heic” can’t be accepted.")).await;
    visit.choose(&[file(folder.path(), "film.txt", &vec![b'a'; 50_000_000])]).await;
    visit.wait_for("far too large", &said("“film.txt” is larger than 10 MB.")).await;
    type_in_widget(&visit.browser, "#message", "Without any of them.").await;
    assert_eq!(names(&visit.send_and_read().await), [""; 0]);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_page_refuses_screenshots_a_sentence_says_so_and_the_form_stays() {
    let policy = Page::default().policy;
    let html = format!(
        "<!-- Content-Security-Policy: {policy} -->\n<!-- Permissions-Policy: display-capture=() -->\n{FRONT}{{tag}}</html>"
    );
    let page = Page { others: [("strict".to_owned(), html)].into(), ..Page::default() };
    let visit = Visit::begin(page, Setup::default()).await;
    visit.browser.driver.goto(visit.stage.company.url("strict")).await.unwrap();
    click_in_widget(&visit.browser, "[part=launcher]").await;
    type_in_widget(&visit.browser, "#message", "Without a picture.").await;
    click_in_widget(&visit.browser, "#shot").await;
    visit
        .wait_for("a sentence", "root.querySelector('#attach > .hint')?.textContent.includes('add one of your own')")
        .await;
    choose_a_kind(&visit.browser).await;
    assert_eq!(names(&visit.send_and_read().await), [""; 0]);
    visit.end().await;
}

impl Visit {
    /// Chooses a file while there is no network, so that it waits.
    async fn choose_offline(&self, path: &str) {
        self.browser.find_in_widget("#add input").await;
        self.run("root.querySelector('#add').dispatchEvent(new Event('pointerover', { bubbles: true }))").await;
        let there = "performance.getEntriesByType('resource').some(entry => entry.responseEnd && entry.name.includes('companion.wasm'))";
        self.browser.wait_for("the second module", there).await;
        self.browser.set_connection(Connection::Offline).await;
        self.choose(&[path.to_owned()]).await;
        self.wait_for(
            "it waits",
            "[...root.querySelectorAll('.files small')].some(said => said.textContent.includes('will be sent with your message'))",
        )
        .await;
    }
}
