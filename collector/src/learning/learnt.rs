//! What was learnt, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use sayso_analysis::model::Model;
use sayso_analysis::quality::Quality;
use sayso_analysis::topics::Topic;

use crate::cases::status::words;
use crate::clock::Millis;

words! {
    /// What is suggested of a case.
    Field {
        /// Its category.
        Category = "category",
        /// Its team.
        Team = "team",
        /// Its priority.
        Priority = "priority",
    }
}

/// What was learnt from the cases of a site.
#[derive(Debug, Default)]
pub struct Learnt {
    /// When.
    pub at: Millis,
    /// What can be suggested, and how well, in the order of [`Field::ALL`].
    pub skills: Vec<Skill>,
    /// What the cases of the last weeks say.
    pub recent: Recent,
}

/// How well a field can be suggested.
#[derive(Debug)]
pub struct Skill {
    /// Which.
    pub field: Field,
    /// From how many settled cases it was learnt.
    pub cases: usize,
    /// How good it is; none where there is too little to tell.
    pub quality: Option<Quality>,
    /// None where it is no better than the most frequent answer.
    pub model: Option<Model>,
}

/// What the cases of the last weeks say.
#[derive(Debug, Default)]
pub struct Recent {
    /// Cases of the last week, and of the weeks before it.
    pub sizes: (u64, u64),
    /// What customers have begun to speak of.
    pub topics: Vec<Topic>,
    /// Cases that say nearly the same, the largest group first.
    pub groups: Vec<Group>,
}

/// Cases that say nearly the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many there are.
    pub size: usize,
    /// The identifiers of the newest of them.
    pub ids: Vec<String>,
}

/// What was learnt from the cases of each site, by its identifier.
#[derive(Debug, Default)]
pub struct Learned(RwLock<BTreeMap<String, Arc<Learnt>>>);

impl Learned {
    /// What was learnt from the cases of a site; none before it was.
    pub fn of_site(&self, site_id: &str) -> Option<Arc<Learnt>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(site_id).cloned()
    }

    /// Replaces all of it.
    pub(super) fn replace(&self, learnt: BTreeMap<String, Learnt>) {
        let learnt = learnt.into_iter().map(|(site, learnt)| (site, Arc::new(learnt))).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = learnt;
    }
}
