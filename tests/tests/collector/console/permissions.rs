//! Every route of the console with every role, on cases that are theirs and that are not.

mod routes;

use std::collections::HashMap;

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::{Answer, TestApp, on_both_databases};
use serde_json::json;

use super::super::access::Program;
use super::{Desk, add_member, complaint, told};

const ROLES: [Role; 5] = [Role::Admin, Role::Manager, Role::Agent, Role::Viewer, Role::Partner];

/// Makes a member of each role, all of them in one team, and gives their identifiers.
async fn set_up(app: &TestApp) -> HashMap<&'static str, String> {
    let mut ids = HashMap::new();
    for role in ROLES {
        ids.insert(role.as_str(), add_member(app, role.as_str(), role).await);
    }
    let members: Vec<String> = ROLES.iter().map(|role| format!("'{}@acme.example'", role.as_str())).collect();
    let service = format!(
        "[[team]]\nkey = 'delivery'\nname = 'Delivery'\nmembers = [{}]\n[[team]]\nkey = 'billing'\nname = 'Billing'\n",
        members.join(", ")
    );
    app.apply_service(&service).await;
    app.app.clock.advance(1_000);
    ids
}

/// Cases by what they are to somebody of the team "delivery".
struct Cases {
    own: String,
    foreign: String,
    free: String,
    /// Of another team, with a task for "delivery".
    asked: String,
    task: String,
}

impl Cases {
    async fn new(app: &TestApp) -> Self {
        let program = Program::new(app).await;
        let of_team = async |message: &str, team: Option<&str>| {
            let id = complaint(app, message).await;
            if let Some(team) = team {
                let moved = program.patch(&id, &json!({"team": team}), None).await;
                assert_eq!(moved.status, StatusCode::OK, "{}", moved.body);
            }
            id
        };
        let own = of_team("Zebra of our own", Some("delivery")).await;
        let foreign = of_team("Zebra of others", Some("billing")).await;
        let free = of_team("Zebra of nobody", None).await;
        let asked = of_team("Zebra with a task", Some("billing")).await;
        let task =
            program.post(&format!("/{asked}/tasks"), &json!({"title": "Call the driver", "team": "delivery"})).await;
        let other = program.post(&format!("/{asked}/tasks"), &json!({"title": "Secret sum", "team": "billing"})).await;
        assert_eq!((task.status, other.status), (StatusCode::CREATED, StatusCode::CREATED), "{}", task.body);
        let task = task_called(app, "Call the driver").await;
        run_due(&app.app).await.unwrap();
        Self { own, foreign, free, asked, task }
    }

    fn all(&self) -> [(&'static str, &String); 4] {
        [("own", &self.own), ("foreign", &self.foreign), ("free", &self.free), ("asked", &self.asked)]
    }
}

async fn task_called(app: &TestApp, title: &str) -> String {
    let select = "select id from tasks where title = $1";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).bind(title).fetch_one(pool).await).unwrap()
}

/// What a role may do with a case: nothing at all, read it, write notes, answer, or everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Nothing,
    Read,
    Note,
    Answer,
    All,
}

fn level(role: Role, case: &str) -> Level {
    match (role, case) {
        (Role::Admin | Role::Manager, _) | (Role::Agent, "own" | "free" | "asked") => Level::All,
        (Role::Viewer, _) => Level::Read,
        (Role::Partner, "own") => Level::Answer,
        (Role::Partner, "asked") => Level::Note,
        _ => Level::Nothing,
    }
}

/// Fields of a form.
type Fields = &'static [(&'static str, &'static str)];

/// The routes of a case that change something, with fields that they take, and what one needs for them.
const CHANGES: [(&str, Fields, Level); 18] = [
    ("reply", &[("body", "Soon"), ("then", "go_on")], Level::Answer),
    ("reply", &[("body", "Done"), ("then", "resolve"), ("outcome", "upheld")], Level::All),
    ("note", &[("body", "Look at this")], Level::Note),
    ("preview", &[("body", "Soon")], Level::Answer),
    ("status", &[("status", "waiting")], Level::Answer),
    ("opened", &[], Level::Read),
    ("draft", &[("body", "Dear")], Level::Answer),
    ("split", &[("text", "Nobody wrote this")], Level::All),
    ("merge", &[("number", "0")], Level::All),
    ("resolve", &[("outcome", "upheld")], Level::All),
    ("reopen", &[("reason", "Not yet")], Level::All),
    ("properties", &[("kind", "complaint"), ("priority", "high"), ("seen", "x")], Level::All),
    ("suggestion", &[("field", "priority"), ("value", "high"), ("seen", "x")], Level::All),
    ("contact", &[("share", "no")], Level::All),
    ("quarantine", &[("decision", "release")], Level::All),
    ("tasks", &[("title", "Something")], Level::All),
    ("code", &[], Level::All),
    ("efforts", &[("kind", "call")], Level::Note),
];

/// What an answer says about the rights of whoever asked, whatever else it says.
fn said(answer: &Answer) -> &'static str {
    match answer.status {
        StatusCode::NOT_FOUND => "not there",
        StatusCode::FORBIDDEN => "forbidden",
        status if status.is_server_error() => "broken",
        _ => "allowed",
    }
}

on_both_databases! {
    async fn every_route_of_a_case_holds_for_every_role(app: TestApp) {
        let members = set_up(&app).await;
        let cases = Cases::new(&app).await;
        for role in ROLES {
            let desk = Desk::of_member(&app, role.as_str(), members[role.as_str()].clone()).await;
            for (case, id) in cases.all() {
                let level = level(role, case);
                let expected = |needed: Level| match level {
                    Level::Nothing => "not there",
                    level if level >= needed => "allowed",
                    _ => "forbidden",
                };
                let page = desk.client.get(&format!("/staff/cases/{id}")).await;
                assert_eq!(said(&page), expected(Level::Read), "{role:?} reads {case}");
                let live = desk.client.request(Method::GET, &format!("/staff/live?case={id}")).send().await.unwrap();
                assert_eq!(live.status() == StatusCode::OK, level >= Level::Read, "{role:?} listens to {case}");
                drop(live);
                let taken = desk.post(&format!("/staff/alarms/{id}"), &[]).await;
                assert_eq!(said(&taken), expected(Level::Answer), "{role:?} takes on the alarm of {case}");
                for (route, fields, needed) in CHANGES {
                    let answer = desk.post(&format!("/staff/cases/{id}/{route}"), fields).await;
                    assert_eq!(said(&answer), expected(needed), "{role:?}: {route} of {case}: {}", answer.body);
                    // A page offers what may be done, and nothing else.
                    let offered = page.body.contains(&format!("action=\"/staff/cases/{id}/{route}\""));
                    assert!(!offered || level >= needed || route == "reply", "{role:?} is offered {route} of {case}");
                }
            }
        }
    }

    async fn a_task_is_finished_by_those_to_whom_it_was_given(app: TestApp) {
        let members = set_up(&app).await;
        let cases = Cases::new(&app).await;
        let path = format!("/staff/cases/{}/tasks/{}", cases.asked, cases.task);
        let other = task_called(&app, "Secret sum").await;
        let partner = Desk::of_member(&app, "partner", members["partner"].clone()).await;
        let page = partner.client.get(&format!("/staff/cases/{}", cases.asked)).await.body;
        assert!(page.contains("Call the driver") && !page.contains("Secret sum"), "{page}");
        assert_eq!(partner.post(&path, &[("done", "yes")]).await.status, StatusCode::SEE_OTHER);
        let foreign = format!("/staff/cases/{}/tasks/{other}", cases.asked);
        assert_eq!(partner.post(&foreign, &[("done", "yes")]).await.status, StatusCode::FORBIDDEN);
        let viewer = Desk::of_member(&app, "viewer", members["viewer"].clone()).await;
        assert_eq!(viewer.post(&path, &[("done", "no")]).await.status, StatusCode::FORBIDDEN);
    }

    async fn the_inbox_has_what_its_reader_may_see(app: TestApp) {
        let members = set_up(&app).await;
        let cases = Cases::new(&app).await;
        for role in ROLES {
            let desk = Desk::of_member(&app, role.as_str(), members[role.as_str()].clone()).await;
            // By the index, by the tables, by words, and by one that names a case.
            for query in ["status=all", "status=all&sort=updated", "status=open&sort=due", "status=all&q=zebra", "status=all&q=zebra&sort=oldest", "status=all&q=zebra&due=soon"] {
                let page = desk.inbox(query).await;
                for (case, id) in cases.all() {
                    let is_there = page.contains(&format!("data-case=\"{id}\""));
                    let expected = level(role, case) >= Level::Read && !query.contains("due=soon");
                    assert_eq!(is_there, expected, "{role:?}: {case} by {query}");
                }
            }
            let count = cases.all().iter().filter(|(case, _)| level(role, case) >= Level::Read).count();
            let page = desk.inbox("status=all").await;
            assert!(page.contains(&format!("<span class=\"view-count\">{count}</span>")), "{role:?} has {count}: {page}");
        }
        let agent = Desk::of(&app, "sam", Role::Agent).await;
        let id = &cases.foreign;
        app.set_site(&["agents_see_all=true"]).await;
        app.app.clock.advance(1_000);
        assert_eq!(agent.client.get(&format!("/staff/cases/{id}")).await.status, StatusCode::OK, "the site is open to all");
        assert!(agent.inbox("status=all").await.contains(&format!("data-case=\"{id}\"")));
    }

    async fn a_partner_learns_the_contact_once_it_was_shared(app: TestApp) {
        let members = set_up(&app).await;
        let cases = Cases::new(&app).await;
        let partner = Desk::of_member(&app, "partner", members["partner"].clone()).await;
        let manager = Desk::of_member(&app, "manager", members["manager"].clone()).await;
        let path = format!("/staff/cases/{}", cases.own);
        for known in ["李雷", "li@example.com"] {
            assert!(!partner.client.get(&path).await.body.contains(known));
            assert!(!partner.inbox("status=all").await.contains(known));
        }
        assert!(manager.client.get(&path).await.body.contains("/contact\""), "there is a partner to share it with");
        let shared = manager.post(&format!("{path}/contact"), &[("share", "yes")]).await;
        assert_eq!(shared.location(), format!("{path}?done=share"));
        assert!(partner.client.get(&path).await.body.contains("li@example.com"));
        assert!(partner.inbox("status=all").await.contains("李雷"));
        manager.post(&format!("{path}/contact"), &[("share", "no")]).await;
        assert!(!partner.client.get(&path).await.body.contains("li@example.com"));
        let select = "select count(*) from audit_log where action = 'case.contact.share'";
        let audited: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert_eq!(audited, 2);
    }

    async fn whoever_gives_a_case_away_is_led_back_to_the_inbox(app: TestApp) {
        let members = set_up(&app).await;
        let cases = Cases::new(&app).await;
        let agent = Desk::of_member(&app, "agent", members["agent"].clone()).await;
        let (path, action) = (format!("/staff/cases/{}", cases.own), format!("/staff/cases/{}/properties", cases.own));
        let form = crate::pages::Form::of(&agent.client.get(&path).await.body, &action);
        let fields = [("kind", "complaint"), ("priority", "normal"), ("team", "billing"), ("reason", "It is about money"), ("seen", form.get("seen")), ("key", form.get("key"))];
        let given = agent.post(&action, &fields).await;
        assert_eq!(given.location(), "/staff/cases?done=transfer");
        assert!(agent.client.get(given.location()).await.body.contains("Handed over."));
        assert_eq!(agent.client.get(&path).await.status, StatusCode::NOT_FOUND);
    }

    async fn an_open_inbox_is_told_only_of_cases_of_its_reader(app: TestApp) {
        let members = set_up(&app).await;
        let cases = Cases::new(&app).await;
        let partner = Desk::of_member(&app, "partner", members["partner"].clone()).await;
        let mut stream = partner.client.request(Method::GET, "/staff/live").send().await.unwrap();
        stream.chunk().await.unwrap().expect("it is ready");
        let program = Program::new_named(&app, "ERP").await;
        program.patch(&cases.foreign, &json!({"priority": "high"}), None).await;
        complaint(&app, "One more").await;
        program.post(&format!("/{}/messages", cases.own), &json!({"kind": "note", "body": "For you"})).await;
        let event = told(&mut stream).await;
        assert!(event.contains("refresh") && !event.contains("New case"), "nothing of the new one: {event}");
    }

    async fn a_partner_learns_nothing_of_the_company_beside_what_was_given_to_them(app: TestApp) {
        let members = set_up(&app).await;
        let others = "[[view]]\nkey = 'all'\nname = 'Failed deliveries'\nfilter = 'status=open'\n\
            [[view]]\nkey = 'own'\nname = 'For the workshop'\nfilter = 'tag=torn'\nteam = 'delivery'\n\
            [[template]]\nkey = 'sorry'\nbody = { en = 'Sorry' }\n";
        app.apply_service(others).await;
        app.app.clock.advance(1_000);
        add_member(&app, "stranger", Role::Agent).await;
        let cases = Cases::new(&app).await;
        let partner = Desk::of_member(&app, "partner", members["partner"].clone()).await;
        let agent = Desk::of_member(&app, "agent", members["agent"].clone()).await;
        // The contact of the case is hidden from partners, so nobody may try out whose it is.
        for typed in ["li@example.com", "+49 30 1234567"] {
            assert!(!partner.inbox(&format!("status=all&q={}", typed.replace('+', "%2B").replace(' ', "%20"))).await.contains("Zebra"), "{typed}");
        }
        assert!(agent.inbox("status=all&q=li@example.com").await.contains("Zebra"));
        let inbox = partner.inbox("status=all").await;
        assert!(inbox.contains("Zebra of our own") && inbox.contains("For the workshop") && inbox.contains(">Delivery</option>"), "{inbox}");
        for hidden in ["Failed deliveries", ">Billing</option>", ">stranger</option>", "id=\"bulk\"", "name=\"case-"] {
            assert!(!inbox.contains(hidden), "{hidden}: {inbox}");
        }
        let page = partner.client.get(&format!("/staff/cases/{}", cases.own)).await.body;
        assert!(page.contains("id=\"reply-form\"") && !page.contains("value=\"sorry\""), "{page}");
        let taken = partner.post(&format!("/staff/cases/{}/template", cases.own), &[("body", ""), ("template", "sorry")]).await;
        assert_eq!(taken.status, StatusCode::FORBIDDEN);
    }
}
