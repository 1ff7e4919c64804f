//! Forms of a case: each counts once, and what is written in them is shown as it was meant.

mod meanwhile;

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::Case;
use sayso_tests::on_both_databases;

use super::{Desk, complaint};
use crate::pages::Form;

on_both_databases! {
    async fn a_form_that_is_sent_twice_is_taken_once(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        let key = async |action: &str| {
            let page = lin.client.get(&path).await.body;
            Form::of(&page, &format!("{path}/{action}")).get("key").to_owned()
        };
        let events = async || {
            let select = "select count(*) from events where case_id = $1";
            let count: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).bind(&id).fetch_one(pool).await).unwrap();
            count
        };
        type Fields<'a> = &'a [(&'a str, &'a str)];
        let forms: [(&str, Fields<'_>, i64); 5] = [
            ("reply", &[("body", "We look into it"), ("then", "go_on")], 3),
            ("note", &[("body", "Ask the workshop")], 1),
            ("owner", &[("owner", "nobody")], 1),
            ("status", &[("status", "waiting")], 1),
            ("resolve", &[("outcome", "upheld"), ("remedy", "An armrest")], 1),
        ];
        for (action, fields, new) in forms {
            let key = key(action).await;
            let before = events().await;
            let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("key", key.as_str())]).collect();
            let first = lin.post(&format!("{path}/{action}"), &fields).await;
            let again = lin.post(&format!("{path}/{action}"), &fields).await;
            assert_eq!((first.status, again.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER), "{action}: {}", again.body);
            assert_eq!(first.location(), again.location(), "{action}");
            assert_eq!(events().await - before, new, "{action}");
        }
        let key = key("note").await;
        lin.post(&format!("{path}/note"), &[("body", "One"), ("key", &key)]).await;
        let other = lin.post(&format!("{path}/note"), &[("body", "Another"), ("key", &key)]).await;
        assert_eq!(other.status, StatusCode::CONFLICT, "a form that was sent, changed after the browser's Back");
        assert!(other.body.contains("\nAnother</textarea>") && other.body.contains("You sent this form before"), "{}", other.body);
        assert!(!other.body.contains(&format!("value=\"{key}\"")), "sent again, it is another one");
    }

    async fn enter_sends_a_reply_and_inserts_no_template(app: TestApp) {
        app.apply_service("[[template]]\nkey = 'sorry'\nbody = { en = 'Sorry, {customer.name}.' }\n").await;
        app.app.clock.advance(1_000);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let page = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        let (_, form) = page.split_once("id=\"reply-form\"").unwrap();
        let mut buttons = form.split("<button ").skip(1).map(|rest| rest.split_once("</button>").unwrap().0);
        // Browsers press the first one, whatever field somebody is in.
        let first = buttons.next().unwrap();
        assert!(first.ends_with("Send reply") && !first.contains("formaction") && first.contains("tabindex=\"-1\" aria-hidden=\"true\""), "{first}");
        assert!(buttons.next().unwrap().contains("/template#reply-form"), "{form}");
    }

    async fn addresses_in_what_the_staff_write_are_links(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "See https://evil.example/customer").await;
        let path = format!("/staff/cases/{id}");
        lin.post(&format!("{path}/reply"), &[("body", "See https://shop.example/a?b=1&c=2, please. Not javascript:alert(1)"), ("then", "go_on")]).await;
        let code = Case::by_id(&app.app, &id).await.unwrap().code(&app.app.keys).unwrap();
        for page in [lin.client.get(&path).await.body, app.client().get(&format!("/t/{code}")).await.body] {
            let link = "<a href=\"https://shop.example/a?b=1&#38;c=2\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">https://shop.example/a?b=1&#38;c=2</a>, please";
            assert!(page.contains(link), "{page}");
            assert!(!page.contains("href=\"https://evil.example") && !page.contains("href=\"javascript"), "{page}");
        }
    }

    async fn a_reply_is_shown_as_its_customer_will_see_it_and_not_sent(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "Late").await;
        let (path, action) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/preview"));
        let shown = lin.post(&action, &[("body", "See https://shop.example/returns <now>"), ("then", "wait")]).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
        let preview = shown.body.split("id=\"preview\"").nth(1).unwrap().split("</section>").next().unwrap();
        assert!(preview.contains("<a href=\"https://shop.example/returns\"") && preview.contains("&#60;now&#62;"), "{preview}");
        assert!(preview.contains("Acme"), "the mail is the site's: {preview}");
        let form = Form::of(&shown.body, &format!("{path}/reply"));
        assert_eq!((form.get("body"), form.get("then")), ("See https://shop.example/returns <now>", "wait"));
        let said = "select count(*) from messages";
        let said: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(said).fetch_one(pool).await).unwrap();
        assert_eq!(said, 0);
    }
}
