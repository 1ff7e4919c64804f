//! The widget looks at home: colours, corners, fonts, places, and what the system and the site's owner ask for.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::{Value, json};

use crate::stage::{Stage, click_in_widget, type_in_widget};

const ROOT: &str = "document.querySelector('sayso-widget').shadowRoot";

/// The contrast of an element's text with its background by WCAG 2.2, as a function of the page.
const CONTRAST: &str = "window.contrast = element => {
  const { color, backgroundColor } = getComputedStyle(element)
  const [a, b] = [color, backgroundColor].map(text => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(part => part / 255).map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    return .2126 * r + .7152 * g + .0722 * b + .05
  })
  return Math.max(a, b) / Math.min(a, b)
}";

async fn open_page(attributes: &str, setup: Setup<'_>) -> (Stage, Browser) {
    let page = Page { attributes: attributes.to_owned(), ..Page::default() };
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(setup).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    (stage, browser)
}

async fn style_of(browser: &Browser, css: &str, property: &str) -> Value {
    browser.run(&format!("return getComputedStyle({ROOT}.querySelector({css:?})).{property}")).await
}

/// Tells the page that the system asks for something, such as `prefers-color-scheme: dark`.
async fn system_asks(browser: &Browser, media: &str, features: &[(&str, &str)]) {
    let features: Vec<Value> = features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    browser.devtools("Emulation.setEmulatedMedia", json!({"media": media, "features": features})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_can_be_read_on_every_accent() {
    let (_stage, browser) = open_page("", Setup::default()).await;
    browser.run(CONTRAST).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#send").await;
    // All mid-greys, and a net over all colours with what used to be the worst one.
    let worst = browser
        .run(&format!(
            "const colours = [[175, 48, 255]]
             for (let grey = 80; grey < 160; grey++) colours.push([grey, grey, grey])
             for (let r = 0; r < 256; r += 51) for (let g = 0; g < 256; g += 51) for (let b = 0; b < 256; b += 51) colours.push([r, g, b])
             const worst = {{}}
             for (const colour of colours) {{
               Sayso('set', {{ accent: `rgb(${{colour}})` }})
               for (const css of ['[part=launcher]', '#send']) {{
                 const found = contrast({ROOT}.querySelector(css))
                 if (!(worst[css]?.[0] < found)) worst[css] = [found, colour]
               }}
             }}
             return worst"
        ))
        .await;
    for css in ["[part=launcher]", "#send"] {
        assert!(worst[css][0].as_f64().is_some_and(|contrast| contrast >= 4.5), "{css}: {worst}");
    }
    for (name, accent) in [("grey", "#777777"), ("white", "#ffffff"), ("yellow", "#ffd400")] {
        browser.run(&format!("Sayso('set', {{ accent: {accent:?} }})")).await;
        browser.picture(&format!("looks-accent-{name}")).await;
    }
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sites_theme_shows_in_widget_and_page() {
    let (stage, browser) = open_page("", Setup::default()).await;
    stage.collector.set_site(&["theme.accent=#b3005e", "theme.radius=0", "theme.font=inherit"]).await;
    browser.run("const sheet = new CSSStyleSheet; sheet.replaceSync('body { font-family: \"DejaVu Serif\", serif }'); document.adoptedStyleSheets = [sheet]").await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#send").await;
    let themed = format!("getComputedStyle({ROOT}.querySelector('#send')).backgroundColor === 'rgb(179, 0, 94)'");
    browser.wait_for("the site's accent", &themed).await;
    for css in ["[part=panel]", "#send", "#message", ".kinds label", "section"] {
        assert_eq!(style_of(&browser, css, "borderRadius").await, json!("0px"), "{css}");
    }
    for css in ["[part=panel]", "h2", "#message"] {
        assert_eq!(style_of(&browser, css, "fontFamily").await, json!("\"DejaVu Serif\", serif"), "{css}");
    }
    browser.picture("looks-theme-square").await;
    browser.driver.goto(format!("{}/s/acme", stage.collector.url)).await.unwrap();
    let page = "getComputedStyle(document.querySelector('form button.primary'))";
    assert_eq!(browser.run(&format!("return {page}.borderRadius")).await, json!("0px"));
    assert_eq!(browser.run(&format!("return {page}.backgroundColor")).await, json!("rgb(179, 0, 94)"));
    browser.picture("looks-theme-page").await;
    browser.stop().await;

    let (stage, browser) = open_page("data-accent=#0000ff", Setup::default()).await;
    stage.collector.set_site(&["theme.accent=#b3005e", "theme.radius=24", "theme.font=system"]).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#send").await;
    let round = format!("getComputedStyle({ROOT}.querySelector('#message')).borderRadius === '24px'");
    browser.wait_for("the site's radius", &round).await;
    assert_eq!(style_of(&browser, "#send", "backgroundColor").await, json!("rgb(0, 0, 255)"), "the tag's accent wins");
    assert!(
        style_of(&browser, "#message", "fontFamily").await.as_str().is_some_and(|font| font.starts_with("system-ui"))
    );
    browser.picture("looks-theme-round").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_launcher_is_where_and_what_the_tag_says() {
    let place = format!(
        "const {{ left, right, top, bottom }} = {ROOT}.querySelector('[part=launcher]').getBoundingClientRect();\
        return {{ left, right: innerWidth - right, top, bottom: innerHeight - bottom }}"
    );
    for (attributes, side, distance, name) in [
        ("", "right", 20.0, "bubble"),
        ("data-position=left data-offset=32", "left", 32.0, "bubble-left"),
        ("data-launcher=tab", "right", 0.0, "tab"),
        ("data-launcher=tab data-position=left", "left", 0.0, "tab-left"),
        ("data-launcher=text data-text='Say something'", "right", 20.0, "text"),
    ] {
        let (_stage, browser) = open_page(attributes, Setup::default()).await;
        let found = browser.run(&place).await;
        assert_eq!(found[side].as_f64(), Some(distance), "{attributes}: {found}");
        browser.picture(&format!("looks-launcher-{name}")).await;
        click_in_widget(&browser, "[part=launcher]").await;
        browser.find_in_widget("#message").await;
        let panel = browser.run(&place.replace("[part=launcher]", "[part=panel]")).await;
        let distance = if attributes.contains("offset") { 32.0 } else { 20.0 };
        assert_eq!(panel[side].as_f64(), Some(distance), "{attributes}: {panel}");
        browser.stop().await;
    }

    let (_stage, browser) = open_page("data-launcher=none data-text='Say something'", Setup::default()).await;
    assert_eq!(style_of(&browser, "[part=launcher]", "display").await, json!("none"));
    // Any element opens it, also one that came later.
    browser
        .run(
            "const link = document.createElement('a'); link.href = '#'; link.id = 'late'; link.dataset.saysoOpen = 'praise';\
             link.textContent = 'Thank us'; document.querySelector('main').append(link)",
        )
        .await;
    browser.click("#late").await;
    browser.wait_for("the kind of the link", &format!("{ROOT}.querySelector('input[value=praise]')?.checked")).await;
    let label = browser.find_in_widget("[part=panel]").await.attr("aria-label").await.unwrap();
    assert_eq!(label.as_deref(), Some("Say something"));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_follow_the_system_at_any_time_unless_the_page_decides() {
    let (_stage, browser) = open_page("", Setup::default()).await;
    const ACCENTS: [&str; 2] = ["rgb(13, 87, 87)", "rgb(116, 198, 189)"];
    const SURFACES: [&str; 2] = ["rgb(255, 253, 248)", "rgb(30, 36, 38)"];
    // Pages hear of a change with their next frame.
    let shows = async |css: &str, colour: &str| {
        let is = format!("getComputedStyle({ROOT}.querySelector({css:?})).backgroundColor === {colour:?}");
        browser.wait_for(&format!("{css} in {colour}"), &is).await;
    };
    let [light, dark] = [0, 1];
    system_asks(&browser, "", &[("prefers-color-scheme", "light")]).await;
    shows("[part=launcher]", ACCENTS[light]).await;
    // Although nothing but the loader is there.
    system_asks(&browser, "", &[("prefers-color-scheme", "dark")]).await;
    shows("[part=launcher]", ACCENTS[dark]).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    shows("[part=panel]", SURFACES[dark]).await;
    browser.picture("looks-dark").await;
    system_asks(&browser, "", &[("prefers-color-scheme", "light")]).await;
    shows("[part=panel]", SURFACES[light]).await;
    shows("[part=launcher]", ACCENTS[light]).await;
    browser.run("Sayso('set', { theme: 'dark' })").await;
    shows("[part=panel]", SURFACES[dark]).await;
    shows("[part=launcher]", ACCENTS[dark]).await;
    browser.run("Sayso('set', { theme: 'auto' })").await;
    shows("[part=launcher]", ACCENTS[light]).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_asks_for_is_done() {
    let (stage, browser) = open_page("", Setup::default()).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    click_in_widget(&browser, ".kinds .complaint").await;
    click_in_widget(&browser, "#details").await;
    click_in_widget(&browser, ".rating label:nth-child(4)").await;

    system_asks(&browser, "", &[("forced-colors", "active")]).await;
    let ground = async |css: &str| style_of(&browser, css, "backgroundColor").await;
    let (chosen, other) = (ground(".kinds label:has(:checked)").await, ground(".kinds .praise").await);
    assert_ne!(chosen, other, "what is chosen is filled, and what has the focus is outlined");
    assert_ne!(style_of(&browser, "#send", "borderTopStyle").await, json!("none"));
    browser.picture("looks-forced-colours").await;

    system_asks(&browser, "", &[("prefers-reduced-motion", "reduce")]).await;
    for css in ["[part=panel]", ".fold svg", ".kinds label"] {
        let moving =
            [style_of(&browser, css, "animationName").await, style_of(&browser, css, "transitionProperty").await];
        assert_eq!(moving, [json!("none"), json!("none")], "{css}");
    }

    // Sending, so that the button rests.
    system_asks(&browser, "", &[("prefers-reduced-transparency", "reduce")]).await;
    browser.run(&format!("{ROOT}.querySelector('#send').setAttribute('aria-disabled', 'true')")).await;
    assert_eq!(style_of(&browser, "#send", "opacity").await, json!("1"));

    system_asks(&browser, "print", &[]).await;
    let printed = browser.run(&format!("return {ROOT}.querySelector('[part=panel]').getClientRects().length")).await;
    assert_eq!(printed, json!(0), "paper shows the page");
    drop(stage);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_and_the_words_are_enough() {
    let (_stage, browser) = open_page("", Setup::default()).await;
    browser.run("window.clicks = 0; addEventListener('click', event => { clicks += event.isTrusted }, true)").await;
    click_in_widget(&browser, "[part=launcher]").await;
    let focused = format!("{ROOT}.activeElement?.matches('form h2')");
    browser.wait_for("the heading, with nothing before it", &focused).await;
    let shown = format!(
        "return [...{ROOT}.querySelectorAll('textarea, input:not([type=radio], [type=file]), select')].filter(field => field.checkVisibility()).map(field => field.id)"
    );
    assert_eq!(browser.run(&shown).await, json!(["message"]), "one question and one text field");
    click_in_widget(&browser, ".kinds .complaint").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    let clicks = browser.run("return clicks").await.as_u64().unwrap();
    assert!((1..=3).contains(&clicks), "{clicks} clicks from the page to the thanks");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_asks_for_what_it_set() {
    let (stage, browser) = open_page("", Setup::default()).await;
    stage
        .collector
        .set_site(&[
            r#"categories=[{"key":"delivery","kind":"complaint","label":{"en":"Delivery"}},{"key":"shop","kind":"suggestion","label":{"en":"The shop"}},{"key":"other","label":{"en":"Something else"}}]"#,
            "required=reference,importance,contact,category",
            "promise_text.en=We answer within 4 working hours.",
            "consent_text.en=You may read what I wrote.",
            "privacy_url=https://shop.example/privacy",
        ])
        .await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.wait_for("the settings", &format!("{ROOT}.querySelector('.top p')")).await;
    click_in_widget(&browser, ".kinds .complaint").await;
    browser.wait_for("a complaint's questions", &format!("{ROOT}.querySelector('#desired_outcome')")).await;
    let fields = "return [...ROOT.querySelectorAll('.folded textarea, .folded input:not([type=radio]), .folded select, .folded fieldset')]\
        .map(field => field.id || field.className.split(' ')[1])"
        .replace("ROOT", ROOT);
    let options = format!("return [...{ROOT}.querySelectorAll('#category option')].map(option => option.textContent)");
    // Complaint: what would put it right; what the site insists on is there without being asked for.
    assert_eq!(
        browser.run(&fields).await,
        json!(["category", "rating", "desired_outcome", "importance", "reference", "name", "email", "phone"])
    );
    assert_eq!(browser.run(&options).await, json!(["Choose a topic", "Delivery", "Something else"]));
    click_in_widget(&browser, ".kinds .suggestion").await;
    browser.wait_for("the other questions", &format!("!{ROOT}.querySelector('#desired_outcome')")).await;
    assert_eq!(browser.run(&fields).await, json!(["category", "importance", "reference", "name", "email", "phone"]));
    assert_eq!(browser.run(&options).await, json!(["Choose a topic", "The shop", "Something else"]));
    let marked = |css: &str| format!("return getComputedStyle({ROOT}.querySelector({css:?}), '::after').content");
    for css in ["label[for=category]", "label[for=reference]", ".importance legend"] {
        assert_eq!(browser.run(&marked(css)).await, json!("\" *\""), "{css}");
    }
    assert_eq!(browser.run(&marked("label[for=phone]")).await, json!("none"));
    browser.picture("looks-required").await;

    type_in_widget(&browser, "#message", "More chairs, please.").await;
    click_in_widget(&browser, "#send").await;
    for css in ["#category_error", "#importance_error", "#reference_error", "#contact_error", "#consent_error"] {
        browser.find_in_widget(css).await;
    }
    let focused = format!("{ROOT}.activeElement?.id === 'category'");
    browser.wait_for("the first of them", &focused).await;
    let shown = browser.find_in_widget("form").await.text().await.unwrap();
    for text in ["We answer within 4 working hours.", "You may read what I wrote.", "How we handle your data"] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
    browser.stop().await;

    // With one kind there is nothing to choose.
    let (stage, browser) = open_page("", Setup::default()).await;
    stage.collector.set_site(&["kinds=suggestion"]).await;
    click_in_widget(&browser, "[part=launcher]").await;
    let question = format!("{ROOT}.querySelector('label[for=message]')?.textContent === 'What could we do better?'");
    browser.wait_for("the only kind's question", &question).await;
    assert_eq!(browser.run(&format!("return {ROOT}.querySelector('.kinds')")).await, Value::Null);
    browser.stop().await;
}
