//! Sessions, in the database, so that every replica knows them and a member can be signed out everywhere.

use std::fmt;

use async_trait::async_trait;
use axum::http::HeaderMap;
use time::{Duration, OffsetDateTime};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error as StoreError, Result as StoreResult};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

use super::Member;
use crate::app::App;
use crate::clock::{MINUTE, Millis};
use crate::config::SignIn;
use crate::db::is_unique_violation;
use crate::http::{Error, Result, cookies};
use crate::keys::Purpose;
use crate::{with_db, with_write};

/// The cookie's name.
pub const COOKIE: &str = "sayso_session";

/// How often use is written down; each time costs a write.
const SEEN_EVERY: Millis = 5 * MINUTE;

const MEMBER: &str = "member";
const EPOCH: &str = "epoch";
const SEEN: &str = "seen";
const CREATED: &str = "created";
const DEVICE: &str = "device";
const AWAITED: &str = "awaited";
/// How long somebody may look for their device after they gave the password.
const AWAITED_FOR: Millis = 10 * MINUTE;
const PROVED: &str = "proved";
const LINKED: &str = "linked";
/// How long it counts that somebody has just shown who they are.
pub const PROVED_FOR: Millis = 10 * MINUTE;

/// Who asks: only people keep a session alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// Somebody opened a page or sent a form.
    Person,
    /// A page did by itself, such as to stay current.
    Page,
}

/// What gives each request of the console its session.
pub fn layer(app: &App) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(app.clone()))
        .with_name(cookies::name(&app.config, COOKIE))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(app.config.is_https())
        .with_expiry(Expiry::OnInactivity(Duration::milliseconds(app.config.sign_in.idle())))
}

/// By what else than a password a member has shown in a session who they are, and when.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    proved: Option<Millis>,
    linked: Option<Millis>,
}

impl Shown {
    async fn of(session: &Session) -> Result<Self> {
        let (proved, linked) = (session.get(PROVED).await, session.get(LINKED).await);
        Ok(Self { proved: proved.map_err(internal)?, linked: linked.map_err(internal)? })
    }

    async fn keep(self, session: &Session) -> Result<()> {
        for (name, at) in [(PROVED, self.proved), (LINKED, self.linked)] {
            if let Some(at) = at {
                session.insert(name, at).await.map_err(internal)?;
            }
        }
        Ok(())
    }
}

/// Makes this the session of `member`, with a new identifier, so that one that somebody planted before is worth nothing.
pub async fn sign_in(app: &App, session: &Session, member: &Member, headers: &HeaderMap) -> Result<()> {
    // What they showed before the second factor counts on: with it they have shown more, and not less.
    let shown = match awaited(app, session).await? {
        Some(awaited) if awaited.id == member.id => Shown::of(session).await?,
        _ => Shown::default(),
    };
    begin(app, session, member, headers).await?;
    shown.keep(session).await
}

/// Goes on with a session after something has ended all of its member, under a new identifier; gives the member as they are now.
pub async fn renew(app: &App, session: &Session, member_id: &str, headers: &HeaderMap) -> Result<Member> {
    let shown = Shown::of(session).await?;
    let member = Member::by_id(&app.db, member_id).await?.ok_or(Error::Unauthorized)?;
    begin(app, session, &member, headers).await?;
    shown.keep(session).await?;
    // At once, and not with the answer: its forms carry a token of the new identifier.
    session.save().await.map_err(internal)?;
    Ok(member)
}

async fn begin(app: &App, session: &Session, member: &Member, headers: &HeaderMap) -> Result<()> {
    session.cycle_id().await.map_err(internal)?;
    session.clear().await;
    session.insert(DEVICE, device_name(headers)).await.map_err(internal)?;
    session.insert(MEMBER, &member.id).await.map_err(internal)?;
    session.insert(EPOCH, member.session_epoch).await.map_err(internal)?;
    session.insert(CREATED, app.clock.now()).await.map_err(internal)?;
    session.insert(SEEN, app.clock.now()).await.map_err(internal)
}

/// Notes that the member of this session still has to show their second factor: until then it is nobody's.
pub async fn await_second_factor(app: &App, session: &Session, member: &Member, headers: &HeaderMap) -> Result<()> {
    session.cycle_id().await.map_err(internal)?;
    session.clear().await;
    session.insert(DEVICE, device_name(headers)).await.map_err(internal)?;
    session.insert(AWAITED, (&member.id, member.session_epoch, app.clock.now())).await.map_err(internal)
}

/// The member who still has to show their second factor, if they have not waited for too long.
pub async fn awaited(app: &App, session: &Session) -> Result<Option<Member>> {
    let Some((id, epoch, at)) = session.get::<(String, i64, Millis)>(AWAITED).await.map_err(internal)? else {
        return Ok(None);
    };
    if app.clock.now() >= at + AWAITED_FOR {
        return Ok(None);
    }
    Ok(Member::by_id(&app.db, &id).await?.filter(|member| member.session_epoch == epoch))
}

/// Notes that the member of this session has just shown who they are, at the provider of their account or by a passkey.
pub async fn note_proof(app: &App, session: &Session) -> Result<()> {
    session.insert(PROVED, app.clock.now()).await.map_err(internal)
}

/// Whether they have done so in the last ten minutes.
pub async fn is_proved(app: &App, session: &Session) -> Result<bool> {
    let at = session.get::<Millis>(PROVED).await.map_err(internal)?;
    Ok(at.is_some_and(|at| app.clock.now() < at + PROVED_FOR))
}

/// Notes that a one-time link has led to this session.
pub async fn note_link(app: &App, session: &Session) -> Result<()> {
    session.insert(LINKED, app.clock.now()).await.map_err(internal)
}

/// Whether one has done so in the last ten minutes.
pub async fn came_by_link(app: &App, session: &Session) -> Result<bool> {
    let at = session.get::<Millis>(LINKED).await.map_err(internal)?;
    Ok(at.is_some_and(|at| app.clock.now() < at + PROVED_FOR))
}

/// Keeps something for the rest of the session, such as a secret that is being set up.
pub async fn keep(session: &Session, name: &str, text: &str) -> Result<()> {
    session.insert(name, text).await.map_err(internal)
}

/// What was kept.
pub async fn kept(session: &Session, name: &str) -> Result<Option<String>> {
    session.get(name).await.map_err(internal)
}

/// Forgets what was kept.
pub async fn forget(session: &Session, name: &str) -> Result<()> {
    session.remove::<String>(name).await.map(|_| ()).map_err(internal)
}

/// A session of a member, as they see it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// By which it is ended. It opens nothing.
    pub id: String,
    /// The browser and system that it is in, such as `Firefox, Linux`; empty where that is not known.
    pub device: String,
    /// When it began.
    pub created_at: Millis,
    /// When it was used last, by some minutes.
    pub seen_at: Millis,
    /// Whether it is the one that asks.
    pub is_own: bool,
}

/// The sessions of a member, the one used last first.
pub async fn list(app: &App, member: &Member, own: &Session) -> Result<Vec<Listed>> {
    let select = "select id, data from sessions where member_id = $1 and expires_at > $2";
    let now = app.clock.now();
    let rows: Vec<(String, String)> =
        with_db!(&app.db, pool => sqlx::query_as(select).bind(&member.id).bind(now).fetch_all(pool).await)?;
    let own = own.id().map(|id| Sessions(app.clone()).hash(&id));
    let read = |(id, data): (String, String)| {
        let data: serde_json::Value = serde_json::from_str(&data).ok()?;
        let time = |name: &str| data[name].as_i64().unwrap_or_default();
        // Those that a new password has ended are not worth a line.
        (data[EPOCH].as_i64() == Some(member.session_epoch) && time(CREATED) + app.config.sign_in.longest() > now).then(
            || Listed {
                device: data[DEVICE].as_str().unwrap_or_default().to_owned(),
                created_at: time(CREATED),
                seen_at: time(SEEN),
                is_own: own.as_deref() == Some(id.as_str()),
                id,
            },
        )
    };
    let mut listed: Vec<Listed> = rows.into_iter().filter_map(read).collect();
    listed.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
    Ok(listed)
}

/// Ends a session of a member, by what the list names it.
pub async fn revoke(app: &App, member: &Member, id: &str) -> Result<()> {
    let delete = "delete from sessions where id = $1 and member_id = $2";
    with_write!(&app.db, pool => sqlx::query(delete).bind(id).bind(&member.id).execute(pool).await.map(|_| ()))?;
    Ok(())
}

/// The browser and the system that a request comes from, in words that people know. What a browser says of itself is not kept as it is.
fn device_name(headers: &HeaderMap) -> String {
    let agent = headers.get(axum::http::header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    // Most browsers name others as well, so those that do come first.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    browser.into_iter().chain(system).collect::<Vec<_>>().join(", ")
}

/// Ends this session.
pub async fn sign_out(session: &Session) -> Result<()> {
    session.flush().await.map_err(internal)
}

/// The member whose session this is, if it has not ended, and notes from time to time that it was used.
pub async fn member(app: &App, session: &Session, asked_by: AskedBy) -> Result<Option<Member>> {
    let created = session.get::<Millis>(CREATED).await.map_err(internal)?.unwrap_or_default();
    if app.clock.now() >= created + app.config.sign_in.longest() {
        return Ok(None);
    }
    let Some(id) = session.get::<String>(MEMBER).await.map_err(internal)? else { return Ok(None) };
    let epoch = session.get::<i64>(EPOCH).await.map_err(internal)?;
    let member = Member::by_id(&app.db, &id).await?.filter(|member| Some(member.session_epoch) == epoch);
    if member.is_some() && asked_by == AskedBy::Person {
        let now = app.clock.now();
        let seen = session.get::<Millis>(SEEN).await.map_err(internal)?.unwrap_or_default();
        if now - seen >= SEEN_EVERY {
            session.insert(SEEN, now).await.map_err(internal)?;
        }
    }
    Ok(member)
}

/// Whether the session with this identifier is still that of `member`: for what outlives its request.
pub async fn holds(app: &App, id: &Id, member: &Member) -> Result<bool> {
    let record = Sessions(app.clone()).load(id).await.map_err(|error| Error::Internal(error.into()))?;
    let now = Member::by_id(&app.db, &member.id).await?;
    Ok(record.is_some() && now.is_some_and(|now| now.session_epoch == member.session_epoch))
}

/// Whether a request, of whatever page, comes from a browser in which somebody of the staff is signed in.
pub async fn is_staff(app: &App, headers: &HeaderMap) -> Result<bool> {
    let shown = cookies::read(headers, &cookies::name(&app.config, COOKIE));
    let Some(id) = shown.and_then(|shown| shown.parse::<Id>().ok()) else { return Ok(false) };
    let record = Sessions(app.clone()).load(&id).await.map_err(|error| Error::Internal(error.into()))?;
    let Some(member_id) = record.as_ref().and_then(|record| record.data.get(MEMBER)?.as_str()) else {
        return Ok(false);
    };
    Ok(Member::by_id(&app.db, member_id).await?.is_some())
}

/// The member whose session a record is.
fn member_of(record: &Record) -> Option<&str> {
    record.data.get(MEMBER)?.as_str()
}

/// Until when a session may be kept: never beyond its longest time.
fn ends_at(record: &Record, limits: &SignIn, now: Millis) -> Millis {
    let created = record.data.get(CREATED).and_then(serde_json::Value::as_i64).unwrap_or(now);
    (now + limits.idle()).min(created + limits.longest())
}

/// The sessions in the database. It knows only a hash of each identifier, so that reading it signs nobody in.
#[derive(Clone)]
pub struct Sessions(App);

impl Sessions {
    fn hash(&self, id: &Id) -> String {
        self.0.keys.hash(Purpose::Session, &id.to_string())
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        let now = self.0.clock.now();
        let forget = "delete from sessions where expires_at <= $1";
        with_write!(&self.0.db, pool => sqlx::query(forget).bind(now).execute(pool).await.map(|_| ()))
            .map_err(backend)?;
        let insert = "insert into sessions (id, data, expires_at, member_id) values ($1, $2, $3, $4)";
        loop {
            let id = self.hash(&record.id);
            let data = serde_json::to_string(&record.data).map_err(|error| StoreError::Encode(error.to_string()))?;
            let done = with_write!(&self.0.db, pool => sqlx::query(insert).bind(&id).bind(&data).bind(ends_at(record, &self.0.config.sign_in, now))
                .bind(member_of(record)).execute(pool).await.map(|_| ()));
            match done {
                Err(error) if is_unique_violation(&error) => record.id = Id::default(),
                other => return other.map_err(backend),
            }
        }
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        // Only an update: a session that another request has ended in the meantime stays ended.
        let update = "update sessions set data = $1, expires_at = $2, member_id = $4 where id = $3";
        let id = self.hash(&record.id);
        let data = serde_json::to_string(&record.data).map_err(|error| StoreError::Encode(error.to_string()))?;
        let expires_at = ends_at(record, &self.0.config.sign_in, self.0.clock.now());
        with_write!(&self.0.db, pool => sqlx::query(update).bind(&data).bind(expires_at).bind(&id)
            .bind(member_of(record)).execute(pool).await.map(|_| ()))
        .map_err(backend)
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let select = "select data, expires_at from sessions where id = $1 and expires_at > $2";
        let hash = self.hash(id);
        let now = self.0.clock.now();
        let row: Option<(String, Millis)> =
            with_db!(&self.0.db, pool => sqlx::query_as(select).bind(&hash).bind(now).fetch_optional(pool).await)
                .map_err(backend)?;
        let Some((data, expires_at)) = row else { return Ok(None) };
        let data = serde_json::from_str(&data).map_err(|error| StoreError::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(expires_at / 1_000)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        let hash = self.hash(id);
        with_write!(&self.0.db, pool => sqlx::query("delete from sessions where id = $1").bind(&hash).execute(pool).await.map(|_| ())).map_err(backend)
    }
}

fn internal(error: tower_sessions::session::Error) -> Error {
    Error::Internal(error.into())
}

fn backend(error: sqlx::Error) -> StoreError {
    StoreError::Backend(error.to_string())
}
