//! As much of Rust's grammar as it takes to see which paths a file names.

use std::collections::HashMap;

/// A word, `::`, or any other character that is not space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Separator,
    Symbol(char),
}

/// A path by its segments, such as `crate`, `cases`, `Case`.
pub type Path = Vec<String>;

/// The paths of a file, apart from its tests.
#[derive(Debug, Default)]
pub struct Paths {
    /// What `use` brings into the file, by the name that it has there.
    pub imports: Vec<(String, Path)>,
    /// What the file only hands on: by `pub use`, under this name.
    pub exports: HashMap<String, Path>,
    /// The paths in its code. The first segment may be the name of an import.
    pub inline: Vec<Path>,
}

impl Paths {
    /// Reads a file.
    pub fn of(text: &str) -> Self {
        let tokens = without_tests(&tokens(text));
        let mut paths = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let follows = |index: usize, token| tokens.get(index) == Some(&token);
            match tokens[at] {
                Token::Word("use") if !follows(at + 1, Token::Symbol('<')) => {
                    let mut tree = Vec::new();
                    let end = use_tree(&tokens, at + 1, &mut Vec::new(), &mut tree);
                    for (name, path) in tree {
                        if is_public(&tokens[..at]) && name != "*" {
                            paths.exports.insert(name, path);
                        } else {
                            paths.imports.push((name, path));
                        }
                    }
                    at = end;
                }
                // `pub(in a::b)` says who may see an item, and imports nothing.
                Token::Word("in") if tokens[..at].ends_with(&[Token::Word("pub"), Token::Symbol('(')]) => {
                    at += tokens[at..].iter().take_while(|token| **token != Token::Symbol(')')).count();
                }
                Token::Word(first) if follows(at + 1, Token::Separator) => {
                    let mut path = vec![first.to_owned()];
                    while let (Some(Token::Separator), Some(Token::Word(next))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    {
                        path.push((*next).to_owned());
                        at += 2;
                    }
                    paths.inline.push(path);
                    at += 1;
                    // What follows a type, as in `Vec::<T>::new`, is no path of its own.
                    while follows(at, Token::Separator) && matches!(tokens.get(at + 1), Some(Token::Word(_))) {
                        at += 2;
                    }
                }
                _ => at += 1,
            }
        }
        paths
    }
}

/// Whether what follows `before` is preceded by `pub` or `pub(…)`.
fn is_public(before: &[Token<'_>]) -> bool {
    match before {
        [.., Token::Word("pub")] => true,
        [visibility @ .., Token::Symbol(')')] => visibility
            .iter()
            .rposition(|token| *token == Token::Symbol('('))
            .is_some_and(|open| visibility[..open].ends_with(&[Token::Word("pub")])),
        _ => false,
    }
}

/// Reads a tree such as `a::{self, b as c, d::*}` and gives the place after it.
fn use_tree(tokens: &[Token<'_>], mut at: usize, prefix: &mut Path, found: &mut Vec<(String, Path)>) -> usize {
    let depth = prefix.len();
    loop {
        match tokens.get(at) {
            Some(Token::Separator) => at += 1,
            Some(Token::Symbol('{')) => {
                at += 1;
                while !matches!(tokens.get(at), None | Some(Token::Symbol('}'))) {
                    at = use_tree(tokens, at, prefix, found);
                    at += usize::from(tokens.get(at) == Some(&Token::Symbol(',')));
                }
                prefix.truncate(depth);
                return at + 1;
            }
            Some(Token::Symbol('*')) => {
                found.push(("*".to_owned(), prefix.clone()));
                prefix.truncate(depth);
                return at + 1;
            }
            Some(Token::Word(word)) => {
                if *word != "self" || prefix.is_empty() {
                    prefix.push((*word).to_owned());
                }
                at += 1;
                if tokens.get(at) == Some(&Token::Separator) {
                    continue;
                }
                let mut name = prefix.last().cloned().unwrap_or_default();
                if let (Some(Token::Word("as")), Some(Token::Word(alias))) = (tokens.get(at), tokens.get(at + 1)) {
                    (*alias).clone_into(&mut name);
                    at += 2;
                }
                found.push((name, prefix.clone()));
                prefix.truncate(depth);
                return at;
            }
            _ => {
                prefix.truncate(depth);
                return at + 1;
            }
        }
    }
}

/// The tokens without the items that are compiled for tests only.
fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    use Token::{Symbol, Word};
    let mark = [Symbol('#'), Symbol('['), Word("cfg"), Symbol('('), Word("test"), Symbol(')'), Symbol(']')];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].starts_with(&mark) {
            kept.push(tokens[at]);
            at += 1;
            continue;
        }
        let mut depth = 0_usize;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                Symbol('{') => depth += 1,
                Symbol('}') if depth <= 1 => break,
                Symbol('}') => depth -= 1,
                Symbol(';') if depth == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

/// The tokens of a file, without comments, texts and numbers' meaning.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(length) = raw_text_length(rest) {
            length
        } else if first == '"' {
            super::closing_quote(rest).map_or(rest.len(), |at| at + 1)
        } else if first == '\'' {
            super::character_length(rest)
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(Token::Word(&rest[..length]));
            length
        } else if rest.starts_with("::") {
            found.push(Token::Separator);
            2
        } else {
            if !first.is_whitespace() {
                found.push(Token::Symbol(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// The length of a text such as `r#"…"#` or `br"…"`, if `rest` begins with one.
fn raw_text_length(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"]
        .into_iter()
        .find(|prefix| rest.strip_prefix(prefix).is_some_and(|after| after.trim_start_matches('#').starts_with('"')))?;
    let hashes = rest[prefix.len()..].find('"')?;
    let start = prefix.len() + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn imports_are_read_with_their_braces_and_names() {
        let paths =
            Paths::of("use crate::{a::{self, B as C, d::{E, *}}, f};\npub(crate) use g::H;\npub use i::{J, k::L};");
        let imports =
            [("a", "crate::a"), ("C", "crate::a::B"), ("E", "crate::a::d::E"), ("*", "crate::a::d"), ("f", "crate::f")];
        assert_eq!(paths.imports, imports.map(|(name, to)| (name.to_owned(), path(to))));
        let exports = [("H", "g::H"), ("J", "i::J"), ("L", "i::k::L")];
        assert_eq!(paths.exports, exports.map(|(name, to)| (name.to_owned(), path(to))).into());
    }

    #[test]
    fn paths_in_the_code_are_read_and_those_in_texts_are_not() {
        let text = r####"
            // crate::comment::No
            /* crate::comment::No */
            fn f<'a>(x: &'a crate::a::B) -> impl Sized + use<'a> { with!(y => super::c::d::<E>(x)) }
            const TEXT: &str = "crate::text::\"No\""; const RAW: &str = r#"crate::"text"::No"#; const Q: char = '"';
            #[cfg(test)]
            mod tests { use crate::tests::No; fn g() { crate::tests::no() } }
            #[cfg(test)]
            use crate::tests::Neither;
            fn h() { crate::e::f() }
            pub(in crate::seen::by) fn i() { crate::g::j() }
            pub(in crate::seen::by) use crate::k::L;
        "####;
        let paths = Paths::of(text);
        assert_eq!(paths.inline, ["crate::a::B", "super::c::d", "crate::e::f", "crate::g::j"].map(path));
        assert!(paths.imports.is_empty());
        assert_eq!(paths.exports, [("L".to_owned(), path("crate::k::L"))].into());
    }
}
