//! What the tests of this folder share: a collector, a company's page, and what people do in a browser.

use sayso::App;
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::password::Password;
use sayso::auth::{Member, Role};
use sayso_shared::Lang;
use sayso_tests::browser::Browser;
use sayso_tests::company::{Company, Page};
use sayso_tests::front::Front;
pub use sayso_tests::stage::{Stage, choose_a_kind, click_in_widget, complain_in_widget, type_in_widget};
use sayso_tests::{Database, TestApp};
use thirtyfour::prelude::*;

/// The password of every member of these tests.
pub const PASSWORD: &str = "quiet harbour lantern 42";

/// A stage whose collector is behind a front, at which downloads go wrong.
pub struct Scene {
    /// The collector.
    pub collector: TestApp,
    /// What stands before it, under its public address.
    pub front: Front,
    /// The company's website.
    pub company: Company,
}

impl Scene {
    /// Opens all three; `settings` changes those of the collector.
    pub async fn open(page: Page, settings: impl FnOnce(&mut sayso::Config) + Send + 'static) -> Self {
        let (public_url, front) = Front::reserve().await;
        let collector = TestApp::spawn_working(Database::Sqlite, move |config| {
            config.public_url = public_url;
            settings(config);
        })
        .await;
        let front = Front::open(front, &collector.url);
        let (origin, listener) = Company::reserve().await;
        let company = Company::open(listener, &front.url, page).await;
        collector.set_site(&[&format!("origins={origin}")]).await;
        Self { collector, front, company }
    }
}

/// Adds a member who can sign in with [`PASSWORD`].
pub async fn add_member(app: &App, email: &str, name: &str, role: Role) -> String {
    let hash = Password::parse(PASSWORD, &[]).unwrap().hash().await.unwrap();
    let new = NewMember {
        email: Email::parse(email).unwrap(),
        name: Name::parse(name).unwrap(),
        role,
        lang: Some(Lang::ZhHans),
        password_hash: Some(hash),
    };
    Member::add(&app.db, &new, &sayso::audit::Stamp::command(app.clock.now())).await.unwrap()
}

/// Signs in at the console and waits for the inbox.
pub async fn sign_in(browser: &Browser, collector: &str, email: &str) {
    browser.driver.goto(format!("{collector}/staff/cases")).await.unwrap();
    browser.find("input[name=email]").await.send_keys(email).await.unwrap();
    let password = browser.find("input[name=password]").await;
    password.send_keys(PASSWORD).await.unwrap();
    password.send_keys(Key::Enter).await.unwrap();
    browser.wait_for("the inbox", "location.pathname === '/staff/cases' && document.readyState === 'complete'").await;
}
