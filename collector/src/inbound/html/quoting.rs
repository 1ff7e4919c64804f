//! Where a document quotes the mail that it answers, by the marks that programs leave in it.

use super::tokens::Attributes;

/// Elements of which on all that follows is the mail that is answered.
const FROM_HERE: [&str; 7] = [
    "appendonsend",
    "divrplyfwdmsg",
    "mail-editor-reference-message-container",
    "qqmailoriginal",
    "replysplit",
    "reply139content",
    "foxmailreplytag",
];
/// Elements that hold nothing but it, or say who wrote it.
const HOLDING: [&str; 4] = ["gmail_attr", "moz-cite-prefix", "protonmail_quote", "yahoo_quoted"];

/// What is open of the elements that quote. Elements of one name are counted, since any of them may end it.
#[derive(Default)]
pub(super) struct Quoting {
    from_here: bool,
    /// A `div` that holds nothing but what is quoted.
    holding: usize,
    /// One of Gmail, which also holds answers between its quotes.
    gmail: usize,
    cited: usize,
}

impl Quoting {
    /// Whether what comes is quoted.
    pub(super) const fn is_within(&self) -> bool {
        self.from_here || self.holding > 0 || self.cited > 0
    }

    /// An element begins; `follows` says whether a text is before it: what is all that a mail says is new, however it is marked.
    pub(super) fn start(&mut self, name: &str, attributes: Attributes<'_>, follows: bool) {
        match name {
            "blockquote" if self.cited > 0 => self.cited += 1,
            "blockquote" => {
                let is_cited = self.gmail > 0
                    || attributes.get("type") == "cite"
                    || attributes.get("id") == "isreplycontent" && follows;
                self.cited += usize::from(is_cited);
            }
            "div" | "hr" => self.start_block(name, attributes, follows),
            _ => {}
        }
    }

    fn start_block(&mut self, name: &str, attributes: Attributes<'_>, follows: bool) {
        let is_div = name == "div";
        self.gmail += usize::from(is_div && self.gmail > 0);
        if is_div && self.holding > 0 {
            self.holding += 1;
            return;
        }
        if self.from_here || !follows {
            return;
        }
        let (id, class) = (attributes.get("id"), attributes.get("class"));
        // Outlook on the web writes a mark of its own before the names that others gave.
        let own_id = id.strip_prefix("x_").unwrap_or(&id);
        self.from_here = FROM_HERE.contains(&own_id) || is_drawn(&attributes.get("style"));
        if !is_div {
            return;
        }
        let classes = || class.split_ascii_whitespace();
        if classes().any(|class| HOLDING.contains(&class) || class.starts_with("foxdiv"))
            || id.starts_with("yahoo_quoted_")
        {
            self.holding = 1;
        } else if self.gmail == 0 && classes().any(|class| class == "gmail_quote") {
            self.gmail = 1;
        }
    }

    /// An element ends.
    pub(super) fn end(&mut self, name: &str) {
        match name {
            "blockquote" => self.cited = self.cited.saturating_sub(1),
            "div" => {
                self.holding = self.holding.saturating_sub(1);
                self.gmail = self.gmail.saturating_sub(1);
            }
            _ => {}
        }
    }
}

/// Whether an element looks as Outlook for Windows and QQ draw the one above the mail that is answered; they give it no name.
fn is_drawn(style: &str) -> bool {
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    let is_outlook = style.contains("border:none;border-top:solid") && style.contains("padding:3.0pt0");
    let is_qq = style.contains("font-family:arialnarrow") && style.contains("padding:2px02px0");
    is_outlook || is_qq
}
