//! The codes that this browser keeps, so that its customer finds their cases again. The panel (`loader/panel.js`) adds to them when something was
//! sent, and the badge (`modules/badge.js`) keeps there what it was told last.

use gloo::utils::window;
use serde::{Deserialize, Serialize};

use web_sys::Storage;

use crate::host::Host;

/// As many as one request may ask for.
const MOST: usize = 20;

/// What is kept for a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The newest first.
    codes: Vec<Entry>,
    /// The customer does not want codes to be kept here.
    off: bool,
    /// When the newest answer came that they have seen, as RFC 3339; empty while they have seen none.
    seen: String,
    /// What the badge was told last, for each user of this browser: when it asked, in milliseconds, and in how many cases there was something new.
    told: Vec<Entry>,
}

/// A code, or what the badge was told. One type for both, since each costs visitors a kilobyte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    code: String,
    /// Who wrote it, as the page said; empty for nobody in particular.
    #[serde(default)]
    who: String,
}

impl Kept {
    /// What is kept for the site of the page; nothing where nothing can be read.
    pub fn load(host: &Host) -> Self {
        let text = storage().and_then(|storage| storage.get_item(&key(host)).ok().flatten());
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Keeps it. A storage that is full or denied keeps nothing, which is no reason to disturb anybody.
    pub fn save(&self, host: &Host) {
        if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(self)) {
            let _ = storage.set_item(&key(host), &text);
        }
    }

    /// The codes that somebody may see here: their own, and those of nobody in particular.
    pub fn codes_of(&self, who: &str) -> Vec<String> {
        let theirs = self.codes.iter().filter(|kept| kept.who.is_empty() || kept.who == who);
        theirs.take(MOST).map(|kept| kept.code.clone()).collect()
    }

    /// Adds a code, unless the customer does not want that.
    pub fn add(&mut self, code: &str, who: &str) {
        if self.off {
            return;
        }
        self.codes.retain(|kept| kept.code != code);
        self.codes.insert(0, Entry { code: code.to_owned(), who: who.to_owned() });
        self.codes.truncate(MOST);
    }

    /// Whether codes are kept here.
    pub const fn is_on(&self) -> bool {
        !self.off
    }

    /// Keeps no codes from now on, and forgets those that are here.
    pub fn opt_out(&mut self) {
        *self = Self { off: true, ..Self::default() };
    }

    /// Keeps codes again.
    pub fn opt_in(&mut self) {
        self.off = false;
    }

    /// The customer has seen every answer up to the newest, if there is one. Gives up to which they had seen them before. From now on the badge
    /// knows that there are cases of theirs.
    pub fn look(&mut self, newest: Option<String>, who: &str) -> String {
        match self.told.iter_mut().find(|told| told.who == who) {
            Some(told) => told.code.truncate(told.code.find(' ').unwrap_or_default()),
            None => self.told.push(Entry { code: String::new(), who: who.to_owned() }),
        }
        let next = newest.unwrap_or_default().max(self.seen.clone());
        std::mem::replace(&mut self.seen, next)
    }
}

/// The storage of the page; none where it is denied, or where an app's web view has none. Gloo's own would stop the module there.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn key(host: &Host) -> String {
    ["sayso:", &host.site(), ":cases"].concat()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn everybody_sees_their_own_and_what_is_nobodys() {
        let mut kept = Kept::default();
        kept.add("A", "");
        kept.add("B", "token u-1");
        kept.add("C", "token u-2");
        assert_eq!(kept.codes_of("token u-1"), ["B", "A"]);
        assert_eq!(kept.codes_of(""), ["A"]);
    }

    #[test]
    fn twenty_are_kept_each_once_and_the_newest_first() {
        let mut kept = Kept::default();
        for number in 0..25 {
            kept.add(&number.to_string(), "");
        }
        kept.add("7", "");
        let codes = kept.codes_of("");
        assert_eq!((codes.len(), codes[0].as_str(), codes[1].as_str()), (20, "7", "24"));
    }

    #[test]
    fn who_opts_out_is_forgotten_and_stays_so() {
        let mut kept = Kept::default();
        kept.add("A", "");
        kept.opt_out();
        kept.add("B", "");
        assert_eq!((kept.codes_of("").len(), kept.is_on()), (0, false));
        kept.opt_in();
        kept.add("B", "");
        assert_eq!(kept.codes_of(""), ["B"]);
    }

    #[test]
    fn what_the_panel_writes_is_read() {
        let kept: Kept = serde_json::from_str(r#"{"codes":[{"code":"7QK4-M2XH-9TRD-7"}],"mood":1}"#).unwrap();
        assert_eq!(kept.codes_of("anybody"), ["7QK4-M2XH-9TRD-7"]);
    }

    #[test]
    fn a_look_resets_what_the_badge_knows_of_who_looks() {
        let mut kept: Kept =
            serde_json::from_str(r#"{"seen":"a","told":[{"who":"","code":"5 2"},{"who":"u","code":"5 3"}]}"#).unwrap();
        assert_eq!(kept.look(Some("b".to_owned()), ""), "a");
        // An answer that was taken back makes nothing new again.
        assert_eq!(kept.look(None, "v"), "b");
        let told: Vec<_> = kept.told.iter().map(|told| (told.who.as_str(), told.code.as_str())).collect();
        assert_eq!((told, kept.seen.as_str()), (vec![("", "5"), ("u", "5 3"), ("v", "")], "b"));
    }
}
