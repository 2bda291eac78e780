//! Faults on purpose: the rules of an org, how often each matched, and where held requests wait.
//!
//! A rule is data ([`Rule`]). Who has a request at hand asks the rules in their order: does it fit
//! ([`Matching`])? then [`Active::strikes`] counts the match and says whether this one is struck.
//! Rules live beside the org's state: `restore` keeps them, `reset` clears them, a fork begins with
//! copies that have counted nothing.

mod hold;
mod record;
mod rule;

pub use hold::{Gate, Hold};
pub use rule::{Matching, Moment, OPERATIONS, RawAnswer, Rule, Then, Wanted, When};

use crate::clock::Millis;
use crate::dml::{Attempt, Upset, Verb};
use crate::error::OrgError;
use crate::random::Random;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Most rules of an org.
pub const MOST: usize = 1000;

/// There are rules that are asked for each request.
const OF_REQUESTS: u8 = 1;
/// There are rules that are asked for each record.
const OF_RECORDS: u8 = 2;
/// There are rules that are asked when targets of provisioning are called.
const OF_TARGETS: u8 = 4;

/// Why a rule is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdded {
    /// There is a rule of this id.
    Taken,
    /// There are too many.
    Full,
}

/// A rule at work.
#[derive(Debug)]
pub struct Active {
    /// The rule.
    pub rule: Rule,
    /// Its place in the order in which rules came, from 1.
    pub place: u64,
    tally: Mutex<Tally>,
    /// Where the requests wait that it holds.
    pub gate: Arc<Gate>,
}

#[derive(Debug)]
struct Tally {
    matched: u64,
    struck: u64,
    chance: Random,
}

/// How often a rule matched and struck, and how many requests it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Requests or records that fitted it.
    pub matched: u64,
    /// Those of them that it struck.
    pub struck: u64,
    /// Requests that wait.
    pub held: usize,
}

impl Active {
    fn new(rule: Rule, place: u64, seed: u64) -> Active {
        let chance = Random::of(seed, &rule.id);
        let tally = Mutex::new(Tally { matched: 0, struck: 0, chance });
        Active { rule, place, tally, gate: Arc::default() }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a match at an instant of the org's clock; true when it is struck.
    pub fn strikes(&self, now: Millis) -> bool {
        let when = &self.rule.when;
        if when.after.is_some_and(|after| now < after) {
            return false;
        }
        let mut tally = self.tally();
        tally.matched += 1;
        let step = when.every.unwrap_or(1).max(1);
        let first = when.nth.unwrap_or(step);
        let only_one = when.nth.is_some() && when.every.is_none();
        let most = when.times.unwrap_or(if only_one { 1 } else { u64::MAX });
        let is_due = tally.matched >= first && (tally.matched - first).is_multiple_of(step);
        if !is_due || tally.struck >= most {
            return false;
        }
        if when.probability.is_some_and(|share| tally.chance.share() >= share) {
            return false;
        }
        tally.struck += 1;
        true
    }

    /// What it counted.
    pub fn counts(&self) -> Counts {
        let tally = self.tally();
        let (matched, struck) = (tally.matched, tally.struck);
        Counts { matched, struck, held: self.gate.waiting() }
    }
}

/// The rules of an org, in the order in which they are asked.
#[derive(Debug, Default)]
pub struct FaultRules {
    /// Which kinds of rules there are: all that a request without rules looks at.
    kinds: AtomicU8,
    rules: RwLock<Rules>,
}

#[derive(Clone, Debug, Default)]
struct Rules {
    active: Arc<[Arc<Active>]>,
    /// How many ever came.
    came: u64,
}

impl FaultRules {
    /// False when no rule is asked for requests.
    pub fn are_of_requests(&self) -> bool {
        self.kinds.load(Ordering::Acquire) & OF_REQUESTS != 0
    }

    /// False when no rule is asked for records.
    pub fn are_of_records(&self) -> bool {
        self.kinds.load(Ordering::Acquire) & OF_RECORDS != 0
    }

    /// False when no rule is asked about calls to targets of provisioning.
    pub fn are_of_targets(&self) -> bool {
        self.kinds.load(Ordering::Acquire) & OF_TARGETS != 0
    }

    /// What goes wrong with a call to a target of provisioning about a record. A rule must say that
    /// it is about the operation `provision`; one about requests is not asked.
    pub fn upset(&self, attempt: &Attempt<'_>, now: Millis) -> Option<Upset> {
        self.active().iter().find_map(|active| {
            let (rule, matching) = (&active.rule, &active.rule.matching);
            let upset = |error, lost| Some(Upset { error, lost });
            let fits = rule.is_of_targets()
                && matching.method.is_none()
                && matching.paths.is_empty()
                && matching.fits_record(attempt, Verb::Provision.name());
            if !fits {
                return None;
            }
            let upset = match &rule.then {
                Then::Error(error) => upset(error.error(attempt.id()), false),
                Then::Http(raw) => upset(OrgError::target_answered(raw.status, &raw.body), false),
                Then::Drop(moment) => upset(OrgError::target_silent(), *moment == Moment::After),
                // The rest is about connections of clients.
                _ => None,
            };
            upset.filter(|_| active.strikes(now))
        })
    }

    /// False when there is no rule at all.
    pub fn are_any(&self) -> bool {
        self.kinds.load(Ordering::Acquire) != 0
    }

    /// The rules as they are now.
    pub fn active(&self) -> Arc<[Arc<Active>]> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner).active)
    }

    /// The rule of an id.
    pub fn find(&self, id: &str) -> Option<Arc<Active>> {
        self.active().iter().find(|active| active.rule.id == id).cloned()
    }

    /// Takes a rule in after the others and gives its id: its own, or the next of `f1`, `f2`, ….
    /// Chance is drawn from the seed and the id.
    pub fn add(&self, mut rule: Rule, seed: u64) -> Result<String, NotAdded> {
        self.change(|rules| {
            if rules.active.len() >= MOST {
                return Err(NotAdded::Full);
            }
            let is_taken = |id: &str| rules.active.iter().any(|active| active.rule.id == id);
            if rule.id.is_empty() {
                let mut number = rules.came;
                while rule.id.is_empty() || is_taken(&rule.id) {
                    number += 1;
                    rule.id = format!("f{number}");
                }
            } else if is_taken(&rule.id) {
                return Err(NotAdded::Taken);
            }
            if let Then::Error(error) = &mut rule.then {
                error.rule.clone_from(&rule.id);
            }
            let id = rule.id.clone();
            rules.came += 1;
            let active = Arc::new(Active::new(rule, rules.came, seed));
            rules.active = rules.active.iter().cloned().chain([active]).collect();
            Ok(id)
        })
    }

    /// Takes a rule away and lets go what it holds; false when there is none of this id.
    pub fn remove(&self, id: &str) -> bool {
        let removed = self.change(|rules| {
            let place = rules.active.iter().position(|active| active.rule.id == id)?;
            let removed = Arc::clone(&rules.active[place]);
            let left = rules.active.iter().filter(|active| active.rule.id != id);
            rules.active = left.cloned().collect();
            Some(removed)
        });
        // Its gate stays open: a request may be on its way to it.
        removed.is_some_and(|removed| {
            removed.gate.open(true);
            true
        })
    }

    /// Takes all rules away and lets go what they hold.
    pub fn clear(&self) {
        let removed = self.change(|rules| std::mem::take(&mut rules.active));
        for active in removed.iter() {
            active.gate.open(true);
        }
    }

    /// Rules as another org has them, with nothing counted.
    pub fn adopt(&self, origin: &FaultRules, seed: u64) {
        if !origin.are_any() {
            return;
        }
        let before = origin.rules.read().unwrap_or_else(PoisonError::into_inner).clone();
        self.change(|rules| {
            rules.came = before.came;
            let copy = |active: &Arc<Active>| {
                Arc::new(Active::new(active.rule.clone(), active.place, seed))
            };
            rules.active = before.active.iter().map(copy).collect();
        });
    }

    fn change<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> T {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut rules);
        let kind = |active: &Arc<Active>| {
            let of = |is: bool, kind: u8| if is { kind } else { 0 };
            let rule = &active.rule;
            OF_REQUESTS
                | of(rule.is_of_records(), OF_RECORDS)
                | of(rule.is_of_targets(), OF_TARGETS)
        };
        let kinds = rules.active.iter().map(kind).fold(0, |all, kind| all | kind);
        self.kinds.store(kinds, Ordering::Release);
        done
    }
}

#[cfg(test)]
mod tests;
