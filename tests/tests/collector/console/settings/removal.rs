//! What is removed is named by nothing any more, so that the service can still be changed and written to a file.

use sayso::audit::Stamp;
use sayso::auth::Member;
use sayso::auth::member::Email;
use sayso::service::draft::{Draft, Reader, export};
use sayso::service::plan::Prune;
use sayso::sites::Site;
use sayso::sites::targets::Target;

use super::*;

const NAMING: &str = r#"
[[site]]
key = "outlet"
name = "Outlet"
origins = ["https://outlet.example"]

[[member]]
address = "tom@acme.example"
name = "Tom Reed"
role = "agent"

[[team]]
key = "delivery"
name = "Delivery"
members = ["tom@acme.example", "mei@acme.example"]
lead = "tom@acme.example"

[[target]]
key = "hall"
site = "outlet"
channel = "email"
address = "hall@shop.example"

[[tier]]
site = "outlet"
key = "gold"
name = { en = "Gold" }

[[category]]
site = "outlet"
key = "late"
label = { en = "Late" }
team = "delivery"

[[promise]]
site = "outlet"
first_response = "4h"

[[rule]]
name = "To Tom"
then = { owner = "tom@acme.example" }

[[rule]]
name = "Late ones"
when = { words = ["late"] }
then = { owner = "tom@acme.example", escalate_to = "tom@acme.example", priority = "high", targets = ["hall"] }

[[rule]]
name = "Of the outlet"
site = "outlet"
then = { priority = "low" }

[[view]]
key = "of-tom"
name = "Tom's"
filter = "status=open"
owner = "tom@acme.example"

[[view]]
key = "of-the-outlet"
name = "Outlet"
filter = "site=outlet"

[[problem]]
key = "P-7"
title = "The carrier is late"
owner = "tom@acme.example"

[[answer]]
key = "open"
site = "outlet"
question = { en = "Are you open?" }
solution = { en = "Always." }
"#;

/// Whether what is written out can be applied again, and is what is set.
async fn is_whole(app: &TestApp) -> bool {
    let around = (&app.app.db, &*app.app.keys, &app.app.config, app.app.clock.now());
    let text = export(around.0, around.1).await.unwrap();
    let draft = Draft::read(around, &text, Prune::Remove, Reader::Command).await.unwrap();
    draft.is_ok_and(|draft| draft.plan().is_empty())
}

async fn remove(app: &TestApp, email: &str) {
    Member::remove(&app.app.db, &Email::parse(email).unwrap(), &Stamp::command(app.app.clock.now())).await.unwrap();
}

on_both_databases! {
    async fn who_leaves_leaves_the_teams_and_rules_as_well_and_the_log_says_so(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        app.apply_service(NAMING).await;
        remove(&app, "tom@acme.example").await;
        let service = store::load(&app.app.db).await.unwrap();
        let [team] = service.teams.as_slice() else { panic!("{:?}", service.teams) };
        assert_eq!((team.members.len(), &team.lead), (1, &None));
        let late = service.rules.iter().find(|rule| rule.name.as_str() == "Late ones").unwrap();
        assert_eq!((&late.then.owner, &late.then.escalate_to), (&None, &None));
        assert_eq!(service.rules.len(), 2, "a rule that did nothing else is gone");
        assert_eq!((service.views.len(), &service.problems[0].owner), (1, &None));
        let audited: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select action || ' ' || object from audit_log \
            where actor = 'command' order by number desc limit 6").fetch_all(pool).await).unwrap();
        for change in ["service.set team/delivery", "service.set rule/Late ones", "service.remove rule/To Tom", "service.remove view/of-tom"] {
            assert!(audited.iter().any(|entry| entry == change), "{change}: {audited:?}");
        }
        assert!(is_whole(&app).await);
        let saved = press(&desk, &form(&desk, "kind=team&key=delivery").await.with("name", "Parcels"), "save").await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    }

    async fn with_a_site_goes_what_is_only_for_it(app: TestApp) {
        Desk::of(&app, "mei", Role::Manager).await;
        app.apply_service(NAMING).await;
        let stamp = Stamp::command(app.app.clock.now());
        Site::by_key(&app.app.db, "outlet").await.unwrap().remove(&app.app.db, &stamp).await.unwrap();
        let service = store::load(&app.app.db).await.unwrap();
        assert!(service.tiers.is_empty() && service.promises.is_empty() && service.answers.is_empty());
        let views: Vec<&str> = service.views.iter().map(|view| view.key.as_str()).collect();
        assert_eq!(views, ["of-tom"]);
        assert!(service.rules.iter().all(|rule| rule.site.is_none() && rule.then.targets.is_empty()), "{:?}", service.rules);
        assert!(is_whole(&app).await);
    }

    async fn a_target_that_is_removed_is_told_by_no_rule(app: TestApp) {
        Desk::of(&app, "mei", Role::Manager).await;
        app.apply_service(NAMING).await;
        let stamp = Stamp::command(app.app.clock.now());
        Target::by_key(&app.app.db, "hall").await.unwrap().unwrap().remove(&app.app.db, &stamp).await.unwrap();
        let service = store::load(&app.app.db).await.unwrap();
        assert!(service.rules.iter().all(|rule| rule.then.targets.is_empty()) && service.rules.len() == 3);
        assert!(is_whole(&app).await);
    }

    async fn what_an_earlier_version_left_behind_keeps_no_form_from_being_saved_and_is_mended(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        app.apply_service(NAMING).await;
        let left = "update members set disabled_at = 1 where email = 'tom@acme.example'";
        sayso::with_write!(&app.app.db, pool => sqlx::query(left).execute(pool).await.map(|_| ())).unwrap();
        let problem = form(&desk, "kind=answer&key=open").await.with("solution.en", "From nine to five.");
        let saved = press(&desk, &problem, "save").await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        assert!(!is_whole(&app).await);
        sayso::service::removal::mend_names(&app.app.db, &Stamp::system(app.app.clock.now())).await.unwrap();
        assert!(is_whole(&app).await);
        let service = store::load(&app.app.db).await.unwrap();
        assert_eq!(service.teams[0].members.len(), 1);
    }
}
