//! New mails, of every program and in every encoding.

use sayso::cases::Case;
use sayso_tests::on_both_databases;

use super::{CARE, fixture, mail, only, said, take, with_a_complaint};
use crate::access::Program;

on_both_databases! {
    async fn a_new_mail_makes_a_case_in_whatever_encoding(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}"), "required=category"]).await;
        for (name, message, customer, language) in [
            ("foxmail-undeclared-gbk", "沙发什么时候送到\n\n我三个星期前订的沙发还没有到货，请问什么时候能送到？订单号是 A-4711。", "李雷", Some("zh-Hans")),
            ("docomo-iso-2022-jp", "納期について\n\nソファはいつ届きますか。注文してから三週間になります。", "山田", Some("ja")),
            ("naver-euc-kr", "배송 문의\n\n소파가 아직 도착하지 않았습니다. 언제 받을 수 있나요?", "김민수", Some("ko")),
            ("outlook-windows-1252-html", "El sofá llegó roto y nadie contesta al teléfono.\n¿Qué hago?", "José García", Some("es")),
        ] {
            let (outcome, _, case) = take(&app, fixture(name, &[])).await;
            assert_eq!(outcome, "case", "{name}");
            let case = Case::by_id(&app.app, case.as_str().unwrap()).await.unwrap();
            let lines = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(lines(&case.message), lines(message), "{name}");
            let contact = case.contact(&app.app.keys).unwrap();
            assert_eq!((contact.name(), contact.email()), (Some(customer), Some("li@example.com")), "{name}");
            assert_eq!(case.locale.as_deref(), language, "{name}");
            assert_eq!((case.kind.as_str(), case.channel.as_deref()), ("question", Some("email")));
        }
    }

    async fn files_come_along_and_what_is_not_taken_is_named(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        let (_, _, case) = take(&app, fixture("with-files", &[])).await;
        let case = Case::by_id(&app.app, case.as_str().unwrap()).await.unwrap();
        assert!(case.message.contains("Here is a picture."), "{}", case.message);
        assert!(case.message.contains("[page.html was not kept: HTML, SVG and XML are not accepted"), "{}", case.message);
        let body = Program::new(&app).await.get(&format!("/{}", case.id)).await.json();
        let files = body["attachments"].as_array().unwrap();
        assert_eq!(files.len(), 1, "{body}");
        assert_eq!(files[0]["name"], "沙发.png");
    }

    async fn a_text_that_is_longer_than_a_message_is_a_file_as_well(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        let text = format!("{}The end.", "A long line about a sofa.\r\n".repeat(800));
        let (outcome, _, case) = take(&app, mail("li@example.com", CARE, "long", "", &text)).await;
        assert_eq!(outcome, "case");
        let body = Program::new(&app).await.get(&format!("/{}", case.as_str().unwrap())).await.json();
        let case = Case::by_id(&app.app, case.as_str().unwrap()).await.unwrap();
        assert!(case.message.ends_with("[The text was longer; the whole of it is in message.txt.]"), "{}", case.message);
        assert_eq!(body["attachments"][0]["name"], "message.txt");
    }

    async fn a_quote_is_folded_in_the_console_and_nothing_is_lost(app: TestApp) {
        let (case, headers) = with_a_complaint(&app).await;
        for name in ["gmail-utf8", "163-gbk", "outlook-gb2312", "apple-big5"] {
            let (outcome, _, on) = take(&app, fixture(name, &only(&headers, &["in_reply_to", "references"]))).await;
            assert_eq!((outcome.as_str(), on.as_str()), ("message", Some(case.id.as_str())), "{name}");
        }
        let messages = sayso::cases::query::messages(&app.app, &case.id).await.unwrap();
        let new: Vec<String> = messages.iter().map(|message| message.segments().into_iter().filter(|run| !run.is_folded).map(|run| run.text).collect()).collect();
        assert_eq!(new, ["It is still broken.\nThe leg came off again.", "还没有收到退款。", "颜色不对，是镕基蓝。", "沙發還是壞的。"]);
        let whole = said(&app, &case.id).await;
        assert!(whole[0].1.contains("> we are looking into it.") && whole[2].1.contains("发送时间"), "{whole:?}");
    }
}
