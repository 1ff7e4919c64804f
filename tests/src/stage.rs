//! What the tests in browsers share: a collector, a company's page, and what people do in the widget.

use crate::browser::Browser;
use crate::company::{Company, Page};
use crate::{Database, TestApp};

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
        let count = "select count(*) from cases";
        sayso::with_db!(db, pool => sqlx::query_scalar(count).fetch_one(pool).await).expect("the database answers")
    }
}

/// Types into a field of the widget.
pub async fn type_in_widget(browser: &Browser, css: &str, text: &str) {
    let field = browser.find_in_widget(css).await;
    field.send_keys(text).await.expect("it takes that");
}

/// Chooses the first kind in the widget, where none is chosen yet.
pub async fn choose_a_kind(browser: &Browser) {
    let root = "document.querySelector('sayso-widget').shadowRoot";
    let choose = format!("{root}.querySelector('[name=kind]:checked') || {root}.querySelector('[name=kind]')?.click()");
    browser.find_in_widget("#send").await;
    browser.run(&choose).await;
}

/// Clicks something in the widget. Before they send, people choose what kind it is.
pub async fn click_in_widget(browser: &Browser, css: &str) {
    if css == "#send" {
        choose_a_kind(browser).await;
    }
    browser.find_in_widget(css).await.click().await.expect("it takes that");
}

/// Writes in the form that is open, sends it, and gives the code.
pub async fn complain_in_widget(browser: &Browser) -> String {
    type_in_widget(browser, "#message", "The drawer is stuck.").await;
    click_in_widget(browser, "#send").await;
    let code = browser.find_in_widget("#code").await.text().await.expect("it has a text");
    assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
    code
}
