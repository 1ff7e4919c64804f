//! What members see and do of customers: no more than their role, and never as the customer.

use reqwest::{Method, StatusCode};
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::{Member, Role};
use sayso::cases::Case;
use sayso::sites::targets::Target;
use sayso_shared::Lang;
use sayso_tests::{Client, Options, on_both_databases};
use serde_json::json;

use super::{Desk, complaint};

on_both_databases! {
    async fn an_address_that_the_console_does_not_have_is_answered_in_the_language_of_the_member(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        assert_eq!(lin.post("/staff/account/language", &[("lang", "zh-Hans")]).await.status, StatusCode::SEE_OTHER);
        // As a customer they chose another one in the same browser.
        assert_eq!(lin.client.get("/t/?lang=en").await.status, StatusCode::OK);
        let open = async |client: &Client, path: &str, accept: &str| {
            let request = client.request(Method::GET, path).header("accept", accept).header("accept-language", "en");
            client.send(request).await
        };
        for path in ["/staff/nothing", "/staff/cases/x/y/z/nothing", "/staff/no/such/page"] {
            let missing = open(&lin.client, path, "text/html").await;
            assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
            assert!(missing.body.contains("<html lang=\"zh-Hans\">") && missing.body.contains("页面不存在"), "{path}: {}", missing.body);
            let stranger = open(&app.client(), path, "text/html").await;
            assert_eq!(stranger.status, StatusCode::NOT_FOUND, "{path}");
            assert!(stranger.body.contains("<html lang=\"en\">"), "{path}: {}", stranger.body);
            assert_eq!(open(&app.client(), path, "*/*").await.problem(), "not_found", "{path}");
        }
        assert_eq!(lin.client.get("/staff/cases/").await.location(), "/staff/cases");
    }

    async fn a_code_is_shown_to_whoever_may_act_and_asks_for_it(app: TestApp) {
        let (agent, viewer) = (Desk::of(&app, "lin", Role::Agent).await, Desk::of(&app, "vi", Role::Viewer).await);
        let id = complaint(&app, "The sofa came torn").await;
        let code = Case::by_id(&app.app, &id).await.unwrap().code(&app.app.keys).unwrap();
        let path = format!("/staff/cases/{id}");
        for desk in [&agent, &viewer] {
            for page in [path.as_str(), "/staff/cases"] {
                assert!(!desk.client.get(page).await.body.contains(&code), "{page}");
            }
        }
        assert!(agent.client.get(&path).await.body.contains("Show tracking code"));
        assert!(!viewer.client.get(&path).await.body.contains("Show tracking code"));
        let refused = viewer.post(&format!("{path}/code"), &[]).await;
        assert!(refused.status == StatusCode::FORBIDDEN && !refused.body.contains(&code), "{}", refused.body);
        let shown = agent.post(&format!("{path}/code"), &[]).await;
        assert!(shown.status == StatusCode::OK && shown.body.contains(&code), "{}", shown.body);
        let reloaded = agent.client.get(&format!("{path}/code")).await;
        assert_eq!((reloaded.status, reloaded.location()), (StatusCode::SEE_OTHER, path.as_str()));
        let select = "select actor_id from audit_log where action = 'case.code.reveal' and object = $1";
        let asked: Vec<String> = sayso::with_db!(&app.app.db, pool =>
            sqlx::query_scalar(select).bind(format!("case/{id}")).fetch_all(pool).await).unwrap();
        assert_eq!(asked, std::slice::from_ref(&agent.member_id), "once, by the agent");
    }

    async fn an_error_page_speaks_the_language_of_the_member(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let get = async |path: &str| {
            let request = lin.client.request(Method::GET, path).header("accept-language", "zh-CN");
            lin.client.send(request).await
        };
        for (path, status) in [("/staff/members", StatusCode::FORBIDDEN), ("/staff/cases/x", StatusCode::NOT_FOUND)] {
            let page = get(path).await;
            assert!(page.status == status && page.body.contains("<html lang=\"en\">"), "{path}: {}", page.body);
        }
        lin.post("/staff/account/language", &[("lang", "zh-Hant")]).await;
        assert!(get("/staff/members").await.body.contains("<html lang=\"zh-Hant\">"));
    }

    async fn nobody_of_the_staff_acts_as_the_customer(app: TestApp) {
        let id = complaint(&app, "The sofa came torn").await;
        let code = Case::by_id(&app.app, &id).await.unwrap().code(&app.app.keys).unwrap();
        let resolve = Desk::of(&app, "sam", Role::Agent).await;
        resolve.post(&format!("/staff/cases/{id}/resolve"), &[("outcome", "upheld")]).await;
        for (name, role) in [("vi", Role::Viewer), ("lin", Role::Admin)] {
            let desk = Desk::of(&app, name, role).await;
            for (form, fields) in [
                ("messages", [("body", "I withdraw"), ("x", "")]),
                ("not-solved", [("body", "I withdraw"), ("x", "")]),
                ("satisfaction", [("score", "5"), ("comment", "I withdraw")]),
            ] {
                let refused = desk.client.post_form(&format!("/t/{code}/{form}?lang=en"), &fields).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{form}");
                assert!(refused.body.contains("You are signed in as staff") && refused.body.contains("I withdraw"), "{}", refused.body);
            }
            for (form, body) in [("messages", json!({"body": "I withdraw"})), ("satisfaction", json!({"score": 5}))] {
                let refused = desk.client.post_json(&format!("/api/v1/feedback/{code}/{form}"), &body).await;
                assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "{form}");
            }
        }
        let said = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "It is still torn"})).await;
        assert_eq!(said.status, StatusCode::CREATED, "the customer may: {}", said.body);
        // Who has signed out, or signed out everywhere, is nobody of the staff.
        let out = Desk::of(&app, "out", Role::Agent).await;
        out.post("/staff/sign-out", &[]).await;
        let said = out.client.post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "More"})).await;
        assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
    }

    async fn that_a_case_was_opened_is_told_by_a_form_of_the_page_alone(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        let status = async || Case::by_id(&app.app, &id).await.unwrap().status;
        assert_eq!(lin.post(&format!("{path}/opened"), &[]).await.status, StatusCode::NO_CONTENT);
        lin.post(&format!("{path}/owner"), &[("owner", "me")]).await;
        let page = lin.client.get(&path).await.body;
        assert!(page.contains(&format!("data-opened=\"{path}/opened\"")) && page.contains("opened-"), "{page}");
        let forged = lin.client.post_form(&format!("{path}/opened"), &[]).await;
        assert_eq!((forged.status, status().await.as_str()), (StatusCode::FORBIDDEN, "new"));
        assert_eq!(lin.post(&format!("{path}/opened"), &[]).await.status, StatusCode::NO_CONTENT);
        assert_eq!(status().await, "new", "to look at it is to do nothing with it");
    }
}

on_both_databases! {
    async fn the_address_of_a_webhook_is_for_admins(database: Database) {
        let settings = |config: &mut sayso::Config| config.dangerous_allow_private_targets = true;
        let app = sayso_tests::TestApp::spawn_with(database, Options { settings: Box::new(settings), ..Options::default() }).await;
        let (admin, agent, viewer) = (Desk::of(&app, "lin", Role::Admin).await, Desk::of(&app, "sam", Role::Agent).await, Desk::of(&app, "vi", Role::Viewer).await);
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        Target::add_webhook(&app.app.db, &app.app.keys, &app.site().await, "https://hooks.example/T0/secret-key", &[], &stamp).await.unwrap();
        let id = complaint(&app, "The sofa came torn").await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let page = async |desk: &Desk| desk.client.get(&format!("/staff/cases/{id}")).await.body;
        assert!(page(&admin).await.contains("https://hooks.example/T0/secret-key"));
        for desk in [&agent, &viewer] {
            let page = page(desk).await;
            assert!(page.contains("https://hooks.example/…") && !page.contains("secret-key"), "{page}");
        }
    }

    async fn of_the_last_two_admins_one_stays(database: Database) {
        let app = sayso_tests::TestApp::spawn(database).await;
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        let admins = async || -> Vec<String> {
            let select = "select email from members where role = 'admin' and disabled_at is null order by email";
            sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap()
        };
        let add = async |email: &str| {
            let name = Name::parse("Admin").unwrap();
            let new = NewMember { email: Email::parse(email).unwrap(), name, role: Role::Admin, lang: Some(Lang::En), password_hash: None };
            Member::add(&app.app.db, &new, &stamp).await.unwrap();
        };
        add("first@acme.example").await;
        for round in 0..8 {
            let new = format!("other{round}@acme.example");
            add(&new).await;
            let both = admins().await;
            assert_eq!(both.len(), 2);
            let removals: Vec<_> = both.iter().map(|email| {
                let (db, email, stamp) = (app.app.db.clone(), Email::parse(email).unwrap(), stamp.clone());
                tokio::spawn(async move { Member::remove(&db, &email, &stamp).await.is_ok() })
            }).collect();
            let mut removed = 0;
            for removal in removals {
                removed += usize::from(removal.await.unwrap());
            }
            assert_eq!((removed, admins().await.len()), (1, 1), "round {round}");
        }
    }
}
