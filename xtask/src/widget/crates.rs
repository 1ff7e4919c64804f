//! Which crates the module's bytes come from, told by the names of its functions.

use std::collections::BTreeMap;

use anyhow::Context as _;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// What is no function of any crate, such as texts and tables of constants.
const DATA: &str = "(data)";
/// Types, imports, exports and tables.
const REST: &str = "(rest of the module)";
/// Methods of texts and slices, which name no crate.
const BUILT_IN: &str = "(built-in types)";
/// Functions that tools made, without a crate in their names.
const NAMELESS: &str = "(made by tools)";

/// Bytes of a module with names, by crate, without those of the names themselves.
pub fn weigh(module: &[u8]) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut names = BTreeMap::new();
    let mut bodies = Vec::new();
    let mut imported = 0;
    let (mut data, mut left_out) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("the module is damaged")? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::DataSection(section) => data += section.range().len(),
            Payload::CustomSection(section) => {
                left_out += section.range().len();
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections {
                        let Name::Function(functions) = subsection? else { continue };
                        for naming in functions {
                            let naming = naming?;
                            names.insert(naming.index, naming.name);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut weights = BTreeMap::from([(DATA.to_owned(), data as u64)]);
    for (index, bytes) in (imported..).zip(&bodies) {
        let name = names.get(&index).with_context(|| format!("function {index} has no name"))?;
        *weights.entry(crate_of(name)).or_default() += *bytes as u64;
    }
    let rest = module.len() as u64 - left_out as u64 - weights.values().sum::<u64>();
    weights.insert(REST.to_owned(), rest);
    Ok(weights)
}

/// The crate that a function was written in; for the end of a value's life, that of the value.
fn crate_of(symbol: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    let name = name
        .strip_prefix("core::ptr::drop_in_place")
        .or_else(|| name.strip_prefix("core::ptr::drop_glue"))
        .unwrap_or(&name);
    // `<str>::trim_matches`
    if name.split_once(">::").is_some_and(|(of, _)| of.starts_with('<') && !of.contains("::")) {
        return BUILT_IN.to_owned();
    }
    // The first path in it: `<[alloc::string::String] as core::fmt::Debug>::fmt` begins with one of `alloc`.
    let ends = name.match_indices("::").map(|(at, _)| at);
    let words = ends.map(|end| {
        let start =
            name[..end].rfind(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').map_or(0, |at| at + 1);
        &name[start..end]
    });
    words.into_iter().find(|word| !word.is_empty()).unwrap_or(NAMELESS).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_the_crate_that_they_were_written_in() {
        for (symbol, expected) in [
            ("yew::virtual_dom::vtag::VTag::new", "yew"),
            ("<alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop", "alloc"),
            ("<&[alloc::string::String] as core::fmt::Debug>::fmt", "alloc"),
            ("<F as yew::html::IntoEvent>::call", "yew"),
            ("core::ptr::drop_in_place<yew::virtual_dom::VNode>", "yew"),
            ("core::ptr::drop_in_place<[sayso_widget::form::Field]>", "sayso_widget"),
            ("_ZN12sayso_widget5state5State5apply17h0123456789abcdefE", "sayso_widget"),
            ("_RNvNtCs1234_12sayso_widget5state5apply", "sayso_widget"),
            ("<str>::trim_matches::<char>", BUILT_IN),
            ("<[&str]>::concat::<str>", BUILT_IN),
            ("memcpy", NAMELESS),
            ("__wbindgen_malloc", NAMELESS),
        ] {
            assert_eq!(crate_of(symbol), expected, "{symbol}");
        }
    }

    #[test]
    fn every_byte_but_those_of_the_names_belongs_somewhere() {
        // A type, a function of that type with a body of three bytes, and its name.
        let plain = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\x01\x0b";
        let names = b"\0\x11\x04name\x01\x0a\x01\0\x07app::go";
        let weights = weigh(&[&plain[..], names].concat()).expect("a module");
        assert_eq!(weights["app"], 3);
        // The section's own number and length stay with the rest.
        assert_eq!(weights.values().sum::<u64>(), plain.len() as u64 + 2);
    }
}
