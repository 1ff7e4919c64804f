//! JPEG without metadata. What a decoder needs stays: frames, tables, scans, JFIF, colour profile and Adobe's colour transform.

use bytes::Bytes;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use object_store::PutPayload;

use super::{UploadError, exif};

/// More segments than any camera writes. Each takes more memory than it is long.
const SEGMENTS_MAX: usize = 2_000;

/// How often a damaged picture is cleaned until nothing more is found in it.
const ROUNDS: usize = 4;

/// Whether a picture is as it should be. In one that is not, what was taken for coded data may be metadata once something before it is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Whole,
    Damaged,
}

/// The content without metadata, comments, and what stands behind the end of the picture.
pub fn clean(content: &Bytes) -> Result<PutPayload, UploadError> {
    let (mut cleaned, condition) = clean_once(content)?;
    if condition == Condition::Whole {
        return Ok(cleaned);
    }
    for _ in 0..ROUNDS {
        let before = Bytes::from(cleaned);
        cleaned = clean_once(&before)?.0;
        if Bytes::from(cleaned.clone()) == before {
            return Ok(cleaned);
        }
    }
    Err(UploadError::Damaged)
}

fn clean_once(content: &Bytes) -> Result<(PutPayload, Condition), UploadError> {
    if count_segments(content) > SEGMENTS_MAX {
        return Err(UploadError::Damaged);
    }
    let mut image = Jpeg::from_bytes(content.clone()).map_err(|_| UploadError::Damaged)?;
    if image.dimensions().is_none() {
        return Err(UploadError::Damaged);
    }
    let scan = image.segments_mut().iter_mut().find(|segment| segment.has_entropy()).ok_or(UploadError::Damaged)?;
    // What follows the head of the first scan, up to the end of the file.
    let rest = content.len() - (scan.len_with_entropy() - scan.len());
    let (scans, condition) = scans(&content.slice(rest..));
    *scan = JpegSegment::new_with_entropy(markers::SOS, scan.contents().clone(), scans);
    let exif = image.segments_by_marker(markers::APP1).find_map(|segment| segment.contents().strip_prefix(b"Exif\0\0"));
    let kept = exif.and_then(exif::orientation_only);
    image.segments_mut().retain(is_needed);
    if let Some(block) = kept {
        let is_jfif = image.segments().first().is_some_and(|segment| segment.marker() == markers::APP0);
        let contents = [b"Exif\0\0", &block[..]].concat();
        let segment = JpegSegment::new_with_contents(markers::APP1, contents.into());
        image.segments_mut().insert(usize::from(is_jfif), segment);
    }
    Ok((image.encoder().chain([Bytes::from_static(&[0xff, markers::EOI])]).collect(), condition))
}

/// How many segments there are before the first scan, as far as there can be too many.
fn count_segments(content: &[u8]) -> usize {
    let (mut count, mut at) = (0, 2);
    while let Some(offset) =
        content.get(at..).and_then(|rest| rest.windows(2).position(|pair| pair[0] == 0xff && has_length(pair[1])))
    {
        count += 1;
        at += offset;
        if content[at + 1] == markers::SOS || count > SEGMENTS_MAX {
            break;
        }
        at += 2 + length(content, at);
    }
    count
}

/// Whether a segment of this kind has contents at all.
const fn has_length(marker: u8) -> bool {
    !matches!(marker, 0x00 | 0x01 | 0xd0..=0xd9 | 0xff)
}

/// The length that the segment at this place says, which counts itself.
fn length(content: &[u8], at: usize) -> usize {
    let pair = content.get(at + 2..at + 4);
    pair.map_or(2, |pair| usize::from(u16::from_be_bytes([pair[0], pair[1]])).max(2))
}

fn is_needed(segment: &JpegSegment) -> bool {
    let contents = segment.contents();
    match segment.marker() {
        markers::APP0 => contents.starts_with(b"JFIF\0"),
        markers::APP2 => contents.starts_with(b"ICC_PROFILE\0"),
        markers::APP14 => contents.starts_with(b"Adobe"),
        marker => is_picture(marker),
    }
}

/// Frames, tables and scans; not applications' data, comments and extensions.
const fn is_picture(marker: u8) -> bool {
    matches!(marker, markers::SOF0..=markers::EXP)
}

/// The scans up to the end of the picture: between two of them, too, there can be metadata (ITU T.81, B.2). Without any, which is
/// how it always is, nothing is copied. What was cut off in the middle of a scan still shows its upper part.
fn scans(data: &Bytes) -> (Bytes, Condition) {
    let (mut at, mut taken) = (0, 0);
    let mut condition = Condition::Damaged;
    let mut kept: Option<Vec<u8>> = None;
    let end = loop {
        let Some(offset) = data[at..].windows(2).position(|pair| pair[0] == 0xff && !is_entropy(pair[1])) else {
            break data.len();
        };
        let here = at + offset;
        let marker = data[here + 1];
        if marker == markers::EOI {
            condition = if kept.is_none() { Condition::Whole } else { Condition::Damaged };
            break here;
        }
        // The beginning of another picture says no length; what stands for one would hide what follows.
        let says_length = has_length(marker);
        at = if says_length { (here + 2 + length(data, here)).min(data.len()) } else { here + 2 };
        if !says_length || !is_picture(marker) {
            kept.get_or_insert_with(|| Vec::with_capacity(data.len())).extend_from_slice(&data[taken..here]);
            taken = at;
        }
    };
    match kept {
        None => (data.slice(..end), condition),
        Some(mut kept) => {
            kept.extend_from_slice(&data[taken..end]);
            (kept.into(), condition)
        }
    }
}

/// Whether what follows `FF` belongs to the coded data: a stuffed byte, a fill byte, a restart.
const fn is_entropy(next: u8) -> bool {
    matches!(next, 0x00 | 0xff | 0xd0..=0xd7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
        [&[0xff, marker][..], &(contents.len() as u16 + 2).to_be_bytes(), contents].concat()
    }

    fn holds(content: &[u8], words: &[u8]) -> bool {
        content.windows(words.len()).any(|window| window == words)
    }

    #[test]
    fn a_photograph_loses_where_it_was_taken_and_keeps_its_pixels() {
        let camera = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0GPS 31.2N 121.4E";
        let frame = segment(markers::SOF0, b"\x08\0\x10\0\x10\x01\x01\x11\0");
        let photograph = [
            &[0xff, 0xd8][..],
            &segment(markers::APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            &segment(markers::APP1, camera),
            &segment(markers::APP1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>GPS</x:xmpmeta>"),
            &segment(markers::APP2, b"ICC_PROFILE\0\x01\x01colours"),
            &segment(markers::APP2, b"MPF\0II*\0"),
            &segment(markers::APP13, b"Photoshop 3.0\0By Li Lei"),
            &segment(markers::APP14, b"Adobe\0\x64\0\0\0\0\x01"),
            &segment(markers::COM, b"taken at home"),
            &frame,
            &segment(markers::SOS, b"\x01\x01\0\0\x3f\0"),
            b"first\xff\0scan\xff\xd0",
            &segment(markers::APP1, b"Exif\0\0GPS between scans"),
            &segment(markers::DHT, b"tables"),
            &segment(markers::SOS, b"\x01\x01\0\0\x3f\0"),
            b"second scan\xff\xd9",
            b"\xff\xd8\xff\xe1GPS of another picture behind it",
        ]
        .concat();
        let clean = Bytes::from(clean(&photograph.into()).expect("it is whole"));
        for word in [&b"GPS"[..], b"31.2N", b"xmpmeta", b"MPF", b"Li Lei", b"taken at home", b"behind it"] {
            assert!(!holds(&clean, word), "{}", String::from_utf8_lossy(word));
        }
        for word in [&b"JFIF"[..], b"colours", b"Adobe", b"first\xff\0scan\xff\xd0", b"tables", b"second scan\xff\xd9"]
        {
            assert!(holds(&clean, word), "{}", String::from_utf8_lossy(word));
        }
        assert!(holds(&clean, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06"), "which way is up");
        let again = super::clean(&clean).map(Bytes::from);
        assert_eq!(again.expect("it is whole"), clean, "cleaning again changes nothing");
    }

    #[test]
    fn a_picture_inside_of_a_damaged_one_hides_nothing() {
        let frame = segment(markers::SOF0, b"\x08\0\x10\0\x10\x01\x01\x11\0");
        let scan = segment(markers::SOS, b"\x01\x01\0\0\x3f\0");
        let inner = segment(markers::APP1, b"Exif\0\0GPS 31.2N 121.4E");
        let damaged = [&[0xff, 0xd8][..], &frame, &scan, b"cut off here\xff\xd8", &inner, &scan, b"the rest"].concat();
        let clean = Bytes::from(clean(&damaged.into()).expect("its upper part can be seen"));
        assert!(!holds(&clean, b"GPS") && holds(&clean, b"cut off here"));
        assert_eq!(
            super::clean(&clean).map(Bytes::from).expect("it is whole"),
            clean,
            "cleaning again changes nothing"
        );
    }

    #[test]
    fn what_is_no_picture_is_refused_and_half_a_one_is_not() {
        assert!(matches!(clean(&Bytes::from_static(b"\xff\xd8\xff\xe0\0\x04ab\xff\xd9")), Err(UploadError::Damaged)));
        let frame = segment(markers::SOF0, b"\x08\0\x10\0\x10\x01\x01\x11\0");
        let half =
            [&[0xff, 0xd8][..], &frame, &segment(markers::SOS, b"\x01\x01\0\0\x3f\0"), b"half a scan\xff"].concat();
        let clean = Bytes::from(clean(&half.into()).expect("its upper part can be seen"));
        assert!(clean.ends_with(b"half a scan\xff\xff\xd9"));
    }

    #[test]
    fn segments_without_end_are_refused_before_they_take_memory() {
        let many = [&[0xff, 0xd8][..], &segment(markers::DQT, b"").repeat(1_000_000)].concat();
        assert!(matches!(clean(&many.into()), Err(UploadError::Damaged)));
        let frame = segment(markers::SOF0, b"\x08\0\x10\0\x10\x01\x01\x11\0");
        let scan = segment(markers::SOS, b"\x01\x01\0\0\x3f\0");
        let some = [&[0xff, 0xd8][..], &segment(markers::DQT, b"").repeat(1_000), &frame, &scan, b"x"].concat();
        assert!(clean(&some.into()).is_ok());
    }
}
