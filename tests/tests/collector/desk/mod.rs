//! The desk at work: rules route cases, clocks run in open time, and the staff sort cases by the API.

mod clocks;
mod customers;
mod finding;
mod follow_up;
mod merging;
mod problems;
mod rules;
mod similar;
mod sorting;
mod splitting;
mod tasks;
mod team_mail;
mod tier_rules;

use reqwest::StatusCode;
use sayso::clock::{DAY, HOUR, MINUTE, Millis, parse_rfc3339, rfc3339};
use sayso::jobs::run_due;
use sayso::routing::run_timed;
use sayso_tests::{Answer, TestApp, on_both_databases};
use serde_json::{Value, json};

use crate::access::Program;
use crate::outbox::cases::deliveries;

const SERVICE: &str = r#"
[[site]]
key = "acme"
name = "Acme Home"
origins = ["https://shop.example"]

[[member]]
address = "mei@shop.example"
name = "Mei Lin"
role = "agent"
teams = ["delivery"]

[[member]]
address = "bo@shop.example"
name = "Bo Xu"
role = "agent"
teams = ["delivery"]

[[member]]
address = "tom@shop.example"
name = "Tom Ode"
role = "manager"

[[calendar]]
key = "office"
time_zone = "Asia/Shanghai"
hours = { mon = ["09:00-18:00"], tue = ["09:00-18:00"], wed = ["09:00-18:00"], thu = ["09:00-18:00"], fri = ["09:00-18:00"] }

[[team]]
key = "delivery"
name = "Delivery"
lead = "tom@shop.example"
calendar = "office"

[[category]]
site = "acme"
key = "delivery"
label = { en = "Delivery" }
team = "delivery"

[[category]]
site = "acme"
key = "invoice"
label = { en = "Invoice" }

[[promise]]
site = "acme"
calendar = "office"
first_response = "4h"
next_response = "2h"
resolution = "3bd"
warn_before = "30m"

[[promise]]
site = "acme"
priority = "urgent"
calendar = "office"
first_response = "1h"

[[rule]]
name = "Late deliveries"
when = { kind = ["complaint"], words = ["晚到", "late"] }
then = { team = "delivery", owner = "round_robin", tags = ["late"] }

[[rule]]
name = "Fire"
when = { team = ["delivery"], words = ["fire"] }
then = { priority = "urgent", escalate_to = "tom@shop.example" }

[[rule]]
name = "Broken promises"
on = ["breached"]
then = { priority = "high", escalate_to = "tom@shop.example" }

[[rule]]
name = "First word"
when = { words = ["refund"] }
then = { template = "first-word" }

[[rule]]
name = "Nobody waits for two days"
on = ["time"]
when = { waiting_longer_than = "2bd" }
then = { priority = "high", escalate_to = "tom@shop.example" }

[[template]]
key = "first-word"
body = { en = "Dear {customer.name}, {site.name} answers until {due.first_response}.", zh-Hans = "{customer.name}，您好！我们将于 {due.first_response} 前回复。" }

[[problem]]
key = "P-7"
title = "The carrier is late"
"#;

/// Monday, 2026-11-30 09:00 in Shanghai.
const MONDAY: &str = "2026-11-30T01:00:00Z";

async fn set_up(app: &TestApp) {
    app.apply_service(SERVICE).await;
    go_to(app, MONDAY);
}

/// Moves the clock to a time.
fn go_to(app: &TestApp, time: &str) {
    let clock = &app.app.clock;
    clock.advance(parse_rfc3339(time).unwrap() - clock.now());
}

/// Local time of that week in Shanghai.
fn local(day: i64, hour: i64, minute: i64) -> String {
    rfc3339(parse_rfc3339(MONDAY).unwrap() + day * DAY + (hour - 9) * HOUR + minute * MINUTE)
}

/// A time without its seconds, which go on while the test runs.
fn minute(time: &str) -> String {
    time[..16].to_owned()
}

async fn submit(app: &TestApp, program: &Program<'_>, feedback: Value) -> (String, Value) {
    let receipt = app.client().submit(feedback).await;
    assert_eq!(receipt.status, StatusCode::CREATED, "{}", receipt.body);
    run_due(&app.app).await.unwrap();
    let code = receipt.json()["code"].as_str().unwrap().to_owned();
    let found = program.get(&format!("?q={code}")).await.json();
    (code, found["cases"][0].clone())
}

async fn case(program: &Program<'_>, id: &Value) -> Value {
    program.get(&format!("/{}", id.as_str().unwrap())).await.json()
}

/// Promise, state and due time of each clock.
fn clocks(case: &Value) -> Vec<(&str, &str, Option<String>)> {
    let clocks = case["clocks"].as_array().unwrap().iter();
    let due = |clock: &Value| clock["due"].as_str().map(minute);
    clocks.map(|clock| (clock["promise"].as_str().unwrap(), clock["state"].as_str().unwrap(), due(clock))).collect()
}

/// When something is due on a day of that week.
fn due(day: i64, hour: i64) -> Option<String> {
    Some(minute(&local(day, hour, 0)))
}

fn events(full: &Value, of: &str) -> Vec<Value> {
    let events = full["events"].as_array().unwrap().iter();
    events.filter(|event| event["type"] == of).map(|event| event["data"].clone()).collect()
}

/// Lets time pass, and the jobs that become due by it be done at their time.
async fn pass(app: &TestApp, until: &str) {
    let until: Millis = parse_rfc3339(until).unwrap();
    while app.app.clock.now() < until {
        app.app.clock.advance((until - app.app.clock.now()).min(15 * MINUTE));
        run_due(&app.app).await.unwrap();
    }
}
