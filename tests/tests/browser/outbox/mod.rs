//! Nothing that a customer has sent is lost, sent twice or called sent too early, whatever the network does. The network is a proxy
//! on a real socket.

mod draft;
mod leaving;
mod pages;
mod pictures;
mod story;
mod without;

use sayso_tests::browser::{Browser, Connection, Setup};
use sayso_tests::company::Page;
use sayso_tests::proxy::{Network, Proxy};
use sayso_tests::{Database, TestApp};
use serde_json::{Value, json};

use crate::stage::{Stage, click_in_widget, type_in_widget};

/// What the customers of these tests say.
const TEXT: &str = "The drawer is stuck.";
/// The widget's shadow root.
const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";
const LISTEN: &str = "window.heard = []; for (const name of ['queued', 'submitted', 'error'])\
    document.addEventListener('sayso:' + name, ({ detail }) => heard.push([name, detail]))";

/// A customer on the company's page, with a network of their own.
struct Visit {
    stage: Stage,
    proxy: Proxy,
    browser: Browser,
}

impl Visit {
    async fn begin(page: Page, setup: Setup<'_>) -> Self {
        let collector = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
        let proxy = Proxy::before(&collector.url).await;
        let stage = Stage::set(collector, &proxy.url, page).await;
        let visit = Self { stage, proxy, browser: Browser::start(setup).await };
        visit.come().await;
        visit
    }

    async fn usual() -> Self {
        Self::begin(Page::default(), Setup::default()).await
    }

    /// Loads the page.
    async fn come(&self) {
        self.browser.driver.goto(&self.stage.company.origin).await.unwrap();
        self.browser.run(LISTEN).await;
        self.browser.find_in_widget("[part=launcher]").await;
    }

    /// Opens the form and writes, until everything that the widget needs from now on has been fetched.
    async fn write(&self, text: &str) {
        click_in_widget(&self.browser, "[part=launcher]").await;
        type_in_widget(&self.browser, "#message", text).await;
        let fetched = "['outbox', 'records', 'waiting'].every(name => performance.getEntriesByType('resource')\
            .some(entry => entry.responseEnd && entry.name.includes(name)))";
        self.browser.wait_for("the outbox", fetched).await;
    }

    async fn send(&self) {
        click_in_widget(&self.browser, "#send").await;
    }

    /// Writes and sends something that the network keeps from arriving.
    async fn leave_waiting(&self, network: Network) {
        self.write(TEXT).await;
        self.proxy.set(network);
        self.send().await;
        self.browser.find_in_widget("#outbox li.waiting").await;
    }

    async fn go_offline(&self) {
        self.proxy.set(Network::Down);
        self.browser.set_connection(Connection::Offline).await;
    }

    async fn come_online(&self) {
        self.proxy.set(Network::Up);
        self.browser.set_connection(Connection::Online).await;
    }

    /// Clicks a button of the outbox, named by the key of its text. In one step, since it is drawn anew with every try.
    async fn press(&self, way: &str) {
        let button = format!("{WIDGET}.querySelector('#outbox [data-way$={way}]:enabled')");
        self.browser.wait_for(way, &format!("{button} && ({button}.click(), true)")).await;
    }

    /// Sends what waits, by hand if it is not being sent already.
    async fn send_now(&self) {
        let press = format!("{WIDGET}.querySelector('#outbox [data-way$=outbox_now]:enabled')?.click()");
        self.browser.run(&press).await;
    }

    /// Takes the only text of the outbox back into the form.
    async fn take_back(&self) {
        self.press("outbox_change").await;
        let back = format!("!{WIDGET}.querySelector('#body').hidden && {WIDGET}.querySelector('#message').value");
        self.browser.wait_for("the text in the form", &back).await;
    }

    /// The code on the screen, in the form's thanks or in the outbox.
    async fn code(&self) -> String {
        let code = self.browser.find_in_widget("#code, #outbox output").await.text().await.unwrap();
        assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
        code
    }

    /// What is in the text field.
    async fn typed(&self) -> Value {
        self.browser.find_in_widget("#message").await;
        self.browser.run(&format!("return {WIDGET}.querySelector('#message').value")).await
    }

    /// What is on the screen of the widget.
    async fn screen(&self) -> String {
        let text = self.browser.run(&format!("return {WIDGET}.querySelector('#panel').innerText")).await;
        text.as_str().unwrap().to_owned()
    }

    /// Names of the events that the page has heard.
    async fn heard(&self) -> Value {
        self.browser.run("return heard.map(([name]) => name)").await
    }

    /// All records of the outbox, or null where there is no database.
    async fn records(&self) -> Value {
        let script = "const done = arguments[arguments.length - 1]; indexedDB.databases().then(all => {\n\
            if (!all.length) return done(null);\n\
            indexedDB.open('sayso:acme').onsuccess = ({ target: { result } }) => {\n\
              if (!result.objectStoreNames.length) return done([]);\n\
              result.transaction('outbox').objectStore('outbox').getAll().onsuccess = ({ target }) => { result.close(); done(target.result) } } })";
        self.browser.driver.execute_async(script, vec![]).await.unwrap().json().clone()
    }

    /// What this website has in its localStorage.
    async fn stored(&self) -> String {
        self.browser.run("return JSON.stringify({ ...localStorage })").await.to_string()
    }

    /// Whether every submission was the same one.
    fn assert_one_submission_repeated(&self, times: usize) {
        let seen = self.proxy.submissions();
        assert!(seen.len() >= times, "{} of {times} submissions", seen.len());
        assert!(seen.iter().all(|one| (&one.key, &one.body) == (&seen[0].key, &seen[0].body)), "{seen:?}");
    }

    /// Sends what waits over a network that works again, and gives the code: of one case, however often it was tried.
    async fn arrive_at_last(&self, times: usize) -> String {
        self.proxy.set(Network::Up);
        self.send_now().await;
        let code = self.code().await;
        assert_eq!(self.stage.cases().await, 1);
        self.assert_one_submission_repeated(times);
        code
    }

    async fn end(self) {
        self.browser.stop().await;
    }
}

/// The detail of an event that was heard.
async fn detail(visit: &Visit, name: &str) -> Value {
    let found = format!("return heard.find(([name]) => name === {})[1]", json!(name));
    visit.browser.run(&found).await
}
