//! The service in the console and by the API: shown, previewed with a trial of its rules, and applied as `sayso service apply` does.

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso::service::store;
use sayso_tests::{Answer, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{Desk, complaint};
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

on_both_databases! {
    async fn what_would_change_is_shown_before_it_is_applied(app: TestApp) {
        for message in ["The parcel is late", "Late again", "A nice shop"] {
            complaint(&app, message).await;
        }
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let shown = send(&desk, SERVICE, "preview", &[]).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
        assert!(shown.body.contains("team delivery") && shown.body.contains("Apply these changes"), "{}", shown.body);
        assert!(shown.body.contains("Of the last 3 cases, 2 would have gone elsewhere than today."), "{}", shown.body);
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
        assert_eq!(send(&admin, text, "apply", &[]).await.status, StatusCode::SEE_OTHER);
        // Agents have no settings, and viewers read them.
        let (agent, viewer) = (Desk::of(&app, "sam", Role::Agent).await, Desk::of(&app, "vic", Role::Viewer).await);
        assert_eq!(agent.client.get("/staff/settings").await.status, StatusCode::FORBIDDEN);
        assert_eq!(viewer.client.get("/staff/settings").await.status, StatusCode::OK);
        assert_eq!(viewer.client.get(EDIT).await.status, StatusCode::FORBIDDEN);
        assert_eq!(viewer.post(EDIT, &[("text", ""), ("seen", ""), ("action", "apply")]).await.status, StatusCode::FORBIDDEN);
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
