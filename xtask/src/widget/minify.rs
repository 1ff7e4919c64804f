//! Scripts without comments, without the space that only people need, and with short names for what they keep to themselves.

use anyhow::ensure;

use crate::widget::javascript::{self, Kind, Token};
use crate::widget::names;

/// Shortens names, strips comments, indentation and needless space, and proves that the tokens are still the same.
pub fn minify(source: &str) -> anyhow::Result<String> {
    let written = javascript::tokens(source)?;
    let names = names::shorter(&written);
    let tokens = names::renamed(&written, &names);
    let mut minified = String::with_capacity(source.len());
    for (index, token) in tokens.iter().enumerate() {
        if let Some(previous) = index.checked_sub(1).map(|index| &tokens[index]) {
            if token.line_before && line_may_matter(previous, token) {
                minified.push('\n');
            } else if needs_space(previous, token) {
                minified.push(' ');
            }
        }
        minified.push_str(token.text);
    }
    let again = javascript::tokens(&minified)?;
    let same =
        again.len() == tokens.len() && again.iter().zip(&tokens).all(|(a, b)| a.kind == b.kind && a.text == b.text);
    ensure!(same, "the minifier would change the meaning of this script");
    Ok(minified)
}

/// Whether the end of a line between two tokens could end a statement, or keep two apart.
fn line_may_matter(before: &Token<'_>, after: &Token<'_>) -> bool {
    let opens = before.kind == Kind::Operator
        && ["{", "(", "[", ",", ";", "=", ":", "?", "&&", "||", "??", "=>"].contains(&before.text);
    let closes = after.kind == Kind::Operator && ["}", ")", "]", ",", ";"].contains(&after.text);
    !opens && !closes
}

/// Whether two tokens on one line would become something else without a space.
fn needs_space(before: &Token<'_>, after: &Token<'_>) -> bool {
    let wordy = |token: &Token<'_>| matches!(token.kind, Kind::Word | Kind::Number);
    match (before.kind, after.kind) {
        (Kind::Word | Kind::Number | Kind::Regex, _) if wordy(after) => true,
        (Kind::Number, Kind::Operator) => after.text.starts_with('.'),
        (Kind::Operator, Kind::Number) => before.text.ends_with(['.', '?']),
        (Kind::Operator, Kind::Regex) => before.text.ends_with(['/', '<']),
        (Kind::Operator, Kind::Operator) => {
            let joined = format!("{}{}", before.text, after.text);
            // `<!--` and `-->` are comments in scripts.
            let html_comment = joined.ends_with("<!") || joined.ends_with("-->");
            html_comment
                || joined.contains("//")
                || joined.contains("/*")
                || javascript::leading_operator(&joined) != Some(before.text)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_and_needless_space_go() {
        let cases = [
            ("// why\nlet a = 1; // b\n\n  let c = a + 2;\n", "let a=1;let c=a+2;"),
            ("if (a) {\n  b();\n} else {\n  c();\n}\n", "if(a){b();}else{c();}"),
            ("return \"x\" in y", "return\"x\"in y"),
            ("const f = async (a, b) => {\n  await a;\n};", "const f=async(a,b)=>{await a;};"),
            ("if (a) { b() }\nelse c", "if(a){b()}\nelse c"),
            ("a\n(b)", "a\n(b)"),
            ("const answer = await ask(answer.body)", "const a=await ask(a.body)"),
            ("let a = b\nlet c", "let a=b\nlet c"),
            ("return /* a\n */ 1", "return\n1"),
        ];
        for (source, expected) in cases {
            assert_eq!(minify(source).expect("a readable script"), expected);
        }
    }

    #[test]
    fn space_that_means_something_stays() {
        for source in ["a+ +b", "a- --b", "a< !--b", "1 .toFixed()", "a/ /b/", "x-- >0", "/a/ in b", "a? .5:b"] {
            let minified = minify(source).expect("a readable script");
            assert_eq!(minified, source, "from {source}");
        }
    }

    #[test]
    fn strings_templates_and_regular_expressions_are_untouched() {
        for literal in
            ["'a  // b'", "\"a  /* b */ \\\"  c\"", "`a  ${1}  // b\n   c  \\`  `", "/[ /'\"]  \\/  /g", "'\\\\'"]
        {
            let minified =
                minify(&format!("x = {literal} ;  // {literal}\n").replace("\n   c", " c")).expect("a readable script");
            assert_eq!(minified, format!("x={};", literal.replace("\n   c", " c")));
        }
        assert_eq!(minify("x = `a\n   b`").expect("a readable script"), "x=`a\n   b`");
    }

    proptest! {
        /// Any mix of tokens keeps its tokens, and a second pass finds nothing more to do.
        #[test]
        fn tokens_survive_and_a_second_pass_changes_nothing(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40)) {
            let source = pieces.concat();
            if let Ok(minified) = minify(&source) {
                prop_assert_eq!(minify(&minified).expect("what we wrote can be read"), minified);
            }
        }

        /// The space between two tokens is never what the proof at the end stumbles over.
        #[test]
        fn what_can_be_read_can_be_minified(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12)) {
            let source = pieces.join(" ");
            if javascript::tokens(&source).is_ok() {
                prop_assert!(minify(&source).is_ok(), "{}", source);
            }
        }
    }

    const PIECES: [&str; 34] = [
        "a",
        "return",
        "1",
        ".5",
        "'s  s'",
        "`t  ${",
        "}`",
        "`u`",
        "/r  [/]/g",
        " ",
        "\n",
        "// c\n",
        "/* c\n */",
        "+",
        "++",
        "-",
        "--",
        "/",
        "<",
        "!",
        ">",
        "=",
        "?",
        "?.",
        ".",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ";",
        ",",
        "if",
    ];
}
