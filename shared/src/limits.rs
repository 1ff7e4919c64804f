//! The limits of every field, in Unicode scalar values unless a name says bytes. Source: the public API, version 1.

/// Longest message, after trimming.
pub const MESSAGE_MAX: usize = 10_000;
/// Longest "what would put it right".
pub const DESIRED_OUTCOME_MAX: usize = 1_000;
/// Longest order, contract or ticket number.
pub const REFERENCE_MAX: usize = 100;
/// Longest name of a person.
pub const NAME_MAX: usize = 100;
/// Longest e-mail address (RFC 5321, path without its brackets).
pub const EMAIL_MAX: usize = 254;
/// Longest phone number as typed.
pub const PHONE_MAX: usize = 32;
/// Longest category key.
pub const CATEGORY_MAX: usize = 64;
/// Longest language tag.
pub const LOCALE_MAX: usize = 35;
/// Longest page address and referrer.
pub const URL_MAX: usize = 2_000;
/// Longest page title.
pub const PAGE_TITLE_MAX: usize = 300;
/// Largest `context` object, as JSON in bytes.
pub const CONTEXT_MAX_BYTES: usize = 4 * 1024;
/// Largest identity token, in bytes.
pub const IDENTITY_MAX_BYTES: usize = 8 * 1024;
/// Longest identifier of a customer at their site.
pub const SUBJECT_MAX: usize = 255;
/// Longest word for what a customer is to their site.
pub const TIER_MAX: usize = 64;
/// Largest proof, in bytes.
pub const PROOF_MAX_BYTES: usize = 8 * 1024;
/// Most attachments of a case.
pub const ATTACHMENTS_MAX: usize = 5;
/// Largest attachment, in bytes.
pub const ATTACHMENT_MAX_BYTES: usize = 10 * 1024 * 1024;
/// Longest name of an attached file.
pub const FILE_NAME_MAX: usize = 255;
/// Longest comment on a satisfaction score.
pub const COMMENT_MAX: usize = 1_000;
/// Largest request body of the public API, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;
/// Lowest score of a rating, an importance or a satisfaction.
pub const SCORE_MIN: i64 = 1;
/// Highest score of a rating, an importance or a satisfaction.
pub const SCORE_MAX: i64 = 5;
/// A satisfaction from here on confirms that the case is solved.
pub const SATISFIED_FROM: i64 = 4;
