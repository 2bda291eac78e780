//! The journal: what an org was asked and what it answered, the newest ten thousand exchanges or
//! sixteen megabytes of them, whichever is less.
//!
//! Recording takes over what request and answer hold already. Whoever reads gets shared exchanges
//! and renders them without a lock. Numbers go up by one and are never used again, so that a reader
//! can ask for what came since.

use crate::clock::Millis;
use bytes::Bytes;
use compact_str::CompactString;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Most exchanges.
const MOST: usize = 10_000;

/// Most bytes of all exchanges together.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Most bytes of one body; the rest is cut off.
pub const MOST_OF_BODY: usize = 64 * 1024;

/// What an exchange takes beside its texts.
const FIXED: usize = 512;

/// What a header takes beside its texts.
const FIXED_OF_HEADER: usize = 48;

/// A body, or its beginning.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// At most [`MOST_OF_BODY`] bytes.
    pub bytes: Bytes,
    /// Bytes of the whole body; `None` when it was sent piece by piece.
    pub length: Option<usize>,
}

impl Body {
    /// A body of which the beginning is kept.
    pub fn of(bytes: &Bytes) -> Body {
        let length = Some(bytes.len());
        if bytes.len() <= MOST_OF_BODY {
            return Body { bytes: bytes.clone(), length };
        }
        // A slice would keep the whole alive.
        Body { bytes: Bytes::copy_from_slice(&bytes[..MOST_OF_BODY]), length }
    }

    /// The same of a body that is a part of something larger, which shall not be kept alive.
    pub fn copied(bytes: &Bytes) -> Body {
        let kept = &bytes[..bytes.len().min(MOST_OF_BODY)];
        Body { bytes: Bytes::copy_from_slice(kept), length: Some(bytes.len()) }
    }

    /// False when a part of it was cut off.
    pub fn is_whole(&self) -> bool {
        self.length == Some(self.bytes.len())
    }
}

/// What the floors above read out of an exchange, once.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The API.
    pub protocol: &'static str,
    /// What was asked for.
    pub operation: &'static str,
    /// The API name of the object.
    pub object: Option<CompactString>,
}

/// One request and its answer.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Its number, from 1; given by the journal.
    pub seq: u64,
    /// The number of the request in which it came (composite); given by the journal.
    pub parent: Option<u64>,
    /// The org's time when it came.
    pub at: Millis,
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without `?`.
    pub query: String,
    /// The authority that the client addressed.
    pub host: String,
    /// True over TLS.
    pub secure: bool,
    /// Headers of the request, names in lower case.
    pub request_headers: Vec<(CompactString, CompactString)>,
    /// Body of the request.
    pub request_body: Body,
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer.
    pub response_headers: Vec<(Cow<'static, str>, Bytes)>,
    /// Body of the answer.
    pub response_body: Body,
    /// How long the answer took, in microseconds.
    pub duration: u64,
    /// The fault rule that had a hand in it.
    pub fault: Option<String>,
    /// What it is about, once somebody asked.
    pub told: OnceLock<Told>,
}

impl Exchange {
    /// A request's header.
    pub fn request_header(&self, name: &str) -> Option<&str> {
        let found = self.request_headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The values of a header of the answer, letter case of its name aside.
    pub fn response_header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.response_headers.iter();
        all.filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| text(value))
    }

    /// What it takes, about.
    fn weight(&self) -> usize {
        let request: usize = self.request_headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        let response: usize = self.response_headers.iter().map(|(_, value)| value.len()).sum();
        let headers = self.request_headers.len() + self.response_headers.len();
        let texts = self.path.len() + self.query.len() + self.host.len();
        let bodies = self.request_body.bytes.len() + self.response_body.bytes.len();
        FIXED + texts + bodies + request + response + headers * FIXED_OF_HEADER
    }
}

/// A header's value; headers are text.
fn text(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or_default()
}

/// The exchanges of one org.
#[derive(Debug)]
pub struct Journal {
    on: bool,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    /// Each with its weight, so that making room reads no old one under the lock.
    exchanges: VecDeque<(Arc<Exchange>, usize)>,
    bytes: usize,
    latest: u64,
}

impl Journal {
    /// An empty one; one that is not `on` stays so.
    pub fn new(on: bool) -> Journal {
        Journal { on, ring: Mutex::default() }
    }

    /// True when exchanges are recorded.
    pub fn is_on(&self) -> bool {
        self.on
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Whole between statements, so a panic elsewhere spoils nothing.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an exchange and those that came inside it; the oldest make room.
    pub fn record(&self, exchange: Exchange, parts: Vec<Exchange>) {
        if !self.on {
            return;
        }
        let weighed = |exchange: Exchange| {
            let weight = exchange.weight();
            (Arc::new(exchange), weight)
        };
        let exchange = weighed(exchange);
        let parts: Vec<(Arc<Exchange>, usize)> = parts.into_iter().map(weighed).collect();
        // Dropped after the lock.
        let mut evicted = Vec::new();
        let mut ring = self.ring();
        let parent = ring.push(exchange, None, &mut evicted);
        for part in parts {
            ring.push(part, Some(parent), &mut evicted);
        }
        drop(ring);
    }

    /// Those after a number, oldest first.
    pub fn since(&self, seq: u64) -> Vec<Arc<Exchange>> {
        let ring = self.ring();
        let first = ring.exchanges.front().map_or(u64::MAX, |(first, _)| first.seq);
        let skipped = seq.saturating_add(1).saturating_sub(first);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        ring.exchanges.iter().skip(skipped).map(|(exchange, _)| Arc::clone(exchange)).collect()
    }

    /// The newest number given; 0 before the first.
    pub fn latest(&self) -> u64 {
        self.ring().latest
    }

    /// Forgets all exchanges. Numbers go on.
    pub fn clear(&self) {
        let mut ring = self.ring();
        ring.bytes = 0;
        let forgotten = std::mem::take(&mut ring.exchanges);
        drop(ring);
        drop(forgotten);
    }
}

impl Ring {
    /// Takes an exchange, numbers it and makes room; gives its number.
    fn push(
        &mut self,
        (mut exchange, weight): (Arc<Exchange>, usize),
        parent: Option<u64>,
        evicted: &mut Vec<Arc<Exchange>>,
    ) -> u64 {
        self.latest += 1;
        // Nobody else has it yet.
        if let Some(exchange) = Arc::get_mut(&mut exchange) {
            exchange.seq = self.latest;
            exchange.parent = parent;
        }
        self.bytes += weight;
        self.exchanges.push_back((exchange, weight));
        while self.exchanges.len() > MOST || self.bytes > MOST_BYTES {
            let Some((oldest, weight)) = self.exchanges.pop_front() else { break };
            self.bytes -= weight;
            evicted.push(oldest);
        }
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(body: usize) -> Exchange {
        let request_body = Body::of(&Bytes::from(vec![b'x'; body]));
        Exchange { method: "GET", path: "/x".to_owned(), request_body, ..Exchange::default() }
    }

    fn numbers(journal: &Journal, since: u64) -> Vec<u64> {
        journal.since(since).iter().map(|exchange| exchange.seq).collect()
    }

    #[test]
    fn numbers_go_up_and_parts_know_their_parent() {
        let journal = Journal::new(true);
        journal.record(exchange(0), Vec::new());
        journal.record(exchange(0), vec![exchange(0), exchange(0)]);
        let all = journal.since(0);
        let seen: Vec<_> = all.iter().map(|exchange| (exchange.seq, exchange.parent)).collect();
        assert_eq!(seen, [(1, None), (2, None), (3, Some(2)), (4, Some(2))]);
        assert_eq!((numbers(&journal, 2), numbers(&journal, 4)), (vec![3, 4], vec![]));
        assert!(numbers(&journal, 100).is_empty());
        journal.clear();
        assert_eq!((numbers(&journal, 0), journal.latest()), (vec![], 4));
        journal.record(exchange(0), Vec::new());
        assert_eq!((numbers(&journal, 0), numbers(&journal, 4)), (vec![5], vec![5]));
    }

    #[test]
    fn the_oldest_make_room() {
        let journal = Journal::new(true);
        for _ in 0..MOST + 5 {
            journal.record(exchange(0), Vec::new());
        }
        let kept = numbers(&journal, 0);
        assert_eq!((kept.len(), kept[0]), (MOST, 6));
        assert_eq!(numbers(&journal, 10_003), [10_004, 10_005]);
        // Large ones are bounded by their bytes.
        for _ in 0..1000 {
            journal.record(exchange(MOST_OF_BODY), Vec::new());
        }
        let kept = journal.since(0);
        assert!(kept.len() < 256, "{}", kept.len());
        let bytes: usize = kept.iter().map(|exchange| exchange.weight()).sum();
        assert!(bytes <= MOST_BYTES && bytes > MOST_BYTES - 2 * MOST_OF_BODY);
        assert_eq!(journal.ring().bytes, bytes);
    }

    #[test]
    fn bodies_are_cut() {
        let body = Body::of(&Bytes::from(vec![b'x'; MOST_OF_BODY + 1]));
        assert_eq!((body.bytes.len(), body.length), (MOST_OF_BODY, Some(MOST_OF_BODY + 1)));
        assert!(!body.is_whole() && Body::of(&Bytes::from_static(b"x")).is_whole());
        assert!(!Body::default().is_whole(), "one that came in pieces");
    }

    #[test]
    fn off_is_off() {
        let journal = Journal::new(false);
        journal.record(exchange(0), Vec::new());
        assert_eq!((journal.is_on(), journal.latest()), (false, 0));
    }
}
