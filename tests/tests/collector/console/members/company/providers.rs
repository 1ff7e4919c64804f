//! Signing in with an account of a real provider, which checks PKCE, the secret and the address to go back to as the standard says.

use reqwest::StatusCode;
use sayso::auth::member::Email;
use sayso::auth::{Member, Role};
use sayso_tests::real_provider::RealProvider;
use sayso_tests::{Client, Database, Options, TestApp, on_both_databases};

use crate::console::add_member;

/// A collector with the provider.
async fn open(database: Database) -> (TestApp, RealProvider) {
    let mut provider = RealProvider::reserve();
    let groups =
        "create_members = true\n[groups]\nfeedback = { role = \"agent\" }\nfeedback-leads = { role = \"manager\" }\n";
    let oidc = provider.settings(groups);
    let settings = Box::new(move |config: &mut sayso::Config| drop(config.oidc.insert("acme".to_owned(), oidc)));
    let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
    provider.start(&app.url, "acme").await;
    (app, provider)
}

/// Signs in as one of the people whom the provider knows: follows it from page to page, as a browser does, until the collector has the word.
async fn sign_in_as(app: &TestApp, client: &Client, person: &str) -> sayso_tests::Answer {
    let mut at = url::Url::parse(&app.url).unwrap();
    let mut answer = client.get("/staff/sign-in/with/acme?next=%2Fstaff%2Faccount").await;
    for _ in 0..10 {
        assert!(answer.status.is_redirection(), "{}", answer.body);
        at = at.join(answer.location()).unwrap();
        let origin = at.origin().ascii_serialization();
        let path = at.as_str()[origin.len()..].to_owned();
        answer = client.at(&origin).get(&path).await;
        if origin == app.url {
            return answer;
        }
        if answer.status == StatusCode::OK {
            assert!(answer.body.contains("<h1>Log in</h1>"), "{}", answer.body);
            answer = client.at(&origin).get(&format!("{path}?as={person}")).await;
        }
    }
    panic!("the provider leads in circles");
}

on_both_databases! {
    async fn a_certified_provider_lets_people_in(database: Database) {
        let (app, _provider) = open(database).await;
        add_member(&app, "lin", Role::Admin).await;
        let mei = app.client();
        let in_ = sign_in_as(&app, &mei, "mei").await;
        assert_eq!((in_.status, in_.location()), (StatusCode::SEE_OTHER, "/staff/account"), "{}", in_.body);
        let account = mei.get("/staff/account").await.body;
        assert!(account.contains("Mei Chen") && account.contains("mei@acme.example") && account.contains("Agent"), "{account}");
        let again = sign_in_as(&app, &app.client(), "mei").await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "and once more: {}", again.body);
        assert_eq!(sign_in_as(&app, &app.client(), "sam").await.status, StatusCode::SEE_OTHER);
        let sam = Member::by_email(&app.app.db, &Email::parse("sam@acme.example").unwrap()).await.unwrap().unwrap();
        assert_eq!(sam.role(), Role::Manager, "the last of a thousand groups counts");
        let eve = sign_in_as(&app, &app.client(), "eve").await;
        assert_eq!(eve.status, StatusCode::FORBIDDEN);
        assert!(eve.body.contains("hasn’t been verified"), "{}", eve.body);
    }
}
