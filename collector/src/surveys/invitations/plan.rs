//! One round of asking: whoever is to be asked or reminded now gets a delivery.

use std::time::Instant;

use super::draw::{Candidate, Drawn, candidates};
use super::rows::{self, INVITATION, REMINDER, SUBJECT, insert, mark_drawn, mark_reminded, to_be_reminded};
use crate::app::App;
use crate::calendars::Calendar;
use crate::clock::{HOUR, Millis, SECOND};
use crate::db::Tx;
use crate::outbox::{CUSTOMER, NewMail, member, plan_mail};
use crate::service::Service;
use crate::service::store;
use crate::service::survey::{Audience, Survey, SurveyChannel};
use crate::sites::Site;
use crate::surveys::Window;

/// Invitations of one transaction.
const BATCH: usize = 100;
/// Mails become due this far apart, so that an answer to a customer never waits behind ten thousand invitations.
const APART: Millis = SECOND / 5;
/// Who has come to fit is looked for so often: all customers are read for it.
const LOOK_EVERY: Millis = HOUR;

/// Asks and reminds whoever is to be; gives how many mails were planned.
pub async fn invite(app: &App) -> anyhow::Result<usize> {
    let service = app.service.current().await?;
    let now = app.clock.now();
    let mut planned = 0;
    for survey in
        store::all::<Survey>(&app.db).await?.iter().filter(|survey| survey.channels.contains(&SurveyChannel::Email))
    {
        let Some(site) = app.sites.by_key(survey.site.as_str()).await? else { continue };
        if Window::at(survey, now, &service.zone_of(&site)) != Window::Open {
            continue;
        }
        let calendar = calendar_of(&service, &site);
        planned += ask(app, survey, &site, &calendar).await?;
        planned += remind(app, survey, &calendar).await?;
    }
    if planned > 0 {
        app.deliveries_wake.notify_one();
    }
    Ok(planned)
}

/// The calendar by which a site's spans are counted.
pub fn calendar_of(service: &Service, site: &Site) -> Calendar {
    service.promises.calendar_of_site(site.key()).cloned().unwrap_or_else(Calendar::always_open)
}

async fn ask(app: &App, survey: &Survey, site: &Site, calendar: &Calendar) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let has_sample = matches!(&survey.audience, Audience::Customers(sample) if sample.sample.is_some());
    match rows::draw_of(&app.db, survey.key.as_str()).await?.map(|draw| draw.at) {
        Some(at) if has_sample || now < at + LOOK_EVERY => return Ok(0),
        _ => {}
    }
    let Drawn { asked, of } = candidates(&app.db, &app.keys, site, survey, calendar, now).await?;
    let mut planned = 0;
    for (batch, round) in asked.chunks(BATCH).zip(0_i64..) {
        let started = Instant::now();
        let mut tx = app.db.begin().await?;
        for (who, place) in batch.iter().zip(round * i64::try_from(BATCH)?..) {
            let Some(id) = insert(&mut tx, survey.key.as_str(), site.id(), who, now).await? else { continue };
            plan(&mut tx, &id, INVITATION, who, now + place * APART, now).await?;
            planned += 1;
        }
        tx.commit().await?;
        app.intake.throttle(started.elapsed()).await;
    }
    // Last: what ends halfway is drawn again, the same ones, and goes on.
    if has_sample || asked.len() == of {
        mark_drawn(&app.db, survey.key.as_str(), of, asked.len(), now).await?;
    }
    Ok(planned)
}

async fn remind(app: &App, survey: &Survey, calendar: &Calendar) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let Some(asked_before) = survey.remind_after.and_then(|span| calendar.moment_before(now, span)) else {
        return Ok(0);
    };
    let mut planned = 0;
    loop {
        let ids = to_be_reminded(&app.db, survey.key.as_str(), asked_before, i64::try_from(BATCH)?).await?;
        if ids.is_empty() {
            return Ok(planned);
        }
        let started = Instant::now();
        let mut tx = app.db.begin().await?;
        for id in &ids {
            if mark_reminded(&mut tx, id, now).await? {
                let who = rows::who(&mut tx, id).await?;
                plan(&mut tx, id, REMINDER, &who, now + i64::try_from(planned)? * APART, now).await?;
                planned += 1;
            }
        }
        tx.commit().await?;
        app.intake.throttle(started.elapsed()).await;
    }
}

/// Plans the mail of an invitation: the first is the invitation, the second the reminder.
async fn plan(tx: &mut Tx, id: &str, order_no: i64, who: &Candidate, due_at: Millis, now: Millis) -> sqlx::Result<()> {
    let destination = match who {
        Candidate::Customer(_) => CUSTOMER.to_owned(),
        Candidate::Member(id) => member(id),
    };
    let mail = NewMail { subject: SUBJECT, subject_id: id, order_key: id, order_no, destination: &destination, due_at };
    plan_mail(tx, mail, now).await.map(|_| ())
}
