//! A case as programs of the staff read it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sayso_shared::{Contact, Kind};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::money::MoneyBody;
use crate::app::App;
use crate::auth::Member;
use crate::cases::tasks::Task;
use crate::cases::{Case, Channel, Outcome, Priority, Status};
use crate::clock::{Millis, rfc3339};
use crate::clocks::{self, Clock, ClockState, PromiseKind};
use crate::customers::Customer;
use crate::http::Result;
use crate::outbox::console_path;
use crate::service::Service;
use crate::sites::Site;
use crate::sites::identity::Identity;
use crate::sites::value::CustomerValue;

/// A case, with everything that the console shows of it but its conversation and timeline.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCase)]
pub struct CaseBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    /// The short number that the staff say; null in the moment before it is given.
    #[schema(required = true, example = 1042)]
    number: Option<i64>,
    /// Raised by every change of the case.
    version: i64,
    /// The customer's tracking code: whoever knows it sees the case.
    #[schema(example = "7QK4-M2XH-9TRD-7")]
    code: String,
    /// The case in the console.
    url: String,
    /// The site's key.
    site: String,
    kind: Kind,
    status: Status,
    priority: Priority,
    #[schema(required = true)]
    owner: Option<OwnerBody>,
    message: String,
    /// The key of one of the site's categories.
    #[schema(required = true)]
    category: Option<String>,
    #[schema(required = true)]
    team: Option<TeamBody>,
    tags: Vec<String>,
    /// How it came; null for cases from before this was noted.
    #[schema(required = true)]
    channel: Option<Channel>,
    /// Whose it is; null for what nobody can be recognised by, and in the moment before they are found.
    #[schema(required = true)]
    customer: Option<CustomerOfCase>,
    /// The promises to the customer, in the order in which they started.
    clocks: Vec<ClockBody>,
    /// What others have to do for it, in the order in which it was added.
    tasks: Vec<TaskBody>,
    /// The key of the problem that it belongs to.
    #[schema(required = true)]
    problem: Option<String>,
    /// The identifier of the case into which it was merged.
    #[schema(required = true)]
    merged_into: Option<String>,
    /// When it is to be looked at again.
    #[schema(required = true, format = DateTime)]
    follow_up_at: Option<String>,
    #[schema(required = true)]
    rating: Option<i64>,
    #[schema(required = true)]
    importance: Option<i64>,
    #[schema(required = true)]
    desired_outcome: Option<String>,
    #[schema(required = true)]
    reference: Option<String>,
    /// Null for an anonymous feedback.
    #[schema(required = true)]
    contact: Option<ContactBody>,
    /// Whom the site vouched for; null where it named nobody.
    #[schema(required = true)]
    identity: Option<IdentityBody>,
    #[schema(required = true)]
    locale: Option<String>,
    page: PageBody,
    /// What the site's own script added.
    #[schema(required = true, value_type = Option<Object>)]
    context: Option<Value>,
    #[schema(format = DateTime)]
    received_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(required = true, format = DateTime)]
    first_response_due: Option<String>,
    #[schema(required = true, format = DateTime)]
    first_responded_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    resolved_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    closed_at: Option<String>,
    /// How often the customer reopened it.
    reopened_count: i64,
    /// What came of a complaint; null until it is resolved.
    #[schema(required = true)]
    outcome: Option<Outcome>,
    /// What the customer was given.
    #[schema(required = true)]
    remedy: Option<String>,
    /// What that cost.
    #[schema(required = true)]
    remedy_cost: Option<MoneyBody>,
}

/// A case as it stands after a step, for programs that may take it and not read what customers say.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffStep)]
pub struct StepBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    #[schema(required = true, example = 1042)]
    number: Option<i64>,
    version: i64,
    url: String,
    site: String,
    kind: Kind,
    status: Status,
    priority: Priority,
    #[schema(required = true)]
    owner: Option<OwnerBody>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What a step is answered with: the case, for a token that may read cases, else only where it stands.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = StaffStepAnswer)]
pub enum AfterStep {
    /// With the scope `cases:read`.
    Case(Box<CaseBody>),
    /// Without it.
    Step(StepBody),
}

impl From<CaseBody> for StepBody {
    fn from(case: CaseBody) -> Self {
        let CaseBody { id, number, version, url, site, kind, status, priority, owner, updated_at, .. } = case;
        Self { id, number, version, url, site, kind, status, priority, owner, updated_at }
    }
}

/// A member of the staff.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffMember)]
pub(super) struct OwnerBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    name: String,
    email: String,
}

/// A team.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTeam)]
struct TeamBody {
    #[schema(example = "delivery")]
    key: String,
    name: String,
}

/// The customer of a case.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCustomerOfCase)]
struct CustomerOfCase {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    /// The key of the customer's tier.
    #[schema(required = true, example = "gold")]
    tier: Option<String>,
    /// The address of the member who looks after the customer.
    #[schema(required = true, example = "mei@shop.example")]
    representative: Option<String>,
}

/// What another member or team has to do for a case.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTask)]
struct TaskBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    title: String,
    #[schema(required = true)]
    team: Option<TeamBody>,
    #[schema(required = true)]
    owner: Option<OwnerBody>,
    #[schema(required = true, format = DateTime)]
    due: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Null until it is done.
    #[schema(required = true, format = DateTime)]
    done_at: Option<String>,
}

/// A promise of a case.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffClock)]
struct ClockBody {
    promise: PromiseKind,
    /// Null while it is paused, which moves it.
    #[schema(required = true, format = DateTime)]
    due: Option<String>,
    state: ClockState,
    /// The key of the calendar in whose open time it counts; null if all time is open.
    #[schema(required = true)]
    calendar: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StaffContact)]
struct ContactBody {
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    email: Option<String>,
    #[schema(required = true)]
    phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StaffIdentity)]
struct IdentityBody {
    /// The site's own identifier of the customer.
    sub: String,
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    email: Option<String>,
    #[schema(required = true)]
    tier: Option<String>,
    /// What the customer was worth to the site then.
    #[schema(required = true)]
    value: Option<f64>,
}

/// Where the customer was.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffPage)]
struct PageBody {
    #[schema(required = true)]
    url: Option<String>,
    #[schema(required = true)]
    title: Option<String>,
    #[schema(required = true)]
    referrer: Option<String>,
}

/// What the bodies of several cases need beside the cases.
pub struct Around {
    sites: Vec<Arc<Site>>,
    members: Vec<Member>,
    service: Arc<Service>,
    clocks: BTreeMap<String, Vec<Clock>>,
    tasks: Vec<Task>,
    customers: BTreeMap<String, Customer>,
}

impl Around {
    /// Reads it once for all of them.
    pub async fn read(app: &App, cases: &[Case]) -> Result<Self> {
        let ids: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
        let customers: BTreeSet<String> = cases.iter().filter_map(|case| case.customer_id.clone()).collect();
        let customers: Vec<String> = customers.into_iter().collect();
        Ok(Self {
            sites: app.sites.all().await?,
            members: Member::all(&app.db).await?,
            service: app.service.current().await?,
            clocks: clocks::of_cases(&app.db, &ids).await?,
            tasks: Task::of_cases(&app.db, &ids).await?,
            customers: Customer::by_ids(&app.db, &customers).await?,
        })
    }

    fn clocks_of(&self, case: &Case) -> Cow<'_, [Clock]> {
        let site = self.sites.iter().find(|site| site.id() == case.site_id);
        match (self.clocks.get(&case.id), site) {
            (Some(clocks), _) => Cow::Borrowed(clocks),
            (None, Some(site)) => Cow::Owned(clocks::foreseen(&self.service, site, case)),
            (None, None) => Cow::Owned(Vec::new()),
        }
    }

    fn tasks_of(&self, case_id: &str) -> impl Iterator<Item = TaskBody> {
        self.tasks.iter().filter(move |task| task.case_id == case_id).map(|task| TaskBody {
            id: task.id.clone(),
            title: task.title.clone(),
            team: task.team.as_deref().map(|key| TeamBody::of(key, &self.service)),
            owner: task.owner_id.as_deref().and_then(|id| self.member(id)).map(OwnerBody::from),
            due: task.due_at.map(rfc3339),
            created_at: rfc3339(task.created_at),
            done_at: task.done_at.map(rfc3339),
        })
    }

    fn customer_of(&self, case: &Case) -> Option<CustomerOfCase> {
        let customer = self.customers.get(case.customer_id.as_deref()?)?;
        let representative = customer.representative_id.as_deref().and_then(|id| self.member(id));
        Some(CustomerOfCase {
            id: customer.id.clone(),
            tier: customer.tier.clone(),
            representative: representative.map(|member| member.email.clone()),
        })
    }

    fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The name of a member, also of one who has left.
    pub fn name_of(&self, member_id: &str) -> Option<&str> {
        self.member(member_id).map(|member| member.name.as_str())
    }
}

impl CaseBody {
    /// The body of a case.
    pub fn of(app: &App, case: Case, around: &Around) -> Result<Self> {
        let site = around.sites.iter().find(|site| site.id() == case.site_id);
        let owner = case.owner_id.as_deref().and_then(|id| around.member(id));
        let now = app.clock.now();
        Ok(Self {
            code: case.code(&app.keys)?,
            url: app.config.console(&console_path(&case.id)),
            site: site.map_or_else(String::new, |site| site.key().to_owned()),
            kind: case.kind(),
            // Nobody works on one that was merged, while its customer reads where the other one stands.
            status: if case.merged_into.is_some() { Status::Closed } else { case.status() },
            priority: case.priority(),
            owner: owner.map(OwnerBody::from),
            team: case.team.as_deref().map(|key| TeamBody::of(key, &around.service)),
            tags: case.tags().iter().map(str::to_owned).collect(),
            channel: case.channel.as_deref().and_then(Channel::parse),
            clocks: around.clocks_of(&case).iter().map(|clock| ClockBody::of(clock, now)).collect(),
            tasks: around.tasks_of(&case.id).collect(),
            customer: around.customer_of(&case),
            follow_up_at: case.follow_up_at.map(rfc3339),
            contact: case.contact(&app.keys).map(ContactBody::from),
            identity: case.identity(&app.keys).map(IdentityBody::from),
            context: case.context.as_deref().and_then(|json| serde_json::from_str(json).ok()),
            received_at: rfc3339(case.received_at),
            updated_at: rfc3339(case.updated_at),
            first_response_due: case.first_response_due.map(rfc3339),
            first_responded_at: case.first_responded_at.map(rfc3339),
            resolved_at: case.resolved_at.map(rfc3339),
            closed_at: case.closed_at.or(case.merged_at).map(rfc3339),
            outcome: case.outcome(),
            remedy_cost: case.remedy_cost().map(MoneyBody::from),
            number: case.number,
            version: case.version,
            id: case.id,
            message: case.message,
            category: case.category,
            problem: case.problem,
            merged_into: case.merged_into,
            rating: case.rating,
            importance: case.importance,
            desired_outcome: case.desired_outcome,
            reference: case.reference,
            locale: case.locale,
            page: PageBody { url: case.page_url, title: case.page_title, referrer: case.page_referrer },
            reopened_count: case.reopened_count,
            remedy: case.remedy,
        })
    }
}

impl From<&Member> for OwnerBody {
    fn from(member: &Member) -> Self {
        Self { id: member.id.clone(), name: member.name.clone(), email: member.email.clone() }
    }
}

impl TeamBody {
    /// One that was removed is called by its key.
    fn of(key: &str, service: &Service) -> Self {
        let name = service.team(key).map_or_else(|| key.to_owned(), |team| team.name.to_string());
        Self { key: key.to_owned(), name }
    }
}

impl ClockBody {
    fn of(clock: &Clock, now: Millis) -> Self {
        Self {
            promise: clock.promise,
            due: clock.due().map(rfc3339),
            state: clock.state(now),
            calendar: clock.calendar.clone(),
        }
    }
}

impl From<Contact> for ContactBody {
    fn from(contact: Contact) -> Self {
        let [name, email, phone] =
            [contact.name(), contact.email(), contact.phone()].map(|text| text.map(str::to_owned));
        Self { name, email, phone }
    }
}

impl From<Identity> for IdentityBody {
    fn from(identity: Identity) -> Self {
        let Identity { sub, name, email, tier, value } = identity;
        Self { sub, name, email, tier, value: value.map(CustomerValue::number) }
    }
}
