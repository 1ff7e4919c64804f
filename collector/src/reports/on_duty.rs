//! How long members were on duty: what was entered of their days, and of the others the opening hours of the calendar of their team.

use std::collections::HashMap;

use super::asked::Asked;
use super::periods::{begin, day};
use crate::app::App;
use crate::auth::Member;
use crate::clock::{HOUR, MINUTE, Millis, Period};
use crate::duty;
use crate::service::Service;

/// What was entered of members, by their address.
#[derive(Debug, Default)]
pub(super) struct OnDuty {
    entered: HashMap<String, Vec<Span>>,
}

/// A time of which it was entered how long somebody was on duty.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    from: Millis,
    to: Millis,
    minutes: i64,
}

impl OnDuty {
    /// What was entered of the days of a period.
    pub(super) async fn load(app: &App, asked: &Asked) -> sqlx::Result<Self> {
        let Period { from, to } = asked.period;
        let first = from.map(|from| day(from, &asked.zone));
        let last = to.map(|to| day(to - 1, &asked.zone));
        let members = Member::all(&app.db).await?;
        let mut entered: HashMap<String, Vec<Span>> = HashMap::new();
        for entry in duty::between(&app.db, first, last).await? {
            let Some(member) = members.iter().find(|member| member.id == entry.member_id) else { continue };
            let next = entry.last.tomorrow().ok();
            let ends = begin(entry.first, &asked.zone).zip(next.and_then(|next| begin(next, &asked.zone)));
            let Some((from, to)) = ends else { continue };
            entered.entry(member.email.clone()).or_default().push(Span { from, to, minutes: entry.minutes });
        }
        Ok(Self { entered })
    }

    /// The hours of a member within a period and until now; none where nothing was entered and no team of theirs has a calendar, or without a beginning.
    pub(super) fn hours(&self, address: &str, period: Period, asked: &Asked, service: &Service) -> Option<f64> {
        let from = period.from?;
        let to = period.to.unwrap_or(asked.now).min(asked.now).max(from);
        let spans = self.entered.get(address).map_or(&[] as &[Span], Vec::as_slice);
        let within: Vec<(Span, Millis, Millis)> = spans
            .iter()
            .map(|span| (*span, span.from.max(from), span.to.min(to)))
            .filter(|(_, first, last)| first < last)
            .collect();
        let entered: f64 = within
            .iter()
            // The days of an entry share it evenly.
            .map(|(span, first, last)| (span.minutes * MINUTE) as f64 * share(*first, *last, *span))
            .sum();
        let calendar = service.teams_of(address).find_map(|team| team.calendar.clone());
        if calendar.is_none() && within.is_empty() {
            return None;
        }
        let open = calendar.map_or(0, |key| {
            let calendar = service.promises.calendar(Some(key.as_str()));
            let covered: Millis = within.iter().map(|(_, first, last)| calendar.open_between(*first, *last)).sum();
            calendar.open_between(from, to) - covered
        });
        Some((entered + open as f64) / HOUR as f64)
    }
}

fn share(first: Millis, last: Millis, span: Span) -> f64 {
    (last - first) as f64 / (span.to - span.from).max(1) as f64
}
