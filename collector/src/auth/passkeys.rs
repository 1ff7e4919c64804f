//! Passkeys (Web Authentication, level 3): a key on a member's device or in their password manager, which it unlocks by finger, face or PIN. So one is both
//! factors at once: instead of the password, and after it instead of a code. What is checked of a device's answer is the library's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16, Username,
};
use webauthn_rp::request::{AsciiDomain, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

use super::Member;
use super::member::Name;
use super::second_factor::forget_codes_without_factor;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::clock::Millis;
use crate::config::Config;
use crate::db::{Db, is_unique_violation};
use crate::http::{Error, Result};
use crate::{with_db, with_tx, with_write};
use serde_json::Value;

/// Passkeys that a member may have.
pub const MOST: usize = 20;

/// A passkey, as its member sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Passkey {
    /// As the device names it.
    pub id: String,
    /// As the member names it.
    pub name: String,
    /// When it was added.
    pub created_at: Millis,
    /// When it was used last.
    pub used_at: Option<Millis>,
}

/// What a ceremony begins with: what the collector keeps until the device has answered, and what the browser gets.
#[derive(Debug)]
pub struct Begun {
    /// For the session.
    pub state: String,
    /// For `navigator.credentials`, as JSON.
    pub options: String,
}

/// Why a device's answer is not accepted; the member is told that it did not work, and can try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// For whom passkeys hold: the host of the console's address, and pages of this very address.
struct RelyingParty {
    id: RpId,
    origin: String,
}

impl RelyingParty {
    fn of(config: &Config) -> Option<Self> {
        let url: url::Url = config.console("/").parse().ok()?;
        // Browsers know no passkeys of an IP address, nor on plain HTTP but for this very machine.
        let host = url.domain()?.to_owned();
        let is_safe = url.scheme() == "https" || host == "localhost";
        let id = AsciiDomain::try_from(host).ok().map(RpId::Domain)?;
        is_safe.then(|| Self { id, origin: url.origin().ascii_serialization() })
    }
}

/// Whether members of this collector can have passkeys.
pub fn are_possible(config: &Config) -> bool {
    RelyingParty::of(config).is_some()
}

/// Those of a member, the oldest first.
pub async fn of_member(db: &Db, member_id: &str) -> sqlx::Result<Vec<Passkey>> {
    let select = "select id, name, created_at, used_at from passkeys where member_id = $1 order by created_at, id";
    with_db!(db, pool => sqlx::query_as(select).bind(member_id).fetch_all(pool).await)
}

/// Whether a member has one.
pub async fn has_any(db: &Db, member_id: &str) -> sqlx::Result<bool> {
    let select = "select count(*) from passkeys where member_id = $1";
    let count: i64 = with_db!(db, pool => sqlx::query_scalar(select).bind(member_id).fetch_one(pool).await)?;
    Ok(count > 0)
}

/// Begins to add one. Devices that have one of this member already say so.
pub async fn begin_adding(app: &App, member: &Member) -> Result<Begun> {
    let party = RelyingParty::of(&app.config).ok_or(Error::NotFound("there are no passkeys at this address"))?;
    let handle = handle_of(&member.id)?;
    let select = "select id, transports from passkeys where member_id = $1 order by id";
    let known: Vec<(String, i64)> =
        with_db!(&app.db, pool => sqlx::query_as(select).bind(&member.id).fetch_all(pool).await)?;
    let known = known.into_iter().filter_map(|(id, transports)| {
        let id = CredentialId::<Vec<u8>>::decode(BASE64.decode(id).ok()?).ok()?;
        let transports = AuthTransports::decode(u8::try_from(transports).ok()?).ok()?;
        Some(PublicKeyCredentialDescriptor { id, transports })
    });
    let user = PublicKeyCredentialUserEntity {
        name: Username::try_from(member.email.as_str()).map_err(|error| anyhow::anyhow!("{error}"))?,
        id: &handle,
        display_name: Nickname::try_from(member.name.as_str()).ok(),
    };
    let mut options = PublicKeyCredentialCreationOptions::passkey(&party.id, user, known.collect());
    // Devices that can't say how they protect a key would be refused; finger, face or PIN are asked for at each sign-in all the same.
    options.extensions.cred_protect = CredProtect::None;
    let (server, client) = options.start_ceremony().map_err(|error| anyhow::anyhow!("{error}"))?;
    let state = BASE64.encode(server.encode().map_err(anyhow::Error::from)?);
    Ok(Begun { state, options: serde_json::to_string(&client).map_err(anyhow::Error::from)? })
}

/// Adds the passkey that a device has made for the ceremony of `state`, and ends every session of the member.
pub async fn add(
    app: &App,
    member: &Member,
    name: &Name,
    state: &str,
    answer: &str,
    stamp: &Stamp,
) -> Result<std::result::Result<(), Refused>> {
    let Some(party) = RelyingParty::of(&app.config) else { return Ok(Err(Refused)) };
    let server = BASE64.decode(state).ok().and_then(|state| RegistrationServerState::<16>::decode(&state).ok());
    let (Some(server), Ok(answer)) = (server, Registration::from_json_relaxed(answer.as_bytes())) else {
        return Ok(Err(Refused));
    };
    let origins = [party.origin.as_str()];
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        client_data_json_relaxed: true,
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let made = match server.verify(&party.id, &answer, &options) {
        Ok(made) => made,
        Err(error) => {
            tracing::info!(security = "passkey.refused", member = member.id, %error, "a passkey was not accepted");
            return Ok(Err(Refused));
        }
    };
    // The state of the ceremony is of this session; that the handle is this member's says that the device made it for nobody else.
    if made.user_id().as_ref() != handle_of(&member.id)?.as_ref() || of_member(&app.db, &member.id).await?.len() >= MOST
    {
        return Ok(Err(Refused));
    }
    let id = BASE64.encode(made.id().as_ref());
    let transports = i64::from(made.transports().encode().map_err(anyhow::Error::from)?);
    let key_state = BASE64.encode(made.static_state().encode().map_err(anyhow::Error::from)?);
    let use_state = BASE64.encode(made.dynamic_state().encode().map_err(anyhow::Error::from)?);
    let insert = "insert into passkeys (id, member_id, name, transports, key_state, use_state, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    let mut tx = app.db.begin().await?;
    let inserted = with_tx!(&mut tx, conn => sqlx::query(insert).bind(&id).bind(&member.id).bind(name.as_str()).bind(transports).bind(&key_state)
        .bind(&use_state).bind(stamp.at).execute(conn).await.map(|_| ()));
    match inserted {
        Err(error) if is_unique_violation(&error) => return Ok(Err(Refused)),
        other => other?,
    }
    Member::end_sessions_in(&mut tx, &member.id).await?;
    audit::append(&mut tx, stamp, &change("member.passkey.add", &member.id)).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Begins a sign-in with whichever passkey the device has for this collector.
pub fn begin_sign_in(app: &App) -> Result<Begun> {
    let party = RelyingParty::of(&app.config).ok_or(Error::NotFound("there are no passkeys at this address"))?;
    let options = DiscoverableCredentialRequestOptions::passkey(&party.id);
    let (server, client) = options.start_ceremony().map_err(|error| anyhow::anyhow!("{error}"))?;
    let state = BASE64.encode(server.encode().map_err(anyhow::Error::from)?);
    Ok(Begun { state, options: serde_json::to_string(&client).map_err(anyhow::Error::from)? })
}

/// The member whose passkey a device has shown for the ceremony of `state`.
pub async fn member_of(app: &App, state: &str, answer: &str) -> Result<std::result::Result<Member, Refused>> {
    let Some(party) = RelyingParty::of(&app.config) else { return Ok(Err(Refused)) };
    let server = BASE64.decode(state).ok().and_then(|state| DiscoverableAuthenticationServerState::decode(&state).ok());
    let answer = DiscoverableAuthentication::<16>::from_json_relaxed(answer.as_bytes());
    let (Some(server), Ok(answer)) = (server, answer) else { return Ok(Err(Refused)) };
    let id = BASE64.encode(answer.raw_id().as_ref());
    let Some((member_id, key_state, use_state)) = stored(&app.db, &id).await? else { return Ok(Err(Refused)) };
    let Some(member) = Member::by_id(&app.db, &member_id).await? else { return Ok(Err(Refused)) };
    let handle = handle_of(&member.id)?;
    let key_state = StaticState::decode(key_state.as_slice()).map_err(anyhow::Error::from)?;
    let use_state = DynamicState::decode(use_state).map_err(anyhow::Error::from)?;
    let mut known = AuthenticatedCredential::new(answer.raw_id(), &handle, key_state, use_state)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let origins = [party.origin.as_str()];
    let options = AuthenticationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        client_data_json_relaxed: true,
        error_on_unsolicited_extensions: false,
        ..AuthenticationVerificationOptions::default()
    };
    if let Err(error) = server.verify(&party.id, &answer, &mut known, &options) {
        tracing::info!(security = "passkey.refused", member = member.id, %error, "a passkey was not accepted");
        return Ok(Err(Refused));
    }
    let use_state = BASE64.encode(known.dynamic_state().encode().map_err(anyhow::Error::from)?);
    let (update, now) = ("update passkeys set use_state = $1, used_at = $2 where id = $3", app.clock.now());
    with_write!(&app.db, pool => sqlx::query(update).bind(&use_state).bind(now).bind(&id).execute(pool).await.map(|_| ()))?;
    Ok(Ok(member))
}

/// Takes one away from its member, and ends every session of theirs.
pub async fn remove(db: &Db, member_id: &str, id: &str, stamp: &Stamp) -> Result<()> {
    let mut tx = db.begin().await?;
    let delete = "delete from passkeys where id = $1 and member_id = $2";
    let rows = with_tx!(&mut tx, conn => sqlx::query(delete).bind(id).bind(member_id).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 0 {
        return Err(Error::NotFound("you have no such passkey"));
    }
    forget_codes_without_factor(&mut tx, member_id).await?;
    Member::end_sessions_in(&mut tx, member_id).await?;
    audit::append(&mut tx, stamp, &change("member.passkey.remove", member_id)).await?;
    Ok(tx.commit().await?)
}

/// Takes all of a member's away, who has lost their devices.
pub async fn remove_all(db: &Db, member_id: &str, stamp: &Stamp) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let delete = "delete from passkeys where member_id = $1";
    let rows = with_tx!(&mut tx, conn => sqlx::query(delete).bind(member_id).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 0 {
        return tx.rollback().await;
    }
    forget_codes_without_factor(&mut tx, member_id).await?;
    Member::end_sessions_in(&mut tx, member_id).await?;
    audit::append(&mut tx, stamp, &change("member.passkey.remove", member_id)).await?;
    tx.commit().await
}

/// Whose a passkey is, with its two states.
async fn stored(db: &Db, id: &str) -> Result<Option<(String, Vec<u8>, [u8; 7])>> {
    let select = "select member_id, key_state, use_state from passkeys where id = $1";
    let row: Option<(String, String, String)> =
        with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)?;
    let Some((member_id, key_state, use_state)) = row else { return Ok(None) };
    let decode = |text: String| BASE64.decode(text).map_err(anyhow::Error::from);
    let use_state =
        <[u8; 7]>::try_from(decode(use_state)?).map_err(|_| anyhow::anyhow!("a passkey is not stored whole"))?;
    Ok(Some((member_id, decode(key_state)?, use_state)))
}

/// By which devices know a member: the bytes of the identifier, which say nothing of the person.
fn handle_of(member_id: &str) -> Result<UserHandle16> {
    let id = uuid::Uuid::parse_str(member_id).map_err(anyhow::Error::from)?;
    UserHandle16::decode(*id.as_bytes()).map_err(|error| anyhow::anyhow!("{error}").into())
}

/// The name of a passkey is not noted: people call it after themselves.
fn change(action: &'static str, member_id: &str) -> Change {
    Change { action, object: format!("member/{member_id}"), before: Value::Null, after: Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_hold_for_the_address_of_the_console() {
        let party = |public: &str, console: &str| {
            let mut config = Config::for_data(std::path::Path::new("data")).expect("the defaults hold");
            (config.public_url, config.console_url) = (public.into(), console.into());
            RelyingParty::of(&config).map(|party| (party.id.as_ref().to_owned(), party.origin))
        };
        let of = |id: &str, origin: &str| Some((id.to_owned(), origin.to_owned()));
        assert_eq!(party("https://feedback.example:8443", ""), of("feedback.example", "https://feedback.example:8443"));
        assert_eq!(
            party("https://feedback.example", "https://staff.example"),
            of("staff.example", "https://staff.example")
        );
        assert_eq!(party("http://localhost:8787", ""), of("localhost", "http://localhost:8787"));
        // A browser would refuse, so that nobody is offered any.
        for without in
            ["http://feedback.example", "http://127.0.0.1:8787", "https://192.0.2.7", "https://[2001:db8::1]"]
        {
            assert_eq!(party(without, ""), None, "{without}");
        }
    }
}
