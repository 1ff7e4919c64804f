//! Files without what their makers did not mean to tell: where and when a picture was taken, with which device, by whom.
//!
//! Pictures are put together again from the parts that are needed to show them, so that metadata of kinds that are not known yet
//! goes too. Pixels are not touched.

use bytes::Bytes;
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use object_store::PutPayload;

use super::sniff::MediaType;
use super::{PARTS_MAX, UploadError, exif, gif, jpeg, movie};

/// What a PNG needs to be shown (PNG, third edition, 5.6), animations included.
const PNG_PARTS: [&[u8; 4]; 19] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI",
    b"sBIT", b"bKGD", b"pHYs", b"hIST", b"acTL", b"fcTL", b"fdAT",
];
/// What a WebP needs to be shown (RFC 9649).
const WEBP_PARTS: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// The flags for EXIF and XMP in the first byte of `VP8X`.
const WEBP_EXIF: u8 = 0b1000;
const WEBP_XMP: u8 = 0b0100;

/// The content without metadata, in pieces, most of which are pieces of what was given: a large file is not copied.
pub fn clean(media_type: &MediaType, content: Bytes) -> Result<PutPayload, UploadError> {
    match media_type.name {
        "image/jpeg" => jpeg::clean(&content),
        "image/png" => png(content),
        "image/webp" => webp(content),
        "image/gif" => gif::clean(&content),
        "video/mp4" | "video/quicktime" | "video/3gpp" | "audio/mp4" => Ok(movie::clean(content).into()),
        _ => Ok(content.into()),
    }
}

fn png(content: Bytes) -> Result<PutPayload, UploadError> {
    // A length, a name, the contents and a checksum.
    let length = |at: usize| u32::from_be_bytes(content.get(at..at + 4)?.try_into().ok()?).checked_add(12);
    if count_parts(8, length) > PARTS_MAX {
        return Err(UploadError::Damaged);
    }
    let mut image = Png::from_bytes(content).map_err(|_| UploadError::Damaged)?;
    let is_whole = image.dimensions().is_some() && image.chunk_by_type(*b"IEND").is_some();
    if !is_whole {
        return Err(UploadError::Damaged);
    }
    let kept = image.chunk_by_type(*b"eXIf").and_then(|chunk| exif::orientation_only(chunk.contents()));
    image.chunks_mut().retain(|chunk| PNG_PARTS.contains(&&chunk.kind()));
    if let Some(block) = kept {
        // After the header, which is always first.
        image.chunks_mut().insert(1, PngChunk::new(*b"eXIf", block));
    }
    Ok(image.encoder().collect())
}

fn webp(content: Bytes) -> Result<PutPayload, UploadError> {
    // A name, a length and the contents, padded to an even length.
    let length = |at: usize| {
        let is_flat = !matches!(content.get(at..at + 4)?, b"LIST" | b"RIFF");
        let length = u32::from_le_bytes(content.get(at + 4..at + 8)?.try_into().ok()?);
        if is_flat { length.checked_add(8 + length % 2) } else { Some(0) }
    };
    if count_parts(12, length) > PARTS_MAX {
        return Err(UploadError::Damaged);
    }
    let mut image = WebP::from_bytes(content).map_err(|_| UploadError::Damaged)?;
    if image.dimensions().is_none() {
        return Err(UploadError::Damaged);
    }
    let exif = image.chunk_by_id(*b"EXIF").and_then(|chunk| chunk.content().data()).cloned();
    // Some programs put the marker of a JPEG's block before it.
    let kept = exif.and_then(|data| exif::orientation_only(data.strip_prefix(b"Exif\0\0").unwrap_or(&data)));
    image.chunks_mut().retain(|chunk| WEBP_PARTS.contains(&&chunk.id()));
    let extended = image.chunks_mut().iter_mut().find(|chunk| chunk.id() == *b"VP8X");
    if let Some(RiffContent::Data(data)) = extended.map(RiffChunk::content_mut) {
        let mut header = data.to_vec();
        if let Some(flags) = header.first_mut() {
            *flags = (*flags & !(WEBP_EXIF | WEBP_XMP)) | if kept.is_some() { WEBP_EXIF } else { 0 };
        }
        *data = header.into();
        if let Some(block) = kept {
            image.chunks_mut().push(RiffChunk::new(*b"EXIF", RiffContent::Data(block)));
        }
    }
    Ok(image.encoder().collect())
}

/// How many parts follow each other from a place on, as far as there can be too many; `length` tells that of the part at a place. A
/// part that has none goes on for ever.
fn count_parts(from: usize, length: impl Fn(usize) -> Option<u32>) -> usize {
    let (mut count, mut at) = (0, from);
    while let Some(length) = length(at).and_then(|length| usize::try_from(length).ok()) {
        count += 1;
        at += length;
        if count > PARTS_MAX {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::attachments::sniff::{ACCEPTED, sniff};

    const CAMERA: &[u8] =
        b"MM\0*\0\0\0\x08\0\x02\x01\x0e\0\x02\0\0\0\x04GPS!\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

    fn chunk(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
        PngChunk::new(*kind, contents.to_vec().into()).encoder().bytes().to_vec()
    }

    fn riff(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let padding = &[0][..data.len() % 2];
        [id, &(data.len() as u32).to_le_bytes()[..], data, padding].concat()
    }

    fn holds(content: &[u8], words: &[u8]) -> bool {
        content.windows(words.len()).any(|window| window == words)
    }

    fn cleaned(content: Vec<u8>) -> Result<Bytes, UploadError> {
        clean(sniff(&content)?, content.into()).map(Bytes::from)
    }

    #[test]
    fn a_png_loses_its_texts_and_keeps_its_pixels() {
        let header = chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0");
        let picture = [
            b"\x89PNG\r\n\x1a\n",
            &header[..],
            &chunk(b"tEXt", b"Author\0Li Lei"),
            &chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0GPS"),
            &chunk(b"eXIf", CAMERA),
            &chunk(b"tIME", b"1234567"),
            &chunk(b"zzZz", b"unknown"),
            &chunk(b"IDAT", b"pixels"),
            &chunk(b"IEND", b""),
            b"trailing GPS",
        ];
        let clean = cleaned(picture.concat()).expect("it is whole");
        for word in [&b"Li Lei"[..], b"GPS", b"tIME", b"unknown", b"trailing"] {
            assert!(!holds(&clean, word), "{}", String::from_utf8_lossy(word));
        }
        assert!(
            holds(&clean, b"pixels") && holds(&clean, b"\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06"),
            "pixels and orientation"
        );
        assert!(matches!(cleaned(b"\x89PNG\r\n\x1a\nrubbish".to_vec()), Err(UploadError::Damaged)));
    }

    #[test]
    fn a_webp_loses_its_metadata_and_keeps_its_pixels() {
        let parts = [
            riff(b"VP8X", b"\x0c\0\0\0\0\0\0\0\0\0"),
            riff(b"VP8 ", b"pixels!"),
            riff(b"EXIF", &[b"Exif\0\0", CAMERA].concat()),
            riff(b"XMP ", b"<x:xmpmeta>GPS</x:xmpmeta>"),
            riff(b"zzzz", b"unknown"),
        ]
        .concat();
        let clean = cleaned(riff(b"RIFF", &[b"WEBP", &parts[..]].concat())).expect("it is whole");
        assert!(holds(&clean, b"pixels!") && holds(&clean, b"\x01\x12\0\x03\0\0\0\x01\0\x06"));
        assert!(!holds(&clean, b"GPS") && !holds(&clean, b"XMP") && !holds(&clean, b"unknown"));
        assert!(holds(&clean, b"VP8X\x0a\0\0\0\x08"), "the flags tell of the orientation alone");
        assert!(matches!(cleaned(b"RIFF\xff\0\0\0WEBPVP8 ".to_vec()), Err(UploadError::Damaged)));
    }

    #[test]
    fn parts_without_end_are_refused_before_they_take_memory() {
        let png = [b"\x89PNG\r\n\x1a\n", &chunk(b"IDAT", b"").repeat(500_000)[..]].concat();
        assert!(matches!(cleaned(png), Err(UploadError::Damaged)));
        let webp = riff(
            b"RIFF",
            &[b"WEBPVP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0", &riff(b"ANMF", b"").repeat(500_000)[..]].concat(),
        );
        assert!(matches!(cleaned(webp), Err(UploadError::Damaged)));
        let nested = riff(b"RIFF", &[b"WEBP", &riff(b"LIST", b"abcd").repeat(2)[..]].concat());
        assert!(matches!(cleaned(nested), Err(UploadError::Damaged)), "WebP has no lists");
    }

    proptest! {
        #[test]
        fn never_panics(
            start in prop::sample::select(vec![&b"\xff\xd8\xff\xe1"[..], b"\xff\xd8\xff\xda\0\x02", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\x20\0\0\0WEBPVP8X", b"GIF89a\x01\0\x01\0\0\0\0\x2c",
                b"\0\0\0\x18ftypisom", b"\0\0\0\x08moov"]),
            rest: Vec<u8>,
            kind in 0..ACCEPTED.len(),
        ) {
            let content = Bytes::from([start, &rest].concat());
            if let Ok(clean) = clean(&ACCEPTED[kind], content.clone()) {
                // At most a header and the orientation are written anew.
                prop_assert!(clean.content_length() <= content.len() + 64);
            }
        }
    }
}
