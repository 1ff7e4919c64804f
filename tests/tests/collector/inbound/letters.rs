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

    async fn what_only_the_html_says_is_read_with_its_lines_and_cells(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        let html = "<div>My order:</div><table><tr><td>4711</td><td>12</td></tr><tr><td>4712</td><td>3</td></tr></table>\
            <p>if price < 100 then refund</p><div>41111111</div><div>11111111</div>";
        let expected = "My order:\n4711\t12\n4712\t3\n\nif price < 100 then refund\n\n41111111\n11111111";
        let html = format!("Content-Type: text/html; charset=utf-8\r\n\r\n{html}");
        for (n, empty) in ["", " ", "\u{a0}", "\u{200b}"].into_iter().enumerate() {
            let alternative = format!("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{empty}\r\n--b\r\n{html}\r\n--b--");
            let mixed = format!("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n{alternative}\r\n--m--");
            for (container, whole) in [("html", &html), ("alternative", &alternative), ("mixed", &mixed)] {
                let (kind, text) = whole.split_once("\r\n\r\n").unwrap();
                let raw = mail("li@example.com", CARE, &format!("{container}{n}"), &format!("MIME-Version: 1.0\r\n{kind}\r\n"), text);
                let (outcome, _, case) = take(&app, raw).await;
                assert_eq!(outcome, "case");
                let case = Case::by_id(&app.app, case.as_str().unwrap()).await.unwrap();
                assert_eq!(case.message, format!("Re: hello\n\n{expected}"), "{container} {empty:?}");
            }
        }
    }

    async fn bytes_are_believed_more_than_what_is_said_of_them(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        let gbk = b"\xd6\xca\xc1\xbf\xcc\xab\xb2\xee\xa3\xac\xb7\xc7\xb3\xa3\xca\xa7\xcd\xfb".as_slice();
        for (n, (head, body, expected)) in [
            ("Content-Type: text/plain; charset=us-ascii", "Größe zu klein".as_bytes(), "Größe zu klein"),
            ("Content-Type: text/plain; charset=iso-8859-1", "质量太差".as_bytes(), "质量太差"),
            ("Content-Type: text/plain; charset=us-ascii", gbk, "质量太差，非常失望"),
            ("Content-Type: text/plain; charset=utf-8", gbk, "质量太差，非常失望"),
            ("Content-Type: text/plain; charset=utf-8", b"Gr\xf6\xdfe zu klein", "Größe zu klein"),
            ("Content-Type: text/html", &[b"<meta charset=gbk><p>".as_slice(), gbk].concat(), "质量太差，非常失望"),
            ("Content-Type: text/plain; charset=iso-2022-cn", b"plain text", "plain text"),
            ("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", b"VGhlIGFtb3VudCBpcyAxMjUwMA", "The amount is 12500"),
            ("Content-Type: text/plain\r\nContent-Transfer-Encoding: BASE64 (c)", b"VGhlIGFtb3VudCBpcyAxMjUwMA==\r\n-- \r\nScanned by Gateway", "The amount is 12500"),
        ].into_iter().enumerate() {
            let raw = [&mail("li@example.com", CARE, &format!("bytes{n}"), &format!("MIME-Version: 1.0\r\n{head}\r\n"), "")[..], body].concat();
            let (outcome, _, case) = take(&app, raw).await;
            assert_eq!(outcome, "case", "{head}");
            let case = Case::by_id(&app.app, case.as_str().unwrap()).await.unwrap();
            assert_eq!(case.message, format!("Re: hello\n\n{expected}"), "{head}");
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
