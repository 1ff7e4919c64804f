//! Office documents: the newer ones are ZIP archives, the older ones compound files, and so is much else.

use std::io::Read as _;

use flate2::read::DeflateDecoder;

/// More entries than any document that fits into 10 MB needs.
const ENTRIES_MAX: usize = 20_000;
/// The end of a ZIP archive is a record of 22 bytes with a comment behind it.
const END_MAX: usize = 22 + 65_535;
/// The list of a document's types is never as long as this.
const TYPES_MAX: u64 = 1024 * 1024;
/// What stands in it, in small letters, for parts and documents with macros: of Visual Basic, or of Excel 4.
const MACRO_TYPES: [&str; 4] = ["vbaproject", "macroenabled", "macrosheet", "activex"];
/// Sectors of the table that the header of a compound file names itself.
const IN_HEADER: usize = 109;

/// The type of a document that is a ZIP archive, by the names of its entries. None for other archives, and for documents with macros.
pub fn of_zip(content: &[u8]) -> Option<&'static str> {
    let entries = entries(content)?;
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    if entries.iter().any(|entry| is_macro_part(&entry.name)) {
        return None;
    }
    if let Some(types) = entries.iter().find(|entry| entry.name == "[content_types].xml") {
        // A part may be called anything; what it is, is said here.
        let types = types.content(content)?.to_ascii_lowercase();
        if MACRO_TYPES.iter().any(|word| types.contains(word)) {
            return None;
        }
        return match () {
            () if has("word/document.xml") => {
                Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
            }
            () if has("xl/workbook.xml") => Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            () if has("ppt/presentation.xml") => {
                Some("application/vnd.openxmlformats-officedocument.presentationml.presentation")
            }
            () => None,
        };
    }
    match infer::get(content.get(..256).unwrap_or(content)).map(|known| known.mime_type()) {
        Some(
            name @ ("application/vnd.oasis.opendocument.text"
            | "application/vnd.oasis.opendocument.spreadsheet"
            | "application/vnd.oasis.opendocument.presentation"),
        ) if has("content.xml") => Some(name),
        _ => None,
    }
}

/// The type of an older document, by the streams in its directory. None for other compound files, such as installers, and for
/// documents with macros.
pub fn of_compound(content: &[u8]) -> Option<&'static str> {
    let mut found = None;
    for name in directory_names(content)? {
        // Names differ in more than their letters' case ([MS-CFB] 2.6.4).
        match name.to_lowercase().as_str() {
            "worddocument" => found = Some("application/msword"),
            "workbook" | "book" => found = Some("application/vnd.ms-excel"),
            "powerpoint document" => found = Some("application/vnd.ms-powerpoint"),
            "vba" | "_vba_project" | "_vba_project_cur" | "macros" => return None,
            _ => {}
        }
    }
    found
}

/// Whether a part with this name, in small letters, belongs to a macro: of Microsoft's documents, or of OpenDocument.
fn is_macro_part(name: &str) -> bool {
    name.split('/').any(|part| {
        matches!(
            part,
            "basic" | "scripts" | "macrosheets" | "dialogsheets" | "activex" | "vbaproject.bin" | "vbadata.xml"
        )
    })
}

/// An entry of an archive.
struct Entry {
    /// In small letters, with slashes: that is how programs compare them.
    name: String,
    method: u16,
    packed: usize,
    header: usize,
}

impl Entry {
    /// Its content as text, if it is one of the kinds that documents use and not absurdly long.
    fn content(&self, archive: &[u8]) -> Option<String> {
        let skipped = usize::from(u16_at(archive, self.header + 26)?) + usize::from(u16_at(archive, self.header + 28)?);
        let start = self.header.checked_add(30 + skipped)?;
        let packed = archive.get(start..start.checked_add(self.packed)?)?;
        let mut text = Vec::new();
        match self.method {
            0 => text.extend_from_slice(packed),
            8 => {
                let unpacked = DeflateDecoder::new(packed).take(TYPES_MAX + 1).read_to_end(&mut text).ok()?;
                (unpacked as u64 <= TYPES_MAX).then_some(())?;
            }
            _ => return None,
        }
        Some(decode(&text))
    }
}

/// XML in UTF-8, or in UTF-16 with its mark.
fn decode(text: &[u8]) -> String {
    let units = |read: fn([u8; 2]) -> u16| -> Vec<u16> {
        text[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect()
    };
    match text.get(..2) {
        Some([0xff, 0xfe]) => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        Some([0xfe, 0xff]) => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        _ => String::from_utf8_lossy(text).into_owned(),
    }
}

/// The entries of the central directory (APPNOTE 4.3.12), which is what programs go by.
fn entries(content: &[u8]) -> Option<Vec<Entry>> {
    let tail = content.len().saturating_sub(END_MAX);
    let end = tail + content[tail..].windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let count = usize::from(u16_at(content, end + 10)?).min(ENTRIES_MAX);
    let mut at = u32_at(content, end + 16)?;
    let mut entries = Vec::with_capacity(count.min(1_000));
    for _ in 0..count {
        if content.get(at..at + 4)? != b"PK\x01\x02" {
            return None;
        }
        let (name, extra, comment) = (u16_at(content, at + 28)?, u16_at(content, at + 30)?, u16_at(content, at + 32)?);
        let bytes = content.get(at + 46..at + 46 + usize::from(name))?;
        let folded = String::from_utf8_lossy(bytes).to_lowercase().replace('\\', "/");
        entries.push(Entry {
            name: folded.trim_start_matches(['/', '.']).to_owned(),
            method: u16_at(content, at + 10)?,
            packed: u32_at(content, at + 20)?,
            header: u32_at(content, at + 42)?,
        });
        at += 46 + usize::from(name) + usize::from(extra) + usize::from(comment);
    }
    Some(entries)
}

/// The names in the directory of a compound file ([MS-CFB] 2.6), found through its chain of sectors.
fn directory_names(content: &[u8]) -> Option<Vec<String>> {
    let size = 1_usize.checked_shl(u32::from(u16_at(content, 30)?)).filter(|size| (512..=4096).contains(size))?;
    let sector = |number: usize| content.get((number + 1).checked_mul(size)?..(number + 2).checked_mul(size)?);
    let mut names = Vec::new();
    let mut number = u32_at(content, 48)?;
    while let Some(entries) = sector(number) {
        for entry in entries.chunks_exact(128) {
            let bytes = usize::from(u16_at(entry, 64)?).saturating_sub(2).min(62);
            let units: Vec<u16> =
                entry[..bytes].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            names.push(String::from_utf16_lossy(&units));
        }
        // A chain may lead round in a circle.
        if names.len() > ENTRIES_MAX {
            return None;
        }
        // Which sector comes next stands in the table of sectors. The header names where that is, or for the end of a large file a
        // sector that does.
        let per_sector = size / 4;
        let table = match (number / per_sector).checked_sub(IN_HEADER) {
            None => u32_at(content, 76 + 4 * (number / per_sector))?,
            Some(index) if index < per_sector - 1 => u32_at(sector(u32_at(content, 68)?)?, 4 * index)?,
            Some(_) => return None,
        };
        number = u32_at(sector(table)?, 4 * (number % per_sector))?;
    }
    Some(names)
}

fn u16_at(content: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(content.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(content: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(content.get(at..at + 4)?.try_into().ok()?)).ok()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A ZIP archive of stored entries, without checksums: names are all that is looked at.
    pub fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
        let (mut archive, mut directory) = (Vec::new(), Vec::new());
        for (name, body) in entries {
            let offset = u32::try_from(archive.len()).expect("it is small");
            let (name_length, size) = ((name.len() as u16).to_le_bytes(), (body.len() as u32).to_le_bytes());
            let sizes = [&[0; 12][..], &size, &size, &name_length, &[0; 2]].concat();
            archive.extend([b"PK\x03\x04\x14\0", &sizes[..], name.as_bytes(), body.as_bytes()].concat());
            directory.extend(
                [b"PK\x01\x02\x14\0\x14\0", &sizes[..], &[0; 10], &offset.to_le_bytes(), name.as_bytes()].concat(),
            );
        }
        let (count, start) = ((entries.len() as u16).to_le_bytes(), (archive.len() as u32).to_le_bytes());
        archive.extend_from_slice(&directory);
        let size = (directory.len() as u32).to_le_bytes();
        archive.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &start, &[0; 2]].concat());
        archive
    }

    fn compound(streams: &[&str]) -> Vec<u8> {
        let mut file = vec![0; 512 * 3];
        file[..8].copy_from_slice(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
        file[30] = 9;
        file[48..52].copy_from_slice(&0_u32.to_le_bytes());
        file[76..80].copy_from_slice(&1_u32.to_le_bytes());
        for (index, name) in streams.iter().enumerate() {
            let entry = 512 + 128 * index;
            for (at, unit) in name.encode_utf16().enumerate() {
                file[entry + 2 * at..entry + 2 * at + 2].copy_from_slice(&unit.to_le_bytes());
            }
            file[entry + 64..entry + 66].copy_from_slice(&(2 * name.len() as u16 + 2).to_le_bytes());
        }
        file[1024..1028].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
        file
    }

    #[test]
    fn documents_are_known_by_their_parts_in_any_order() {
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(of_zip(&zip(&[("word/document.xml", "x"), ("[Content_Types].xml", "y")])), Some(word));
        let sheet = of_zip(&zip(&[("[Content_Types].xml", ""), ("_rels/.rels", ""), ("xl/workbook.xml", "z")]));
        assert!(sheet.is_some_and(|name| name.ends_with("spreadsheetml.sheet")));
        let open = zip(&[("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", "<a/>")]);
        assert_eq!(of_zip(&open), Some("application/vnd.oasis.opendocument.text"));
        assert_eq!(
            of_zip(&zip(&[("word/document.xml", ""), ("[Content_Types].xml", ""), ("word/vbaProject.bin", "")])),
            None
        );
        assert_eq!(of_zip(&zip(&[("photo.jpg", "x")])), None);
        assert_eq!(
            of_zip(&zip(&[("Word/Document.XML", ""), ("[CONTENT_types].xml", "")])),
            Some(word),
            "names are folded"
        );
        assert_eq!(of_compound(&compound(&["Root Entry", "WORKBOOK", "_vba_project_cur"])), None);
        assert_eq!(of_zip(b"PK\x03\x04 and nothing more"), None);
        assert_eq!(of_compound(&compound(&["Root Entry", "WordDocument"])), Some("application/msword"));
        assert_eq!(
            of_compound(&compound(&["Root Entry", "Workbook", "\u{5}SummaryInformation"])),
            Some("application/vnd.ms-excel")
        );
        assert_eq!(of_compound(&compound(&["Root Entry", "Workbook", "_VBA_PROJECT_CUR"])), None);
        assert_eq!(of_compound(&compound(&["Root Entry", "!_StringPool"])), None);
    }

    #[test]
    fn macros_are_found_however_they_are_written() {
        let types = "[Content_Types].xml";
        for (name, content) in [
            ("word/VBAPROJECT.BIN", ""),
            ("word\\vbaProject.bin", ""),
            ("/word/vbaData.xml", ""),
            ("xl/macrosheets/sheet1.xml", ""),
            ("word/activeX/activeX1.xml", ""),
            ("BASIC/Standard/Module1.xml", ""),
            ("Scripts/python/a.py", ""),
        ] {
            assert_eq!(of_zip(&zip(&[("word/document.xml", ""), (types, ""), (name, content)])), None, "{name}");
            let open =
                zip(&[("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", ""), (name, content)]);
            assert_eq!(of_zip(&open), None, "{name}");
        }
        for said in ["application/vnd.ms-office.vbaProject", "x/vnd.ms-word.document.MACROENABLED.main+xml"] {
            let xml = format!("<Override PartName=\"/word/notes.bin\" ContentType=\"{said}\"/>");
            assert_eq!(
                of_zip(&zip(&[("word/document.xml", ""), (types, &xml), ("word/notes.bin", "")])),
                None,
                "{said}"
            );
        }
        assert_eq!(decode(&[0xff, 0xfe, b'v', 0, b'b', 0]), "vb");
        assert_eq!(decode(&[0xfe, 0xff, 0, b'v', 0, b'b']), "vb");
    }

    #[test]
    fn a_directory_in_a_circle_ends() {
        let mut file = compound(&["Root Entry"]);
        file[1024..1028].copy_from_slice(&0_u32.to_le_bytes());
        assert_eq!(of_compound(&file), None);
    }
}
