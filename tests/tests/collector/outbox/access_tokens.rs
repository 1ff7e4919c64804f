//! Mail servers that take no passwords: Sayso signs in by access tokens (XOAUTH2), which a provider gives or a command prints.

use sayso::config::{Config, OAuth};
use sayso_tests::{Database, ImapServer, MailServer, Options, TestApp, TokenProvider, eventually, on_both_databases};
use serde_json::json;

use super::cases::*;
use crate::inbound::{mail, messages};

fn oauth(provider: &TokenProvider) -> OAuth {
    OAuth {
        token_url: format!("{}/token", provider.url),
        client_id: TokenProvider::CLIENT_ID.into(),
        client_secret: TokenProvider::CLIENT_SECRET.to_owned().into(),
        ..OAuth::default()
    }
}

async fn with_tokens(database: Database, server: &MailServer, oauth: OAuth) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut Config| {
        (config.smtp.url, config.smtp.user) = (url.into(), TokenProvider::USER.into());
        (config.smtp.oauth, config.outbox.schedule) = (oauth, vec![30, 30]);
    });
    TestApp::spawn_with(database, Options { settings, ..Options::default() }).await
}

async fn question(app: &TestApp) {
    submit(app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
    work(app).await;
}

on_both_databases! {
    async fn a_token_is_used_until_it_is_refused_and_then_got_anew(database: Database) {
        let (provider, server) = (TokenProvider::start().await, MailServer::start().await);
        server.let_in_by_tokens(provider.issued());
        let app = with_tokens(database, &server, oauth(&provider)).await;
        let addressed = || server.mails_to("li@example.com").len();
        question(&app).await;
        assert_eq!((addressed(), provider.grants()), (1, vec!["client_credentials".to_owned()]));
        assert_eq!(server.logins(), ["user=care auth=Bearer token-1"]);
        assert!(sayso::outbox::check::mail(&app.app.config).await.is_ok(), "`sayso doctor` signs in by a token as well");
        provider.revoke();
        question(&app).await;
        assert_eq!(addressed(), 2, "called back before its end, it was got anew at once");
    }

    async fn a_refused_client_is_the_operator_s_trouble_and_no_mail_is_lost(database: Database) {
        let (provider, server) = (TokenProvider::start().await, MailServer::start().await);
        server.let_in_by_tokens(provider.issued());
        let wrong = OAuth { client_secret: "wrong".to_owned().into(), ..oauth(&provider) };
        let app = with_tokens(database, &server, wrong).await;
        question(&app).await;
        let row = delivery(&app).await;
        let error = row.last_error.unwrap();
        assert!(row.state == "pending" && error.contains("the provider of access tokens refuses (400 invalid_client)"), "{error}");
        let said = sayso::outbox::check::mail(&app.app.config).await.unwrap_err();
        assert_eq!(said, error, "and `sayso doctor` says the same");
    }

    async fn a_token_that_the_mail_server_does_not_take_is_named(database: Database) {
        let (provider, other, server) = (TokenProvider::start().await, TokenProvider::start().await, MailServer::start().await);
        server.let_in_by_tokens(other.issued());
        let app = with_tokens(database, &server, oauth(&provider)).await;
        question(&app).await;
        let row = delivery(&app).await;
        assert_eq!((row.state.as_str(), row.last_error.as_deref()), ("pending", Some("the mail server does not take the access token")));
    }

    async fn refresh_tokens_are_used_and_followed(database: Database) {
        let (provider, server) = (TokenProvider::start().await, MailServer::start().await);
        server.let_in_by_tokens(provider.issued());
        provider.renew_refresh_tokens();
        let by_refresh = OAuth { refresh_token: "refresh-0".to_owned().into(), ..oauth(&provider) };
        let tokens = sayso::access_tokens::AccessTokens::open(&sayso::config::TokenOrigin::Provider(Box::new(by_refresh.clone()))).unwrap();
        assert_eq!(tokens.get().await.unwrap(), "token-1");
        assert_eq!(tokens.get().await.unwrap(), "token-1", "kept until its end");
        tokens.forget("token-1").await;
        assert_eq!(tokens.get().await.unwrap(), "token-2", "by the newer refresh token: the one of the settings holds no more");
        assert_eq!(provider.grants(), ["refresh_token", "refresh_token"]);
        let app = with_tokens(database, &server, by_refresh).await;
        question(&app).await;
        let error = delivery(&app).await.last_error.unwrap();
        assert!(error.contains("invalid_grant"), "{error}");
    }

    async fn a_mailbox_is_read_by_a_token(database: Database) {
        let provider = TokenProvider::start().await;
        let server = ImapServer::start_for_tokens(&format!("{}/introspect", provider.url)).await;
        server.deliver(&mail("li@example.com", "care@acme.example", "x1", "", "By a token"));
        let (url, token_url, secret) = (server.url(), format!("{}/token", provider.url), TokenProvider::CLIENT_SECRET);
        let settings = format!(
            "url = \"{url}\"\nuser = \"care\"\nsite = \"acme\"\n[oauth]\ntoken_url = \"{token_url}\"\nclient_id = \"sayso\"\nclient_secret = \"{secret}\"\n"
        );
        let mailbox = toml::from_str(&settings).unwrap();
        let app = TestApp::spawn_working(database, move |config| drop(config.imap.insert("care".into(), mailbox))).await;
        eventually("the mail is a case", || async { messages(&app).await.len() == 1 }).await;
        assert_eq!(messages(&app).await, ["Re: hello\n\nBy a token"]);
        assert_eq!(provider.grants(), ["client_credentials"]);
    }

    async fn a_command_prints_tokens_too(database: Database) {
        let (provider, server) = (TokenProvider::start().await, MailServer::start().await);
        server.let_in_by_tokens(provider.issued());
        let known = sayso::access_tokens::AccessTokens::open(&sayso::config::TokenOrigin::Provider(Box::new(oauth(&provider)))).unwrap();
        let token = known.get().await.unwrap();
        let url = server.url();
        let settings = Box::new(move |config: &mut Config| {
            (config.smtp.url, config.smtp.user) = (url.into(), TokenProvider::USER.into());
            config.smtp.token_command = format!("echo {token}");
        });
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        question(&app).await;
        assert_eq!(server.mails_to("li@example.com").len(), 1);
    }
}
