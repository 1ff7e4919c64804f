//! The desk that stories of days are played at: its people, its clock, and what is seen of its cases from outside.

use reqwest::{Method, StatusCode};
use sayso::App;
use sayso::audit::Stamp;
use sayso::auth::Role;
use sayso::auth::member::Name;
use sayso::auth::token::{Scope, Token};
use sayso::cases::Case;
use sayso::clock::{DAY, HOUR, MINUTE, parse_rfc3339, rfc3339};
use sayso::jobs::run_due;
use sayso::{digests, outbox};
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::{Answer, Client, Database, Options, TestApp};
use serde_json::{Value, json};

use crate::stage::{self, PASSWORD, Stage};

/// The first names of all ten, by which they sign in.
const PEOPLE: [(&str, Role); 10] = [
    ("mei", Role::Agent),
    ("bo", Role::Agent),
    ("lin", Role::Agent),
    ("tom", Role::Agent),
    ("ann", Role::Agent),
    ("ben", Role::Agent),
    ("kai", Role::Agent),
    ("eva", Role::Agent),
    ("pat", Role::Partner),
    ("ivy", Role::Manager),
];

/// Monday, 2026-11-30 09:00 in Shanghai, when the office opens.
const MONDAY: &str = "2026-11-30T01:00:00Z";

/// A moment of the week, in the office's time: days after Monday, hour and minute.
pub type Moment = (i64, i64, i64);

const OPENING: Moment = (0, 9, 0);

/// The office, with its company's website.
pub struct Office {
    pub stage: Stage,
    program: String,
    outgoing: Outgoing,
}

/// What becomes of what is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// It stays, in a story that is not about it.
    Kept,
    /// It is sent as soon as it is due, digests too.
    Sent,
}

impl Office {
    /// Opens it, before anything has come. Nothing happens in it but by [`Office::until`], so that every minute is known.
    pub async fn open(database: Database, service: &str) -> Self {
        let office = Self::build(database, Options::default(), Outgoing::Kept).await;
        office.stage.collector.apply_service(service).await;
        office.begin();
        office
    }

    /// Builds one that has its people, on Monday, and no service yet.
    pub async fn build(database: Database, options: Options, outgoing: Outgoing) -> Self {
        let collector = TestApp::spawn_with(database, options).await;
        let url = collector.url.clone();
        let app = collector.app.clone();
        // Nobody is told of days on which they were not there.
        app.clock.advance(millis(OPENING) - app.clock.now());
        let stage = Stage::set(collector, &url, Page::default()).await;
        for (name, role) in PEOPLE {
            stage::add_member(&app, &format!("{name}@acme.example"), name, role).await;
        }
        let name = Name::parse("CRM").unwrap();
        let token = Token::add(&app.db, &app.keys, &name, Scope::ALL, &Stamp::command(app.clock.now())).await.unwrap();
        Self { program: token.reveal().to_owned(), stage, outgoing }
    }

    /// Goes back to the moment at which it opens, however long it took to build.
    pub fn begin(&self) {
        let clock = &self.app().clock;
        clock.advance(millis(OPENING) - clock.now());
    }

    pub fn app(&self) -> &App {
        &self.stage.collector.app
    }

    /// Lets time pass until a moment, and what becomes due by it be done at its time.
    pub async fn until(&self, moment: Moment) {
        let (clock, until) = (&self.app().clock, millis(moment));
        while clock.now() < until {
            clock.advance((until - clock.now()).min(15 * MINUTE));
            self.work().await;
        }
    }

    /// Does what is due at this moment.
    pub async fn work(&self) {
        let app = self.app();
        run_due(app).await.unwrap();
        if self.outgoing == Outgoing::Sent {
            digests::plan(app).await.unwrap();
            outbox::deliver_due(app).await.unwrap();
        }
    }

    /// A browser in front of the console, at which nobody has signed in.
    pub async fn browser(&self) -> Browser {
        Browser::start(Setup { window: (1440, 1000), ..Setup::default() }).await
    }

    /// Lets a member sit down at a browser.
    pub async fn sit_down(&self, browser: &Browser, name: &str) {
        let url = &self.stage.collector.url;
        browser.driver.goto(format!("{url}/healthz")).await.unwrap();
        browser.driver.delete_all_cookies().await.unwrap();
        stage::sign_in(browser, url, &format!("{name}@acme.example")).await;
    }

    /// Opens a page of the console.
    pub async fn go(&self, browser: &Browser, path: &str) {
        browser.driver.goto(format!("{}{path}", self.stage.collector.url)).await.unwrap();
    }

    /// What a customer sends without the widget.
    pub async fn arrives(&self, message: &str, name: &str, email: &str) -> (String, String) {
        let feedback = json!({"kind": "complaint", "message": message, "contact": {"name": name, "email": email}, "locale": "zh-CN"});
        let client = self.stage.collector.client();
        let request = client.request(Method::POST, "/api/v1/sites/acme/feedback");
        let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        let receipt = client.send(request.json(&feedback)).await;
        assert_eq!(receipt.status, StatusCode::CREATED, "{}", receipt.body);
        self.work().await;
        let code = receipt.json()["code"].as_str().unwrap().to_owned();
        (self.id_of(&code).await, code)
    }

    /// The case that a code opens.
    pub async fn id_of(&self, code: &str) -> String {
        Case::by_code(self.app(), code).await.unwrap().id
    }

    /// Fetches an address of the staff API.
    pub async fn api(&self, path: &str) -> Value {
        let client = self.stage.collector.client();
        client.send(client.request(Method::GET, &format!("/api/v1{path}")).bearer_auth(&self.program)).await.json()
    }

    /// Promise, state and due time of each clock of a case, in the order in which they began.
    pub async fn clocks(&self, id: &str) -> Vec<(String, String, Option<String>)> {
        let case = self.api(&format!("/cases/{id}")).await;
        let clocks = case["case"]["clocks"].as_array().unwrap().iter();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        clocks
            .map(|clock| (word(&clock["promise"]), word(&clock["state"]), clock["due"].as_str().map(minute)))
            .collect()
    }

    /// The events of a case with the minutes at which they happened.
    pub async fn timeline(&self, id: &str) -> Vec<(String, String)> {
        let case = self.api(&format!("/cases/{id}")).await;
        let events = case["events"].as_array().unwrap().iter();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        events.map(|event| (word(&event["type"]), minute(&word(&event["at"])))).collect()
    }
}

/// Somebody at the console without a browser that draws.
pub struct Seat {
    client: Client,
    csrf: String,
}

impl Seat {
    /// Signs a member in.
    pub async fn of(office: &Office, name: &str) -> Self {
        let client = office.stage.collector.client();
        let email = format!("{name}@acme.example");
        let answer = client.post_form("/staff/sign-in", &[("email", &email), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let page = client.get("/staff/account").await.body;
        let (_, after) = page.split_once("name=\"csrf\" value=\"").unwrap();
        Self { csrf: after.split('"').next().unwrap().to_owned(), client }
    }

    /// Fetches a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.client.get(path).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let all: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", self.csrf.as_str())]).collect();
        let done = self.client.post_form(path, &all).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.body);
        done
    }
}

/// Fills in the form that a field belongs to and sends it; a field is named by its identifier.
pub async fn fill_in(browser: &Browser, fields: &[(&str, &str)], button: &str) {
    for (id, value) in fields {
        browser.find(&format!("#{id}")).await;
        let script = format!(
            "const field = document.getElementById({id:?});\
             for (let folded = field.closest('details:not([open])'); folded; folded = field.closest('details:not([open])')) folded.open = true;\
             field.value = {value:?}; field.dispatchEvent(new Event('input', {{bubbles: true}}))"
        );
        browser.run(&script).await;
    }
    press(browser, button).await;
}

/// Presses a button that leads to another page, and waits for that.
pub async fn press(browser: &Browser, button: &str) {
    let element = browser.find(button).await;
    browser.run("window.isOldPage = true").await;
    browser
        .driver
        .execute("arguments[0].scrollIntoView({block: 'center'})", vec![element.to_json().unwrap()])
        .await
        .unwrap();
    element.click().await.unwrap();
    browser.wait_for("the next page", "!window.isOldPage && document.readyState === 'complete'").await;
}

/// A moment in Unix milliseconds.
pub fn millis((day, hour, minute): Moment) -> i64 {
    parse_rfc3339(MONDAY).unwrap() + day * DAY + (hour - 9) * HOUR + minute * MINUTE
}

/// A moment as the API writes it, without its seconds, which go on while the test runs.
pub fn at(moment: Moment) -> String {
    minute(&rfc3339(millis(moment)))
}

fn minute(time: &str) -> String {
    time[..16].to_owned()
}
