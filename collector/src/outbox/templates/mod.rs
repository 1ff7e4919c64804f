//! What mails say, as plain text and as simple HTML.

mod call_list;
mod customer;
mod digest;
mod greeting;
mod member_invitation;
mod password_link;
mod periodic;
mod self_check;
mod signal;
mod survey;
mod switched_off;
mod team;
mod words;

use askama::Template;
use sayso_shared::Lang;

use crate::cases::EventType;
use crate::links::{self, Part};
use crate::outbox::channels::thread::ANSWERS;
use crate::outbox::event_context::EventContext;
use crate::sites::Site;
use crate::sites::colour::Colour;
use crate::sites::labels::category_label;
use crate::text::Texts;

pub use call_list::call_list;
pub use customer::to_customer;
pub use digest::{digest_to_customer, digest_to_team};
pub use member_invitation::member_invitation;
pub use password_link::password_link;
pub use periodic::periodic;
pub use self_check::self_check;
pub use signal::signal;
pub use survey::survey;
pub use switched_off::switched_off;
pub(super) use team::what_happened;
pub use team::{to_member, to_team, to_team_mailbox};

/// A mail without its envelope. Everything in it is text; the template escapes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// The language it is written in.
    pub lang: Lang,
    /// Whose mail it is: the site's name and colours.
    pub brand: Brand,
    /// Whether a person wrote it.
    pub author: Author,
    /// What it is about.
    pub subject: String,
    /// What happened, in a few words; mails to customers begin with a greeting instead.
    pub heading: Option<String>,
    /// The paragraphs at its beginning, with the greeting.
    pub intro: Vec<String>,
    /// What somebody else wrote.
    pub quote: Option<String>,
    /// Whether addresses of pages in the quote are links: in what the staff wrote, and nobody else.
    pub quoted_links: QuotedLinks,
    /// Labels and values.
    pub details: Vec<(String, String)>,
    /// A chart as a picture. What it says stands beside it, for those who don't see it.
    pub picture: Option<Picture>,
    /// What the bars are of.
    pub bars_title: String,
    /// Bars of a chart. They are cells of a table, which every mail program shows, also one that loads no pictures.
    pub bars: Vec<Bar>,
    /// What the reader can do: a label and an address.
    pub link: Option<(String, String)>,
    /// The paragraphs after that, with the signature.
    pub closing: Vec<String>,
    /// Why the reader gets it.
    pub footer: String,
    /// Where they can ask for no more of its kind.
    pub stop: Option<String>,
    /// Files that are sent along.
    pub files: Vec<MailFile>,
}

/// A file that is sent along.
#[derive(Clone, PartialEq, Eq)]
pub struct MailFile {
    /// What it is called.
    pub name: String,
    /// Its type.
    pub media_type: &'static str,
    /// What is in it.
    pub content: String,
}

/// A picture that is sent along.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// What is seen.
    pub title: String,
    /// What it says.
    pub finding: String,
    /// Its bytes.
    pub png: Vec<u8>,
}

impl Picture {
    /// What the text calls it by (RFC 2392).
    pub const CONTENT_ID: &'static str = "chart@sayso";
}

/// A bar of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// What it is of.
    pub label: String,
    /// Its value.
    pub text: String,
    /// Its length, in percent of the longest one.
    pub percent: u8,
}

/// Who wrote what a mail brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person: programs may answer that they are away.
    Person,
    /// We did, since something happened.
    System,
}

/// What addresses of pages in a quote are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotedLinks {
    /// Links.
    Clickable,
    /// Text like any other.
    Text,
}

impl Default for Email {
    fn default() -> Self {
        Self {
            lang: Lang::En,
            brand: Brand::default(),
            author: Author::System,
            subject: String::new(),
            heading: None,
            intro: Vec::new(),
            quote: None,
            quoted_links: QuotedLinks::Text,
            details: Vec::new(),
            picture: None,
            bars_title: String::new(),
            bars: Vec::new(),
            link: None,
            closing: Vec::new(),
            footer: String::new(),
            stop: None,
            files: Vec::new(),
        }
    }
}

/// The name and the colours at the top of a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Brand {
    /// The site's name.
    pub name: String,
    /// The colour of what can be pressed, and of the text on it, on a light ground.
    pub light: [String; 2],
    /// The same on a dark one.
    pub dark: [String; 2],
}

impl Brand {
    /// That of a site; Sayso's own colours where the site has none.
    pub fn of(site: &Site) -> Self {
        let own = Colour::parse("#0d5757");
        let accent = site.settings.theme.accent.as_deref().and_then(Colour::parse).or(own);
        let pair = |colour: Colour| [colour.hex(), colour.text().hex()];
        let pairs = accent.map(|accent| (pair(accent.on_light()), pair(accent.on_dark())));
        let (light, dark) = pairs.unwrap_or_default();
        Self { name: site.name().to_owned(), light, dark }
    }
}

impl Default for Brand {
    fn default() -> Self {
        let pair = |accent: &str, text: &str| [accent.to_owned(), text.to_owned()];
        Self { name: "Sayso".to_owned(), light: pair("#0d5757", "#fffdf8"), dark: pair("#74c6bd", "#10161d") }
    }
}

// What people wrote must not reach a log.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(…)")
    }
}

#[derive(Template)]
#[template(path = "mail/email.html")]
struct Page<'a> {
    email: &'a Email,
    quote: Vec<Vec<Part<'a>>>,
}

impl Email {
    /// As plain text. Each line that somebody else wrote is marked, so that it can't pass for ours.
    pub fn text(&self) -> String {
        let colon = Texts(self.lang).colon();
        let mut blocks: Vec<String> = self.heading.iter().chain(&self.intro).cloned().collect();
        if let Some(quote) = &self.quote {
            blocks.push(
                quote_lines(quote).map(|line| format!("> {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n"),
            );
        }
        if !self.details.is_empty() {
            let lines = self
                .details
                .iter()
                .map(|(label, value)| format!("{label}{colon}{}", quote_lines(value).collect::<Vec<_>>().join(" ")));
            blocks.push(lines.collect::<Vec<_>>().join("\n"));
        }
        if let Some(picture) = &self.picture {
            blocks.push(format!("{}\n{}", picture.title, picture.finding));
        }
        if !self.bars.is_empty() {
            let lines = self.bars.iter().map(|bar| format!("{}{colon}{}", bar.label, bar.text));
            blocks.push(format!("{}\n{}", self.bars_title, lines.collect::<Vec<_>>().join("\n")));
        }
        if let Some((label, url)) = &self.link {
            blocks.push(format!("{label}{}\n{url}", colon.trim_end()));
        }
        blocks.extend(self.closing.iter().cloned());
        let stop = self.stop.iter().map(|url| format!(" {url}")).collect::<String>();
        blocks.push(format!("-- \n{}{stop}", self.footer));
        blocks.join("\n\n") + "\n"
    }

    /// Where a line begins and where it ends, for mail programs that know no logical directions.
    fn sides(&self) -> (&'static str, &'static str) {
        if self.lang.direction() == "rtl" { ("right", "left") } else { ("left", "right") }
    }

    /// Whether all labels and values are so short that they stand beside each other on a phone as well.
    fn has_short_details(&self) -> bool {
        let width = |text: &str| text.chars().map(|sign| if sign.is_ascii() { 1 } else { 2 }).sum::<usize>();
        self.details.iter().all(|(label, value)| width(label) + width(value) <= 30)
    }

    /// As HTML.
    pub fn html(&self) -> askama::Result<String> {
        let parts = |line| match self.quoted_links {
            QuotedLinks::Clickable => links::parts(line),
            QuotedLinks::Text => vec![Part::text_only(line)],
        };
        let quote = self.quote.as_deref().map(|quote| quote_lines(quote).map(parts).collect()).unwrap_or_default();
        Page { email: self, quote }.render()
    }
}

/// Our own Chinese sentences with a space between Chinese and Latin words, wherever a name brought the two together. Figures stay
/// where they are, such as in dates.
fn spaced(lang: Lang, text: &str) -> String {
    if !matches!(lang, Lang::ZhHans | Lang::ZhHant | Lang::ZhHk) {
        return text.to_owned();
    }
    let chinese = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}');
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut before = None;
    for c in text.chars() {
        if before.is_some_and(|b: char| chinese(b) && c.is_ascii_alphabetic() || b.is_ascii_alphabetic() && chinese(c))
        {
            spaced.push(' ');
        }
        spaced.push(c);
        before = Some(c);
    }
    spaced
}

/// Lines, however they end: a mail program may break at marks that Rust's `lines` does not know.
fn quote_lines(text: &str) -> impl Iterator<Item = &str> {
    let breaks = ['\n', '\r', '\u{0b}', '\u{0c}', '\u{85}', '\u{2028}', '\u{2029}'];
    text.trim_end().split("\r\n").flat_map(move |part| part.split(breaks))
}

/// The topic of a case as people read it; the key if its category has been removed since.
pub(super) fn topic(context: &EventContext, lang: Lang) -> Option<String> {
    category_label(lang, Some(&context.site), context.case.category.as_deref())
}

/// The topic that a case came with, whatever it has now, else its day: for subjects, which must stay what they were.
fn submitted_topic(context: &EventContext, t: Texts) -> String {
    let label = category_label(t.0, Some(&context.site), context.case.submitted.1.as_deref());
    label.unwrap_or_else(|| t.day(context.case.received_at))
}

/// The subject that all mails of a case share, as that of the first one or of what follows it.
fn in_thread(context: &EventContext, subject: String) -> String {
    if context.event.kind == EventType::Created { subject } else { format!("{ANSWERS}{subject}") }
}

/// The beginning of a text, on one line, for a subject.
fn excerpt(text: &str) -> String {
    const LENGTH: usize = 50;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_stand_apart_in_chinese_sentences() {
        assert_eq!(spaced(Lang::ZhHans, "您的Acme Home客服团队"), "您的 Acme Home 客服团队");
        assert_eq!(spaced(Lang::ZhHant, "安居家居客服團隊，11月24日"), "安居家居客服團隊，11月24日");
        assert_eq!(spaced(Lang::En, "Your 安居 team"), "Your 安居 team");
        assert_eq!(spaced(Lang::Ja, "Acme安居"), "Acme安居");
    }

    #[test]
    fn what_others_wrote_is_marked_and_escaped() {
        let email = Email {
            quote: Some("line\nline\u{2028}</p><script>alert(1)</script>\r\n-- ".into()),
            details: vec![("Name".into(), "a\nb".into())],
            ..Email::default()
        };
        assert!(
            email.text().starts_with("> line\n> line\n> </p><script>alert(1)</script>\n> --\n\nName: a b\n"),
            "{}",
            email.text()
        );
        let html = email.html().expect("it renders");
        assert!(!html.contains("<script") && html.contains("&#60;script&#62;"), "{html}");
    }

    proptest! {
        #[test]
        fn excerpts_are_short_and_on_one_line(text in "\\PC{0,80}[ \n\t字a]{0,80}") {
            let excerpt = excerpt(&text);
            prop_assert!(excerpt.chars().count() <= 51);
            prop_assert!(!excerpt.contains('\n'));
        }
    }
}
