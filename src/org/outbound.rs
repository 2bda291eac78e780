//! Calls to other systems: work asks them, the edge makes them, their answers come back as input.
//!
//! a step puts a call into the state → [`Org::carry`] hands it to the [`Carrier`] → the answer comes
//! to [`Org::answer`], which closes the call and lets the floors above take it. Nothing here waits for
//! a network; an org that nobody serves answers its calls itself, with a failure that says so.

use super::{Org, Orgs};
use crate::clock::Millis;
use crate::error::CallFailed;
use crate::id::Id;
use crate::store::{Answer, OutboundCall};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Takes a call of the org of an id to be made; it is answered within its time-out. False when no
/// calls are made any more.
pub type Carrier = Arc<dyn Fn(Id, Arc<OutboundCall>) -> bool + Send + Sync>;

/// Most calls of an org that are under way at a time; the others wait their turn.
const MOST: usize = 32;

/// How much later than its time-out a call's answer may come.
const SLACK: Duration = Duration::from_secs(5);

/// The calls of an org that are under way.
#[derive(Default)]
pub(super) struct Outbound {
    carrier: Arc<OnceLock<Carrier>>,
    flying: Mutex<HashMap<u64, Arc<OutboundCall>>>,
    landed: Condvar,
}

impl Outbound {
    /// Whoever carries the calls of all orgs carries this one's.
    pub(super) fn through(carrier: &Arc<OnceLock<Carrier>>) -> Outbound {
        Outbound { carrier: Arc::clone(carrier), ..Outbound::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<OutboundCall>>> {
        self.flying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Orgs {
    /// From now on calls of all orgs are carried. The first carrier stays.
    pub fn carry_with(&self, carrier: Carrier) {
        let _ = self.carrier.set(carrier);
    }
}

impl Org {
    /// Sends off the calls that wait. `now` is the org's time.
    pub fn carry(&self, now: Millis) {
        while !self.read().calls.is_empty() {
            let grounded = self.take_off();
            if grounded.is_empty() {
                break;
            }
            for call in grounded {
                let failed = CallFailed::not_served(&call.url);
                self.take_answer(&call, &Err(failed), now);
            }
        }
    }

    /// Hands as many calls to the carrier as may be under way; gives those that nobody carries.
    fn take_off(&self) -> Vec<Arc<OutboundCall>> {
        let mut flying = self.outbound.lock();
        // Read under the lock: a call that is open and not under way was never sent.
        let state = self.read();
        flying.retain(|_, call| state.calls.is_open(call));
        let free = MOST.saturating_sub(flying.len());
        let waiting = state.calls.open().filter(|call| !flying.contains_key(&call.number));
        let waiting: Vec<Arc<OutboundCall>> = waiting.take(free).cloned().collect();
        let mut grounded = Vec::new();
        for call in waiting {
            let carrier = self.outbound.carrier.get();
            if carrier.is_some_and(|carry| carry(self.id, Arc::clone(&call))) {
                flying.insert(call.number, call);
            } else {
                grounded.push(call);
            }
        }
        grounded
    }

    /// Gives the answer to a call. Nothing happens when nobody waits for it any more.
    pub fn answer(&self, call: &Arc<OutboundCall>, answer: &Answer, system_now: Millis) {
        let now = self.now(system_now);
        self.take_answer(call, answer, now);
        let mut flying = self.outbound.lock();
        if flying.get(&call.number).is_some_and(|own| Arc::ptr_eq(own, call)) {
            flying.remove(&call.number);
        }
        drop(flying);
        self.outbound.landed.notify_all();
        // What the answer made due runs, and the next call may take off.
        self.settle(now);
        self.carry(now);
    }

    /// Waits until an answer has come. False when none does although all should have.
    pub(super) fn await_answer(&self) -> bool {
        let flying = self.outbound.lock();
        let Some(longest) = flying.values().map(|call| call.timeout).max() else { return true };
        let bound = Duration::from_millis(longest.unsigned_abs()) + SLACK;
        let seen: Vec<u64> = flying.keys().copied().collect();
        let unchanged = |now: &mut HashMap<u64, Arc<OutboundCall>>| {
            seen.iter().all(|number| now.contains_key(number))
        };
        let waited = self.outbound.landed.wait_timeout_while(flying, bound, unchanged);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}
