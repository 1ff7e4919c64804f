//! What the tests of this folder share: a collector, a company's page, and what people do in a browser.

use sayso::App;
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::password::Password;
use sayso::auth::{Member, Role};
use sayso_shared::Lang;
use sayso_tests::browser::Browser;
use sayso_tests::company::{Company, Page};
use sayso_tests::{Database, TestApp};
use thirtyfour::prelude::*;

/// The password of every member of these tests.
pub const PASSWORD: &str = "quiet harbour lantern 42";

/// A collector at work, and the company whose page carries its tag.
pub struct Stage {
    /// The collector.
    pub collector: TestApp,
    /// The company's website.
    pub company: Company,
}

impl Stage {
    /// Opens both; `settings` changes those of the collector.
    pub async fn open(
        database: Database,
        page: Page,
        settings: impl FnOnce(&mut sayso::Config) + Send + 'static,
    ) -> Self {
        let collector = TestApp::spawn_working(database, settings).await;
        let url = collector.url.clone();
        Self::set(collector, &url, page).await
    }

    /// Puts the company's page before a collector, which the page reaches at `url`.
    pub async fn set(collector: TestApp, url: &str, page: Page) -> Self {
        let (origin, listener) = Company::reserve().await;
        let company = Company::open(listener, url, page).await;
        assert_eq!(company.origin, origin);
        collector.set_site(&[&format!("origins={origin}")]).await;
        Self { collector, company }
    }

    /// How many cases there are.
    pub async fn cases(&self) -> i64 {
        let db = &self.collector.app.db;
        sayso::with_db!(db, pool => sqlx::query_scalar("select count(*) from cases").fetch_one(pool).await).unwrap()
    }
}

/// Adds a member who can sign in with [`PASSWORD`].
pub async fn add_member(app: &App, email: &str, name: &str, role: Role) -> String {
    let hash = Password::parse(PASSWORD, &[]).unwrap().hash().await.unwrap();
    let new = NewMember {
        email: Email::parse(email).unwrap(),
        name: Name::parse(name).unwrap(),
        role,
        lang: Lang::ZhHans,
        password_hash: Some(hash),
    };
    Member::add(&app.db, &new, app.clock.now()).await.unwrap()
}

/// Signs in at the console and waits for the inbox.
pub async fn sign_in(browser: &Browser, collector: &str, email: &str) {
    browser.driver.goto(format!("{collector}/staff")).await.unwrap();
    browser.find("input[name=email]").await.send_keys(email).await.unwrap();
    let password = browser.find("input[name=password]").await;
    password.send_keys(PASSWORD).await.unwrap();
    password.send_keys(Key::Enter).await.unwrap();
    browser.wait_for("the inbox", "location.pathname === '/staff/cases' && document.readyState === 'complete'").await;
}

/// Types into a field of the widget.
pub async fn type_in_widget(browser: &Browser, css: &str, text: &str) {
    let field = browser.find_in_widget(css).await;
    field.send_keys(text).await.unwrap();
}

/// Clicks something in the widget.
pub async fn click_in_widget(browser: &Browser, css: &str) {
    browser.find_in_widget(css).await.click().await.unwrap();
}
