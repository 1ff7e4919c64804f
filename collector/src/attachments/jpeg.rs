//! JPEG without metadata. What a decoder needs stays: frames, tables, scans, JFIF, colour profile and Adobe's colour transform.

use bytes::Bytes;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};

use super::{Refusal, exif};

/// The content without metadata, comments, and what stands behind the end of the picture.
pub fn clean(content: Bytes) -> Result<Bytes, Refusal> {
    let mut image = Jpeg::from_bytes(content.clone()).map_err(|_| Refusal::Damaged)?;
    if image.dimensions().is_none() {
        return Err(Refusal::Damaged);
    }
    let scan = image.segments_mut().iter_mut().find(|segment| segment.has_entropy()).ok_or(Refusal::Damaged)?;
    // What follows the head of the first scan, up to the end of the file.
    let rest = content.len() - (scan.len_with_entropy() - scan.len());
    *scan = JpegSegment::new_with_entropy(markers::SOS, scan.contents().clone(), scans(&content[rest..]));
    let exif = image.segments_by_marker(markers::APP1).find_map(|segment| segment.contents().strip_prefix(b"Exif\0\0"));
    let kept = exif.and_then(exif::orientation_only);
    image.segments_mut().retain(is_needed);
    if let Some(block) = kept {
        let is_jfif = image.segments().first().is_some_and(|segment| segment.marker() == markers::APP0);
        let contents = [b"Exif\0\0", &block[..]].concat();
        let segment = JpegSegment::new_with_contents(markers::APP1, contents.into());
        image.segments_mut().insert(usize::from(is_jfif), segment);
    }
    Ok(image.encoder().bytes())
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

/// The scans up to the end of the picture: between two of them, too, there can be metadata (ITU T.81, B.2).
fn scans(data: &[u8]) -> Bytes {
    let mut kept = Vec::with_capacity(data.len() + 2);
    let mut at = 0;
    while let Some(offset) = data[at..].windows(2).position(|pair| pair[0] == 0xff && !is_entropy(pair[1])) {
        kept.extend_from_slice(&data[at..at + offset]);
        at += offset;
        let marker = data[at + 1];
        if marker == markers::EOI {
            break;
        }
        let length = data.get(at + 2..at + 4).map_or(0, |pair| usize::from(u16::from_be_bytes([pair[0], pair[1]])));
        let end = (at + 2 + length.max(2)).min(data.len());
        if is_picture(marker) {
            kept.extend_from_slice(&data[at..end]);
        }
        at = end;
        if at == data.len() {
            break;
        }
    }
    // What was cut off in the middle of a scan still shows its upper part.
    if data.get(at..at + 2).is_none_or(|pair| pair != [0xff, markers::EOI]) {
        kept.extend_from_slice(data.get(at..).unwrap_or_default());
    }
    kept.extend_from_slice(&[0xff, markers::EOI]);
    kept.into()
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
        let clean = clean(photograph.into()).expect("it is whole");
        for word in [&b"GPS"[..], b"31.2N", b"xmpmeta", b"MPF", b"Li Lei", b"taken at home", b"behind it"] {
            assert!(!holds(&clean, word), "{}", String::from_utf8_lossy(word));
        }
        for word in [&b"JFIF"[..], b"colours", b"Adobe", b"first\xff\0scan\xff\xd0", b"tables", b"second scan\xff\xd9"]
        {
            assert!(holds(&clean, word), "{}", String::from_utf8_lossy(word));
        }
        assert!(holds(&clean, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06"), "which way is up");
        assert_eq!(super::clean(clean.clone()).expect("it is whole"), clean, "cleaning again changes nothing");
    }

    #[test]
    fn what_is_no_picture_is_refused_and_half_a_one_is_not() {
        assert!(matches!(clean(Bytes::from_static(b"\xff\xd8\xff\xe0\0\x04ab\xff\xd9")), Err(Refusal::Damaged)));
        let frame = segment(markers::SOF0, b"\x08\0\x10\0\x10\x01\x01\x11\0");
        let half =
            [&[0xff, 0xd8][..], &frame, &segment(markers::SOS, b"\x01\x01\0\0\x3f\0"), b"half a scan\xff"].concat();
        let clean = clean(half.into()).expect("its upper part can be seen");
        assert!(clean.ends_with(b"half a scan\xff\xff\xd9"));
    }
}
