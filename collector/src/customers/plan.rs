//! Whose customers cases are, decided without the database.

use std::collections::{HashMap, HashSet};

use super::handles::{Handle, Handles};
use crate::keys::new_id;

/// What a case says of its customer: personal data, which must not reach a log.
pub(super) struct Said {
    /// The customer that the case has already.
    pub(super) customer_id: Option<String>,
    pub(super) handles: Handles,
    pub(super) name: Option<String>,
    /// What the site's own server said.
    pub(super) tier: Option<String>,
    /// The same.
    pub(super) value: Option<f64>,
}

/// What is known of the customers of a site that some cases may be of.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Whose each hash is.
    pub(super) owners: HashMap<String, String>,
    /// By their identifiers.
    pub(super) customers: HashMap<String, KnownCustomer>,
    /// Customers, and the hashes of what was taken away from them: it does not come back.
    pub(super) removed: HashSet<(String, String)>,
}

/// A customer as far as it matters for further cases.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
#[sqlx(default)]
pub(super) struct KnownCustomer {
    pub(super) id: String,
    pub(super) is_identified: bool,
    pub(super) is_named: bool,
    pub(super) is_erased: bool,
    pub(super) tier: Option<String>,
    pub(super) site_tier: Option<String>,
    pub(super) rule_tier: Option<String>,
    pub(super) site_value: Option<f64>,
}

/// What has to be written so that cases have their customers.
#[derive(Default)]
pub(super) struct Plan<'a> {
    /// Identifiers of customers to be made.
    pub(super) new: Vec<String>,
    /// Handles, and whose they become.
    pub(super) handles: Vec<(&'a Handle, String)>,
    /// Customers who had no name, and their names.
    pub(super) names: HashMap<String, &'a str>,
    /// Customers whose site says another tier now.
    pub(super) tiers: HashMap<String, &'a str>,
    /// The tier that each of these had before.
    pub(super) earlier_tiers: HashMap<String, Option<String>>,
    /// Customers who are worth something else by their site now.
    pub(super) values: HashMap<String, f64>,
    /// The customer of each case and the tier that it has from there, in the order of the cases.
    pub(super) cases: Vec<(Option<String>, Option<String>)>,
}

impl<'a> Plan<'a> {
    /// Finds or makes the customers of cases of one site, in their order.
    pub(super) fn of(mut known: Known, cases: &'a [Said]) -> Self {
        let mut plan = Self::default();
        for case in cases {
            // Nothing comes to a customer who was erased: whoever says again who they are is a new one.
            let is_erased = |id: &&String| known.customers.get(*id).is_some_and(|customer| customer.is_erased);
            let own = case.customer_id.as_ref().filter(|id| case.handles.is_empty() || !is_erased(id));
            let id = match own {
                Some(id) => Some(id.clone()),
                None if case.handles.is_empty() => None,
                None => Some(known.find(&case.handles).unwrap_or_else(|| {
                    let id = new_id();
                    plan.new.push(id.clone());
                    id
                })),
            };
            let tier = id.as_deref().and_then(|id| plan.note(&mut known, id, case));
            plan.cases.push((id, tier));
        }
        plan
    }

    /// Notes what a case says of its customer; gives the tier that counts.
    fn note(&mut self, known: &mut Known, id: &str, case: &'a Said) -> Option<String> {
        let customer = known.customers.entry(id.to_owned()).or_default();
        if customer.is_erased {
            return None;
        }
        // A handle that is another customer's stays theirs, such as an address that two identities share.
        for handle in &case.handles.own {
            let is_removed = known.removed.contains(&(id.to_owned(), handle.hash.clone()));
            if !is_removed && !known.owners.contains_key(&handle.hash) {
                known.owners.insert(handle.hash.clone(), id.to_owned());
                customer.is_identified |= case.handles.identity() == Some(handle.hash.as_str());
                self.handles.push((handle, id.to_owned()));
            }
        }
        if let Some(name) = case.name.as_deref().filter(|_| !customer.is_named) {
            customer.is_named = true;
            self.names.insert(id.to_owned(), name);
        }
        if let Some(tier) = case.tier.as_deref().filter(|tier| customer.site_tier.as_deref() != Some(tier)) {
            self.earlier_tiers.entry(id.to_owned()).or_insert_with(|| customer.effective_tier());
            customer.site_tier = Some(tier.to_owned());
            self.tiers.insert(id.to_owned(), tier);
        }
        if let Some(value) = case.value.filter(|value| customer.site_value != Some(*value)) {
            customer.site_value = Some(value);
            self.values.insert(id.to_owned(), value);
        }
        customer.effective_tier()
    }
}

impl KnownCustomer {
    /// What the staff set comes first, and what was reached last.
    fn effective_tier(&self) -> Option<String> {
        self.tier.as_ref().or(self.site_tier.as_ref()).or(self.rule_tier.as_ref()).cloned()
    }
}

impl Known {
    /// Whose handles these are: the identity's customer; else that of the first contact which is nobody else's by identity.
    fn find(&self, handles: &Handles) -> Option<String> {
        let mut owners = handles.hashes().filter_map(|hash| self.owners.get(hash));
        let Some(identity) = handles.identity() else { return owners.next().cloned() };
        let by_contact = || owners.find(|id| !self.customers.get(*id).is_some_and(|customer| customer.is_identified));
        self.owners.get(identity).or_else(by_contact).cloned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::keys::Keys;

    /// Which of a few identities, addresses and phone numbers a case has.
    type Chosen = (Option<u8>, Option<u8>, Option<u8>);

    fn said((identity, email, phone): Chosen) -> Said {
        let keys = Keys::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
        let identity = identity.map(|number| serde_json::from_value(json!({"sub": format!("u{number}")})));
        let identity = identity.transpose().expect("an identity");
        let mut contact = json!({});
        if let Some(number) = email {
            contact["email"] = json!(format!("c{number}@example.com"));
        }
        if let Some(number) = phone {
            contact["phone"] = json!(format!("+861380013800{number}"));
        }
        let contact = serde_json::from_value(contact).expect("a contact");
        let handles = Handles::of(&keys, identity.as_ref(), Some(&contact), None);
        Said { customer_id: None, handles, name: None, tier: None, value: None }
    }

    fn chosen() -> impl Strategy<Value = Vec<Chosen>> {
        let few = || proptest::option::of(0..4u8);
        proptest::collection::vec((few(), few(), few()), 0..20)
    }

    proptest! {
        #[test]
        fn two_identities_are_two_customers_and_one_is_one(chosen in chosen()) {
            let cases: Vec<Said> = chosen.into_iter().map(said).collect();
            let plan = Plan::of(Known::default(), &cases);
            let mut customers = HashMap::new();
            for (case, (id, _)) in cases.iter().zip(&plan.cases) {
                if let Some(identity) = case.handles.identity() {
                    prop_assert_eq!(customers.entry(identity).or_insert(id), &id);
                }
            }
            let distinct: HashSet<_> = customers.values().collect();
            prop_assert_eq!(distinct.len(), customers.len());
        }

        #[test]
        fn every_handle_is_given_once_and_every_case_that_has_one_has_a_customer(chosen in chosen()) {
            let cases: Vec<Said> = chosen.into_iter().map(said).collect();
            let plan = Plan::of(Known::default(), &cases);
            let mut given: Vec<&str> = plan.handles.iter().map(|(handle, _)| handle.hash.as_str()).collect();
            let said: HashSet<&str> = cases.iter().flat_map(|case| &case.handles.own).map(|handle| handle.hash.as_str()).collect();
            prop_assert_eq!(given.len(), said.len());
            given.sort_unstable();
            given.dedup();
            prop_assert_eq!(given.len(), said.len());
            for (case, (id, _)) in cases.iter().zip(&plan.cases) {
                prop_assert_eq!(id.is_some(), !case.handles.is_empty());
            }
            // Nobody is made who is not known by anything.
            for id in &plan.new {
                prop_assert!(plan.handles.iter().any(|(_, owner)| owner == id));
            }
        }

        #[test]
        fn cases_planned_one_by_one_have_the_same_customers(chosen in chosen()) {
            let cases: Vec<Said> = chosen.into_iter().map(said).collect();
            let at_once = Plan::of(Known::default(), &cases);
            let mut known = Known::default();
            let mut one_by_one = Vec::new();
            for case in &cases {
                let plan = Plan::of(known.clone(), std::slice::from_ref(case));
                for (handle, id) in &plan.handles {
                    known.owners.insert(handle.hash.clone(), id.clone());
                    let customer = known.customers.entry(id.clone()).or_default();
                    customer.is_identified |= case.handles.identity() == Some(handle.hash.as_str());
                }
                one_by_one.push(plan.cases[0].0.clone());
            }
            for one in 0..cases.len() {
                for other in 0..one {
                    prop_assert_eq!(at_once.cases[one].0 == at_once.cases[other].0, one_by_one[one] == one_by_one[other]);
                }
            }
        }
    }

    #[test]
    fn nothing_comes_to_a_customer_who_was_erased() {
        let mut known = Known::default();
        let erased = KnownCustomer { id: "erased".to_owned(), is_erased: true, ..KnownCustomer::default() };
        known.customers.insert("erased".to_owned(), erased);
        let [mut with_address, mut named] = [said((None, Some(1), None)), said((None, None, None))];
        for case in [&mut with_address, &mut named] {
            case.customer_id = Some("erased".to_owned());
            case.name = Some("Li".to_owned());
        }
        let cases = [with_address, named];
        let plan = Plan::of(known, &cases);
        assert_eq!(plan.cases[0].0.as_ref(), plan.new.first(), "an address makes a new one");
        assert_eq!(plan.cases[1].0.as_deref(), Some("erased"), "a name alone says nothing");
        assert_eq!(plan.names.keys().collect::<Vec<_>>(), [&plan.new[0]]);
        assert!(plan.handles.iter().all(|(_, id)| *id == plan.new[0]));
    }

    #[test]
    fn what_was_taken_away_from_a_customer_does_not_come_back_and_is_the_next_ones() {
        let mut cases = [said((None, Some(1), Some(2))), said((None, Some(1), None))];
        cases[0].customer_id = Some("one".to_owned());
        let mut known = Known::default();
        known.customers.insert("one".to_owned(), KnownCustomer { id: "one".to_owned(), ..KnownCustomer::default() });
        known.removed.insert(("one".to_owned(), cases[1].handles.own[0].hash.clone()));
        let plan = Plan::of(known, &cases);
        assert_eq!(plan.cases[0].0.as_deref(), Some("one"), "a case stays whose it is");
        assert_eq!(plan.cases[1].0.as_ref(), plan.new.first());
        let owners: Vec<&str> = plan.handles.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(owners, ["one", plan.new[0].as_str()], "the phone, and the address");
    }

    #[test]
    fn the_first_name_stays_and_the_last_tier_counts() {
        let mut cases = [said((None, Some(1), None)), said((None, Some(1), None))];
        for (case, (name, tier)) in cases.iter_mut().zip([("Li", "gold"), ("Wang", "platinum")]) {
            case.name = Some(name.to_owned());
            case.tier = Some(tier.to_owned());
        }
        let plan = Plan::of(Known::default(), &cases);
        let id = plan.new[0].clone();
        assert_eq!(plan.names, HashMap::from([(id.clone(), "Li")]));
        assert_eq!(plan.tiers, HashMap::from([(id, "platinum")]));
        assert_eq!(
            plan.cases.iter().map(|case| case.1.as_deref()).collect::<Vec<_>>(),
            [Some("gold"), Some("platinum")]
        );
    }
}
