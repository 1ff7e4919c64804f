//! How the screens of the second module look and whether everybody can use them: axe, targets, narrow screens, in light and dark, in four languages.

use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use serde_json::{Value, json};

use super::Visit;
use crate::accessibility::barriers;
use crate::stage::{click_in_widget, complain_in_widget, type_in_widget};

/// Elements that take clicks or keys and are not big enough, and what scrolls sideways.
const MEASURE: &str = "const seen = element => element.getClientRects().length && getComputedStyle(element).visibility == 'visible';\
    const small = [...root.querySelectorAll('#panel a[href], #panel button, #panel label input, #panel summary')].filter(seen)\
      .filter(element => { const { width, height } = element.getBoundingClientRect(); return width < 24 || height < 24 });\
    const wide = [document.documentElement, ...root.querySelectorAll('#panel, #panel *')].filter(element => seen(element)\
      && element.scrollWidth > element.clientWidth + 1 && !['visible', 'clip', 'hidden'].includes(getComputedStyle(element).overflowX));\
    return [small, wide].map(found => found.map(element => element.outerHTML.slice(0, 120)))";

const STREAM: &str = "navigator.mediaDevices.getDisplayMedia = async () => {\
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 800 }), ink = canvas.getContext('2d');\
    const draw = () => { ink.fillStyle = '#f4efe6'; ink.fillRect(0, 0, 1280, 800); ink.fillStyle = '#0d5757'; ink.font = '60px serif'; ink.fillText('Acme Home', 80, 120) };\
    draw(); setInterval(draw, 30); return canvas.captureStream(30) }";

struct Looks {
    visit: Visit,
    name: &'static str,
    found: Vec<String>,
}

impl Looks {
    async fn look(&mut self, what: &str) {
        self.visit.browser.picture(&format!("companion-{}-{what}", self.name)).await;
        for barrier in barriers(&self.visit.browser).await {
            self.found.push(format!("{what}: {barrier}"));
        }
        let measured: Value = self.visit.run(MEASURE).await;
        if measured != json!([[], []]) {
            self.found.push(format!("{what}: {measured}"));
        }
    }
}

impl Looks {
    /// The icons of the buttons are drawn with their background, which forced colours take away.
    async fn icons_stay_with_forced_colours(&self) {
        let set_media = async |features: Value| {
            self.visit.browser.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
        };
        set_media(json!([{"name": "forced-colors", "value": "active"}])).await;
        let grounds = "return [getComputedStyle(root.querySelector('[part=panel]')),\
            ...['#add', '#shot'].map(css => getComputedStyle(root.querySelector(css), '::before'))].map(style => style.backgroundColor)";
        let found = self.visit.run(grounds).await;
        set_media(json!([])).await;
        assert!(found[1] != found[0] && found[2] != found[0], "{found}");
    }
}

async fn every_state(name: &'static str, setup: Setup<'_>, size: (u32, u32)) {
    let visit = Visit::begin(Page::default(), setup).await;
    visit.browser.resize(size).await;
    let mut looks = Looks { visit, name, found: Vec::new() };
    let folder = tempfile::tempdir().unwrap();
    let order = folder.path().join("order-2026-11-28.txt");
    std::fs::write(&order, b"Order 7").unwrap();
    let empty = folder.path().join("empty.txt");
    std::fs::write(&empty, b"").unwrap();
    let paths = [order.to_str().unwrap(), empty.to_str().unwrap()].join("\n");
    looks.visit.browser.find_in_widget("#add input").await.send_keys(paths).await.unwrap();
    looks.visit.browser.find_in_widget(".files li").await;
    type_in_widget(&looks.visit.browser, "#message", "The drawer is stuck.").await;
    looks.look("files").await;
    looks.icons_stay_with_forced_colours().await;
    looks.visit.browser.run(STREAM).await;
    looks.visit.run("root.querySelector('#shot').click()").await;
    looks.visit.browser.find_in_widget(".surface canvas").await;
    looks.look("shot").await;
    click_in_widget(&looks.visit.browser, "#shot-done").await;
    looks.visit.browser.find_in_widget(".files li:nth-child(2)").await;
    looks.look("files with a picture").await;
    looks.visit.run("root.querySelector('#mine').click()").await;
    looks.visit.browser.find_in_widget(".empty").await;
    looks.look("no cases").await;
    click_in_widget(&looks.visit.browser, "#home").await;
    let code = complain_in_widget(&looks.visit.browser).await;
    looks.visit.answer(&code, "We are sorry. A carpenter comes on Monday morning, and brings a new drawer.").await;
    looks.visit.come().await;
    looks.visit.run("root.querySelector('#mine').click()").await;
    looks.visit.browser.find_in_widget(".case").await;
    looks.look("cases").await;
    click_in_widget(&looks.visit.browser, ".case").await;
    looks.visit.browser.find_in_widget(".conversation").await;
    looks.look("a case").await;
    looks.visit.run("root.querySelector('.rate label:last-of-type input').click()").await;
    looks.visit.browser.find_in_widget("#rate-send").await;
    click_in_widget(&looks.visit.browser, "#not-solved").await;
    click_in_widget(&looks.visit.browser, "#reply-send").await;
    looks.visit.browser.find_in_widget("#reply-error").await;
    looks.look("rating and reply").await;
    assert!(looks.found.is_empty(), "{}", looks.found.join("\n"));
    looks.visit.end().await;
}

const LIGHT: &[&str] = &["--blink-settings=preferredColorScheme=1", "--force-prefers-reduced-motion"];
const DARK: &[&str] = &["--blink-settings=preferredColorScheme=0", "--force-prefers-reduced-motion"];

#[tokio::test(flavor = "multi_thread")]
async fn english_light_and_wide() {
    every_state("en-light", Setup { language: "en-GB", arguments: LIGHT, ..Setup::default() }, (1280, 900)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chinese_dark_on_a_phone() {
    every_state("zh-dark", Setup { language: "zh-CN", arguments: DARK, ..Setup::default() }, (375, 740)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn arabic_light_and_narrow() {
    every_state("ar-light", Setup { language: "ar", arguments: LIGHT, ..Setup::default() }, (320, 640)).await;
}
