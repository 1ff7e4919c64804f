//! The mails of a site's customers: each as it looks, and the words that the site has instead of ours.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::on_both_databases;
use serde_json::json;

use crate::console::Desk;
use crate::outbox::cases::{submit, work};

const PAGE: &str = "/staff/settings/mails?site=acme";

/// What a form carries besides what is typed.
fn seen(page: &str) -> String {
    page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

on_both_databases! {
    async fn every_mail_is_shown_in_every_language_of_the_site(app: TestApp) {
        app.set_site(&["languages=en,zh-Hans,ar"]).await;
        let ann = Desk::of(&app, "ann", Role::Manager).await;
        let page = ann.client.get(PAGE).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let mails: Vec<String> = page.body.split("<option value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        let mails: Vec<&String> = mails.iter().filter(|mail| !["en", "zh-Hans", "ar"].contains(&mail.as_str())).collect();
        assert_eq!(mails.len(), 13, "all but those of surveys, of which the site has none: {mails:?}");
        for mail in mails {
            for lang in ["en", "zh-Hans", "ar"] {
                let page = ann.client.get(&format!("{PAGE}&mail={mail}&lang={lang}")).await;
                assert_eq!(page.status, StatusCode::OK, "{mail} {lang}: {}", page.body);
                let view = ann.client.get(&format!("/staff/settings/mails/view?site=acme&mail={mail}&lang={lang}")).await;
                assert_eq!(view.status, StatusCode::OK, "{mail} {lang}");
                assert!(view.body.contains(&format!("lang=\"{lang}\"")) && view.body.contains("Acme Home"), "{mail} {lang}: {}", view.body);
                let policy = view.header("content-security-policy");
                assert!(policy.contains("default-src 'none'") && policy.contains("sandbox") && policy.contains("frame-ancestors 'self'"), "{policy}");
            }
        }
        assert_eq!(ann.client.get(&format!("{PAGE}&lang=de")).await.status, StatusCode::NOT_FOUND, "the site answers in no German");
        assert_eq!(ann.client.get(&format!("{PAGE}&mail=none")).await.status, StatusCode::NOT_FOUND);
        let lee = Desk::of(&app, "lee", Role::Agent).await;
        assert_eq!(lee.client.get(PAGE).await.status, StatusCode::FORBIDDEN);
    }

    async fn a_site_s_own_words_are_in_its_mails_and_in_its_service_file(app: TestApp) {
        let ann = Desk::of(&app, "ann", Role::Manager).await;
        let page = ann.client.get(PAGE).await.body;
        let typed = [("text.receipt.keep", "Keep this code, <please>."), ("text.receipt.promise", "We write until {moment}.")];
        let fields = |seen: &str, action: &str| {
            let mut fields = vec![("seen".to_owned(), seen.to_owned()), ("action".to_owned(), action.to_owned())];
            fields.extend(typed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
            fields
        };
        let post = async |fields: Vec<(String, String)>| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            ann.post(PAGE, &fields).await
        };
        let looked_at = post(fields(&seen(&page), "preview")).await;
        assert_eq!(looked_at.status, StatusCode::OK);
        assert!(looked_at.body.contains("Keep this code, &#60;please&#62;."), "{}", looked_at.body);
        let view = "/staff/settings/mails/view?site=acme&mail=receipt_complaint&lang=en";
        assert!(!ann.client.get(view).await.body.contains("Keep this code"), "it is not saved");
        let saved = post(fields(&seen(&page), "save")).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/staff/settings/mails?site=acme&lang=en&mail=receipt_complaint&done=saved"), "{}", saved.body);
        assert!(ann.client.get(view).await.body.contains("Keep this code, &#60;please&#62;."));
        // Somebody else has changed it since the first page.
        let late = post(fields(&seen(&page), "save")).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(late.body.contains("Keep this code"), "what was typed is kept");

        app.app.clock.advance(10_000);
        submit(&app, json!({"kind": "complaint", "message": "Broken.", "contact": {"email": "li@example.com"}, "locale": "en"})).await;
        submit(&app, json!({"kind": "complaint", "message": "坏了。", "contact": {"email": "han@example.com"}, "locale": "zh-Hans"})).await;
        work(&app).await;
        let mails = crate::inbound::mails(&app);
        let to = |address: &str| mails.iter().find(|mail| mail.header("To").contains(address)).unwrap().text();
        assert!(to("li@example.com").contains("Keep this code, <please>.") && to("li@example.com").contains("We write until "), "{}", to("li@example.com"));
        assert!(!to("li@example.com").contains("{moment}"));
        assert!(!to("han@example.com").contains("Keep this code"), "words are of one language");

        let (ok, exported) = app.command(&["service", "export"]).await;
        assert!(ok && exported.contains("Keep this code, <please>."), "{exported}");
        let (_, audit) = app.command(&["audit", "export"]).await;
        assert!(audit.contains("mail_texts"), "{audit}");
    }

    async fn what_can_t_be_filled_in_is_named_next_to_its_field(app: TestApp) {
        let ann = Desk::of(&app, "ann", Role::Manager).await;
        let page = ann.client.get(PAGE).await.body;
        let seen = seen(&page);
        let refused = ann.post(PAGE, &[("seen", &seen), ("action", "save"), ("text.receipt.promise", "By {when}"), ("text.hello", "Dear customer")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("id=\"receipt.promise-error\"") && refused.body.contains("it can say {moment}"), "{}", refused.body);
        assert!(refused.body.contains("Dear customer"), "what was typed is kept");
        let (ok, said) = app.command(&["site", "set", "acme", "mail_text.receipt.kept.en=x"]).await;
        assert!(!ok && said.contains("mails have no text receipt.kept"), "{said}");
        let (ok, said) = app.command(&["site", "set", "acme", "mail_text.receipt.keep.en=Keep it"]).await;
        assert!(ok, "{said}");
    }
}
