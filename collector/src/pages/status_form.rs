//! The forms of the status page, and what was typed into them.

use sayso_shared::id::IdempotencyKey;

use super::files;
use super::form::{Form, fresh_key};
use super::masked::{self, Masked};
use crate::attachments::Upload;

/// One of the forms of the status page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusForm {
    /// A message.
    Reply,
    /// A message to a case that was thought to be done.
    NotSolved,
    /// A satisfaction.
    Rating,
    /// An address for mail.
    Address,
}

impl StatusForm {
    /// The word of `?done=`, which thanks for it.
    pub const fn word(self) -> &'static str {
        match self {
            StatusForm::Reply => "reply",
            StatusForm::NotSolved => "not-solved",
            StatusForm::Rating => "rating",
            StatusForm::Address => "address",
        }
    }

    /// The last part of the form's address.
    pub const fn path(self) -> &'static str {
        match self {
            StatusForm::Reply => "messages",
            StatusForm::NotSolved => "not-solved",
            StatusForm::Rating => "satisfaction",
            StatusForm::Address => "address",
        }
    }
}

/// What stands in a form, exactly as typed.
#[derive(Clone, Debug)]
pub struct Typed {
    /// Which form.
    pub posted: StatusForm,
    /// Recognises the form when it is sent twice.
    pub key: IdempotencyKey,
    /// The message or the comment.
    pub text: String,
    /// 1 to 5.
    pub score: String,
    /// `yes`, `no` or nothing.
    pub solved: String,
    /// The uploads that go along.
    pub uploads: Vec<String>,
    /// Whether the customer insists that what is hidden is not.
    pub keep_unmasked: bool,
}

impl Typed {
    /// What was posted.
    pub fn read(posted: StatusForm, form: &Form) -> Self {
        let name = match posted {
            StatusForm::Reply | StatusForm::NotSolved => "body",
            StatusForm::Rating => "comment",
            StatusForm::Address => "email",
        };
        Self {
            posted,
            key: form.key(),
            text: form.text(name),
            score: form.text("score"),
            solved: form.text("solved"),
            uploads: files::kept(form),
            keep_unmasked: masked::insists(form),
        }
    }

    /// What is hidden of it. Of a rating all is, whatever its customer wants.
    pub fn masked(&self) -> Masked {
        match self.posted {
            StatusForm::Reply | StatusForm::NotSolved => {
                Masked { insists: self.keep_unmasked, ..Masked::of(&[&self.text]) }
            }
            StatusForm::Rating => Masked::of(&[&self.text]),
            StatusForm::Address => Masked::default(),
        }
    }

    /// Attaches what came with the form. The same file twice is one.
    pub fn add_uploads(&mut self, uploads: Vec<Upload>) {
        for upload in uploads {
            if !self.uploads.contains(&upload.token) {
                self.uploads.push(upload.token);
            }
        }
    }

    /// An empty form.
    pub fn fresh(posted: StatusForm) -> Self {
        let none = String::new;
        let (text, score, solved) = (none(), none(), none());
        Self { posted, key: fresh_key(), text, score, solved, uploads: Vec::new(), keep_unmasked: false }
    }
}
