//! Mails: to customers in their language, to teams, by SMTP or as files.

use sayso::cases::staff::FollowUp;
use sayso::cases::{Case, Status};
use sayso::inbound::address::case_of_message_id;
use sayso::sites::targets::Target;
use sayso::text::Texts;
use sayso_shared::Lang;
use sayso_tests::{Database, Mail, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;

async fn with_mail_server(database: Database, server: &MailServer) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| {
        config.smtp.url = url.into();
        config.outbox.schedule = vec![30];
    });
    TestApp::spawn_with(database, Options { settings, ..Options::default() }).await
}

/// The subject and the text, with everything that differs from run to run replaced.
async fn shown(app: &TestApp, case: &Case, mail: &Mail) -> String {
    let case = Case::by_id(&app.app, &case.id).await.unwrap();
    let mut shown = format!("{}\n\n{}", mail.subject(), mail.text());
    shown = shown
        .replace(&app.url, "https://feedback.example.com")
        .replace(&case.code(&app.app.keys).unwrap(), "7QK4-M2XH-9TRD-7");
    shown = shown.replace(&case.id, "CASE");
    for lang in Lang::ALL {
        for (moment, name) in [(Some(case.received_at), "RECEIVED"), (case.first_response_due, "DUE")] {
            if let Some(moment) = moment {
                shown = shown.replace(&Texts(lang).moment(moment), name);
            }
        }
        shown = shown.replace(&Texts(lang).day(case.received_at), "DAY");
    }
    shown
}

/// A whole conversation, and every mail that the customer gets of it.
async fn conversation(database: Database, locale: &str, name: &str, words: [&str; 5]) {
    let server = MailServer::start().await;
    let app = with_mail_server(database, &server).await;
    let lee = member(&app, "Lee").await;
    let case = submit(&app, json!({
        "kind": "complaint", "message": words[0], "locale": locale, "contact": {"name": name, "email": "li@example.com"}
    })).await;
    work(&app).await;
    reply(&app, &case, &lee, words[1], FollowUp::InProgress).await;
    work(&app).await;
    reply(&app, &case, &lee, words[2], FollowUp::Wait).await;
    work(&app).await;
    customer_writes(&app, &case, words[3]).await;
    reply(&app, &case, &lee, words[4], resolved(&case)).await;
    work(&app).await;
    let mails = server.mails_to("li@example.com");
    assert_eq!(mails.len(), 4);
    let mut text = Vec::new();
    for mail in &mails {
        text.push(shown(&app, &case, mail).await);
        assert!(mail.html().contains(&format!("<html lang=\"{}\">", Lang::for_tag(locale).unwrap().as_str())));
    }
    insta::assert_snapshot!(format!("customer_{locale}"), text.join("\n==========\n\n"));
}

on_both_databases! {
    async fn a_customer_who_reads_english(database: Database) {
        let words = ["Three days late!", "We are looking into it.\nPlease give us a day.", "Which order is it?", "SO-2291", "We are sorry. We refund the delivery."];
        conversation(database, "en-GB", "Alex", words).await;
    }

    async fn a_customer_who_reads_simplified_chinese(database: Database) {
        conversation(database, "zh-CN", "李雷", ["晚了三天！", "正在核实，请稍等一天。", "请问订单号是多少？", "SO-2291", "非常抱歉，运费已退还。"]).await;
    }

    async fn a_customer_who_reads_traditional_chinese(database: Database) {
        conversation(database, "zh-TW", "王小明", ["晚了三天！", "正在確認，請稍等一天。", "請問訂單編號是多少？", "SO-2291", "非常抱歉，運費已退還。"]).await;
    }

    async fn a_receipt_is_in_the_language_of_its_reader(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        app.set_site(&["languages=en,ja,ar,ru", "time_zone=UTC"]).await;
        for (locale, kind, lang) in [("ja-JP", "complaint", Lang::Ja), ("ar-EG", "question", Lang::Ar), ("ru", "suggestion", Lang::Ru), ("fr", "praise", Lang::En)] {
            let address = format!("{kind}@example.com");
            let case = submit(&app, json!({"kind": kind, "message": "…", "locale": locale, "contact": {"email": address}})).await;
            work(&app).await;
            let mail = server.mails_to(&address).remove(0);
            let html = mail.html();
            let (direction, side) = if lang == Lang::Ar { ("rtl", "right") } else { ("ltr", "left") };
            assert!(html.contains(&format!("<html lang=\"{}\"", lang.as_str())) && html.contains(&format!("dir=\"{direction}\"")), "{html}");
            assert!(html.contains(&format!("text-align: {side}")), "{html}");
            insta::assert_snapshot!(format!("receipt_{}", lang.as_str()), shown(&app, &case, &mail).await);
        }
    }

    async fn the_team_reads_the_customers_words(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        app.set_site(&[
            "languages=zh-Hans,en",
            r#"categories=[{"key":"delivery","kind":"complaint","label":{"en":"Delivery","zh-Hans":"送货"}}]"#,
        ]).await;
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({
            "kind": "complaint", "message": "晚了三天，\n也没有人联系我。", "category": "delivery", "rating": 1, "reference": "SO-2291",
            "desired_outcome": "退运费", "page": {"url": "https://shop.example/orders"}, "contact": {"name": "韩梅梅", "phone": "13800000000"}
        })).await;
        work(&app).await;
        reply(&app, &case, &lee, "非常抱歉，运费已退还。", resolved(&case)).await;
        customer_rates(&app, &case, json!({"score": 2, "solved": false, "comment": "没收到退款"})).await;
        work(&app).await;
        customer_writes(&app, &case, "还在吗？").await;
        work(&app).await;
        let mails = server.mails_to("team@acme.example");
        assert_eq!(mails.len(), 4);
        let mut text = Vec::new();
        for mail in &mails {
            text.push(shown(&app, &case, mail).await);
            assert!(mail.text().contains("客户：韩梅梅") && !mail.text().contains("13800000000"), "who it is, but how to reach them stays in the console");
        }
        insta::assert_snapshot!("team", text.join("\n==========\n\n"));
    }

    async fn the_receipt_acknowledges_and_repeats_nothing_that_was_typed(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let case = submit(&app, json!({
            "kind": "praise", "message": "buy at spam.example", "contact": {"name": "Spam Example", "email": "victim@example.com"}
        })).await;
        assert_eq!(case.status(), Status::New);
        work(&app).await;
        let receipt = server.mails_to("victim@example.com").remove(0);
        assert!(!String::from_utf8_lossy(&receipt.raw).to_lowercase().contains("spam"));
        assert!(!receipt.html().to_lowercase().contains("spam") && !receipt.text().to_lowercase().contains("spam"));
        let now = Case::by_id(&app.app, &case.id).await.unwrap();
        assert_eq!((now.status(), now.first_responded_at), (Status::Acknowledged, None), "an automatic receipt is not an answer");
    }

    async fn mails_say_times_in_the_sites_own_zone(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        app.set_site(&["time_zone=asia/shanghai", "name=Sofa & Co."]).await;
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        reply(&app, &case, &lee, "See https://shop.example/x", FollowUp::InProgress).await;
        work(&app).await;
        let mails = server.mails_to("li@example.com");
        let due = Texts(Lang::En).moment(case.first_response_due.unwrap() + 8 * sayso::clock::HOUR).replace("UTC", "(UTC+8)");
        assert!(mails[0].text().contains(&format!("by {due}.")), "{}", mails[0].text());
        assert!(mails[0].text().contains("with feedback to Sofa & Co. If"), "{}", mails[0].text());
        assert!(mails[1].html().contains("<a href=\"https://shop.example/x\" rel=\"noopener noreferrer nofollow\">https://shop.example/x</a>"), "{}", mails[1].html());
    }

    async fn mail_reaches_domains_of_every_script_by_every_server(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@bücher.example"}})).await;
        work(&app).await;
        assert_eq!(server.mails_to("li@xn--bcher-kva.example").len(), 1);
    }

    async fn mails_about_a_case_hang_together(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        reply(&app, &case, &lee, "Now.", FollowUp::InProgress).await;
        work(&app).await;
        let mails = server.mails_to("li@example.com");
        assert_eq!(mails.len(), 2);
        let host = "127.0.0.1";
        let rows = deliveries(&app).await;
        assert_eq!(rows.len(), 2);
        for (mail, row) in mails.iter().zip(rows) {
            let (first, own) = (mail.header("References"), mail.header("Message-ID"));
            assert_eq!((first.clone(), mail.header("In-Reply-To")), (mails[0].header("References"), first.clone()));
            for id in [&first, &own] {
                assert_eq!(case_of_message_id(&app.app.keys, id).as_ref(), Some(&case.id), "{id}");
            }
            assert!(own.starts_with(&format!("<{}.", row.id)) && own.ends_with(&format!("@{host}>")), "{own}");
            assert_eq!((mail.header("Reply-To"), mail.header("List-Id")), (String::new(), String::new()));
            assert_eq!((mail.from.as_str(), mail.header("From").as_str()), ("sayso@localhost", "\"Acme Home\" <sayso@localhost>"));
        }
        let marks: Vec<String> = mails.iter().map(|mail| mail.header("Auto-Submitted")).collect();
        assert_eq!(marks, ["auto-generated", ""], "a receipt is automatic, what a person writes is not");
    }

    async fn a_mail_server_that_refuses_is_asked_again(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        server.refuse_next(451);
        submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        assert_eq!(work(&app).await, 1);
        let row = delivery(&app).await;
        assert_eq!((row.state.as_str(), row.last_error.as_deref()), ("pending", Some("the mail server answered 451")), "without the address");
        app.app.clock.advance(34_000);
        assert_eq!(work(&app).await, 1);
        assert_eq!(server.mails_to("li@example.com").len(), 1);
    }

    async fn an_address_that_is_refused_for_good_is_not_tried_again(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        server.refuse_next(550);
        submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "gone@example.com"}})).await;
        assert_eq!(work(&app).await, 1);
        let row = delivery(&app).await;
        assert_eq!((row.state.as_str(), row.last_error.as_deref()), ("failed", Some("the mail server answered 550")));
        // A password that is wrong is the operator's trouble, and mails wait until it is right.
        server.refuse_next(535);
        submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        work(&app).await;
        let states: Vec<String> = deliveries(&app).await.into_iter().map(|row| row.state).collect();
        assert!(states.contains(&"pending".to_owned()), "{states:?}");
    }

    async fn without_a_mail_server_mails_are_files(database: Database) {
        let app = TestApp::spawn(database).await;
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        work(&app).await;
        app.app.clock.advance(5);
        reply(&app, &case, &lee, ".\nA line with a dot before.", FollowUp::InProgress).await;
        work(&app).await;
        let mut names: Vec<String> = std::fs::read_dir(app.data.path().join("mail")).unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names.len(), 2);
        assert!(names.iter().all(|name| name.ends_with(".eml")));
        let last = Mail::from_file(std::fs::read(app.data.path().join("mail").join(&names[1])).unwrap());
        assert!(last.text().contains("> .\n> A line with a dot before."), "{}", last.text());
    }

    async fn what_is_typed_makes_no_header_and_no_markup(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let message = "a\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>\u{202e}dlrow\r\n.\r\nMAIL FROM:<x@y.z>";
        submit(&app, json!({"kind": "question", "message": message, "reference": "1\r\nX-Evil: 1"})).await;
        work(&app).await;
        let mails = server.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0].to, ["team@acme.example"]);
        assert_eq!((mails[0].header("Bcc"), mails[0].header("X-Evil")), (String::new(), String::new()));
        assert!(mails[0].subject().contains("a Bcc: victim@example.com <script>") && !mails[0].subject().contains('\u{202e}'));
        assert!(!mails[0].html().contains("<script"));
        assert!(mails[0].text().contains("> .\n> MAIL FROM:<x@y.z>"), "{}", mails[0].text());
    }
}
