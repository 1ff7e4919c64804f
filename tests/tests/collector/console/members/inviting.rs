//! Inviting members by a link: who may, what the link does and when it ceases to, and the mail that brings it.

use reqwest::StatusCode;
use sayso::auth::member::Email;
use sayso::auth::{Member, Role};
use sayso::clock::DAY;
use sayso_tests::{Answer, MailServer, Options, TestApp, on_both_databases};

use crate::console::{Desk, PASSWORD, sign_in};

const INVITE: &str = "/staff/members/invite";

/// Invites Mei; gives the answer.
async fn invite(desk: &Desk, further: &[(&str, &str)]) -> Answer {
    let fields = [
        ("email", "Mei@acme.example"),
        ("name", "Mei Chen"),
        ("role", "agent"),
        ("lang", "en"),
        ("password", PASSWORD),
    ];
    let kept = fields.into_iter().filter(|(name, _)| !further.iter().any(|(other, _)| other == name));
    desk.post(INVITE, &kept.chain(further.iter().copied()).collect::<Vec<_>>()).await
}

/// The links that the page of members shows, below the collector's address.
async fn links(app: &TestApp, desk: &Desk) -> Vec<String> {
    let page = desk.client.get("/staff/members").await.body;
    let start = format!("{}/staff/join/", app.url);
    page.split(&start).skip(1).map(|rest| format!("/staff/join/{}", rest.split('<').next().unwrap())).collect()
}

/// The addresses to which the forms of open invitations lead.
async fn actions(desk: &Desk) -> Vec<String> {
    let page = desk.client.get("/staff/members").await.body;
    let start = "action=\"/staff/members/invitations/";
    page.split(start)
        .skip(1)
        .map(|rest| format!("/staff/members/invitations/{}", rest.split('"').next().unwrap()))
        .collect()
}

async fn actions_in_the_log(app: &TestApp) -> Vec<String> {
    let select = "select action from audit_log where object like 'invitation/%' order by number";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap()
}

on_both_databases! {
    async fn whoever_is_invited_chooses_a_password_and_is_in(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        app.apply_service("[[team]]\nkey = 'delivery'\nname = 'Delivery'\n[[team]]\nkey = 'billing'\nname = 'Billing'\n").await;
        app.app.clock.advance(1_000);
        for (wrong, said) in [
            (("email", "mei"), "Please enter an email"),
            (("name", " "), "name-error"),
            (("role", "owner"), "Please choose a role."),
            (("email", "LIN@acme.example"), "This person is a member already."),
            (("password", "wrong"), "password-error"),
        ] {
            let refused = invite(&lin, &[wrong]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
            assert!(refused.body.contains(&format!("id=\"{}-error\"", wrong.0)), "the reason stands at the field {wrong:?}: {}", refused.body);
            assert!(refused.body.contains(said) || wrong.0 == "email", "{said}: {}", refused.body);
            assert!(!refused.body.contains(PASSWORD), "what was typed is kept, but for the password");
        }
        assert_eq!(actions_in_the_log(&app).await, [""; 0]);
        let invited = invite(&lin, &[("team:delivery", "1"), ("team:gone", "1")]).await;
        assert_eq!(invited.location(), "/staff/members?done=invited#invitations", "{}", invited.body);
        let page = lin.client.get("/staff/members?done=invited").await.body;
        assert!(page.contains("Copy the link below") && page.contains("Agent · Delivery"), "{page}");
        let twice = invite(&lin, &[]).await;
        assert!(twice.status == StatusCode::UNPROCESSABLE_ENTITY && twice.body.contains("has been invited already"), "{}", twice.body);
        let link = links(&app, &lin).await.pop().expect("without a mail server the page shows the link");
        let client = app.client();
        for _ in 0..2 {
            let shown = client.get(&link).await;
            assert_eq!(shown.status, StatusCode::OK, "a mail scanner uses nothing up");
            assert!(shown.body.contains("Hello Mei Chen") && shown.body.contains("value=\"mei@acme.example\""), "{}", shown.body);
        }
        assert_eq!(sign_in(&client, "mei", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody is a member before they answer");
        for weak in ["short", "mei chen 12345", ""] {
            let refused = client.post_form(&link, &[("password", weak)]).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("password-error"), "{weak}");
        }
        let joined = client.post_form(&link, &[("password", "purple giraffes wake")]).await;
        assert_eq!((joined.status, joined.location()), (StatusCode::SEE_OTHER, "/staff"), "{}", joined.body);
        assert_eq!(client.get("/staff/cases").await.status, StatusCode::OK);
        let mei = Member::by_email(&app.app.db, &Email::parse("mei@acme.example").unwrap()).await.unwrap().unwrap();
        assert_eq!((mei.role(), mei.name.as_str()), (Role::Agent, "Mei Chen"));
        app.app.clock.advance(1_000);
        let service = app.app.service.current().await.unwrap();
        assert_eq!(service.teams_of(&mei.email).map(|team| team.key.as_str()).collect::<Vec<_>>(), ["delivery"]);
        assert_eq!(sign_in(&app.client(), "mei", "purple giraffes wake").await.status, StatusCode::SEE_OTHER);
        assert_eq!(app.client().get(&link).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.client().post_form(&link, &[("password", "purple giraffes yawn")]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(links(&app, &lin).await, [""; 0]);
        assert_eq!(actions_in_the_log(&app).await, ["member.invite"]);
        let details = "select details from audit_log where action in ('member.invite', 'member.add')";
        let details: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(details).fetch_all(pool).await).unwrap();
        let token = link.split(['/', '?']).nth(3).unwrap();
        assert!(details.iter().all(|details| !details.contains(token)), "{details:?}");
        let known = crate::privacy::everything_stored(&app).await;
        assert!(!known.contains(token), "whoever reads the database has no link");
    }

    async fn sent_again_the_link_of_before_is_none_and_withdrawn_none_works(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        invite(&lin, &[]).await;
        let [again, withdraw] = actions(&lin).await.try_into().unwrap();
        let first = links(&app, &lin).await.pop().unwrap();
        assert_eq!(lin.post(&again, &[]).await.status, StatusCode::SEE_OTHER);
        let second = links(&app, &lin).await.pop().unwrap();
        assert_eq!((app.client().get(&first).await.status, app.client().get(&second).await.status), (StatusCode::NOT_FOUND, StatusCode::OK));
        app.app.clock.advance(7 * DAY);
        lin_again(&app, &lin).await;
        let late = app.client().post_form(&second, &[("password", PASSWORD)]).await;
        assert_eq!(late.status, StatusCode::NOT_FOUND, "a week is over");
        let desk = Desk::of_member(&app, "lin", lin.member_id.clone()).await;
        assert!(desk.client.get("/staff/members").await.body.contains("Expired") && links(&app, &desk).await.is_empty());
        assert_eq!(desk.post(&again, &[]).await.status, StatusCode::SEE_OTHER);
        let third = links(&app, &desk).await.pop().unwrap();
        assert_eq!(app.client().get(&third).await.status, StatusCode::OK);
        assert_eq!(desk.post(&withdraw, &[]).await.location(), "/staff/members?done=withdrawn");
        assert_eq!(app.client().post_form(&third, &[("password", PASSWORD)]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(desk.post(&withdraw, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(desk.post(&again, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(actions_in_the_log(&app).await, ["member.invite", "member.invite.again", "member.invite.again", "member.invite.withdraw"]);
        let forged = format!("{}A", &third.split('?').next().unwrap()[..third.find('?').unwrap() - 1]);
        assert_eq!(app.client().get(&forged).await.status, StatusCode::NOT_FOUND);
    }

    async fn of_two_who_answer_at_once_one_is_in(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        invite(&lin, &[]).await;
        let link = links(&app, &lin).await.pop().unwrap();
        let (here, there) = (app.client(), app.client());
        let answer = [("password", "purple giraffes wake")];
        let (first, second) = tokio::join!(here.post_form(&link, &answer), there.post_form(&link, &answer));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND], "{} {}", first.body, second.body);
        let members: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select count(*) from members").fetch_one(pool).await).unwrap();
        assert_eq!(members, 2);
    }

    async fn only_admins_invite(app: TestApp) {
        let admin = Desk::of(&app, "lin", Role::Admin).await;
        invite(&admin, &[]).await;
        let routes = actions(&admin).await;
        for role in [Role::Manager, Role::Agent, Role::Viewer, Role::Partner] {
            let desk = Desk::of(&app, role.as_str(), role).await;
            assert_eq!(invite(&desk, &[("email", "tom@acme.example")]).await.status, StatusCode::FORBIDDEN, "{role:?}");
            for route in &routes {
                assert_eq!(desk.post(route, &[]).await.status, StatusCode::FORBIDDEN, "{role:?} {route}");
            }
        }
        let nobody = app.client().post_form(INVITE, &[("email", "tom@acme.example")]).await;
        assert_eq!(nobody.status, StatusCode::SEE_OTHER);
        let forged = admin.client.post_form(INVITE, &[("email", "tom@acme.example"), ("csrf", "x")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        assert_eq!(actions_in_the_log(&app).await, ["member.invite"]);
    }

    async fn the_command_line_invites_too(app: TestApp) {
        let arguments = ["member", "invite", "mei@acme.example", "--name", "Mei Chen", "--role", "manager", "--lang", "zh-Hans"];
        let (done, said) = app.command(&arguments).await;
        assert!(done && said.contains("pass the link on") && said.contains("/staff/join/"), "{said}");
        let path = format!("/staff/join/{}", said.split("/staff/join/").nth(1).unwrap().trim());
        let client = app.client();
        let joined = client.post_form(&path, &[("password", "purple giraffes wake")]).await;
        assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.body);
        assert!(client.get("/staff/account").await.body.contains("<html lang=\"zh-Hans\">"));
        let (done, said) = app.command(&arguments).await;
        assert!(!done && said.contains("is a member already"), "{said}");
        let (done, said) = app.command(&["member", "invite", "tom@acme.example", "--name", "Tom", "--role", "agent", "--team", "gone"]).await;
        assert!(!done && said.contains("there is no team gone"), "{said}");
    }
}

on_both_databases! {
    async fn the_mail_brings_the_link_in_the_language_that_was_chosen(database: Database) {
        let server = MailServer::start().await;
        let url = server.url();
        let settings = Box::new(move |config: &mut sayso::Config| config.smtp.url = url.into());
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        let mut texts = Vec::new();
        for lang in ["en", "zh-Hans", "zh-Hant", "zh-HK"] {
            let email = format!("mei@{lang}.example");
            assert_eq!(invite(&lin, &[("email", &email), ("lang", lang)]).await.status, StatusCode::SEE_OTHER);
            sayso::outbox::deliver_due(&app.app).await.unwrap();
            let mail = server.mails_to(&email.to_lowercase()).pop().expect("it is sent");
            let (_, rest) = mail.text().split_once(&app.url).map(|(before, rest)| (before.to_owned(), rest.to_owned())).expect("a link");
            let path = rest.lines().next().unwrap().to_owned();
            let page = app.client().get(&path).await;
            assert!(page.status == StatusCode::OK && page.body.contains(&format!("<html lang=\"{lang}\">")), "{path}: {}", page.body);
            let host = app.url.trim_start_matches("http://");
            texts.push(format!("{}\n\n{}", mail.subject(), mail.text()).replace(&path, "/staff/join/TOKEN").replace(&app.url, "https://feedback.example.com").replace(host, "feedback.example.com"));
        }
        insta::assert_snapshot!("invitations", texts.join("\n==========\n\n"));
        let page = lin.client.get("/staff/members").await.body;
        assert!(!page.contains("/staff/join/") && page.contains("Send again"), "whom a mail reaches, an admin need not: {page}");
    }
}

/// A week later the session of the admin is over.
async fn lin_again(app: &TestApp, lin: &Desk) {
    assert_eq!(lin.client.get("/staff/members").await.status, StatusCode::SEE_OTHER);
    assert_eq!(sign_in(&app.client(), "lin", PASSWORD).await.status, StatusCode::SEE_OTHER);
}
