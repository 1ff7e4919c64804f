//! Short names for what a script keeps to itself. Without a parser this is done for the names alone of which the tokens
//! around every occurrence leave no doubt, and for all occurrences alike; whatever is doubtful keeps its name.

use std::collections::{BTreeMap, BTreeSet};

use crate::widget::javascript::{Kind, Token};

/// Names that browsers have as well: where one of them is declared somewhere, it may mean the browser's elsewhere.
const GLOBALS: [&str; 44] = [
    "addEventListener",
    "alert",
    "atob",
    "blur",
    "btoa",
    "caches",
    "close",
    "closed",
    "confirm",
    "crypto",
    "customElements",
    "document",
    "event",
    "external",
    "fetch",
    "find",
    "focus",
    "frames",
    "history",
    "indexedDB",
    "length",
    "localStorage",
    "location",
    "locationbar",
    "name",
    "navigator",
    "open",
    "opener",
    "origin",
    "parent",
    "performance",
    "print",
    "prompt",
    "queueMicrotask",
    "removeEventListener",
    "screen",
    "scroll",
    "self",
    "sessionStorage",
    "status",
    "stop",
    "top",
    "undefined",
    "window",
];

/// Words that no name may be, of as few letters as the new names have.
const SHORT_WORDS: [&str; 5] = ["as", "do", "if", "in", "of"];

/// The new names of a script, by the old ones.
pub fn shorter(tokens: &[Token<'_>]) -> BTreeMap<String, String> {
    let script = Script::new(tokens);
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, token) in tokens.iter().enumerate() {
        if script.is_declaration(index) {
            uses.insert(token.text, 0);
        }
    }
    uses.retain(|name, _| name.len() > 1 && !GLOBALS.contains(name));
    for (index, token) in tokens.iter().enumerate() {
        if script.is_doubtful(index) {
            uses.remove(token.text);
        }
    }
    for (index, token) in tokens.iter().enumerate() {
        if script.is_name(index)
            && let Some(count) = uses.get_mut(token.text)
        {
            *count += 1;
        }
    }
    let mut by_use: Vec<(&str, usize)> = uses.into_iter().collect();
    by_use.sort_by_key(|&(name, count)| (usize::MAX - count, name));
    let taken: BTreeSet<&str> = tokens.iter().map(|token| token.text).collect();
    let free = fresh_names().filter(|name| !taken.contains(name.as_str()));
    by_use.into_iter().map(|(name, _)| name.to_owned()).zip(free).filter(|(old, new)| new.len() < old.len()).collect()
}

/// The tokens with the new names in the place of the old ones.
pub fn renamed<'a>(tokens: &[Token<'a>], names: &'a BTreeMap<String, String>) -> Vec<Token<'a>> {
    let script = Script::new(tokens);
    let rename = |(index, token): (usize, &Token<'a>)| {
        let new = names.get(token.text).filter(|_| script.is_name(index));
        Token { text: new.map_or(token.text, String::as_str), ..*token }
    };
    tokens.iter().enumerate().map(rename).collect()
}

/// `a`, `b`, … `Z`, `aa`, `ab`, …
fn fresh_names() -> impl Iterator<Item = String> {
    let letters = || ('a'..='z').chain('A'..='Z');
    let pairs = letters().flat_map(move |first| letters().map(move |second| format!("{first}{second}")));
    letters().map(String::from).chain(pairs).filter(|name| !SHORT_WORDS.contains(&name.as_str()))
}

struct Script<'a> {
    tokens: &'a [Token<'a>],
    /// For each token, the bracket that it stands in; for a closing one, the bracket that it closes.
    inside: Vec<Option<usize>>,
    /// For each opening bracket, where it is closed.
    closed: BTreeMap<usize, usize>,
}

impl<'a> Script<'a> {
    fn new(tokens: &'a [Token<'a>]) -> Self {
        let mut open = Vec::new();
        let mut inside = Vec::with_capacity(tokens.len());
        let mut closed = BTreeMap::new();
        for (index, token) in tokens.iter().enumerate() {
            let template = token.kind == Kind::Text;
            let closes = match token.kind {
                Kind::Operator => [")", "]", "}"].contains(&token.text),
                _ => template && token.text.starts_with('}'),
            };
            inside.push(open.last().copied());
            if closes && let Some(start) = open.pop() {
                closed.insert(start, index);
            }
            let opens = match token.kind {
                Kind::Operator => ["(", "[", "{"].contains(&token.text),
                _ => template && token.text.ends_with("${"),
            };
            if opens {
                open.push(index);
            }
        }
        Self { tokens, inside, closed }
    }

    /// The text of a token that is no string, or nothing.
    fn text(&self, index: Option<usize>) -> &'a str {
        index
            .and_then(|index| self.tokens.get(index))
            .filter(|token| token.kind != Kind::Text)
            .map_or("", |token| token.text)
    }

    fn before(&self, index: usize) -> &'a str {
        self.text(index.checked_sub(1))
    }

    fn after(&self, index: usize) -> &'a str {
        self.text(Some(index + 1))
    }

    /// Whether it is a word that is not the property behind a dot.
    fn is_name(&self, index: usize) -> bool {
        self.tokens[index].kind == Kind::Word && ![".", "?."].contains(&self.before(index))
    }

    /// Whether a name is declared here: by a word before it, or as a parameter.
    fn is_declaration(&self, index: usize) -> bool {
        if !self.is_name(index) {
            return false;
        }
        if ["const", "let", "var", "function", "class"].contains(&self.before(index)) || self.after(index) == "=>" {
            return true;
        }
        let Some(open) = self.inside[index] else { return false };
        let in_pattern = self.text(Some(open)) == "[" && ["const", "let"].contains(&self.before(open));
        if in_pattern && ["[", ",", "..."].contains(&self.before(index)) {
            return true;
        }
        let in_list = self.text(Some(open)) == "(" && ["(", ",", "..."].contains(&self.before(index));
        let after_list = self.closed.get(&open).map_or("", |close| self.after(*close));
        let function =
            self.before(open) == "function" || open.checked_sub(1).is_some_and(|name| self.before(name) == "function");
        in_list && (after_list == "=>" || after_list == "{" && function)
    }

    /// Whether a name here may be part of what others see: a key, a method, a label, an export.
    fn is_doubtful(&self, index: usize) -> bool {
        if !self.is_name(index) {
            return false;
        }
        let (before, after) = (self.before(index), self.after(index));
        let in_braces = self.inside[index].is_some_and(|open| self.text(Some(open)) == "{");
        let declared_outside = ["function", "class", "const", "let", "var"].contains(&before)
            && index.checked_sub(2).is_some_and(|two| ["export", "async"].contains(&self.text(Some(two))));
        let names_a_method = after == "("
            && before != "function"
            && self.closed.get(&(index + 1)).is_some_and(|close| self.after(*close) == "{");
        let may_be_a_key = in_braces && ["{", ","].contains(&before) && ["", ",", "}", ":", "="].contains(&after);
        may_be_a_key
            || names_a_method
            || declared_outside
            || after == ":" && before != "?"
            || ["get", "set", "static", "async", "import", "as", "#", "break", "continue"].contains(&before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widget::javascript;

    fn shortened(source: &str) -> String {
        let tokens = javascript::tokens(source).expect("a readable script");
        let names = shorter(&tokens);
        renamed(&tokens, &names).iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_declared_gets_a_short_name_wherever_it_is_used() {
        for (source, expected) in [
            ("const dialog = 1; f(dialog, x.dialog)", "const a = 1 ; f ( a , x . dialog )"),
            ("(first, ...others) => first + others", "( a , ... b ) => a + b"),
            ("const text = `${text}b`", "const a = `${ a }b`"),
            ("function grow(size) { return size }", "function b ( a ) { return a }"),
            ("const a = 1, bee = 2; let cat = a", "const a = 1 , bee = 2 ; let b = a"),
            ("value => value ? value : 0", "a => a ? a : 0"),
            ("const [first, second] = x; second + x.first", "const [ b , a ] = x ; a + x . first"),
            ("const run = 1; if (x) { run() }", "const a = 1 ; if ( x ) { a ( ) }"),
        ] {
            assert_eq!(shortened(source), expected);
        }
    }

    #[test]
    fn what_others_may_see_keeps_its_name() {
        for source in [
            "const key = 1 ; x = { key }",
            "const key = 1 ; x = { y , key , z }",
            "const { key } = x",
            "const { key = 1 } = x",
            "const key = 1 ; x = { key : 2 }",
            "const key = 1 ; x = { key ( ) { } }",
            "const key = 1 ; x = { async key ( ) { } }",
            "const key = 1 ; class X { get key ( ) { } }",
            "export function key ( ) { }",
            "export async function key ( ) { }",
            "export const key = 1",
            "const key = 1 ; export { key }",
            "const name = 1 ; name",
            "document . title",
            "let key = 1 ; key : for ( ; ; ) break key",
        ] {
            assert_eq!(shortened(source), source);
        }
    }

    #[test]
    fn new_names_are_new() {
        assert_eq!(shortened("const word = a + b . c"), "const d = a + b . c");
        assert!(fresh_names().take(2_000).all(|name| !SHORT_WORDS.contains(&name.as_str())));
    }
}
