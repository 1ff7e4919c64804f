//! The self-service entry: from the empty form to the thanks, without script.

use reqwest::{Method, StatusCode};
use sayso::cases::Case;
use sayso_tests::{Options, TestApp, on_both_databases};

use super::form::unescape;
use super::{Form, count, follow, page, send};

async fn entry(app: &TestApp) -> Form {
    Form::of(&page(&app.client(), "/s/acme").await.body, "/s/acme")
}

on_both_databases! {
    async fn the_form_alone_makes_a_case(app: TestApp) {
        app.set_site(&[
            r#"categories=[{"key":"delivery","kind":"complaint","label":{"en":"Delivery","zh-Hans":"送货"}},{"key":"other","label":{"en":"Other"}}]"#,
            "consent_text.en=I agree.", "promise_text.en=We answer within a day.", "privacy_url=https://shop.example/privacy",
        ]).await;
        let client = app.client();
        let shown = page(&client, "/s/acme?kind=complaint").await;
        for text in ["Delivery", "Other", "I agree.", "We answer within a day.", "href=\"/s/acme/privacy\""] {
            assert!(shown.body.contains(text), "{text}");
        }
        let form = Form::of(&shown.body, "/s/acme");
        assert_eq!(form.get("kind"), "complaint");
        let form = form.with("message", "The sofa is torn.\r\nSecond line").with("category", "delivery").with("rating", "2")
            .with("desired_outcome", "A new cover").with("reference", "AH-1").with("name", "Li").with("email", "li@example.com")
            .with("consent", "true");
        let sent = send(&client, &form).await;
        let code = sent.location().strip_prefix("/t/").and_then(|rest| rest.strip_suffix("?new=1")).unwrap().to_owned();
        let thanks = follow(&client, &sent).await;
        assert!(thanks.body.contains(&code) && thanks.body.contains("data-submitted-kind=\"complaint\""), "{}", thanks.body);
        assert!(!thanks.body.split("</title>").next().unwrap().contains(&code), "a title ends up in histories");
        assert_eq!(thanks.header("cache-control"), "no-store");
        let case = Case::by_code(&app.app, &code).await.unwrap();
        assert_eq!((case.message.as_str(), case.category.as_deref(), case.rating), ("The sofa is torn.\nSecond line", Some("delivery"), Some(2)));
        assert_eq!((case.desired_outcome.as_deref(), case.reference.as_deref(), case.locale.as_deref()), (Some("A new cover"), Some("AH-1"), Some("en")));
        let contact = case.contact(&app.app.keys).unwrap();
        assert_eq!((contact.name(), contact.email()), (Some("Li"), Some("li@example.com")));
    }

    async fn thanks_survive_a_reload_but_no_bookmark(app: TestApp) {
        let client = app.client();
        let form = entry(&app).await.with("kind", "praise").with("message", "Well done");
        let sent = send(&client, &form).await;
        for _ in 0..2 {
            assert!(follow(&client, &sent).await.body.contains("data-submitted-code"));
        }
        app.app.clock.advance(sayso::clock::HOUR + 1);
        let later = page(&client, sent.location()).await;
        assert!(!later.body.contains("data-submitted-code") && later.body.contains("id=\"reply\""));
    }

    async fn sent_twice_is_one_case(app: TestApp) {
        let client = app.client();
        let form = entry(&app).await.with("kind", "question").with("message", "When?");
        let (first, second) = tokio::join!(send(&client, &form), send(&client, &form));
        assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
        assert_eq!(first.location(), second.location());
        assert_eq!(count(&app, "cases").await, 1);
        // Back by the browser's button, changed, and sent again: nothing is lost, and one more press sends it.
        let changed = form.with("message", "When, and where?");
        let refused = send(&client, &changed).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let again = Form::of(&refused.body, "/s/acme");
        assert_eq!(again.get("message"), "When, and where?");
        assert_ne!(again.get("key"), changed.get("key"));
        assert_eq!(send(&client, &again).await.status, StatusCode::SEE_OTHER);
        assert_eq!(count(&app, "cases").await, 2);
    }

    async fn every_mistake_keeps_the_text_and_the_key(app: TestApp) {
        app.set_site(&["consent_text.en=I agree.", "consent_text.zh-Hans=我同意。", "required=contact,category",
            r#"categories=[{"key":"delivery","kind":"complaint","label":{"en":"Delivery"}}]"#]).await;
        let client = app.client();
        let whole = entry(&app).await.with("kind", "complaint").with("message", "我的\u{202e}话 <b>&amp;").with("email", "li@example.com")
            .with("category", "delivery").with("consent", "true").with("reference", "\"AH\" 'x'");
        let long = "字".repeat(10_001);
        for (field, value, english, chinese) in [
            ("kind", "", "Please choose the kind of feedback.", "请选择反馈类型。"),
            ("message", "  ", "Please tell us in a few words.", "请简单说明具体情况。"),
            ("message", &long, "10,000 characters at most", "最多 10,000 个字"),
            ("message", "a\0b", "a character that we can’t store", "无法保存的字符"),
            ("email", "li", "Please enter an email address like", "邮箱格式不正确"),
            ("email", "", "enter an email address or a phone number", "请填写邮箱或电话"),
            ("phone", "x", "Please check the phone number.", "请检查电话号码。"),
            ("category", "", "Please fill this in.", "请填写此项。"),
            ("category", "nowhere", "doesn’t go with the kind", "与所选的反馈类型不符"),
            ("rating", "9", "Please check this.", "请检查此项内容。"),
            ("consent", "", "Please tick this box", "请勾选同意"),
        ] {
            let form = whole.clone().with(field, value);
            for (lang, expected) in [("en", english), ("zh-Hans", chinese)] {
                let form = Form { action: format!("/s/acme?lang={lang}"), ..form.clone() };
                let refused = send(&client, &form).await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={value}");
                assert!(refused.body.contains(&format!("<html lang=\"{lang}\">")));
                assert!(refused.body.contains(expected), "{field}={value}: {expected}");
                assert!(refused.body.contains("role=\"alert\"") && refused.body.contains(&format!("href=\"#{field}\"")));
                assert!(refused.body.contains(&format!("id=\"{field}\"")), "the summary leads to the field");
                assert_eq!(refused.body.matches(" autofocus").count(), 1);
                assert!(!refused.body.contains("must be") && !refused.body.contains("is required by"), "the API's words");
                let kept = Form::of(&refused.body, "/s/acme");
                for (name, typed) in form.fields.iter().filter(|(name, _)| !matches!(name.as_str(), "kind" | "category" | "rating" | "consent")) {
                    assert_eq!(kept.get(name), typed, "{name} after {field}={value}");
                }
            }
        }
        assert_eq!(count(&app, "cases").await, 0);
        assert_eq!(send(&client, &whole).await.status, StatusCode::SEE_OTHER);
    }

    async fn everything_that_is_wrong_is_said_at_once(app: TestApp) {
        let form = entry(&app).await.with("kind", "").with("message", " ").with("email", "li").with("phone", "x");
        let refused = send(&app.client(), &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for field in ["kind", "message", "email", "phone"] {
            assert!(refused.body.contains(&format!("<li><a href=\"#{field}\">")), "{field} in {}", refused.body);
        }
        assert!(refused.body.contains("novalidate"), "the browser's own bubbles speak the browser's language");
    }

    async fn the_company_comes_first_and_sayso_last(app: TestApp) {
        app.set_site(&["promise_text.en=We reply within four hours."]).await;
        let shown = page(&app.client(), "/s/acme?lang=en").await.body;
        let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text} in {shown}"));
        assert!(at("<span class=\"brand-mark initial\" aria-hidden=\"true\">A</span>") < at("We reply within four hours."));
        assert!(at("We reply within four hours.") < at("<form"), "the promise stands under the introduction");
        assert!(at("</form>") < at("Powered by Sayso"));
        assert!(at("name=\"name\"") < at("name=\"email\"") && at("id=\"desired_outcome\"") < at("id=\"importance\""), "as in the widget");
    }

    async fn a_logo_stands_at_the_head_and_is_fetched_once(app: TestApp) {
        assert_eq!(app.client().get("/s/acme/logo").await.status, StatusCode::NOT_FOUND, "there is none yet");
        app.set_site(&["logo=data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="]).await;
        let shown = page(&app.client(), "/s/acme?lang=en").await.body;
        assert!(!shown.contains("brand-mark initial"), "{shown}");
        let (_, rest) = shown.split_once("<img class=\"brand-logo\" src=\"").expect("the logo");
        let (address, alt) = rest.split_once("\" alt=\"\">").expect("the name beside it says whose it is");
        assert!(alt.trim_start().starts_with("Acme Home"), "{alt}");
        let header = |answer: &sayso_tests::Answer, name: &str| answer.headers[name].to_str().unwrap().to_owned();
        let logo = app.client().get(address).await;
        assert_eq!((logo.status, header(&logo, "content-type").as_str()), (StatusCode::OK, "image/png"));
        assert!(header(&logo, "cache-control").contains("immutable") && header(&logo, "x-content-type-options") == "nosniff");
        let old = app.client().get("/s/acme/logo?v=old").await;
        assert!(header(&old, "cache-control").contains("max-age=60"), "what an old address shows may change");
    }

    async fn readers_in_hong_kong_complain_in_their_own_words(app: TestApp) {
        let client = app.client();
        for (accepted, tag, word) in [("zh-TW", "zh-Hant", "申訴"), ("zh-HK", "zh-HK", "投訴"), ("zh-Hant-MO", "zh-HK", "投訴")] {
            let answer = client.send(client.request(Method::GET, "/s/acme").header("accept-language", accepted)).await;
            assert!(answer.body.contains(&format!("<html lang=\"{tag}\">")) && answer.body.contains(word), "{accepted}: {}", answer.body);
        }
    }

    async fn what_is_hidden_for_a_kind_is_not_sent_with_it(app: TestApp) {
        let client = app.client();
        let form = entry(&app).await.with("kind", "praise").with("message", "Fine").with("importance", "5").with("desired_outcome", "x");
        let sent = send(&client, &form).await;
        let code = sent.location().trim_start_matches("/t/").split('?').next().unwrap().to_owned();
        let case = Case::by_code(&app.app, &code).await.unwrap();
        assert_eq!((case.importance, case.desired_outcome), (None, None));
    }

    async fn only_our_own_page_may_send_it(app: TestApp) {
        let client = app.client();
        let form = entry(&app).await.with("kind", "praise").with("message", "x");
        for origin in ["https://evil.example", TestApp::ORIGIN, "null"] {
            let request = client.request(Method::POST, "/s/acme").header("origin", origin).form(&form.fields);
            assert_eq!(client.send(request).await.status, StatusCode::FORBIDDEN, "{origin}");
        }
        assert_eq!(count(&app, "cases").await, 0);
        let request = client.request(Method::POST, "/s/acme").form(&form.fields);
        assert_eq!(client.send(request).await.status, StatusCode::SEE_OTHER, "browsers that send no Origin are let in");
    }

    async fn what_is_no_form_is_refused(app: TestApp) {
        let client = app.client();
        let post = |media: &'static str, body: Vec<u8>| {
            let client = client.clone();
            async move { client.send(client.request(Method::POST, "/s/acme?lang=zh-Hans").header("content-type", media).body(body)).await }
        };
        let form = "application/x-www-form-urlencoded";
        for (media, body, status) in [
            (form, b"kind=praise&message=%ED%A0%80".to_vec(), StatusCode::BAD_REQUEST),
            (form, b"kind=praise&message=\xff".to_vec(), StatusCode::BAD_REQUEST),
            ("application/json", b"{}".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (form, [b"message=".to_vec(), vec![b'a'; 2_000_000]].concat(), StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let refused = post(media, body).await;
            assert_eq!(refused.status, status);
            assert!(refused.body.contains("<html lang=\"zh-Hans\">"), "{}", refused.body);
            assert!(refused.header("content-security-policy").contains("https://shop.example"), "the frame shows errors too");
        }
        assert_eq!(count(&app, "cases").await, 0);
    }

    async fn only_the_sites_pages_may_frame_it(app: TestApp) {
        let client = app.client();
        for path in ["/s/acme", "/s/acme?frame=1"] {
            let policy = page(&client, path).await.header("content-security-policy").to_owned();
            assert!(policy.contains("frame-ancestors 'self' https://shop.example"), "{policy}");
        }
        let framed = page(&client, "/s/acme?frame=1&lang=zh-Hant").await;
        assert!(framed.body.contains("frame-") && framed.body.contains("in-frame") && !framed.body.contains("page-foot"));
        assert_eq!(framed.header("set-cookie"), "", "no cookie inside a foreign page");
        let form = Form::of(&framed.body, "/s/acme").with("kind", "praise").with("message", "好");
        assert!(form.action.contains("frame=1") && form.action.contains("lang=zh-Hant"));
        let sent = send(&client, &form).await;
        let thanks = follow(&client, &sent).await;
        assert!(thanks.body.contains("lang=\"zh-Hant\"") && thanks.body.contains("data-submitted-url=\"http"));
        assert!(thanks.header("content-security-policy").contains("frame-ancestors 'self' https://shop.example"));
        let code = sent.location().split('?').next().unwrap().to_owned();
        let status = page(&client, &format!("{code}?frame=1")).await;
        assert!(status.header("content-security-policy").contains("frame-ancestors 'none'"), "a case is nobody's to frame");
    }

    async fn what_the_frame_is_told_of_its_page_is_never_a_reason_to_refuse(app: TestApp) {
        let client = app.client();
        let framed = page(&client, "/s/acme?frame=1").await.body;
        assert!(framed.contains("id=\"along\" hidden data-fresh") && !framed.contains("data-error="), "{framed}");
        let stored = async || -> (Option<String>, Option<String>, Option<String>) {
            let select = "select page_url, page_title, context from feedback order by id desc limit 1";
            sayso::with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_one(pool).await).unwrap()
        };
        let send_with = async |url: &str, title: &str, error: &str| {
            let fresh = page(&client, "/s/acme?frame=1").await.body;
            let mut form = Form::of(&fresh, "/s/acme").with("kind", "praise").with("message", "Thanks");
            // As the frame's script adds them.
            for (name, value) in [("page-url", url), ("page-title", title), ("page-error-1", error)] {
                form.set(name, value);
            }
            let sent = send(&client, &form).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        };
        let long = "题".repeat(400);
        send_with("javascript:alert(1)", &long, "09:00:00 Error: no cart").await;
        assert_eq!(stored().await, (None, Some("题".repeat(300)), None), "the site does not want to know of errors");
        app.set_site(&["page_errors=true"]).await;
        assert!(page(&client, "/s/acme?frame=1").await.body.contains("data-error="));
        send_with("https://shop.example/cart?token=abc", "", &long).await;
        let (url, title, context) = stored().await;
        assert_eq!((url.as_deref(), title), (Some("https://shop.example/cart?token=***"), None));
        assert_eq!(context, Some(format!("{{\"errors\":[\"{}\"]}}", "题".repeat(300))));
    }

    async fn an_unknown_site_is_not_found(app: TestApp) {
        let client = app.client();
        for path in ["/s/nobody", "/s/%FF", "/s/nobody/theme.css"] {
            assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(client.post_form("/s/nobody", &[("kind", "praise"), ("message", "x")]).await.status, StatusCode::NOT_FOUND);
    }

    async fn the_language_is_asked_for_or_remembered_or_the_browsers(app: TestApp) {
        let client = app.client();
        let lang = async |path: &str, accept: &str| {
            let answer = client.send(client.request(Method::GET, path).header("accept-language", accept)).await;
            answer.body.split("<html lang=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        assert_eq!(lang("/s/acme", "zh-TW,zh;q=0.9").await, "zh-Hant");
        assert_eq!(lang("/s/acme", "fr").await, "en");
        assert_eq!(lang("/s/acme?lang=zh-Hans", "en").await, "zh-Hans");
        assert_eq!(lang("/s/acme", "en").await, "zh-Hans", "the cookie remembers it");
        app.set_site(&["languages=zh-Hant,en"]).await;
        assert_eq!(lang("/s/acme", "en").await, "en", "a site speaks only its own languages, and of these the one that the browser asks for");
        assert_eq!(lang("/s/acme", "ja").await, "zh-Hant", "else its main one");
    }

    async fn the_theme_is_a_style_sheet(app: TestApp) {
        app.set_site(&["theme.accent=#ffd400", "theme.radius=2"]).await;
        let sheet = app.client().get("/s/acme/theme.css").await;
        assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
        assert!(sheet.body.contains("--sayso-radius: 2px") && sheet.body.contains("--sayso-accent: #"), "{}", sheet.body);
        assert!(!sheet.body.contains("--sayso-accent: #ffd400; --sayso-on-accent: #fffdf8"), "yellow on paper can't be read");
        // In the widget's frame the page's own colour and theme count, and go along from page to page; nothing but a colour does.
        let framed = page(&app.client(), "/s/acme?frame=1&theme=dark&accent=7a1f5c&lang=en").await.body;
        assert!(framed.contains("<html lang=\"en\" data-theme=\"dark\">") && framed.contains("/s/acme/theme.css?accent=7a1f5c"), "{framed}");
        assert!(framed.contains("frame=1&#38;theme=dark&#38;accent=7a1f5c"), "{framed}");
        assert!(app.client().get("/s/acme/theme.css?accent=7a1f5c").await.body.contains(":root { --sayso-accent: #7a1f5c;"));
        for other in ["/s/acme?theme=dark&accent=7a1f5c", "/s/acme?frame=1&theme=grey&accent=red;}body{"] {
            let shown = page(&app.client(), other).await.body;
            assert!(!shown.contains("data-theme") && !shown.contains("theme.css?"), "{other}: {shown}");
        }
        for none in ["%22%7Dbody%7B", "red", "7a1f5", ""] {
            let same = app.client().get(&format!("/s/acme/theme.css?accent={none}")).await;
            assert_eq!(same.body, sheet.body, "{none} is no colour, and the site's own stays");
        }
    }

    async fn what_is_typed_is_only_ever_text(app: TestApp) {
        let client = app.client();
        for typed in ["<script>alert(1)</script>\"'><img src=x onerror=alert(1)>", "a\u{202e}b\u{200b}c\u{feff}d", &"😀".repeat(10_000)] {
            let sent = send(&client, &entry(&app).await.with("kind", "praise").with("message", typed)).await;
            let path = sent.location().split('?').next().unwrap().to_owned();
            let case = Case::by_code(&app.app, path.trim_start_matches("/t/")).await.unwrap();
            assert_eq!(case.message, typed);
            let status = page(&client, &path).await.body;
            assert!(!status.contains("<script>") && !status.contains("<img"));
            let shown = status.split("<div class=\"message-body\" dir=\"auto\" lang=\"en\">").nth(1).unwrap().split("</div>").next().unwrap();
            assert_eq!(unescape(shown), typed);
        }
    }
}

/// When the writer is gone, as in a shutdown, the page keeps everything and says when to try again.
#[tokio::test]
async fn busy_keeps_the_text() {
    let app = TestApp::spawn_with(sayso_tests::Database::Sqlite, Options::default()).await;
    let form = entry(&app).await.with("kind", "praise").with("message", "为你们点赞");
    app.app.intake.drain().await;
    let refused = send(&app.client(), &form).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    let kept = Form::of(&refused.body, "/s/acme");
    assert_eq!((kept.get("message"), kept.get("key"), kept.get("kind")), ("为你们点赞", form.get("key"), "praise"));
    assert!(refused.body.contains("Try again in 5 seconds."), "{}", refused.body);
}
