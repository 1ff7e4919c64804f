//! A picture of the page, and what its customer does to it before it goes.

use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use serde_json::{Value, json};
use thirtyfour::Key;

use super::Visit;
use crate::stage::{choose_a_kind, click_in_widget, type_in_widget};

/// The picture of a file as pixels: how many are black, of the page's colour and of another one, and its size.
const COUNT: &str = "const done = arguments[arguments.length - 1];\n\
    (async () => {\n\
      const bitmap = await createImageBitmap(await (await fetch(arguments[0])).blob());\n\
      const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height }), ink = canvas.getContext('2d');\n\
      ink.drawImage(bitmap, 0, 0);\n\
      const { data } = ink.getImageData(0, 0, bitmap.width, bitmap.height), found = { black: 0, secret: 0, other: 0, width: bitmap.width, height: bitmap.height };\n\
      for (let at = 0; at < data.length; at += 4) {\n\
        const [red, green, blue] = data.subarray(at, at + 3);\n\
        if (red + green + blue < 12) found.black++; else if (green > 150 && red < 100 && blue < 100) found.secret++; else found.other++\n\
      }\n\
      done(found)\n\
    })().catch(error => done(String(error)))";

/// A stream of a picture that we know, in place of the page's own: white, with a green square of 100 pixels in its middle that nobody should see.
const STREAM: &str = "navigator.mediaDevices.getDisplayMedia = async () => {\n\
      window.hidden = null;\n\
      const canvas = Object.assign(document.createElement('canvas'), { width: 400, height: 300 }), ink = canvas.getContext('2d');\n\
      const draw = () => { ink.fillStyle = '#fff'; ink.fillRect(0, 0, 400, 300); ink.fillStyle = '#0c0'; ink.fillRect(150, 100, 100, 100);\n\
        const panel = document.querySelector('sayso-widget').shadowRoot.querySelector('#panel'); window.hidden = getComputedStyle(panel).visibility };\n\
      draw(); const timer = setInterval(draw, 30);\n\
      const stream = canvas.captureStream(30), [track] = stream.getTracks(), stop = track.stop.bind(track);\n\
      track.stop = () => { window.stopped = window.hidden; clearInterval(timer); stop() };\n\
      return stream\n\
    }";

impl Visit {
    pub(super) async fn shoot(&self) {
        self.browser.run(STREAM).await;
        click_in_widget(&self.browser, "#shot").await;
        self.browser.find_in_widget(".surface canvas").await;
        assert_eq!(
            self.browser.run("return window.stopped").await,
            json!("hidden"),
            "nothing of the widget was in the picture"
        );
    }

    /// Sends what is in the form, and counts the pixels of its one file.
    async fn pixels(&self) -> Value {
        self.wait_for("the form", "!root.querySelector('#body').hidden").await;
        type_in_widget(&self.browser, "#message", "It looks like this.").await;
        choose_a_kind(&self.browser).await;
        self.wait_for("the file has left", "root.querySelector('.files small')?.textContent.includes('ready')").await;
        click_in_widget(&self.browser, "#send").await;
        let code = self.text("#code").await;
        let case = self.stage.collector.client().get(&format!("/api/v1/feedback/{code}")).await.json().clone();
        let url = case["attachments"][0]["url"].as_str().unwrap().to_owned();
        // From a page of the collector, which may read it.
        self.browser.driver.goto(format!("{}/t/{code}", self.stage.collector.url)).await.unwrap();
        self.browser.driver.execute_async(COUNT, vec![json!(url)]).await.unwrap().json().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_blacked_out_by_the_keyboard_is_gone_from_the_file() {
    let visit = Visit::usual().await;
    visit.shoot().await;
    let canvas = visit.browser.find_in_widget(".surface canvas").await;
    // A selection in the middle, then its end out to the right and down, and its whole up to the left until it covers the square.
    canvas.send_keys(Key::Enter).await.unwrap();
    for _ in 0..3 {
        canvas.send_keys(Key::Left + Key::Up.value()).await.unwrap();
    }
    for _ in 0..6 {
        canvas.send_keys(Key::Shift + Key::Right.value() + Key::Down.value()).await.unwrap();
    }
    canvas.send_keys(Key::Enter).await.unwrap();
    visit.wait_for("it is said", "root.querySelector('.shot .live').textContent == 'Blacked out'").await;
    visit.browser.picture("companion-shot").await;
    click_in_widget(&visit.browser, "#shot-done").await;
    let found = visit.pixels().await;
    assert_eq!(
        (found["width"].as_u64(), found["height"].as_u64(), found["secret"].as_u64()),
        (Some(400), Some(300), Some(0)),
        "{found}"
    );
    assert!(found["black"].as_u64().unwrap() >= 10_000, "{found}");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_cropped_and_pointed_at_by_the_mouse_and_taken_back() {
    let visit = Visit::usual().await;
    visit.shoot().await;
    let canvas = visit.browser.find_in_widget(".surface canvas").await;
    let drag = async |from: (i64, i64), to: (i64, i64)| {
        let chain = visit.browser.driver.action_chain();
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        chain
            .move_to_element_with_offset(&canvas, from.0, from.1)
            .click_and_hold()
            .move_by_offset(width, height)
            .release()
            .perform()
            .await
            .unwrap();
    };
    click_in_widget(&visit.browser, ".tools button:nth-child(2)").await;
    drag((-60, -40), (10, 10)).await;
    visit.wait_for("an arrow", "root.querySelector('.shot .live').textContent == 'Arrow added'").await;
    click_in_widget(&visit.browser, ".tools .undo").await;
    click_in_widget(&visit.browser, ".tools button:nth-child(3)").await;
    drag((-60, -60), (60, 60)).await;
    visit.wait_for("it is cropped", "root.querySelector('.surface canvas').width < 250").await;
    click_in_widget(&visit.browser, "#shot-done").await;
    let found = visit.pixels().await;
    assert!(found["width"].as_u64().unwrap() < 250 && found["secret"].as_u64().unwrap() > 5_000, "{found}");
    assert_eq!(found["black"], json!(0));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_allow_it_hears_so_and_goes_on() {
    let visit = Visit::usual().await;
    visit
        .browser
        .run("navigator.mediaDevices.getDisplayMedia = async () => { throw new DOMException('no', 'NotAllowedError') }")
        .await;
    type_in_widget(&visit.browser, "#message", "Without a picture.").await;
    click_in_widget(&visit.browser, "#shot").await;
    visit
        .wait_for("a sentence", "root.querySelector('#attach > .hint').textContent.startsWith('No picture was taken')")
        .await;
    assert_eq!(visit.run("return root.querySelector('#panel').hidden").await, json!(false));
    visit.shoot().await;
    click_in_widget(&visit.browser, "#shot-cancel").await;
    visit
        .wait_for(
            "the form",
            "!root.querySelector('#body').hidden && root.querySelector('#message').value == 'Without a picture.'",
        )
        .await;
    visit.end().await;
}

/// The browser's own stream of this very page.
#[tokio::test(flavor = "multi_thread")]
async fn the_browser_takes_a_picture_of_the_page_itself() {
    let setup = Setup { arguments: &["--auto-accept-this-tab-capture"], ..Setup::default() };
    let visit = Visit::begin(Page::default(), setup).await;
    click_in_widget(&visit.browser, "#shot").await;
    visit.browser.find_in_widget(".surface canvas").await;
    assert_eq!(visit.run("return root.querySelector('.surface canvas').width > 600").await, json!(true));
    visit.browser.picture("companion-shot-of-the-page").await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_has_nothing_of_other_forms_and_surveys() {
    let html = "<!doctype html><html lang=en><meta charset=utf-8><title>Acme Home</title><main><h1>Acme Home</h1><sayso-feedback></sayso-feedback><sayso-feedback></sayso-feedback></main>{tag}</html>";
    let page = Page { others: [("forms".to_owned(), html.to_owned())].into(), ..Page::default() };
    let visit = Visit::begin(page, Setup::default()).await;
    visit.browser.driver.goto(visit.stage.company.url("forms")).await.unwrap();
    let form = "document.querySelector('sayso-feedback').shadowRoot?.querySelector('div')?.shadowRoot";
    visit.browser.wait_for("the form", &format!("{form}?.querySelector('#shot')")).await;
    let look = "const shown = [...document.querySelectorAll('sayso-feedback')].map(element => getComputedStyle(element).opacity);";
    let stream = STREAM.replace("track.stop = () => {", &format!("track.stop = () => {{ {look} window.shown = shown;"));
    visit.browser.run(&stream.replace("querySelector('#panel')", "querySelector('.launcher')")).await;
    visit.browser.run(&format!("{form}.querySelector('#shot').click()")).await;
    visit.browser.wait_for("the editor", &format!("{form}.querySelector('.surface canvas')")).await;
    assert_eq!(visit.browser.run("return shown").await, json!(["0", "0"]));
    assert_eq!(visit.browser.run(&format!("{look} return shown")).await, json!(["1", "1"]));
    visit.end().await;
}
