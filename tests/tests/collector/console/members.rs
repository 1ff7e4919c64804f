//! Who gets into the console and what they may do there: passwords, links, sessions, roles, forged forms.

mod company;
mod forgotten;
mod inviting;
mod logged;
mod tokens;

use reqwest::{Method, StatusCode};
use sayso::auth::member::Email;
use sayso::auth::{Member, Role, links};
use sayso::cases::Case;
use sayso_tests::on_both_databases;

use super::{Desk, PASSWORD, add_member, complaint, sign_in, token};

impl Desk {
    /// Goes on after something has ended the member's other sessions, by which this one has got another token for its forms.
    pub async fn renew(&mut self) {
        self.csrf = token(&self.client.get("/staff/account").await);
    }
}

on_both_databases! {
    async fn signing_in_tells_nobody_who_is_known(app: TestApp) {
        add_member(&app, "lin", Role::Agent).await;
        let client = app.client();
        let wrong = sign_in(&client, "lin", "purple giraffes wake").await;
        let unknown = sign_in(&client, "nobody", PASSWORD).await;
        for answer in [&wrong, &unknown] {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains("This email and password don’t match."));
            assert_eq!(answer.header("set-cookie"), "", "no session for whoever is not signed in");
        }
        assert_eq!(wrong.body.replace("lin@", ""), unknown.body.replace("nobody@", ""));
        let right = client.post_form("/staff/sign-in", &[("email", " Lin@ACME.example "), ("password", PASSWORD)]).await;
        assert_eq!(right.status, StatusCode::SEE_OTHER);
        let cookies: Vec<&str> = right.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()).collect();
        let session = cookies.iter().find(|cookie| cookie.starts_with("sayso_session=")).expect("a session");
        assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"), "{session}");
        assert_eq!(client.get("/staff/cases").await.status, StatusCode::OK);
    }

    async fn guessing_ends(app: TestApp) {
        add_member(&app, "lin", Role::Agent).await;
        let client = app.client();
        let mut refused = None;
        for _ in 0..40 {
            let answer = sign_in(&client, "lin", "not the password").await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                refused = Some(answer);
                break;
            }
        }
        let refused = refused.expect("there is a limit");
        assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
        assert_eq!(sign_in(&client, "lin", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn one_comes_back_to_where_one_wanted_to_go(app: TestApp) {
        add_member(&app, "lin", Role::Agent).await;
        let client = app.client();
        let away = client.get("/staff/cases?status=all&q=%E8%BF%9F").await;
        assert_eq!(away.status, StatusCode::SEE_OTHER);
        assert_eq!(away.location(), "/staff/sign-in?next=%2Fstaff%2Fcases%3Fstatus%3Dall%26q%3D%25E8%25BF%259F");
        let shown = client.get(away.location()).await;
        assert!(shown.body.contains("name=\"next\" value=\"/staff/cases?status=all&#38;q=%E8%BF%9F\""), "{}", shown.body);
        let form = [("email", "lin@acme.example"), ("password", PASSWORD)];
        let to = async |next: &str| {
            let client = app.client();
            client.post_form("/staff/sign-in", &[form[0], form[1], ("next", next)]).await.location().to_owned()
        };
        assert_eq!(to("/staff/cases?status=all").await, "/staff/cases?status=all");
        for foreign in ["https://evil.example/", "//evil.example/staff/", "/\\evil.example", "/staff/sign-in"] {
            assert_eq!(to(foreign).await, "/staff", "{foreign}");
        }
    }

    async fn forged_forms_are_refused(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}/note");
        let without = lin.client.post_form(&path, &[("body", "x")]).await;
        let wrong = lin.client.post_form(&path, &[("body", "x"), ("csrf", "A".repeat(43).as_str())]).await;
        let form = [("body", "x"), ("csrf", lin.csrf.as_str())];
        let post = || lin.client.request(reqwest::Method::POST, &path).form(&form);
        let elsewhere = lin.client.send(post().header("origin", "https://evil.example")).await;
        let null = lin.client.send(post().header("origin", "null")).await;
        let cross = lin.client.send(post().header("sec-fetch-site", "cross-site")).await;
        for answer in [without, wrong, elsewhere, null, cross] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
        }
        let signed_in = app.client();
        let login = signed_in.request(reqwest::Method::POST, "/staff/sign-in").header("origin", "https://evil.example");
        let login = signed_in.send(login.form(&[("email", "lin@acme.example"), ("password", PASSWORD)])).await;
        assert_eq!(login.status, StatusCode::FORBIDDEN);
        let sam = Desk::of(&app, "sam", Role::Agent).await;
        let of_another = lin.client.post_form(&path, &[("body", "x"), ("csrf", &sam.csrf)]).await;
        assert_eq!(of_another.status, StatusCode::FORBIDDEN, "the token is the session's own");
        assert_eq!(lin.client.send(post().header("sec-fetch-site", "same-origin")).await.status, StatusCode::SEE_OTHER);
    }

    async fn who_has_chosen_no_language_stays_in_that_of_the_sign_in_page(app: TestApp) {
        let id = add_member(&app, "lin", Role::Agent).await;
        let forget = "update members set lang = '' where id = $1";
        sayso::with_write!(&app.app.db, pool => sqlx::query(forget).bind(&id).execute(pool).await.map(|_| ())).unwrap();
        for (accepted, expected) in [("zh-TW", "zh-Hant"), ("en", "zh-Hant")] {
            let client = app.client();
            let fields = [("email", "lin@acme.example"), ("password", PASSWORD)];
            let request = client.request(Method::POST, "/staff/sign-in").header("accept-language", accepted).form(&fields);
            assert_eq!(client.send(request).await.status, StatusCode::SEE_OTHER);
            let inbox = client.get("/staff/cases").await.body;
            assert!(inbox.contains(&format!("<html lang=\"{expected}\">")) && inbox.contains("收件匣"), "{accepted}: {inbox}");
        }
        assert!(app.client().get("/staff/sign-in?lang=zh-Hant").await.body.contains("繁體中文"));
    }

    async fn roles_hold(app: TestApp) {
        let viewer = Desk::of(&app, "vi", Role::Viewer).await;
        let agent = Desk::of(&app, "sam", Role::Agent).await;
        let admin = Desk::of(&app, "lin", Role::Admin).await;
        let id = complaint(&app, "The sofa came torn").await;
        let page = viewer.client.get(&format!("/staff/cases/{id}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("/reply\""), "a viewer is offered nothing that it may not do");
        for (action, field) in [("reply", ("body", "x")), ("note", ("body", "x")), ("owner", ("owner", "me")), ("status", ("status", "waiting")), ("resolve", ("outcome", "upheld"))] {
            let answer = viewer.post(&format!("/staff/cases/{id}/{action}"), &[field, ("then", "go_on")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{action}");
        }
        for path in ["/staff/members", "/staff/mail", "/staff/start"] {
            let refused = agent.client.get(path).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
            assert!(refused.body.contains("href=\"/staff/cases\""), "there is a way on: {}", refused.body);
            assert_eq!(admin.client.get(path).await.status, StatusCode::OK, "{path}");
            assert_eq!(app.client().get(path).await.status, StatusCode::SEE_OTHER, "{path}");
        }
        let to_viewer = agent.post(&format!("/staff/cases/{id}/owner"), &[("owner", &viewer.member_id)]).await;
        assert_eq!(to_viewer.status, StatusCode::UNPROCESSABLE_ENTITY, "whoever may not act can own nothing");
    }

    async fn the_first_set_up_makes_an_admin_and_ends(app: TestApp) {
        let context = &app.app;
        let path = links::make_setup_link(&context.db, &context.keys, &context.clock).await.unwrap().expect("nobody is there");
        let client = app.client();
        assert_eq!(client.get("/setup/wrong").await.status, StatusCode::NOT_FOUND);
        for _ in 0..2 {
            assert_eq!(client.get(&path).await.status, StatusCode::OK, "opening it has no consequences");
        }
        let weak = client.post_form(&path, &[("name", "Lin Qiao"), ("email", "lin@acme.example"), ("password", "lin qiao 1234")]).await;
        assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(weak.body.contains("value=\"Lin Qiao\"") && !weak.body.contains("lin qiao 1234"), "{}", weak.body);
        let done = client.post_form(&path, &[("name", "Lin Qiao"), ("email", "lin@acme.example"), ("password", PASSWORD)]).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/staff/start"), "{}", done.body);
        let start = client.get("/staff/start").await.body;
        assert!(start.contains("data-site=&#34;acme&#34;") && start.contains("wasm-unsafe-eval"), "{start}");
        assert!(start.contains(&format!("{}/staff/cases", app.url)), "{start}");
        assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.client().post_form(&path, &[("name", "Eve"), ("email", "eve@evil.example"), ("password", PASSWORD)]).await.status, StatusCode::NOT_FOUND);
        assert!(links::make_setup_link(&context.db, &context.keys, &context.clock).await.unwrap().is_none());
    }

    async fn a_link_signs_in_once(app: TestApp) {
        let id = add_member(&app, "lin", Role::Agent).await;
        let context = &app.app;
        Member::set_password(&context.db, &id, None, &sayso::audit::Stamp::command(0)).await.unwrap();
        let path = links::make_sign_in_link(&context.db, &context.keys, &context.clock, &id).await.unwrap();
        let client = app.client();
        for _ in 0..2 {
            assert_eq!(app.client().get(&path).await.status, StatusCode::OK, "a mail scanner uses nothing up");
        }
        let signed_in = client.post_form(&path, &[]).await;
        assert_eq!((signed_in.status, signed_in.location()), (StatusCode::SEE_OTHER, "/staff/account"));
        assert_eq!(app.client().post_form(&path, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.client().get(&path).await.status, StatusCode::NOT_FOUND);
        let csrf = token(&client.get("/staff/account").await);
        let set = client.post_form("/staff/account/password", &[("csrf", &csrf), ("new", "yellow zebras run")]).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
        assert_eq!(sign_in(&app.client(), "lin", "yellow zebras run").await.status, StatusCode::SEE_OTHER);
        let old = links::make_sign_in_link(&context.db, &context.keys, &context.clock, &id).await.unwrap();
        context.clock.advance(3 * 86_400_000);
        assert_eq!(app.client().post_form(&old, &[]).await.status, StatusCode::NOT_FOUND, "has expired");
    }

    async fn a_new_password_ends_the_other_sessions(app: TestApp) {
        let here = Desk::of(&app, "lin", Role::Agent).await;
        let there = app.client();
        sign_in(&there, "lin", PASSWORD).await;
        assert_eq!(there.get("/staff/cases").await.status, StatusCode::OK);
        let change = async |current: &str, new: &str| here.post("/staff/account/password", &[("current", current), ("new", new)]).await;
        assert_eq!(change("wrong", "yellow zebras run").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(change(PASSWORD, "acme home 123").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(change(PASSWORD, "yellow zebras run").await.status, StatusCode::SEE_OTHER);
        assert_eq!(here.client.get("/staff/cases").await.status, StatusCode::OK);
        assert_eq!(there.get("/staff/cases").await.status, StatusCode::SEE_OTHER);
        assert_eq!(sign_in(&there, "lin", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        app.app.clock.advance(12 * 3_600_000);
        assert_eq!(here.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER, "a session that nobody uses ends");
    }

    async fn whoever_leaves_is_out(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Admin).await;
        let sam = Desk::of(&app, "sam", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        sam.post(&format!("/staff/cases/{id}/owner"), &[("owner", "me")]).await;
        let now = app.app.clock.now();
        let last = Member::remove(&app.app.db, &Email::parse("lin@acme.example").unwrap(), &sayso::audit::Stamp::command(now)).await;
        assert!(last.unwrap_err().to_string().contains("last admin"));
        Member::remove(&app.app.db, &Email::parse("sam@acme.example").unwrap(), &sayso::audit::Stamp::command(now)).await.unwrap();
        assert_eq!(sam.client.get("/staff/cases").await.status, StatusCode::SEE_OTHER);
        assert_eq!(sign_in(&app.client(), "sam", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(Case::by_id(&app.app, &id).await.unwrap().owner_id, None);
        assert!(lin.client.get("/staff/members").await.body.contains("Has left"));
        assert_eq!(add_member(&app, "sam", Role::Viewer).await, sam.member_id, "and may come back");
    }
}
