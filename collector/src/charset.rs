//! Which characters bytes stand for: files come from programs of every age and country.

use std::borrow::Cow;
use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

/// Of a text in UTF-8 some letters may be damaged; of one in another encoding hardly any pass for UTF-8.
const WHOLE_FOR_EACH_DAMAGED: u64 = 8;

/// In which order the bytes of a number stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The least significant first.
    Little,
    /// The most significant first.
    Big,
}

/// The text of a whole file, whatever its encoding; none if the bytes are no text in the one that they seem to have.
pub fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(text) = ByteOrder::of_utf_32(bytes).and_then(|order| utf_32(bytes, order)) {
        return Some(Cow::Owned(text));
    }
    let mut detection = Detection::new();
    detection.feed(bytes);
    let (text, _, is_damaged) = detection.encoding().decode(bytes);
    (!is_damaged).then_some(text)
}

/// The text of what need not be whole, as that of a mail that was damaged on its way: what can't be read of it is U+FFFD, as long as that is little.
/// None if it is no text: most bytes are letters in one encoding or another, but people type no control characters.
pub fn decode_mostly(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(text) = ByteOrder::of_utf_32(bytes).and_then(|order| utf_32(bytes, order)) {
        return Some(Cow::Owned(text));
    }
    let mut detection = Detection::new();
    detection.feed(bytes);
    let encoding = detection.encoding();
    let (text, _, is_damaged) = encoding.decode(bytes);
    let is_guess = ![UTF_8, UTF_16LE, UTF_16BE, ISO_2022_JP].contains(&encoding);
    let is_text = !is_guess || !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    (is_text && (!is_damaged || is_mostly_whole(&text))).then_some(text)
}

/// Whether hardly any letter of a text was damaged when it was decoded.
pub fn is_mostly_whole(text: &str) -> bool {
    let (whole, damaged) = count(text);
    whole >= WHOLE_FOR_EACH_DAMAGED * damaged
}

/// Whether at least as many letters of a text are whole as were damaged when it was decoded.
pub fn is_half_whole(text: &str) -> bool {
    let (whole, damaged) = count(text);
    whole >= damaged
}

/// The text of bytes in UTF-32, without its mark; none if they are none.
pub fn utf_32(bytes: &[u8], order: ByteOrder) -> Option<String> {
    let (letters, rest) = bytes.as_chunks::<4>();
    let value = |letter: &[u8; 4]| match order {
        ByteOrder::Little => u32::from_le_bytes(*letter),
        ByteOrder::Big => u32::from_be_bytes(*letter),
    };
    let text: Option<String> = letters.iter().map(|letter| char::from_u32(value(letter))).collect();
    text.filter(|_| rest.is_empty()).map(|text| text.trim_start_matches('\u{feff}').to_owned())
}

impl ByteOrder {
    /// By its mark, or by the byte that is zero in every letter, since there are not so many letters. In UTF-16 two letters would have to be NUL for it.
    pub fn of_utf_32(bytes: &[u8]) -> Option<Self> {
        let is_zero_at = |at: usize| {
            let (letters, rest) = bytes.as_chunks::<4>();
            rest.is_empty() && !letters.is_empty() && letters.iter().all(|letter| letter[at] == 0)
        };
        match bytes {
            [0xff, 0xfe, 0, 0, ..] => Some(Self::Little),
            [0, 0, 0xfe, 0xff, ..] => Some(Self::Big),
            [0, ..] => is_zero_at(0).then_some(Self::Big),
            _ => is_zero_at(3).then_some(Self::Little),
        }
    }
}

/// The encoding of everything that `input` gives: by its byte-order mark, else UTF-8 if it is that, else a guess. None if it may as well be UTF-8 in which
/// something is damaged as another encoding: a guess would make garbage of what is whole, and nobody would notice.
pub fn detect(mut input: impl Read) -> io::Result<Option<&'static Encoding>> {
    let mut detection = Detection::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => {
                let (whole, damaged) = (detection.whole, detection.damaged());
                let encoding = detection.encoding();
                let is_doubtful = damaged > 0 && whole >= damaged && ![UTF_8, UTF_16LE, UTF_16BE].contains(&encoding);
                return Ok((!is_doubtful).then_some(encoding));
            }
            Ok(length) => detection.feed(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// How many letters that are not ASCII are whole, and how many are damaged.
fn count(text: &str) -> (u64, u64) {
    let damaged = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count() as u64;
    (text.chars().filter(|c| !c.is_ascii()).count() as u64 - damaged, damaged)
}

struct Detection {
    start: Vec<u8>,
    length: u64,
    /// Zeros at even and at odd places.
    zeros: [u64; 2],
    /// The beginning of a letter of UTF-8 whose rest is in the next chunk.
    pending: Vec<u8>,
    whole: u64,
    damaged: u64,
    /// Whether it has the sign with which ISO-2022-JP says that other letters follow.
    escapes: bool,
    guess: EncodingDetector,
}

impl Detection {
    fn new() -> Self {
        Self {
            start: Vec::new(),
            length: 0,
            zeros: [0, 0],
            pending: Vec::new(),
            whole: 0,
            damaged: 0,
            escapes: false,
            guess: EncodingDetector::new(Iso2022JpDetection::Allow),
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let missing = 3_usize.saturating_sub(self.start.len());
        self.start.extend(bytes.iter().take(missing));
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == 0) {
            self.zeros[(usize::from(self.length % 2 == 1) + at) % 2] += 1;
        }
        self.length += bytes.len() as u64;
        self.escapes |= bytes.contains(&0x1b);
        self.guess.feed(bytes, false);
        let mut joined = std::mem::take(&mut self.pending);
        joined.extend_from_slice(bytes);
        let mut rest = joined.len();
        for chunk in joined.utf8_chunks() {
            self.whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count() as u64;
            rest -= chunk.valid().len() + chunk.invalid().len();
            if rest == 0 && is_beginning(chunk.invalid()) {
                self.pending = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                self.damaged += 1;
            }
        }
    }

    fn encoding(mut self) -> &'static Encoding {
        if let Some((encoding, _)) = Encoding::for_bom(&self.start) {
            return encoding;
        }
        if let Some(encoding) = self.utf_16() {
            return encoding;
        }
        let damaged = self.damaged();
        // ISO-2022-JP has the bytes of ASCII alone, so that it would pass for UTF-8.
        let is_ascii = damaged == 0 && self.whole == 0;
        if (damaged == 0 || self.whole >= WHOLE_FOR_EACH_DAMAGED * damaged) && !(is_ascii && self.escapes) {
            return UTF_8;
        }
        self.guess.feed(&[], true);
        match self.guess.guess(None, Utf8Detection::Deny) {
            guess if is_ascii && guess != ISO_2022_JP => UTF_8,
            guess => guess,
        }
    }

    /// How much of it can't be UTF-8.
    fn damaged(&self) -> u64 {
        self.damaged + u64::from(!self.pending.is_empty())
    }

    /// Without a mark it is recognised by its Latin letters and signs, which have a zero beside them.
    fn utf_16(&self) -> Option<&'static Encoding> {
        let is_most = |zeros: u64, others: u64| zeros > 0 && zeros * 8 >= self.length && others * 8 <= zeros;
        match self.zeros {
            [even, odd] if is_most(odd, even) => Some(UTF_16LE),
            [even, odd] if is_most(even, odd) => Some(UTF_16BE),
            _ => None,
        }
    }
}

/// Whether bytes are the beginning of a letter in UTF-8.
fn is_beginning(bytes: &[u8]) -> bool {
    !bytes.is_empty() && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHINESE: &str = "类型,内容\r\n投诉,送货迟到了三天，没有人联系我\r\n表扬,客服态度很好，谢谢\r\n";
    const TRADITIONAL: &str = "類型,內容\r\n投訴,送貨遲到了三天，沒有人聯絡我\r\n稱讚,客服態度很好，謝謝\r\n";
    const JAPANESE: &str = "種類,内容\r\n苦情,配達が三日遅れました。連絡もありません。\r\n";
    const GERMAN: &str = "Art,Text\r\nBeschwerde,Die Lieferung kam drei Tage zu spät – für 20 € Gebühr\r\n";

    #[test]
    fn texts_of_every_country_are_read() {
        for (label, text) in [
            ("utf-8", CHINESE),
            ("gbk", CHINESE),
            ("gb18030", CHINESE),
            ("big5", TRADITIONAL),
            ("shift_jis", JAPANESE),
            ("windows-1252", GERMAN),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).expect("a label");
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(decode(&bytes).as_deref(), Some(text), "{label}");
        }
        for text in [CHINESE, GERMAN] {
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(decode(&[&b"\xff\xfe"[..], &little].concat()).as_deref(), Some(text));
            assert_eq!(decode(&[&b"\xfe\xff"[..], &big].concat()).as_deref(), Some(text));
            assert_eq!(decode(&[&b"\xef\xbb\xbf"[..], text.as_bytes()].concat()).as_deref(), Some(text));
        }
        let little: Vec<u8> = GERMAN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&little).as_deref(), Some(GERMAN), "without a mark");
    }

    #[test]
    fn one_damaged_letter_does_not_make_another_encoding_of_it() {
        let mut bytes = CHINESE.as_bytes().to_vec();
        bytes.extend(b"\xb1");
        assert_eq!(detect(&bytes[..]).expect("memory can be read"), Some(UTF_8));
        assert_eq!(decode(&bytes), None);
        assert_eq!(decode_mostly(&bytes).as_deref(), Some(format!("{CHINESE}\u{fffd}").as_str()));
        assert_eq!(decode_mostly(b"\xff\xfe\x00\xd8"), None, "there is nothing else in it");
        assert_eq!(decode_mostly(b"??\x0f\x9f\x9ek)\x9eXG\x0e\xff"), None, "it is no text in any encoding");
    }

    #[test]
    fn a_short_text_with_a_damaged_letter_is_not_guessed() {
        for doubtful in
            [&b"Gr\xc3\xb6\xc3\x9fe, caf\xe9"[..], b"\xe6\x99\x9a\xe5\x88\xb0\xe4\xba", b"M\xc3\xbcller\xff"]
        {
            assert_eq!(detect(doubtful).expect("memory can be read"), None, "{doubtful:?}");
        }
        for (label, text) in
            [("windows-1252", "café für 20 €"), ("gbk", "晚到"), ("gbk", CHINESE), ("shift_jis", JAPANESE)]
        {
            let encoding = Encoding::for_label(label.as_bytes()).expect("a label");
            let found = detect(&*encoding.encode(text).0).expect("memory can be read");
            assert!(found.is_some_and(|found| found != UTF_8), "{label}: {text}");
        }
    }

    #[test]
    fn japanese_in_escapes_and_four_bytes_a_letter_are_read() {
        let (bytes, ..) = ISO_2022_JP.encode(JAPANESE);
        assert!(bytes.is_ascii());
        assert_eq!(decode(&bytes).as_deref(), Some(JAPANESE));
        assert_eq!(decode_mostly(&bytes).as_deref(), Some(JAPANESE));
        assert_eq!(detect(&*bytes).expect("memory can be read"), Some(ISO_2022_JP));
        assert_eq!(decode(b"\x1b[31mred\x1b[0m").as_deref(), Some("\x1b[31mred\x1b[0m"), "colours of a terminal");
        for text in [CHINESE, GERMAN, "a"] {
            let little: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
            let big: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
            assert_eq!(decode(&little).as_deref(), Some(text));
            assert_eq!(decode(&big).as_deref(), Some(text));
            assert_eq!(decode(&[&b"\xff\xfe\0\0"[..], &little].concat()).as_deref(), Some(text));
            assert_eq!(decode(&[&b"\0\0\xfe\xff"[..], &big].concat()).as_deref(), Some(text));
            assert_eq!(decode_mostly(&little).as_deref(), Some(text));
        }
    }

    proptest! {
        #[test]
        fn text_in_utf_8_stays_what_it_is(text in "[^\u{0}\u{feff}]{0,60}") {
            let decoded = decode(text.as_bytes());
            prop_assert_eq!(decoded.as_deref(), Some(text.as_str()));
        }

        #[test]
        fn the_size_of_reads_changes_nothing(bytes: Vec<u8>, at in 0usize..40) {
            let (one, other) = bytes.split_at(at.min(bytes.len()));
            prop_assert_eq!(detect(one.chain(other)).expect("memory can be read"), detect(&bytes[..]).expect("memory can be read"));
            let _ = decode(&bytes);
        }
    }
}
