//! A week of a desk of ten with two teams and a workshop outside, with a holiday in its middle: what comes by widget, phone and letter, who
//! works on it, what is kept and what is broken. At its end timelines, clocks and the API agree with the plan to the minute.

use sayso_tests::Database;
use sayso_tests::browser::Browser;
use serde_json::json;

use crate::office::{self, Office, Seat, at, fill_in, press};
use crate::stage::{click_in_widget, type_in_widget};

const TORN: &str = "The parcel came late, and torn.";
const INVOICE: &str = "The invoice shows two sofas. I bought one.";
const SMOKE: &str = "Smoke comes out of the heater.";
const AGAIN: &str = "包裹晚到，而且破了。还没有人回复我。";
const HOLIDAY: &str = "我的订单在哪里？";

/// The cases of the week, by what they are about.
struct Cases {
    torn: (String, String),
    invoice: String,
    smoke: String,
    again: String,
    holiday: String,
}

async fn a_week(database: Database) {
    let office = Office::open(database, include_str!("service.toml")).await;
    let desk = office.browser().await;
    let visitor = office.browser().await;

    let (torn, invoice, smoke) = monday(&office, &desk, &visitor).await;
    let again = tuesday(&office, &desk, &torn).await;
    // Wednesday is a holiday, on which a customer writes all the same.
    office.until((2, 10, 0)).await;
    let (holiday, _) = office.arrives(HOLIDAY, "王芳", "wang@example.com").await;
    let cases = Cases { torn, invoice, smoke, again, holiday };
    thursday(&office, &desk, &cases).await;
    friday(&office, &desk, &visitor, &cases).await;

    clocks_agree(&office, &cases).await;
    timelines_agree(&office, &desk, &cases).await;
    desk.stop().await;
    visitor.stop().await;
}

/// A complaint by the widget, one on the phone, and a letter that is urgent and waits too long.
async fn monday(office: &Office, desk: &Browser, visitor: &Browser) -> ((String, String), String, String) {
    office.until((0, 9, 0)).await;
    visitor.driver.goto(&office.stage.company.origin).await.unwrap();
    click_in_widget(visitor, "[part=launcher]").await;
    click_in_widget(visitor, "label.complaint").await;
    type_in_widget(visitor, "#message", TORN).await;
    click_in_widget(visitor, "#contact").await;
    type_in_widget(visitor, "#name", "Li Lei").await;
    type_in_widget(visitor, "#email", "li@example.com").await;
    click_in_widget(visitor, "#send").await;
    let code = visitor.find_in_widget("#code").await.text().await.unwrap();
    office.work().await;
    let torn = office.id_of(&code).await;

    // Ann answers the phone, and types it in with what is known of the caller.
    office.until((0, 9, 30)).await;
    office.sit_down(desk, "ann").await;
    office.go(desk, "/staff/new?phone=%2B8613800138000").await;
    let fields = [("message", INVOICE), ("category", "invoice"), ("name", "Zhao Min")];
    fill_in(desk, &fields, "form.entry button.primary").await;
    office.work().await;
    let invoice = desk.run("return location.pathname.split('/').pop()").await.as_str().unwrap().to_owned();

    // A letter lies in the post: urgent by its words, so the first hour counts.
    office.until((0, 10, 0)).await;
    let kai = Seat::of(office, "kai").await;
    let page = kai.get("/staff/new?channel=letter").await.body;
    let (_, key) = page.split_once("<form class=\"entry\"").unwrap().1.split_once("name=\"key\" value=\"").unwrap();
    let key = key.split('"').next().unwrap();
    let fields = [
        ("site", "acme"),
        ("channel", "letter"),
        ("kind", "complaint"),
        ("priority", "normal"),
        ("message", SMOKE),
        ("key", key),
    ];
    let smoke = kai.post("/staff/new", &fields).await.location().trim_start_matches("/staff/new/").to_owned();
    office.work().await;

    // Nobody looks at it within the hour. That is an alarm on every page of the lead, who takes it on.
    office.until((0, 11, 5)).await;
    office.sit_down(desk, "eva").await;
    let alarm = format!("form[action='/staff/alarms/{smoke}'] button");
    press(desk, &alarm).await;
    desk.wait_for("the case", &format!("location.pathname === '/staff/cases/{smoke}'")).await;
    office.work().await;

    // Mei answers the torn parcel with a prepared reply, in the customer's language.
    office.until((0, 11, 30)).await;
    office.sit_down(desk, "mei").await;
    office.go(desk, &format!("/staff/cases/{torn}")).await;
    desk.run("document.getElementById('template').value = 'we-look'").await;
    press(desk, "button[formaction*='/template']").await;
    let typed = desk.run("return document.getElementById('reply').value").await;
    assert_eq!(typed, json!("Dear Li Lei, we look for it and write again. mei"));
    press(desk, "#reply-form button.primary").await;
    office.work().await;

    office.until((0, 12, 0)).await;
    let eva = Seat::of(office, "eva").await;
    eva.post(
        &format!("/staff/cases/{smoke}/reply"),
        &[("body", "Please switch it off. We come today."), ("then", "go_on")],
    )
    .await;

    // The invoice was right: the sofa came twice. So it is no matter of the billing team.
    office.until((0, 13, 0)).await;
    let ann = Seat::of(office, "ann").await;
    ann.post(&format!("/staff/cases/{invoice}/reply"), &[("body", "We look it up."), ("then", "go_on")]).await;
    office.until((0, 14, 0)).await;
    office.sit_down(desk, "ann").await;
    office.go(desk, &format!("/staff/cases/{invoice}")).await;
    let fields = [("properties-team", "delivery"), ("properties-reason", "Two sofas were delivered")];
    fill_in(desk, &fields, "form[action$='/properties'] button").await;
    office.work().await;
    ((torn, code), invoice, smoke)
}

/// A task for the workshop, and a complaint that is the same as another one: merged, taken apart, and both tied to what lies behind them.
async fn tuesday(office: &Office, desk: &Browser, (torn, _): &(String, String)) -> String {
    office.until((1, 10, 0)).await;
    office.sit_down(desk, "mei").await;
    office.go(desk, &format!("/staff/cases/{torn}")).await;
    let fields = [("task", "Send a new cover"), ("task-whom", "team:workshop"), ("task-due", "2026-12-03")];
    fill_in(desk, &fields, "form[action$='/tasks'] button").await;
    office.work().await;

    office.until((1, 11, 0)).await;
    let (again, _) = office.arrives(AGAIN, "李雷", "li@example.com").await;
    let number = office.api(&format!("/cases/{torn}")).await["case"]["number"].to_string();
    office.until((1, 11, 30)).await;
    office.go(desk, &format!("/staff/cases/{again}")).await;
    fill_in(desk, &[("merge", &number)], "form[action$='/merge'] button").await;
    office.work().await;
    office.until((1, 12, 0)).await;
    office.go(desk, &format!("/staff/cases/{again}")).await;
    press(desk, &format!("form[action='/staff/cases/{again}/unmerge'] button")).await;
    office.work().await;

    office.until((1, 16, 0)).await;
    for id in [torn, &again] {
        office.go(desk, &format!("/staff/cases/{id}")).await;
        fill_in(desk, &[("properties-problem", "P-7")], "form[action$='/properties'] button").await;
    }
    office.work().await;
    again
}

/// The workshop is done, a promise is kept in the last minutes, and one answer solves two cases.
async fn thursday(office: &Office, desk: &Browser, cases: &Cases) {
    office.until((3, 10, 0)).await;
    let pat = Seat::of(office, "pat").await;
    let torn = &cases.torn.0;
    let list = pat.get("/staff/cases?status=all").await.body;
    assert!(
        list.contains(torn) && !list.contains(&cases.invoice),
        "the workshop sees what was given to it, and nothing else"
    );
    let page = pat.get(&format!("/staff/cases/{torn}")).await.body;
    assert!(page.contains(TORN) && !page.contains("li@example.com") && !page.contains(">Li Lei<"), "and no contact");
    let task = page.split_once(&format!("action=\"/staff/cases/{torn}/tasks/")).unwrap().1;
    let task = task.split('"').next().unwrap();
    pat.post(&format!("/staff/cases/{torn}/tasks/{task}"), &[("done", "yes")]).await;
    office.work().await;

    office.until((3, 12, 45)).await;
    let bo = Seat::of(office, "bo").await;
    bo.post(&format!("/staff/cases/{}/reply", cases.holiday), &[("body", "明天送到。"), ("then", "go_on")]).await;
    office.work().await;

    office.until((3, 15, 0)).await;
    office.sit_down(desk, "ivy").await;
    office.go(desk, "/staff/problems/P-7").await;
    desk.run("document.getElementById('sure').checked = true").await;
    fill_in(desk, &[("outcome", "upheld"), ("remedy", "A new cover")], "form[action$='/resolve'] button.primary").await;
    office.work().await;
}

/// It was not solved after all: the case comes back to whom it belongs to. And what nobody worked on is broken when the office closes.
async fn friday(office: &Office, desk: &Browser, visitor: &Browser, cases: &Cases) {
    let (torn, code) = &cases.torn;
    office.until((4, 10, 0)).await;
    visitor.driver.goto(format!("{}/t/{code}", office.stage.collector.url)).await.unwrap();
    visitor.wait_for("the answer", "document.body.innerText.includes('A second driver has started.')").await;
    visitor.run("document.querySelector('#not-solved').open = true").await;
    visitor.run("document.querySelector('#still').value = 'The cover is the wrong colour.'").await;
    press(visitor, "form[action$=not-solved] button").await;
    office.work().await;

    office.until((4, 11, 0)).await;
    office.sit_down(desk, "mei").await;
    desk.wait_for("her case is back", &format!("document.body.innerHTML.includes('/staff/cases/{torn}')")).await;
    office.go(desk, &format!("/staff/cases/{torn}")).await;
    desk.run("document.querySelector('#reply-form input[value=resolve]').checked = true").await;
    let fields = [
        ("reply", "The grey one is on its way."),
        ("reply-outcome", "upheld"),
        ("reply-cost", "25.50"),
        ("reply-cost-currency", "CNY"),
    ];
    fill_in(desk, &fields, "#reply-form button.primary").await;
    office.work().await;
    office.until((4, 18, 15)).await;
}

async fn clocks_agree(office: &Office, cases: &Cases) {
    let clock =
        |promise: &str, state: &str, due: Option<office::Moment>| (promise.to_owned(), state.to_owned(), due.map(at));
    assert_eq!(
        office.clocks(&cases.torn.0).await,
        [
            clock("first_response", "met", Some((0, 13, 0))),
            clock("resolution", "met", Some((4, 18, 0))),
            clock("next_response", "met", Some((4, 12, 0))),
            clock("resolution", "met", Some((9, 18, 0))),
        ],
        "Monday and three business days without the holiday; reopened on Friday it has three days again"
    );
    assert_eq!(
        office.clocks(&cases.invoice).await,
        [clock("first_response", "met", Some((0, 13, 30))), clock("resolution", "breached", Some((4, 18, 0)))],
        "the transfer moves no clock"
    );
    assert_eq!(office.clocks(&cases.smoke).await, [clock("first_response", "breached", Some((0, 11, 0)))]);
    assert_eq!(
        office.clocks(&cases.again).await,
        [clock("first_response", "breached", Some((1, 15, 30))), clock("resolution", "met", Some((8, 9, 30)))],
        "it stood still for the half hour in which it was part of another one"
    );
    assert_eq!(
        office.clocks(&cases.holiday).await,
        [clock("first_response", "met", Some((3, 13, 0))), clock("resolution", "running", Some((8, 18, 0)))],
        "what comes on the holiday came on Thursday"
    );
}

async fn timelines_agree(office: &Office, desk: &Browser, cases: &Cases) {
    let happened = |events: &[(&str, office::Moment)]| -> Vec<(String, String)> {
        events.iter().map(|(kind, moment)| (format!("case.{kind}"), at(*moment))).collect()
    };
    assert_eq!(
        office.timeline(&cases.smoke).await,
        happened(&[
            ("created", (0, 10, 0)),
            ("priority", (0, 10, 0)),
            ("team", (0, 10, 0)),
            // Nobody is on it: the lead hears of it, and every quarter of an hour somebody further up.
            ("escalated", (0, 10, 0)),
            ("escalated", (0, 10, 15)),
            ("escalated", (0, 10, 30)),
            ("escalated", (0, 10, 45)),
            ("breached", (0, 11, 0)),
            ("escalated", (0, 11, 0)),
            ("alarm", (0, 11, 5)),
            ("message", (0, 12, 0)),
            ("assigned", (0, 12, 0)),
            ("status", (0, 12, 0)),
        ])
    );
    let torn = happened(&[
        ("created", (0, 9, 0)),
        ("tags", (0, 9, 0)),
        ("team", (0, 9, 0)),
        ("assigned", (0, 9, 0)),
        ("message", (0, 11, 30)),
        ("status", (0, 11, 30)),
        ("task", (1, 10, 0)),
        ("merged", (1, 11, 30)),
        ("unmerged", (1, 12, 0)),
        ("problem", (1, 16, 0)),
        ("task", (3, 10, 0)),
        ("message", (3, 15, 0)),
        ("resolved", (3, 15, 0)),
        ("message", (4, 10, 0)),
        ("reopened", (4, 10, 0)),
        ("message", (4, 11, 0)),
        ("resolved", (4, 11, 0)),
    ]);
    assert_eq!(office.timeline(&cases.torn.0).await, torn);
    assert_eq!(
        office.timeline(&cases.holiday).await,
        happened(&[
            ("created", (2, 10, 0)),
            ("due_soon", (3, 12, 30)),
            ("message", (3, 12, 45)),
            ("assigned", (3, 12, 45)),
            ("status", (3, 12, 45)),
        ])
    );
    assert_eq!(
        office.timeline(&cases.invoice).await,
        happened(&[
            ("created", (0, 9, 30)),
            ("team", (0, 9, 30)),
            ("message", (0, 13, 0)),
            ("assigned", (0, 13, 0)),
            ("status", (0, 13, 0)),
            // The reason of the transfer is a note.
            ("note", (0, 14, 0)),
            ("team", (0, 14, 0)),
            ("due_soon", (4, 17, 30)),
            ("breached", (4, 18, 0)),
            ("escalated", (4, 18, 0)),
        ])
    );

    // The page says the same, and nobody else owns the case that came back.
    office.go(desk, &format!("/staff/cases/{}", cases.torn.0)).await;
    let shown =
        "return [...document.querySelectorAll('.thread time')].map(time => time.getAttribute('datetime').slice(0, 16))";
    let mut minutes: Vec<String> = serde_json::from_value(desk.run(shown).await).unwrap();
    let mut expected: Vec<String> = torn.into_iter().map(|(_, minute)| minute).collect();
    minutes.dedup();
    expected.dedup();
    assert_eq!(minutes, expected);
    let case = office.api(&format!("/cases/{}", cases.torn.0)).await;
    assert_eq!(
        (&case["case"]["owner"]["email"], &case["case"]["outcome"]),
        (&json!("mei@acme.example"), &json!("upheld"))
    );
    desk.picture("week-case").await;

    let report = office.api("/reports/promises?from=2026-11-30&to=2026-12-06&by=promise").await;
    let rows = report["rows"].as_array().unwrap().iter();
    let kept: Vec<_> = rows.map(|row| (&row["group"], &row["met"], &row["breached"])).collect();
    let expected = [("first_response", 3, 2), ("next_response", 1, 0), ("resolution", 3, 1)];
    let expected = expected.map(|(promise, met, breached)| (json!(promise), json!(met), json!(breached)));
    assert_eq!(kept, expected.iter().map(|(promise, met, breached)| (promise, met, breached)).collect::<Vec<_>>());
    assert_eq!(report["left_out"]["open_in_time"], 1, "the case of the holiday still has time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_a_desk_of_ten_on_sqlite() {
    a_week(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_a_desk_of_ten_on_postgres() {
    a_week(Database::Postgres).await;
}
