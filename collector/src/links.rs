//! Addresses of pages in what the staff write, so that readers can follow them.

use linkify::{LinkFinder, LinkKind};

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
    // Chinese goes on right after an address, and domains without a scheme are often none.
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true).url_can_be_iri(false);
    let kind = |span: &linkify::Span<'_>| match span.kind() {
        Some(_) if is_web_page(span.as_str()) => Kind::Link,
        _ => Kind::Text,
    };
    finder.spans(text).map(|span| Part { text: span.as_str(), kind: kind(&span) }).collect()
}

/// Only of the web, and without a name before the host, which may look like another host.
fn is_web_page(address: &str) -> bool {
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
        assert_eq!(links("请看https://shop.example/退货。谢谢"), ["https://shop.example/"]);
        for none in [
            "javascript:alert(1)",
            "ftp://a.example/x",
            "shop.example",
            "li@shop.example",
            "https://shop.example@evil.example/",
            "data:text/html,x",
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
