//! What is noted of a request while it is answered: what the journal will say of it that neither the
//! request nor its answer shows.

use super::http::Request;
use crate::org::Org;
use bytes::Bytes;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;

/// The notes of one request.
#[derive(Default)]
pub struct Trace {
    org: RefCell<Option<Arc<Org>>>,
    fault: RefCell<Option<String>>,
    parts: RefCell<Vec<Part>>,
    unheard: Cell<bool>,
}

/// A request inside another one, and its answer.
pub struct Part {
    /// The request.
    pub request: Request,
    /// The fault rule that answered it.
    pub fault: Option<String>,
    /// Status of its answer.
    pub status: u16,
    /// Headers of its answer, with those that the answer around it would carry for it.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// JSON of its answer; empty for none.
    pub body: Bytes,
    /// Microseconds.
    pub duration: u64,
}

impl Trace {
    /// The request turned out to be this org's: a login may name another than the host did.
    pub fn belongs_to(&self, org: &Arc<Org>) {
        *self.org.borrow_mut() = Some(Arc::clone(org));
    }

    /// A fault rule answered the request or changed its answer.
    pub fn fault(&self, rule: &str) {
        *self.fault.borrow_mut() = Some(rule.to_owned());
    }

    /// The journal shall not have this request: nobody asked for it on purpose (telemetry).
    pub fn leave_out(&self) {
        self.unheard.set(true);
    }

    /// A request inside this one was answered.
    pub fn part(&self, part: Part) {
        self.parts.borrow_mut().push(part);
    }

    /// How many requests inside this one were answered.
    pub fn parts(&self) -> usize {
        self.parts.borrow().len()
    }

    /// What requests inside this one did was taken back: they were answered with this instead.
    pub fn taken_back(&self, which: Range<usize>, status: u16, body: &str) {
        let mut parts = self.parts.borrow_mut();
        let body = Bytes::copy_from_slice(body.as_bytes());
        for part in parts.get_mut(which).unwrap_or_default() {
            part.status = status;
            part.headers.clear();
            part.body = body.clone();
        }
    }

    /// What was noted: the org, if any; the fault; the parts. `None` when the request is to be left
    /// out.
    pub(super) fn close(self) -> Option<Noted> {
        let noted = Noted {
            org: self.org.into_inner(),
            fault: self.fault.into_inner(),
            parts: self.parts.into_inner(),
        };
        (!self.unheard.get()).then_some(noted)
    }
}

/// What was noted of a request.
pub(super) struct Noted {
    pub(super) org: Option<Arc<Org>>,
    pub(super) fault: Option<String>,
    pub(super) parts: Vec<Part>,
}
