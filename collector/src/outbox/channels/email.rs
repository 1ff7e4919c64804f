//! Mail: composed once, then sent by SMTP or written to a file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sayso_shared::EmailAddress;
use sayso_shared::text::turns_around;
use tokio::fs;
use tokio::io::AsyncWriteExt;
use url::Url;

use super::attempt::Attempt;
use super::connect::{Smtp, SmtpFailure, final_status};
use super::thread;
use crate::clock::Millis;
use crate::config::Config;
use crate::inbound::address::{Party, message_id, reply_address};
use crate::keys::Keys;
use crate::outbox::delivery::Failure;
use crate::outbox::event_context::EventContext;
use crate::outbox::suspensions::Verdict;
use crate::outbox::templates::{Author, Email, MailFile, Picture};
use crate::sites::{MailAddress, Sender, Site};

/// The folder in the data folder that mails are written to when there is no mail server.
pub const FOLDER: &str = "mail";

/// What servers say who do not let us in, or not as this sender; the last ones are those of Exchange Online.
const NOT_LET_IN: [&str; 10] = ["530", "534", "535", "538", "5.7.0", "5.7.8", "5.7.9", "5.7.30", "5.7.57", "5.7.60"];

/// Composes and sends mails.
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    /// The right side of message identifiers.
    host: String,
}

enum Transport {
    Smtp(Smtp),
    Folder(PathBuf),
}

impl Mailer {
    /// By the settings: SMTP, or the folder when no server is set.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let transport = match config.smtp.server()? {
            Some(server) => Transport::Smtp(Smtp::open(config, &server)?),
            None => Transport::Folder(config.data.join(FOLDER)),
        };
        let public = Url::parse(&config.public_url).context("public_url is not a URL")?;
        let host = public.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
        let from: Mailbox = config.smtp.from.parse().context("[smtp] from must look like Name <user@example.com>")?;
        // Servers without SMTPUTF8 know domains in ASCII only.
        let domain = idna::domain_to_ascii(from.email.domain()).unwrap_or_else(|_| from.email.domain().to_owned());
        let email =
            Address::new(from.email.user(), domain).context("[smtp] from is no address that mail can come from")?;
        let from = Mailbox::new(from.name, email);
        Ok(Self { transport, from, host })
    }

    /// Makes a mail. Its identifier is made of the delivery's and of the case's, and stays the same for every attempt; all mails about a case refer to
    /// one identifier, so that mail programs show them together.
    pub fn compose(
        &self,
        keys: &Keys,
        envelope: &Envelope<'_>,
        email: &Email,
        attempt: Attempt<'_>,
    ) -> Result<Message, Failure> {
        const UNUSABLE: &str = "mail can't be sent to this address";
        // Also what was stored before addresses had one form.
        let Envelope { to, thread, .. } = *envelope;
        let to = EmailAddress::parse(to).map_err(|_| Failure::Permanent(UNUSABLE.into()))?;
        let to: Address = to.as_str().parse().map_err(|_| Failure::Permanent(UNUSABLE.into()))?;
        let from = self.sender(envelope)?;
        let html = email.html().map_err(|_| Failure::retryable("the mail could not be written"))?;
        let first = format!("<{}>", message_id(keys, "case", thread, &self.host));
        let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(attempt.now).unwrap_or_default());
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(one_line(&email.subject))
            .date(date)
            .message_id(Some(format!("<{}>", message_id(keys, attempt.id, thread, &self.host))))
            .in_reply_to(envelope.answered.last().map_or_else(|| first.clone(), in_angles))
            .references(references(first, envelope.answered));
        if let Some(index) = thread::index(envelope.thread, attempt.id) {
            message = message
                .raw_header(header("Thread-Topic", thread::topic(&one_line(&email.subject))))
                .raw_header(header("Thread-Index", &index));
        }
        if let Some(reply_to) = envelope.reply_to(keys).and_then(|address| address.parse().ok()) {
            message = message.reply_to(Mailbox::new(None, reply_to));
        }
        if email.author == Author::System {
            // RFC 3834: so that no automatic answer comes back. What a person wrote is not automatic.
            message = message
                .raw_header(header("Auto-Submitted", "auto-generated"))
                .raw_header(header("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply"));
        }
        if let Some(url) = envelope.unsubscribe {
            // RFC 8058: mail programs have a button for it, which posts.
            message = message
                .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let body = match &email.picture {
            Some(picture) => with_picture(email.text(), html, picture),
            None => MultiPart::alternative_plain_html(email.text(), html),
        };
        let body = if email.files.is_empty() { body } else { with_files(body, &email.files) };
        message.multipart(body).map_err(|_| Failure::Permanent(UNUSABLE.into()))
    }

    /// Whom a mail comes from: the site that it is about where that has a sender of its own, or else whom the settings name.
    fn sender(&self, envelope: &Envelope<'_>) -> Result<Mailbox, Failure> {
        let name = envelope.name.map_or_else(|| self.from.name.clone(), |name| Some(name.to_owned()));
        let email = match envelope.sender {
            Some(sender) => {
                let parsed = sender.as_str().parse();
                parsed.map_err(|_| Failure::retryable("mail can't come from the sender of the site"))?
            }
            None => self.from.email.clone(),
        };
        Ok(Mailbox::new(name, email))
    }

    /// The domain of the sender of a mail.
    pub fn domain<'a>(&'a self, envelope: &Envelope<'a>) -> &'a str {
        let of_site = envelope.sender.and_then(|sender| sender.as_str().rsplit_once('@'));
        of_site.map_or_else(|| self.from.email.domain(), |(_, domain)| domain)
    }

    /// Connects to the server and signs in, or makes a file in the folder and removes it. The error is a sentence.
    pub async fn try_out(&self) -> Result<(), String> {
        match &self.transport {
            Transport::Smtp(smtp) => match smtp.run(|smtp| async move { smtp.test_connection().await }).await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the mail server ended the connection".into()),
                Err(failure) => Err(failure.explain()),
            },
            // The first mail makes it.
            Transport::Folder(folder) if !folder.exists() => Ok(()),
            Transport::Folder(folder) => {
                let tried = tempfile::tempfile_in(folder);
                tried.map(|_| ()).map_err(|error| format!("{} can't be written: {error}", folder.display()))
            }
        }
    }

    /// Sends a mail.
    pub async fn send(&self, mail: &Message, id: &str, now: Millis) -> Result<(), Failure> {
        match &self.transport {
            Transport::Smtp(smtp) => {
                let send = |smtp: AsyncSmtpTransport<Tokio1Executor>| async move { smtp.send(mail.clone()).await };
                smtp.run(send).await.map(|_| ()).map_err(|failure| judge(&failure))
            }
            Transport::Folder(folder) => write(folder, &file_name(id, now), &mail.formatted()).await.map_err(|error| {
                tracing::error!(error = %error, "a mail can't be written to the data folder");
                Failure::retryable("the mail could not be written to the data folder")
            }),
        }
    }
}

/// The text in both ways, and the picture that the HTML shows beside it (RFC 2387).
fn with_picture(text: String, html: String, picture: &Picture) -> MultiPart {
    let inline = Attachment::new_inline(Picture::CONTENT_ID.to_owned());
    let png = ContentType::parse("image/png").expect("a type of content");
    let related =
        MultiPart::related().singlepart(SinglePart::html(html)).singlepart(inline.body(picture.png.clone(), png));
    MultiPart::alternative().singlepart(SinglePart::plain(text)).multipart(related)
}

/// The text with files behind it.
fn with_files(body: MultiPart, files: &[MailFile]) -> MultiPart {
    files.iter().fold(MultiPart::mixed().multipart(body), |mixed, file| {
        let kind = ContentType::parse(file.media_type).expect("a type of content");
        mixed.singlepart(Attachment::new(file.name.clone()).body(file.content.clone(), kind))
    })
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.transport {
            Transport::Smtp(_) => "Mailer(smtp)",
            Transport::Folder(_) => "Mailer(folder)",
        })
    }
}

/// From whom and to whom a mail goes, and which others it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The address.
    pub to: &'a str,
    /// What the sender is called, where customers know a better name than ours.
    pub name: Option<&'a str>,
    /// The address of the sender, where its site has one of its own.
    pub sender: Option<&'a Sender>,
    /// The case, or whatever else mails with the same one are shown together for.
    pub thread: &'a str,
    /// Where answers go: to the address of the site, as an answer of this party.
    pub answers: Option<(&'a MailAddress, Party)>,
    /// What the customer's program called their mails about the case, in the order in which they came.
    pub answered: &'a [String],
    /// Where whoever gets it can ask for no more of its kind.
    pub unsubscribe: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// That of a mail from whom the settings name, which can't be answered.
    pub const fn new(to: &'a str, thread: &'a str) -> Self {
        Self { to, name: None, sender: None, thread, answers: None, answered: &[], unsubscribe: None }
    }

    /// That of a mail to a site's customer, which can't be answered.
    pub fn of_site(site: &'a Site, to: &'a str, thread: &'a str) -> Self {
        Self { name: Some(site.name()), sender: site.settings.sender.as_ref(), ..Self::new(to, thread) }
    }

    /// That of a mail about a case, which can be answered where its site takes mail.
    pub fn about(context: &'a EventContext, to: &'a str, party: Party) -> Self {
        let site = &context.site;
        let answers = site.settings.mail_address.as_ref().map(|address| (address, party));
        let name = (party == Party::Customer).then(|| site.name());
        Self { name, answers, ..Self::of_site(site, to, &context.case.id) }
    }

    fn reply_to(&self, keys: &Keys) -> Option<String> {
        let (address, party) = self.answers?;
        reply_address(keys, address.as_str(), party, self.thread)
    }
}

/// What a refusal means. A server that refuses for good does so again (RFC 5321, 4.2.1); one that does not let us in waits for the operator.
fn judge(failure: &SmtpFailure) -> Failure {
    let error = failure.explain();
    let status = match failure {
        SmtpFailure::Token(_) => None,
        SmtpFailure::Server(error) => final_status(error),
    };
    match status {
        None => Failure::retryable(error),
        Some(status) if NOT_LET_IN.contains(&status.as_str()) => Failure::retryable(error),
        Some(status) if Verdict::of(&status) == Verdict::NotTheAddress => Failure::Permanent(error),
        Some(status) => Failure::Bounced { error, status },
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The mails that one belongs to, the oldest first (RFC 5322, 3.6.4): what the customer's program called their first one, if they began by mail, then the
/// identifier that all of ours about the case refer to, and the customer's others.
fn references(first: String, answered: &[String]) -> String {
    let mut answered = answered.iter().map(in_angles);
    let before = answered.next();
    before.into_iter().chain([first]).chain(answered).collect::<Vec<_>>().join(" ")
}

fn in_angles(message_id: &String) -> String {
    format!("<{message_id}>")
}

/// Text for a header: one line, without marks that turn the direction of what follows.
fn one_line(text: &str) -> String {
    let plain: String =
        text.chars().filter(|c| !turns_around(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Begins with the time, so that files sort by it: `20261122T100000.000Z-<id>.eml`.
fn file_name(id: &str, now: Millis) -> String {
    let time = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    format!("{}-{id}.eml", time.strftime("%Y%m%dT%H%M%S.%3fZ"))
}

/// Writes a file that is there as a whole or not at all, and on disk when this returns.
async fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder).await?;
    let unfinished = folder.join(format!(".{name}"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&unfinished).await?;
    file.write_all(content).await?;
    file.sync_all().await?;
    fs::rename(&unfinished, folder.join(name)).await?;
    fs::File::open(folder).await?.sync_all().await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mailer() -> Mailer {
        let mut config = Config::for_data(Path::new("/nowhere")).expect("the defaults hold");
        config.public_url = "https://feedback.example.com".into();
        Mailer::open(&config).expect("the defaults hold")
    }

    fn keys() -> Keys {
        Keys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("32 bytes")
    }

    const DELIVERY: &str = "018f3a1e-0000-7000-8000-0000000000d1";

    fn compose(to: &str, name: Option<&str>, subject: &str) -> Result<Message, Failure> {
        let envelope = Envelope { name, ..Envelope::new(to, "018f3a1e-0000-7000-8000-000000000001") };
        mailer().compose(&keys(), &envelope, &email(subject), Attempt::new(DELIVERY, 0))
    }

    fn email(subject: &str) -> Email {
        Email { subject: subject.to_owned(), ..Email::default() }
    }

    #[test]
    fn has_the_headers_of_an_automatic_mail_in_a_thread() {
        let mail = compose("li@example.com", Some("Acme 家居"), "Hi").expect("a mail");
        let text = String::from_utf8(mail.formatted()).expect("mails are ASCII");
        let identifier = format!("Message-ID: <{DELIVERY}.");
        for beginning in [identifier.as_str(), "References: <case."] {
            let unfolded = text.replace("\r\n ", " ");
            let line = unfolded.lines().find(|line| line.starts_with(beginning)).expect(beginning);
            assert!(line.ends_with("@feedback.example.com>"), "{line}");
        }
        for line in [
            "Auto-Submitted: auto-generated",
            "To: li@example.com",
            "Subject: Hi",
            "Thread-Topic: Hi",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} in {text}");
        }
        assert!(!text.lines().any(|line| line.starts_with("Reply-To") || line.starts_with("List-")));
    }

    #[test]
    fn belongs_to_the_mails_of_the_customer() {
        let answered = ["first@mail.example".to_owned(), "newest@qq.com".to_owned()];
        let envelope =
            Envelope { answered: &answered, ..Envelope::new("li@example.com", "018f3a1e-0000-7000-8000-000000000001") };
        let mail = mailer().compose(&keys(), &envelope, &email("Hi"), Attempt::new(DELIVERY, 0)).expect("a mail");
        let text = String::from_utf8(mail.formatted()).expect("mails are ASCII").replace("\r\n ", " ");
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).expect(name).to_owned();
        assert_eq!(line("In-Reply-To: "), "In-Reply-To: <newest@qq.com>");
        let references = line("References: ");
        assert!(references.starts_with("References: <first@mail.example> <case."), "{references}");
        assert!(references.ends_with("@feedback.example.com> <newest@qq.com>"), "{references}");
    }

    #[test]
    fn files_sort_by_time() {
        assert_eq!(file_name("x", 1_763_805_600_123), "20251122T100000.123Z-x.eml");
    }

    #[test]
    fn an_address_that_is_none_is_given_up() {
        let refused = compose("a@b.c\r\nBcc: x@y.z", None, "Hi");
        assert!(matches!(refused, Err(Failure::Permanent(_))));
    }

    proptest! {
        #[test]
        fn mail_can_be_sent_to_whatever_is_taken_as_an_address(local in "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]{1,20}", domain in "[a-zA-Zü例0-9.-]{1,30}") {
            let typed = format!("{local}@{domain}");
            if let Ok(address) = EmailAddress::parse(&typed) {
                let mail = compose(address.as_str(), None, "Hi");
                prop_assert!(mail.is_ok(), "{}", address.as_str());
                prop_assert!(compose(&typed, None, "Hi").is_ok());
            }
        }

        #[test]
        fn no_subject_makes_a_header(subject in "[ -~\r\n\u{0}\u{2028}字😀\u{202e}]{0,200}") {
            let mail = compose("li@example.com", Some("Acme"), &subject).expect("a mail");
            let formatted = mail.formatted();
            let text = String::from_utf8_lossy(&formatted);
            let head = text.split("\r\n\r\n").next().unwrap_or_default();
            let known = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type", "Thread-Topic", "Thread-Index"];
            for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
                let name = line.split(':').next().unwrap_or_default();
                prop_assert!(known.contains(&name), "{line}");
            }
            prop_assert!(!head.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
