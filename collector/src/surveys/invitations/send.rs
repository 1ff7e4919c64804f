//! What an invitation says, and to whom it goes: read when it is sent.

use std::sync::Arc;

use sayso_shared::{Lang, Locale};

use super::rows::{Invitation, REMINDER, is_opted_out};
use super::token::Token;
use crate::app::App;
use crate::auth::Member;
use crate::customers::customer::known;
use crate::customers::handles::hash_of_email;
use crate::customers::preferences::lang_of;
use crate::outbox::{Delivery, Failure};
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::surveys::{self, Window};
use crate::with_db;

/// A mail that invites, or reminds.
#[derive(Debug)]
pub struct Invite {
    /// The address that it goes to.
    pub to: String,
    /// Its language.
    pub lang: Lang,
    /// The site that asks.
    pub site: Arc<Site>,
    /// What it asks.
    pub survey: Survey,
    /// The personal link.
    pub token: Token,
    /// Whether they were asked before.
    pub is_reminder: bool,
    /// Whether a member is asked.
    pub is_for_member: bool,
}

/// Whoever is asked, as far as a mail goes.
struct Recipient {
    address: String,
    lang: Lang,
}

/// What a delivery is to say; why it says nothing, where there is nobody to ask any more.
pub async fn load(app: &App, delivery: &Delivery) -> anyhow::Result<Result<Invite, Failure>> {
    const GONE: Failure = Failure::Dropped("the survey is no more");
    let Some(invitation) = Invitation::by_id(&app.db, &delivery.subject_id).await? else { return Ok(Err(GONE)) };
    let (survey, site) =
        (surveys::find(&app.db, &invitation.survey).await?, app.sites.by_id(&invitation.site_id).await?);
    let (Some(survey), Some(site)) = (survey, site) else { return Ok(Err(GONE)) };
    if invitation.answered {
        return Ok(Err(Failure::Dropped("it was answered already")));
    }
    if surveys::window(app, &site, &survey).await? != Window::Open {
        return Ok(Err(Failure::Dropped("the survey is over")));
    }
    let Some(recipient) = recipient(app, &invitation, &site).await? else {
        return Ok(Err(Failure::Dropped("there is no address to send it to")));
    };
    if is_opted_out(&app.db, &hash_of_email(&app.keys, &recipient.address), site.id()).await? {
        return Ok(Err(Failure::Dropped("they want no surveys")));
    }
    let Some(token) = Token::of(&app.keys, &invitation.id) else { return Ok(Err(GONE)) };
    Ok(Ok(Invite {
        to: recipient.address,
        lang: recipient.lang,
        site,
        survey,
        token,
        is_reminder: delivery.order_no == REMINDER,
        is_for_member: invitation.member_id.is_some(),
    }))
}

async fn recipient(app: &App, invitation: &Invitation, site: &Site) -> anyhow::Result<Option<Recipient>> {
    if let Some(id) = &invitation.member_id {
        let member = Member::by_id(&app.db, id).await?.filter(|member| member.disabled_at.is_none());
        return Ok(member.map(|member| Recipient { lang: member.lang(), address: member.email }));
    }
    let Some(id) = &invitation.customer_id else { return Ok(None) };
    let known = known(&app.db, &app.keys, std::slice::from_ref(id)).await?.remove(id);
    let Some(address) = known.and_then(|known| known.emails.into_iter().next()) else { return Ok(None) };
    let select = "select feedback.locale from feedback join cases on cases.id = feedback.id \
        where cases.customer_id = $1 and feedback.locale is not null order by cases.id desc limit 1";
    let locale: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(id).fetch_optional(pool).await)?;
    let lang = locale.as_deref().and_then(Locale::parse).and_then(|locale| locale.lang());
    let wanted = [lang_of(&app.db, Some(id)).await?, lang];
    Ok(Some(Recipient { address, lang: site.settings.language_for(wanted.into_iter().flatten()) }))
}

/// By what the address of whoever was asked is known, for somebody who wants no more surveys; none if there is none any more.
pub async fn address_hash(app: &App, invitation: &Invitation, site: &Site) -> anyhow::Result<Option<String>> {
    let recipient = recipient(app, invitation, site).await?;
    Ok(recipient.map(|recipient| hash_of_email(&app.keys, &recipient.address)))
}
