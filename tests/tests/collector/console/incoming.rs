//! Mails that are on no case, in the console: who sees them, why they are there, and what can be done with them.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::{Database, TestApp, on_both_databases};
use serde_json::Value;

use super::Desk;
use crate::inbound::{mail, take};

/// The identifier of the newest mail.
async fn newest(app: &TestApp) -> String {
    let listed: Value = serde_json::from_str(&app.command(&["mail", "list", "--json"]).await.1).unwrap();
    listed[0]["id"].as_str().unwrap().to_owned()
}

/// A collector whose site has an address, and a manager.
async fn set_up(database: Database) -> (TestApp, Desk) {
    let app = TestApp::spawn(database).await;
    app.set_site(&["mail_address=care@shop.example"]).await;
    let tom = Desk::of(&app, "tom", Role::Manager).await;
    (app, tom)
}

on_both_databases! {
    async fn a_mail_for_no_site_is_read_and_taken_for_the_one_that_is_chosen(database: Database) {
        let (app, tom) = set_up(database).await;
        let raw = mail("Han Meimei <han@example.com>", "old@shop.example", "t1", "", "When <b>will</b> it come?");
        take(&app, raw.clone()).await;
        let id = newest(&app).await;
        assert!(tom.client.get("/staff").await.body.contains("1 email waits for somebody to look at it"));
        let list = tom.client.get("/staff/incoming").await.body;
        for part in ["Han Meimei &#60;han@example.com&#62;", "Re: hello", "It belongs to no site."] {
            assert!(list.contains(part), "{part}: {list}");
        }
        let path = format!("/staff/incoming/{id}");
        let page = tom.client.get(&path).await.body;
        assert!(page.contains("When &#60;b&#62;will&#60;/b&#62; it come?") && page.contains("Choose the site"), "{page}");
        let download = tom.client.get(&format!("{path}/mail")).await;
        assert_eq!(download.header("content-type"), "message/rfc822");
        assert!(download.header("content-disposition").starts_with("attachment"));
        assert_eq!(download.body.as_bytes(), raw);
        let program = crate::access::Program::new(&app).await;
        program.get_at(&format!("/api/v1/mail/{id}")).await;
        program.get_at(&format!("/api/v1/mail/{id}/raw")).await;
        let log = program.get_at("/api/v1/audit").await.json();
        let read = log["audit"].as_array().unwrap().iter().filter(|entry| entry["object"] == format!("mail/{id}"));
        let read: Vec<String> = read.map(|entry| format!("{} {}", entry["actor"].as_str().unwrap(), entry["action"].as_str().unwrap())).collect();
        assert_eq!(read, ["member inbound_mail.open", "member inbound_mail.download", "token inbound_mail.open", "token inbound_mail.download"], "who reads it is noted, and nothing of what it says");
        assert!(!log.to_string().contains("han@example.com"));

        let again = tom.post(&format!("{path}/take"), &[]).await;
        assert_eq!(again.location(), format!("{path}?done=still_held"));
        assert!(tom.client.get(again.location()).await.body.contains("stays held"));
        let taken = tom.post(&format!("{path}/take"), &[("site", "acme")]).await;
        assert!(taken.location().starts_with("/staff/cases/"), "{}", taken.location());
        assert!(tom.client.get(taken.location()).await.body.contains("When &#60;b&#62;will&#60;/b&#62; it come?"));
        assert!(tom.client.get("/staff/incoming").await.body.contains("No email is held"));
        assert!(!tom.client.get("/staff").await.body.contains("somebody to look at it"));
        assert!(tom.client.get("/staff/incoming?outcome=all").await.body.contains(taken.location()));
        assert_eq!(tom.post(&format!("{path}/drop"), &[]).await.status, StatusCode::CONFLICT, "it is a case");
    }

    async fn what_is_dropped_stays_in_the_list_with_its_reason_and_nothing_of_what_it_said(database: Database) {
        let (app, tom) = set_up(database).await;
        take(&app, mail("han@example.com", "care@shop.example", "b1", "Precedence: list\r\n", "Buy now!")).await;
        let path = format!("/staff/incoming/{}", newest(&app).await);
        let dropped = tom.post(&format!("{path}/drop"), &[]).await;
        assert_eq!(dropped.location(), "/staff/incoming?done=dropped");
        let list = tom.client.get("/staff/incoming?outcome=dropped").await.body;
        assert!(list.contains("sent to many") && !list.contains("han@example.com"), "{list}");
        let page = tom.client.get(&path).await.body;
        assert!(page.contains("is not kept here") && !page.contains("Buy now!"), "{page}");
        assert_eq!(tom.client.get(&format!("{path}/mail")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(tom.client.get("/staff/incoming/none").await.status, StatusCode::NOT_FOUND);
    }

    async fn the_list_has_pages(database: Database) {
        let (app, tom) = set_up(database).await;
        for n in 0..31 {
            take(&app, mail("han@example.com", "old@shop.example", &format!("n{n}"), "", &format!("Number {n}"))).await;
        }
        let list = tom.client.get("/staff/incoming").await.body;
        assert_eq!(list.matches("class=\"case-row\"").count(), 30);
        let next = list.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        let older = tom.client.get(&next).await.body;
        assert_eq!(older.matches("class=\"case-row\"").count(), 1);
    }

    async fn agents_and_partners_do_not_see_them_and_viewers_change_nothing(database: Database) {
        let (app, _) = set_up(database).await;
        take(&app, mail("han@example.com", "old@shop.example", "t1", "", "When?")).await;
        let path = format!("/staff/incoming/{}", newest(&app).await);
        for (name, role) in [("lee", Role::Agent), ("pat", Role::Partner)] {
            let desk = Desk::of(&app, name, role).await;
            for path in ["/staff/incoming", path.as_str(), &format!("{path}/mail")] {
                assert_eq!(desk.client.get(path).await.status, StatusCode::FORBIDDEN, "{name} {path}");
            }
        }
        let vera = Desk::of(&app, "vera", Role::Viewer).await;
        let page = vera.client.get(&path).await;
        assert!(page.status == StatusCode::OK && !page.body.contains("/take"), "{}", page.body);
        for action in ["take", "drop"] {
            assert_eq!(vera.post(&format!("{path}/{action}"), &[]).await.status, StatusCode::FORBIDDEN);
        }
    }
}
