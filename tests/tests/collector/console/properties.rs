//! The staff sort cases and give tasks on the page of a case, and find them in the inbox.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};

use super::{Desk, complaint, submit};
use crate::pages::Form;

const SERVICE: &str = "[[team]]\nkey = 'delivery'\nname = 'Delivery & Co'\n\
    [[category]]\nsite = 'acme'\nkey = 'invoice'\nkinds = ['complaint']\nlabel = { en = 'Invoice' }\n\
    [[promise]]\nfirst_response = '4h'\nresolution = '3d'\n\
    [[problem]]\nkey = 'P-7'\ntitle = 'The carrier is late'\n";

async fn set_up(app: &TestApp) {
    app.apply_service(SERVICE).await;
    app.app.clock.advance(1_000);
}

on_both_databases! {
    async fn the_properties_of_a_case_are_set_and_shown(app: TestApp) {
        set_up(&app).await;
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        let id = complaint(&app, "Wrong amount").await;
        run_due(&app.app).await.unwrap();
        let (path, action) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/properties"));
        let form = Form::of(&lin.client.get(&path).await.body, &action);
        let (seen, key) = (form.get("seen").to_owned(), form.get("key").to_owned());
        let fields = [("kind", "complaint"), ("category", "invoice"), ("priority", "urgent"), ("tags", "vat，<b>late</b>, vat"), ("team", "delivery"),
            ("reason", "They have the papers"), ("follow_up", "2026-12-24"), ("problem", "P-7"), ("seen", &seen), ("key", &key)];
        let saved = lin.post(&action, &fields).await;
        assert_eq!(saved.location(), format!("{path}?done=properties"));
        assert_eq!(lin.post(&action, &fields).await.status, StatusCode::SEE_OTHER, "sent twice it is taken once");
        let page = lin.client.get(&path).await.body;
        assert!(page.contains("First reply · due in"), "what is due first is named: {page}");
        assert_eq!(lin.post(&format!("{path}/reply"), &[("body", "We look into it"), ("then", "go_on")]).await.status, StatusCode::SEE_OTHER);
        let page = lin.client.get(&path).await.body;
        assert!(page.contains("Resolution · due in"), "then the next one: {page}");
        for said in ["Delivery &#38; Co", "lin changed the priority to “Urgent”", "lin changed the topic to “Invoice”", "lin linked it to the problem P-7",
            "They have the papers", "value=\"&#60;b&#62;late&#60;/b&#62;, vat\"", "value=\"2026-12-24\"", "Resolution"] {
            assert!(page.contains(said), "{said}: {page}");
        }
        run_due(&app.app).await.unwrap();
        for query in ["team=delivery", "priority=urgent", "tag=vat", "team=delivery&sort=due", "team=delivery&due=soon&sort=updated"] {
            let found = lin.inbox(&format!("status=open&{query}")).await.contains("Wrong amount");
            assert_eq!(found, !query.contains("due=soon"), "{query}");
        }
        assert!(!lin.inbox("team=none").await.contains("Wrong amount"));

        // From a page that is older than what somebody else has chosen meanwhile.
        let (older, typed) = (seen, "a, b");
        let key = uuid::Uuid::new_v4().to_string();
        let stale = [("kind", "complaint"), ("priority", "low"), ("tags", typed), ("seen", &older), ("key", &key)];
        let refused = lin.post(&action, &stale).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.body.contains("value=\"a, b\"") && refused.body.contains("somebody else has changed this meanwhile"), "{}", refused.body);
        // What is wrong is said at its field, and what was typed stays.
        let seen = Form::of(&lin.client.get(&path).await.body, &action).get("seen").to_owned();
        let long = "x".repeat(65);
        let wrong = [("kind", "praise"), ("category", "invoice"), ("priority", "low"), ("tags", &long), ("seen", &seen), ("key", &key)];
        let refused = lin.post(&action, &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("properties-tags-error") && refused.body.contains("properties-category-error") && refused.body.contains(&long));
        let viewer = Desk::of(&app, "vi", Role::Viewer).await;
        assert_eq!(viewer.post(&action, &stale).await.status, StatusCode::FORBIDDEN);
    }

    async fn a_case_is_put_aside_until_a_time_of_a_day(app: TestApp) {
        app.apply_service("[[calendar]]\nkey = 'office'\ntime_zone = 'Asia/Shanghai'\nhours = { mon = ['09:00-18:00'] }\n").await;
        app.set_site(&["time_zone=Asia/Shanghai"]).await;
        app.app.clock.advance(1_000);
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        let id = complaint(&app, "Call me at three").await;
        run_due(&app.app).await.unwrap();
        let program = crate::access::Program::new(&app).await;
        let (path, action) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/properties"));
        let send = async |date: &str, time: &str| {
            let form = Form::of(&lin.client.get(&path).await.body, &action).with("follow_up", date).with("follow_up_time", time);
            let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| *name != "csrf").collect();
            lin.post(&action, &fields).await
        };
        let at = async || program.get(&format!("/{id}")).await.json()["case"]["follow_up_at"].clone();
        assert_eq!(send("2026-12-24", "15:30").await.status, StatusCode::SEE_OTHER);
        assert_eq!(at().await, "2026-12-24T07:30:00Z");
        let page = lin.client.get(&path).await.body;
        assert!(page.contains("value=\"2026-12-24\"") && page.contains("value=\"15:30\""), "{page}");
        assert_eq!(send("2026-12-24", "").await.status, StatusCode::SEE_OTHER);
        assert_eq!(at().await, "2026-12-23T16:00:00Z", "without a time it is the begin of the day");
        // What a program set to the second stays while nobody touches it.
        assert_eq!(program.patch(&id, &serde_json::json!({"follow_up_at": "2026-12-24T07:30:15Z"}), None).await.status, StatusCode::OK);
        assert_eq!(send("2026-12-24", "15:30").await.status, StatusCode::SEE_OTHER);
        assert_eq!(at().await, "2026-12-24T07:30:15Z");
        for (date, time) in [("", "15:30"), ("2026-12-24", "soon")] {
            assert_eq!(send(date, time).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{date} {time}");
        }
        // Whoever is to be called later is put aside until then.
        let noted = lin.post(&format!("{path}/efforts"), &[("kind", "call"), ("result", "later")]).await;
        assert_eq!(noted.location(), format!("{path}?done=later#properties-follow-up"));
        assert!(lin.client.get(&format!("{path}?done=later")).await.body.contains("Choose below when to follow up"));
    }

    async fn tasks_are_added_and_done_on_the_page(app: TestApp) {
        set_up(&app).await;
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        let id = complaint(&app, "It came late").await;
        let (path, action) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/tasks"));
        let key = Form::of(&lin.client.get(&path).await.body, &action).get("key").to_owned();
        let fields = [("title", "Call the <carrier>"), ("whom", "team:delivery"), ("due", "2026-12-01"), ("key", &key)];
        for _ in 0..2 {
            assert_eq!(lin.post(&action, &fields).await.location(), format!("{path}?done=task#tasks"));
        }
        let page = lin.client.get(&path).await.body;
        assert_eq!(page.matches("<li class=\"task\">").count(), 1, "{page}");
        assert!(page.contains("Call the &#60;carrier&#62;") && page.contains("Delivery &#38; Co · 2026-12-01"), "{page}");
        let task: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from tasks").fetch_one(pool).await).unwrap();
        let done = format!("{action}/{task}");
        let key = Form::of(&page, &done).get("key").to_owned();
        assert_eq!(lin.post(&done, &[("done", "yes"), ("key", &key)]).await.status, StatusCode::SEE_OTHER);
        let page = lin.client.get(&path).await.body;
        assert!(page.contains("<li class=\"task done\">") && page.contains("lin finished the task"), "{page}");
        let key = uuid::Uuid::new_v4().to_string();
        let empty = lin.post(&action, &[("title", " "), ("key", &key)]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.body.contains("id=\"task-error\""), "{}", empty.body);
        for day in ["2026-02-29", "29.02.2026", "tomorrow"] {
            let refused = lin.post(&action, &[("title", "Ask"), ("whom", "team:delivery"), ("due", day), ("key", &key)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{day}");
            assert!(refused.body.contains("id=\"task-due-error\"") && refused.body.contains("value=\"Ask\""), "{}", refused.body);
            assert!(refused.body.contains("<option value=\"team:delivery\" selected>"), "what was chosen stays");
        }
        // What is to be done today is not late before today is over.
        let today = app.app.clock.now().div_euclid(86_400_000) * 86_400_000;
        let day = sayso::clock::rfc3339(today)[..10].to_owned();
        lin.post(&action, &[("title", "Today"), ("due", &day), ("key", &uuid::Uuid::new_v4().to_string())]).await;
        let select = "select due_at from tasks where title = 'Today'";
        let due: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert_eq!(due, today + 24 * 3_600_000 - 60_000);
        let elsewhere = complaint(&app, "Another").await;
        let stray = lin.post(&format!("/staff/cases/{elsewhere}/tasks/{task}"), &[("done", "no"), ("key", &key)]).await;
        assert_eq!(stray.status, StatusCode::NOT_FOUND, "it is another case's");
    }
}

on_both_databases! {
    async fn a_template_is_put_below_what_was_typed_and_nothing_is_said_yet(app: TestApp) {
        set_up(&app).await;
        let templates = "[[template]]\nkey = 'sorry'\nbody = { en = 'Dear {customer.name}, sorry. {member.name}', zh-Hans = '{customer.name}，很抱歉。{member.name}' }\n";
        app.apply_service(templates).await;
        app.app.clock.advance(1_000);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let chinese = submit(&app, serde_json::json!({"kind": "complaint", "message": "坏了", "locale": "zh-CN", "contact": {"name": "<b>李雷"}})).await;
        let path = format!("/staff/cases/{chinese}");
        assert!(lin.client.get(&path).await.body.contains("<option value=\"sorry\">sorry</option>"));
        let fields = [("body", "First & foremost\r\n"), ("template", "sorry"), ("then", "wait")];
        let shown = lin.post(&format!("{path}/template"), &fields).await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.body.contains("First &#38; foremost\n\n&#60;b&#62;李雷，很抱歉。lin</textarea>"), "{}", shown.body);
        assert!(shown.body.contains("value=\"wait\" checked"), "what else was chosen stays");
        let again = lin.post(&format!("{path}/template"), &[("body", ""), ("template", "gone")]).await;
        assert_eq!(again.status, StatusCode::OK, "one that is gone changes nothing");
        let said = sayso::cases::query::conversation(&app.app, &chinese).await.unwrap();
        assert!(said.is_empty());
    }

    async fn members_keep_views_of_the_inbox(app: TestApp) {
        set_up(&app).await;
        let views = "[[view]]\nkey = 'all'\nname = 'Everything urgent'\nfilter = 'priority=urgent&status=all'\n\
            [[view]]\nkey = 'team'\nname = 'Of delivery'\nfilter = 'team=delivery'\nteam = 'delivery'\n";
        app.apply_service(views).await;
        app.app.clock.advance(1_000);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let inbox = lin.inbox("").await;
        assert!(inbox.contains("href=\"/staff/cases?status=all&#38;priority=urgent\"") && inbox.contains("Everything urgent"), "{inbox}");
        assert!(!inbox.contains("Of delivery"), "that is another team's");

        let filter = "status=open&kind=complaint&q=晚&nonsense=1";
        let saved = lin.post("/staff/views", &[("name", " Late <ones> "), ("filter", filter)]).await;
        let address = "/staff/cases?status=open&kind=complaint&q=%E6%99%9A";
        assert_eq!(saved.location(), format!("{address}&view=saved"));
        let page = lin.client.get(saved.location()).await.body;
        assert!(page.contains("Late &#60;ones&#62;</a>") && page.contains("Only you see this view.") && page.contains("Remove “Late &#60;ones&#62;”"), "{page}");
        assert!(lin.client.get(address).await.body.contains("aria-current=\"page\" dir=\"auto\">Late"), "it is the one that is shown");
        lin.post("/staff/views", &[("name", "Late <ones>"), ("filter", "status=all&kind=praise")]).await;
        let page = lin.inbox("").await;
        assert_eq!(page.matches("Late &#60;ones&#62;").count(), 1, "saved again it is another filter");
        assert!(page.contains("status=all&#38;kind=praise"));
        assert!(lin.post("/staff/views", &[("name", " "), ("filter", filter)]).await.location().ends_with("view=unnamed"));

        let sam = Desk::of(&app, "sam", Role::Viewer).await;
        assert!(!sam.inbox("").await.contains("Late &#60;ones&#62;"), "it is lin's own");
        let (_, rest) = lin.inbox("status=all&kind=praise").await.split_once("/staff/views/").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let path = format!("/staff/views/{}/remove", rest.split('/').next().unwrap());
        assert_eq!(sam.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(sam.post("/staff/views/all/remove", &[]).await.status, StatusCode::NOT_FOUND, "nor one of the service");
        assert_eq!(lin.post(&path, &[]).await.location(), "/staff/cases?view=removed");
        assert!(!lin.inbox("").await.contains("Late &#60;ones&#62;"));
    }

    async fn a_view_is_saved_for_a_team_or_for_everybody_by_whoever_may(app: TestApp) {
        let service = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\n[[team]]\nkey = 'billing'\nname = 'Billing'\n";
        app.apply_service(service).await;
        let (lin, lee, sam) = (Desk::of(&app, "lin", Role::Manager).await, Desk::of(&app, "lee", Role::Agent).await, Desk::of(&app, "sam", Role::Agent).await);
        let led = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\nlead = 'lee@acme.example'\nmembers = ['sam@acme.example']\n";
        app.apply_service(led).await;
        app.app.clock.advance(1_000);
        let save = async |desk: &Desk, name: &str, audience: &str| {
            desk.post("/staff/views", &[("name", name), ("filter", "status=open&kind=complaint"), ("audience", audience)]).await
        };
        assert!(save(&lin, "Of all", "all").await.location().ends_with("&view=shared"));
        assert!(save(&lee, "Of delivery", "team:delivery").await.location().ends_with("&view=shared"));
        for (desk, audience) in [(&lee, "all"), (&lee, "team:billing"), (&sam, "team:delivery"), (&lin, "team:gone")] {
            assert_eq!(save(desk, "Not for them", audience).await.status, StatusCode::FORBIDDEN, "{audience}");
        }
        app.app.clock.advance(1_000);
        let page = sam.inbox("status=open&kind=complaint").await;
        assert!(page.contains("Of all") && page.contains("Of delivery") && !page.contains("/staff/views/"), "who may not remove it is not asked to: {page}");
        assert!(!sam.inbox("kind=praise").await.contains("view-audience") && lin.inbox("kind=praise").await.contains("value=\"team:billing\""));
        let page = lee.inbox("status=open&kind=complaint").await;
        let path = page.split("action=\"").find(|rest| rest.starts_with("/staff/views/")).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(sam.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(lee.post(&path, &[]).await.location(), "/staff/cases?view=removed");
        app.app.clock.advance(1_000);
        assert!(!sam.inbox("").await.contains("Of delivery") && sam.inbox("").await.contains("Of all"));
    }

    async fn two_cases_are_merged_and_taken_apart_on_the_page(app: TestApp) {
        set_up(&app).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let one = complaint(&app, "The heater leaks").await;
        let other = complaint(&app, "It leaks & leaks").await;
        run_due(&app.app).await.unwrap();
        let path = format!("/staff/cases/{other}");
        let merge = |number: &'static str| {
            let (lin, path) = (&lin, &path);
            async move { lin.post(&format!("{path}/merge"), &[("number", number)]).await }
        };
        for (number, said) in [("7", "There is no case with this number."), ("x", "There is no case with this number."), ("2", "That is this case itself.")] {
            let refused = merge(number).await;
            assert!(refused.status.is_client_error() && refused.body.contains(said), "{number}: {}", refused.body);
            assert!(refused.body.contains(&format!("name=\"number\" value=\"{number}\"")), "what was typed stays");
        }
        assert_eq!(merge("#1").await.location(), format!("{path}?done=merge"));
        let page = lin.client.get(&path).await.body;
        assert!(page.contains("Merged into #1") && page.contains("lin merged this case into #1") && !page.contains("/reply\""), "{page}");
        let target = lin.client.get(&format!("/staff/cases/{one}")).await.body;
        assert!(target.contains("lin merged #2 into this case") && target.contains("#2 · It leaks &#38; leaks"), "{target}");
        assert!(!lin.inbox("status=all").await.contains("It leaks"));
        assert_eq!(lin.post(&format!("{path}/unmerge"), &[]).await.location(), format!("{path}?done=unmerge"));
        assert!(lin.client.get(&path).await.body.contains("/reply\""));
        assert!(lin.inbox("status=all").await.contains("It leaks"));
    }
}
