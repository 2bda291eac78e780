//! What a connection and the thread that watches it tell each other.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// End when the request under way is answered.
    Finish = 1,
    /// End now.
    Abort = 2,
}

/// Shared by a connection and its watcher.
#[derive(Debug, Default)]
pub(super) struct Control {
    signal: AtomicU8,
    waker: Mutex<Option<Waker>>,
    /// Bytes read and written.
    moved: AtomicU64,
    /// Requests that a handler works for, and answers still being made.
    busy: AtomicU32,
    served: AtomicBool,
}

impl Control {
    /// Tells the connection what to do and wakes it.
    pub(super) fn signal(&self, signal: Signal) {
        self.signal.fetch_max(signal as u8, Ordering::AcqRel);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What the connection was told last; 0 when it was told nothing.
    pub(super) fn told(&self) -> u8 {
        self.signal.load(Ordering::Acquire)
    }

    /// True when the connection was told to end.
    pub(super) fn is_told(&self) -> bool {
        self.told() != 0
    }

    /// Wakes the task of this context when the connection is told something. A connection is one
    /// task, and a task's waker is the same from first to last.
    pub(super) fn wakes(&self, context: &Context<'_>) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
    }

    /// Does something until it is done; `None` when the connection is told to end first.
    pub(super) async fn unless_told<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut wakeable = false;
        std::future::poll_fn(|context| {
            if !wakeable {
                self.wakes(context);
                wakeable = true;
            }
            if self.is_told() { Poll::Ready(None) } else { work.as_mut().poll(context).map(Some) }
        })
        .await
    }

    /// Adds to the bytes that have passed. One task reads and writes; the watcher only compares.
    pub(super) fn count(&self, bytes: usize) {
        let moved = self.moved.load(Ordering::Relaxed);
        self.moved.store(moved + bytes as u64, Ordering::Relaxed);
    }

    /// Bytes read and written so far.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// True while a handler works for this connection.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) != 0
    }

    /// True when a whole request has arrived.
    pub(super) fn has_served(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// Notes that a whole request has arrived.
    pub(super) fn mark_served(&self) {
        self.served.store(true, Ordering::Relaxed);
    }

    /// Marks the connection as worked for until the guard is dropped.
    pub(super) fn work(self: &Arc<Control>) -> Working {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Working(Arc::clone(self))
    }
}

/// Work for a connection; while it lasts the connection is not idle.
#[derive(Debug)]
pub(super) struct Working(Arc<Control>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
