//! The quarantine: nobody is told of a suspected case, and nothing of it is lost.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::Case;
use sayso::sites::targets::Target;
use sayso::{db, with_db};
use sayso_tests::{TestApp, WebhookReceiver, on_both_databases};

use super::*;
use crate::console::Desk;
use crate::outbox::cases::{customer_writes, deliveries, work};
use crate::outbox::webhooks::with_webhook;

/// A case that a form without a token made.
async fn suspected(app: &TestApp, message: &str) -> Case {
    let fields = [("kind", "complaint"), ("message", message), ("email", "li@example.com")];
    let answer = app.client().post_form("/s/acme", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let code = answer.location().trim_start_matches("/t/").split('?').next().unwrap().to_owned();
    Case::by_code(&app.app, &code).await.unwrap()
}

async fn read_again(app: &TestApp, case: &Case) -> Case {
    Case::by_id(&app.app, &case.id).await.unwrap()
}

async fn decide(desk: &Desk, case: &Case, decision: &str) -> Answer {
    desk.post(&format!("/staff/cases/{}/quarantine", case.id), &[("decision", decision)]).await
}

/// Identifiers of the cases that a view of the inbox shows.
fn shown(page: &str) -> Vec<&str> {
    page.split("data-case=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The count beside a view of the inbox.
fn counted<'a>(page: &'a str, status: &str) -> &'a str {
    let link = page.split(&format!("href=\"/staff/cases?status={status}\"")).nth(1).expect("the view is there");
    link.split("view-count\">").nth(1).unwrap().split('<').next().unwrap()
}

on_both_databases! {
    async fn nobody_is_told_until_it_is_released(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, secret) = with_webhook(database, &receiver).await;
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let case = suspected(&app, "送货迟到").await;
        assert_eq!(work(&app).await, 0);
        assert!(deliveries(&app).await.is_empty() && receiver.received().is_empty());
        let code = case.code(&app.app.keys).unwrap();
        assert_eq!(app.client().get(&format!("/api/v1/feedback/{code}")).await.json()["stage"], "received");
        let thanks = app.client().get(&format!("/t/{code}?new=1")).await.body;
        assert!(thanks.contains(&code) && !thanks.contains("by email"), "no mail is promised that may not come: {thanks}");
        customer_writes(&app, &case, "请尽快").await;
        assert_eq!(work(&app).await, 0);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let released = decide(&lin, &case, "release").await;
        assert_eq!((released.status, released.location()), (StatusCode::SEE_OTHER, format!("/staff/cases/{}?done=release", case.id).as_str()));
        work(&app).await;
        work(&app).await;
        let told = deliveries(&app).await;
        let to = |destination: &str| told.iter().filter(|row| row.destination == destination).count();
        assert_eq!(to("customer"), 1, "the receipt");
        assert_eq!(told.iter().filter(|row| row.channel == "email").count(), 3, "and the team hears of the case and of the message");
        let events: Vec<String> = receiver.wait_for(3).await.iter().map(|received| { received.verify(&secret).unwrap(); received.event() }).collect();
        assert_eq!(events[..3], ["case.created", "case.message", "case.status"]);
        assert_eq!(receiver.received()[2].json()["data"]["event"]["data"]["quarantine"], "released");
        assert_eq!(read_again(&app, &case).await.quarantine(), None);
        assert_eq!(decide(&lin, &case, "release").await.status, StatusCode::CONFLICT, "it is released once");
        assert_eq!(decide(&lin, &case, "discard").await.status, StatusCode::CONFLICT);
        work(&app).await;
        assert_eq!(deliveries(&app).await.iter().filter(|row| row.order_no == 1).count(), 3, "nobody hears of it twice");
    }
}

on_both_databases! {
    async fn it_is_out_of_every_view_but_its_own(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let fine = app.client().complain("沙发破了", "mei@example.com").await;
        let fine = Case::by_code(&app.app, &fine).await.unwrap();
        let held = suspected(&app, "沙发赌场").await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let code = held.code(&app.app.keys).unwrap();
        for query in ["", "status=all", "status=new", "q=%E6%B2%99%E5%8F%91", "kind=complaint"] {
            assert_eq!(shown(&lin.inbox(query).await), [fine.id.as_str()], "{query}");
        }
        assert!(shown(&lin.inbox(&format!("status=all&q={code}")).await).is_empty());
        for query in ["status=held", "status=held&q=%E8%B5%8C%E5%9C%BA", &format!("status=held&q={code}")] {
            assert_eq!(shown(&lin.inbox(query).await), [held.id.as_str()], "{query}");
        }
        let page = lin.inbox("status=held").await;
        assert!(page.contains("sent without being opened") && page.contains("nothing is sent"), "{page}");
        let counts = ["open", "new", "all", "held", "discarded"].map(|status| counted(&page, status));
        assert_eq!(counts, ["1", "1", "1", "1", "0"]);
        assert!(shown(&lin.inbox("status=discarded").await).is_empty());
        decide(&lin, &held, "discard").await;
        let page = lin.inbox("status=discarded").await;
        assert_eq!(shown(&page), [held.id.as_str()]);
        let counts = ["open", "new", "closed", "all", "held", "discarded"].map(|status| counted(&page, status));
        assert_eq!(counts, ["1", "1", "0", "1", "0", "1"]);
        decide(&lin, &held, "release").await;
        assert_eq!(shown(&lin.inbox("status=new").await), [held.id.as_str(), fine.id.as_str()]);
    }

    async fn discarded_cases_are_kept_and_can_be_released(app: TestApp) {
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let case = suspected(&app, "买彩票").await;
        work(&app).await;
        assert_eq!(decide(&lin, &case, "discard").await.status, StatusCode::SEE_OTHER);
        work(&app).await;
        assert!(deliveries(&app).await.is_empty(), "nobody ever hears of it");
        let discarded = read_again(&app, &case).await;
        assert_eq!((discarded.status.as_str(), discarded.message.as_str(), discarded.closed_at.is_some()), ("closed", "买彩票", true));
        assert_eq!(decide(&lin, &case, "discard").await.status, StatusCode::CONFLICT);
        let page = lin.client.get(&format!("/staff/cases/{}", case.id)).await.body;
        assert!(page.contains("This was discarded as spam") && page.contains("lin discarded it as spam"), "{page}");
        assert!(page.contains("value=\"release\"") && !page.contains("value=\"discard\""), "{page}");
        assert_eq!(decide(&lin, &case, "release").await.status, StatusCode::SEE_OTHER);
        let released = read_again(&app, &case).await;
        assert_eq!((released.status.as_str(), released.closed_at, released.quarantine()), ("new", None, None));
        work(&app).await;
        let told: Vec<(String, i64)> = deliveries(&app).await.into_iter().map(|row| (row.channel, row.order_no)).collect();
        assert_eq!(told, [("email".to_owned(), 1), ("email".to_owned(), 1)], "the team and the customer");
        let page = lin.client.get(&format!("/staff/cases/{}", case.id)).await.body;
        assert!(page.contains("lin released it from quarantine") && !page.contains("decision"), "{page}");
    }

    async fn whoever_answers_may_be_no_robot(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let case = suspected(&app, "我的订单呢").await;
        decide(&lin, &case, "discard").await;
        customer_writes(&app, &read_again(&app, &case).await, "我不是机器人").await;
        let back = read_again(&app, &case).await;
        assert_eq!((back.quarantine.as_str(), back.status.as_str()), ("held", "in_progress"));
        assert_eq!(work(&app).await, 0);
        assert_eq!(shown(&lin.inbox("status=held").await), [case.id.as_str()]);
        decide(&lin, &case, "release").await;
        assert_eq!(read_again(&app, &case).await.status, "in_progress", "what the customer's answer has made of it");
    }

    async fn nobody_works_on_it_and_viewers_do_not_decide(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let eve = Desk::of(&app, "eve", Role::Viewer).await;
        let case = suspected(&app, "买彩票").await;
        let path = format!("/staff/cases/{}", case.id);
        let page = lin.client.get(&path).await.body;
        assert!(page.contains("This may be spam") && page.contains("value=\"release\"") && page.contains("value=\"discard\""), "{page}");
        assert!(!page.contains("/reply\"") && !page.contains("/note\"") && !page.contains("/owner\""), "{page}");
        let page = eve.client.get(&path).await.body;
        assert!(page.contains("This may be spam") && !page.contains("name=\"decision\""), "{page}");
        for decision in ["release", "discard"] {
            assert_eq!(decide(&eve, &case, decision).await.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(decide(&lin, &case, "burn").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        for (action, fields) in [
            ("reply", vec![("body", "x"), ("then", "go_on")]), ("note", vec![("body", "x")]), ("owner", vec![("owner", "me")]),
            ("status", vec![("status", "in_progress")]), ("resolve", vec![("outcome", "upheld")]),
        ] {
            let refused = lin.post(&format!("{path}/{action}"), &fields).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{action}: {}", refused.body);
        }
        let after = read_again(&app, &case).await;
        assert_eq!((after.quarantine.as_str(), after.status.as_str(), after.owner_id), ("held", "new", None));
        assert_eq!((count(&app, "messages").await, count(&app, "events").await), (0, 1));
    }

    async fn planning_and_releasing_at_the_same_time_lose_nothing(app: TestApp) {
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let mut cases = Vec::new();
        for n in 0..12 {
            cases.push(suspected(&app, &format!("第 {n} 条")).await);
        }
        let working: Vec<_> = (0..3).map(|_| {
            let app = app.app.clone();
            tokio::spawn(async move { for _ in 0..12 { sayso::jobs::run_due(&app).await.unwrap(); } })
        }).collect();
        for case in &cases {
            assert_eq!(decide(&lin, case, "release").await.status, StatusCode::SEE_OTHER);
        }
        for work in working {
            work.await.unwrap();
        }
        sayso::jobs::run_due(&app.app).await.unwrap();
        let of_events = deliveries(&app).await.into_iter().filter(|row| uuid::Uuid::parse_str(&row.order_key).is_ok()).count();
        assert_eq!(of_events, 24, "the team and the customer hear of each");
        assert_eq!(db::search::count(&app.app.db).await.unwrap(), 12);
        let held: i64 = with_db!(&app.app.db, pool => sqlx::query_scalar("select count(*) from cases where quarantine <> ''").fetch_one(pool).await).unwrap();
        assert_eq!(held, 0);
    }
}
