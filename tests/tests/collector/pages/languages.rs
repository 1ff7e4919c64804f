//! The customer's pages in every language: each says which it is in, runs in its direction, and leaves nothing in English.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use reqwest::{Method, StatusCode};
use sayso::cases::Case;
use sayso::cases::staff::FollowUp;
use sayso_shared::Lang;
use sayso_tests::{Answer, TestApp, on_both_databases};

use super::form::unescape;
use super::{Form, add_member, answer, follow, page, send, upheld};

const SURVEY: &str = r#"
[[survey]]
key = "yearly"
kind = "importance_satisfaction"
site = "acme"
title = { en = "2026" }
items = [{ key = "delivery", text = { en = "24 h" } }]
"#;

fn texts(lang: Lang) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../collector/lang").join(lang.as_str());
    let mut all = BTreeMap::new();
    for slice in ["common", "pages", "survey"] {
        let file = fs::read_to_string(folder.join(format!("{slice}.json"))).unwrap();
        let file: BTreeMap<String, String> = serde_json::from_str(&file).unwrap();
        all.extend(file.into_iter().map(|(key, text)| (format!("{slice}.{key}"), text)));
    }
    all
}

/// What English says and this language does not, in pieces between what is filled in, as far as they are long enough to be nobody's name.
fn english_alone(lang: Lang) -> BTreeSet<String> {
    let own: String = texts(lang).into_values().collect::<Vec<_>>().join("\n");
    let pieces = |text: &str| -> Vec<String> {
        text.split('{')
            .flat_map(|part| part.split_once('}').map_or(part, |(_, rest)| rest).split('\n'))
            .map(str::trim)
            .map(str::to_owned)
            .collect()
    };
    let english = texts(Lang::En).into_values().flat_map(|text| pieces(&text));
    english.filter(|piece| piece.chars().count() >= 8 && !own.contains(piece)).collect()
}

/// The page speaks a language and no English, and says the texts for these keys.
fn assert_speaks(lang: Lang, answer: &Answer, keys: &[&str]) {
    let tag = lang.as_str();
    let direction = if lang == Lang::Ar { " dir=\"rtl\"" } else { "" };
    let begins = answer.body.contains(&format!("<html lang=\"{tag}\"{direction}>"));
    assert!(begins, "{tag}: {}", answer.body.lines().nth(1).unwrap_or_default());
    let shown = unescape(&answer.body);
    let own = texts(lang);
    for key in keys {
        // What is filled in stands between the pieces.
        for piece in own[*key].split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)) {
            assert!(shown.contains(piece), "{tag} does not say {key}: {piece}");
        }
    }
    if lang != Lang::En {
        // A single word may well be a name in the markup, such as a class.
        let text: String = shown.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text)).collect();
        let is_said = |piece: &String| if piece.contains(' ') { shown.contains(piece) } else { text.contains(piece) };
        assert_eq!(english_alone(lang).into_iter().find(is_said), None, "{tag} says it in English");
    }
}

async fn speak_all(app: &TestApp) {
    let all = Lang::ALL.map(Lang::as_str).join(",");
    app.set_site(&[&format!("languages={all}"), "public_record=true"]).await;
}

on_both_databases! {
    async fn the_story_of_a_case_is_told_in_every_language(app: TestApp) {
        speak_all(&app).await;
        add_member(&app).await;
        for lang in Lang::ALL {
            let client = app.client();
            let tag = lang.as_str();
            let entry = page(&client, &format!("/s/acme?lang={tag}&kind=complaint")).await;
            assert_speaks(lang, &entry, &["pages.entry.intro", "pages.entry.desired_outcome", "common.kind.complaint", "pages.entry.files_hint"]);
            let form = Form::of(&entry.body, "/s/acme").with("email", "li@example.com");
            let refused = send(&client, &form).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_speaks(lang, &refused, &["pages.wrong.title", "pages.wrong.message"]);
            let sent = send(&client, &Form::of(&refused.body, "/s/acme").with("message", "…")).await;
            let thanks = follow(&client, &sent).await;
            assert_speaks(lang, &thanks, &["pages.thanks.title", "pages.thanks.keep_and_mail", "pages.status.due"]);
            let code = sent.location().trim_start_matches("/t/").split('?').next().unwrap().to_owned();
            assert_eq!(Case::by_code(&app.app, &code).await.unwrap().locale.as_deref(), Some(tag), "mails know it too");
            let status = page(&client, &format!("/t/{code}")).await;
            assert_speaks(lang, &status, &["pages.stage.received", "pages.status.title.complaint", "common.stage.received"]);
            answer(&app, &code, "…", FollowUp::Wait).await;
            assert_speaks(lang, &page(&client, &format!("/t/{code}")).await, &["pages.stage.waiting_for_you", "pages.reply.asked"]);
            answer(&app, &code, "…", upheld()).await;
            let done = page(&client, &format!("/t/{code}?done=reply")).await;
            assert_speaks(lang, &done, &["pages.outcome.upheld", "pages.rate.title", "pages.not_solved.title", "pages.done.reply"]);
        }
    }

    async fn what_belongs_to_no_case_speaks_every_language_too(app: TestApp) {
        speak_all(&app).await;
        app.apply_service(SURVEY).await;
        for lang in Lang::ALL {
            let client = app.client();
            let tag = lang.as_str();
            for (path, status, key) in [
                ("/t/", 200, "pages.lookup.intro"),
                ("/t/AAAA-AAAA-AAAA-A", 404, "pages.lookup.wrong"),
                ("/receipt", 200, "pages.receipt.intro"),
                ("/s/acme/record", 200, "pages.record.explained"),
                ("/s/acme/survey/yearly", 200, "survey.anonymous"),
                ("/s/nobody", 404, "common.problem.no_site.text"),
                ("/problems/unavailable", 200, "common.problem.unavailable.text"),
                ("/problems/too_many_requests", 200, "common.problem.too_many_requests.title"),
            ] {
                let accepting = client.request(Method::GET, path).header("accept-language", format!("it, {tag};q=0.9, en;q=0.5"));
                let answer = client.send(accepting.header("accept", "text/html")).await;
                assert_eq!(answer.status.as_u16(), status, "{path} in {tag}");
                assert_speaks(lang, &answer, &[key]);
            }
        }
    }

    async fn a_variety_finds_its_language_and_the_console_its_own(app: TestApp) {
        speak_all(&app).await;
        for (accepted, path, tag) in [
            ("pt-PT", "/s/acme", "pt-BR"),
            ("fr-CA,en;q=0.8", "/s/acme", "fr"),
            ("es-419", "/t/", "es"),
            ("en", "/s/acme?lang=ko", "ko"),
            ("zh-HK", "/s/acme", "zh-HK"),
            ("sw", "/s/acme", "en"),
            ("ja", "/staff/sign-in", "en"),
            ("ja,zh-CN;q=0.5", "/staff/sign-in", "zh-Hans"),
            ("fr", "/staff/sign-in?lang=zh-TW", "zh-Hant"),
        ] {
            let client = app.client();
            let answer = client.send(client.request(Method::GET, path).header("accept-language", accepted)).await;
            assert!(answer.body.contains(&format!("<html lang=\"{tag}\"")), "{accepted} {path}");
        }
        app.set_site(&["languages=de,ar"]).await;
        for (accepted, tag) in [("ja,ar;q=0.3", "ar"), ("ja", "de"), ("en", "de")] {
            let client = app.client();
            let answer = client.send(client.request(Method::GET, "/s/acme").header("accept-language", accepted)).await;
            assert!(answer.body.contains(&format!("<html lang=\"{tag}\"")), "{accepted}");
        }
    }

    async fn many_languages_are_folded_away_and_few_are_not(app: TestApp) {
        let client = app.client();
        let few = page(&client, "/s/acme").await.body;
        assert!(!few.contains("languages-menu") && few.matches("hreflang").count() == 3, "{few}");
        speak_all(&app).await;
        let many = page(&client, "/s/acme?lang=hi").await.body;
        assert!(many.contains("languages-menu") && many.matches("hreflang").count() == 12, "{many}");
        assert!(many.contains("lang=ar\" lang=\"ar\" hreflang=\"ar\">العربية</a>"), "each is written in itself: {many}");
    }
}
