//! What the tests of this folder share: a collector, a company's page, and what people do in a browser.

use sayso::App;
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::password::Password;
use sayso::auth::{Member, Role};
use sayso_shared::Lang;
use sayso_tests::browser::Browser;
pub use sayso_tests::stage::{Stage, click_in_widget, type_in_widget};
use thirtyfour::prelude::*;

/// The password of every member of these tests.
pub const PASSWORD: &str = "quiet harbour lantern 42";

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
