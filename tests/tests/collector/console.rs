//! The staff console by its pages: the inbox, everything that is done with a case, and what is shown beside.

mod access;
mod alarms;
mod bulk;
mod calls;
mod customers;
mod deliveries;
mod entering;
mod files;
mod forms;
mod guards;
mod incoming;
mod look;
mod members;
mod mentions;
mod outgoing;
mod permissions;
mod problems;
mod properties;
mod reading;
mod representatives;
mod searching;
mod settings;
mod targets;
mod today;

use std::time::Duration;

use reqwest::StatusCode;
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::{Member, Password, Role};
use sayso::cases::{Case, search};
use sayso_shared::Lang;
use sayso_tests::{Answer, Client, TestApp, on_both_databases};
use serde_json::json;

/// How long a test waits for what comes at once.
const PATIENCE: Duration = Duration::from_secs(30);
pub const PASSWORD: &str = "purple giraffes sleep";

/// Adds a member and gives its identifier.
pub async fn add_member(app: &TestApp, name: &str, role: Role) -> String {
    let new = NewMember {
        email: Email::parse(&format!("{name}@acme.example")).unwrap(),
        name: Name::parse(name).unwrap(),
        role,
        lang: Some(Lang::En),
        password_hash: Some(Password::parse(PASSWORD, &[]).unwrap().hash().await.unwrap()),
    };
    Member::add(&app.app.db, &new, &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap()
}

/// A browser in which a new member has signed in, and the token of its forms.
pub struct Desk {
    pub client: Client,
    csrf: String,
    member_id: String,
}

impl Desk {
    pub async fn of(app: &TestApp, name: &str, role: Role) -> Self {
        let member_id = add_member(app, name, role).await;
        Self::of_member(app, name, member_id).await
    }

    /// That of a member who is there already.
    pub async fn of_member(app: &TestApp, name: &str, member_id: String) -> Self {
        let client = app.client();
        let answer = sign_in(&client, name, PASSWORD).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/staff"));
        let csrf = token(&client.get("/staff/account").await);
        Self { client, csrf, member_id }
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let all: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", self.csrf.as_str())]).collect();
        self.client.post_form(path, &all).await
    }

    pub async fn inbox(&self, query: &str) -> String {
        let page = self.client.get(&format!("/staff/cases?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page.body
    }
}

async fn sign_in(client: &Client, name: &str, password: &str) -> Answer {
    let email = format!("{name}@acme.example");
    client.post_form("/staff/sign-in", &[("email", &email), ("password", password)]).await
}

fn token(page: &Answer) -> String {
    let (_, after) = page.body.split_once("name=\"csrf\" value=\"").expect("the page has a form of the session");
    after.split('"').next().unwrap().to_owned()
}

/// Submits feedback and gives the identifier of its case.
async fn submit(app: &TestApp, feedback: serde_json::Value) -> String {
    let answer = app.client().submit(feedback).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    Case::by_code(&app.app, &code).await.unwrap().id
}

pub async fn complaint(app: &TestApp, message: &str) -> String {
    let contact = json!({"name": "李雷", "email": "li@example.com"});
    submit(app, json!({"kind": "complaint", "message": message, "contact": contact})).await
}

/// The next event of a stream.
async fn told(stream: &mut reqwest::Response) -> String {
    loop {
        let chunk = tokio::time::timeout(PATIENCE, stream.chunk()).await.expect("something is told");
        let chunk = chunk.unwrap().expect("the stream goes on");
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        // Else it only says that it is still there.
        if !text.starts_with(':') {
            return text;
        }
    }
}

async fn index(app: &TestApp, case_id: &str) {
    search::refresh(&app.app.db, &[case_id.to_owned()]).await.unwrap();
}

on_both_databases! {
    async fn the_inbox_filters(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let sofa = complaint(&app, "The sofa came torn").await;
        let late = submit(&app, json!({"kind": "question", "message": "送货什么时候到"})).await;
        index(&app, &sofa).await;
        index(&app, &late).await;
        assert_eq!(lin.post(&format!("/staff/cases/{sofa}/owner"), &[("owner", "me")]).await.status, StatusCode::SEE_OTHER);
        let code = Case::by_id(&app.app, &late).await.unwrap().code(&app.app.keys).unwrap();
        let typed = code.to_lowercase().replace('-', "%20");
        let both = vec![&late, &sofa];
        for (query, expected) in [
            ("", both.clone()),
            ("status=all", both.clone()),
            ("status=new", both.clone()),
            ("status=closed", vec![]),
            ("kind=complaint", vec![&sofa]),
            ("kind=question&status=all", vec![&late]),
            ("site=acme", both.clone()),
            ("site=other", vec![]),
            ("owner=me", vec![&sofa]),
            ("owner=nobody", vec![&late]),
            (&format!("owner={}", lin.member_id), vec![&sofa]),
            ("q=SOFA", vec![&sofa]),
            ("q=%E9%80%81%E8%B4%A7", vec![&late]),
            ("q=nothing", vec![]),
            ("q=sofa&kind=question", vec![]),
            ("q=%22%27%29--", vec![]),
            (&format!("q={typed}"), vec![&late]),
            (&format!("before={late}"), vec![&sofa]),
            (&format!("before={sofa}"), vec![]),
        ] {
            let page = lin.inbox(query).await;
            let shown: Vec<&str> = page.split("data-case=\"").skip(1).map(|part| &part[..36]).collect();
            assert_eq!(shown, expected, "{query}");
            assert_eq!(expected.is_empty(), page.contains("class=\"empty\""), "{query}");
        }
        let page = lin.inbox("kind=complaint").await;
        assert!(page.contains("李雷") && page.contains("data-due=\"ok\""), "{page}");
        assert!(page.contains("status=new&#38;kind=complaint\">New <span class=\"view-count\">1</span>"), "counts follow the filter");
        assert!(lin.inbox("kind=question").await.contains("Anonymous"));
        app.app.clock.advance(21 * 3_600_000);
        let lin = Desk { client: app.client(), ..lin };
        sign_in(&lin.client, "lin", PASSWORD).await;
        assert!(lin.inbox("").await.contains("data-due=\"soon\""));
        app.app.clock.advance(4 * 3_600_000);
        assert!(lin.inbox("").await.contains("data-due=\"late\">1 h late"));
    }

    async fn a_page_is_followed_by_the_next(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let mut ids = Vec::new();
        for n in 0..53 {
            ids.push(submit(&app, json!({"kind": "praise", "message": format!("Nice {n}")})).await);
        }
        ids.reverse();
        let first = lin.inbox("status=open").await;
        let (_, link) = first.split_once("rel=\"next\" href=\"").expect("there are more");
        let next = lin.client.get(&link.split('"').next().unwrap().replace("&#38;", "&")).await.body;
        let listed = |page: &str| page.split("data-case=\"").skip(1).map(|part| part[..36].to_owned()).collect::<Vec<_>>();
        assert_eq!((listed(&first).len(), listed(&next).len()), (50, 3));
        assert_eq!([listed(&first), listed(&next)].concat(), ids, "newest first, none twice, none left out");
        assert!(!next.contains("rel=\"next\""));
    }

    async fn what_a_customer_typed_is_text(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
        let id = submit(&app, json!({"kind": "complaint", "message": evil, "contact": {"name": evil}, "reference": evil,
            "desired_outcome": evil, "page": {"url": "javascript:alert(3)", "title": evil}, "context": {"a": evil}})).await;
        assert_eq!(lin.post(&format!("/staff/cases/{id}/note"), &[("body", evil)]).await.status, StatusCode::SEE_OTHER);
        for page in [lin.inbox("").await, lin.client.get(&format!("/staff/cases/{id}")).await.body] {
            assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
            assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
            assert!(!page.contains("href=\"javascript:"), "{page}");
        }
    }

    async fn a_case_is_worked_on(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let sam = add_member(&app, "sam", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        let case = async || Case::by_id(&app.app, &id).await.unwrap();
        lin.client.get(&path).await;
        assert_eq!(case().await.status, "new", "nobody owns it yet");
        assert_eq!(lin.post(&format!("{path}/owner"), &[("owner", "me")]).await.location(), format!("{path}?done=owner"));
        lin.client.get(&path).await;
        assert_eq!(case().await.status, "new", "looking alone changes nothing, as browsers look ahead");
        assert_eq!(lin.post(&format!("{path}/opened"), &[]).await.status, StatusCode::NO_CONTENT);
        lin.post(&format!("{path}/note"), &[("body", "Ask the workshop\r\nfirst")]).await;
        let page = lin.client.get(&path).await.body;
        assert_eq!(case().await.status, "acknowledged");
        assert!(page.contains("lin took it") && page.contains("lin acknowledged it") && page.contains("li@example.com"), "{page}");
        let replied = lin.post(&format!("{path}/reply"), &[("body", "We look into it"), ("then", "wait")]).await;
        assert_eq!((replied.status, replied.location()), (StatusCode::SEE_OTHER, format!("{path}?done=reply#conversation-end").as_str()));
        assert_eq!(case().await.status, "waiting");
        assert!(case().await.first_responded_at.is_some());
        let page = lin.client.get(&path).await.body;
        assert!(page.contains("Ask the workshop\nfirst") && page.contains("We look into it"), "{page}");
        assert!(page.contains("Waiting for customer") && page.contains("message note"), "{page}");
        assert_eq!(lin.post(&format!("{path}/status"), &[("status", "in_progress")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(lin.post(&format!("{path}/status"), &[("status", "acknowledged")]).await.status, StatusCode::CONFLICT);
        lin.post(&format!("{path}/owner"), &[("owner", &sam)]).await;
        assert_eq!(case().await.owner_id, Some(sam));
        lin.post(&format!("{path}/owner"), &[("owner", "nobody")]).await;
        assert_eq!(case().await.owner_id, None);
        let code = case().await.code(&app.app.keys).unwrap();
        let public = app.client().get(&format!("/api/v1/feedback/{code}")).await.body;
        assert!(public.contains("We look into it") && !public.contains("workshop"), "{public}");
    }

    async fn what_is_refused_stays_in_its_field(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        let fields = [("body", "A new armrest is on its way"), ("then", "resolve"), ("remedy", "An armrest")];
        let refused = lin.post(&format!("{path}/reply"), &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(">\nA new armrest is on its way</textarea>"), "{}", refused.body);
        assert!(refused.body.contains("value=\"An armrest\"") && refused.body.contains("value=\"resolve\" checked"));
        assert!(refused.body.contains("Choose an outcome."));
        assert!(refused.body.contains("id=\"reply-outcome\" name=\"outcome\" aria-describedby=\"reply-outcome-error\" aria-invalid=\"true\" autofocus"), "{}", refused.body);
        let both = lin.post(&format!("{path}/reply"), &[("body", " "), ("then", "resolve")]).await;
        assert!(both.body.contains("Write something first.") && both.body.contains("Choose an outcome."), "all at once: {}", both.body);
        let empty = lin.post(&format!("{path}/reply"), &[("body", "  "), ("then", "go_on")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        let long = "长".repeat(10_001);
        let long_note = lin.post(&format!("{path}/note"), &[("body", &long)]).await;
        assert_eq!(long_note.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(long_note.body.contains(&long));
        assert_eq!(Case::by_id(&app.app, &id).await.unwrap().status, "new", "nothing was stored");
        let resolved = lin.post(&format!("{path}/reply"), &[fields[0], fields[1], fields[2], ("outcome", "upheld")]).await;
        assert_eq!(resolved.status, StatusCode::SEE_OTHER);
        let case = Case::by_id(&app.app, &id).await.unwrap();
        assert_eq!((case.status.as_str(), case.outcome.as_deref(), case.remedy.as_deref()), ("resolved", Some("upheld"), Some("An armrest")));
        let again = lin.post(&format!("{path}/reply"), &[("body", "Once more"), ("then", "resolve"), ("outcome", "upheld")]).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert!(again.body.contains(">\nOnce more</textarea>"));
        let praise = submit(&app, json!({"kind": "praise", "message": "Nice"})).await;
        assert_eq!(lin.post(&format!("/staff/cases/{praise}/resolve"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(Case::by_id(&app.app, &praise).await.unwrap().status, "resolved");
    }

    async fn only_a_complaint_has_an_outcome(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = submit(&app, json!({"kind": "praise", "message": "Nice"})).await;
        let path = format!("/staff/cases/{id}");
        assert!(!lin.client.get(&path).await.body.contains("name=\"outcome\""));
        let refused = lin.post(&format!("{path}/resolve"), &[("outcome", "upheld")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(Case::by_id(&app.app, &id).await.unwrap().status, "new");
    }

    async fn what_was_done_is_confirmed(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        for (action, fields, said) in [
            ("note", vec![("body", "Ask the workshop")], "Note added."),
            ("status", vec![("status", "in_progress")], "Status changed: In progress."),
            ("reply", vec![("body", "We look into it"), ("then", "go_on")], "Reply sent. The customer gets it by email."),
            ("owner", vec![("owner", "nobody")], "Owner changed: Nobody."),
            ("resolve", vec![("outcome", "upheld")], "Case resolved."),
            ("reopen", vec![("reason", "The customer called")], "Case reopened."),
        ] {
            let done = lin.post(&format!("{path}/{action}"), &fields).await;
            assert_eq!(done.status, StatusCode::SEE_OTHER, "{action}: {}", done.body);
            let shown = lin.client.get(done.location().split('#').next().unwrap()).await.body;
            assert!(shown.contains(&format!("role=\"status\">{said}")), "{action}: {shown}");
        }
    }

    async fn the_first_reply_makes_its_writer_the_owner(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}/reply");
        lin.post(&path, &[("body", "Mine"), ("then", "go_on")]).await;
        mei.post(&path, &[("body", "Only helping"), ("then", "go_on")]).await;
        assert_eq!(Case::by_id(&app.app, &id).await.unwrap().owner_id, Some(lin.member_id));
    }

    async fn a_reply_is_held_up_when_the_case_has_changed_meanwhile(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        let seen = |page: &str| page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let before = seen(&lin.client.get(&path).await.body);
        mei.post(&format!("{path}/reply"), &[("body", "Done"), ("then", "resolve"), ("outcome", "upheld")]).await;
        let second = [("body", "A second answer"), ("then", "go_on"), ("seen", before.as_str())];
        let held = lin.post(&format!("{path}/reply"), &second).await;
        assert_eq!(held.status, StatusCode::CONFLICT);
        assert!(held.body.contains(">\nA second answer</textarea>"), "{}", held.body);
        assert!(held.body.contains("id=\"reply-error\"") && held.body.contains("changed while you were writing"), "beside the button");
        let now = seen(&held.body);
        let sent = lin.post(&format!("{path}/reply"), &[second[0], second[1], ("seen", now.as_str())]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "read, and sent all the same");
    }

    async fn the_staff_reopen_by_a_reply_or_for_a_reason(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        let case = async || Case::by_id(&app.app, &id).await.unwrap();
        lin.post(&format!("{path}/resolve"), &[("outcome", "not_upheld")]).await;
        let shown = lin.client.get(&path).await.body;
        assert!(shown.contains("Resolved (no change)") && shown.contains("In progress (reopens the case)"), "{shown}");
        lin.post(&format!("{path}/reply"), &[("body", "By the way"), ("then", "go_on")]).await;
        assert_eq!(case().await.status, "resolved");
        lin.post(&format!("{path}/reply"), &[("body", "You are right after all"), ("then", "reopen")]).await;
        assert_eq!((case().await.status.as_str(), case().await.reopened_count), ("in_progress", 1));
        let shown = lin.client.get(&path).await.body;
        assert!(!shown.contains("<span class=\"badge\">Not upheld</span>"), "the outcome does not stand any more");
        assert!(shown.contains("Outcome before reopening") && shown.contains("lin reopened it"), "{shown}");
        assert_eq!(lin.post(&format!("{path}/reopen"), &[("reason", "Again")]).await.status, StatusCode::CONFLICT, "it is open");
        lin.post(&format!("{path}/resolve"), &[("outcome", "upheld")]).await;
        assert_eq!(lin.post(&format!("{path}/reopen"), &[("reason", " ")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        lin.post(&format!("{path}/reopen"), &[("reason", "The refund bounced")]).await;
        assert_eq!((case().await.status.as_str(), case().await.reopened_count), ("in_progress", 2));
        let code = case().await.code(&app.app.keys).unwrap();
        assert!(!app.client().get(&format!("/t/{code}")).await.body.contains("bounced"), "the reason stays with the team");
    }

    async fn whoever_is_given_a_case_hears_of_it(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let sam = add_member(&app, "sam", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        lin.post(&format!("/staff/cases/{id}/owner"), &[("owner", "me")]).await;
        lin.post(&format!("/staff/cases/{id}/owner"), &[("owner", &sam)]).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let select = "select destination from deliveries where destination like 'member:%'";
        let told: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert_eq!(told, [format!("member:{sam}")], "not whoever took it");
        assert!(lin.client.get(&format!("/staff/cases/{id}")).await.body.contains("sam"), "the page says who was told");
    }

    async fn a_customer_who_left_only_a_number_is_to_be_called(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = submit(&app, json!({"kind": "question", "message": "When?", "contact": {"phone": "+86 138 0000 0000"}})).await;
        let shown = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        assert!(shown.contains("Please call +86 138 0000 0000") && shown.contains("href=\"tel:+8613800000000\""), "{shown}");
    }

    async fn unknown_cases_are_not_found(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        for id in ["x", "00000000-0000-7000-8000-000000000000"] {
            assert_eq!(lin.client.get(&format!("/staff/cases/{id}")).await.status, StatusCode::NOT_FOUND);
            assert_eq!(lin.post(&format!("/staff/cases/{id}/note"), &[("body", "x")]).await.status, StatusCode::NOT_FOUND);
        }
    }

    async fn a_failed_delivery_is_tried_again(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let db = &app.app.db;
        let insert = "insert into deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, attempts, due_at, last_error, created_at) \
            select 'd1', 'event', id, case_id, seq, 'customer', 'email', 'failed', 7, 5, 'the mail server said 550', 5 from events where case_id = $1";
        sayso::with_write!(db, pool => sqlx::query(insert).bind(&id).execute(pool).await.map(|_| ())).unwrap();
        let page = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        assert!(page.contains("the mail server said 550") && page.contains("/deliveries/d1/retry"), "{page}");
        let path = format!("/staff/cases/{id}/deliveries/d1/retry");
        assert_eq!(lin.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
        let select = "select attempts from deliveries where id = 'd1' and state = 'pending'";
        let attempts: i64 = sayso::with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert_eq!(attempts, 0);
        assert_eq!(lin.post(&path, &[]).await.status, StatusCode::CONFLICT, "it has not failed");
    }

    async fn changes_are_told_live(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        assert_eq!(app.client().get("/staff/live").await.status, StatusCode::UNAUTHORIZED);
        let id = complaint(&app, "Before").await;
        let open = async |path: &str| lin.client.request(reqwest::Method::GET, path).send().await.unwrap();
        let mut inbox = open("/staff/live").await;
        let mut case = open(&format!("/staff/live?case={id}")).await;
        assert_eq!(inbox.headers()["content-type"], "text/event-stream");
        for stream in [&mut inbox, &mut case] {
            assert_eq!(&stream.chunk().await.unwrap().unwrap()[..], b": ready\n\n");
        }
        complaint(&app, "After").await;
        assert_eq!(told(&mut inbox).await, "event: refresh\ndata: New case\n\n");
        // Two customers at the same moment: on a busy machine requests are too far apart to be one burst.
        for other in ["one", "two"] {
            app.app.publish(other, "case.created");
        }
        assert_eq!(told(&mut inbox).await, "event: refresh\ndata: 2 new cases\n\n", "a burst is told once");
        lin.post(&format!("/staff/cases/{id}/note"), &[("body", "x")]).await;
        let about_the_case = told(&mut case).await;
        assert_eq!(about_the_case, "event: refresh\ndata:  \n\n", "nothing else, and nothing to say about it");
        lin.post("/staff/sign-out", &[]).await;
        complaint(&app, "After signing out").await;
        let mut rest = Vec::new();
        while let Some(chunk) = inbox.chunk().await.unwrap() {
            rest.extend_from_slice(&chunk);
        }
        let rest = String::from_utf8(rest).unwrap();
        assert!(!rest.contains("new case"), "the stream ends with its session: {rest}");
        assert_eq!(lin.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER);
    }

    async fn the_console_speaks_chinese(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        assert_eq!(lin.post("/staff/account/language", &[("lang", "zh-Hans")]).await.status, StatusCode::SEE_OTHER);
        let page = lin.inbox("").await;
        assert!(page.contains("<html lang=\"zh-Hans\">") && page.contains("收件箱"), "{page}");
        let missing = lin.client.get("/staff/cases/x").await;
        assert!(missing.body.contains("页面不存在"), "{}", missing.body);
    }
}
