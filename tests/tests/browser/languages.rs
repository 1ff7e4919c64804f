//! The widget speaks: which language it chooses, how it counts, in which direction it runs, and in whose words.

use std::collections::BTreeMap;

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Connection, Setup};
use sayso_tests::company::Page;
use serde_json::{Value, json};

use crate::stage::{Stage, click_in_widget, type_in_widget};

const ROOT: &str = "document.querySelector('sayso-widget').shadowRoot";

async fn open_stage(setup: Setup<'_>) -> (Stage, Browser) {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(setup).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    (stage, browser)
}

async fn text_of(browser: &Browser, css: &str) -> String {
    browser.find_in_widget(css).await.text().await.unwrap()
}

/// Where an element's left edge is.
async fn left_of(browser: &Browser, css: &str) -> f64 {
    browser.find_in_widget(css).await;
    browser.run(&format!("return {ROOT}.querySelector({css:?}).getBoundingClientRect().left")).await.as_f64().unwrap()
}

async fn style_of(browser: &Browser, css: &str, property: &str) -> Value {
    browser.run(&format!("return getComputedStyle({ROOT}.querySelector({css:?})).{property}")).await
}

/// Puts a text into the message at once, as pasting does.
async fn paste_message(browser: &Browser, script: &str) {
    let paste = format!(
        "const field = {ROOT}.querySelector('#message'); field.value = {script};\
         field.dispatchEvent(new Event('input', {{ bubbles: true, composed: true }}))"
    );
    browser.run(&paste).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tag_finds_its_nearest_language() {
    let (_stage, browser) = open_stage(Setup { language: "ar-EG", ..Setup::default() }).await;
    assert_eq!(browser.run("return document.querySelector('sayso-widget').lang").await, json!("ar"));
    for (tag, language) in [
        ("zh-Hant", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh_CN", "zh-Hans"),
        ("ZH-tw", "zh-Hant"),
        ("en-AU", "en"),
        ("ar-SA", "ar"),
        ("fr-CA", "fr"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("es-419", "es"),
        ("ja-JP", "ja"),
        ("ko_KR", "ko"),
        ("de-AT", "de"),
        ("ru", "ru"),
        ("hi-IN", "hi"),
        ("it", "en"),
        ("no language", "en"),
    ] {
        browser.run(&format!("Sayso('set', {{ lang: {tag:?} }})")).await;
        let spoken = browser.run("return document.querySelector('sayso-widget').lang").await;
        assert_eq!(spoken, json!(language), "{tag}");
    }
    browser.stop().await;
}

/// Widget and page speak the same; the browser is asked where the page does not say, or says what the widget does not speak.
#[tokio::test(flavor = "multi_thread")]
async fn the_tag_comes_before_the_page_and_the_page_before_the_browser() {
    let page = |lang: &str, attributes: &str| {
        let policy = Page::default().policy;
        format!(
            "<!-- Content-Security-Policy: {policy} -->\n<!doctype html><html lang={lang}><meta charset=utf-8><title>Acme</title>\
            <script async src={{collector}}/sayso.js data-site=acme {attributes}></script></html>"
        )
    };
    let others = [("zh", page("zh-Hant", "")), ("it", page("it", "")), ("tag", page("zh-Hant", "data-lang=ar"))];
    let others = others.map(|(path, html)| (path.to_owned(), html)).into();
    let stage = Stage::open(Database::Sqlite, Page { others, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup { language: "zh-CN", ..Setup::default() }).await;
    for (path, language) in [("zh", "zh-Hant"), ("it", "zh-Hans"), ("tag", "ar")] {
        browser.driver.goto(&stage.company.url(path)).await.unwrap();
        browser.wait_for(language, &format!("document.querySelector('sayso-widget')?.lang === {language:?}")).await;
    }
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn arabic_runs_from_right_to_left() {
    for (window, theme) in [((1280, 900), "light"), ((375, 760), "dark")] {
        let page = Page { attributes: format!("data-theme={theme}"), ..Page::default() };
        let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
        let browser = Browser::start(Setup { language: "ar-SA", window, ..Setup::default() }).await;
        browser.resize(window).await;
        browser.driver.goto(&stage.company.origin).await.unwrap();
        assert_eq!(style_of(&browser, "[part=launcher]", "direction").await, json!("rtl"));
        browser.picture(&format!("widget-ar-launcher-{theme}")).await;
        click_in_widget(&browser, "[part=launcher]").await;
        browser.find_in_widget("#message").await;
        assert_eq!(style_of(&browser, "[part=panel]", "direction").await, json!("rtl"));
        assert_eq!(text_of(&browser, "h2").await, "بماذا تودّ أن تخبرنا؟");
        // The first comes from the right, and what ends a line is at the left.
        assert!(left_of(&browser, ".kinds .complaint").await > left_of(&browser, ".kinds .suggestion").await);
        assert!(left_of(&browser, "[part=close]").await < left_of(&browser, "h2").await + 60.0);
        assert_eq!(style_of(&browser, "#message", "direction").await, json!("rtl"), "an empty field waits for Arabic");
        browser.picture(&format!("widget-ar-{theme}")).await;
        click_in_widget(&browser, ".kinds .complaint").await;
        click_in_widget(&browser, "#details").await;
        click_in_widget(&browser, "#contact").await;
        let star = |step: u8| format!(".rating label:nth-child({step})");
        assert!(left_of(&browser, &star(1)).await > left_of(&browser, &star(5)).await);
        click_in_widget(&browser, &star(2)).await;
        type_in_widget(&browser, "#message", "وصلت الأريكة متأخرة ثلاثة أيام.").await;
        type_in_widget(&browser, "#email", "li@example.com").await;
        assert_eq!(
            style_of(&browser, "#email", "direction").await,
            json!("ltr"),
            "an address runs as it does everywhere"
        );
        assert_eq!(style_of(&browser, "#message", "direction").await, json!("rtl"));
        browser.picture(&format!("widget-ar-details-{theme}")).await;
        click_in_widget(&browser, "#send").await;
        let code = text_of(&browser, "#code").await;
        assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
        assert_eq!(style_of(&browser, "#code", "direction").await, json!("ltr"));
        assert!(left_of(&browser, "#code").await > left_of(&browser, "#copy").await, "the button ends the line");
        let right = |css: &str| format!("{ROOT}.querySelector({css:?}).getBoundingClientRect().right");
        let edges = browser.run(&format!("return {} - {}", right("#code"), right(".receipt p"))).await;
        assert_eq!(edges.as_f64(), Some(0.0), "the code begins where its label does");
        browser.picture(&format!("widget-ar-thanks-{theme}")).await;
        browser.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_take_the_form_that_the_language_has_for_them() {
    let (_stage, browser) = open_stage(Setup::default()).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    for (language, left, said) in [
        ("en", 1, "1 character left"),
        ("en", 2, "2 characters left"),
        ("en", 0, "0 characters left"),
        ("en", -3, "3 over the limit"),
        ("zh-CN", -3, "超出 3 个字"),
        ("zh-CN", 1, "还可以输入 1 个字"),
        ("de", 1, "Noch 1 Zeichen"),
        ("es", 1, "Queda 1 carácter"),
        ("fr", 0, "0 caractère restant"),
        ("ja", 2, "あと2文字入力できます"),
        ("ru", 1, "Остался 1 символ"),
        ("ru", 22, "Осталось 22 символа"),
        ("ru", 11, "Осталось 11 символов"),
        ("ar", 0, "لم يبقَ أي حرف"),
        ("ar", 1, "بقي حرف واحد"),
        ("ar", 2, "بقي حرفان"),
        ("ar", 3, "بقيت 3 أحرف"),
        ("ar", 11, "بقي 11 حرفًا"),
        ("ar", 100, "بقي 100 حرف"),
    ] {
        browser.run(&format!("Sayso('set', {{ lang: {language:?} }})")).await;
        paste_message(&browser, &format!("'x'.repeat(10000 - {left})")).await;
        // Which digits Arabic is written with depends on the region, and this browser's is not an Arabic one.
        let hint = format!("{ROOT}.querySelector('#message_hint')?.textContent");
        let latin = format!("{hint}?.replace(/[٠-٩]/g, digit => digit.charCodeAt() & 15)");
        browser.wait_for(said, &format!("({latin}) === {said:?}")).await;
    }
    browser.stop().await;
}

/// The browser knows which forms a language has for numbers, and asks for just these.
#[tokio::test(flavor = "multi_thread")]
async fn every_language_file_has_the_forms_of_its_language() {
    let browser = Browser::start(Setup::default()).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../widget/lang");
    let mut counted = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let language = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let texts: BTreeMap<String, String> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let asked = format!("return new Intl.PluralRules({language:?}).resolvedOptions().pluralCategories.sort()");
        let wanted: Vec<String> = serde_json::from_value(browser.run(&asked).await).unwrap();
        for stem in texts.keys().filter_map(|key| key.strip_suffix("_other")) {
            let prefix = format!("{stem}_");
            let forms: Vec<&str> = texts.keys().filter_map(|key| key.strip_prefix(&prefix)).collect();
            assert_eq!(forms, wanted, "{stem} in {language}");
            counted += 1;
        }
    }
    assert!(counted >= 12, "{counted} texts with a number were found");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_language_keeps_what_was_typed() {
    let (_stage, browser) = open_stage(Setup::default()).await;
    // While the first language is still on its way, so that the texts of both arrive.
    browser.run("Sayso('open'); Sayso('set', { lang: 'zh-TW' })").await;
    browser
        .wait_for("traditional Chinese", &format!("{ROOT}.querySelector('h2')?.textContent === '您想告訴我們什麼？'"))
        .await;
    type_in_widget(&browser, "#message", "抽屜卡住了").await;
    browser.run("Sayso('set', { lang: 'zh-CN' }); Sayso('set', { lang: 'ar' })").await;
    browser.wait_for("Arabic", &format!("{ROOT}.querySelector('#send')?.textContent === 'إرسال'")).await;
    assert_eq!(browser.run(&format!("return {ROOT}.querySelector('#message').value")).await, json!("抽屜卡住了"));
    assert_eq!(style_of(&browser, "[part=panel]", "direction").await, json!("rtl"));
    let close = browser.find_in_widget("[part=close]").await.attr("aria-label").await.unwrap();
    assert_eq!(close.as_deref(), Some("إغلاق"));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_says_it_in_other_words() {
    // Where nothing is kept on the device, a failure is shown and not put into the outbox.
    let page = Page { attributes: "data-draft=off".to_owned(), ..Page::default() };
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(Setup { language: "zh-HK", ..Setup::default() }).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    stage
        .collector
        .set_site(&[
            "text.title.zh-HK=講低意見",
            "text.title.zh-Hant=說說您的意見",
            "text.title.zh-CN=说说您的想法",
            "text.send.zh-Hant=交出去",
            "text.send.en=Off it goes",
            "text.close.zh-Hant=收起",
            "text.failure_title.zh-Hant=未寄出",
            "text.thanks_title.zh-Hant=收到",
            "text.message_left_other.zh-Hant=剩 {count} 字",
            "promise_text.en=We answer within a day.",
        ])
        .await;
    click_in_widget(&browser, "[part=launcher]").await;
    let said = |css: &str, text: &str| format!("{ROOT}.querySelector({css:?})?.textContent === {text:?}");
    browser.wait_for("the owner's title", &said("h2", "講低意見")).await;
    assert_eq!(text_of(&browser, "#send").await, "交出去");
    assert_eq!(text_of(&browser, ".top p").await, "We answer within a day.", "better than no promise");
    let close = browser.find_in_widget("[part=close]").await.attr("aria-label").await.unwrap();
    assert_eq!(close.as_deref(), Some("收起"));
    paste_message(&browser, "'字'.repeat(9990)").await;
    browser.wait_for("the counter", &said("#message_hint", "剩 10 字")).await;

    stage.collector.set_site(&["origins=https://elsewhere.example"]).await;
    click_in_widget(&browser, "#send").await;
    browser.wait_for("the failure", &said("#failure b", "未寄出")).await;
    stage.collector.set_site(&[&format!("origins={}", stage.company.origin)]).await;
    click_in_widget(&browser, "#send").await;
    browser.wait_for("the thanks", &said("#thanks", "收到")).await;

    browser.run("Sayso('set', { lang: 'en' }); Sayso('open')").await;
    browser.wait_for("the words for English", &said("#send", "Off it goes")).await;
    assert_eq!(
        text_of(&browser, "h2").await,
        "What would you like to tell us?",
        "another language's words are not borrowed"
    );
    browser.stop().await;
}

/// Hong Kong's own words, for whoever asks for them, in a browser that speaks English.
#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_heard_from_the_tag_the_page_and_a_command() {
    let kind = "label:has([value=complaint])";
    let html = |lang: &str| {
        format!(
            "<!doctype html><html lang={lang}><meta charset=utf-8><title>Acme Home</title><main><h1>Acme Home</h1></main>{{tag}}</html>"
        )
    };
    let others = [("hk".to_owned(), html("zh-HK")), ("tw".to_owned(), html("zh-TW"))].into();
    let stage = Stage::open(Database::Sqlite, Page { others, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    for (page, command, said) in [
        ("hk", "", "投訴"),
        ("tw", "", "申訴"),
        ("tw", "Sayso('set', { lang: 'zh-HK' })", "投訴"),
        ("", "Sayso('set', { lang: 'zh-HK' })", "投訴"),
    ] {
        browser.driver.goto(stage.company.url(page)).await.unwrap();
        browser.find_in_widget("[part=launcher]").await;
        browser.run(command).await;
        click_in_widget(&browser, "[part=launcher]").await;
        browser.find_in_widget("#send").await;
        browser.wait_for(said, &format!("{ROOT}.querySelector({kind:?}).textContent.includes({said:?})")).await;
    }
    // The screens that are fetched later say it so as well.
    browser.run("Sayso('set', { lang: 'zh-HK' })").await;
    click_in_widget(&browser, "#mine").await;
    browser.find_in_widget("#enter-code").await;
    browser.set_connection(Connection::Offline).await;
    type_in_widget(&browser, "#enter-code", "0000-0000-0000-0").await;
    click_in_widget(&browser, ".by-code .second").await;
    let said = format!("{ROOT}.querySelector('#enter-code-error')?.textContent.includes('網絡')");
    browser.wait_for("Hong Kong's word for a network", &said).await;
    browser.stop().await;
}
