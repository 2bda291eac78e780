//! Background work: what falls due runs in order, in slices that release the writer.
//!
//! jobs in the state → [`Hooks::step`] names the function of each → it changes the records and plans
//! what comes next, as one transaction with the rest of its slice → published. A step that fails
//! leaves the records as they were.
//!
//! What is due runs before the org's next request, when its clock is moved, and (on a real clock) as
//! time passes. On a virtual clock a step's time is the instant at which it fell due, on a real one
//! that at which it runs, so that stamps never lie before what a client has already read.

use super::{Drained, Hooks, Org, Orgs};
use crate::clock::{Clock, Millis};
use crate::dml::{Actor, Transaction};
use crate::error::Faults;
use crate::store::{Answer, Job, State};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a slice may cost, in row writes: well under 5 ms of work.
const SLICE: u32 = 128;

/// More steps than any sound work takes: a job that plans itself again without end is stopped here.
const MOST_STEPS: usize = 50_000_000;

/// Runs a job: changes records, plans what comes next. Gives what it cost, in row writes.
pub type Step = fn(&mut Transaction<'_>, &Job) -> Result<u32, Faults>;

/// Takes the answer to a call that a job of this kind asked.
pub type Answered = fn(&mut Transaction<'_>, &Job, &Answer) -> Result<(), Faults>;

/// What became of a slice.
#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    ran: usize,
    more: bool,
}

impl Org {
    /// Lets a request in: work that waited for requests counts it, and what is due runs. On a real
    /// clock that somebody drives, a long queue is left to them.
    pub(super) fn catch_up(&self, now: Millis) {
        if self.read().jobs.await_requests() {
            let counted: Result<(), Infallible> = self.change(|state| {
                state.jobs.count_request(now);
                Ok(())
            });
            debug_assert!(counted.is_ok());
        }
        self.settle(now);
    }

    /// Runs what is due before somebody looks or changes something, without counting a request.
    pub fn settle(&self, now: Millis) {
        let state = self.read();
        if state.jobs.next_due().is_none_or(|due| due > now) {
            return;
        }
        match state.clock {
            Clock::Virtual { .. } => {
                self.run_due(now);
            }
            Clock::Real { .. } => {
                let long = state.jobs.due_at_least(now, SLICE as usize);
                if !long || !self.driven.load(Ordering::Relaxed) {
                    self.slice(now);
                }
            }
        }
    }

    /// Runs all that is due, slice by slice; gives the number of steps.
    pub fn run_due(&self, now: Millis) -> usize {
        let mut ran = 0;
        while ran < MOST_STEPS {
            let slice = self.slice(now);
            ran += slice.ran;
            if !slice.more {
                break;
            }
        }
        ran
    }

    /// Runs a slice of what is due; true when more is. For a timer that drives a real clock.
    pub fn tick(&self, system_now: Millis) -> bool {
        self.driven.store(true, Ordering::Relaxed);
        let now = self.now(system_now);
        let due = self.read().jobs.next_due().is_some_and(|due| due <= now);
        due && self.slice(now).more
    }

    /// Runs all work to its end; the clock moves on to whatever falls due later.
    pub fn drain(&self, system_now: Millis) -> Drained {
        let mut ran = 0;
        loop {
            let now = self.now(system_now);
            let next: Result<Option<Millis>, Infallible> = self.change(|state| {
                state.jobs.stop_waiting(now);
                let due = state.jobs.next_due();
                if let Some(later) = due.filter(|due| *due > now) {
                    state.clock.advance(later - now);
                }
                Ok(due)
            });
            if matches!(next, Ok(None)) || ran >= MOST_STEPS {
                return Drained { ran, now };
            }
            ran += self.run_due(self.now(system_now));
        }
    }

    fn slice(&self, now: Millis) -> Slice {
        let _writer = self.lock();
        let before = self.read();
        let mut slice = Slice::default();
        let actor = Actor { user: self.credentials.user_id, now, system: true };
        let mut transaction =
            Transaction::begin(&before, actor, &self.indexes).with_hooks(self.hooks.writes);
        let virtual_clock = matches!(before.clock, Clock::Virtual { .. });
        let mut cost = 0;
        while cost < SLICE {
            let Some((due, job)) = transaction.state.jobs.take_due(now) else { break };
            transaction.actor.now = if virtual_clock { due } else { now };
            cost += step(self.hooks, &mut transaction, &job);
            slice.ran += 1;
        }
        slice.more = transaction.state.jobs.next_due().is_some_and(|due| due <= now);
        if slice.ran > 0 {
            self.publish(Arc::new(transaction.state));
        }
        slice
    }

    /// Gives the answer to a call that the org asked. Nothing happens when nobody waits for it.
    pub fn answer(&self, number: u64, answer: &Answer, system_now: Millis) {
        let now = self.now(system_now);
        let actor = Actor { user: self.credentials.user_id, now, system: true };
        let taken = self.write(actor, |transaction| {
            let Some(call) = transaction.state.calls.close(number) else { return Ok(()) };
            let savepoint = transaction.state.clone();
            let Some(answered) = (self.hooks.answered)(call.job.kind) else { return Ok(()) };
            if let Err(faults) = answered(transaction, &call.job, answer) {
                report(&call.job, &faults);
                transaction.state = savepoint;
            }
            Ok(())
        });
        debug_assert!(taken.is_ok());
    }
}

/// Runs one step; gives what it cost. One that fails leaves no trace but a line in the log.
fn step(hooks: &Hooks, transaction: &mut Transaction<'_>, job: &Job) -> u32 {
    let Some(step) = (hooks.step)(job.kind) else {
        tracing::error!(kind = job.kind, "nobody runs jobs of this kind");
        return 1;
    };
    let savepoint: State = transaction.state.clone();
    match step(transaction, job) {
        Ok(cost) => cost.max(1),
        Err(faults) => {
            report(job, &faults);
            transaction.state = savepoint;
            1
        }
    }
}

fn report(job: &Job, faults: &Faults) {
    let why = faults.first().map(ToString::to_string).unwrap_or_default();
    tracing::error!(kind = job.kind, subject = %job.subject, why, "a step failed");
}

impl Orgs {
    /// Runs a slice of what is due in each org; true when more is. For a timer that drives the real
    /// clocks of a served process.
    pub fn run_due(&self, system_now: Millis) -> bool {
        self.all().iter().fold(false, |more, org| org.tick(system_now) || more)
    }
}
