//! What every state looks like, for people to judge; what a machine can see of barriers, it looks for here too.

use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use sayso_tests::proxy::Network;
use serde_json::json;

use super::leaving::AGE;
use super::{Visit, WIDGET};
use crate::accessibility;
use crate::stage::{click_in_widget, type_in_widget};

struct Look {
    name: &'static str,
    language: &'static str,
    /// Chromium's setting for the system's colours: 1 is light.
    scheme: &'static str,
    window: (u32, u32),
    texts: [&'static str; 2],
}

async fn story(look: Look) {
    let arguments = [look.scheme, "--force-prefers-reduced-motion"];
    let setup = Setup { language: look.language, window: look.window, arguments: &arguments, preferences: &[] };
    let visit = Visit::begin(Page::default(), setup).await;
    let (width, height) = look.window;
    // A window is never as narrow as a phone.
    let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    visit.browser.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    let picture = async |state: &str| {
        let found = accessibility::barriers(&visit.browser).await;
        assert!(found.is_empty(), "{state}: {found:?}");
        visit.browser.picture(&format!("outbox-{state}-{}", look.name)).await;
    };
    visit.write(look.texts[0]).await;
    visit.proxy.set(Network::Refuses(503, 90));
    visit.send().await;
    visit.browser.find_in_widget("#outbox li.waiting").await;
    picture("waiting").await;
    click_in_widget(&visit.browser, "#outbox .primary").await;
    visit.browser.find_in_widget("#strip").await;
    picture("strip").await;
    type_in_widget(&visit.browser, "#message", look.texts[1]).await;
    visit.proxy.set(Network::Down);
    visit.send().await;
    visit.browser.wait_for("both", &format!("{WIDGET}.querySelectorAll('#outbox li').length === 2")).await;
    visit.go_offline().await;
    picture("two-offline").await;
    visit.come_online().await;
    // The second is sent at once, the first when the collector wants it.
    visit.code().await;
    picture("sent").await;
    visit.press("outbox_done").await;
    visit.browser.driver.execute_async(AGE, vec![]).await.unwrap();
    visit.come().await;
    visit.browser.find_in_widget(".launcher[data-waiting]").await;
    picture("number").await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#outbox li.expired").await;
    picture("expired").await;
    visit.take_back().await;
    visit.proxy.set(Network::Down);
    visit.send().await;
    visit.browser.find_in_widget("#outbox li.waiting").await;
    visit.stage.collector.set_site(&["required=contact"]).await;
    visit.proxy.set(Network::Up);
    visit.send_now().await;
    visit.browser.find_in_widget("#outbox li.refused").await;
    picture("refused").await;
    visit.end().await;
}

const LIGHT: &str = "--blink-settings=preferredColorScheme=1";
const DARK: &str = "--blink-settings=preferredColorScheme=0";

#[tokio::test(flavor = "multi_thread")]
async fn in_english_by_day() {
    let texts = [
        "The drawer of the dresser I bought in May is stuck, and nobody answers the phone.",
        "The lamp arrived broken.\nThe box was fine, so it must have happened before.",
    ];
    story(Look { name: "en-light", language: "en-US", scheme: LIGHT, window: (1280, 900), texts }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chinese_by_night_on_a_phone() {
    let texts = ["五月买的斗柜抽屉卡住了，打电话一直没人接。", "台灯收到时就是碎的。外箱完好，应该是发货前就坏了。"];
    story(Look { name: "zh-dark-375", language: "zh-CN", scheme: DARK, window: (375, 720), texts }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_traditional_chinese_by_day_on_a_phone() {
    let texts = ["五月買的斗櫃抽屜卡住了，打電話一直沒人接。", "檯燈收到時就是碎的。外箱完好，應該是出貨前就壞了。"];
    story(Look { name: "hant-light-375", language: "zh-TW", scheme: LIGHT, window: (375, 720), texts }).await;
}
