//! JavaScript cut into tokens: just enough to tell code from strings, templates, regular expressions and comments.
//!
//! Where a slash could start a regular expression or divide, and telling needs a parser, the text is refused: its
//! writer can say it in another way.

use anyhow::{bail, ensure};

/// What kind of token it is, as far as it matters for the space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Names, keywords and private names.
    Word,
    Number,
    /// Strings, and the parts of templates.
    Text,
    Regex,
    Operator,
}

/// A token, and whether a line ended before it, which can end a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'source> {
    pub kind: Kind,
    pub text: &'source str,
    pub line_before: bool,
}

/// Longest first, so that the first that fits is the longest that fits.
const OPERATORS: [&str; 37] = [
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "&&",
    "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "{", "}", "(", ")",
];

/// After these words a slash starts a regular expression.
const BEFORE_EXPRESSION: [&str; 15] = [
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "instanceof",
    "do",
    "else",
    "yield",
    "await",
    "default",
];

/// The longest operator at the start of a text.
pub fn leading_operator(text: &str) -> Option<&str> {
    let found = OPERATORS.into_iter().find(|operator| text.starts_with(operator));
    // `a?.5:b` chooses; it does not chain.
    let chooses = found == Some("?.") && text[2..].starts_with(|next: char| next.is_ascii_digit());
    match found {
        Some(operator) if !chooses => Some(&text[..operator.len()]),
        _ => text.chars().next().map(|first| &text[..first.len_utf8()]),
    }
}

/// Cuts a script into tokens, without its comments.
pub fn tokens(source: &str) -> anyhow::Result<Vec<Token<'_>>> {
    let mut lexer = Lexer { source, at: 0, tokens: Vec::new(), open: Vec::new(), after_condition: false };
    lexer.run()?;
    Ok(lexer.tokens)
}

/// What an open bracket belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `if (`, `while (`: a statement follows, not an operator.
    Condition,
    Parenthesis,
    Brace,
    /// `${` in a template.
    Substitution,
}

struct Lexer<'source> {
    source: &'source str,
    at: usize,
    tokens: Vec<Token<'source>>,
    open: Vec<Open>,
    /// Whether the last token closed a condition.
    after_condition: bool,
}

impl<'source> Lexer<'source> {
    fn run(&mut self) -> anyhow::Result<()> {
        loop {
            let line_before = self.skip_space_and_comments()?;
            let rest = &self.source[self.at..];
            let Some(first) = rest.chars().next() else { break };
            let (kind, length) = match first {
                '"' | '\'' => (Kind::Text, string_length(rest, first)?),
                '`' => (Kind::Text, self.template_length(1)?),
                '}' if self.open.last() == Some(&Open::Substitution) => {
                    self.open.pop();
                    (Kind::Text, self.template_length(1)?)
                }
                '/' if self.slash_starts_regex()? => (Kind::Regex, regex_length(rest)?),
                _ if is_number(rest) => (Kind::Number, number_length(rest)),
                _ if is_word(first) || first == '#' => {
                    (Kind::Word, first.len_utf8() + prefix_length(&rest[first.len_utf8()..], is_word))
                }
                _ => (Kind::Operator, self.operator_length(rest)?),
            };
            let text = &rest[..length];
            if kind != Kind::Operator {
                self.after_condition = false;
            }
            self.tokens.push(Token { kind, text, line_before });
            self.at += length;
        }
        ensure!(self.open.is_empty(), "a bracket or a template is never closed");
        Ok(())
    }

    /// Says whether a line ended in what was skipped.
    fn skip_space_and_comments(&mut self) -> anyhow::Result<bool> {
        let start = self.at;
        loop {
            let rest = &self.source[self.at..];
            self.at += match rest.chars().next() {
                Some(space) if space.is_whitespace() || space == '\u{feff}' => space.len_utf8(),
                Some('/') if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                Some('/') if rest.starts_with("/*") => match rest.find("*/") {
                    Some(end) if end >= 2 => end + 2,
                    _ => bail!("a comment is never closed"),
                },
                _ => return Ok(self.source[start..self.at].contains(['\n', '\r', '\u{2028}', '\u{2029}'])),
            };
        }
    }

    fn operator_length(&mut self, rest: &str) -> anyhow::Result<usize> {
        let operator = leading_operator(rest).unwrap_or_default();
        self.after_condition = false;
        match operator {
            "(" => {
                let condition =
                    self.tokens.last().is_some_and(|token| ["if", "while", "for", "with"].contains(&token.text))
                        && !self.is_property(self.tokens.len() - 1);
                self.open.push(if condition { Open::Condition } else { Open::Parenthesis });
            }
            "{" => self.open.push(Open::Brace),
            ")" => match self.open.pop() {
                Some(Open::Condition) => self.after_condition = true,
                Some(Open::Parenthesis) => {}
                _ => bail!("a `)` closes nothing"),
            },
            "}" => ensure!(self.open.pop() == Some(Open::Brace), "a `}}` closes nothing"),
            _ => {}
        }
        Ok(operator.len())
    }

    /// The length of a template from a place in it to its end or to its next `${`.
    fn template_length(&mut self, skipped: usize) -> anyhow::Result<usize> {
        let rest = &self.source[self.at..];
        let mut characters = rest.char_indices().skip(skipped);
        while let Some((index, character)) = characters.next() {
            match character {
                '\\' => drop(characters.next()),
                '`' => return Ok(index + 1),
                '$' if rest[index..].starts_with("${") => {
                    self.open.push(Open::Substitution);
                    return Ok(index + 2);
                }
                _ => {}
            }
        }
        bail!("a template is never closed")
    }

    fn slash_starts_regex(&self) -> anyhow::Result<bool> {
        let Some(last) = self.tokens.last() else { return Ok(true) };
        Ok(match (last.kind, last.text) {
            (Kind::Word, word) => BEFORE_EXPRESSION.contains(&word) && !self.is_property(self.tokens.len() - 1),
            (Kind::Text, text) => text.ends_with("${"),
            (Kind::Number | Kind::Regex, _) => false,
            (Kind::Operator, ")") => self.after_condition,
            (Kind::Operator, "]" | "++" | "--") => false,
            (Kind::Operator, "}") => {
                bail!("a slash after `}}` may divide or start a regular expression: write it another way")
            }
            (Kind::Operator, _) => true,
        })
    }

    /// Whether a token is the name behind a dot, where keywords are plain names.
    fn is_property(&self, index: usize) -> bool {
        index > 0 && [".", "?."].contains(&self.tokens[index - 1].text)
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric()
        || character == '_'
        || character == '$'
        || character == '\\'
        || (!character.is_ascii() && !character.is_whitespace())
}

fn is_number(text: &str) -> bool {
    text.strip_prefix('.').unwrap_or(text).starts_with(|first: char| first.is_ascii_digit())
}

fn number_length(text: &str) -> usize {
    let mut length = 0;
    for (index, character) in text.char_indices() {
        let after_exponent = text[..index].ends_with(['e', 'E']) && !text.starts_with("0x") && !text.starts_with("0X");
        let second_dot = character == '.' && text[..index].contains('.');
        let belongs = is_word(character)
            || (character == '.' && !second_dot)
            || (after_exponent && ['+', '-'].contains(&character));
        if !belongs {
            break;
        }
        length = index + character.len_utf8();
    }
    length
}

fn prefix_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character: char| !belongs(character)).unwrap_or(text.len())
}

fn string_length(text: &str, quote: char) -> anyhow::Result<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '\n' => break,
            _ if character == quote => return Ok(index + 1),
            _ => {}
        }
    }
    bail!("a string is never closed: {}", text.lines().next().unwrap_or_default())
}

fn regex_length(text: &str) -> anyhow::Result<usize> {
    let mut in_class = false;
    let mut characters = text.char_indices().skip(1);
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '\n' => break,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Ok(index + 1 + prefix_length(&text[index + 1..], is_word)),
            _ => {}
        }
    }
    bail!("a regular expression is never closed: {}", text.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).expect("a readable script").into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn slashes_are_told_apart() {
        assert_eq!(texts("a / b / c"), ["a", "/", "b", "/", "c"]);
        assert_eq!(texts("x = /[/'\"]\\//g.test(y)"), ["x", "=", "/[/'\"]\\//g", ".", "test", "(", "y", ")"]);
        assert_eq!(texts("if (a) /'/.test(b)"), ["if", "(", "a", ")", "/'/", ".", "test", "(", "b", ")"]);
        assert_eq!(texts("f(a) / 2"), ["f", "(", "a", ")", "/", "2"]);
        assert_eq!(texts("o.return / 2"), ["o", ".", "return", "/", "2"]);
        assert_eq!(texts("return /'/"), ["return", "/'/"]);
        assert_eq!(texts("i++ / 2"), ["i", "++", "/", "2"]);
        assert!(tokens("({}) ; {} /a/g").is_err());
    }

    #[test]
    fn templates_nest() {
        assert_eq!(
            texts("`a // ${ {b: `c${d}`} } \\` /* */`"),
            ["`a // ${", "{", "b", ":", "`c${", "d", "}`", "}", "} \\` /* */`"]
        );
    }

    #[test]
    fn comments_vanish_but_what_looks_like_one_stays() {
        assert_eq!(texts("a /* b */ + // c\n'//' + \"/*\""), ["a", "+", "'//'", "+", "\"/*\""]);
        assert_eq!(texts("/**/a"), ["a"]);
        let lines: Vec<bool> =
            tokens("a/*\n*/b /**/ c").expect("readable").iter().map(|token| token.line_before).collect();
        assert_eq!(lines, [false, true, false]);
    }

    #[test]
    fn numbers_and_chains_are_whole() {
        assert_eq!(texts("1.5e-3+.5"), ["1.5e-3", "+", ".5"]);
        assert_eq!(texts("a?.5:b?.c"), ["a", "?", ".5", ":", "b", "?.", "c"]);
        assert_eq!(texts("0xe+1"), ["0xe", "+", "1"]);
        assert_eq!(texts("[...a]"), ["[", "...", "a", "]"]);
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for source in ["'a", "`a", "`${a", "/* a", "f(", "{", ")", "}", "x = /a\n/"] {
            assert!(tokens(source).is_err(), "{source} was accepted");
        }
    }
}
