//! A complaint that travels: from the widget to the team's mailbox and to a room, back from an agent's mail program to the customer, again by the
//! customer's, to the room of those who lead when a promise is broken, and into the figures of the next morning. Every server on its way is a real
//! one, or a room that checks what it is posted as its vendor does. At its end all that was sent has arrived, and the API agrees to the minute.

mod agreement;
mod journey;

use sayso_tests::letters::Letter;
use sayso_tests::{Database, Mail};
use serde_json::{Value, json};

use self::journey::Journey;
use crate::office::{Seat, fill_in, press};
use crate::stage::{click_in_widget, type_in_widget};

const COMPLAINT: &str = "送货迟到了三天，没有人联系我。\n订单号 A-4711，<b>请尽快</b>处理 @所有人";
const ANSWER: &str = "李先生，您好！\n\n非常抱歉，是我们排错了车次，运费今天退回。";
/// With a letter whose second byte in GBK is that of a backslash.
const STILL: &str = "运费还没有收到，请张誠师傅查一下。\n\n金额是 ￥25.50 元。";
/// What the agent's mail program adds to every mail.
const SIGNATURE: &str = "-- \n陈美 · 安居家居";
const CUSTOMER: (&str, &str) = ("李雷", "li.lei@example.com");
const AGENT: (&str, &str) = ("陈美", "mei@acme.example");
const TEAM: &str = "delivery@acme.example";

/// The case that travels: its identifier, and its code.
struct Case {
    id: String,
    code: String,
}

async fn a_complaint_travels(database: Database) {
    let journey = Journey::begin(database).await;
    let case = complains(&journey).await;
    let told = team_is_told(&journey, &case).await;
    let other = another_is_settled(&journey).await;
    let answered = agent_answers_by_mail(&journey, &case, &told).await;
    customer_reads(&journey, &case).await;
    agent_resolves(&journey, &case).await;
    customer_answers_in_gbk(&journey, &case, &answered).await;
    team_hears_what_is_new(&journey, &case).await;
    lead_is_called(&journey, &case).await;
    morning_counts_it(&journey).await;
    agreement::check(&journey, &case.id, &other).await;
    journey.end().await;
}

/// A customer complains on the company's page.
async fn complains(journey: &Journey) -> Case {
    let (office, visitor) = (&journey.office, &journey.visitor);
    visitor.driver.goto(&office.stage.company.origin).await.unwrap();
    office.until((0, 9, 5)).await;
    click_in_widget(visitor, "[part=launcher]").await;
    click_in_widget(visitor, "label.complaint").await;
    type_in_widget(visitor, "#message", COMPLAINT).await;
    click_in_widget(visitor, "#contact").await;
    type_in_widget(visitor, "#name", CUSTOMER.0).await;
    type_in_widget(visitor, "#email", CUSTOMER.1).await;
    click_in_widget(visitor, "#send").await;
    let code = visitor.find_in_widget("#code").await.text().await.unwrap();
    let id = office.id_of(&code).await;
    office.work().await;
    Case { id, code }
}

/// The team has it in its mailbox and in its room. Gives the mail.
async fn team_is_told(journey: &Journey, case: &Case) -> Mail {
    let told = journey.mail_to(TEAM, 1).await;
    assert_eq!(told.sender(), "Acme Home <care@acme.example>");
    assert!(told.subject().starts_with("[Acme Home] 投诉 #1：送货迟到了三天"), "{}", told.subject());
    let words: String = COMPLAINT.lines().map(|line| format!("> {line}\n")).collect();
    for part in [words.as_str(), "客户：李雷\n", "负责人：暂无\n", "首次回复期限：2026年11月30日 13:05"]
    {
        assert!(told.text().contains(part), "{part} is not in {}", told.text());
    }

    let cards = journey.team_room.wait_for(1).await;
    assert_eq!(cards.len(), 1);
    let card = &cards[0]["card"];
    assert_eq!(card["header"], json!({"template": "red", "title": {"tag": "plain_text", "content": "新投诉 · #1"}}));
    let said = card["elements"][1]["text"]["content"].as_str().unwrap();
    assert!(said.starts_with("送货迟到了三天，没有人联系我。\n订单号 A-4711，"), "{said}");
    assert!(!said.contains("@所有人"), "it calls everybody in the room: {said}");
    assert_eq!(card["elements"][2]["actions"][0]["url"], json!(journey.console_url(&case.id)));
    assert_tells_no_secret(&cards[0].to_string(), case);
    told
}

/// Another customer is answered at once, so that figures of all are not those of one.
async fn another_is_settled(journey: &Journey) -> String {
    let office = &journey.office;
    office.until((0, 9, 20)).await;
    let (id, _) = office.arrives("发票抬头写错了。", "王芳", "wang@example.com").await;
    office.until((0, 9, 30)).await;
    let resolved = [("body", "新发票已发出。"), ("then", "resolve"), ("outcome", "upheld")];
    Seat::of(office, "bo").await.post(&format!("/staff/cases/{id}/reply"), &resolved).await;
    office.work().await;
    id
}

/// An agent answers the mail in her mail program, as the mail says that she can. Gives what the customer gets.
async fn agent_answers_by_mail(journey: &Journey, case: &Case, told: &Mail) -> Mail {
    let office = &journey.office;
    office.until((0, 9, 40)).await;
    let text = told.text();
    let (_, after) = text.split_once("如果第一行是 ").expect("the mail says how it is answered");
    let (marker, _) = after.split_once("，其余内容将发送给客户").expect("the mail says how it is answered");
    let typed = format!("{marker}\n{ANSWER}\n\n{SIGNATURE}");
    let letter = Letter { from: AGENT, answers: told, text: &typed, at: office.app().clock.now() };
    journey.delivered(&letter.from_outlook()).await;
    office.work().await;

    let found = office.api(&format!("/cases/{}", case.id)).await;
    let said: Vec<_> = found["messages"].as_array().unwrap().iter().map(by_whom).collect();
    assert_eq!(said, [("staff", Some("mei"), ANSWER)], "without the marker, the signature and the quote");
    assert_eq!(found["case"]["owner"]["email"], AGENT.1);

    let receipt = journey.mail_to(CUSTOMER.1, 1).await;
    assert!(
        receipt.text().contains(&case.code) && receipt.text().contains("2026年11月30日 13:05"),
        "{}",
        receipt.text()
    );
    let answered = journey.mail_to(CUSTOMER.1, 2).await;
    assert_eq!(answered.to, [CUSTOMER.1]);
    assert_eq!(answered.sender(), "Acme Home <care@acme.example>");
    assert_eq!(answered.subject(), format!("Re: {}", receipt.subject()));
    for header in ["In-Reply-To", "References", "Reply-To"] {
        assert_eq!(answered.header(header), receipt.header(header), "they are of one thread");
    }
    assert!(answered.header("References").starts_with("<case."), "{}", answered.header("References"));
    assert_ne!(answered.header("Message-ID"), receipt.header("Message-ID"));
    assert!(answered.header("Reply-To").starts_with("care+c"), "{}", answered.header("Reply-To"));
    assert!(told.header("Reply-To").starts_with("care+s"), "{}", told.header("Reply-To"));
    let automatic = [&receipt, &answered].map(|mail| mail.header("Auto-Submitted"));
    assert_eq!(automatic, ["auto-generated", ""], "a person wrote the answer");
    let words: Vec<String> = ANSWER.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    let expected = format!("李雷，您好：\n\n关于您的投诉，Acme Home 的 mei 回复如下：\n\n{}\n\n", words.join("\n"));
    assert!(answered.text().starts_with(&expected), "{}", answered.text());
    answered
}

/// The customer reads the answer on the page of the case.
async fn customer_reads(journey: &Journey, case: &Case) {
    let (office, visitor) = (&journey.office, &journey.visitor);
    office.until((0, 10, 0)).await;
    office.go(visitor, &format!("/t/{}", case.code)).await;
    let answers = "[...document.querySelectorAll('.from-staff .message-body')].map(body => body.innerText)";
    visitor.wait_for("the answer", "document.querySelector('.from-staff')").await;
    assert_eq!(visitor.run(&format!("return {answers}")).await, json!([ANSWER]));
    visitor.picture("travels-status").await;
}

/// The agent resolves it in the console.
async fn agent_resolves(journey: &Journey, case: &Case) {
    let (office, desk) = (&journey.office, &journey.desk);
    office.until((0, 11, 0)).await;
    office.sit_down(desk, "mei").await;
    office.go(desk, &format!("/staff/cases/{}", case.id)).await;
    desk.run("document.querySelector('#reply-form input[value=resolve]').checked = true").await;
    let fields = [("reply", "运费已退回，请查收。"), ("reply-outcome", "upheld")];
    fill_in(desk, &fields, "#reply-form button.primary").await;
    office.work().await;
    let found = office.api(&format!("/cases/{}", case.id)).await;
    assert_eq!((&found["case"]["status"], &found["case"]["outcome"]), (&json!("resolved"), &json!("upheld")));
    let resolved = journey.mail_to(CUSTOMER.1, 3).await.text();
    assert!(resolved.contains("> 运费已退回，请查收。") && resolved.contains("处理结论：投诉成立"), "{resolved}");
}

/// It was not solved. The customer says so by answering the mail from before, and the case goes on.
async fn customer_answers_in_gbk(journey: &Journey, case: &Case, answered: &Mail) {
    let (office, desk) = (&journey.office, &journey.desk);
    office.until((0, 14, 0)).await;
    let letter = Letter { from: CUSTOMER, answers: answered, text: STILL, at: office.app().clock.now() };
    let raw = letter.from_foxmail_in_gbk();
    assert!(std::str::from_utf8(&raw).is_err(), "its bytes are those of another encoding");
    journey.delivered(&raw).await;
    office.work().await;
    let found = office.api(&format!("/cases/{}", case.id)).await;
    assert_eq!(found["case"]["status"], "in_progress");
    let (by, name, words) = by_whom(found["messages"].as_array().unwrap().last().unwrap());
    assert_eq!((by, name), ("customer", None));
    assert!(words.starts_with(STILL) && words.contains("发件人： Acme Home <care@acme.example>"), "{words}");

    // In the console the words are there, and what they quote is folded.
    office.go(desk, &format!("/staff/cases/{}", case.id)).await;
    let last = "[...document.querySelectorAll('.thread .from-customer .message-body')].pop()";
    desk.wait_for("the quote", &format!("{last}?.querySelector('details.quoted')")).await;
    let shown = desk.run(&format!("return {last}.innerText")).await;
    let shown: Vec<&str> = shown.as_str().unwrap().split_whitespace().collect();
    let expected = format!("{STILL} 显示引用的内容");
    assert_eq!(shown, expected.split_whitespace().collect::<Vec<_>>(), "and nothing of the quote");
    let quoted = desk.run(&format!("return {last}.querySelector('details.quoted').textContent")).await;
    assert!(quoted.as_str().unwrap().contains("关于您的投诉，Acme Home 的 mei 回复如下"), "{quoted}");
    desk.run(&format!("{last}.scrollIntoView({{block: 'center'}})")).await;
    desk.picture("travels-timeline").await;
}

/// Mailbox and room hear what the customer says, and that the case goes on. What the mail quotes has the customer's address, and the code with which
/// anybody reads and writes as the customer; the room may hear of neither, and the mailbox not of the code.
async fn team_hears_what_is_new(journey: &Journey, case: &Case) {
    let cards = journey.team_room.wait_for(4).await;
    let titles: Vec<&Value> = cards[2..].iter().map(|card| &card["card"]["header"]["title"]["content"]).collect();
    assert_eq!(titles, ["客户有新回复 · #1", "客户要求重新处理 · #1"]);
    for card in &cards[2..] {
        let said = card["card"]["elements"][1]["text"]["content"].as_str().unwrap();
        assert_eq!(said, format!("{STILL}\n\n…"));
        assert_tells_no_secret(&card.to_string(), case);
    }
    journey.mail_to(TEAM, 4).await;
    let words: Vec<String> = STILL.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    let expected = format!("{}\n>\n> …\n\n客户：李雷\n", words.join("\n"));
    for mail in &journey.smtp.mails_to(TEAM)[2..] {
        assert!(mail.text().contains(&expected) && !mail.text().contains(&case.code), "{}", mail.text());
    }
}

/// Nobody answers in time. A room at DingTalk is told, and whoever is called there takes it on.
async fn lead_is_called(journey: &Journey, case: &Case) {
    let (office, desk) = (&journey.office, &journey.desk);
    office.until((0, 15, 45)).await;
    assert_eq!(journey.lead_room.messages(), [] as [Value; 0], "there is a quarter of an hour left");
    office.until((0, 16, 1)).await;
    let called = journey.lead_room.wait_for(1).await.remove(0);
    assert_eq!(called["msgtype"], "actionCard");
    assert_eq!(called["at"]["isAtAll"], false);
    let card = &called["actionCard"];
    assert_eq!(card["title"], "已升级 · #1");
    let text = card["text"].as_str().unwrap();
    assert!(text.starts_with("### 已升级 · #1\n\n") && text.contains("- **负责人**：mei"), "{text}");
    assert_tells_no_secret(text, case);
    assert_eq!(card["singleURL"], json!(journey.console_url(&case.id)));

    office.until((0, 16, 5)).await;
    office.sit_down(desk, "tom").await;
    desk.driver.goto(card["singleURL"].as_str().unwrap()).await.unwrap();
    press(desk, &format!("form[action='/staff/alarms/{}'] button", case.id)).await;
    office.work().await;
    for (address, told) in [
        ("ivy@acme.example", ["已升级给您"].as_slice()),
        ("tom@acme.example", &["团队有变动", "已超时"]),
        (AGENT.1, &["即将到期", "已超时"]),
    ] {
        let subjects: Vec<String> = journey.smtp.mails_to(address).iter().map(Mail::subject).collect();
        let expected = told.iter().map(|what| format!("[Acme Home] {what} #1：送货迟到了三天"));
        assert_eq!(subjects.len(), told.len(), "{address}: {subjects:?}");
        for (subject, expected) in subjects.iter().zip(expected) {
            assert!(subject.starts_with(&expected), "{address}: {subject}");
        }
    }
}

/// The next morning the manager's digest has the figures of the day, and the lead's those of the month.
async fn morning_counts_it(journey: &Journey) {
    let office = &journey.office;
    office.until((0, 17, 0)).await;
    let ivy = Seat::of(office, "ivy").await;
    ivy.post("/staff/account/digests", &[("day", "1"), ("hour", "8")]).await;
    office.until((1, 7, 45)).await;
    let (ivy, tom) = (journey.smtp.mails_to("ivy@acme.example").len(), journey.smtp.mails_to("tom@acme.example").len());
    assert_eq!((ivy, tom), (1, 2), "nobody is called any more, and digests are not due yet");
    office.until((1, 8, 0)).await;

    let day = journey.mail_to("ivy@acme.example", 2).await;
    assert_eq!(day.subject(), "全部团队，2026年11月30日：新增 2 条，逾期 1 条");
    let figures = [
        "新增：2（上一期：0）\n",
        "已解决：1（上一期：0）\n",
        "目前未结：1\n",
        "目前逾期：1\n",
        "本期承诺中未兑现：1（上一期：0）\n",
    ];
    for part in figures.into_iter().chain(["收到 2 条反馈，解决 1 条。", "5 个承诺中兑现了 80 %。"]) {
        assert!(day.text().contains(part), "{part} is not in {}", day.text());
    }
    assert!(day.html().contains("<img src=\"cid:chart@sayso\""), "{}", day.html());
    let (kind, png) = day.inline("chart@sayso").expect("the picture comes along");
    assert_eq!((kind.as_str(), png.get(..8)), ("image/png", Some(b"\x89PNG\r\n\x1a\n".as_slice())));

    // Tuesday is the first of December.
    let month = journey.mail_to("tom@acme.example", 3).await;
    assert_eq!(month.subject(), "配送组，2026年11月：新增 1 条，逾期 1 条");
    let figures = [
        "新增：1（上一期：0）\n",
        "已解决：0（上一期：0）\n",
        "目前未结：1\n",
        "目前逾期：1\n",
        "本期承诺中未兑现：1（上一期：0）\n",
    ];
    for part in figures.into_iter().chain(["3 个承诺中兑现了 66.7 %。"]) {
        assert!(month.text().contains(part), "{part} is not in {}", month.text());
    }
}

/// By whom something was said, under which name, and what.
fn by_whom(message: &Value) -> (&str, Option<&str>, &str) {
    (message["by"].as_str().unwrap(), message["name"].as_str(), message["body"].as_str().unwrap())
}

/// Rooms may hear what was said, and neither how the customer is reached nor by which code the case is.
fn assert_tells_no_secret(told: &str, case: &Case) {
    let plain = told.replace('\u{2060}', "");
    for secret in [case.code.as_str(), CUSTOMER.0, CUSTOMER.1] {
        assert!(!plain.contains(secret), "{secret} is in {plain}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_travels_on_sqlite() {
    a_complaint_travels(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_travels_on_postgres() {
    a_complaint_travels(Database::Postgres).await;
}
