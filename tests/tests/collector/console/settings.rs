//! The service in the console and by the API: shown, previewed with a trial of its rules, and applied as `sayso service apply` does.

mod mails;
mod places;
mod removal;

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso::service::store;
use sayso_tests::{Answer, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{Desk, PASSWORD, complaint};
use crate::access::Program;
use crate::pages::Form;

const EDIT: &str = "/staff/settings/edit";
const SERVICE: &str = "[[calendar]]\nkey = 'office'\ntime_zone = 'Asia/Shanghai'\nhours = { mon = ['09:00-12:00', '13:00-18:00'] }\n\
    [[team]]\nkey = 'delivery'\nname = 'Delivery'\n[[promise]]\nkind = 'complaint'\ncalendar = 'office'\nfirst_response = '4h'\n\
    [[rule]]\nname = 'Late ones'\nwhen = { words = ['late'] }\nthen = { team = 'delivery', priority = 'high' }\n";

/// Sends the form of the page with a text.
async fn send(desk: &Desk, text: &str, action: &str, more: &[(&str, &str)]) -> Answer {
    let form = Form::of(&desk.client.get(EDIT).await.body, EDIT);
    let fields: Vec<(&str, &str)> = [("text", text), ("seen", form.get("seen")), ("action", action)]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    desk.post(EDIT, &fields).await
}

async fn post_service(app: &TestApp, program: &Program<'_>, query: &str, text: &str) -> Answer {
    let client = app.client();
    let request = client.request(Method::POST, &format!("/api/v1/service{query}")).bearer_auth(program.token());
    client.send(request.header("content-type", "application/toml").body(text.to_owned())).await
}

/// Where one object is changed, or a new one is made.
const OBJECT: &str = "/staff/settings/object";

async fn form(desk: &Desk, query: &str) -> Form {
    let page = desk.client.get(&format!("{OBJECT}?{query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{query}: {}", page.body);
    Form::of(&page.body, OBJECT)
}

/// Presses a button of the form.
async fn press(desk: &Desk, form: &Form, action: &str) -> Answer {
    let all = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // Her desk adds the token by itself.
    let fields: Vec<(&str, &str)> = all.filter(|(name, _)| *name != "csrf").collect();
    desk.post(&form.action.replace("&#38;", "&").replace("&amp;", "&"), &[fields, vec![("action", action)]].concat())
        .await
}

on_both_databases! {
    async fn a_rule_goes_a_place_up_or_down(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let more = "[[rule]]\nname = 'Fire & smoke'\nwhen = { words = ['fire'] }\nthen = { priority = 'urgent' }\nstop = true\n";
        send(&desk, &format!("{SERVICE}{more}"), "apply", &[]).await;
        let names = async || store::load(&app.app.db).await.unwrap().rules.iter().map(|rule| rule.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names().await, ["Late ones", "Fire & smoke"]);
        let page = desk.client.get("/staff/settings").await.body;
        assert!(page.contains("Move Fire &#38; smoke up") && page.contains("Move Late ones down") && !page.contains("Move Late ones up"), "{page}");
        let order = |key: &str| format!("/staff/settings/order?key={key}");
        let moved = desk.post(&order("Fire%20%26%20smoke"), &[("to", "up")]).await;
        assert_eq!(moved.location(), "/staff/settings?done=applied#rule", "{}", moved.body);
        assert_eq!(names().await, ["Fire & smoke", "Late ones"]);
        // Beyond the ends there is nothing to go to.
        desk.post(&order("Fire%20%26%20smoke"), &[("to", "up")]).await;
        assert_eq!(names().await, ["Fire & smoke", "Late ones"]);
        desk.post(&order("Fire%20%26%20smoke"), &[("to", "down")]).await;
        assert_eq!(names().await, ["Late ones", "Fire & smoke"]);
        assert_eq!(desk.post(&order("None"), &[("to", "up")]).await.status, StatusCode::NOT_FOUND);
    }

    async fn one_thing_is_changed_by_a_form(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        send(&desk, SERVICE, "apply", &[]).await;
        let overview = desk.client.get("/staff/settings").await.body;
        assert!(overview.contains("/staff/settings/object?kind=team&#38;key=delivery"), "{overview}");
        let renamed = form(&desk, "kind=team&key=delivery").await.with("name", "Delivery & returns").with("lead", "mei@acme.example");
        let saved = press(&desk, &renamed, "save").await;
        assert_eq!(saved.location(), "/staff/settings?done=applied#team", "{}", saved.body);
        let service = store::load(&app.app.db).await.unwrap();
        assert_eq!((service.teams.len(), service.teams[0].name.as_str(), service.teams[0].lead.as_ref().unwrap().as_str()), (1, "Delivery & returns", "mei@acme.example"));
        assert_eq!((service.rules.len(), service.promises.len(), service.calendars.len()), (1, 1, 1), "nothing else is touched");
        let audited: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select action from audit_log where object = 'team/delivery'").fetch_all(pool).await).unwrap();
        assert_eq!(audited.len(), 2, "{audited:?}");

        // What a rule would have done with past cases, before it is saved.
        for message in ["The parcel is late", "A nice shop"] {
            complaint(&app, message).await;
        }
        let tried = press(&desk, &form(&desk, "kind=rule&key=Late+ones").await.with("when.words", "nice"), "try").await;
        assert!(tried.status == StatusCode::OK && tried.body.contains("Newest cases looked at: 2. Would have gone elsewhere than today: 2."), "{}", tried.body);
        assert!(store::load(&app.app.db).await.unwrap().rules[0].when.words.as_ref().unwrap()[0].as_str() == "late");

        // A new one of a kind, and one whose identity changes: what it was before is gone.
        let tag = form(&desk, "kind=category").await.with("site", "acme").with("own_key", "returns").with("label.en", "Returns").with("label.zh-Hans", "退货").with("team", "delivery");
        assert_eq!(press(&desk, &tag, "save").await.status, StatusCode::SEE_OTHER);
        let promise = form(&desk, "kind=promise&key=complaint").await.with("kind", "question").with("first_response", "2h");
        assert_eq!(press(&desk, &promise, "save").await.status, StatusCode::SEE_OTHER);
        let service = store::load(&app.app.db).await.unwrap();
        let promises: Vec<String> = service.promises.iter().map(|promise| format!("{:?} {}", promise.kind.unwrap(), promise.first_response.unwrap())).collect();
        assert_eq!(promises, ["Question 2h"]);
        assert!(service.categories.iter().any(|category| category.key.as_str() == "returns"));
        assert_eq!(service.rules.len(), 1);
    }

    async fn what_is_wrong_stands_next_to_its_field_and_what_was_typed_stays(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        send(&desk, SERVICE, "apply", &[]).await;
        let wrong = form(&desk, "kind=calendar&key=office").await.with("time_zone", "Mars/Olympus").with("holidays", "Christmas");
        let refused = press(&desk, &wrong, "save").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in ["id=\"time_zone-error\"", "id=\"holidays-error\"", "value=\"Mars/Olympus\"", "Christmas"] {
            assert!(refused.body.contains(part), "{part}: {}", refused.body);
        }
        let overlapping = form(&desk, "kind=calendar&key=office").await.with("hours.mon", "09:00-12:00, 11:00-18:00");
        let refused = press(&desk, &overlapping, "save").await.body;
        assert!(refused.contains("id=\"hours-error\"") && refused.contains("09:00-12:00, 11:00-18:00"), "{refused}");
        let empty = press(&desk, &form(&desk, "kind=template").await, "save").await;
        assert!(empty.status == StatusCode::UNPROCESSABLE_ENTITY && empty.body.contains("id=\"key-error\""), "{}", empty.body);
        // What others name can't go.
        let named = press(&desk, &form(&desk, "kind=team&key=delivery").await, "remove").await;
        assert!(named.status == StatusCode::UNPROCESSABLE_ENTITY && named.body.contains("delivery"), "{}", named.body);
        assert_eq!(press(&desk, &form(&desk, "kind=rule&key=Late+ones").await, "remove").await.status, StatusCode::SEE_OTHER);
        assert_eq!(press(&desk, &form(&desk, "kind=team&key=delivery").await, "remove").await.status, StatusCode::SEE_OTHER);
        let service = store::load(&app.app.db).await.unwrap();
        assert!(service.teams.is_empty() && service.rules.is_empty() && service.calendars.len() == 1);
        // One that somebody else changed meanwhile is not overwritten unseen.
        let mine = form(&desk, "kind=promise&key=complaint").await.with("first_response", "1h");
        press(&desk, &form(&desk, "kind=promise&key=complaint").await.with("first_response", "8h"), "save").await;
        let late = press(&desk, &mine, "save").await;
        assert!(late.status == StatusCode::UNPROCESSABLE_ENTITY && late.body.contains("Somebody has changed the settings meanwhile."), "{}", late.body);
        assert!(late.body.contains("value=\"1h\""), "what she typed stays");
        assert_eq!(press(&desk, &Form::of(&late.body, OBJECT), "save").await.status, StatusCode::SEE_OTHER, "having seen it, she can go on");
        // Who may not, and what there is not.
        let agent = Desk::of(&app, "sam", Role::Agent).await;
        assert_eq!(agent.client.get(&format!("{OBJECT}?kind=team")).await.status, StatusCode::FORBIDDEN);
        for query in ["kind=view&key=mine", "kind=team&key=none"] {
            assert_eq!(desk.client.get(&format!("{OBJECT}?{query}")).await.status, StatusCode::NOT_FOUND);
        }
    }

    async fn a_survey_is_made_from_a_questionnaire(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let begun = form(&desk, "kind=survey&from=kano").await.with("own_key", "spring").with("title.en", "What would you like?");
        assert!(begun.names.iter().any(|name| name == "items.0.text.ja"), "all languages are there");
        let more = press(&desk, &begun, "rows").await;
        assert!(more.status == StatusCode::OK && more.body.contains("value=\"spring\""), "{}", more.body);
        let saved = press(&desk, &begun, "save").await;
        assert_eq!(saved.location(), "/staff/settings?done=applied#survey", "{}", saved.body);
        let page = app.client().get("/s/acme/survey/spring").await;
        assert!(page.status == StatusCode::OK && page.body.contains("What would you like?"), "{}", page.body);
        let taken = press(&desk, &form(&desk, "kind=survey&from=nps").await.with("own_key", "spring"), "save").await;
        assert!(taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.body.contains("There is one with this key"), "{}", taken.body);
    }

    async fn what_would_change_is_shown_before_it_is_applied(app: TestApp) {
        for message in ["The parcel is late", "Late again", "A nice shop"] {
            complaint(&app, message).await;
        }
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let shown = send(&desk, SERVICE, "preview", &[]).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
        assert!(shown.body.contains("team delivery") && shown.body.contains("Apply these changes"), "{}", shown.body);
        assert!(shown.body.contains("Newest cases looked at: 3. Would have gone elsewhere than today: 2."), "{}", shown.body);
        assert!(store::load(&app.app.db).await.unwrap().teams.is_empty(), "a preview changes nothing");
        let applied = send(&desk, SERVICE, "apply", &[]).await;
        assert_eq!(applied.location(), "/staff/settings?done=applied");
        let page = desk.client.get(applied.location()).await.body;
        assert!(page.contains("The settings are applied.") && page.contains("Mon 09:00–12:00, 13:00–18:00"), "{page}");
        assert!(page.contains("Late ones") && page.contains("4h"), "{page}");
        let again = send(&desk, SERVICE, "preview", &[]).await;
        assert!(again.body.contains("Nothing to change.") && !again.body.contains("Apply these changes"), "{}", again.body);
        let audited: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select actor from audit_log where action = 'service.team.add' or object = 'team/delivery'").fetch_all(pool).await).unwrap();
        assert_eq!(audited, ["member"], "by whom it was changed");
    }

    async fn mistakes_are_named_by_their_place_and_the_text_stays(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let text = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\ncolour = '<b>red</b>'\n";
        let refused = send(&desk, text, "apply", &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("Line 4, column 1:"), "{}", refused.body);
        assert!(refused.body.contains("colour = &#39;&#60;b&#62;red&#60;/b&#62;&#39;"), "{}", refused.body);
        assert!(store::load(&app.app.db).await.unwrap().teams.is_empty());
    }

    async fn what_somebody_else_has_changed_meanwhile_is_not_overwritten(app: TestApp) {
        let (mei, tom) = (Desk::of(&app, "mei", Role::Manager).await, Desk::of(&app, "tom", Role::Manager).await);
        let form = Form::of(&mei.client.get(EDIT).await.body, EDIT);
        send(&tom, SERVICE, "apply", &[]).await;
        let own = SERVICE.replace("4h", "2h");
        let fields = [("text", own.as_str()), ("seen", form.get("seen")), ("action", "apply")];
        let answer = mei.post(EDIT, &fields).await;
        assert!(answer.body.contains("Somebody has changed the settings meanwhile."), "{}", answer.body);
        let promises = store::load(&app.app.db).await.unwrap().promises;
        assert_eq!(promises[0].first_response.unwrap().to_string(), "4h");
        // Having seen it, she can go on.
        assert_eq!(send(&mei, &own, "apply", &[]).await.status, StatusCode::SEE_OTHER);
    }

    async fn only_admins_change_who_works_here(app: TestApp) {
        let (manager, admin) = (Desk::of(&app, "mei", Role::Manager).await, Desk::of(&app, "ada", Role::Admin).await);
        let text = "[[member]]\naddress = 'mei@acme.example'\nname = 'mei'\nrole = 'admin'\nlang = 'en'\n";
        let refused = send(&manager, text, "apply", &[]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("members are changed by admins only"));
        assert_eq!(send(&admin, text, "apply", &[("password", PASSWORD)]).await.status, StatusCode::SEE_OTHER);
        // Agents have no settings, and viewers read them.
        let (agent, viewer) = (Desk::of(&app, "sam", Role::Agent).await, Desk::of(&app, "vic", Role::Viewer).await);
        assert_eq!(agent.client.get("/staff/settings").await.status, StatusCode::FORBIDDEN);
        assert_eq!(viewer.client.get("/staff/settings").await.status, StatusCode::OK);
        assert_eq!(viewer.client.get(EDIT).await.status, StatusCode::FORBIDDEN);
        assert_eq!(viewer.post(EDIT, &[("text", ""), ("seen", ""), ("action", "apply")]).await.status, StatusCode::FORBIDDEN);
    }

    async fn changes_of_access_ask_once_more_who_it_is(app: TestApp) {
        let admin = Desk::of(&app, "ada", Role::Admin).await;
        let text = "[[member]]\naddress = 'eve@acme.example'\nname = 'Eve'\nrole = 'admin'\nlang = 'en'\n";
        let shown = send(&admin, text, "preview", &[]).await;
        assert!(shown.status == StatusCode::OK && shown.body.contains("name=\"password\"") && shown.body.contains("we make sure it’s you"), "{}", shown.body);
        let members = async || store::load(&app.app.db).await.unwrap().members.len();
        for password in ["", "not the password"] {
            let refused = send(&admin, text, "apply", &[("password", password)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{password:?}");
            assert!(refused.body.contains("id=\"password-error\"") && refused.body.contains("eve@acme.example"), "the text stays: {}", refused.body);
            assert_eq!(members().await, 1, "{password:?}");
        }
        let applied = send(&admin, text, "apply", &[("password", PASSWORD)]).await;
        assert_eq!(applied.location(), "/staff/settings?done=applied", "{}", applied.body);
        assert_eq!(members().await, 2);
        let other = text.replace("'admin'", "'viewer'");
        assert_eq!(send(&admin, &other, "apply", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "another role, too");
        // What lets nobody in asks for nothing.
        let shown = send(&admin, SERVICE, "preview", &[]).await;
        assert!(shown.body.contains("team delivery") && !shown.body.contains("name=\"password\""), "{}", shown.body);
        assert_eq!(send(&admin, SERVICE, "apply", &[]).await.status, StatusCode::SEE_OTHER);
    }

    async fn a_variable_of_the_server_is_nobody_s_to_name(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let text = "[[target]]\nkey = 'x'\nsite = 'acme'\nchannel = 'webhook'\nurl_env = 'SAYSO_MASTER_KEY'\n";
        let refused = send(&desk, text, "apply", &[]).await;
        assert!(refused.body.contains("the variable SAYSO_MASTER_KEY is not set"), "{}", refused.body);
    }

    async fn programs_read_and_apply_the_service(app: TestApp) {
        let program = Program::with(&app, "ops", &[Scope::ServiceRead, Scope::ServiceWrite]).await;
        let tried = post_service(&app, &program, "?dry_run=true", SERVICE).await.json();
        assert_eq!((&tried["applied"], tried["changes"].as_array().unwrap().len()), (&json!(false), 4), "{tried}");
        assert!(tried["changes"].as_array().unwrap().contains(&json!({"change": "add", "kind": "team", "key": "delivery"})), "{tried}");
        let done = post_service(&app, &program, "", SERVICE).await.json();
        assert_eq!(done["applied"], json!(true));
        assert_eq!(post_service(&app, &program, "", SERVICE).await.json()["changes"], Value::Array(Vec::new()));
        let text = program.get_at("/api/v1/service").await;
        assert_eq!(text.header("content-type"), "application/toml");
        assert!(text.body.contains("[[team]]") && text.body.contains("key = \"delivery\""), "{}", text.body);
        let pruned = post_service(&app, &program, "?prune=true", "").await.json();
        assert!(pruned["changes"].as_array().unwrap().iter().all(|change| change["change"] == "remove"), "{pruned}");
        let wrong = post_service(&app, &program, "", "[[team]]\nkey = 'x'\n").await;
        assert_eq!((wrong.status, wrong.field_errors()[0].0.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "/1/1"));
        assert_eq!(post_service(&app, &program, "?dryrun=true", SERVICE).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let reader = Program::with(&app, "reader", &[Scope::ServiceRead]).await;
        assert_eq!(post_service(&app, &reader, "", SERVICE).await.status, StatusCode::FORBIDDEN);
        let member = "[[member]]\naddress = 'eve@acme.example'\nname = 'Eve'\nrole = 'admin'\nlang = 'en'\n";
        assert_eq!(post_service(&app, &program, "", member).await.status, StatusCode::FORBIDDEN);
    }
}
