//! The files that go along: which are taken, and what has become of each. Without a browser.

use sayso_shared::limits::{ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX};

/// Longest side of a photo that is sent; larger ones are scaled down.
pub const LONGEST_SIDE: u32 = 2_560;

/// Why a file is not taken, or why it could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There are as many as may be already.
    TooMany,
    /// There is nothing in it.
    Empty,
    /// It is larger than a file may be.
    TooLarge,
    /// It is of a kind that the collector does not accept, or damaged.
    Type,
    /// It can't be read any more: it was moved or changed since it was chosen.
    Gone,
    /// The collector can't be reached; the file waits with the rest.
    Network,
    /// The collector asks for patience.
    Busy,
    /// Something is wrong at the collector.
    Server,
}

impl Reason {
    const ALL: [Reason; 8] = [
        Reason::TooMany,
        Reason::Empty,
        Reason::TooLarge,
        Reason::Type,
        Reason::Gone,
        Reason::Network,
        Reason::Busy,
        Reason::Server,
    ];

    /// The reason with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// What the key of its text ends with.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::TooMany => "many",
            Reason::Empty => "empty",
            Reason::TooLarge => "large",
            Reason::Type => "type",
            Reason::Gone => "gone",
            Reason::Network => "network",
            Reason::Busy => "busy",
            Reason::Server => "server",
        }
    }

    /// Whether the file itself is at fault, so that it will never go along.
    pub const fn is_final(self) -> bool {
        matches!(self, Reason::TooMany | Reason::Empty | Reason::TooLarge | Reason::Type | Reason::Gone)
    }
}

/// Where a file is on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// It is read, and made smaller if it is a large photo.
    Preparing,
    /// So much of it has left, from 0 to 1.
    Sending(f64),
    /// The collector has it.
    Sent,
    /// It is not there yet, or will never be.
    Failed(Reason),
}

/// A file of the list. `B` is what holds its bytes: a blob of the browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<B> {
    pub id: u32,
    pub name: String,
    /// What is sent.
    pub content: B,
    pub size: f64,
    /// The photo as it was chosen, where what is sent is smaller, with its size.
    pub original: Option<(B, f64)>,
    pub progress: Progress,
}

/// The list.
#[derive(Clone, Debug, PartialEq)]
pub struct Files<B> {
    pub entries: Vec<Entry<B>>,
    /// What could not be taken: its name and why. Until something else is chosen.
    pub refused: Vec<(String, Reason)>,
    next: u32,
}

impl<B> Default for Files<B> {
    fn default() -> Self {
        Self { entries: Vec::new(), refused: Vec::new(), next: 0 }
    }
}

/// What happens to the list.
#[derive(Clone, Debug)]
pub enum Change<B> {
    /// Files were chosen, dropped or pasted: name, content and size in bytes.
    Add(Vec<(String, B, f64)>),
    /// A photo was made smaller, or was not: what is sent now, its name and size.
    Prepared(u32, Option<(B, String, f64)>),
    /// The customer wants the photo as it was.
    KeepOriginal(u32),
    Progressed(u32, Progress),
    Remove(u32),
    Clear,
}

impl<B: Clone> Files<B> {
    /// What goes along: everything that is not refused.
    pub fn kept(&self) -> impl Iterator<Item = &Entry<B>> {
        self.entries.iter().filter(|entry| !matches!(entry.progress, Progress::Failed(reason) if reason.is_final()))
    }

    /// The entry with an identifier.
    pub fn entry(&self, id: u32) -> Option<&Entry<B>> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The identifier that the next file gets.
    pub const fn next_id(&self) -> u32 {
        self.next
    }

    /// The list after something has happened to it.
    pub fn changed(&self, change: Change<B>) -> Self {
        let mut files = self.clone();
        match change {
            Change::Add(chosen) => {
                files.refused.clear();
                chosen.into_iter().for_each(|chosen| files.add(chosen));
            }
            Change::Prepared(id, smaller) => files.edit(id, |entry| {
                if let Some((content, name, size)) = smaller {
                    let before = (std::mem::replace(&mut entry.content, content), entry.size);
                    // One that is too large as it was can't be chosen again.
                    entry.original = (before.1 <= ATTACHMENT_MAX_BYTES as f64).then_some(before);
                    (entry.name, entry.size) = (name, size);
                }
                entry.progress = match entry.size > ATTACHMENT_MAX_BYTES as f64 {
                    true => Progress::Failed(Reason::TooLarge),
                    false => Progress::Sending(0.0),
                };
            }),
            Change::KeepOriginal(id) => files.edit(id, |entry| {
                if let Some((content, size)) = entry.original.take() {
                    (entry.content, entry.size, entry.progress) = (content, size, Progress::Sending(0.0));
                }
            }),
            Change::Progressed(id, progress) => files.edit(id, |entry| entry.progress = progress),
            Change::Remove(id) => {
                files.refused.clear();
                files.entries.retain(|entry| entry.id != id);
            }
            Change::Clear => {
                files.refused.clear();
                files.entries.clear();
            }
        }
        files
    }

    fn add(&mut self, (name, content, size): (String, B, f64)) {
        if size == 0.0 {
            self.refused.push((name, Reason::Empty));
        } else if self.kept().count() >= ATTACHMENTS_MAX {
            self.refused.push((name, Reason::TooMany));
        } else {
            let (id, progress) = (self.next, Progress::Preparing);
            self.next += 1;
            self.entries.push(Entry { id, name, content, size, original: None, progress });
        }
    }

    fn edit(&mut self, id: u32, change: impl FnOnce(&mut Entry<B>)) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            change(entry);
        }
    }
}

/// The size to which a photo is scaled down; nothing if it is small enough.
pub fn scaled(width: u32, height: u32) -> Option<(u32, u32)> {
    let longest = width.max(height);
    if longest <= LONGEST_SIDE {
        return None;
    }
    let side = |length: u32| {
        let exact = f64::from(length) * f64::from(LONGEST_SIDE) / f64::from(longest);
        (exact.round() as u32).max(1)
    };
    Some((side(width), side(height)))
}

/// Whether a picture moves, by the bytes that its file begins with: a PNG says so by one chunk, a WebP by another.
pub fn is_animated(beginning: &[u8]) -> bool {
    beginning.windows(4).any(|bytes| bytes == b"acTL" || bytes == b"ANIM")
}

/// A name with another ending.
pub fn with_ending(name: &str, ending: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    [stem, ending].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chosen(count: usize, size: f64) -> Change<&'static str> {
        Change::Add((0..count).map(|index| (format!("{index}.jpg"), "bytes", size)).collect())
    }

    #[test]
    fn five_are_taken_and_the_sixth_is_refused_by_name() {
        let files = Files::default().changed(chosen(4, 100.0)).changed(chosen(2, 100.0));
        assert_eq!(files.entries.len(), 5);
        assert_eq!(files.refused, [("1.jpg".to_owned(), Reason::TooMany)]);
        // Another may come in the place of one that goes.
        let files = files.changed(Change::Remove(0)).changed(chosen(1, 100.0));
        assert_eq!((files.entries.len(), files.refused.len()), (5, 0));
    }

    #[test]
    fn an_empty_file_is_refused_and_one_that_is_too_large_once_it_was_read() {
        let files = Files::default().changed(chosen(1, 0.0));
        assert_eq!(files.refused[0].1, Reason::Empty);
        let large = ATTACHMENT_MAX_BYTES as f64 + 1.0;
        let files = Files::default().changed(chosen(1, large)).changed(Change::Prepared(0, None));
        assert_eq!(files.entries[0].progress, Progress::Failed(Reason::TooLarge));
        assert_eq!(files.kept().count(), 0);
        // What was refused takes nobody's place.
        assert_eq!(files.changed(chosen(5, 9.0)).kept().count(), 5);
    }

    #[test]
    fn a_photo_that_was_scaled_down_can_be_sent_as_it_was() {
        let files = Files::default().changed(chosen(1, 8_000_000.0));
        let files = files.changed(Change::Prepared(0, Some(("small", "0.jpg".to_owned(), 900_000.0))));
        assert_eq!((files.entries[0].content, files.entries[0].size), ("small", 900_000.0));
        let files = files.changed(Change::Progressed(0, Progress::Sent)).changed(Change::KeepOriginal(0));
        let entry = &files.entries[0];
        assert_eq!((entry.content, entry.size, entry.progress), ("bytes", 8_000_000.0, Progress::Sending(0.0)));
        assert!(entry.original.is_none());
    }

    #[test]
    fn a_photo_of_more_than_ten_megabytes_goes_only_scaled_down() {
        let files = Files::default().changed(chosen(1, 30_000_000.0));
        let files = files.changed(Change::Prepared(0, Some(("small", "0.jpg".to_owned(), 900_000.0))));
        assert_eq!((files.entries[0].original, files.kept().count()), (None, 1));
    }

    #[test]
    fn a_lost_connection_keeps_a_file_and_a_refusal_does_not() {
        let files = Files::default().changed(chosen(2, 9.0));
        let files = files.changed(Change::Progressed(0, Progress::Failed(Reason::Network)));
        let files = files.changed(Change::Progressed(1, Progress::Failed(Reason::Type)));
        assert_eq!(files.kept().map(|entry| entry.id).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn reasons_have_names_of_their_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
        }
        assert_eq!(Reason::from_name("mood"), None);
    }

    #[test]
    fn what_moves_is_told_from_what_does_not() {
        let png =
            |chunk: &[u8]| [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR----------------\0\0\0\x08"[..], chunk, b"IDAT"].concat();
        assert!(is_animated(&png(b"acTL")) && !is_animated(&png(b"iCCP")));
        assert!(is_animated(b"RIFF----WEBPVP8X\x0a\0\0\0\x02---------ANIM") && !is_animated(b"RIFF----WEBPVP8 "));
    }

    #[test]
    fn endings_are_replaced() {
        assert_eq!(with_ending("IMG_1.HEIC", ".jpg"), "IMG_1.jpg");
        assert_eq!(with_ending("photo", ".jpg"), "photo.jpg");
    }

    proptest! {
        #[test]
        fn scaling_fits_and_keeps_the_shape(width in 1_u32..20_000, height in 1_u32..20_000) {
            let Some((across, down)) = scaled(width, height) else {
                prop_assert!(width <= LONGEST_SIDE && height <= LONGEST_SIDE);
                return Ok(());
            };
            prop_assert_eq!(across.max(down), LONGEST_SIDE);
            let (before, after) = (f64::from(width) / f64::from(height), f64::from(across) / f64::from(down));
            // Of a thin line the one pixel counts.
            prop_assert!(across.min(down) < 50 || (before / after - 1.0).abs() < 0.02);
        }
    }
}
