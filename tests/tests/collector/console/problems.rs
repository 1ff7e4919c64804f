//! The register of problems in the console.

use super::*;
use crate::access::Program;

async fn linked(app: &TestApp, program: &Program<'_>, kind: &str, locale: &str, problem: &str) -> (String, String) {
    let feedback = json!({"kind": kind, "message": "The hose broke", "locale": locale, "contact": {"name": "Li", "email": "li@example.com"}});
    let code = app.client().submit(feedback).await.json()["code"].as_str().unwrap().to_owned();
    sayso::jobs::run_due(&app.app).await.unwrap();
    let id = Case::by_code(&app.app, &code).await.unwrap().id;
    let patched = program.patch_at(&format!("/api/v1/cases/{id}"), &json!({"problem": problem})).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
    (id, code)
}

/// The key of the form that goes to an address.
fn form_key(page: &str, action: &str) -> String {
    let (_, form) = page.split_once(&format!("action=\"{action}\"")).expect("the form is there");
    let (_, rest) = form.split_once("name=\"key\" value=\"").expect("it has a key");
    rest.split('"').next().unwrap().to_owned()
}

on_both_databases! {
    async fn a_problem_is_noted_and_answered_once_to_all(app: TestApp) {
        let program = Program::new(&app).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let empty = tom.client.get("/staff/problems").await;
        assert!(empty.body.contains("No problem is known yet") && empty.body.contains("/staff/problems/new"), "{}", empty.body);
        let wrong = [("title", ""), ("state", "known"), ("cost", "much"), ("solution.en", "A new hose, {customer.name}"), ("solution.zh-Hans", "")];
        let refused = tom.post("/staff/problems/new", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in ["Give it a name", "Enter a number", "A new hose, {customer.name}", "value=\"much\""] {
            assert!(refused.body.contains(part), "{part}: {}", refused.body);
        }
        let right = [("title", "Hose <breaks>"), ("state", "known"), ("cost", "12.5"), ("owner", "tom@acme.example"), ("solution.en", "A new hose, {customer.name}"), ("solution.zh-Hans", "换新软管")];
        let added = tom.post("/staff/problems/new", &right).await;
        assert_eq!(added.location(), "/staff/problems/P-1?saved=1");
        let (question, english) = linked(&app, &program, "question", "en", "P-1").await;
        let (_, chinese) = linked(&app, &program, "complaint", "zh-CN", "P-1").await;
        let list = tom.client.get("/staff/problems").await.body;
        assert!(list.contains("P-1 · Hose &#60;breaks&#62;") && list.contains("Cause known"), "{list}");
        let page = tom.client.get("/staff/problems/P-1").await.body;
        assert!(page.contains("Cases: 2; open: 2") && page.contains("Answer all 2 open cases") && page.contains("{member.name} stands for yours") && page.contains(&format!("/staff/cases/{question}")), "{page}");

        let case = tom.client.get(&format!("/staff/cases/{question}")).await.body;
        assert!(case.contains("value=\"problem:P-1\""), "its solution is offered as a reply: {case}");
        let inserted = tom.post(&format!("/staff/cases/{question}/template"), &[("key", &uuid::Uuid::new_v4().to_string()), ("body", ""), ("template", "problem:P-1")]).await;
        assert!(inserted.body.contains("A new hose, Li"), "{}", inserted.body);

        let key = form_key(&page, "/staff/problems/P-1/resolve");
        let unsure = tom.post("/staff/problems/P-1/resolve", &[("key", &key), ("solution.en", "Sent a new one"), ("outcome", "upheld")]).await;
        assert!(unsure.status == StatusCode::UNPROCESSABLE_ENTITY && unsure.body.contains("Confirm that it goes to all") && unsure.body.contains("Sent a new one"), "{}", unsure.body);
        let answer = [("key", key.as_str()), ("solution.en", "A new hose, {customer.name}"), ("solution.zh-Hans", "换新软管"), ("outcome", ""), ("sure", "1")];
        let partly = tom.post("/staff/problems/P-1/resolve", &answer).await;
        assert_eq!(partly.location(), "/staff/problems/P-1?resolved=1&left=1", "a complaint needs an outcome");
        let left = tom.client.get(partly.location()).await.body;
        assert!(left.contains("Not resolved: 1; complaints need an outcome") && left.contains("Answer the 1 open case<"), "{left}");
        let key = uuid::Uuid::new_v4().to_string();
        let answer = [("key", key.as_str()), ("solution.en", "x"), ("solution.zh-Hans", "换新软管"), ("outcome", "upheld"), ("sure", "1")];
        for _ in 0..2 {
            tom.post("/staff/problems/P-1/resolve", &answer).await;
        }
        for (code, said) in [(&english, "A new hose, Li"), (&chinese, "换新软管")] {
            let seen = app.client().get(&format!("/api/v1/feedback/{code}")).await.json();
            let bodies: Vec<_> = seen["messages"].as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap()).collect();
            assert_eq!((bodies, &seen["stage"]), (vec![said], &json!("answered")), "once, in the language of its customer");
        }
        let changed = tom.post("/staff/problems/P-1", &[("title", "Hose breaks"), ("state", "fixed"), ("solution.en", "A new hose")]).await;
        assert_eq!(changed.location(), "/staff/problems/P-1?saved=1");
        let stored = program.get_at("/api/v1/problems/P-1").await.json();
        assert_eq!((&stored["state"], &stored["solution"], &stored["owner"], &stored["cost"]), (&json!("fixed"), &json!({"en": "A new hose"}), &json!(null), &json!(null)));
        assert_eq!(tom.client.get("/staff/problems/P-9").await.status, StatusCode::NOT_FOUND);
    }

    async fn an_agent_counts_the_cases_that_they_see(app: TestApp) {
        app.apply_service("[[team]]\nkey = 'workshop'\nname = 'Workshop'\n").await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        tom.post("/staff/problems/new", &[("title", "Hose breaks"), ("state", "open")]).await;
        let program = Program::new(&app).await;
        let (id, _) = linked(&app, &program, "question", "en", "P-1").await;
        let open = async |desk: &Desk| {
            let page = desk.client.get("/staff/problems").await.body;
            let (_, cell) = page.split_once("<td class=\"number\" data-label=\"Open cases\">").expect("a number");
            cell.split('<').next().unwrap().to_owned()
        };
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        assert_eq!(open(&mei).await, "1", "it is nobody's, so all agents see it");
        program.patch_at(&format!("/api/v1/cases/{id}"), &json!({"team": "workshop"})).await;
        assert_eq!((open(&mei).await.as_str(), open(&tom).await.as_str()), ("0", "1"));
    }

    async fn each_role_does_what_it_may_with_problems(app: TestApp) {
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        tom.post("/staff/problems/new", &[("title", "Hose breaks"), ("state", "open"), ("solution.en", "A new hose")]).await;
        linked(&app, &Program::new(&app).await, "question", "en", "P-1").await;
        let resolve = [("key", "0b5e3b5e-5c6c-4b6e-9d53-0d8f4f7f1a11"), ("solution.en", "x"), ("sure", "1")];
        for (name, role, read, write) in [
            ("mei", Role::Agent, StatusCode::OK, StatusCode::SEE_OTHER),
            ("vera", Role::Viewer, StatusCode::OK, StatusCode::FORBIDDEN),
            ("pat", Role::Partner, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ] {
            let desk = Desk::of(&app, name, role).await;
            assert_eq!(desk.client.get("/staff/problems").await.status, read, "{name}");
            let page = desk.client.get("/staff/problems/P-1").await;
            assert!(page.status == read && !page.body.contains("/resolve\""), "{name} is not shown what answers all: {}", page.body);
            assert_eq!(desk.client.get("/staff/problems").await.body.contains("/staff/problems/new"), write == StatusCode::SEE_OTHER, "{name}");
            assert_eq!(desk.post("/staff/problems/P-1", &[("title", name), ("state", "open")]).await.status, write, "{name}");
            assert_eq!(desk.post("/staff/problems/new", &[("title", name), ("state", "open")]).await.status, write, "{name}");
            assert_eq!(desk.post("/staff/problems/P-1/resolve", &resolve).await.status, StatusCode::FORBIDDEN, "{name}");
        }
    }
}
