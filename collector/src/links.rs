//! Addresses of pages in what the staff write, so that readers can follow them.

use linkify::{LinkFinder, LinkKind};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// A part of a text: an address of a page, or what stands between two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    text: &'a str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Link,
}

impl<'a> Part<'a> {
    /// A text that is taken as it stands.
    pub fn text_only(text: &'a str) -> Self {
        Self { text, kind: Kind::Text }
    }

    /// What is written. Of a link it is the whole address, so that nobody is led to another page than they read of.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Whether it is an address that a browser may open.
    pub fn is_link(&self) -> bool {
        self.kind == Kind::Link
    }
}

/// The parts of a text, in their order. Together they are the text.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut finder = LinkFinder::new();
    // Domains without a scheme are often none.
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    let part = |text, kind| Part { text, kind };
    let of_span = |span: linkify::Span<'_>| {
        let text = &text[span.start()..span.end()];
        let (address, rest) = text.split_at(if span.kind().is_some() { end_of_address(text) } else { 0 });
        match is_web_page(address) {
            true => {
                [Some(part(address, Kind::Link)), Some(part(rest, Kind::Text)).filter(|rest| !rest.text.is_empty())]
            }
            false => [Some(part(text, Kind::Text)), None],
        }
    };
    finder.spans(text).flat_map(of_span).flatten().collect()
}

/// Where an address ends that a sentence may go on right after, as Chinese does: before a sign of Chinese or Japanese, and behind a host in Latin letters.
fn end_of_address(text: &str) -> usize {
    let text = &text[..text.find(is_sign_of_east_asia).unwrap_or(text.len())];
    let host = text.find("://").map_or(0, |scheme| scheme + 3);
    let end_of_host = text[host..].find(['/', '?', '#']).map_or(text.len(), |length| host + length);
    let foreign = text[host..end_of_host].find(|c: char| !c.is_ascii()).map(|at| host + at);
    match foreign {
        // A domain in another script has a dot behind it; a sentence has none, nor an address of a page.
        Some(at) if end_of_host == text.len() && text[host..at].contains('.') && !text[at..].contains('.') => at,
        _ => text.len(),
    }
}

/// Brackets, commas and full stops of Chinese and Japanese, also those as wide as a letter, and quotes.
fn is_sign_of_east_asia(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}' | '‘'..='‟' | '…' | '—')
}

/// Only of the web, without a name before the host, which may look like another host, and without what is not seen or turns the letters around.
fn is_web_page(address: &str) -> bool {
    if address.chars().any(|c| c.general_category_group() == GeneralCategoryGroup::Other) {
        return false;
    }
    let url = url::Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.is_some_and(|url| url.host_str().is_some() && url.username().is_empty() && url.password().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(text: &str) -> Vec<&str> {
        parts(text).into_iter().filter(Part::is_link).map(|part| part.text()).collect()
    }

    #[test]
    fn addresses_of_pages_are_links_and_nothing_else_is() {
        assert_eq!(
            links("See https://shop.example/a?b=1&c=2. Or (http://b.example/x)!"),
            ["https://shop.example/a?b=1&c=2", "http://b.example/x"]
        );
        assert_eq!(links("请看https://shop.example/退货。谢谢"), ["https://shop.example/退货"]);
        assert_eq!(links("请看https://shop.example，谢谢"), ["https://shop.example"]);
        assert_eq!(links("请看https://shop.example谢谢"), ["https://shop.example"]);
        assert_eq!(
            links("https://bücher.example/ü, https://例子.中国/路径 HTTPS://X.EXAMPLE/G"),
            ["https://bücher.example/ü", "HTTPS://X.EXAMPLE/G"],
            "never a part of an address, which would lead elsewhere"
        );
        for none in [
            "javascript:alert(1)",
            "ftp://a.example/x",
            "shop.example",
            "li@shop.example",
            "https://shop.example@evil.example/",
            "data:text/html,x",
            "https://shop.example/\u{202e}gpj.exe",
            "https://sh\u{200b}op.example/",
        ] {
            assert!(links(none).is_empty(), "{none}: {:?}", links(none));
        }
    }

    proptest! {
        #[test]
        fn together_the_parts_are_the_text(text in "(https?://|[a-z.:/@? \n\"'<>&你])\\PC{0,30}") {
            let all: String = parts(&text).iter().map(Part::text).collect();
            prop_assert_eq!(all, text);
        }
    }
}
