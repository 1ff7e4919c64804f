//! What the owner of a site sets, and where it shows: the public settings, the entry page, the command line.

use std::process::Stdio;

use reqwest::{Method, StatusCode};
use sayso_tests::process::{binary, run};
use sayso_tests::{TestApp, on_both_databases, write_key};
use serde_json::{Value, json};

use crate::pages::{Form, follow, page, send};

async fn public_settings(app: &TestApp) -> Value {
    let answer = app.client().get("/api/v1/sites/acme").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

on_both_databases! {

    async fn settings_that_cannot_be_read_take_no_site_down_and_are_kept(app: TestApp) {
        let key = sayso::sites::SiteKey::parse("other").unwrap();
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        sayso::sites::Site::add(&app.app.db, &key, "Other", &[], &stamp).await.unwrap();
        app.set_site(&["first_response_hours=7"]).await;
        // As a newer version, or a person with SQL, may leave them.
        for (site, settings) in [("acme", r#"{"first_response_hours": 7, "x": {"y": 1}, "languages": 5}"#), ("other", "nonsense")] {
            let update = "update sites set settings = $1 where key = $2";
            sayso::with_write!(&app.app.db, pool => sqlx::query(update).bind(settings).bind(site).execute(pool).await.map(|_| ())).unwrap();
        }
        app.app.clock.advance(1_000);
        assert_eq!(public_settings(&app).await["languages"], json!(["en", "zh-Hans", "zh-Hant"]), "the default");
        assert_eq!(app.client().get("/api/v1/sites/other").await.status, StatusCode::OK);
        app.set_site(&["privacy_url=https://shop.example/privacy"]).await;
        let select = "select settings from sites where key = 'acme'";
        let stored: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        let stored: Value = serde_json::from_str(&stored).unwrap();
        assert_eq!((&stored["x"], &stored["languages"], &stored["first_response_hours"]), (&json!({"y": 1}), &json!(5), &json!(7)));
        assert_eq!(app.site().await.problems().len(), 2);
    }
    async fn errors_of_the_page_are_asked_for_only_where_the_owner_wants_them(app: TestApp) {
        let tag = async || sayso::sites::snippet::script_tag(&app.site().await, &app.app.config);
        assert_eq!(public_settings(&app).await["page_errors"], json!(false));
        assert!(!tag().await.contains("data-errors"));
        app.set_site(&["page_errors=true"]).await;
        app.app.clock.advance(1_000);
        assert_eq!(public_settings(&app).await["page_errors"], json!(true));
        assert!(tag().await.ends_with(" data-site=\"acme\" data-errors></script>"), "{}", tag().await);
        let mut site = app.site().await;
        let refused = site.set("page_errors=maybe").unwrap_err().to_string();
        assert_eq!(refused, "page_errors is true or false");
    }

    async fn own_words_are_public_and_an_empty_text_clears_them(app: TestApp) {
        assert_eq!(public_settings(&app).await["texts"], json!({}));
        app.set_site(&["text.title.en=Tell the shop", "text.title.zh-tw=告訴店家", "text.send.ar=أرسِل"]).await;
        let texts = public_settings(&app).await["texts"].clone();
        assert_eq!(texts, json!({"title": {"en": "Tell the shop", "zh-TW": "告訴店家"}, "send": {"ar": "أرسِل"}}));
        app.set_site(&["text.title.en=", "text.send.ar="]).await;
        assert_eq!(public_settings(&app).await["texts"], json!({"title": {"zh-TW": "告訴店家"}}));
    }

    async fn sentences_and_labels_come_in_every_language_of_the_widget(app: TestApp) {
        app.set_site(&[
            "promise_text.ar=نردّ خلال أربع ساعات.", "consent_text.ar=أوافق.", "promise_text.en-GB=We answer within four hours.",
            r#"categories=[{"key":"delivery","label":{"ar":"التوصيل","EN":"Delivery"}}]"#,
        ]).await;
        let public = public_settings(&app).await;
        assert_eq!(public["promise_text"], json!({"ar": "نردّ خلال أربع ساعات.", "en-GB": "We answer within four hours."}));
        assert_eq!(public["categories"][0]["label"], json!({"ar": "التوصيل", "en": "Delivery"}));
        // The page speaks no Arabic: it shows the nearest text, or the only one, in its own direction.
        let shown = page(&app.client(), "/s/acme?lang=en").await.body;
        assert!(shown.contains("We answer within four hours.") && shown.contains("Delivery"), "{shown}");
        assert!(shown.contains("<span dir=\"auto\" lang=\"ar\">أوافق.</span>"), "{shown}");
    }

    async fn a_text_in_another_language_than_the_page_says_so(app: TestApp) {
        app.set_site(&["promise_text.ar=نردّ خلال أربع ساعات."]).await;
        let entry = page(&app.client(), "/s/acme?lang=en").await.body;
        let promise = "<p class=\"promise\" dir=\"auto\" lang=\"ar\">نردّ خلال أربع ساعات.</p>";
        assert!(entry.contains("<html lang=\"en\">") && entry.contains(promise), "{entry}");
        let code = app.client().submit(json!({"kind": "praise", "message": "Nice"})).await.json()["code"].as_str().unwrap().to_owned();
        let thanks = page(&app.client(), &format!("/t/{code}?new=1&lang=en")).await.body;
        assert!(thanks.contains(promise), "{thanks}");
    }

    async fn whoever_comes_to_a_site_that_is_gone_reads_what_to_do(app: TestApp) {
        for (path, tag, says) in [
            ("/s/gone?lang=en", "en", "This feedback page is not available"),
            ("/s/gone?lang=zh-Hans&frame=1", "zh-Hans", "该公司可能已将它移走或关闭"),
            ("/s/gone/record?lang=de", "de", "Bitte gehen Sie zurück auf dessen Website"),
            ("/s/gone/survey/yearly?lang=ja", "ja", "元のウェブサイトに戻り"),
        ] {
            let answer = app.client().get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.header("content-type").starts_with("text/html"), "{path}");
            assert!(answer.body.contains(&format!("<html lang=\"{tag}\"")) && answer.body.contains(says), "{path}: {}", answer.body);
        }
        let program = app.client().get("/api/v1/sites/gone").await;
        assert_eq!((program.status, program.problem().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    }

    async fn own_words_stand_on_the_pages_wherever_they_say_the_same(app: TestApp) {
        app.set_site(&[
            "text.title.en=Tell <the> shop", "text.send.en=Off it goes", "text.label_reference.en-GB=Ticket number",
            "text.kind_praise.en=Applause", "text.section_contact.en=Shall we answer?", "text.error_required_message.en=One word will do.",
            "text.thanks_title.en=Got it!", "text.thanks_promise.en=Expect us by {when}, promised.", "text.code_label.en=Your ticket",
            "text.message_left_other.en={count} to go", "text.send.zh-Hans=发出去",
        ]).await;
        let client = app.client();
        let shown = page(&client, "/s/acme?lang=en").await.body;
        for text in ["Tell &#60;the&#62; shop</h1>", "Off it goes</button>", "Ticket number", "Applause", "Shall we answer?", "&#34;other&#34;:&#34;{count} to go&#34;"] {
            assert!(shown.contains(text), "{text} in {shown}");
        }
        let form = Form::of(&shown, "/s/acme").with("kind", "praise");
        let refused = send(&client, &form).await;
        assert!(refused.body.contains("One word will do."), "{}", refused.body);
        let sent = send(&client, &Form::of(&refused.body, "/s/acme").with("message", "Well done")).await;
        let thanks = follow(&client, &sent).await.body;
        for text in ["Got it!", "Expect us by <time", "</time>, promised.", "Your ticket"] {
            assert!(thanks.contains(text), "{text} in {thanks}");
        }
        let chinese = page(&client, "/s/acme?lang=zh-Hans").await.body;
        assert!(chinese.contains("发出去</button>") && !chinese.contains("Off it goes"), "{chinese}");
    }

    async fn whoever_reads_none_of_our_languages_gets_the_sites_main_one(app: TestApp) {
        app.set_site(&["languages=zh-Hant,en"]).await;
        for (accepted, path, tag) in [
            ("ar-EG,ar;q=0.9", "/s/acme?frame=1&lang=ar", "zh-Hant"),
            ("ar", "/s/acme", "zh-Hant"),
            ("ar,en;q=0.5", "/s/acme", "en"),
            ("zh-CN", "/s/acme", "zh-Hant"),
        ] {
            let client = app.client();
            let answer = client.send(client.request(Method::GET, path).header("accept-language", accepted)).await;
            assert!(answer.body.contains(&format!("<html lang=\"{tag}\">")), "{accepted} {path}: {}", answer.body);
        }
    }

    async fn the_only_kind_is_no_question(app: TestApp) {
        app.set_site(&["kinds=suggestion"]).await;
        let client = app.client();
        let shown = page(&client, "/s/acme?lang=en").await.body;
        assert!(shown.contains("What could we do better?") && !shown.contains("type=\"radio\" name=\"kind\""), "{shown}");
        let sent = send(&client, &Form::of(&shown, "/s/acme").with("message", "More chairs")).await;
        assert!(follow(&client, &sent).await.body.contains("data-submitted-kind=\"suggestion\""));
    }

    async fn a_required_category_is_asked_for_where_there_is_one(app: TestApp) {
        app.set_site(&["required=category", r#"categories=[{"key":"delivery","kind":"complaint","label":{"en":"Delivery"}}]"#]).await;
        let refused = app.client().submit(json!({"kind": "complaint", "message": "Late"})).await;
        assert_eq!((refused.status, refused.json()["errors"][0]["pointer"].clone()), (StatusCode::UNPROCESSABLE_ENTITY, json!("/category")));
        let taken = app.client().submit(json!({"kind": "question", "message": "When?"})).await;
        assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.body);
    }
}

on_both_databases! {
    async fn the_command_line_lists_sets_shows_and_explains(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await;
        let sayso = |arguments: &[&str]| run(data.path(), url.reveal().unwrap_or_default(), arguments);
        let (added, printed) = sayso(&["site", "add", "acme", "--name", "Acme Home", "--origin", "https://shop.example"]);
        assert!(added, "{printed}");
        let (listed, help) = sayso(&["site", "set", "acme"]);
        assert!(listed && help.contains("text.KEY.LANG") && help.contains("sayso site texts"), "{help}");
        let (listed, texts) = sayso(&["site", "texts", "--lang", "zh-CN"]);
        assert!(listed && texts.contains("send = 提交") && !texts.contains("launcher"), "{texts}");

        let (set, printed) = sayso(&["site", "set", "acme", "text.send.en=Off it goes", "text.failure_wait_few.ar=بعد {count} ثوانٍ"]);
        assert!(set, "{printed}");
        let (_, shown) = sayso(&["site", "show", "acme"]);
        assert!(shown.contains("[texts.send]\nen = \"Off it goes\""), "{shown}");
        for (assignment, said) in [
            ("text.sent.en=x", "no text sent"),
            ("text.send.klingon=x", "ar, de, en, es, fr, hi, ja, ko, pt-BR, ru, zh-Hans, zh-Hant"),
            ("text.failure_wait_other.en=Soon", "{count}"),
            ("promise_text.xx=x", "ar, de, en, es, fr, hi, ja, ko, pt-BR, ru, zh-Hans, zh-Hant"),
            ("theme.radius=25", "0 to 24"),
            ("required=message", "can't be required"),
        ] {
            let (set, printed) = sayso(&["site", "set", "acme", assignment]);
            assert!(!set && printed.contains(said), "{assignment}: {printed}");
        }
        let (_, after) = sayso(&["site", "show", "acme"]);
        assert_eq!(after, shown, "what is refused changes nothing");

        // The launcher asks for nothing, so the tag brings the site's colour.
        let tag = |accent: &str| {
            assert!(sayso(&["site", "set", "acme", &format!("theme.accent={accent}")]).0);
            sayso(&["site", "snippet", "acme"]).1.lines().next().unwrap_or_default().to_owned()
        };
        assert!(tag("#7a1f5c").ends_with(r##"data-site="acme" data-accent="#7a1f5c"></script>"##));
        assert!(tag("").ends_with(r#"data-site="acme"></script>"#));

        // Whoever reads no further than the first line hears of no failure.
        let mut texts = std::process::Command::new(binary());
        texts.args(["site", "texts", "--lang", "en", "--data"]).arg(data.path()).args(["--database-url", url.reveal().unwrap_or_default()]);
        let mut texts = texts.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        drop(texts.stdout.take());
        let said = texts.wait_with_output().expect("it ends").stderr;
        assert_eq!(String::from_utf8_lossy(&said), "");
    }
}
