//! What a form of the case page held when it was refused.

use super::properties::Values;
use crate::attachments::Upload;
use crate::outbox::templates::Email;

/// What somebody was writing when it was refused, so that it is still there.
#[derive(Debug, Default)]
pub struct Draft {
    pub(super) reply: String,
    /// Whether the reply was put there by us, and is where the reader goes on.
    pub(super) is_prepared: bool,
    pub(super) then: String,
    /// The reply as the customer would see it.
    pub(super) preview: Option<ReplyPreview>,
    pub(super) note: String,
    /// The uploads of the refused form that are stored already.
    pub(super) uploads: Vec<Upload>,
    pub(super) outcome: String,
    pub(super) remedy: String,
    /// What the remedy cost, and in which currency.
    pub(super) cost: String,
    pub(super) currency: String,
    pub(super) reason: String,
    /// What is to be done by somebody.
    pub(super) task: String,
    /// By whom, as the form has it, and until which day.
    pub(super) task_whom: String,
    pub(super) task_due: String,
    /// What was typed of an effort.
    pub(super) effort: EffortDraft,
    /// The number of the case that it is to be merged into.
    pub(super) merge: String,
    /// What was to become a case of its own.
    pub(super) split: Option<SplitDraft>,
    /// Why it gets another team.
    pub(super) transfer_reason: String,
    /// What it was to be sorted by.
    pub(super) properties: Option<Values>,
    /// Whether somebody has sorted it meanwhile, so that what it is now stands beside.
    pub(super) is_stale: bool,
    /// The form that was taken.
    pub(super) done: Option<String>,
    /// The customer's code, which was asked for.
    pub(super) code: Option<String>,
    /// The fields that are wrong, in their order, and why.
    pub(super) errors: Vec<(&'static str, String)>,
}

/// What a customer would see of a reply.
#[derive(Debug)]
pub struct ReplyPreview {
    /// What was typed, as their page shows it.
    pub(super) body: String,
    /// The mail; none where no mail reaches them.
    pub(super) mail: Option<Box<Email>>,
}

/// What was typed of an effort.
#[derive(Clone, Debug, Default)]
pub struct EffortDraft {
    pub(super) kind: String,
    pub(super) result: String,
    pub(super) minutes: String,
    pub(super) note: String,
}

/// What was typed of a part that becomes a case of its own.
#[derive(Clone, Debug, Default)]
pub struct SplitDraft {
    pub(super) text: String,
    pub(super) kind: String,
    pub(super) category: String,
}

impl Draft {
    /// All texts that somebody typed, for a page that has no form any more to show them in.
    pub(super) fn texts(&self) -> Vec<&str> {
        let split = self.split.as_ref().map_or("", |part| part.text.as_str());
        let all = [
            self.reply.as_str(),
            &self.note,
            &self.remedy,
            &self.reason,
            &self.task,
            &self.effort.note,
            &self.transfer_reason,
            self.properties.as_ref().map_or("", |typed| typed.tags.as_str()),
            split,
        ];
        all.into_iter().filter(|text| !text.trim().is_empty()).collect()
    }

    pub(super) fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    /// What is wrong with the files of a form.
    pub(super) fn mistakes(&self, field: &str) -> Vec<&str> {
        self.errors.iter().filter(|(name, _)| *name == field).map(|(_, text)| text.as_str()).collect()
    }

    /// The uploads that stay with a form, if it is the one that was refused, or the reply that a template was put into.
    pub(super) fn uploads_of(&self, form: &str) -> &[Upload] {
        if self.is_wrong(form) || (self.is_prepared && form == "reply") { &self.uploads } else { &[] }
    }

    /// Whether a field is the first wrong one, which gets the focus.
    pub(super) fn is_first(&self, field: &str) -> bool {
        self.errors.first().is_some_and(|(name, _)| *name == field)
    }

    /// Whether one of the fields of a form is wrong: `reply`, or what begins with `reply-`.
    pub(super) fn is_wrong(&self, form: &str) -> bool {
        self.errors
            .iter()
            .any(|(name, _)| name.strip_prefix(form).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    }
}
