//! Answers to mails about a case: of its customer, of members, of strangers and of programs.

use sayso::cases::{Case, Quarantine, Status, Suspicion};
use sayso_tests::on_both_databases;
use serde_json::{Value, json};

use super::{CARE, fixture, mail, mails, only, post, said, take, with_a_complaint};
use crate::outbox::cases::{member, reply, resolved, work};

on_both_databases! {
    async fn a_customer_answers_by_the_address_alone(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let to = headers[0].1.clone();
        assert!(to.starts_with("care+c") && to.ends_with("@acme.example"), "{to}");
        // QQ Mail answers without In-Reply-To and References.
        let (outcome, reason, on) = take(&app, fixture("qq-gb18030", &only(&headers, &["to"]))).await;
        assert_eq!((outcome.as_str(), reason, on), ("message", Value::Null, json!(case.id)));
        let (author, body) = said(&app, &case.id).await.remove(0);
        assert_eq!(author, "customer");
        assert!(body.starts_with("沙发腿又掉了，请尽快处理。"), "{body}");
    }

    async fn our_mails_stand_beside_those_of_the_customer(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        let (_, _, id) = take(&app, mail("Li <li@example.com>", CARE, "first", "", "The sofa came broken.")).await;
        work(&app).await;
        let receipt = mails(&app).remove(0);
        assert_eq!(receipt.header("In-Reply-To"), "<first@example.com>");
        let references = |mail: &sayso_tests::Mail| mail.header("References").split_whitespace().collect::<Vec<_>>().join(" ");
        let ours = references(&receipt).strip_prefix("<first@example.com> ").unwrap().to_owned();
        assert!(ours.starts_with("<case.") && !ours.contains(' '), "{ours}");
        take(&app, mail("Li <li@example.com>", &receipt.header("Reply-To"), "second", "", "And a leg is missing.")).await;
        let case = Case::by_id(&app.app, id.as_str().unwrap()).await.unwrap();
        let lee = member(&app, "Lee").await;
        reply(&app, &case, &lee, "A new one comes tomorrow.", resolved(&case)).await;
        work(&app).await;
        let sent = mails(&app);
        let answer = sent.iter().rfind(|mail| mail.header("To").contains("li@example.com")).unwrap();
        assert_eq!(answer.header("In-Reply-To"), "<second@example.com>");
        assert_eq!(references(answer), format!("<first@example.com> {ours} <second@example.com>"));
        // What tells the staff of it is in a thread of its own.
        let others = sent.iter().filter(|mail| !mail.header("To").contains("li@example.com"));
        assert!(others.map(references).all(|references| references == ours));
    }

    async fn a_resolved_case_is_reopened_by_a_mail(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let lee = member(&app, "Lee").await;
        reply(&app, &case, &lee, "It is done.", resolved(&case)).await;
        take(&app, fixture("163-gbk", &only(&headers, &["in_reply_to", "references"]))).await;
        assert_eq!(Case::by_id(&app.app, &case.id).await.unwrap().status(), Status::InProgress);
    }

    async fn the_same_mail_is_taken_once_whichever_way_it_comes(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let raw = fixture("gmail-utf8", &only(&headers, &["in_reply_to", "references"]));
        take(&app, raw.clone()).await;
        let again = post(&app, raw.clone(), "").await;
        assert_eq!((again.status.as_u16(), &again.json()["outcome"]), (200, &json!("message")));
        // Another server on its way wrote another line to its head.
        let relayed = [b"Received: by mx2.acme.example\r\n".as_slice(), &raw].concat();
        assert_eq!(post(&app, relayed.clone(), "").await.status.as_u16(), 200);
        // The pipe of another mailbox gave it with a site.
        post(&app, relayed, "?site=acme").await;
        assert_eq!(said(&app, &case.id).await.len(), 1);
    }

    async fn a_member_notes_and_answers_by_mail(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        let (case, _) = with_a_complaint(&app).await;
        let lee = member(&app, "Lee").await;
        sayso::cases::staff::assign(&app.app, &case.id, &sayso::cases::Actor::System, Some(&lee)).await.unwrap();
        work(&app).await;
        let notice = mails(&app).into_iter().find(|mail| mail.header("To").contains(&lee)).unwrap();
        assert!(notice.text().contains("#reply"), "{}", notice.text());
        let to = notice.header("Reply-To");
        let address = notice.header("To");
        let quote = "\r\n\r\nOn Tue, Acme <care@acme.example> wrote:\r\n> secret of the staff";
        let (outcome, ..) = take(&app, mail(&address, &to, "n1", "", &format!("I called, nobody was there.{quote}"))).await;
        assert_eq!(outcome, "note");
        let (outcome, ..) = take(&app, mail(&address, &to, "n2", "", &format!("#reply\r\nDear Li Lei,\r\na new leg is on its way.{quote}"))).await;
        assert_eq!(outcome, "reply");
        let said = said(&app, &case.id).await;
        assert_eq!(said[0], ("note".to_owned(), "I called, nobody was there.".to_owned()));
        assert_eq!(said[1], ("staff".to_owned(), "Dear Li Lei,\na new leg is on its way.".to_owned()), "without what was quoted");
        work(&app).await;
        let last = mails(&app).into_iter().rfind(|mail| mail.header("To").contains("li@example.com")).unwrap();
        assert!(last.text().contains("a new leg is on its way") && last.text().contains("You can simply reply to this email."));
        assert_eq!(last.header("Auto-Submitted"), "", "a person wrote it");
    }

    async fn a_team_answers_from_the_address_that_its_mails_come_from(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}"), "sender=lee@acme.example"]).await;
        let (case, _) = with_a_complaint(&app).await;
        let circled = mail("lee@acme.example", CARE, "c1", "", "Hello");
        assert_eq!(take(&app, circled).await.1, json!("own"), "nobody works under that address");
        let lee = crate::console::add_member(&app, "lee", sayso::auth::Role::Agent).await;
        sayso::cases::staff::assign(&app.app, &case.id, &sayso::cases::Actor::System, Some(&lee)).await.unwrap();
        work(&app).await;
        let notice = mails(&app).into_iter().rfind(|mail| mail.header("To").contains("lee@acme.example")).unwrap();
        let answer = mail("lee@acme.example", &notice.header("Reply-To"), "c2", "", "#reply\r\nOn Monday.");
        assert_eq!(take(&app, answer).await.0, "reply");
        let back = notice.header("Message-ID");
        let own = format!("From: lee@acme.example\r\nTo: {CARE}\r\nMessage-ID: {back}\r\n\r\nHello\r\n");
        assert_eq!(take(&app, own.into_bytes()).await.1, json!("own"), "what we sent is ours, whoever works there");
    }

    async fn a_stranger_does_not_speak_for_the_customer(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let (outcome, reason, on) = take(&app, mail("mallory@evil.example", &headers[0].1, "s1", "", "Please send it to my address.")).await;
        assert_eq!((outcome.as_str(), reason), ("case", json!("stranger")));
        assert!(said(&app, &case.id).await.is_empty(), "nothing was added");
        let held = Case::by_id(&app.app, on.as_str().unwrap()).await.unwrap();
        assert_eq!((held.quarantine(), held.suspicion()), (Some(Quarantine::Held), Some(Suspicion::Stranger)));
        assert_eq!(held.reference, case.number.or(Case::by_id(&app.app, &case.id).await.unwrap().number).map(|number| format!("#{number}")));
        // A guessed address leads nowhere, and a number in the subject neither.
        let forged = headers[0].1.replacen("+c", "+s", 1);
        let (outcome, reason, on) = take(&app, mail("mallory@evil.example", &forged, "s2", "X-Case: #1\r\n", "Me again")).await;
        assert_eq!((outcome.as_str(), reason), ("case", Value::Null));
        assert_ne!(on, json!(case.id));
    }

    async fn programs_are_dropped_and_what_came_back_is_noted(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let about = only(&headers, &["to", "in_reply_to", "references"]);
        let (outcome, reason, _) = take(&app, fixture("absence-unmarked", &about)).await;
        assert_eq!((outcome.as_str(), reason), ("dropped", json!("auto_reply")));
        let (outcome, reason, on) = take(&app, fixture("bounce-rfc3464", &about)).await;
        assert_eq!((outcome.as_str(), reason, on), ("bounced", json!("bounced"), json!(case.id)));
        let said = said(&app, &case.id).await;
        assert_eq!(said.len(), 1);
        assert!(said[0].0 == "note" && said[0].1.contains("5.1.1"), "{said:?}");
        // Our own mail, sent back in a circle, and one that only says our address.
        let receipt = mails(&app).remove(0).header("Message-ID");
        let own = format!("From: li@example.com\r\nTo: {CARE}\r\nMessage-ID: {receipt}\r\n\r\nHello\r\n");
        assert_eq!(take(&app, own.into_bytes()).await.1, json!("own"));
        assert_eq!(take(&app, mail(CARE, CARE, "own2", "", "Hello me")).await.1, json!("own"));
    }

    async fn a_mail_that_is_late_or_called_spam_was_not_returned_and_one_that_expired_was(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let about = only(&headers, &["to", "in_reply_to", "references"]);
        for late in ["delay-rfc3464", "delay-unmarked"] {
            assert_eq!(take(&app, fixture(late, &about)).await.0, "dropped", "{late}");
        }
        let (outcome, reason, _) = take(&app, fixture("spam-report-arf", &about)).await;
        assert_eq!((outcome.as_str(), reason), ("dropped", json!("spam_report")));
        assert!(said(&app, &case.id).await.is_empty(), "the customer may have had it");
        let (outcome, _, on) = take(&app, fixture("bounce-expired", &about)).await;
        assert_eq!((outcome.as_str(), on), ("bounced", json!(case.id)));
        assert!(said(&app, &case.id).await[0].1.contains("4.4.1"));
    }

    async fn what_is_encrypted_is_held_whole(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let raw = fixture("smime-encrypted", &only(&headers, &["to", "in_reply_to"]));
        let (outcome, reason, _) = take(&app, raw.clone()).await;
        assert_eq!((outcome.as_str(), reason), ("held", json!("encrypted")));
        assert!(said(&app, &case.id).await.is_empty());
        let listed = app.command(&["mail", "list", "--json"]).await.1;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let shown = app.command(&["mail", "show", listed[0]["id"].as_str().unwrap()]).await.1;
        assert_eq!(shown.as_bytes(), raw.as_slice(), "for somebody who has the key");
    }

    async fn whoever_had_a_mail_as_the_customer_does_not_speak_for_the_staff(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let lee = crate::console::add_member(&app, "lee", sayso::auth::Role::Admin).await;
        sayso::cases::staff::assign(&app.app, &case.id, &sayso::cases::Actor::System, Some(&lee)).await.unwrap();
        // By the address of the customer's mail, and by its identifier alone.
        let thread = format!("In-Reply-To: {}\r\n", headers[1].1);
        for (n, (to, thread)) in [(headers[0].1.as_str(), ""), (CARE, thread.as_str())].into_iter().enumerate() {
            let forged = mail("lee@acme.example", to, &format!("forged{n}"), thread, "#reply\r\nWe pay you 1,000 euros.");
            let (outcome, reason, on) = take(&app, forged).await;
            assert_eq!((outcome.as_str(), reason), ("case", json!("stranger")), "{to}");
            assert_ne!(on, json!(case.id));
        }
        assert!(said(&app, &case.id).await.is_empty());
    }

    async fn a_mail_that_could_not_be_taken_is_held_and_tried_again(app: TestApp) {
        app.apply_service("[[team]]\nkey = \"billing\"\nname = \"Billing\"\n").await;
        let raw = mail("li@example.com", CARE, "later", "", "The sofa came broken.");
        let site = sayso::sites::Site::by_key(&app.app.db, "acme").await.unwrap();
        for _ in 0..2 {
            sayso::inbound::hold_failed(&app.app, &raw, Some(&site), Some("billing")).await.unwrap();
        }
        let list = async || -> Value { serde_json::from_str(&app.command(&["mail", "list", "--json"]).await.1).unwrap() };
        let held = list().await;
        assert_eq!((held.as_array().unwrap().len(), &held[0]["outcome"], &held[0]["reason"]), (1, &json!("held"), &json!("failed")));
        for _ in 0..2 {
            sayso::housekeeping::clean_up(&app.app).await.unwrap();
        }
        let taken = list().await;
        assert_eq!((taken.as_array().unwrap().len(), &taken[0]["outcome"]), (1, &json!("case")), "once");
        let case = Case::by_id(&app.app, taken[0]["case"].as_str().unwrap()).await.unwrap();
        assert_eq!(case.team.as_deref(), Some("billing"), "that of its mailbox");
    }

    async fn a_customer_s_answer_is_taken_whatever_their_program_writes_into_its_head(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let (to, answered) = (headers[0].1.as_str(), format!("In-Reply-To: {}\r\n", headers[1].1));
        let marks = [
            "X-Auto-Response-Suppress: All",
            "Feedback-ID: 1:2:3:ses",
            "List-Unsubscribe: <mailto:x@y.example>",
            "Precedence: bulk",
            "X-Loop: desk@y.example",
        ];
        for (n, mark) in marks.iter().enumerate() {
            let raw = mail("li@example.com", to, &format!("marked{n}"), &format!("{answered}{mark}\r\n"), &format!("My real answer {n}"));
            let (outcome, reason, on) = take(&app, raw).await;
            assert_eq!((outcome.as_str(), reason, on), ("message", Value::Null, json!(case.id)), "{mark}");
        }
        let bodies: Vec<String> = said(&app, &case.id).await.into_iter().map(|(_, body)| body).collect();
        assert_eq!(bodies, (0..marks.len()).map(|n| format!("My real answer {n}")).collect::<Vec<_>>());
        // What says that a program answered is dropped all the same, and nobody else speaks for the customer.
        let absence = mail("li@example.com", to, "absence", &format!("{answered}Precedence: bulk\r\nAuto-Submitted: auto-replied\r\n"), "I am away");
        assert_eq!(take(&app, absence).await.0, "dropped");
        let list = mail("news@y.example", to, "list", "List-Unsubscribe: <mailto:x@y.example>\r\n", "Our offers");
        let (outcome, reason, on) = take(&app, list).await;
        assert_eq!((outcome.as_str(), reason), ("case", json!("stranger")));
        assert_eq!(Case::by_id(&app.app, on.as_str().unwrap()).await.unwrap().quarantine(), Some(Quarantine::Held));
        assert_eq!(said(&app, &case.id).await.len(), marks.len());
    }

    async fn a_program_that_answers_a_program_is_stopped(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        for n in 0..50 {
            take(&app, mail("li@example.com", &headers[0].1, &format!("loop{n}"), "", "I am away")).await;
        }
        let (outcome, reason, _) = take(&app, mail("li@example.com", &headers[0].1, "loop50", "", "I am away")).await;
        assert_eq!((outcome.as_str(), reason), ("held", json!("too_many")));
        assert_eq!(said(&app, &case.id).await.len(), 50);
    }

    async fn an_answer_to_a_case_that_is_closed_for_good_makes_another(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        let lee = member(&app, "Lee").await;
        reply(&app, &case, &lee, "It is done.", resolved(&case)).await;
        app.app.clock.advance(400 * sayso::clock::DAY);
        sayso::housekeeping::clean_up(&app.app).await.unwrap();
        app.app.clock.advance(400 * sayso::clock::DAY);
        let (outcome, _, on) = take(&app, mail("li@example.com", &headers[0].1, "late", "", "It broke again after a year.")).await;
        assert_eq!(outcome, "case");
        assert_ne!(on, json!(case.id));
    }
}
