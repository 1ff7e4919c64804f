//! What a member answers by mail: whatever their program quotes of ours, and however it marks that, the customer hears the answer and nothing else.

use sayso::cases::Case;
use sayso::cases::staff;
use sayso_tests::{Mail, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{mail, mails, said, take, with_a_complaint};
use crate::outbox::cases::{member, work};

const ANSWER: &str = "Dear Li Lei,\na new leg is on its way.";
const NOTE: &str = "No refund for this one.\nThey are on the black list of the shop.";

/// How programs of each language introduce what they quote.
const INTRODUCTIONS: [&str; 16] = [
    "On Tue, 24 Nov 2026 at 10:00, Acme <{ours}> wrote:",
    "From: Acme <{ours}>\nSent: Tuesday, November 24, 2026 10:00\nTo: Lee\nSubject: {subject}",
    "Le mar. 24 nov. 2026 à 10:00, Acme <{ours}> a écrit :",
    "________________________________\nDe : Acme <{ours}>\nEnvoyé : mardi 24 novembre 2026 10:00\nÀ : Lee\nObjet : {subject}",
    "De: Acme <{ours}>\nEnviado el: martes, 24 de noviembre de 2026 10:00\nPara: Lee\nAsunto: {subject}",
    "De: Acme <{ours}>\nEnviada em: terça-feira, 24 de novembro de 2026 10:00\nPara: Lee\nAssunto: {subject}",
    "Da: Acme <{ours}>\nInviato: martedì 24 novembre 2026 10:00\nA: Lee\nOggetto: {subject}",
    "Am Di., 24. Nov. 2026 um 10:00 Uhr schrieb Acme <{ours}>:",
    "2026年11月24日(火) 10:00 Acme <{ours}>:",
    "差出人: Acme <{ours}>\n送信日時: 2026年11月24日 10:00\n宛先: Lee\n件名: {subject}",
    "보낸 사람: Acme <{ours}>\n보낸 날짜: 2026년 11월 24일 화요일 오전 10:00\n받는 사람: Lee\n제목: {subject}",
    "От: Acme <{ours}>\nОтправлено: 24 ноября 2026 г. 10:00\nКому: Lee\nТема: {subject}",
    "من: Acme <{ours}>\nتم الإرسال: الثلاثاء، 24 نوفمبر 2026 10:00\nإلى: Lee\nالموضوع: {subject}",
    "प्रेषक: Acme <{ours}>\nभेजा गया: मंगलवार, 24 नवंबर 2026 10:00\nप्रति: Lee\nविषय: {subject}",
    "------------------ 原始邮件 ------------------\n发件人: \"Acme\" <{ours}>\n发送时间: 2026年11月24日(星期二) 上午10:00\n收件人: \"Lee\"\n主题: {subject}",
    "Feladó: Acme <{ours}>\nElküldve: 2026. november 24.\nCímzett: Lee\nTárgy: {subject}",
];

/// A case with a note, and the mail by which a member hears of it.
async fn with_a_note(app: &TestApp) -> (Case, Mail) {
    let (case, _) = with_a_complaint(app).await;
    let (lee, mei) = (member(app, "Lee").await, member(app, "Mei").await);
    // Since both of them may read it.
    staff::assign(&app.app, &case.id, &sayso::cases::Actor::System, Some(&lee)).await.unwrap();
    let note = staff::Body::parse(&format!("{NOTE}\n@{lee}@acme.example")).unwrap();
    staff::add_note(&app.app, &case.id, &mei, &note).await.unwrap();
    work(app).await;
    let told = mails(app).into_iter().rfind(|mail| mail.header("To").contains(&lee)).unwrap();
    assert!(told.text().contains("They are on the black list"), "it is about the note: {}", told.text());
    (case, told)
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>\n")
}

/// The answers that were sent to the customer.
async fn answers(app: &TestApp, case: &Case) -> Vec<String> {
    said(app, &case.id).await.into_iter().filter(|(author, _)| author == "staff").map(|(_, body)| body).collect()
}

on_both_databases! {
    async fn the_customer_hears_the_answer_alone_in_whatever_language_the_program_quotes(app: TestApp) {
        let (case, told) = with_a_note(&app).await;
        let (ours, member) = (told.header("Reply-To").trim_matches(['<', '>']).to_owned(), told.header("To"));
        assert!(told.text().starts_with("— Write your answer above this line —\n"), "{}", told.text());
        for (n, introduction) in INTRODUCTIONS.iter().enumerate() {
            let introduction = introduction.replace("{ours}", &ours).replace("{subject}", &told.subject());
            let quoted: Vec<String> = told.text().lines().map(|line| format!("> {line}")).collect();
            let plain = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
            let page = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n";
            let body = told.html();
            let body = body.split_once("<body>").unwrap().1.split_once("</body>").unwrap().0;
            for (kind, head, text) in [
                ("marked", plain, format!("#reply\n{ANSWER}\n\n{introduction}\n{}", quoted.join("\n"))),
                ("bare", plain, format!("#reply\n{ANSWER}\n\n{introduction}\n\n{}", told.text())),
                ("html", page, format!("<div>#reply</div><div>{}</div><br><div>{}</div><div>{body}</div>", html(ANSWER), html(&introduction))),
            ] {
                let before = answers(&app, &case).await.len();
                let (outcome, reason, _) = take(&app, mail(&member, &ours, &format!("{kind}{n}"), head, &text)).await;
                assert_eq!((outcome.as_str(), reason), ("reply", Value::Null), "{kind}: {introduction}");
                let answers = answers(&app, &case).await;
                assert_eq!((answers.len(), answers.last().unwrap().as_str()), (before + 1, ANSWER), "{kind}: {introduction}");
            }
        }
        work(&app).await;
        let to_customer = mails(&app).into_iter().filter(|mail| mail.header("To").contains("li@example.com"));
        for sent in to_customer.flat_map(|mail| [mail.text(), mail.html()]) {
            assert!(!sent.contains("black list") && !sent.contains("/staff/cases/") && !sent.contains(&ours), "{sent}");
        }
    }

    async fn what_still_has_lines_of_ours_is_kept_back_and_the_member_is_told(app: TestApp) {
        let (case, told) = with_a_note(&app).await;
        let (ours, member) = (told.header("Reply-To").trim_matches(['<', '>']).to_owned(), told.header("To"));
        let without_cut = told.text().split_once("\n\n").unwrap().1.to_owned();
        let left = [
            without_cut.clone(),
            "Open the case".to_owned(),
            "They are on the black list of the shop.".to_owned(),
            "They are on\nthe black list\nof the shop.".to_owned(),
            format!("-> {ours}"),
            "Sayso sends you this because you are a member of the service team.".to_owned(),
        ];
        for (n, left) in left.iter().enumerate() {
            let head = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
            let raw = mail(&member, &ours, &format!("left{n}"), head, &format!("#reply\n{ANSWER}\n\n== Acme ==\n{left}"));
            let (outcome, reason, on) = take(&app, raw).await;
            assert_eq!((outcome.as_str(), reason, on), ("note", json!("quotes_ours"), json!(case.id)), "{left}");
        }
        assert!(answers(&app, &case).await.is_empty(), "nothing goes to the customer");
        let notes: Vec<String> = said(&app, &case.id).await.into_iter().map(|(_, body)| body).collect();
        assert!(notes[1].starts_with("[Not sent to the customer]\n\nDear Li Lei,"), "what was written is kept: {notes:?}");
        assert!(notes[2].contains("was not sent to the customer"), "the case says why: {notes:?}");
        work(&app).await;
        let news = mails(&app).into_iter().rfind(|mail| mail.header("To") == member).unwrap();
        assert!(news.text().contains("Your answer by email was not sent to the customer"), "{}", news.text());
        // Sent again without what was left in it.
        let (outcome, ..) = take(&app, mail(&member, &ours, "clean", "", &format!("#reply\r\n{ANSWER}"))).await;
        assert_eq!((outcome.as_str(), answers(&app, &case).await), ("reply", vec![ANSWER.to_owned()]));
    }
}
