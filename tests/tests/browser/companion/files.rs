//! Files that go along with a message.

use std::path::Path;

use sayso_shared::limits::ATTACHMENT_MAX_BYTES;
use sayso_tests::browser::Connection;
use serde_json::{Value, json};

use super::Visit;
use crate::stage::{choose_a_kind, click_in_widget, type_in_widget};

const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\0;";

/// Makes a picture in the page and gives it to the panel in an event, as the browser does when somebody drops or pastes one.
const BRING: &str = "const [width, height, type, name, how] = arguments, done = arguments[arguments.length - 1];\n\
    const canvas = Object.assign(document.createElement('canvas'), { width, height }), ink = canvas.getContext('2d');\n\
    const noise = Object.assign(document.createElement('canvas'), { width: 400, height: 300 }), grain = noise.getContext('2d'), dots = grain.createImageData(400, 300);\n\
    for (let at = 0; at < dots.data.length; at++) dots.data[at] = at % 4 == 3 ? 255 : Math.random() * 256;\n\
    grain.putImageData(dots, 0, 0); ink.drawImage(noise, 0, 0, width, height);\n\
    canvas.toBlob(blob => {\n\
      const data = new DataTransfer; data.items.add(new File([blob], name, { type }));\n\
      const panel = document.querySelector('sayso-widget').shadowRoot.querySelector('#message');\n\
      const options = { bubbles: true, cancelable: true, composed: true };\n\
      panel.dispatchEvent(how == 'drop' ? new DragEvent('drop', { ...options, dataTransfer: data }) : new ClipboardEvent('paste', { ...options, clipboardData: data }));\n\
      done(blob.size)\n\
    }, type, .95)";

impl Visit {
    pub(super) async fn choose(&self, paths: &[String]) {
        self.browser.find_in_widget("#add input").await.send_keys(paths.join("\n")).await.unwrap();
    }

    pub(super) async fn bring(&self, size: (u32, u32), media_type: &str, name: &str, how: &str) -> u64 {
        let arguments = vec![json!(size.0), json!(size.1), json!(media_type), json!(name), json!(how)];
        self.browser.driver.execute_async(BRING, arguments).await.unwrap().json().as_u64().unwrap()
    }

    pub(super) async fn ready(&self, count: usize) {
        let ready = format!(
            "[...root.querySelectorAll('.files small')].filter(said => said.textContent.includes('ready')).length == {count}"
        );
        self.wait_for("the files have left", &ready).await;
    }

    /// Sends what is in the form, and gives the case as its customer may see it.
    pub(super) async fn send_and_read(&self) -> Value {
        choose_a_kind(&self.browser).await;
        click_in_widget(&self.browser, "#send").await;
        self.read().await
    }

    /// What has been sent, as its customer may see it.
    pub(super) async fn read(&self) -> Value {
        let code = self.text("#code").await;
        self.stage.collector.client().get(&format!("/api/v1/feedback/{code}")).await.json().clone()
    }
}

pub(super) fn file(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

pub(super) fn names(case: &Value) -> Vec<&str> {
    case["attachments"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_chosen_removed_and_go_along_and_nothing_is_fetched_before() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(visit.fetched().await, json!(0), "who only writes fetches nothing more");
    let chosen = [
        file(folder.path(), "chair.gif", GIF),
        file(folder.path(), "order.txt", b"Order 7"),
        file(folder.path(), "wrong.txt", b"x"),
    ];
    visit.choose(&chosen).await;
    visit.ready(3).await;
    click_in_widget(&visit.browser, ".files li:nth-child(3) .remove").await;
    visit.ready(2).await;
    assert_eq!(
        visit.run("return root.activeElement.type").await,
        json!("file"),
        "the focus stays beside what has gone"
    );
    type_in_widget(&visit.browser, "#message", "The chair is broken.").await;
    let case = visit.send_and_read().await;
    assert_eq!(names(&case), ["chair.gif", "order.txt"]);
    // They belong to what was sent, and not to what comes next.
    click_in_widget(&visit.browser, "#again").await;
    visit.wait_for("an empty list", "root.querySelector('#send') && !root.querySelector('.files')").await;
    type_in_widget(&visit.browser, "#message", "Something else.").await;
    assert_eq!(names(&visit.send_and_read().await), [""; 0]);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_dropped_and_pasted_and_large_ones_are_scaled_down() {
    let visit = Visit::usual().await;
    let large = visit.bring((4_000, 3_000), "image/jpeg", "photo.jpg", "drop").await;
    visit.ready(1).await;
    visit.bring((60, 40), "image/png", "small.png", "paste").await;
    visit.ready(2).await;
    let drawn = "[...root.querySelectorAll('.preview canvas')].every(canvas => canvas.className == 'drawn')";
    visit.wait_for("previews, under a policy that allows no pictures", drawn).await;
    type_in_widget(&visit.browser, "#message", "Look at this.").await;
    let case = visit.send_and_read().await;
    assert_eq!(names(&case), ["photo.jpg", "small.png"]);
    let size = case["attachments"][0]["size"].as_u64().unwrap();
    assert!(size < large * 3 / 4, "{size} of {large}");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_goes_as_it_was_if_its_customer_says_so() {
    let visit = Visit::usual().await;
    let large = visit.bring((3_000, 2_000), "image/jpeg", "photo.jpg", "drop").await;
    visit.ready(1).await;
    assert!(visit.text(".files .ways button").await.starts_with("Send it at full size ("));
    click_in_widget(&visit.browser, ".files .ways button").await;
    visit.wait_for("no such offer any more", "!root.querySelector('.files .ways button')").await;
    visit.ready(1).await;
    type_in_widget(&visit.browser, "#message", "Look closely.").await;
    let case = visit.send_and_read().await;
    let size = case["attachments"][0]["size"].as_u64().unwrap();
    assert!(size > large * 9 / 10, "{size} of {large}");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_said_in_a_sentence_and_the_rest_goes() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    visit
        .choose(&[
            file(folder.path(), "empty.txt", b""),
            file(folder.path(), "large.txt", &vec![b'a'; ATTACHMENT_MAX_BYTES + 1]),
        ])
        .await;
    visit
        .wait_for(
            "what is too large",
            "root.querySelector('.files [data-state=failed] small')?.textContent.includes('larger than 10 MB')",
        )
        .await;
    assert_eq!(visit.text("#files .error").await, "“empty.txt” is empty. Please choose another file.");
    visit.choose(&[file(folder.path(), "page.html", b"<!doctype html><script>alert(1)</script>")]).await;
    visit.wait_for("what is no file of ours", "[...root.querySelectorAll('.files small')].some(said => said.textContent.startsWith('“page.html” can’t be accepted'))").await;
    let more: Vec<String> = (1..=6).map(|number| file(folder.path(), &format!("{number}.txt"), b"text")).collect();
    visit.choose(&more).await;
    visit.ready(5).await;
    assert_eq!(visit.text("#files .error").await, "“6.txt” wasn’t added: five files at most can go along.");
    visit.browser.picture("companion-files-refused").await;
    type_in_widget(&visit.browser, "#message", "Five of them.").await;
    assert_eq!(names(&visit.send_and_read().await).len(), 5);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_offline_keeps_its_files() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    visit.choose(&[file(folder.path(), "first.txt", b"first")]).await;
    visit.ready(1).await;
    visit.browser.set_connection(Connection::Offline).await;
    visit.choose(&[file(folder.path(), "second.txt", b"second")]).await;
    visit.wait_for("it waits", "root.querySelector('.files li:nth-child(2) small')?.textContent.includes('will be sent with your message')").await;
    type_in_widget(&visit.browser, "#message", "From the train.").await;
    click_in_widget(&visit.browser, "#send").await;
    let about = visit.text("#outbox li.waiting .about").await;
    assert!(about.ends_with(" · 2 files"), "{about}");
    // The page goes, and with it all that it held in memory.
    visit.browser.set_connection(Connection::Online).await;
    visit.browser.driver.goto(visit.stage.company.url("blank")).await.unwrap();
    visit.browser.driver.goto(&visit.stage.company.origin).await.unwrap();
    visit.wait_for("it has arrived", "root.querySelector('.launcher').dataset.state == 'sent'").await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    let code = visit.text("#outbox output").await;
    let case = visit.stage.collector.client().get(&format!("/api/v1/feedback/{code}")).await;
    assert_eq!(names(&case.json()), ["first.txt", "second.txt"]);
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_module_that_stops_takes_nothing_with_it() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    let empty = file(folder.path(), "empty.txt", b"");
    visit.choose(std::slice::from_ref(&empty)).await;
    visit.browser.find_in_widget("#files .error").await;
    type_in_widget(&visit.browser, "#message", "It is still here.").await;
    // As a page translator does it: another node around one that was drawn, beside which nothing can be put any more.
    visit.run("const said = root.querySelector('#files .error'), font = document.createElement('font'); said.replaceWith(font); font.append(said)").await;
    visit.choose(&[empty, file(folder.path(), "order.txt", b"Order 7")]).await;
    // Another one takes its place, and its files over.
    visit.ready(1).await;
    assert_eq!(visit.run("return root.querySelector('#message').value").await, json!("It is still here."));
    visit.choose(&[file(folder.path(), "second.txt", b"Order 8")]).await;
    visit.ready(2).await;
    assert_eq!(names(&visit.send_and_read().await), ["order.txt", "second.txt"]);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_is_taken_away_while_it_is_read_is_not_sent() {
    let visit = Visit::usual().await;
    let folder = tempfile::tempdir().unwrap();
    visit.choose(&[file(folder.path(), "order.txt", b"Order 7")]).await;
    visit.ready(1).await;
    // As a large one on a slow phone.
    visit.browser.run("const decode = createImageBitmap; window.held = new Promise(go => window.go = go); window.createImageBitmap = async (...all) => { await held; return decode(...all) }").await;
    visit.bring((4_000, 3_000), "image/jpeg", "photo.jpg", "drop").await;
    visit
        .wait_for("it is read", "root.querySelector('.files li:nth-child(2) small')?.textContent == 'Preparing…'")
        .await;
    click_in_widget(&visit.browser, ".files li:nth-child(2) .remove").await;
    visit.browser.run("go()").await;
    // What is chosen after it comes after it.
    visit.choose(&[file(folder.path(), "second.txt", b"Order 8")]).await;
    visit.ready(2).await;
    let sent =
        "return performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/attachments')).length";
    assert_eq!(visit.browser.run(sent).await, json!(2), "of the photo nothing");
    visit.end().await;
}
