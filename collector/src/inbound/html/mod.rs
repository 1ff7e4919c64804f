//! The text of a mail that came as HTML. It is read as browsers read it (HTML Living Standard, 13.2.5), with two differences: what a browser would
//! swallow because its end is missing is text, since a customer wrote it, and nothing is nested, so that no mail takes more than one pass.

mod layout;
mod tokens;

use layout::Layout;
use tokens::{Token, Tokens};

/// The text, with a line for each block, a tab between the cells of a row, and a dash before each item of a list.
pub(super) fn to_text(html: &str) -> String {
    let html = html.replace("\r\n", "\n").replace('\r', "\n");
    let mut layout = Layout::default();
    for token in Tokens::of(&html) {
        match token {
            Token::Text(text) => text.chars().for_each(|c| layout.push(c)),
            Token::Character(c) => layout.push(c),
            Token::Start(name) => layout.start(&name),
            Token::End(name) => layout.end(&name),
            Token::Nothing => {}
        }
    }
    layout.into_text()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_are_lines_and_cells_are_parted() {
        for (html, text) in [
            (
                "<div>My order 12345</div><div>lost 2 boxes.</div><div><br></div><div>Mei</div>",
                "My order 12345\nlost 2 boxes.\n\nMei",
            ),
            ("<table><tr><td>4711</td><td>12</td></tr><tr><td>4712</td><td>3</td></tr></table>", "4711\t12\n4712\t3"),
            (
                "<table>\n<tr>\n<td>\n<p>4711</p>\n</td>\n<td>\n<p>12</p>\n</td>\n</tr>\n</table>after",
                "4711\t12\n\nafter",
            ),
            ("<table><tr><td>a</td></tr><tr><td></td><td>b</td></tr></table>", "a\nb"),
            ("<ul><li>one<li>two</ul>", "- one\n- two"),
            ("<ol><li></li><li><b>1</b>2</li></ol>3", "- 12\n3"),
            ("<h1>head</h1>after<hr>z<blockquote>quo</blockquote>end", "head\n\nafter\n\nz\n\nquo\n\nend"),
            ("<dl><dt>t</dt><dd>1</dd></dl><select><option>2</option><option>3</option></select>", "t\n1\n2\n3"),
            ("a<pre>p1\r\n  p2\tx</pre>b", "a\n\np1\n  p2\tx\n\nb"),
            ("<div>\n<div>one</div>\n<div>two</div>\n</div>", "one\ntwo"),
            ("x<br>y<br/><br>z", "x\ny\n\nz"),
            ("4111 <b>1111</b> 11<wbr>11&nbsp;1111", "4111 1111 1111 1111"),
            ("<div>41111111</div><div>11111111</div>", "41111111\n11111111"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn what_is_no_tag_is_text() {
        for (html, text) in [
            ("<p>if price < 100 and weight > 5 kg then refund</p>", "if price < 100 and weight > 5 kg then refund"),
            ("1 < 2 && 3 > 2, I <3 it, </3, <!! and <?", "1 < 2 && 3 > 2, I <3 it, </3, <!! and <?"),
            (
                "Li <li@shop.example>, <https://shop.example/a> <b>x</b>",
                "Li <li@shop.example>, <https://shop.example/a> x",
            ),
            ("<p>start <b>bold <i>both</p> rest <", "start bold both\n\nrest <"),
            ("rest <b and nothing more", "rest <b and nothing more"),
            ("<a title=\"a > b\" href='x'>link</a>", "link"),
            ("<a title=\"never closed>link</a> and more", "link and more"),
            ("a<!-- hidden > -->b<!-->c<!--[if mso]>d<![endif]-->e<![if !mso]>f", "abcef"),
            ("<p>before</p><!-- <p>after</p>", "before\n\nafter"),
            ("<style>p{}</style><TITLE>t</Title ><script>if (a</b) {}</script>x", "x"),
            ("<p>before</p><style>p{}<p>after</p>", "before\n\np{}\n\nafter"),
            (
                "&lt;b&gt; &amp;amp; &nosuch; &#0; &#x110000; &#128; &eacute, &#x4e2d;&#25991; &copy=1 R&D",
                "<b> &amp; &nosuch; \u{fffd} \u{fffd} € é, 中文 &copy=1 R&D",
            ),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn however_it_is_nested_or_left_open_it_takes_one_pass() {
        let deep = format!("{}deep text{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        assert_eq!(to_text(&deep), "deep text");
        // Each of them took hours if it were looked for to the end again and again.
        for open in ["<a", "<a x=\"", "<!--", "<style>", "</", "<a@b ", "<!", "&#", "<title></titl", "<pre> "] {
            let _ = to_text(&open.repeat(50_000));
            let _ = to_text(&format!("{}>", open.repeat(50_000)));
        }
    }

    proptest! {
        #[test]
        fn text_without_markup_comes_through(text in "[^<&\u{0}]{0,80}") {
            let read = to_text(&text);
            prop_assert!(read.split_whitespace().eq(text.split_whitespace()), "{read:?}");
        }

        #[test]
        fn any_text_comes_through_where_it_is_escaped(text in "[^\u{0}]{0,60}") {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
            let read = to_text(&format!("<div><p>{escaped}</p></div>"));
            prop_assert!(read.split_whitespace().eq(text.split_whitespace()), "{read:?}");
        }

        #[test]
        fn nothing_panics(html in "(<[a-z/!?-]{0,3}|[<>&;#x\"'=/ -]|td|li|pre|script|style|--|&#x?[0-9a-f]{0,9};?|[^a]){0,60}") {
            let text = to_text(&html);
            prop_assert!(!text.ends_with([' ', '\t', '\n']), "{text:?}");
        }
    }
}
