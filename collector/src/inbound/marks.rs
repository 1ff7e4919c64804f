//! The marks by which a mail shows where it quotes another one, in the languages in which programs write them.

use unicode_normalization::UnicodeNormalization as _;

/// Lines that introduce the whole mail that is answered, in runs of `-`, `_` or `—`.
const SEPARATORS: &[&str] = &[
    "原始邮件",
    "原邮件",
    "原始消息",
    "转发邮件信息",
    "原始郵件",
    "轉寄郵件",
    "original message",
    "original",
    "forwarded message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "weitergeleitete nachricht",
    "message d'origine",
    "message d’origine",
    "message transféré",
    "mensaje original",
    "mensaje reenviado",
    "mensagem original",
    "mensagem encaminhada",
    "messaggio originale",
    "messaggio inoltrato",
    "元のメッセージ",
    "原始訊息",
    "원본 메시지",
    "원본 메일",
    "исходное сообщение",
    "пересылаемое сообщение",
    "الرسالة الأصلية",
    "मूल संदेश",
    "oorspronkelijk bericht",
    "wiadomość oryginalna",
    "orijinal mesaj",
];
/// What the first of the lines is called with which Foxmail and Outlook introduce it.
pub(super) const SENDER_FIELDS: &[&str] = &[
    "发件人",
    "寄件者",
    "寄件人",
    "from",
    "von",
    "de",
    "da",
    "差出人",
    "送信者",
    "보낸 사람",
    "보낸사람",
    "от",
    "من",
    "प्रेषक",
    "से",
    "van",
    "od",
    "kimden",
    "gönderen",
    "från",
    "fra",
    "від",
    "từ",
    "dari",
    "จาก",
    "מאת",
    "lähettäjä",
    "από",
];
/// What these lines are called. Two in a row are a mark; one alone people write too.
const FIELDS: &[&str] = &[
    "发件人",
    "发送时间",
    "发送日期",
    "收件人",
    "抄送",
    "主题",
    "日期",
    "寄件者",
    "寄件日期",
    "收件者",
    "主旨",
    "寄件人",
    "傳送時間",
    "副本",
    "主題",
    // English, German, French, Spanish, Portuguese, Italian.
    "from",
    "sent",
    "to",
    "cc",
    "subject",
    "date",
    "von",
    "gesendet",
    "an",
    "betreff",
    "datum",
    "de",
    "envoyé",
    "envoyé le",
    "à",
    "objet",
    "enviado",
    "enviado el",
    "para",
    "asunto",
    "fecha",
    "enviado em",
    "enviada",
    "enviada em",
    "assunto",
    "data",
    "da",
    "inviato",
    "a",
    "oggetto",
    // Japanese, Korean, Russian, Arabic, Hindi.
    "差出人",
    "送信者",
    "送信日時",
    "日時",
    "宛先",
    "件名",
    "보낸 사람",
    "보낸사람",
    "보낸 날짜",
    "보낸날짜",
    "날짜",
    "받는 사람",
    "받는사람",
    "제목",
    "참조",
    "от",
    "отправлено",
    "дата",
    "кому",
    "копия",
    "тема",
    "من",
    "تاريخ الإرسال",
    "تم الإرسال",
    "التاريخ",
    "إلى",
    "نسخة",
    "الموضوع",
    "प्रेषक",
    "से",
    "भेजा गया",
    "भेजी गई",
    "दिनांक",
    "प्रति",
    "को",
    "विषय",
    // Dutch, Polish, Turkish, Swedish, Danish, Ukrainian, Vietnamese, Indonesian, Thai, Hebrew.
    "van",
    "verzonden",
    "aan",
    "onderwerp",
    "od",
    "wysłano",
    "wysłane",
    "do",
    "temat",
    "kimden",
    "gönderen",
    "gönderildi",
    "gönderme zamanı",
    "kime",
    "konu",
    "tarih",
    "från",
    "skickat",
    "till",
    "ämne",
    "fra",
    "sendt",
    "til",
    "emne",
    "від",
    "надіслано",
    "từ",
    "đã gửi",
    "tới",
    "chủ đề",
    "dari",
    "dikirim",
    "kepada",
    "subjek",
    "จาก",
    "ส่ง",
    "ถึง",
    "เรื่อง",
    "วันที่",
    "מאת",
    "נשלח",
    "אל",
    "נושא",
];
/// What stands at the end of a line that says who wrote what follows.
const WROTE: &[&str] = &[
    "wrote:",
    "写道:",
    "寫道:",
    "schrieb:",
    "a écrit :",
    "a écrit:",
    "escribió:",
    "schreef:",
    "のメッセージ:",
    "작성:",
    "escreveu:",
    "ha scritto:",
    "написал:",
    "написал(а):",
    "пишет:",
    "ने लिखा:",
    "كتب:",
    "napisał(a):",
    "yazdı:",
    "skrev:",
];
/// What stands in such a line where the name comes last.
const WROTE_WITHIN: &[&str] = &[" schrieb ", " बजे "];
/// The beginnings of such lines, where they may be broken into several.
const WROTE_BEGINS: &[&str] =
    &["on ", "在 ", "在2", "于 ", "於 ", "am ", "le ", "el ", "op ", "at ", "em ", "il giorno ", "il ", "w dniu "];
/// How long a line is that says who wrote what follows: its date, a name and an address.
const ATTRIBUTION_MAX: usize = 300;
/// Signs of which as many in a row are a line that is drawn, such as Outlook draws one above the head of a mail.
const RULE_MIN: usize = 10;
/// Directions of writing, which say nothing.
const DIRECTIONS: [char; 11] = [
    '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}',
    '\u{2068}', '\u{2069}',
];
/// What devices add.
pub(super) const DEVICES: &[&str] = &[
    "sent from my ",
    "get outlook for ",
    "发自我的",
    "从我的",
    "來自我的",
    "从我的 iphone",
    "来自网易邮箱",
    "发自 ",
    "寄自我的",
    "從我的 ",
];

/// A line as marks are compared: in plain characters and lower case, without spaces around it.
pub(super) fn plain(line: &str) -> String {
    line.nfkc().filter(|c| !DIRECTIONS.contains(c)).collect::<String>().trim().to_lowercase()
}

/// The next line that says something.
pub(super) fn next_said(plain: &[String], at: usize) -> Option<&str> {
    plain[at + 1..].iter().map(String::as_str).find(|line| !line.is_empty())
}

/// Whether a line says that the mail follows that is answered.
pub(super) fn is_separator(line: &str) -> bool {
    let bare = line.trim_matches(['-', '_', '—', '–', ' ', '>']);
    let dashes = line.chars().filter(|c| matches!(c, '-' | '_' | '—' | '–')).count();
    dashes >= 4 && SEPARATORS.contains(&bare)
}

/// Whether the head of a mail follows, in a language that is known.
pub(super) fn begins_fields(plain: &[String], at: usize) -> bool {
    field(&plain[at]).is_some_and(|name| SENDER_FIELDS.contains(&name))
        && next_said(plain, at).and_then(field).is_some_and(|name| FIELDS.contains(&name))
}

/// Whether a line is nothing but drawn.
pub(super) fn is_rule(line: &str) -> bool {
    line.chars().count() >= RULE_MIN && line.chars().all(|c| matches!(c, '_' | '-' | '—' | '–'))
}

/// Whether the head of a mail follows, in whatever language: three fields, of which the first says an address.
pub(super) fn begins_head(plain: &[String], at: usize) -> bool {
    let mut following = plain[at + 1..].iter().filter(|line| !line.is_empty()).take(3).peekable();
    following.peek().is_some_and(|sender| sender.contains('@'))
        && following.filter(|line| field(line).is_some_and(|name| name.chars().count() <= 30)).count() == 3
}

/// What stands before the colon of a line, which some programs write in bold.
pub(super) fn field(line: &str) -> Option<&str> {
    line.trim_start_matches(['>', '*', ' ']).split_once(':').map(|(name, _)| name.trim().trim_end_matches('*'))
}

/// How many lines from here on say who wrote what follows: programs break them into up to three.
pub(super) fn attribution(plain: &[String], at: usize) -> usize {
    let first = plain[at].trim_start_matches(['>', ' ']);
    let begins =
        WROTE_BEGINS.iter().any(|mark| first.starts_with(mark)) || first.starts_with(|c: char| c.is_ascii_digit());
    let ends = |line: &str| WROTE.iter().any(|mark| line.ends_with(mark));
    if ends(first) && (begins || first.contains('@') || first.contains('<')) {
        return 1;
    }
    let following: Vec<&String> = plain[at + 1..].iter().take(2).take_while(|line| !line.is_empty()).collect();
    if begins {
        let ended = following.iter().zip(2..).find(|(line, _)| ends(line));
        if let Some((_, lines)) = ended {
            return lines;
        }
    }
    // In whatever language it is: a date, an address, a colon, and below it a quote.
    let mut whole = first.to_owned();
    for lines in 1..=following.len() + 1 {
        if lines > 1 {
            whole.push(' ');
            whole.push_str(following[lines - 2]);
        }
        // Looked for last: it may be far below.
        if names_writer(&whole) && next_said(plain, at + lines - 1).is_some_and(|line| line.starts_with('>')) {
            return lines;
        }
    }
    0
}

/// Whether a line says when somebody wrote what follows, and who.
fn names_writer(line: &str) -> bool {
    let has_date = line.chars().filter(char::is_ascii_digit).count() >= 3;
    let has_address = line.contains('@') && line.contains('<');
    line.ends_with(':')
        && line.chars().count() <= ATTRIBUTION_MAX
        && has_date
        && (has_address || WROTE_WITHIN.iter().any(|mark| line.contains(mark)))
}
