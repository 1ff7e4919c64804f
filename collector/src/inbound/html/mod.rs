//! The text of a mail that came as HTML. It is read as browsers read it (HTML Living Standard, 13.2.5), with two differences: what a browser would
//! swallow because its end is missing is text, since a customer wrote it, and nothing is nested, so that no mail takes more than one pass.

mod layout;
mod quoting;
mod tokens;

use layout::Layout;
use quoting::Quoting;
use tokens::{Token, Tokens};

/// The text, with a line for each block, a tab between the cells of a row, a dash before each item of a list, and a `>` before each line of what a
/// program marks as the mail that is answered.
pub(super) fn to_text(html: &str) -> String {
    let html = html.replace("\r\n", "\n").replace('\r', "\n");
    let mut layout = Layout::default();
    let mut quoting = Quoting::default();
    for token in Tokens::of(&html) {
        match token {
            Token::Text(text) => text.chars().for_each(|c| layout.push(c)),
            Token::Character(c) => layout.push(c),
            Token::Start(name, attributes) => {
                quoting.start(&name, attributes, layout.says_something());
                layout.quote(quoting.is_within());
                layout.start(&name);
            }
            Token::End(name) => {
                layout.end(&name);
                quoting.end(&name);
                layout.quote(quoting.is_within());
            }
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
    fn what_programs_mark_as_quoted_is_quoted() {
        for (program, html) in [
            (
                "Gmail",
                "<div dir=ltr>Yes.</div><br><div class=\"gmail_quote gmail_quote_container\"><div dir=ltr class=gmail_attr>Dnia wt., 24 lis 2026 Acme napisał:<br></div><blockquote class=\"gmail_quote\" style='margin:0'>Dear Li,<br>a <b>leg</b><blockquote>older</blockquote></blockquote></div>",
            ),
            (
                "Outlook on the web",
                "<div class=elementToProof>Yes.</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\" dir=ltr><b>Feladó:</b> Acme<br><b>Tárgy:</b> x</div><div>Dear Li,<div>a leg</div></div>",
            ),
            (
                "Outlook for iOS",
                "<div>Yes.</div><div id=mail-editor-reference-message-container><div>Feladó: Acme</div>Dear Li</div>",
            ),
            (
                "Outlook for Windows",
                "<p class=MsoNormal>Yes.</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Feladó:</b> Acme<br><b>Tárgy:</b> x</p></div></div><p>Dear Li,</p>",
            ),
            (
                "Thunderbird",
                "Yes.<br><div class=\"moz-cite-prefix\">Acme, 24. 11.:<br></div><blockquote type=\"cite\" cite=\"mid:1\"><p>Dear Li,</p><p>a leg</p></blockquote>",
            ),
            (
                "Apple Mail",
                "<div>Yes.</div><div><br><blockquote type=cite><div>Acme, 24. 11.:</div><br></blockquote></div><blockquote type=\"cite\"><div>Dear Li</div></blockquote>",
            ),
            (
                "Yahoo",
                "<div>Yes.</div><div id=\"yahoo_quoted_42\" class=yahoo_quoted><div>Acme:</div><div>Dear Li</div></div>",
            ),
            ("Proton", "Yes.<br><div class=\"protonmail_quote\">Acme:<br><blockquote>Dear Li</blockquote></div>"),
            (
                "163",
                "<div>Yes.</div><blockquote id=\"isReplyContent\" style=\"margin:0\"><div>Acme:</div>Dear Li</blockquote>",
            ),
            (
                "QQ",
                "<div>Yes.</div><div style=\"font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;\">--- Kopie ---</div><div style=\"background:#efefef\">Acme</div><div>Dear Li</div>",
            ),
            ("QQ, newer", "<div>Yes.</div><div id=\"QQMailOriginal\"><div>Acme</div></div><div>Dear Li</div>"),
            ("139", "Yes.<hr id=\"replySplit\"><div id=\"reply139content\">Acme<br>Dear Li</div>"),
            ("Foxmail", "<div>Yes.</div><div id=foxmailReplyTag></div><div>Acme</div><div>Dear Li</div>"),
            (
                "Foxmail, newer",
                "<div>Yes.</div><div class=\"FoxDiv20261124100000123456\"><div>Acme</div><div>Dear Li</div></div>",
            ),
        ] {
            let text = to_text(html);
            let (new, quoted): (Vec<&str>, Vec<&str>) =
                text.lines().filter(|line| !line.is_empty()).partition(|line| !line.starts_with("> "));
            assert_eq!(new, ["Yes."], "{program}: {text}");
            assert!(quoted.concat().contains("Acme") && quoted.concat().contains("Dear Li"), "{program}: {text}");
        }
    }

    #[test]
    fn what_people_mark_themselves_and_what_follows_a_quote_is_new() {
        for (html, text) in [
            ("<blockquote>Be kind.</blockquote>Yes.", "Be kind.\n\nYes."),
            (
                "Hi<div class=gmail_quote><blockquote class=gmail_quote>Which colour?</blockquote><div>Red.</div><blockquote class=gmail_quote>And the size?</blockquote></div><div>Two metres.</div>",
                "Hi\n\n> Which colour?\n\nRed.\n\n> And the size?\n\nTwo metres.",
            ),
            (
                "<blockquote type=cite>Which?<table><tr><td>a</td><td>b</td></tr></table></blockquote>Red.",
                "> Which?\n> a\tb\n\nRed.",
            ),
            ("<div id=divRplyFwdMsg>It is all there is.</div>", "It is all there is."),
            ("<div class=FoxDiv1>It is all there is.</div>", "It is all there is."),
            ("<p title='<blockquote type=cite>'>Yes.</p>", "Yes."),
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
        for open in [
            "<a",
            "<a x=\"",
            "<!--",
            "<style>",
            "</",
            "<a@b ",
            "<!",
            "&#",
            "<title></titl",
            "<pre> ",
            "<div class=gmail_quote>",
            "<blockquote type=cite>",
            "<p a=b c",
        ] {
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
