//! Deliveries on a terminal.

use crate::clock::rfc3339;
use crate::outbox::list::{Exchanged, Listed};

/// Prints deliveries, one a line, in columns.
pub fn print_table(listed: &[Listed]) {
    if listed.is_empty() {
        println!("There are no such deliveries.");
        return;
    }
    let target_width = listed.iter().map(|one| one.target.chars().count()).max().unwrap_or_default();
    let event_width = listed.iter().map(|one| event(one).len()).max().unwrap_or_default();
    for one in listed {
        let error = one.last_error.as_deref().map(|error| format!("  {error}")).unwrap_or_default();
        println!(
            "{}  {}  {:<9}  {:<target_width$}  {:<10}  {:<event_width$}  {:>2}{error}",
            one.id,
            rfc3339(one.created_at),
            one.state,
            one.target,
            one.channel,
            event(one),
            one.attempts,
        );
    }
}

/// Prints all that is known of one.
pub fn print_one(one: &Listed) {
    let time = |at: Option<i64>| at.map(rfc3339);
    let rows = [
        ("id", Some(one.id.clone())),
        ("target", Some(one.target.clone())),
        ("channel", Some(one.channel.clone())),
        ("event", Some(event(one).to_owned())),
        ("case", one.case.clone()),
        ("state", Some(one.state.to_owned())),
        ("attempts", Some(one.attempts.to_string())),
        ("last_error", one.last_error.clone()),
        ("took", one.took.map(|took| format!("{took} ms"))),
        ("planned", time(Some(one.created_at))),
        ("due", time(one.due_at)),
        ("sent", time(one.sent_at)),
    ];
    for (name, value) in rows.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        println!("{name:<11} {value}");
    }
}

/// Prints what was said and heard at each attempt.
pub fn print_exchanged(attempts: &[Exchanged]) {
    for attempt in attempts {
        println!("\n{}  {} ms\n{}", rfc3339(attempt.made_at), attempt.took, attempt.request.trim_end());
        match attempt.answer.trim_end() {
            "" => println!("\n(no answer)"),
            answer => println!("\n{answer}"),
        }
    }
}

fn event(one: &Listed) -> &str {
    one.event.as_deref().unwrap_or("digest")
}
