//! Mails whose words are encrypted, or sealed by a signature around them: we have no keys to open them with, and they are kept whole for somebody who has.

use mail_parser::{Message, MimeHeaders as _};

/// How PGP begins what it encrypts where it knows nothing of MIME (RFC 9580, section 6.2).
const ARMOUR: &str = "-----BEGIN PGP MESSAGE-----";

/// Whether what a mail says can't be read: by S/MIME (RFC 8551), whose signatures around a text hide it as well, or by PGP (RFC 3156). A signature beside
/// the text hides nothing.
pub(super) fn is_sealed(message: &Message<'_>) -> bool {
    let root = message.root_part();
    let is_root = |sub: &str| root.is_content_type("application", sub);
    if root.is_content_type("multipart", "encrypted") {
        return true;
    }
    if is_root("pkcs7-mime") || is_root("x-pkcs7-mime") {
        let kind = root.content_type().and_then(|kind| kind.attribute("smime-type"));
        return !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("certs-only"));
    }
    // Mailing lists and scanners put what was the whole mail beside a footer of theirs.
    let within = message.parts.iter().any(|part| {
        part.is_content_type("application", "pkcs7-mime")
            || part.is_content_type("application", "x-pkcs7-mime")
            || part.is_content_type("multipart", "encrypted")
    });
    within || message.body_text(0).is_some_and(|text| text.trim_start().starts_with(ARMOUR))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn sealed(head: &str, body: &str) -> bool {
        let raw = format!("From: li@example.com\r\nMIME-Version: 1.0\r\n{head}\r\n\r\n{body}\r\n");
        is_sealed(&MessageParser::default().parse(raw.as_bytes()).unwrap())
    }

    #[test]
    fn what_hides_its_words_is_told_from_what_is_signed_beside_them() {
        let smime = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64";
        assert!(sealed(smime, "MIIB"));
        assert!(sealed("Content-Type: application/x-pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"", "MIIB"));
        assert!(sealed(
            "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x",
            "--x\r\n\r\nVersion: 1\r\n--x--"
        ));
        assert!(sealed(
            "Content-Type: text/plain",
            "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----"
        ));
        assert!(sealed(
            "Content-Type: multipart/mixed; boundary=x",
            "--x\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIIB\r\n--x\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--x--"
        ));
        assert!(!sealed(
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=x",
            "--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x\r\nContent-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--x--"
        ));
        assert!(!sealed("Content-Type: text/plain", "How do I send you a -----BEGIN PGP MESSAGE-----?"));
        assert!(!sealed("Content-Type: application/pkcs7-mime; smime-type=certs-only", "MIIB"));
    }
}
