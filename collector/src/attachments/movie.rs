//! MP4, QuickTime and their kin without metadata: phones write there where a video was taken.
//!
//! A box of metadata is renamed to `free` and filled with zeros, so that nothing moves and no offset changes (ISO/IEC 14496-12, 8.1.2).

use bytes::{Bytes, BytesMut};

/// Boxes of boxes in which metadata can stand.
const PARENTS: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"moof"];
/// Boxes of metadata: the user's data, and the tags of ISO and QuickTime; `uuid` holds XMP, and what cameras invent.
const METADATA: [&[u8; 4]; 3] = [b"udta", b"meta", b"uuid"];
/// Deeper than any real file nests.
const DEPTH_MAX: usize = 8;

/// The content without metadata.
pub fn clean(content: Bytes) -> Bytes {
    // In place: nobody else holds a file that has just been read.
    let mut content = content.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    clean_boxes(&mut content, DEPTH_MAX);
    content.freeze()
}

fn clean_boxes(mut boxes: &mut [u8], depth: usize) {
    while let Some((header, size)) = header(boxes) {
        let (this, rest) = boxes.split_at_mut(size);
        let kind: [u8; 4] = this[4..8].try_into().unwrap_or_default();
        if METADATA.contains(&&kind) {
            this[4..8].copy_from_slice(b"free");
            this[header..].fill(0);
        } else if PARENTS.contains(&&kind) && depth > 0 {
            clean_boxes(&mut this[header..], depth - 1);
        }
        boxes = rest;
    }
}

/// The length of the first box's header and of the whole box; none where no whole box begins.
fn header(boxes: &[u8]) -> Option<(usize, usize)> {
    let short = u32::from_be_bytes(boxes.get(..4)?.try_into().ok()?);
    boxes.get(4..8)?;
    let (header, size) = match short {
        0 => (8, boxes.len()),
        1 => (16, usize::try_from(u64::from_be_bytes(boxes.get(8..16)?.try_into().ok()?)).ok()?),
        size => (8, usize::try_from(size).ok()?),
    };
    // The last box of a file that was cut off goes to its end.
    let size = size.min(boxes.len());
    (size >= header).then_some((header, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
        [&(contents.len() as u32 + 8).to_be_bytes()[..], kind, contents].concat()
    }

    fn holds(content: &[u8], words: &[u8]) -> bool {
        content.windows(words.len()).any(|window| window == words)
    }

    #[test]
    fn a_video_loses_where_it_was_taken_and_nothing_moves() {
        let place = boxed(b"udta", &boxed(b"\xa9xyz", b"+31.2+121.4/"));
        let track =
            boxed(b"trak", &[boxed(b"tkhd", b"track"), place.clone(), boxed(b"meta", b"of the track")].concat());
        let movie = [boxed(b"mvhd", b"head"), track, place, boxed(b"meta", b"com.apple.quicktime.location")].concat();
        let video = [
            boxed(b"ftyp", b"isom"),
            boxed(b"moov", &movie),
            boxed(b"mdat", b"frames with udta in them"),
            boxed(b"uuid", b"XMP 121.4"),
        ]
        .concat();
        let clean = clean(video.clone().into());
        assert_eq!(clean.len(), video.len());
        for word in [&b"121.4"[..], b"location", b"of the track"] {
            assert!(holds(&video, word) && !holds(&clean, word), "{}", String::from_utf8_lossy(word));
        }
        assert!(
            holds(&clean, b"frames with udta in them") && holds(&clean, b"tkhdtrack") && holds(&clean, b"mvhdhead")
        );
    }

    #[test]
    fn lengths_that_lie_do_no_harm() {
        for lie in [
            &b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\0\0\0\x03moov",
            b"\xff\xff\xff\xffudta12",
            b"\0\0\0\0moov",
        ] {
            assert_eq!(clean(Bytes::copy_from_slice(lie)).len(), lie.len());
        }
    }
}
