//! Alarms: shown to whom they concern until somebody is on it, and told to ever more of them; and efforts.

use reqwest::StatusCode;
use sayso::alarms::AGAIN_AFTER;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::{Desk, complaint, told};
use crate::access::Program;
use crate::pages::Form;

async fn apply(app: &TestApp, service: &str) {
    app.apply_service(service).await;
    app.app.clock.advance(1_000);
}

/// To whom mails about a case were planned, in their order: the identifiers of members.
async fn mailed(app: &TestApp, case_id: &str) -> Vec<String> {
    let select = "select deliveries.destination from deliveries join events on events.id = deliveries.subject_id \
        where deliveries.order_key = $1 and events.type = 'case.escalated' order by deliveries.order_no, deliveries.destination";
    let all: Vec<String> =
        sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).bind(case_id).fetch_all(pool).await).unwrap();
    all.into_iter().map(|to| to.rsplit(['/', ':']).next().unwrap().to_owned()).collect()
}

const TEAMS: &str = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\nmembers = ['mei@acme.example']\nlead = 'tom@acme.example'\n\
    [[team]]\nkey = 'billing'\nname = 'Billing'\nmembers = ['ben@acme.example']\n";

on_both_databases! {
    async fn an_urgent_case_is_told_up_the_chain_until_somebody_is_on_it(app: TestApp) {
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let tom = Desk::of(&app, "tom", Role::Agent).await;
        let ben = Desk::of(&app, "ben", Role::Agent).await;
        let ann = Desk::of(&app, "ann", Role::Manager).await;
        let viewer = Desk::of(&app, "vic", Role::Viewer).await;
        apply(&app, TEAMS).await;
        let program = Program::new(&app).await;
        let id = complaint(&app, "Smoke comes out of the oven").await;
        run_due(&app.app).await.unwrap();
        assert!(!mei.inbox("").await.contains("class=\"alarm\""), "nothing is urgent yet");
        let mut stream = mei.client.request(reqwest::Method::GET, "/staff/live?about=alarms").send().await.unwrap();
        stream.chunk().await.unwrap().expect("it is ready");
        let urgent = program.patch(&id, &json!({"team": "delivery", "priority": "urgent"}), None).await;
        assert_eq!(urgent.status, StatusCode::OK, "{}", urgent.body);
        run_due(&app.app).await.unwrap();
        assert!(told(&mut stream).await.contains("refresh"), "open pages hear of it at once");
        let action = format!("action=\"/staff/alarms/{id}\"");
        let sees = async |desk: &Desk| desk.client.get("/staff/account").await.body.contains(&action);
        assert!(sees(&mei).await && sees(&tom).await, "the team and its lead see it on every page");
        assert!(!sees(&ben).await && !sees(&viewer).await && !sees(&ann).await, "nobody else yet");
        assert_eq!(mailed(&app, &id).await, [tom.member_id.as_str()]);
        // Nobody is on it: a step up.
        app.app.clock.advance(AGAIN_AFTER - 10_000);
        run_due(&app.app).await.unwrap();
        assert_eq!(mailed(&app, &id).await.len(), 1, "not before its time");
        app.app.clock.advance(10_000);
        run_due(&app.app).await.unwrap();
        assert_eq!(mailed(&app, &id).await, [tom.member_id.as_str(), ann.member_id.as_str()]);
        assert!(sees(&ann).await, "now it concerns the managers");
        assert!(ann.client.get("/staff/alarms").await.body.contains("is urgent. Who is on it?"));
        // Whoever must not see the case can't take it on.
        assert_eq!(ben.post(&format!("/staff/alarms/{id}"), &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(viewer.post(&format!("/staff/alarms/{id}"), &[]).await.status, StatusCode::FORBIDDEN);
        for desk in [&mei, &tom] {
            let taken = desk.post(&format!("/staff/alarms/{id}"), &[]).await;
            assert_eq!(taken.location(), format!("/staff/cases/{id}?done=alarm"), "{}", taken.body);
        }
        assert!(!sees(&mei).await && !sees(&ann).await);
        let page = mei.client.get(&format!("/staff/cases/{id}?done=alarm")).await.body;
        assert!(page.contains("mei is on it") && !page.contains("tom is on it"), "whoever was first is named: {page}");
        app.app.clock.advance(10 * AGAIN_AFTER);
        run_due(&app.app).await.unwrap();
        assert_eq!(mailed(&app, &id).await.len(), 2, "and it is quiet");
    }

    async fn a_broken_promise_is_an_alarm_that_ends_when_somebody_works_on_it(app: TestApp) {
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let ann = Desk::of(&app, "ann", Role::Manager).await;
        let promise = "[[promise]]\nsite = 'acme'\nfirst_response = '1h'\n";
        apply(&app, promise).await;
        let id = complaint(&app, "No light").await;
        run_due(&app.app).await.unwrap();
        app.app.clock.advance(3_600_000 + 1_000);
        run_due(&app.app).await.unwrap();
        let page = mei.client.get("/staff/account").await.body;
        assert!(page.contains("is overdue. Who is on it?"), "{page}");
        assert_eq!(mailed(&app, &id).await, [ann.member_id.as_str()], "there is no team, so the managers hear of it");
        let answered = mei.post(&format!("/staff/cases/{id}/reply"), &[("body", "We come at once."), ("then", "go_on")]).await;
        assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
        app.app.clock.advance(AGAIN_AFTER);
        run_due(&app.app).await.unwrap();
        assert_eq!(mailed(&app, &id).await.len(), 1, "whoever works on it need not say so");
        assert!(!ann.client.get("/staff/account").await.body.contains("class=\"alarm\""));
    }

    async fn efforts_are_noted_and_summed(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "No light").await;
        let (path, action) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/efforts"));
        for (minutes, note) in [("5", "Nobody answers"), ("7", "<b>Later</b>")] {
            let form = Form::of(&lin.client.get(&path).await.body, &action);
            let fields = [("kind", "call"), ("result", "not_reached"), ("minutes", minutes), ("note", note), ("key", form.get("key"))];
            for _ in 0..2 {
                let noted = lin.post(&action, &fields).await;
                assert_eq!(noted.location(), format!("{path}?done=effort#efforts"), "{}", noted.body);
            }
        }
        for (name, wrong) in [("minutes", "0"), ("minutes", "1441"), ("minutes", "x"), ("kind", "dream"), ("result", "x")] {
            let fields: Vec<_> = [("kind", "call"), ("note", "Keep me")].into_iter().filter(|(own, _)| *own != name).chain([(name, wrong)]).collect();
            let refused = lin.post(&action, &fields).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("value=\"Keep me\""), "{name}: {}", refused.body);
        }
        let long = "x".repeat(201);
        assert_eq!(lin.post(&action, &[("kind", "call"), ("note", &long)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let program = Program::new(&app).await;
        let added = program.post(&format!("/{id}/efforts"), &json!({"kind": "visit", "minutes": 30})).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
        for wrong in [json!({}), json!({"kind": "x"}), json!({"kind": "call", "minutes": 0}), json!({"kind": "call", "minutes": 1_441}), json!({"kind": "call", "note": long}), json!({"kind": "call", "x": 1})] {
            assert_eq!(program.post(&format!("/{id}/efforts"), &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let page = lin.client.get(&path).await.body;
        for said in ["Calls: 2 · Visits: 1 · 42 min", "lin called · not reached · 5 min · Nobody answers", "&#60;b&#62;Later", "CRM made a visit · 30 min"] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let full = program.get(&format!("/{id}")).await.json();
        assert_eq!((full["efforts"].as_array().unwrap().len(), &full["efforts"][2]["kind"]), (3, &json!("visit")), "{full}");
        let event = full["events"].as_array().unwrap().iter().find(|event| event["type"] == "case.effort").unwrap();
        assert!(event["data"]["minutes"] == 5 && !event.to_string().contains("Nobody"), "events name no words: {event}");
    }
}
