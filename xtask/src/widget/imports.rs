//! Short names for what the module imports from its glue, and for what it exports to it alone: closures and helpers. Many have a hash of
//! sixteen digits, which no compression makes smaller, in the module and in the glue again.

use anyhow::{Context as _, bail, ensure};

/// What the module calls its glue, which wasm-bindgen gives a name of its own, written once for each import.
const GLUE: &str = "./widget_bg.js";
const SHORT_GLUE: &str = "w";

const IMPORT_SECTION: u8 = 2;
const EXPORT_SECTION: u8 = 7;

/// Exports with longer names are closures; those that the panel calls have names of a word or two.
const LONG_NAME: usize = 32;
/// Exports whose names begin like this are helpers of wasm-bindgen.
const HELPER: &str = "__";

/// Renames the imports, the closures and the helpers in the module and in the glue.
pub fn shorten(module: &[u8], glue: &str) -> anyhow::Result<(Vec<u8>, String)> {
    ensure!(module.starts_with(b"\0asm\x01\0\0\0"), "not a module");
    let mut renamed = module[..8].to_vec();
    let mut glue = glue.to_owned();
    let mut reader = Reader { bytes: &module[8..] };
    while !reader.bytes.is_empty() {
        let id = reader.take(1)?[0];
        let length = reader.number()?;
        let content = reader.take(length)?;
        renamed.push(id);
        let shortened = match id {
            IMPORT_SECTION => rename_imports(content, &mut glue)?,
            EXPORT_SECTION => rename_exports(content, &mut glue)?,
            _ => content.to_vec(),
        };
        push_number(&mut renamed, shortened.len());
        renamed.extend(shortened);
    }
    Ok((renamed, glue))
}

fn rename_imports(content: &[u8], glue: &mut String) -> anyhow::Result<Vec<u8>> {
    let mut reader = Reader { bytes: content };
    let count = reader.number()?;
    let mut renamed = Vec::new();
    push_number(&mut renamed, count);
    for index in 0..count {
        ensure!(reader.text()? == GLUE, "an import of another module than the glue");
        let name = reader.text()?;
        let short = format!("$i{index}");
        ensure!(!contains_word(glue, &short), "the glue has a name {short} of its own");
        ensure!(contains_word(glue, name), "the glue does not provide {name}");
        *glue = replace_word(glue, name, &short);
        for text in [SHORT_GLUE, &short] {
            push_number(&mut renamed, text.len());
            renamed.extend(text.as_bytes());
        }
        let before = reader.bytes;
        match reader.take(1)?[0] {
            // A function: the index of its type.
            0 => {
                reader.number()?;
            }
            kind => bail!("an import of kind {kind}, which wasm-bindgen does not make"),
        }
        renamed.extend(&before[..before.len() - reader.bytes.len()]);
    }
    ensure!(reader.bytes.is_empty(), "the import section has a remainder");
    *glue = glue.replace(&format!("\"{GLUE}\""), &format!("\"{SHORT_GLUE}\""));
    Ok(renamed)
}

fn rename_exports(content: &[u8], glue: &mut String) -> anyhow::Result<Vec<u8>> {
    let mut reader = Reader { bytes: content };
    let count = reader.number()?;
    let mut renamed = Vec::new();
    push_number(&mut renamed, count);
    for index in 0..count {
        let mut name = reader.text()?.to_owned();
        if (name.len() > LONG_NAME || name.starts_with(HELPER)) && contains_word(glue, &name) {
            let short = format!("$e{index}");
            ensure!(!contains_word(glue, &short), "the glue has a name {short} of its own");
            *glue = replace_word(glue, &name, &short);
            name = short;
        }
        push_number(&mut renamed, name.len());
        renamed.extend(name.as_bytes());
        renamed.push(reader.take(1)?[0]);
        let exported = reader.number()?;
        push_number(&mut renamed, exported);
    }
    ensure!(reader.bytes.is_empty(), "the export section has a remainder");
    Ok(renamed)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

/// Where a name begins as a whole word.
fn find_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = at.checked_sub(1).map(|at| text.as_bytes()[at]);
        let after = text.as_bytes().get(at + word.len()).copied();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn contains_word(text: &str, word: &str) -> bool {
    find_word(text, word).is_some()
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find_word(rest, word) {
        replaced.push_str(&rest[..at]);
        replaced.push_str(by);
        rest = &rest[at + word.len()..];
    }
    replaced + rest
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> anyhow::Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).context("the module ends too early")?;
        self.bytes = rest;
        Ok(taken)
    }

    /// An unsigned LEB128 number.
    fn number(&mut self) -> anyhow::Result<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?[0];
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        bail!("a number of the module is too long")
    }

    fn text(&mut self) -> anyhow::Result<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).context("a name of the module is not UTF-8")
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(glue: &str, imports: &[&str]) -> Vec<u8> {
        let mut section = vec![imports.len() as u8];
        for name in imports {
            for text in [glue, name] {
                section.push(text.len() as u8);
                section.extend(text.as_bytes());
            }
            section.extend([0, 0]);
        }
        // A type section before it and a custom section after it, which stay as they are.
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02".to_vec();
        push_number(&mut module, section.len());
        module.extend(section);
        module.extend(b"\0\x02\x01x");
        module
    }

    #[test]
    fn module_and_glue_get_the_same_short_names() {
        let glue = "const it={__wbg_get_0123:function(){},__wbg_get_01234:function(){}};it.__wbg_get_0123({\"./widget_bg.js\":it})";
        let (renamed, glue) = shorten(&module(GLUE, &["__wbg_get_0123", "__wbg_get_01234"]), glue).expect("whole");
        assert_eq!(renamed, module(SHORT_GLUE, &["$i0", "$i1"]));
        assert_eq!(glue, "const it={$i0:function(){},$i1:function(){}};it.$i0({\"w\":it})");
    }

    #[test]
    fn closures_and_helpers_get_short_names_and_what_the_panel_calls_keeps_its_own() {
        let closure = "wasm_bindgen__convert__closures_____invoke__h0123456789abcdef";
        let exporting = |names: [&str; 3]| {
            let mut section = vec![3];
            for (index, name) in names.iter().enumerate() {
                section.push(name.len() as u8);
                section.extend(name.as_bytes());
                section.extend([0, index as u8]);
            }
            let mut module = b"\0asm\x01\0\0\0\x07".to_vec();
            push_number(&mut module, section.len());
            module.extend(section);
            module
        };
        let (renamed, glue) = shorten(
            &exporting(["mount", closure, "__wbindgen_free"]),
            &format!("wasm.mount(wasm.__wbindgen_free); wasm.{closure}(1)"),
        )
        .expect("whole");
        assert_eq!(renamed, exporting(["mount", "$e1", "$e2"]));
        assert_eq!(glue, "wasm.mount(wasm.$e2); wasm.$e1(1)");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let whole = module(GLUE, &["__wbg_get_0123"]);
        assert!(shorten(&module("env", &["__wbg_get_0123"]), "__wbg_get_0123").is_err());
        assert!(shorten(&whole, "nothing here").is_err());
        assert!(shorten(&whole, "let $i0; __wbg_get_0123").is_err());
        // Anywhere between the end of the type section and the end of the imports.
        for end in 15..whole.len() - 4 {
            assert!(shorten(&whole[..end], "__wbg_get_0123").is_err(), "cut at {end}");
        }
    }
}
