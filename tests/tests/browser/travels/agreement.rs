//! What is known of the case in the end, by the API: when everything happened, what was promised and kept, and that all that was sent has arrived.

use serde_json::{Value, json};

use super::journey::Journey;
use crate::office::{Moment, at};

/// Compares all of it with what was played.
pub async fn check(journey: &Journey, travelled: &str, other: &str) {
    timelines_agree(journey, travelled, other).await;
    promises_agree(journey, travelled).await;
    everything_has_arrived(journey).await;
}

async fn timelines_agree(journey: &Journey, travelled: &str, other: &str) {
    let office = &journey.office;
    let happened = |events: &[(&str, Moment)]| -> Vec<(String, String)> {
        events.iter().map(|(kind, moment)| (format!("case.{kind}"), at(*moment))).collect()
    };
    assert_eq!(
        office.timeline(travelled).await,
        happened(&[
            ("created", (0, 9, 5)),
            ("team", (0, 9, 5)),
            ("acknowledged", (0, 9, 5)),
            // By mail. Whoever answers first owns it.
            ("message", (0, 9, 40)),
            ("assigned", (0, 9, 40)),
            ("status", (0, 9, 40)),
            ("message", (0, 11, 0)),
            ("resolved", (0, 11, 0)),
            ("message", (0, 14, 0)),
            ("reopened", (0, 14, 0)),
            ("due_soon", (0, 15, 30)),
            // It was due some seconds after four.
            ("breached", (0, 16, 1)),
            ("escalated", (0, 16, 1)),
            ("alarm", (0, 16, 5)),
        ])
    );
    assert_eq!(
        office.timeline(other).await,
        happened(&[
            ("created", (0, 9, 20)),
            ("acknowledged", (0, 9, 20)),
            ("message", (0, 9, 30)),
            ("assigned", (0, 9, 30)),
            ("resolved", (0, 9, 30)),
        ])
    );
    let case = office.api(&format!("/cases/{travelled}")).await["case"].take();
    let of_case = ["status", "channel", "number"].map(|field| &case[field]);
    assert_eq!(of_case, [&json!("in_progress"), &json!("widget"), &json!(1)]);
    assert_eq!((&case["team"]["key"], &case["owner"]["email"]), (&json!("delivery"), &json!("mei@acme.example")));
}

async fn promises_agree(journey: &Journey, travelled: &str) {
    let office = &journey.office;
    let clock = |promise: &str, state: &str, due: Moment| (promise.to_owned(), state.to_owned(), Some(at(due)));
    assert_eq!(
        office.clocks(travelled).await,
        [
            clock("first_response", "met", (0, 13, 5)),
            clock("resolution", "met", (3, 18, 0)),
            clock("next_response", "breached", (0, 16, 0)),
            clock("resolution", "running", (3, 18, 0)),
        ]
    );
    let report = office.api("/reports/promises?from=2026-11-30&to=2026-11-30&by=promise").await;
    let rows = report["rows"].as_array().unwrap().iter();
    let kept: Vec<Value> = rows.map(|row| json!([row["group"], row["met"], row["breached"], row["open"]])).collect();
    assert_eq!(
        kept,
        [json!(["first_response", 2, 0, 0]), json!(["next_response", 0, 1, 0]), json!(["resolution", 2, 0, 1])]
    );
    let overview = office.api("/reports/overview?from=2026-11-30&to=2026-11-30").await;
    let counted = ["received", "resolved", "open", "overdue", "reopened"].map(|column| &overview["rows"][0][column]);
    assert_eq!(json!(counted), json!([2, 1, 1, 1, 1]));
}

async fn everything_has_arrived(journey: &Journey) {
    // To the team 4, to customers 5, to members 7 with both digests.
    let sent = [("dingtalk", 1), ("email", 16), ("feishu", 4)];
    let sent = sent.map(|(channel, count)| (channel.to_owned(), "sent".to_owned(), count));
    assert_eq!(journey.outgoing().await, sent);
    assert_eq!(journey.smtp.mails().len(), 16);
    assert_eq!((journey.team_room.messages().len(), journey.lead_room.messages().len()), (4, 1));
    for room in [&journey.team_room, &journey.lead_room] {
        assert_eq!(room.refusals(), [], "the rooms took all of it at the first try");
    }
    assert_eq!(journey.imap.marked(), 2, "both mails are marked as taken");
}
