//! Pictures of the widget for `docs/widget-states.md`. The tests that look at every state take those that the page shows, where
//! `SAYSO_TEST_PICTURES` is set; else they leave them alone.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sayso_tests::browser::Browser;
use serde_json::json;

const PAGE: &str = include_str!("../../../docs/widget-states.md");
const MOST: u64 = 40 * 1_024;

/// What is on the screen of the widget, with a little of the page around it.
const FRAME: &str = "const root = document.querySelector('sayso-widget').shadowRoot;\
    const boxes = [...document.querySelectorAll('sayso-feedback'), ...root.querySelectorAll('#panel, .launcher')].map(part => part.getBoundingClientRect()).filter(box => box.width);\
    const box = boxes.find(box => box.height > 150) ?? boxes[0];\
    const x = Math.max(0, box.left - 24), y = Math.max(0, box.top - 24);\
    return { x, y, width: Math.min(innerWidth, box.right + 24) - x, height: Math.min(innerHeight, box.bottom + 24) - y, scale: 1 }";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures/widget")
}

/// The pictures that the page shows.
fn shown() -> impl Iterator<Item = &'static str> {
    PAGE.split("](pictures/widget/").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Keeps a picture of the widget if the page shows one of this name.
pub async fn keep(browser: &Browser, name: &str) {
    let file = format!("{}.webp", name.replace([' ', ','], "-").replace("--", "-"));
    if std::env::var_os("SAYSO_TEST_PICTURES").is_none() || !shown().any(|shown| shown == file) {
        return;
    }
    let clip = browser.run(FRAME).await;
    let picture =
        browser.devtools("Page.captureScreenshot", json!({"format": "webp", "quality": 82, "clip": clip})).await;
    let bytes = STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("Base64");
    std::fs::create_dir_all(folder()).expect("the folder can be made");
    std::fs::write(folder().join(file), bytes).expect("the folder is writable");
}

#[test]
fn every_picture_of_the_page_is_there_and_small() {
    assert!(shown().count() > 10, "the page shows the states");
    for name in shown() {
        let size = std::fs::metadata(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}")).len();
        assert!(size > 500 && size <= MOST, "{name} has {size} bytes");
    }
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(shown().any(|shown| shown == name), "nothing shows {name}");
    }
}
