//! Background work: what falls due runs in order, in slices that release the writer.
//!
//! jobs in the state → [`Hooks::step`] names the function of each → it changes the records and plans
//! what comes next, as one transaction with the rest of its slice → published. A step that fails
//! leaves the records as they were.
//!
//! What is due runs before the org's next request, when its clock is moved, and (on a real clock) as
//! time passes. On a virtual clock a step's time is the instant at which it fell due, on a real one
//! that at which it runs, so that stamps never lie before what a client has already read.

use super::{Drained, Hooks, Org};
use crate::clock::{Clock, Millis};
use crate::dml::{Actor, Attempt, TargetGate, Transaction};
use crate::error::Faults;
use crate::store::{Answer, Job, OutboundCall, State};
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a slice may cost, in row writes: well under 5 ms of work.
const SLICE: u32 = 128;

/// More steps than any sound work takes: a job that plans itself again without end is stopped here.
const MOST_STEPS: usize = 50_000_000;

/// Runs a job: changes records, plans what comes next. Gives what it cost, in row writes.
pub type Step = fn(&mut Transaction<'_>, &Job) -> Result<u32, Faults>;

/// Takes the answer to a call that a job of this kind asked.
pub type TakeAnswer = fn(&mut Transaction<'_>, &Job, &Answer) -> Result<(), Faults>;

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
                    self.carry(now);
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
        self.carry(now);
        ran
    }

    /// Runs a slice of what is due; true when more is. For a timer that drives a real clock.
    pub fn tick(&self, system_now: Millis) -> bool {
        self.driven.store(true, Ordering::Relaxed);
        let now = self.now(system_now);
        let due = self.read().jobs.next_due().is_some_and(|due| due <= now);
        let more = due && self.slice(now).more;
        self.carry(now);
        more
    }

    /// Runs all work to its end; the clock moves on to whatever falls due later, and answers to calls
    /// to other systems are waited for.
    pub fn drain(&self, system_now: Millis) -> Drained {
        let mut ran = 0;
        loop {
            let now = self.now(system_now);
            ran += self.run_due(now);
            // Answers come in before the clock moves on.
            if !self.read().calls.is_empty() && self.await_answer() {
                continue;
            }
            let due = self.moved(|state| {
                // Nobody's requests are waited for, whichever step asked for that.
                state.jobs.stop_waiting(now);
                let due = state.jobs.next_due();
                if let Some(later) = due.filter(|due| *due > now) {
                    state.clock.advance(later - now);
                }
                due
            });
            if due.is_none() || ran >= MOST_STEPS {
                return Drained { ran, now };
            }
        }
    }

    fn moved<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let done: Result<T, Infallible> = self.change(|state| Ok(work(state)));
        let Ok(done) = done;
        done
    }

    fn slice(&self, now: Millis) -> Slice {
        let _writer = self.lock();
        let before = self.read();
        // A savepoint costs more than most steps. Where none of them fails none is needed; else the
        // slice is begun anew with one for each. Fault rules count what they are asked, so they are
        // asked once.
        let quick =
            if self.faults.are_of_targets() { None } else { self.steps(&before, now, false) };
        let done = quick.or_else(|| self.steps(&before, now, true));
        let Some((state, slice)) = done else { return Slice::default() };
        if slice.ran > 0 {
            self.publish(Arc::new(state));
        }
        slice
    }

    /// Runs steps that are due, until they have cost a slice. Without savepoints `None` says that one
    /// of them failed.
    fn steps(&self, before: &State, now: Millis, savepoints: bool) -> Option<(State, Slice)> {
        let mut slice = Slice::default();
        let actor = Actor { user: self.credentials.user_id, now, system: true };
        let upset = |attempt: &Attempt<'_>| self.faults.upset(attempt, now);
        let targets: Option<TargetGate<'_>> =
            if self.faults.are_of_targets() { Some(&upset) } else { None };
        let mut transaction = Transaction::begin(before, actor, &self.indexes)
            .with_hooks(self.hooks.writes)
            .with_targets(targets);
        let virtual_clock = matches!(before.clock, Clock::Virtual { .. });
        let mut run = |transaction: &mut Transaction<'_>| {
            let mut cost = 0;
            while cost < SLICE {
                let Some((due, job)) = transaction.state.jobs.take_due(now) else { break };
                transaction.actor.now = if virtual_clock { due } else { now };
                cost += if savepoints {
                    step(self.hooks, transaction, &job)
                } else {
                    quick_step(self.hooks, transaction, &job)?
                };
                slice.ran += 1;
            }
            Some(())
        };
        if savepoints {
            run(&mut transaction)?;
        } else {
            transaction.unguarded(run)??;
        }
        slice.more = transaction.state.jobs.next_due().is_some_and(|due| due <= now);
        Some((transaction.state, slice))
    }

    /// Takes the answer to a call into the records. Nothing happens when nobody waits for it any
    /// more.
    pub(super) fn take_answer(&self, call: &Arc<OutboundCall>, answer: &Answer, now: Millis) {
        let actor = Actor { user: self.credentials.user_id, now, system: true };
        let taken = self.write(actor, |transaction| {
            if !transaction.state.calls.is_open(call) {
                return Ok(());
            }
            transaction.state.calls.close(call.number);
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

/// Runs one step that is not expected to fail; `None` when it does.
fn quick_step(hooks: &Hooks, transaction: &mut Transaction<'_>, job: &Job) -> Option<u32> {
    let step = (hooks.step)(job.kind)?;
    let outcome = catch_unwind(AssertUnwindSafe(|| step(transaction, job)));
    outcome.ok()?.ok().map(|cost| cost.max(1))
}

/// Runs one step; gives what it cost. One that fails leaves no trace but a line in the log.
fn step(hooks: &Hooks, transaction: &mut Transaction<'_>, job: &Job) -> u32 {
    let Some(step) = (hooks.step)(job.kind) else {
        tracing::error!(kind = job.kind, "nobody runs jobs of this kind");
        return 1;
    };
    let savepoint: State = transaction.state.clone();
    // A step that panics must not stop those behind it: it is dropped like one that fails.
    let outcome = catch_unwind(AssertUnwindSafe(|| step(transaction, job)));
    match outcome {
        Ok(Ok(cost)) => return cost.max(1),
        Ok(Err(faults)) => report(job, &faults),
        Err(_) => tracing::error!(kind = job.kind, subject = %job.subject, "a step panicked"),
    }
    transaction.state = savepoint;
    1
}

fn report(job: &Job, faults: &Faults) {
    let why = faults.first().map(ToString::to_string).unwrap_or_default();
    tracing::error!(kind = job.kind, subject = %job.subject, why, "a step failed");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dml;
    use crate::id::Id;
    use crate::org::{DEFAULT, First};
    use crate::schema::{Features, Schema};
    use crate::store::{Answered, Ask, Doc, Job, JobKind, Pace};
    use std::sync::Arc;

    const COUNT: JobKind = "count";
    const FAIL: JobKind = "fail";
    const PANIC: JobKind = "panic";
    const TALLY: (&str, JobKind) = ("steps", COUNT);

    fn step_of(kind: JobKind) -> Option<Step> {
        let count: Step = |transaction, job| {
            let key = (TALLY.0, job.subject);
            *transaction.state.tallies.entry(key).or_insert(0) += 1;
            if job.at > 0 {
                let now = transaction.actor.now;
                let job = Job { at: job.at - 1, ..job.clone() };
                transaction.state.jobs.pace(now, Pace::After(10), job);
            }
            Ok(1)
        };
        let fail: Step = |transaction, job| {
            transaction.state.tallies.insert((TALLY.0, job.subject), 1000);
            Err(vec![crate::error::OrgError::not_found()])
        };
        let panic: Step = |transaction, job| {
            transaction.state.tallies.insert((TALLY.0, job.subject), 1000);
            panic!("on purpose")
        };
        [(COUNT, count), (FAIL, fail), (PANIC, panic)]
            .into_iter()
            .find(|(own, _)| *own == kind)
            .map(|(_, step)| step)
    }

    fn answered_of(_: JobKind) -> Option<TakeAnswer> {
        Some(|transaction, job, answer| {
            let next = answer.as_ref().map_or(0, |answered| answered.next.unwrap_or(0));
            transaction.state.tallies.insert((TALLY.0, job.subject), next);
            Ok(())
        })
    }

    fn call(job: Job) -> OutboundCall {
        let (url, ask) = ("http://target.test".into(), Ask::Event(Doc::Null));
        OutboundCall { number: 0, job, url, authorization: None, timeout: 1000, ask }
    }

    static HOOKS: Hooks = Hooks { writes: dml::Hooks::NONE, step: step_of, answered: answered_of };

    fn subject() -> Id {
        Id::own(*b"0HP", 1)
    }

    fn org(clock: Clock) -> Org {
        let state = State::new(Schema::standard(Features::DEFAULT), clock);
        let (id, user) = (Id::own(*b"00D", 1), Id::own(*b"005", 1));
        let first = First {
            org: id,
            name: DEFAULT.into(),
            template: Arc::default(),
            administrator: user,
            now: 0,
            lifetime: 1000,
        };
        Org::new(first, Arc::new(state), |state, _| Arc::clone(state)).with_hooks(&HOOKS)
    }

    fn push(org: &Org, due: Millis, kind: JobKind, at: u64) {
        let pushed: Result<(), Infallible> = org.change(|state| {
            state.jobs.push(due, Job { at, ..Job::new(kind, subject()) });
            Ok(())
        });
        pushed.expect("no error");
    }

    fn counted(org: &Org) -> u64 {
        org.read().tallies.get(&(TALLY.0, subject())).copied().unwrap_or(0)
    }

    #[test]
    fn a_step_that_fails_or_panics_leaves_no_trace_and_stops_nobody() {
        let org = org(Clock::Virtual { now: 100 });
        for kind in [COUNT, FAIL, PANIC, "nobody's", COUNT] {
            push(&org, 100, kind, 0);
        }
        assert_eq!(org.run_due(100), 5);
        assert_eq!(counted(&org), 2);
        assert!(org.read().jobs.is_empty());
    }

    #[test]
    fn a_request_on_a_driven_real_clock_leaves_a_long_queue_alone() {
        let org = org(Clock::Real { offset: 0 });
        for _ in 0..300 {
            push(&org, 50, COUNT, 0);
        }
        org.catch_up(100);
        assert_eq!(counted(&org), u64::from(SLICE), "nobody drives the clock: a slice");
        assert!(org.tick(100), "there is more");
        assert_eq!(counted(&org), 2 * u64::from(SLICE));
        for _ in 0..300 {
            push(&org, 50, COUNT, 0);
        }
        org.catch_up(100);
        assert_eq!(counted(&org), 2 * u64::from(SLICE), "a long queue is the timer's");
        while org.tick(100) {}
        assert_eq!(counted(&org), 600);
        push(&org, 50, COUNT, 0);
        org.catch_up(100);
        assert_eq!(counted(&org), 601, "a short one is not");
    }

    #[test]
    fn an_answer_is_taken_once() {
        let org = org(Clock::Virtual { now: 100 });
        let ask = || {
            let asked: Result<(), Infallible> = org.change(|state| {
                state.calls.ask(call(Job::new(COUNT, subject())));
                Ok(())
            });
            asked.expect("no error");
            Arc::clone(org.read().calls.open().next().expect("a call"))
        };
        let answer = |next| Ok(Answered { next: Some(next), ..Answered::default() });
        let first = ask();
        org.answer(&first, &answer(3), 0);
        org.answer(&first, &answer(5), 0);
        assert_eq!(counted(&org), 3);
        assert!(org.read().calls.is_empty());
        // After a reset the answer to the first call is not that of another.
        org.reset(false, 0);
        let second = ask();
        org.take_answer(&first, &answer(7), 100);
        assert_eq!(counted(&org), 0);
        assert!(org.read().calls.is_open(&second));
        // Nobody serves this org: the call fails, and work does not wait for it.
        assert_eq!(org.drain(0).ran, 0);
        assert!(org.read().calls.is_empty());
    }

    #[test]
    fn drain_goes_from_one_instant_to_the_next() {
        let org = org(Clock::Virtual { now: 100 });
        push(&org, 150, COUNT, 4);
        assert_eq!(org.drain(0), Drained { ran: 5, now: 190 });
        assert_eq!(counted(&org), 5);
    }
}
