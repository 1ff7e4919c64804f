//! Who calls: looked up by a number, an address or a name before the first word is typed.

use std::sync::Arc;

use sayso_shared::Lang;
use serde::Deserialize;

use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::cases::Status;
use crate::cases::access::Visibility;
use crate::cases::listing::{self, Listing, Sort};
use crate::console::customers::note_opening;
use crate::console::inbox::rows::{Row, rows_of};
use crate::customers::Customer;
use crate::customers::customer::{Known, known};
use crate::customers::find::{self, Wanted};
use crate::customers::handles::{Countries, is_contact};
use crate::http::Result;
use crate::sites::Site;
use crate::with_db;

/// Customers to choose from.
const CHOICES: usize = 5;
/// Cases of the caller that are shown.
const CASES: usize = 5;
/// Open cases of the caller are counted up to here.
const COUNTED: usize = 100;
/// Longest text that is looked for, in characters.
const QUERY_MAX: usize = 300;

/// Whom the address asks for. Each may be missing; the surest is looked for first.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// A customer's identifier, chosen of several.
    pub customer: String,
    /// A phone number in any spelling.
    pub phone: String,
    pub email: String,
    pub name: String,
    /// What somebody typed: any of the three.
    pub q: String,
    /// The key of the site to begin with.
    pub site: String,
    /// How it came.
    pub channel: String,
}

/// What was found.
pub(super) enum Lookup {
    /// Nobody was looked for.
    NotAsked,
    /// Nobody is known by what was asked for.
    Nobody,
    /// This customer.
    One(Box<Caller>),
    /// Any of these.
    Several(Vec<Choice>),
}

/// What is known of the customer who calls.
pub(super) struct Caller {
    pub id: String,
    pub site_id: String,
    pub name: Option<String>,
    pub known: Known,
    pub tier: Option<String>,
    pub representative: Option<String>,
    pub notes: Option<String>,
    /// The language of what they said last.
    pub lang: Option<Lang>,
    /// How many of their cases are open, of those that the reader may see.
    pub open: String,
    /// The newest of their cases.
    pub rows: Vec<Row>,
}

/// A customer to choose. Of somebody who was not opened no more is told than the list of customers tells.
pub(super) struct Choice {
    pub id: String,
    pub name: Option<String>,
    pub site: String,
    pub tier: Option<String>,
}

impl Asked {
    /// What goes into the contact of the form: name, address and number.
    pub fn contact(&self) -> (String, String, String) {
        let text = |text: &str| text.trim().chars().take(QUERY_MAX).collect::<String>();
        let (mut name, mut email, mut phone) = (text(&self.name), text(&self.email), self.number());
        let q = text(&self.q);
        let empty = match () {
            () if q.contains('@') => &mut email,
            () if is_contact(&q) => &mut phone,
            () => &mut name,
        };
        if empty.is_empty() {
            *empty = q;
        }
        (name, email, phone)
    }

    /// The phone number. Many a telephone system writes its plus as it is, which reads as a space in an address.
    fn number(&self) -> String {
        let typed: String = self.phone.trim_end().chars().take(QUERY_MAX).collect();
        match typed.strip_prefix(' ') {
            Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => format!("+{number}"),
            _ => typed.trim().to_owned(),
        }
    }

    /// What to look for, the surest first.
    fn texts(&self) -> Vec<String> {
        let all = [self.number(), self.email.clone(), self.q.clone(), self.name.clone()];
        let all = all.into_iter().map(|text| text.trim().chars().take(QUERY_MAX).collect::<String>());
        all.filter(|text| !text.is_empty()).collect()
    }
}

/// Looks the caller up. That somebody is shown is in the audit log, as the opening of their page is.
pub(super) async fn look_up(app: &App, who: &SignedIn, asked: &Asked, sites: &[Arc<Site>]) -> Result<Lookup> {
    if !who.may(Action::ReadCustomer) {
        return Ok(Lookup::NotAsked);
    }
    if let Ok(id) = uuid::Uuid::parse_str(&asked.customer) {
        return match Customer::by_id(&app.db, &id.to_string()).await? {
            Some(customer) => open(app, who, customer, sites).await,
            None => Ok(Lookup::Nobody),
        };
    }
    let texts = asked.texts();
    if texts.is_empty() {
        return Ok(Lookup::NotAsked);
    }
    for text in texts {
        let wanted = Wanted::read(&app.keys, &text, &Countries::of(sites));
        let (mut found, _) = find::page(&app.db, &wanted, None, CHOICES).await?;
        match found.len() {
            0 => {}
            // A name is shared by many, so it only offers whom it may be.
            1 if is_contact(&text) => return open(app, who, found.remove(0), sites).await,
            _ => return choices(app, who, found, sites).await,
        }
    }
    Ok(Lookup::Nobody)
}

async fn open(app: &App, who: &SignedIn, customer: Customer, sites: &[Arc<Site>]) -> Result<Lookup> {
    note_opening(app, who, &customer.id).await?;
    let of_customer = Listing {
        customer_id: Some(customer.id.clone()),
        visible: Visibility::of(&who.standing),
        ..Listing::default()
    };
    let (newest, _) = listing::ids(app, &of_customer, Sort::Newest, None, CASES).await?.unwrap_or_default();
    let statuses = Status::ALL.iter().copied().filter(|status| status.is_open()).collect();
    let of_open = Listing { statuses, ..of_customer };
    let (open, more) = listing::ids(app, &of_open, Sort::Newest, None, COUNTED).await?.unwrap_or_default();
    let known = known(&app.db, &app.keys, std::slice::from_ref(&customer.id)).await?.remove(&customer.id);
    let representative = match &customer.representative_id {
        Some(id) => Member::by_id(&app.db, id).await?.map(|member| member.name),
        None => None,
    };
    Ok(Lookup::One(Box::new(Caller {
        name: customer.name(&app.keys),
        known: known.unwrap_or_default(),
        tier: tier_name(app, who, &customer, sites).await?,
        representative,
        notes: customer.notes(&app.keys),
        lang: match newest.first() {
            Some(id) => language_of(app, id).await?,
            None => None,
        },
        open: format!("{}{}", open.len(), if more.is_some() { "+" } else { "" }),
        rows: rows_of(app, who, &newest, sites).await?,
        site_id: customer.site_id,
        id: customer.id,
    })))
}

async fn language_of(app: &App, case_id: &str) -> Result<Option<Lang>> {
    let select = "select locale from feedback where id = $1";
    let tag: Option<Option<String>> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(case_id).fetch_optional(pool).await)?;
    Ok(tag.flatten().and_then(|tag| Lang::for_tag(&tag)))
}

async fn choices(app: &App, who: &SignedIn, customers: Vec<Customer>, sites: &[Arc<Site>]) -> Result<Lookup> {
    let mut choices = Vec::with_capacity(customers.len());
    for customer in customers {
        let site = sites.iter().find(|site| site.id() == customer.site_id);
        choices.push(Choice {
            name: customer.name(&app.keys),
            site: site.map_or_else(String::new, |site| site.name().to_owned()),
            tier: tier_name(app, who, &customer, sites).await?,
            id: customer.id,
        });
    }
    Ok(Lookup::Several(choices))
}

async fn tier_name(app: &App, who: &SignedIn, customer: &Customer, sites: &[Arc<Site>]) -> Result<Option<String>> {
    let service = app.service.current().await?;
    let site = sites.iter().find(|site| site.id() == customer.site_id);
    let name = |key: &String| service.tier_name(site.map_or("", |site| site.key()), key, who.t.tag());
    Ok(customer.tier.as_ref().map(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_goes_where_it_belongs() {
        let contact = |q: &str| Asked { q: q.to_owned(), ..Asked::default() }.contact();
        let texts = |name: &str, email: &str, phone: &str| (name.to_owned(), email.to_owned(), phone.to_owned());
        assert_eq!(contact(" li@example.com "), texts("", "li@example.com", ""));
        assert_eq!(contact("138 0013 8000"), texts("", "", "138 0013 8000"));
        assert_eq!(contact("李雷"), texts("李雷", "", ""));
    }

    #[test]
    fn a_plus_that_became_a_space_is_a_plus() {
        let of = |phone: &str| Asked { phone: phone.to_owned(), ..Asked::default() }.number();
        assert_eq!(
            (of(" 8613800138000"), of("+8613800138000"), of("138 0013 8000 ")),
            ("+8613800138000".to_owned(), "+8613800138000".to_owned(), "138 0013 8000".to_owned())
        );
    }
}
