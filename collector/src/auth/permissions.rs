//! Who may do what: one function, [`can`], for members and for programs with a token, and for the console and the API alike.
//!
//! It is pure. What a member's rights depend on is their [`Standing`], what a case's depend on is in [`CaseAccess`].

use super::member::Role;
use super::token::Scope;

/// Who wants to do something.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// A member.
    Member(&'a Standing),
    /// A program, whose token has these scopes.
    Program(&'a [Scope]),
}

/// What a member's rights depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The member's role.
    pub role: Role,
    /// The member's identifier.
    pub member_id: String,
    /// The keys of the teams that the member belongs to or leads.
    pub teams: Vec<String>,
    /// The keys of the teams that the member leads.
    pub led: Vec<String>,
    /// The identifiers of the sites that show all their cases to all agents.
    pub open_sites: Vec<String>,
}

/// Whose reports a member reads: the company's, or those of the teams with some keys, which they lead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as it says above")]
pub enum ReportReach {
    All,
    Teams(Vec<String>),
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Enter feedback that came another way.
    EnterFeedback,
    /// Read the audit log.
    ReadAudit,
    /// Read reports, which tell of no single person.
    ReadReports,
    /// Read what the service is made of: calendars, teams, promises, rules, surveys, and what complaints are held against.
    ReadService,
    /// Change it.
    ManageService,
    /// Read the register of problems.
    ReadProblems,
    /// Add problems to it, and change them.
    ManageProblems,
    /// Look after the collector: members, how websites embed the widget, mails in files.
    Administer,
    /// See what became of mails that came in, and read those that are held.
    ReadMail,
    /// Take mails that are held, and drop them.
    ManageMail,
    /// Read who customers are, and what the staff noted about them. Of their cases each sees those that they may read.
    ReadCustomer,
    /// Change what the staff set of customers, merge them and take them apart.
    ManageCustomer,
    /// Take all that is known of a customer out of Sayso, in a file.
    ExportCustomer,
    /// Erase who a customer is and what they said, for good.
    EraseCustomer,
    /// Draw a sample of customers to be called, and see all calls that are to be made.
    DrawCheckCalls,
    /// Give all customers of one representative to another.
    HandOverCustomers,
    /// Read a case: what was said, its timeline, its files.
    ReadCase,
    /// Read who the customer is and how to reach them.
    ReadContact,
    /// Write a note for the colleagues.
    WriteNote,
    /// Answer the customer, and say how far the work is.
    Answer,
    /// Everything else: resolve and reopen, give it to others, sort it, add tasks, decide on a suspicion, see the customer's code.
    ManageCase,
    /// Say that a task is done.
    FinishTask,
}

/// What it is done to.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// The installation as a whole.
    Installation,
    /// A case.
    Case(&'a CaseAccess),
    /// A task of a case.
    Task(&'a CaseAccess, &'a TaskAccess),
}

/// What the access to a case depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseAccess {
    /// The identifier of its site.
    pub site_id: String,
    /// The key of its team.
    pub team: Option<String>,
    /// The identifier of its owner.
    pub owner_id: Option<String>,
    /// Whom its tasks were given to.
    pub tasks: Vec<TaskAccess>,
    /// Whether it is suspected, and waits for somebody to look at it.
    pub is_quarantined: bool,
    /// Whether its contact was shared with partners.
    pub is_contact_shared: bool,
}

/// Whom a task was given to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskAccess {
    /// The key of the team.
    pub team: Option<String>,
    /// The identifier of the member.
    pub owner_id: Option<String>,
}

/// Whether somebody may do something.
pub fn can(actor: Actor<'_>, action: Action, object: Object<'_>) -> bool {
    match actor {
        Actor::Program(scopes) => action.scope().is_some_and(|scope| scopes.contains(&scope)),
        Actor::Member(standing) => match object {
            Object::Installation => standing.can_in_general(action),
            Object::Case(case) => standing.can_with_case(action, case),
            Object::Task(case, task) => {
                let is_own = action == Action::FinishTask && !case.is_quarantined && standing.was_given(task);
                standing.can_with_case(action, case) || is_own && standing.role != Role::Viewer
            }
        },
    }
}

impl Action {
    /// The scope that a token needs for it; none for what programs do not do.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Action::EnterFeedback => Some(Scope::FeedbackWrite),
            Action::ReadAudit => Some(Scope::AuditRead),
            Action::ReadReports => Some(Scope::ReportsRead),
            Action::ReadService => Some(Scope::ServiceRead),
            Action::ManageService => Some(Scope::ServiceWrite),
            Action::Administer => None,
            Action::ReadCustomer => Some(Scope::CustomersRead),
            Action::ExportCustomer => Some(Scope::CustomersRead),
            Action::ManageCustomer | Action::EraseCustomer | Action::DrawCheckCalls | Action::HandOverCustomers => {
                Some(Scope::CustomersWrite)
            }
            Action::ReadCase | Action::ReadContact | Action::ReadProblems | Action::ReadMail => Some(Scope::CasesRead),
            Action::WriteNote
            | Action::Answer
            | Action::ManageCase
            | Action::FinishTask
            | Action::ManageProblems
            | Action::ManageMail => Some(Scope::CasesWrite),
        }
    }
}

impl Standing {
    /// Whether the member sees every case, whoever it was given to.
    pub const fn sees_all(&self) -> bool {
        matches!(self.role, Role::Admin | Role::Manager | Role::Viewer)
    }

    /// Whether the member sees the cases that no team has.
    pub const fn sees_cases_without_team(&self) -> bool {
        !matches!(self.role, Role::Partner)
    }

    /// Whose reports the member reads.
    pub fn report_reach(&self) -> Option<ReportReach> {
        match self.role {
            _ if self.can_in_general(Action::ReadReports) => Some(ReportReach::All),
            Role::Agent if !self.led.is_empty() => Some(ReportReach::Teams(self.led.clone())),
            _ => None,
        }
    }

    const fn can_in_general(&self, action: Action) -> bool {
        match self.role {
            Role::Admin => true,
            Role::Manager => {
                is_about_customers(action)
                    || is_about_service(action)
                    || is_about_problems(action)
                    || is_about_mail(action)
                    || matches!(action, Action::EnterFeedback | Action::ReadAudit | Action::ReadReports)
            }
            Role::Agent => {
                is_about_problems(action)
                    || matches!(action, Action::EnterFeedback | Action::ReadCustomer | Action::ManageCustomer)
            }
            Role::Viewer => matches!(
                action,
                Action::ReadCustomer
                    | Action::ReadReports
                    | Action::ReadService
                    | Action::ReadProblems
                    | Action::ReadMail
            ),
            Role::Partner => false,
        }
    }

    fn can_with_case(&self, action: Action, case: &CaseAccess) -> bool {
        match self.role {
            Role::Admin => true,
            Role::Manager => is_about_cases(action),
            Role::Viewer => matches!(action, Action::ReadCase | Action::ReadContact),
            Role::Agent => {
                let is_open = case.team.is_none() || self.open_sites.contains(&case.site_id);
                is_about_cases(action) && (is_open || self.has(case) || self.has_task_of(case))
            }
            Role::Partner if case.is_quarantined => false,
            Role::Partner => match action {
                Action::ReadCase | Action::WriteNote => self.has(case) || self.has_task_of(case),
                Action::ReadContact => case.is_contact_shared && (self.has(case) || self.has_task_of(case)),
                Action::Answer => self.has(case),
                _ => false,
            },
        }
    }

    /// Whether the case was given to the member or one of their teams.
    fn has(&self, case: &CaseAccess) -> bool {
        case.owner_id.as_ref() == Some(&self.member_id)
            || case.team.as_ref().is_some_and(|key| self.teams.contains(key))
    }

    fn has_task_of(&self, case: &CaseAccess) -> bool {
        case.tasks.iter().any(|task| self.was_given(task))
    }

    fn was_given(&self, task: &TaskAccess) -> bool {
        task.owner_id.as_ref() == Some(&self.member_id)
            || task.team.as_ref().is_some_and(|key| self.teams.contains(key))
    }
}

const fn is_about_customers(action: Action) -> bool {
    matches!(
        action,
        Action::ReadCustomer
            | Action::ManageCustomer
            | Action::ExportCustomer
            | Action::EraseCustomer
            | Action::DrawCheckCalls
            | Action::HandOverCustomers
    )
}

const fn is_about_service(action: Action) -> bool {
    matches!(action, Action::ReadService | Action::ManageService)
}

const fn is_about_problems(action: Action) -> bool {
    matches!(action, Action::ReadProblems | Action::ManageProblems)
}

const fn is_about_mail(action: Action) -> bool {
    matches!(action, Action::ReadMail | Action::ManageMail)
}

const fn is_about_cases(action: Action) -> bool {
    !is_about_customers(action)
        && !is_about_service(action)
        && !is_about_problems(action)
        && !is_about_mail(action)
        && !matches!(action, Action::EnterFeedback | Action::ReadAudit | Action::ReadReports | Action::Administer)
}

#[cfg(test)]
mod tests;
