//! Lists of cases, page by page.

use axum::Json;
use axum::extract::{Query, State};
use sayso_shared::id::CaseId;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::{Around, CaseBody};
use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::Member;
use crate::auth::bearer::MayRead;
use crate::auth::member::Email;
use crate::cases::counted::{Counted, Figure, Trait};
use crate::cases::listing::{self, Due, Listing, Sort};
use crate::cases::search::{self, Facet, Has, QueryError, Reader, Search, SearchQuery, SearchText};
use crate::cases::{Case, Channel, Priority, Status};
use crate::clock::{Millis, day_of, parse_rfc3339};
use crate::db::search::Order;
use crate::http::{Error, Result};

/// Cases of a page, unless fewer are asked for.
const PAGE: usize = 50;
/// Most cases of a page.
const PAGE_MAX: usize = 100;
/// Stands for what a case does not have.
const NONE: &str = "none";
/// Cases with a text that are looked at where the search index alone can't tell.
const SEARCHED_MAX: usize = 1_000;

/// A page of cases.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCases)]
pub struct PageBody {
    cases: Vec<CaseBody>,
    /// The `cursor` of the next page; null on the last one. A page that would take too long to find has fewer cases than its limit, or none,
    /// and says here where to go on.
    #[schema(required = true)]
    next: Option<String>,
}

/// Cases, newest first, or oldest first for those who copy all of them.
#[utoipa::path(
    get,
    path = "/api/v1/cases",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(
        ("site" = Option<String>, Query, description = "The key of a site"),
        ("kind" = Option<Kind>, Query, description = "complaint, suggestion, question or praise"),
        ("status" = Option<String>, Query, description = "A status, or `open` for all on which work is left"),
        ("team" = Option<String>, Query, description = "The key of a team, or `none`"),
        ("owner" = Option<String>, Query, description = "The address of a member, or `none`"),
        ("tag" = Option<String>, Query, description = "A tag"),
        ("priority" = Option<Priority>, Query, description = "low, normal, high or urgent"),
        ("category" = Option<String>, Query, description = "The key of a category, or `none`"),
        ("channel" = Option<Channel>, Query, description = "How it came, such as widget or phone"),
        ("tier" = Option<String>, Query, description = "The customer's tier, or `none`"),
        ("customer" = Option<String>, Query, format = "uuid", description = "The identifier of a customer"),
        ("number" = Option<i64>, Query, minimum = 1, description = "The short number of a case"),
        ("due" = Option<String>, Query, description = "`overdue`, `soon` (less than a quarter of the time is left), `today` or `answered` (the customer had the last word)"),
        ("has" = Option<String>, Query, description = "`attachment`, `task` (one that is not done) or `problem`"),
        ("problem" = Option<String>, Query, description = "The key of a problem that the case belongs to"),
        ("owned" = Option<String>, Query, description = "`yes` for cases that have an owner"),
        ("counted" = inline(Option<Figure>), Query, description = "Only the cases that this figure of a report counts, such as `resolved` or `broken` (promises)"),
        ("from" = Option<String>, Query, format = DateTime, description = "With `counted`: from when on what is counted was (RFC 3339)"),
        ("to" = Option<String>, Query, format = DateTime, description = "With `counted`: until when, not included"),
        ("promise" = Option<String>, Query, description = "With `counted`, of promises: `first_response`, `next_response` or `resolution`"),
        ("member" = Option<String>, Query, format = "uuid", description = "With `counted`, of replies and time: the identifier of the member"),
        ("q" = Option<String>, Query, max_length = 200, description = "Words that occur in what was said, a \"phrase\" in quotes, the beginning of a word (`deliv*`; the last word is one anyway), `-word` and `-\"phrase\"` for what must not occur, fields such as `kind:complaint`, `-tag:late`, `before:2026-10-01` or `number:1042`, a tracking code, or the whole address or phone number of a customer, in any spelling"),
        ("updated_since" = Option<String>, Query, format = DateTime, description = "Only cases that changed at this time or later (RFC 3339)"),
        ("sort" = Option<String>, Query, description = "`newest` (the default), `oldest`, `due` (what is due first) or `updated` (what changed last); with a text, of the 1,000 newest that have it"),
        ("order" = Option<String>, Query, description = "Another name of `sort`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Cases of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of cases"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayRead,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let query = ListQuery::read(&app, parameters).await?;
    let (cases, next) = query.find(&app).await?;
    let around = Around::read(&app, &cases).await?;
    let cases = cases.into_iter().map(|case| CaseBody::of(&app, case, &around)).collect::<Result<_>>()?;
    Ok(Json(PageBody { cases, next }))
}

/// What is asked for of a day.
#[derive(Clone, Copy)]
enum OfToday {
    /// What is due on it.
    Due,
    /// What was put aside until then.
    FollowUp,
}

/// What is asked for.
struct ListQuery {
    listing: Listing,
    /// What of today alone is wanted. Which day it is depends on the site, which may be named later.
    of_today: Option<OfToday>,
    query: Option<SearchQuery>,
    text: Option<SearchText>,
    /// What says more of the figure that counts the cases.
    of_figure: Vec<(String, String)>,
    sort: Sort,
    limit: usize,
    cursor: Option<String>,
}

impl ListQuery {
    /// Reads the parameters; one that is unknown or makes no sense is refused, since without it too much would be found.
    async fn read(app: &App, parameters: Vec<(String, String)>) -> Result<Self> {
        let mut query = Self {
            listing: Listing::default(),
            of_today: None,
            query: None,
            text: None,
            of_figure: Vec::new(),
            sort: Sort::Newest,
            limit: PAGE,
            cursor: None,
        };
        let (parameters, mut errors) = each_once(parameters);
        for (name, value) in parameters {
            errors.extend(query.add(app, &name, &value).await?.err());
        }
        for (name, value) in std::mem::take(&mut query.of_figure) {
            let is_set = query.listing.counted.as_mut().is_some_and(|counted| counted.set(&name, &value));
            if !is_set {
                errors.push(wrong(&name, of_figure(&name)));
            }
        }
        if let Some(typed) = &query.query {
            // Which site is asked for, whose clock says when a day begins, is known by now.
            let reader = Reader { site_id: query.listing.site_id.as_deref(), ..Reader::default() };
            match SearchText::resolve(app, typed, reader).await? {
                Ok(text) => query.text = Some(text),
                Err(error) => errors.push(wrong_query(error)),
            }
        }
        if errors.is_empty() { Ok(query) } else { Err(errors.into()) }
    }

    /// Adds what one parameter asks for.
    async fn add(&mut self, app: &App, name: &str, value: &str) -> Result<Result<(), FieldError>> {
        match name {
            "site" => match app.sites.by_key(value).await? {
                Some(site) => self.listing.site_id = Some(site.id().to_owned()),
                None => return Ok(Err(wrong("site", "the key of a site"))),
            },
            "owner" => {
                let owner = match value {
                    "none" => None,
                    address => match owner(app, address).await? {
                        Some(id) => Some(id),
                        None => return Ok(Err(wrong("owner", "the address of a member, or none"))),
                    },
                };
                self.listing.owner = Some(owner);
            }
            "number" => match value.strip_prefix('#').unwrap_or(value).parse() {
                Ok(number @ 1..) => {
                    self.listing.ids = Some(search::by_number(&app.db, number).await?.into_iter().collect())
                }
                _ => return Ok(Err(wrong("number", "the number of a case"))),
            },
            "q" => match SearchQuery::parse(value) {
                Ok(query) => self.query = Some(query),
                Err(error) => return Ok(Err(wrong_query(error))),
            },
            _ => return Ok(self.add_word(name, value)),
        }
        Ok(Ok(()))
    }

    /// Adds what a parameter asks for that needs nothing but its value.
    fn add_word(&mut self, name: &str, value: &str) -> Result<(), FieldError> {
        let listing = &mut self.listing;
        match name {
            "kind" => {
                let kind =
                    Kind::parse(value).ok_or_else(|| wrong("kind", "complaint, suggestion, question or praise"))?;
                listing.kind = Some(kind);
            }
            "status" => match Status::parse(value) {
                Some(status) => listing.statuses.push(status),
                None if value == "open" => {
                    listing.statuses.extend(Status::ALL.iter().copied().filter(|status| status.is_open()));
                }
                None => return Err(wrong("status", "a status, or open")),
            },
            "team" => {
                let team = Some(value).filter(|key| *key != "none");
                listing.team = Some(team.map(str::to_owned));
            }
            "tag" => listing.tag = Some(value.to_owned()),
            "priority" => {
                let priority =
                    Priority::parse(value).ok_or_else(|| wrong("priority", "low, normal, high or urgent"))?;
                listing.priority = Some(priority);
            }
            "category" if value == NONE => listing.traits.push(Trait::NoCategory),
            "category" => listing.category = Some(value.to_owned()),
            "problem" => listing.problem = Some(value.to_owned()),
            "owned" if value == "yes" => listing.traits.push(Trait::Owned),
            "owned" => return Err(wrong("owned", "yes")),
            "counted" => {
                let words: Vec<&str> = Figure::ALL.iter().map(|word| word.as_str()).collect();
                let figure =
                    Figure::parse(value).ok_or_else(|| wrong("counted", &format!("one of {}", words.join(", "))))?;
                listing.counted = Some(Counted::new(figure));
            }
            "from" | "to" | "promise" | "member" => self.of_figure.push((name.to_owned(), value.to_owned())),
            "channel" if value == NONE => listing.traits.push(Trait::NoChannel),
            "channel" => {
                let channel =
                    Channel::parse(value).ok_or_else(|| wrong("channel", "a channel, such as widget or phone"))?;
                listing.channel = Some(channel);
            }
            "tier" if value == NONE => listing.traits.push(Trait::NoTier),
            "tier" => listing.tier = Some(value.to_owned()),
            "customer" => {
                let id = uuid::Uuid::parse_str(value).map_err(|_| wrong("customer", "the identifier of a customer"))?;
                listing.customer_id = Some(id.to_string());
            }
            "due" if value == "today" => self.of_today = Some(OfToday::Due),
            "due" if value == "follow_up" => self.of_today = Some(OfToday::FollowUp),
            "due" => {
                listing.due = Some(match value {
                    "overdue" => Due::Overdue,
                    "soon" => Due::Soon,
                    "answered" => Due::Answered,
                    _ => return Err(wrong("due", "overdue, soon, today, answered or follow_up")),
                });
            }
            "has" => {
                let has = Has::parse(value).ok_or_else(|| wrong("has", "attachment, task or problem"))?;
                listing.has = Some(has);
            }
            "updated_since" => {
                let expected = "a time as in RFC 3339, such as 2026-11-22T10:00:00Z";
                listing.updated_since = Some(parse_rfc3339(value).ok_or_else(|| wrong("updated_since", expected))?);
            }
            "sort" | "order" => {
                self.sort = match value {
                    "newest" => Sort::Newest,
                    "oldest" => Sort::Oldest,
                    "due" => Sort::Due,
                    "updated" => Sort::Updated,
                    _ => return Err(wrong(name, "newest, oldest, due or updated")),
                };
            }
            "limit" => match value.parse() {
                Ok(limit) if (1..=PAGE_MAX).contains(&limit) => self.limit = limit,
                _ => return Err(wrong("limit", &format!("1 to {PAGE_MAX}"))),
            },
            "cursor" => self.cursor = Some(value.to_owned()),
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// The day that it is, by the clock of the site that is asked for, else of the first.
    async fn today(&self, app: &App) -> Result<(Millis, Millis)> {
        let sites = app.sites.all().await?;
        let asked = self.listing.site_id.as_deref();
        let site = sites.iter().find(|site| asked.is_none_or(|id| site.id() == id));
        let zone = app.service.current().await?.zone_of_any(site.map(|site| &**site));
        Ok(day_of(app.clock.now(), &zone))
    }

    /// Whether the search index can't tell.
    fn needs_tables(&self) -> bool {
        let Listing { due, ids, customer_id, problem, traits, counted, .. } = &self.listing;
        self.of_today.is_some()
            || problem.is_some()
            || !traits.is_empty()
            || counted.is_some()
            || customer_id.is_some()
            || due.is_some()
            || ids.is_some()
            || matches!(self.sort, Sort::Due | Sort::Updated)
    }

    /// The cases of the page, and the cursor of the next one.
    async fn find(self, app: &App) -> Result<(Vec<Case>, Option<String>)> {
        if self.text.as_ref().is_some_and(SearchText::is_empty) {
            return Ok((Vec::new(), None));
        }
        if self.needs_tables() {
            return self.find_in_tables(app).await;
        }
        let after = match &self.cursor {
            None => None,
            Some(cursor) => Some(CaseId::parse(cursor).map_err(|_| wrong_cursor())?.as_str().to_owned()),
        };
        let order = if self.sort == Sort::Oldest { Order::Oldest } else { Order::Newest };
        let facets = self.listing.terms();
        let Listing { statuses, updated_since, .. } = self.listing;
        if facets.is_empty() && self.text.is_none() && updated_since.is_none() {
            let mut cases = Case::page(app, &statuses, order, after.as_deref(), self.limit + 1).await?;
            let next = (cases.len() > self.limit).then(|| cases[self.limit - 1].id.clone());
            cases.truncate(self.limit);
            return Ok((cases, next));
        }
        let groups: Vec<(String, bool)> = match statuses.as_slice() {
            [] => vec![(Facet::Visible.token(), true)],
            statuses => statuses.iter().map(|status| (Facet::Status(status.as_str()).token(), true)).collect(),
        };
        let search = Search {
            text: self.text.unwrap_or_default(),
            facets,
            groups,
            updated_since,
            order,
            after,
            limit: self.limit,
            count_to: 0,
            budget: app.config.search_budget(),
        };
        let found = search::search(&app.db, &search).await?;
        Ok((Case::by_ids(app, &found.ids).await?, found.next))
    }

    async fn find_in_tables(mut self, app: &App) -> Result<(Vec<Case>, Option<String>)> {
        if let Some(of_today) = self.of_today {
            let (from, to) = self.today(app).await?;
            self.listing.due = Some(match of_today {
                OfToday::Due => Due::Within(from, to),
                OfToday::FollowUp => Due::FollowUp(to),
            });
        }
        if let Some(text) = self.text.take() {
            let found = search::search(&app.db, &Search::newest(text, SEARCHED_MAX)).await?.ids;
            let of_number = self.listing.ids.take();
            let is_asked_for = |id: &String| of_number.as_ref().is_none_or(|ids| ids.contains(id));
            self.listing.ids = Some(found.into_iter().filter(is_asked_for).collect());
        }
        let found = listing::list(app, &self.listing, self.sort, self.cursor.as_deref(), self.limit).await?;
        found.ok_or_else(wrong_cursor)
    }
}

/// What a parameter that says more of a figure has to be.
fn of_figure(name: &str) -> &'static str {
    match name {
        "promise" => "first_response, next_response or resolution, with counted",
        "member" => "the identifier of a member, with counted",
        _ => "a time as in RFC 3339, with counted",
    }
}

fn wrong_query(error: QueryError) -> FieldError {
    let code = if error == QueryError::TooLong { ErrorCode::TooLong } else { ErrorCode::Invalid };
    FieldError::new("/q", code, error.to_string())
}

fn wrong_cursor() -> Error {
    Error::field(wrong("cursor", "what a page said in `next`"))
}

/// The identifier of a member, also of one who has left.
async fn owner(app: &App, address: &str) -> Result<Option<String>> {
    let Ok(email) = Email::parse(address) else { return Ok(None) };
    Ok(Member::id_of(&app.db, &email).await?)
}
