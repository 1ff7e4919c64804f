//! A mail of a stranger.

use sayso::inbound::message::Mail;
use sayso::inbound::quotes::segments;
use sayso_shared::EmailAddress;

/// The most identifiers of other mails that are looked at.
const REFERENCES_MAX: usize = 50;

/// Any bytes as a mail: read or refused, and what is shown of it has every line that was written.
pub fn inbound(bytes: &[u8]) {
    let Ok(mail) = Mail::parse(bytes) else { return };
    assert!(EmailAddress::parse(mail.sender.1.as_str()).is_ok(), "who wrote it can be answered");
    assert!(mail.text.trim() == mail.text && !mail.text.contains('\0') && !mail.text.contains("\r\n"));
    assert!(!mail.subject.contains(['\n', '\r']), "a subject is one line");
    assert!(mail.references.len() <= REFERENCES_MAX);
    // Several texts of a mail may repeat a file, and none is longer than the mail itself.
    assert!(mail.files.iter().all(|file| (1..=bytes.len()).contains(&file.content.len())));
    let shown: Vec<String> = segments(&mail.text).into_iter().map(|segment| segment.text).collect();
    let shown = shown.join("\n");
    for line in mail.text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(shown.contains(line), "a line of a mail is shown or folded, and never lost");
    }
}
