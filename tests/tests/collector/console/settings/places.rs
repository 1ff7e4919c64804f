//! Sites and targets by forms.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::sites::targets::{Access, Channel, Part, Target};
use sayso_tests::{TestApp, on_both_databases};

use super::super::Desk;
use super::{OBJECT, form, press};

async fn target(app: &TestApp, key: &str) -> (Target, Access) {
    let target = Target::by_key(&app.app.db, key).await.unwrap().unwrap();
    let access = target.access(&app.app.keys).unwrap();
    (target, access)
}

on_both_databases! {
    async fn a_site_is_set_by_a_form_and_keeps_what_the_form_does_not_have(app: TestApp) {
        app.set_site(&["text.title.en=Talk to us", "theme.accent=#0f766e"]).await;
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let page = desk.client.get(&format!("{OBJECT}?kind=site&key=acme")).await.body;
        assert!(!page.contains("value=\"remove\""), "a site holds what customers wrote");
        let site = form(&desk, "kind=site&key=acme").await;
        let changed = site.with("theme.accent", "#112233").with("origins", "https://shop.example\nhttps://www.shop.example").with("languages.ja", "new").with("retention.texts", "24").with("time_zone", "Asia/Shanghai");
        let saved = press(&desk, &changed, "save").await;
        assert_eq!(saved.location(), "/staff/settings?done=applied#site", "{}", saved.body);
        let site = app.site().await;
        assert_eq!(site.settings.theme.accent.as_deref(), Some("#112233"));
        assert_eq!(site.settings.texts["title"]["en"], "Talk to us");
        assert_eq!(site.settings.languages.len(), 4);
        assert_eq!(site.origins().len(), 2);
        for (field, value, why) in [
            ("theme.accent", "red", "theme.accent is a colour such as #0f766e"),
            ("privacy_url", "javascript:alert(1)", "privacy_url begins with http:// or https://"),
            ("sender", "care", "sender"),
            ("theme.radius", "90", "theme.radius is 0 to 24 pixels"),
            ("origins", "shop.example/path", "shop.example/path"),
        ] {
            let refused = press(&desk, &form(&desk, "kind=site&key=acme").await.with(field, value), "save").await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert!(refused.body.contains(&format!("id=\"{field}-error\"")) && refused.body.contains(why), "{field}: {}", refused.body);
        }
    }

    async fn a_logo_is_uploaded_shown_and_taken_away(app: TestApp) {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let (page, action) = (format!("{OBJECT}?kind=site&key=acme"), "/staff/settings/logo?kind=site&key=acme");
        let csrf = desk.csrf.as_bytes();
        let upload = async |content: &[u8]| desk.client.post_files(action, &[("csrf", None, csrf), ("logo", Some("logo.png"), content)]).await;
        let large = [PNG, &[0; 64 * 1024]].concat();
        for (wrong, why) in [(&large[..], "larger than 64 KB"), (b"<svg onload=alert(1)>", "no picture in PNG"), (b"", "choose a file")] {
            let refused = upload(wrong).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
            assert!(refused.body.contains("id=\"logo-error\"") && refused.body.contains(why), "{why}: {}", refused.body);
        }
        assert!(app.site().await.settings.logo.is_none());
        let forged = desk.client.post_files(action, &[("csrf", None, b"x"), ("logo", Some("logo.png"), PNG)]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);

        let saved = upload(PNG).await;
        assert_eq!(saved.location(), "/staff/settings?done=applied#site", "{}", saved.body);
        let shown = desk.client.get(&page).await.body;
        let (_, rest) = shown.split_once("class=\"site-logo\" src=\"").expect("the picture is shown");
        // Settings of sites are kept for a moment.
        app.app.clock.advance(10_000);
        let picture = app.client().get(rest.split('"').next().unwrap()).await;
        assert_eq!((picture.status, picture.header("content-type")), (StatusCode::OK, "image/png"));
        // What the other form saves leaves it where it is.
        let saved = press(&desk, &form(&desk, "kind=site&key=acme").await.with("theme.accent", "#112233"), "save").await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        assert!(app.site().await.settings.logo.is_some());
        let removed = desk.client.post_files(action, &[("csrf", None, csrf), ("remove", None, b"1")]).await;
        assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.body);
        assert!(app.site().await.settings.logo.is_none() && !desk.client.get(&page).await.body.contains("class=\"site-logo\""));
        let other = desk.client.post_files("/staff/settings/logo?kind=team&key=acme", &[("csrf", None, csrf), ("remove", None, b"1")]).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);
    }

    async fn a_target_is_added_by_a_form_and_its_address_is_not_shown_again(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let hook = "https://open.feishu.cn/open-apis/bot/v2/hook/c0ffee";
        let new = form(&desk, "kind=target").await.with("own_key", "ops-room").with("channel", "feishu");
        let missing = press(&desk, &new, "save").await;
        assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
        let new = new.with("address", hook).with("secret", "sign-me").with("events.case.breached", "new").with("events.case.created", "new").with("include.message", "new").with("when.kind.complaint", "new");
        let saved = press(&desk, &new, "save").await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        let (stored, access) = target(&app, "ops-room").await;
        assert_eq!((access.address.as_str(), access.secret.as_deref()), (hook, Some("sign-me")));
        assert_eq!((stored.channel(), stored.chosen_events().map(<[_]>::len)), (Some(Channel::Feishu), Some(2)));
        assert!(stored.includes(Part::Message) && !stored.includes(Part::Link));

        // Neither is shown again, and what is left empty stays.
        let known = form(&desk, "kind=target&key=ops-room").await;
        let page = desk.client.get(&format!("{OBJECT}?kind=target&key=ops-room")).await.body;
        assert!(!page.contains("c0ffee") && !page.contains("sign-me"), "{page}");
        assert_eq!(press(&desk, &known.with("lang", "zh-Hans").with("secret", "sign-anew"), "save").await.status, StatusCode::SEE_OTHER);
        let (_, access) = target(&app, "ops-room").await;
        assert_eq!((access.address.as_str(), access.secret.as_deref()), (hook, Some("sign-anew")));

        // By rules only, and somewhere else.
        let known = form(&desk, "kind=target&key=ops-room").await.without("events.case.breached").without("events.case.created").with("events.by_rule", "new").with("address", "https://open.larksuite.com/open-apis/bot/v2/hook/d00d");
        assert_eq!(press(&desk, &known, "save").await.status, StatusCode::SEE_OTHER);
        let (stored, access) = target(&app, "ops-room").await;
        assert_eq!(stored.chosen_events(), Some(&[][..]));
        assert!(access.address.ends_with("d00d") && access.secret.as_deref() == Some("sign-anew"));
        let refused = press(&desk, &form(&desk, "kind=target&key=ops-room").await.with("address", "http://10.0.0.7/hook"), "save").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("id=\"address-error\"") && !refused.body.contains("10.0.0.7"), "{}", refused.body);
        assert_eq!(press(&desk, &form(&desk, "kind=target&key=ops-room").await, "remove").await.status, StatusCode::SEE_OTHER);
        assert!(Target::by_key(&app.app.db, "ops-room").await.unwrap().is_none());
    }

    async fn a_webhook_and_a_mailbox_need_no_secret_of_anybody(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let hook = form(&desk, "kind=target").await.with("own_key", "crm").with("channel", "webhook").with("address", "https://crm.example/hook");
        assert_eq!(press(&desk, &hook, "save").await.status, StatusCode::SEE_OTHER);
        let (_, access) = target(&app, "crm").await;
        assert!(access.secret.unwrap().starts_with("whsec_"));
        let mail = form(&desk, "kind=target").await.with("own_key", "night").with("channel", "email").with("address", "night@shop.example");
        assert_eq!(press(&desk, &mail, "save").await.status, StatusCode::SEE_OTHER);
        let again = form(&desk, "kind=target&key=night").await.with("when.priority.urgent", "new");
        assert_eq!(press(&desk, &again, "save").await.status, StatusCode::SEE_OTHER);
        let (_, access) = target(&app, "night").await;
        assert_eq!(access.address, "night@shop.example");
        let wrong = press(&desk, &form(&desk, "kind=target&key=night").await.with("address", "nobody"), "save").await;
        assert!(wrong.body.contains("id=\"address-error\""), "{}", wrong.body);
    }

    async fn the_words_of_the_widget_and_the_requests_to_other_services_are_set_by_forms(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let site = form(&desk, "kind=site&key=acme").await.with("texts.en", "title = Talk = to us\nmore = More").with("texts.zh-Hans", "title = 和我们聊聊");
        let refused = press(&desk, &site, "save").await;
        if refused.status == StatusCode::UNPROCESSABLE_ENTITY {
            assert!(refused.body.contains("id=\"texts-error\"") && refused.body.contains("more"), "{}", refused.body);
        }
        let site = site.with("texts.en", "title = Talk = to us");
        assert_eq!(press(&desk, &site, "save").await.status, StatusCode::SEE_OTHER);
        let texts = app.site().await.settings.texts;
        assert_eq!((texts["title"]["en"].as_str(), texts["title"]["zh-Hans"].as_str()), ("Talk = to us", "和我们聊聊"));
        assert_eq!(form(&desk, "kind=site&key=acme").await.get("texts.en"), "title = Talk = to us");

        let new = form(&desk, "kind=target").await.with("own_key", "erp").with("channel", "generic").with("address", "https://erp.example/hook");
        let new = new.with("method", "PUT").with("headers", "X-Team: care\nX-Case: {{ case.id }}").with("body", "{\"text\": {{ case.id | tojson }}}").with("success", "/errcode == 0");
        let saved = press(&desk, &new, "save").await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        let (stored, _) = target(&app, "erp").await;
        assert_eq!((stored.settings.method.map(|method| method.as_str()), stored.settings.headers["X-Team"].as_str()), (Some("PUT"), "care"));
        assert!(stored.settings.body.is_some() && stored.settings.success.is_some());
        let known = form(&desk, "kind=target&key=erp").await;
        assert_eq!((known.get("method"), known.get("success")), ("PUT", "/errcode == 0"));
        assert!(known.get("headers").contains("X-Team: care"));
        let refused = press(&desk, &known.with("headers", "Host: elsewhere.example"), "save").await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("id=\"headers-error\""), "{}", refused.body);
    }
}
