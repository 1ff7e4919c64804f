//! The second factor: codes that change every thirty seconds (TOTP, RFC 6238, with the parameters that every authenticator app knows), one step of
//! tolerance to either side, and no code twice. And ten recovery codes for whoever has lost the device.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha1::Sha1;

use super::Member;
use super::second_factor::forget_codes_without_factor;
use crate::audit::{self, Change, Stamp};
use crate::clock::{Millis, SECOND};
use crate::db::{Db, Tx};
use crate::keys::{Keys, Purpose, equal, random_bytes};
use crate::{with_db, with_tx, with_write};

/// How long a code holds.
const STEP: Millis = 30 * SECOND;
/// Steps to either side that are accepted as well: clocks differ, and people type slowly.
const TOLERANCE: i64 = 1;
/// Recovery codes that a member gets.
const RECOVERY_CODES: usize = 10;
/// Letters and digits that nobody takes for each other (Crockford).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// As RFC 4648 has it.
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What a member's device and the collector have in common.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 20]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new one.
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// Encrypts it for a place.
    pub fn encrypt(&self, keys: &Keys, context: &str) -> String {
        keys.encrypt(context, &self.0)
    }

    /// Decrypts what [`Secret::encrypt`] gave.
    pub fn decrypt(keys: &Keys, context: &str, cipher: &str) -> Option<Self> {
        keys.decrypt(context, cipher)?.try_into().ok().map(Self)
    }

    /// As people type it into a device: in base 32, in groups of four.
    pub fn written(&self) -> String {
        let plain = self.base32();
        plain
            .as_bytes()
            .chunks(4)
            .map(|group| String::from_utf8_lossy(group).into_owned())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// As devices read it from a picture.
    pub fn uri(&self, email: &str) -> String {
        let label = utf8_percent_encode(email, NON_ALPHANUMERIC);
        format!("otpauth://totp/Sayso:{label}?secret={}&issuer=Sayso&algorithm=SHA1&digits=6&period=30", self.base32())
    }

    /// The step whose code was typed, if it is one that is accepted at `now`.
    pub fn step_of(&self, typed: &str, now: Millis) -> Option<i64> {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let current = now.div_euclid(STEP);
        // All of them, in the same time whichever it is.
        let check = |found, step| if equal(&typed, &self.code(step)) { Some(step) } else { found };
        (current - TOLERANCE..=current + TOLERANCE).fold(None, check)
    }

    /// The code of a step.
    pub fn code(&self, step: i64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        // Dynamic truncation (RFC 4226).
        let offset = usize::from(digest[19] & 0xf);
        let number =
            u32::from_be_bytes([digest[offset] & 0x7f, digest[offset + 1], digest[offset + 2], digest[offset + 3]]);
        format!("{:06}", number % 1_000_000)
    }

    fn base32(&self) -> String {
        let bits = self.0.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect::<Vec<u8>>();
        let symbol = |five: &[u8]| five.iter().fold(0, |value, bit| value << 1 | usize::from(*bit));
        bits.chunks(5).map(|five| char::from(BASE_32[symbol(five)])).collect()
    }
}

/// Where alone the ciphertext of a member's secret can be decrypted.
pub fn context(member_id: &str) -> String {
    format!("member/{member_id}/totp")
}

/// Whether a member has a second factor.
pub async fn is_set(db: &Db, member_id: &str) -> sqlx::Result<bool> {
    let select = "select count(*) from members where id = $1 and totp_cipher is not null";
    let count: i64 = with_db!(db, pool => sqlx::query_scalar(select).bind(member_id).fetch_one(pool).await)?;
    Ok(count > 0)
}

/// How many recovery codes a member has left.
pub async fn recovery_codes_left(db: &Db, member_id: &str) -> sqlx::Result<i64> {
    let select = "select count(*) from recovery_codes where member_id = $1 and used_at is null";
    with_db!(db, pool => sqlx::query_scalar(select).bind(member_id).fetch_one(pool).await)
}

/// Makes a secret a member's second factor, with `step` used up, which proved that the device has it, and ends every session of the member, which began without
/// it; gives the recovery codes, which are shown this once.
pub async fn set(
    db: &Db,
    keys: &Keys,
    member: &Member,
    secret: &Secret,
    step: i64,
    stamp: &Stamp,
) -> sqlx::Result<Vec<String>> {
    let cipher = secret.encrypt(keys, &context(&member.id));
    let mut tx = db.begin().await?;
    let update = "update members set totp_cipher = $1, totp_step = $2 where id = $3";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(&cipher).bind(step).bind(&member.id).execute(conn).await.map(|_| ()))?;
    let codes = renew_codes(&mut tx, keys, &member.id).await?;
    Member::end_sessions_in(&mut tx, &member.id).await?;
    note(&mut tx, "member.second_factor.set", &member.id, stamp).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Gives a member other recovery codes; those of before count no more.
pub async fn renew(db: &Db, keys: &Keys, member: &Member, stamp: &Stamp) -> sqlx::Result<Vec<String>> {
    let mut tx = db.begin().await?;
    let codes = renew_codes(&mut tx, keys, &member.id).await?;
    note(&mut tx, "member.recovery_codes", &member.id, stamp).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Takes the second factor away, if there is one, and ends every session of the member.
pub async fn remove(db: &Db, member_id: &str, stamp: &Stamp) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let update = "update members set totp_cipher = null where id = $1 and totp_cipher is not null";
    let rows = with_tx!(&mut tx, conn => sqlx::query(update).bind(member_id).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 0 {
        return tx.rollback().await;
    }
    forget_codes_without_factor(&mut tx, member_id).await?;
    Member::end_sessions_in(&mut tx, member_id).await?;
    note(&mut tx, "member.second_factor.remove", member_id, stamp).await?;
    tx.commit().await
}

/// Whether what was typed is the member's code at present, or one of their recovery codes. Either counts once, whoever else asks at the same moment.
pub async fn verify(db: &Db, keys: &Keys, member: &Member, typed: &str, now: Millis) -> sqlx::Result<bool> {
    let select = "select totp_cipher from members where id = $1";
    let cipher: Option<Option<String>> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(&member.id).fetch_optional(pool).await)?;
    let secret = cipher.flatten().and_then(|cipher| Secret::decrypt(keys, &context(&member.id), &cipher));
    if let Some(step) = secret.and_then(|secret| secret.step_of(typed, now)) {
        let update = "update members set totp_step = $1 where id = $2 and totp_step < $1";
        let rows = with_write!(db, pool => sqlx::query(update).bind(step).bind(&member.id).execute(pool).await.map(|done| done.rows_affected()))?;
        return Ok(rows == 1);
    }
    let hash = recovery_hash(keys, &member.id, typed);
    let update = "update recovery_codes set used_at = $1 where member_id = $2 and code_hash = $3 and used_at is null";
    let rows = with_write!(db, pool => sqlx::query(update).bind(now).bind(&member.id).bind(&hash).execute(pool).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

async fn renew_codes(tx: &mut Tx, keys: &Keys, member_id: &str) -> sqlx::Result<Vec<String>> {
    let delete = "delete from recovery_codes where member_id = $1";
    with_tx!(&mut *tx, conn => sqlx::query(delete).bind(member_id).execute(conn).await.map(|_| ()))?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    for code in &codes {
        let hash = recovery_hash(keys, member_id, code);
        let insert = "insert into recovery_codes (member_id, code_hash) values ($1, $2)";
        with_tx!(&mut *tx, conn => sqlx::query(insert).bind(member_id).bind(&hash).execute(conn).await.map(|_| ()))?;
    }
    Ok(codes)
}

/// 60 random bits: `7QK4-M2XH-9TRD`.
fn recovery_code() -> String {
    let symbols: String =
        random_bytes::<12>().iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    format!("{}-{}-{}", &symbols[..4], &symbols[4..8], &symbols[8..])
}

/// The keyed hash of a code, however it was typed.
fn recovery_hash(keys: &Keys, member_id: &str, typed: &str) -> String {
    let canonical: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    keys.hash(Purpose::Recovery, &format!("{member_id}/{canonical}"))
}

async fn note(tx: &mut Tx, action: &'static str, member_id: &str, stamp: &Stamp) -> sqlx::Result<()> {
    let change = Change { action, object: format!("member/{member_id}"), before: Value::Null, after: json!({}) };
    audit::append(tx, stamp, &change).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of RFC 6238, appendix B, the last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret(*b"12345678901234567890");
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(secret.code(seconds / 30), code);
        }
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(secret.uri("a@b.example").starts_with("otpauth://totp/Sayso:a%40b%2Eexample?secret=GEZD"));
    }

    #[test]
    fn a_code_holds_one_step_to_either_side() {
        let secret = Secret([7; 20]);
        let now = 1_700_000_000_000;
        let step = now / STEP;
        // A clock that is forty seconds off is within the step beside.
        for (seconds, accepted) in [(-61, false), (-40, true), (-30, true), (0, true), (29, true), (70, false)] {
            let shown = secret.code((now + seconds * SECOND).div_euclid(STEP));
            assert_eq!(
                secret.step_of(&format!(" {} {} ", &shown[..3], &shown[3..]), now).is_some(),
                accepted,
                "{seconds}"
            );
        }
        assert_eq!(secret.step_of(&secret.code(step), now), Some(step));
        assert_eq!(secret.step_of("", now), None);
    }

    #[test]
    fn a_recovery_code_is_read_leniently() {
        let keys = Keys::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
        let hash = |typed: &str| recovery_hash(&keys, "m", typed);
        assert_eq!(hash("7QK0-M2X1-9TRD"), hash("7qko m2xl 9trd"));
        assert_ne!(hash("7QK0-M2X1-9TRD"), recovery_hash(&keys, "n", "7QK0-M2X1-9TRD"));
        assert_eq!(recovery_code().len(), 14);
    }
}
