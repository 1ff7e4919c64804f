//! GIF without comments and foreign data, among which programs put XMP, and in it the place where a picture was made.

use std::ops::Range;

use bytes::Bytes;
use object_store::PutPayload;

use super::{PARTS_MAX, UploadError};

/// The signature, and the size and colours of the picture as a whole.
const HEAD: usize = 13;
const TRAILER: u8 = 0x3b;
/// What an application extension may be called to stay: two for how often an animation runs, one for a colour profile.
const KEPT: [&[u8; 11]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

/// The picture, of whose parts only those that are needed to show it are kept. One that breaks off after a whole frame ends there.
pub fn clean(content: &Bytes) -> Result<PutPayload, UploadError> {
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut keep = |part: Range<usize>| match kept.last_mut() {
        Some(last) if last.end == part.start => last.end = part.end,
        _ => kept.push(part),
    };
    let mut at = HEAD + colours(*content.get(10).ok_or(UploadError::Damaged)?);
    if content.len() < at {
        return Err(UploadError::Damaged);
    }
    keep(0..at);
    let mut frames = 0;
    while let Some(part) = next_part(content, at) {
        match part.what {
            What::Frame => frames += 1,
            What::Needed => {}
            What::Superfluous => {
                at = part.end;
                continue;
            }
        }
        keep(at..part.end);
        at = part.end;
    }
    if frames == 0 || kept.len() > PARTS_MAX {
        return Err(UploadError::Damaged);
    }
    let pieces = kept.into_iter().map(|part| content.slice(part));
    Ok(pieces.chain([Bytes::from_static(&[TRAILER])]).collect())
}

struct Part {
    what: What,
    end: usize,
}

enum What {
    /// A picture of the animation, or the only one.
    Frame,
    /// How it is shown.
    Needed,
    Superfluous,
}

/// The part that begins there; none at the end, and where the picture is damaged.
fn next_part(content: &[u8], at: usize) -> Option<Part> {
    match content.get(at)? {
        // Some programs leave empty blocks behind.
        0 => Some(Part { what: What::Superfluous, end: at + 1 }),
        0x2c => {
            let data = at + 10 + colours(*content.get(at + 9)?) + 1;
            Some(Part { what: What::Frame, end: end_of_blocks(content, data)? })
        }
        0x21 => {
            let what = match content.get(at + 1)? {
                0xf9 => What::Needed,
                0xff if KEPT.iter().any(|name| content.get(at + 3..at + 14) == Some(&name[..])) => What::Needed,
                _ => What::Superfluous,
            };
            Some(Part { what, end: end_of_blocks(content, at + 2)? })
        }
        _ => None,
    }
}

/// The length of the table of colours that follows these flags.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0x07) + 1) }
}

/// Where the blocks end that begin there: each says how long it is, the last one that it is empty.
fn end_of_blocks(content: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match content.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(*length),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
    const CONTROL: &[u8] = b"\x21\xf9\x04\0\x05\0\0\0";
    const FRAME: &[u8] = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    const LOOP: &[u8] = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    const COMMENT: &[u8] = b"\x21\xfe\x06Li Lei\0";

    fn cleaned(parts: &[&[u8]]) -> Result<Vec<u8>, UploadError> {
        clean(&parts.concat().into()).map(|payload| Bytes::from(payload).to_vec())
    }

    /// XMP is written as it is, and made to look like blocks by what follows it.
    fn xmp() -> Vec<u8> {
        let trailer: Vec<u8> = (0..=255).rev().collect();
        [&b"\x21\xff\x0bXMP DataXMP<x:xmpmeta>52.5 N</x:xmpmeta>\x01"[..], &trailer, b"\0"].concat()
    }

    #[test]
    fn an_animation_keeps_what_shows_it_and_nothing_else() {
        let xmp = xmp();
        let given = [START, COMMENT, LOOP, &xmp, CONTROL, FRAME, COMMENT, CONTROL, FRAME, b"\x3b", b"after the end"];
        let expected = [START, LOOP, CONTROL, FRAME, CONTROL, FRAME, b"\x3b"].concat();
        assert_eq!(cleaned(&given).expect("it is whole"), expected);
    }

    #[test]
    fn what_breaks_off_ends_with_its_last_frame() {
        let expected = [START, FRAME, b"\x3b"].concat();
        for rest in [&b""[..], b"\x21\xfe\x09cut", b"\x2c\0\0", b"\0\0", b"unknown"] {
            assert_eq!(cleaned(&[START, FRAME, rest]).expect("a frame is there"), expected, "{rest:?}");
        }
        for damaged in [&START[..10], START, &[START, COMMENT].concat(), &[START, &FRAME[..12]].concat()] {
            assert!(matches!(cleaned(&[damaged]), Err(UploadError::Damaged)), "{damaged:?}");
        }
    }

    #[test]
    fn parts_without_end_are_refused() {
        let many = [FRAME, COMMENT].concat().repeat(PARTS_MAX + 1);
        assert!(matches!(cleaned(&[START, &many]), Err(UploadError::Damaged)));
    }

    proptest! {
        #[test]
        fn what_is_clean_stays_as_it_is(rest: Vec<u8>, frames in 1usize..4) {
            let parts = [START, &FRAME.repeat(frames), &rest];
            let once = cleaned(&parts).expect("a frame is there");
            prop_assert_eq!(cleaned(&[&once]).expect("it was taken before"), once);
        }
    }
}
