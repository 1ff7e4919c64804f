//! Passwords: long rather than complicated (NIST SP 800-63B), hashed with Argon2id.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// The fewest characters of a password.
pub const MIN: usize = 12;
/// The most characters; a limit only so that nobody makes us hash a book.
pub const MAX: usize = 200;

/// Passwords that are long enough and among the first that are tried.
const COMMON: &str = include_str!("common_passwords.txt");
/// The 3,000 commonest passwords of any length, of which longer ones are made.
const COMMONEST: &str = include_str!("commonest_passwords.txt");
/// Shorter ones occur in good passwords by chance.
const COMMONEST_MIN: usize = 5;
/// So many of them, one behind the other, are still one of the first things that are tried.
const COMMONEST_PARTS: usize = 2;
/// A password made of the own name and this little beside it is the own name.
const BESIDE_OWN_WORDS: usize = 6;

/// Each hash takes 19 MiB and a core, so only a few are made at a time; the others wait their turn.
static TURNS: Semaphore = Semaphore::const_new(3);

/// What an unknown member's password is compared with, so that the answer takes as long as for a known one.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash_now(&crate::keys::random_token()));

/// A password that is good enough to be set.
#[derive(Clone)]
pub struct Password(String);

/// Why a password can't be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than [`MIN`] characters.
    TooShort,
    /// More than [`MAX`] characters.
    TooLong,
    /// Among those that are tried first.
    Common,
    /// In a list of passwords that were stolen somewhere.
    Breached,
    /// Little more than the name or address of the member or the site.
    OwnWords,
}

impl Weakness {
    /// A sentence for the command line.
    pub const fn sentence(self) -> &'static str {
        match self {
            Weakness::TooShort => "a password has at least 12 characters",
            Weakness::TooLong => "a password has at most 200 characters",
            Weakness::Common => "this password is too common; choose another one",
            Weakness::Breached => "this password has been stolen from some website before; choose another one",
            Weakness::OwnWords => "a password must not be the name or the address of its owner",
        }
    }
}

impl Password {
    /// Checks a new password. `own_words` are names and addresses that anybody could guess.
    pub fn parse(typed: &str, own_words: &[&str]) -> Result<Self, Weakness> {
        let typed = normalized(typed);
        let length = typed.chars().count();
        if length < MIN {
            return Err(Weakness::TooShort);
        }
        if length > MAX {
            return Err(Weakness::TooLong);
        }
        let folded = typed.to_lowercase();
        let mut characters = folded.chars();
        let first = characters.next();
        if COMMON.lines().any(|common| common == folded)
            || characters.all(|c| Some(c) == first)
            || is_commonest(&folded)
        {
            return Err(Weakness::Common);
        }
        if is_own(&folded, own_words) {
            return Err(Weakness::OwnWords);
        }
        Ok(Self(typed))
    }

    /// The text, to be held against a list.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Its hash, with a salt of its own, in the PHC format.
    pub async fn hash(&self) -> anyhow::Result<String> {
        let _turn = TURNS.acquire().await?;
        let typed = self.0.clone();
        Ok(tokio::task::spawn_blocking(move || hash_now(&typed)).await?)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Whether `typed` is the password of `hash`. Without a hash, which is an unknown member, it takes the same time to say no.
pub async fn verify(typed: &str, hash: Option<&str>) -> anyhow::Result<bool> {
    let mut spellings = vec![normalized(typed)];
    // What was hashed before passwords were normalised is known by what was typed.
    let raw: String = typed.chars().take(MAX + 1).collect();
    if spellings[0] != raw {
        spellings.push(raw);
    }
    let known = hash.map(str::to_owned);
    let _turn = TURNS.acquire().await?;
    let matches = tokio::task::spawn_blocking(move || {
        let is_known = known.is_some();
        let hash = known.unwrap_or_else(|| NOBODYS.clone());
        let parsed = PasswordHash::new(&hash);
        let is_hashed =
            |typed: &String, hash: &PasswordHash| Argon2::default().verify_password(typed.as_bytes(), hash).is_ok();
        parsed.is_ok_and(|hash| spellings.iter().any(|typed| is_hashed(typed, &hash))) && is_known
    });
    Ok(matches.await?)
}

/// The hash of a password that was just verified, made anew, if the one that is stored was made with less work than today's, or of another spelling; else none.
pub async fn strengthened(typed: &str, hash: &str) -> anyhow::Result<Option<String>> {
    if !is_weaker(hash) {
        return Ok(None);
    }
    let _turn = TURNS.acquire().await?;
    let typed = normalized(typed);
    Ok(Some(tokio::task::spawn_blocking(move || hash_now(&typed)).await?))
}

/// Whether a hash is by another algorithm than today's, or asks for less memory, fewer rounds or fewer lanes.
fn is_weaker(hash: &str) -> bool {
    let (Ok(hash), today) = (PasswordHash::new(hash), Params::default()) else { return false };
    let Ok(params) = Params::try_from(&hash) else { return true };
    hash.algorithm.as_str() != Algorithm::default().as_str()
        || hash.version != Some(Version::default().into())
        || params.m_cost() < today.m_cost()
        || params.t_cost() < today.t_cost()
        || params.p_cost() < today.p_cost()
}

/// A password in the one spelling of its characters (NFKC, as NIST SP 800-63B asks for): keyboards write the same letter in several ways. Longer
/// ones than can be set are cut, so that nobody makes us work for them.
fn normalized(typed: &str) -> String {
    // A composed character is written with at most three or four.
    typed.chars().take(4 * MAX + 4).nfkc().take(MAX + 1).collect()
}

fn hash_now(typed: &str) -> String {
    let hash = Argon2::default().hash_password(typed.as_bytes());
    hash.expect("the default parameters hash every password").to_string()
}

/// Whether little remains of it without the owner's names and addresses, written with or without what parts their words.
fn is_own(folded: &str, own_words: &[&str]) -> bool {
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let parts = own_words.iter().flat_map(|words| [*words, words.split('@').next().unwrap_or_default()]);
    let parts = parts.chain(own_words.iter().flat_map(|words| words.split(|c: char| !c.is_alphanumeric())));
    let mut words: Vec<String> = parts.map(|word| word.trim().to_lowercase()).collect();
    words.extend(words.iter().map(|word| bare(word)).collect::<Vec<_>>());
    // Shorter words occur in good passwords by chance.
    words.retain(|word| word.chars().count() >= 4);
    // The longest first: a name that is taken out of an address would leave its domain.
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    [folded.to_owned(), bare(folded)].iter().any(|typed| {
        let mut rest = typed.clone();
        for word in &words {
            rest = rest.replace(word, "");
        }
        rest.len() < typed.len() && rest.chars().count() < BESIDE_OWN_WORDS
    })
}

/// Whether it is one or two of the commonest passwords, perhaps repeated, with little beside them.
fn is_commonest(folded: &str) -> bool {
    let mut found: Vec<&str> =
        COMMONEST.lines().filter(|word| word.len() >= COMMONEST_MIN && folded.contains(word)).collect();
    found.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let (mut rest, mut parts) = (folded.to_owned(), 0);
    for word in found {
        if rest.contains(word) && parts < COMMONEST_PARTS {
            rest = rest.replace(word, "");
            parts += 1;
        }
    }
    parts > 0 && rest.chars().count() < BESIDE_OWN_WORDS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_common_password_would_pass_the_length() {
        let distinct: std::collections::HashSet<&str> = COMMON.lines().collect();
        assert!(distinct.len() >= 3_000, "{}", distinct.len());
        for common in COMMON.lines() {
            assert!((MIN..=MAX).contains(&common.chars().count()), "{common} is refused by its length already");
            assert_eq!(common, common.to_lowercase());
            assert!(matches!(Password::parse(common, &[]), Err(Weakness::Common)), "{common}");
        }
    }

    #[test]
    fn asks_for_length_and_not_for_signs() {
        let check = |typed: &str| Password::parse(typed, &["Lin Qiao", "lin.qiao@acme.example", "Acme Home"]).err();
        assert_eq!(check("purple giraffes sleep"), None);
        assert_eq!(check("紫色长颈鹿睡在屋顶上呢"), Some(Weakness::TooShort));
        assert_eq!(check("紫色的长颈鹿睡在屋顶上呢"), None);
        assert_eq!(check("short"), Some(Weakness::TooShort));
        assert_eq!(check(&"x y".repeat(100)), Some(Weakness::TooLong));
        assert_eq!(check("PasswordPassword"), Some(Weakness::Common));
        assert_eq!(check("zzzzzzzzzzzzzzz"), Some(Weakness::Common));
        assert_eq!(check("Lin.Qiao@acme.example"), Some(Weakness::OwnWords));
        assert_eq!(check("lin qiao 2026"), Some(Weakness::OwnWords));
        assert_eq!(check("acme home acme home"), Some(Weakness::OwnWords));
        assert_eq!(check("acme home sells giraffes"), None);
        assert_eq!(check("linqiao@acme!"), Some(Weakness::OwnWords), "with another mark between its words");
        assert_eq!(check("LinQiaoAcmeHome1"), Some(Weakness::OwnWords));
        for common in ["Sunshine2026!", "dragon-monkey", "superman superman", "qwertyuiop!!", "1q2w3e4r5t6y"] {
            assert_eq!(check(common), Some(Weakness::Common), "{common}");
        }
        assert_eq!(check("monkey orange kettle window"), None, "several words are many to try");
    }

    #[tokio::test]
    async fn verifies_what_it_hashed() {
        let password = Password::parse("purple giraffes sleep", &[]).expect("it is long enough");
        let hash = password.hash().await.expect("it hashes");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("purple giraffes sleep", Some(&hash)).await.expect("it runs"));
        assert!(!verify("purple giraffes wake", Some(&hash)).await.expect("it runs"));
        assert!(!verify("purple giraffes sleep", None).await.expect("it runs"));
        assert!(!format!("{password:?}").contains("purple"));
    }

    #[tokio::test]
    async fn the_same_characters_are_the_same_password_however_they_are_written() {
        let typed = "lila Zäune schlafen";
        let hash = Password::parse(&typed.nfd().collect::<String>(), &[])
            .expect("long enough")
            .hash()
            .await
            .expect("it hashes");
        for spelling in [typed.nfc().collect::<String>(), typed.nfd().collect(), "ｌｉｌａ Zäune schlafen".to_owned()]
        {
            assert!(verify(&spelling, Some(&hash)).await.expect("it runs"), "{spelling:?}");
        }
        let old = hash_now(&typed.nfd().collect::<String>());
        assert!(
            verify(&typed.nfd().collect::<String>(), Some(&old)).await.expect("it runs"),
            "what was hashed as typed"
        );
    }

    #[tokio::test]
    async fn a_hash_that_took_less_work_is_made_anew() {
        let typed = "purple giraffes sleep";
        let today = hash_now(typed);
        assert_eq!(strengthened(typed, &today).await.expect("it runs"), None);
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).expect("good"));
        let weak = weak.hash_password(typed.as_bytes()).expect("it hashes").to_string();
        assert!(verify(typed, Some(&weak)).await.expect("it runs"), "it goes on to hold");
        let stronger = strengthened(typed, &weak).await.expect("it runs").expect("it is weaker");
        assert!(!is_weaker(&stronger) && verify(typed, Some(&stronger)).await.expect("it runs"));
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::default());
        assert!(is_weaker(&other.hash_password(typed.as_bytes()).expect("it hashes").to_string()));
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own(typed in "\\PC{0,250}|[ﷺa\u{301}é가ﬁ]{0,250}") {
            let once = normalized(&typed);
            prop_assert_eq!(normalized(&once), once);
        }
    }
}
