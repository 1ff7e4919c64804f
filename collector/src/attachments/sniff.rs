//! What a file is, by its content: names and declared types are what a sender says.

use super::UploadError;
use super::office;
use crate::charset;

/// Signatures are near the beginning; the rest need not be looked through for them.
const HEAD: usize = 8 * 1024;

/// A type that is accepted.
#[derive(Debug, PartialEq, Eq)]
pub struct MediaType {
    /// As in `Content-Type`.
    pub name: &'static str,
    /// The endings that a name of such a file may have, the usual one first.
    pub endings: &'static [&'static str],
}

macro_rules! media_types {
    ($($name:literal: $($ending:literal)+;)+) => {
        /// Every type that is accepted.
        pub const ACCEPTED: &[MediaType] = &[$(MediaType { name: $name, endings: &[$($ending),+] }),+];
    };
}

media_types! {
    "image/jpeg": "jpg" "jpeg" "jpe" "jfif";
    "image/png": "png" "apng";
    "image/gif": "gif";
    "image/webp": "webp";
    "application/pdf": "pdf";
    "text/plain": "txt" "text" "csv" "tsv" "log" "md" "json" "eml" "vcf" "ics";
    "application/rtf": "rtf";
    "application/msword": "doc" "wps";
    "application/vnd.ms-excel": "xls" "et";
    "application/vnd.ms-powerpoint": "ppt" "dps";
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx";
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx";
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx";
    "application/vnd.oasis.opendocument.text": "odt";
    "application/vnd.oasis.opendocument.spreadsheet": "ods";
    "application/vnd.oasis.opendocument.presentation": "odp";
    "audio/mpeg": "mp3";
    "audio/mp4": "m4a";
    "audio/ogg": "ogg" "oga" "opus";
    "audio/flac": "flac";
    "audio/wav": "wav";
    "audio/amr": "amr";
    "audio/aac": "aac";
    "video/mp4": "mp4" "m4v";
    "video/quicktime": "mov" "qt";
    "video/webm": "webm";
    "video/3gpp": "3gp" "3g2";
}

/// The type of a file with this content.
pub fn sniff(content: &[u8]) -> Result<&'static MediaType, UploadError> {
    if content.is_empty() {
        return Err(UploadError::Empty);
    }
    // Signatures of a few letters would take `BMW` for a picture, so what is text throughout is text.
    let name = match std::str::from_utf8(content).ok().filter(|text| is_text(text)) {
        Some(text) => of_text(text)?,
        None => match of_bytes(content) {
            // Text of older programs has no signature; every other encoding is looked at last.
            Err(UploadError::Type) => {
                of_text(&charset::decode(content).filter(|text| is_text(text)).ok_or(UploadError::Type)?)?
            }
            known => known?,
        },
    };
    ACCEPTED.iter().find(|known| known.name == name).ok_or(UploadError::Type)
}

/// Whether it is text and nothing else: without control characters but those that lay text out.
fn is_text(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{85}'))
}

fn of_text(text: &str) -> Result<&'static str, UploadError> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match start.as_bytes() {
        [b'%', b'P', b'D', b'F', b'-', ..] => Ok("application/pdf"),
        [b'{', b'\\', b'r', b't', b'f', ..] => Ok("application/rtf"),
        // A script, or a program of a printer.
        [b'#', b'!', ..] | [b'%', b'!', ..] => Err(UploadError::Type),
        [b'<', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'!' | b'?' | b'/') => {
            Err(UploadError::Markup)
        }
        _ => Ok("text/plain"),
    }
}

fn of_bytes(content: &[u8]) -> Result<&'static str, UploadError> {
    let head = &content[..content.len().min(HEAD)];
    if head.get(4..8) == Some(b"ftyp") {
        return of_boxes(head.get(8..12).unwrap_or_default());
    }
    if head.starts_with(b"PK\x03\x04") {
        return office::of_zip(content).ok_or(UploadError::Type);
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        return office::of_compound(content).ok_or(UploadError::Type);
    }
    match infer::get(head).map(|known| known.mime_type()) {
        Some("text/html" | "text/xml") => Err(UploadError::Markup),
        Some("image/tiff" | "image/jxl" | "image/jp2" | "image/x-canon-cr2") => Err(UploadError::Picture),
        Some("audio/x-flac") => Ok("audio/flac"),
        Some("audio/x-wav") => Ok("audio/wav"),
        Some("audio/opus") => Ok("audio/ogg"),
        Some(
            name @ ("image/jpeg" | "image/png" | "image/gif" | "image/webp" | "application/pdf" | "audio/mpeg"
            | "audio/ogg" | "audio/amr" | "audio/aac" | "video/webm"),
        ) => Ok(name),
        _ => Err(UploadError::Type),
    }
}

/// The family of MP4, by its major brand (ISO/IEC 14496-12): videos, voice memos, and the pictures of newer cameras.
fn of_boxes(brand: &[u8]) -> Result<&'static str, UploadError> {
    match brand {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" | b"avif" | b"avis" => {
            Err(UploadError::Picture)
        }
        b"qt  " => Ok("video/quicktime"),
        b"M4A " | b"M4B " => Ok("audio/mp4"),
        b"avc1" | b"dash" | b"MSNV" | b"mmp4" => Ok("video/mp4"),
        [b'3', b'g', ..] => Ok("video/3gpp"),
        [b'i', b's', b'o', _] | [b'm', b'p', b'4', _] | [b'M', b'4', b'V', _] => Ok("video/mp4"),
        _ => Err(UploadError::Type),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(content: &[u8]) -> &'static str {
        match sniff(content) {
            Ok(known) => known.name,
            Err(error) => error.word().expect("the file is at fault"),
        }
    }

    #[test]
    fn the_content_decides() {
        for (content, expected) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"GIF89a\x01\0\x01\0", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
            (b"%PDF-1.4\nall in letters", "application/pdf"),
            (b"BMW of 2019, blue\n", "text/plain"),
            ("\u{feff}姓名,电话\r\n李雷,1".as_bytes(), "text/plain"),
            (b"1 < 2, and <3 for you", "text/plain"),
            (b"<3 great", "text/plain"),
            (b"{\\rtf1 hello}", "application/rtf"),
            (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
            (b"OggS\0\x02\0\0", "audio/ogg"),
            (b"#!AMR\n\x3c\x91\x17\x16\xbe\x66", "audio/amr"),
            (b"\0\0\0\x20ftypisom\0\0\x02\0", "video/mp4"),
            (b"\0\0\0\x14ftypqt  \0\0\x02\0", "video/quicktime"),
            (b"\0\0\0\x1cftypM4A \0\0\x02\0", "audio/mp4"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "picture"),
            (b"\0\0\0\x18ftypavif\0\0\0\0", "picture"),
            (b"II*\0\x08\0\0\0\x0e\0\x0e\x01", "picture"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>", "markup"),
            (b" \n<!DOCTYPE html><p>", "markup"),
            ("\u{feff}<?xml version=\"1.0\"?><svg/>".as_bytes(), "markup"),
            (b"<html>\0", "markup"),
            (b"#!/bin/sh\nrm -rf /", "type"),
            (b"MZ\x90\0\x03\0", "type"),
            (b"\x7fELF\x02\x01\x01\0", "type"),
            (b"Rar!\x1a\x07\x01\0", "type"),
            (b"\xd0\xd5\xc3\xfb,\xb5\xe7\xbb\xb0\r\n\xc0\xee\xc0\xd7,1", "text/plain"),
            (b"caf\xe9, 20 \x80\r\n", "text/plain"),
            (b"\xff\xfea\0b\0c\0", "text/plain"),
            (b"\xff\xfe<\0h\0t\0m\0l\0>\0", "markup"),
            (b"\xff\xfe\0\0a\0\0\0b\0\0\0", "text/plain"),
            (b"\0\0\0<\0\0\0h\0\0\0t\0\0\0m\0\0\0l", "markup"),
            (b"\x1b$B9%$-\x1b(B, 1\r\n", "text/plain"),
            (b"<p>\x1b$B9%$-\x1b(B", "markup"),
            (b"\x1b[31mred\x1b[0m", "type"),
            (b"<svg>\xd0\xd5\xc3\xfb</svg>", "markup"),
            (b"#!/bin/sh\n# \xd0\xd5\xc3\xfb", "type"),
            (b"\xd0\xd5\x01\x02", "type"),
            (b"", "empty"),
        ] {
            assert_eq!(name(content), expected, "{:?}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn no_type_that_a_browser_would_run_is_accepted() {
        for known in ACCEPTED {
            assert!(
                !["html", "xml", "svg", "script", "zip", "octet"]
                    .iter()
                    .any(|word| known.name.contains(word) && !known.name.contains("openxmlformats")),
                "{}",
                known.name
            );
            assert!(known.endings.iter().all(|end| end.len() <= 4), "{}", known.name);
        }
    }

    proptest! {
        #[test]
        fn never_panics(start in prop::sample::select(vec![
            &b""[..], b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"\0\0\0\x18ftyp",
            b"\x1aE\xdf\xa3", b"OggS", b"<", b"%PDF", b"PK\x05\x06",
        ]), rest: Vec<u8>) {
            let content = [start, &rest].concat();
            if let Ok(known) = sniff(&content) {
                prop_assert!(ACCEPTED.contains(known));
            }
        }
    }
}
