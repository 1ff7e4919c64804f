//! How a customer wants to be dealt with, as they told the staff: in which language, by which channel, and when.
//!
//! The language is that of mails to them. The channel is about what we begin ourselves: who prefers the phone is asked for no opinion by mail, who prefers
//! mail is drawn for no check call, and who wants nothing is neither asked nor called. Answers to their own cases come by mail all the same.

use sayso_shared::Lang;
use sayso_shared::masking::{Masking, mask};
use sayso_shared::text::Text;

use super::customer::Customer;
use crate::cases::status::words;
use crate::db::{Db, Tx};
use crate::keys::Keys;
use crate::{with_db, with_tx};

/// Characters of the times at which a customer can be reached.
pub const TIMES_MAX: usize = 200;

words! {
    /// How a customer wants to be reached on our own account.
    PreferredChannel {
        /// By mail.
        Email = "email",
        /// On the phone.
        Phone = "phone",
        /// Not at all.
        None = "none",
    }
}

/// When a customer can be reached, in their own words.
pub type Times = Text<TIMES_MAX>;

/// What of it is to be another. What is none stays.
#[derive(Clone, Default)]
pub struct PreferencesPatch {
    /// The language of mails.
    pub lang: Option<Option<Lang>>,
    /// How they want to be reached.
    pub channel: Option<Option<PreferredChannel>>,
    /// When.
    pub times: Option<Option<Times>>,
}

impl PreferencesPatch {
    /// Whether nothing is to be another.
    pub fn is_empty(&self) -> bool {
        let Self { lang, channel, times } = self;
        lang.is_none() && channel.is_none() && times.is_none()
    }
}

impl Customer {
    /// The language of mails to them, where they have said one.
    pub fn lang(&self) -> Option<Lang> {
        self.preferred_lang.as_deref().and_then(Lang::for_tag)
    }

    /// How they want to be reached, where they have said so.
    pub fn channel(&self) -> Option<PreferredChannel> {
        self.preferred_channel.as_deref().and_then(PreferredChannel::parse)
    }

    /// When they can be reached, decrypted.
    pub fn times(&self, keys: &Keys) -> Option<String> {
        keys.decrypt_text(&times_context(&self.id), self.times_cipher.as_deref()?)
    }
}

/// The language of mails to a customer, where they have said one.
pub async fn lang_of(db: &Db, customer_id: Option<&str>) -> sqlx::Result<Option<Lang>> {
    let Some(id) = customer_id else { return Ok(None) };
    let select = "select coalesce(preferred_lang, '') from customers where id = $1";
    let lang: Option<String> = with_db!(db, pool => sqlx::query_scalar(select).bind(id).fetch_optional(pool).await)?;
    Ok(lang.as_deref().and_then(Lang::for_tag))
}

/// Writes what is another now; says whether anything is.
pub(super) async fn write(tx: &mut Tx, keys: &Keys, before: &Customer, patch: &PreferencesPatch) -> sqlx::Result<bool> {
    let lang = patch.lang.unwrap_or(before.lang());
    let channel = patch.channel.unwrap_or(before.channel());
    let times = match &patch.times {
        Some(times) => times.clone().map(|times| mask(times.into_string(), Masking::Cards)),
        None => before.times(keys),
    };
    if (lang, channel, &times) == (before.lang(), before.channel(), &before.times(keys)) {
        return Ok(false);
    }
    let cipher = times.map(|times| keys.encrypt(&times_context(&before.id), times.as_bytes()));
    let update = "update customers set preferred_lang = $1, preferred_channel = $2, times_cipher = $3 where id = $4";
    with_tx!(tx, conn => sqlx::query(update).bind(lang.map(Lang::as_str)).bind(channel.map(PreferredChannel::as_str)).bind(cipher)
        .bind(&before.id).execute(conn).await.map(|_| ()))?;
    Ok(true)
}

/// Where the ciphertext of the times belongs.
pub(crate) fn times_context(customer_id: &str) -> String {
    format!("customer/{customer_id}/times")
}
