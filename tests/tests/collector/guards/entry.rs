//! The entry form, which works without script: what makes it suspected, and that nothing that refuses it costs a word.

use reqwest::StatusCode;
use sayso::cases::{Case, Quarantine, Suspicion};
use sayso::clock::{HOUR, SECOND};
use sayso_tests::{Database, TestApp, on_both_databases};

use super::*;
use crate::pages::form::Form;
use crate::pages::{page, send};

/// A collector that takes whoever needs less than three seconds for a robot.
async fn watchful(database: Database) -> TestApp {
    TestApp::spawn_with(database, with_limits(|limits| limits.form_seconds = 3)).await
}

/// The empty form, filled in.
async fn filled(app: &TestApp) -> Form {
    let form = Form::of(&page(&app.client(), "/s/acme").await.body, "/s/acme");
    form.with("kind", "praise").with("message", "很好")
}

/// Sends a form, which must be accepted, and gives its case.
async fn sent(app: &TestApp, form: &Form) -> Case {
    let answer = send(&app.client(), form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let code = answer.location().trim_start_matches("/t/").split('?').next().unwrap().to_owned();
    Case::by_code(&app.app, &code).await.unwrap()
}

fn in_order(form: &Form) -> Vec<(String, String)> {
    let mut fields = form.fields.clone();
    fields.sort();
    fields
}

on_both_databases! {
    async fn a_form_that_somebody_filled_in_is_not_suspected(database: Database) {
        let app = watchful(database).await;
        let form = filled(&app).await;
        assert!(form.get("website").is_empty());
        app.app.clock.advance(4 * SECOND);
        let case = sent(&app, &form).await;
        assert_eq!((case.quarantine(), case.suspicion()), (None, None));
    }

    async fn what_a_robot_does_is_suspected_and_kept(database: Database) {
        let app = watchful(database).await;
        let (other, fast) = (filled(&app).await, filled(&app).await);
        app.app.clock.advance(4 * SECOND);
        let late = filled(&app).await;
        let held = async |form: Form, expected: Suspicion| {
            let case = sent(&app, &form).await;
            assert_eq!((case.quarantine(), case.suspicion()), (Some(Quarantine::Held), Some(expected)));
            assert_eq!((case.message.as_str(), case.status.as_str()), ("很好", "new"), "it is stored as it came");
        };
        held(late, Suspicion::TooFast).await;
        held(filled(&app).await.with("website", "https://casino.example"), Suspicion::Honeypot).await;
        held(filled(&app).await.with("token", ""), Suspicion::NoToken).await;
        held(filled(&app).await.with("token", "1.abc"), Suspicion::ForgedToken).await;
        held(filled(&app).await.with("token", other.get("token")), Suspicion::ForgedToken).await;
        let bare = Form { action: "/s/acme".into(), fields: praise_fields(), names: Vec::new() };
        held(bare, Suspicion::NoToken).await;
        // One form makes one case: sent again under another key, its token is not its own.
        let case = sent(&app, &fast).await;
        assert_eq!(case.quarantine(), None);
        held(fast.with("key", &new_key()), Suspicion::ForgedToken).await;
    }

    async fn people_who_mend_a_mistake_are_fast(database: Database) {
        let app = watchful(database).await;
        let form = filled(&app).await.with("email", "li");
        app.app.clock.advance(4 * SECOND);
        let refused = send(&app.client(), &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mended = Form::of(&refused.body, "/s/acme").with("email", "li@example.com");
        assert_eq!(mended.get("token"), form.get("token"), "it is still the form that was opened four seconds ago");
        assert_eq!(sent(&app, &mended).await.quarantine(), None);
        // Sent before, changed, and sent as another one: that is no reason for suspicion either.
        let changed = send(&app.client(), &mended.clone().with("message", "非常好")).await;
        assert_eq!(changed.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(sent(&app, &Form::of(&changed.body, "/s/acme")).await.quarantine(), None);
    }

    async fn a_form_that_lay_open_too_long_comes_back_with_its_text(database: Database) {
        let app = watchful(database).await;
        for (lang, words) in [("en", "This page was open for a long time"), ("zh-Hans", "打开时间过长"), ("zh-Hant", "開啟時間過長")] {
            let form = Form { action: format!("/s/acme?lang={lang}"), ..filled(&app).await };
            app.app.clock.advance(24 * HOUR);
            let answer = send(&app.client(), &form).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains(words) && answer.body.contains(&format!("<html lang=\"{lang}\">")), "{}", answer.body);
            let fresh = Form::of(&answer.body, "/s/acme");
            assert_eq!((fresh.get("message"), fresh.get("kind"), fresh.get("key")), ("很好", "praise", form.get("key")));
            assert_eq!(sent(&app, &fresh).await.quarantine(), None, "sent again at once, it is welcome");
        }
    }

    async fn whoever_is_limited_keeps_the_text_and_is_told_when(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.submissions_per_minute = 1)).await;
        sent(&app, &filled(&app).await).await;
        let mut last = None;
        for (lang, why, when) in [
            ("en", "We’re receiving a lot of feedback at the moment", "Try again in"),
            ("zh-Hans", "目前提交的人较多", "秒后重试"),
            ("zh-Hant", "目前送出的人較多", "秒後再試"),
        ] {
            let form = Form { action: format!("/s/acme?lang={lang}"), ..filled(&app).await };
            let refused = send(&app.client(), &form).await;
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
            let seconds = refused.header("retry-after").to_owned();
            assert!(refused.body.contains(why) && refused.body.contains(when) && refused.body.contains(&seconds), "{}", refused.body);
            let kept = Form::of(&refused.body, "/s/acme");
            assert_eq!(in_order(&kept), in_order(&form), "every word, and the same key");
            last = Some((kept, seconds.parse::<i64>().unwrap()));
        }
        let (kept, seconds) = last.unwrap();
        app.app.clock.advance(seconds * SECOND);
        assert_eq!(sent(&app, &kept).await.message, "很好");
        // The same where the collector can't take anything.
        app.app.intake.drain().await;
        app.app.clock.advance(60 * SECOND);
        for (lang, why) in [("en", "We’re receiving a lot"), ("zh-Hans", "暂时无法接收"), ("zh-Hant", "暫時無法接收")] {
            let form = Form { action: format!("/s/acme?lang={lang}"), ..filled(&app).await };
            let refused = send(&app.client(), &form).await;
            assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
            assert!(refused.body.contains(why), "{}", refused.body);
            assert_eq!(in_order(&Form::of(&refused.body, "/s/acme")), in_order(&form));
            app.app.clock.advance(60 * SECOND);
        }
    }

    async fn the_trap_is_hidden_from_people(database: Database) {
        let app = watchful(database).await;
        for (lang, label) in [("en", "leave this field empty"), ("zh-Hans", "请留空"), ("zh-Hant", "請留空")] {
            let shown = page(&app.client(), &format!("/s/acme?lang={lang}")).await.body;
            let trap = shown.split("name=\"website\"").next().unwrap().rsplit("<p").next().unwrap();
            assert!(trap.contains("class=\"visually-hidden\" aria-hidden=\"true\"") && trap.contains(label), "{trap}");
            let input = shown.split("name=\"website\"").nth(1).unwrap().split('>').next().unwrap();
            assert!(input.contains("tabindex=\"-1\"") && input.contains("autocomplete=\"off\"") && input.contains("data-draft-skip"), "{input}");
            assert!(!shown.contains("style="));
        }
    }
}

fn praise_fields() -> Vec<(String, String)> {
    [("kind", "praise"), ("message", "很好")].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}
