//! What the page of a case shows, as its template asks for it.

use std::sync::Arc;

use askama::Template;
use sayso_shared::limits::{ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX};
use sayso_shared::{Contact, Kind};

use super::customer_card::CustomerCard;
use super::deliveries::Delivery;
use super::draft::{Draft, SplitDraft};
use super::page_context::PageContext;
use super::parts::{FormKey, Rights, ShownClock};
use super::properties;
use super::suggested::Shown;
use super::timeline::{Item, What, Words};
use crate::assets::{self, MARK};
use crate::attachments::{Attachment, FILE_TYPES};
use crate::auth::permissions::{Action, Actor, CaseAccess, Object, Standing, TaskAccess, can};
use crate::auth::{Member, Role};
use crate::cases::efforts::{EffortKind, EffortResult, MINUTES_MAX};
use crate::cases::merge::Merged;
use crate::cases::tasks::Task;
use crate::cases::{Case, Outcome, Priority, Quarantine, Status, Suspicion, query};
use crate::clock::{Millis, rfc3339};
use crate::console::inbox::rows::{Due, display_name};
use crate::console::languages;
use crate::console::shell::{Screen, Shell, excerpt};
use crate::http::body::fresh_key;
use crate::links;
use crate::service::Service;
use crate::service::objects;
use crate::sites::Site;
use crate::sites::identity::Identity;
use crate::sites::labels::category_label;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/case.html")]
pub(super) struct CasePage {
    pub(super) t: Texts,
    pub(super) shell: Shell,
    pub(super) case: Case,
    pub(super) site: Option<Arc<Site>>,
    /// Only for whoever has just asked for it.
    pub(super) code: Option<String>,
    pub(super) contact: Option<Contact>,
    pub(super) identity: Option<Identity>,
    pub(super) card: Option<CustomerCard>,
    /// Whether an answer goes to the customer by mail.
    pub(super) reaches_customer: bool,
    /// Since when none does because mails come back.
    pub(super) mail_suspended: Option<String>,
    /// What the reader may do.
    pub(super) may: Rights,
    pub(super) standing: Standing,
    pub(super) access: CaseAccess,
    pub(super) category: Option<String>,
    pub(super) context: Option<PageContext>,
    pub(super) due: Option<Due>,
    /// What is due then.
    pub(super) due_promise: &'static str,
    pub(super) attachments: Vec<Attachment>,
    pub(super) items: Vec<Item>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) rated: Option<query::Rated>,
    pub(super) owner: Option<String>,
    pub(super) members: Vec<Member>,
    pub(super) service: Arc<Service>,
    pub(super) clocks: Vec<ShownClock>,
    pub(super) tasks: Vec<Task>,
    /// What it could be sorted by, for whoever may.
    pub(super) suggestions: Vec<Shown>,
    /// What was done for it beside writing, in all.
    pub(super) effort_sum: Option<String>,
    /// The cases that were merged into it.
    pub(super) merged: Vec<Merged>,
    /// Of the case that it was merged into: what it is called.
    pub(super) merged_into: Option<String>,
    pub(super) me: String,
    /// What colleagues do with it at this moment.
    pub(super) others: Vec<String>,
    /// The last event on this page.
    pub(super) last_seq: i64,
    /// What of the case is on this page.
    pub(super) seen: String,
    /// What tells a form for files from others: its key, and what it was handed out with, for the reply and for the note.
    pub(super) form_keys: [FormKey; 2],
    pub(super) draft: Draft,
}

impl CasePage {
    /// The key of the text for a kind of effort.
    fn effort_kind(&self, kind: &EffortKind) -> &'static str {
        match kind {
            EffortKind::Call => "desk.effort.kind.call",
            EffortKind::Visit => "desk.effort.kind.visit",
            EffortKind::Mail => "desk.effort.kind.mail",
            EffortKind::Other => "desk.effort.kind.other",
        }
    }

    /// The key of the text for what came of an effort.
    fn effort_result(&self, result: &EffortResult) -> &'static str {
        match result {
            EffortResult::Reached => "desk.effort.result.reached",
            EffortResult::NotReached => "desk.effort.result.not_reached",
            EffortResult::Later => "desk.effort.result.later",
        }
    }

    /// Where its files are downloaded.
    fn folder(&self) -> String {
        format!("/staff/cases/{}/attachments", self.case.id)
    }

    fn word(&self, of: &str, word: &str) -> &'static str {
        self.t.get(&format!("common.{of}.{word}"))
    }

    /// The key of one form of the page.
    fn key(&self) -> String {
        fresh_key().as_str().to_owned()
    }

    fn datetime(&self, at: &Millis) -> String {
        rfc3339(*at)
    }

    fn moment(&self, at: &Millis) -> String {
        self.t.moment(*at)
    }

    /// Who, about what, and which one.
    fn title(&self) -> String {
        let topic = self.category.clone().unwrap_or_else(|| self.word("kind", &self.case.kind).to_owned());
        let number = self.case.number.map(|number| format!("#{number}"));
        [Some(excerpt(&self.customer(), 60)), Some(topic), number].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// What was done with the form that led here, as a sentence.
    fn done(&self) -> Option<String> {
        let text = match self.draft.done.as_deref()? {
            "reply" if self.reaches_customer => self.t.get("console.case.done.reply_mail").to_owned(),
            "reply" => self.t.get("console.case.done.reply").to_owned(),
            "note" => self.t.get("console.case.done.note").to_owned(),
            "status" => self.t.with("console.case.done.status", &[("status", self.word("status", &self.case.status))]),
            "owner" => {
                let owner = self.owner.as_deref().unwrap_or_else(|| self.t.get("console.inbox.nobody"));
                self.t.with("console.case.done.owner", &[("name", owner)])
            }
            "properties" => self.t.get("console.case.done.properties").to_owned(),
            "later" if self.may_manage() => self.t.get("console.case.done.later").to_owned(),
            "task" => self.t.get("console.case.done.task").to_owned(),
            "effort" | "later" => self.t.get("desk.effort.done").to_owned(),
            "alarm" => self.t.get("desk.alarm.done").to_owned(),
            "resolve" => self.t.get("console.case.done.resolve").to_owned(),
            "reopen" => self.t.get("console.case.done.reopen").to_owned(),
            "release" => self.t.get("console.case.done.release").to_owned(),
            "discard" => self.t.get("console.case.done.discard").to_owned(),
            "share" if self.case.contact_shared_at.is_some() => self.t.get("console.case.done.share").to_owned(),
            "share" => self.t.get("console.case.done.unshare").to_owned(),
            "draft" => self.t.get("console.case.done.draft").to_owned(),
            "split" => self.t.get("console.case.done.split").to_owned(),
            "merge" => self.t.get("console.case.done.merge").to_owned(),
            "unmerge" => self.t.get("console.case.done.unmerge").to_owned(),
            "mail" => self.t.get("team.mail.resumed").to_owned(),
            "retry" => self.t.get("console.case.done.retry").to_owned(),
            _ => return None,
        };
        Some(text)
    }

    /// Whether what was done is said below the conversation, where the reader wrote.
    fn is_done_below(&self) -> bool {
        matches!(self.draft.done.as_deref(), Some("reply" | "note" | "draft"))
    }

    /// The name of its team.
    fn team(&self) -> Option<String> {
        let key = self.case.team.as_deref()?;
        Some(self.service.team(key).map_or_else(|| key.to_owned(), |team| team.name.to_string()))
    }

    /// The topics of its site, by key and label, with the one that it has.
    fn categories(&self) -> Vec<(String, String)> {
        let known = self.site.iter().flat_map(|site| &site.settings.categories).map(|known| known.key.clone());
        let mut keys: Vec<String> = known.chain(self.case.category.clone()).collect();
        let mut seen = std::collections::HashSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        let label = |key: &String| category_label(self.t.0, self.site.as_deref(), Some(key)).unwrap_or_default();
        keys.iter().map(|key| (key.clone(), label(key))).collect()
    }

    /// Who does a task, and until when.
    fn about_task(&self, task: &Task) -> String {
        let team = task
            .team
            .as_deref()
            .map(|key| self.service.team(key).map_or_else(|| key.to_owned(), |team| team.name.to_string()));
        let owner = task.owner_id.as_ref().and_then(|id| self.members.iter().find(|member| member.id == *id));
        let due = task.due_at.map(|at| properties::day(at, &self.service.zone_of_any(self.site.as_deref())));
        [team, owner.map(|member| member.name.clone()), due].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// What it is sorted by now.
    fn sorted(&self) -> properties::Values {
        properties::Values::of(&self.case, &self.service.zone_of_any(self.site.as_deref()))
    }

    /// What stands in the form for it: what was typed, else what it is.
    fn typed(&self) -> properties::Values {
        self.draft.properties.clone().unwrap_or_else(|| self.sorted())
    }

    /// What a property is now, where somebody else has sorted the case meanwhile and something else was typed.
    fn is_now(&self, field: &str) -> Option<String> {
        let (typed, now) = (self.draft.properties.as_ref().filter(|_| self.draft.is_stale)?, self.sorted());
        let (typed, now) = match field {
            "kind" => (&typed.kind, now.kind),
            "category" => (&typed.category, now.category),
            "priority" => (&typed.priority, now.priority),
            "tags" => (&typed.tags, now.tags),
            "team" => (&typed.team, now.team),
            "follow_up" => (&typed.follow_up, now.follow_up),
            "follow_up_time" => (&typed.follow_up_time, now.follow_up_time),
            _ => (&typed.problem, now.problem),
        };
        if *typed == now {
            return None;
        }
        let name = match field {
            _ if now.is_empty() => self.t.get("desk.case.nothing").to_owned(),
            "kind" | "priority" => self.word(field, &now).to_owned(),
            "category" => category_label(self.t.0, self.site.as_deref(), Some(&now)).unwrap_or(now),
            "team" => self.team().unwrap_or(now),
            _ => now,
        };
        Some(self.t.with("desk.case.is_now", &[("value", &name)]))
    }

    /// What was typed into a form that the page has no more, since nothing can be done with the case any longer.
    fn left_over(&self) -> Vec<&str> {
        if self.is_workable() { Vec::new() } else { self.draft.texts() }
    }

    /// The currency that was typed, else that of the case.
    fn currency(&self) -> String {
        let known = || self.case.remedy_cost().map(|cost| cost.currency().to_owned());
        Some(self.draft.currency.clone()).filter(|typed| !typed.is_empty()).or_else(known).unwrap_or_default()
    }

    /// What came of it, while that stands.
    fn outcome(&self) -> Option<&str> {
        self.case.outcome.as_deref().filter(|_| !self.case.status().is_open())
    }

    /// What came of it before it was reopened.
    fn earlier_outcome(&self) -> Option<&str> {
        self.case.outcome.as_deref().filter(|_| self.case.status().is_open())
    }

    fn may_reopen(&self) -> bool {
        !self.case.status().is_open()
    }

    /// Whether a reply was held up since the case has changed.
    fn is_moved(&self) -> bool {
        self.draft.error("reply") == Some(self.t.get("console.case.moved"))
    }

    /// A number as a telephone takes it.
    fn dialled(&self, phone: &str) -> String {
        phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }

    /// The customer's language by name, and by its tag where it has no name.
    fn language(&self) -> Option<String> {
        let tag = self.case.locale.as_deref()?;
        Some(languages::name(self.t, tag))
    }

    /// The number of somebody whom only a call reaches.
    fn only_phone(&self) -> Option<&str> {
        self.contact.as_ref().filter(|contact| contact.email().is_none())?.phone()
    }

    fn customer(&self) -> String {
        let unnamed = if self.may.read_contact { "console.anonymous" } else { "console.case.customer" };
        self.contact.as_ref().and_then(display_name).unwrap_or_else(|| self.t.get(unnamed).to_owned())
    }

    /// The page, if it is one that a browser opens: an address that begins otherwise is shown, but is no link.
    fn page_link(&self) -> Option<&str> {
        let url = self.case.page_url.as_deref()?;
        (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
    }

    fn steps(&self) -> impl Iterator<Item = Status> {
        let from = self.case.status();
        Status::ALL.iter().copied().filter(move |to| *to != Status::Resolved && from.staff_may(*to))
    }

    /// Whether work can be done on it: not while it is in quarantine, or merged into another one.
    fn is_workable(&self) -> bool {
        self.case.quarantine().is_none() && self.case.merged_into.is_none()
    }

    /// Whether a part of it can become a case of its own.
    fn may_split(&self) -> bool {
        self.may_manage() && !self.case.message.is_empty()
    }

    /// What is typed of such a part: what was refused, or the customer's words, of which what does not belong to it is taken out.
    fn split_draft(&self) -> SplitDraft {
        let untouched =
            || SplitDraft { text: self.case.message.clone(), kind: self.case.kind.clone(), category: String::new() };
        self.draft.split.clone().unwrap_or_else(untouched)
    }

    /// Whether it can be merged into another one.
    fn may_merge(&self) -> bool {
        self.may_manage() && self.case.status().is_open() && self.merged.is_empty()
    }

    /// What a template is called: by its subject in the reader's language, else by its key.
    fn name_of_template(&self, template: &objects::Template) -> String {
        let subject = template.subject.as_ref().map(|subject| subject.in_language(self.t.0.as_str()));
        subject.map_or_else(|| template.key.to_string(), str::to_owned)
    }

    /// The problem of the case, if what helps with it is known.
    fn solved_problem(&self) -> Option<&objects::Problem> {
        let key = self.case.problem.as_deref()?;
        self.service.problems.iter().find(|problem| problem.key.as_str() == key && problem.solution.is_some())
    }

    /// What a case is called that was merged into it.
    fn name_of_merged(&self, merged: &Merged) -> String {
        let number =
            merged.number.map_or_else(|| self.t.get("console.event.other_case").to_owned(), |n| format!("#{n}"));
        format!("{number} · {}", excerpt(&merged.message, 60))
    }

    fn may_note(&self) -> bool {
        self.may.note && self.is_workable()
    }

    fn may_answer(&self) -> bool {
        self.may.answer && self.is_workable()
    }

    fn may_manage(&self) -> bool {
        self.may.manage && self.is_workable()
    }

    fn may_finish(&self, task: &Task) -> bool {
        let task = TaskAccess::of(task);
        let may = can(Actor::Member(&self.standing), Action::FinishTask, Object::Task(&self.access, &task));
        may && self.is_workable()
    }

    /// Whether the reader is one of the company, and sees where it forwards its events, and its templates.
    fn is_of_company(&self) -> bool {
        self.standing.role != Role::Partner
    }

    /// Whether there are partners, with whom the contact could be shared.
    fn has_partners(&self) -> bool {
        self.members.iter().any(|member| member.role() == Role::Partner)
    }

    fn is_discarded(&self) -> bool {
        self.case.quarantine() == Some(Quarantine::Discarded)
    }

    fn suspicion(&self) -> &'static str {
        let word = self.case.suspicion().map_or("no_token", Suspicion::as_str);
        self.t.get(&format!("console.quarantine.why.{word}"))
    }

    fn may_resolve(&self) -> bool {
        self.may.manage && self.case.status().staff_may(Status::Resolved)
    }

    fn needs_outcome(&self) -> bool {
        self.case.kind() == Kind::Complaint
    }

    fn then(&self) -> &str {
        match self.draft.then.as_str() {
            "" => "go_on",
            chosen => chosen,
        }
    }

    fn step_text(&self, step: &Status) -> &'static str {
        self.t.get(&format!("console.case.step.{}", step.as_str()))
    }

    fn channel(&self, delivery: &Delivery) -> &'static str {
        self.t.get(&format!("console.delivery.channel.{}", delivery.channel))
    }

    fn state(&self, delivery: &Delivery) -> &'static str {
        self.t.get(&format!("console.delivery.{}", delivery.state))
    }

    fn owns(&self) -> bool {
        self.case.owner_id.as_deref() == Some(self.me.as_str())
    }
}
