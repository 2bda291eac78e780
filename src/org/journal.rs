//! The journal: what an org was asked and what it answered, the newest ten thousand exchanges or
//! sixteen megabytes of them, whichever is less.
//!
//! Recording copies texts into one piece of memory and reads nothing. Whoever reads gets shared
//! exchanges and renders them without a lock. Numbers go up by one and are never used again, so that a reader
//! can ask for what came since.

use crate::clock::Millis;
use compact_str::CompactString;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Most exchanges.
const MOST: usize = 10_000;

/// Most bytes of all exchanges together.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Most bytes of one body; the rest is cut off.
pub const MOST_OF_BODY: usize = 64 * 1024;

/// What an exchange takes beside its texts.
const FIXED: usize = 256;

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

/// One request and its answer. All its texts lie in one piece of memory: what a request allocates is
/// given back at once and used for the next, and an old exchange is forgotten with one call.
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
    /// True over TLS.
    pub secure: bool,
    /// Status of the answer.
    pub status: u16,
    /// How long the answer took, in microseconds.
    pub duration: u64,
    /// The fault rule that had a hand in it.
    pub fault: Option<String>,
    /// What it is about, once somebody asked.
    pub told: OnceLock<Told>,
    /// Bytes of the whole request body; `None` when it was not in memory.
    pub request_length: Option<usize>,
    /// Bytes of the whole body of the answer; `None` when it was sent piece by piece.
    pub response_length: Option<usize>,
    /// Path, query, host, headers of the request, headers of the answer, body of the request, body
    /// of the answer.
    packed: Box<[u8]>,
    /// Where the parts of `packed` end, but for the last.
    ends: [u32; 6],
}

/// The texts of an exchange, before they are packed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'t, Q, A> {
    /// The path as it was sent.
    pub path: &'t str,
    /// The query as it was sent, without `?`.
    pub query: &'t str,
    /// The authority that the client addressed.
    pub host: &'t str,
    /// Headers of the request, names in lower case. Values are text as bytes: nothing is checked on
    /// the way in.
    pub request_headers: Q,
    /// Headers of the answer.
    pub response_headers: A,
    /// Body of the request; its beginning is kept.
    pub request_body: &'t [u8],
    /// Body of the answer; its beginning is kept.
    pub response_body: &'t [u8],
}

impl Exchange {
    /// The same with these texts.
    #[must_use]
    pub fn with<'t, Q, A>(mut self, texts: Texts<'t, Q, A>) -> Exchange
    where
        Q: Iterator<Item = (&'t str, &'t [u8])> + Clone,
        A: Iterator<Item = (&'t str, &'t [u8])> + Clone,
    {
        let kept = |body: &'t [u8]| &body[..body.len().min(MOST_OF_BODY)];
        let bodies = [kept(texts.request_body), kept(texts.response_body)];
        let size = |(name, value): (&str, &[u8])| 4 + name.len() + value.len();
        let headers: usize = texts.request_headers.clone().map(size).sum();
        let headers = headers + texts.response_headers.clone().map(size).sum::<usize>();
        let plain = [texts.path, texts.query, texts.host];
        let plain_size: usize = plain.iter().map(|text| text.len()).sum();
        let mut packed =
            Vec::with_capacity(plain_size + headers + bodies[0].len() + bodies[1].len());
        let mut ends = [0; 6];
        for (end, text) in ends.iter_mut().zip(plain) {
            packed.extend_from_slice(text.as_bytes());
            *end = packed.len() as u32;
        }
        texts.request_headers.for_each(|header| pack(&mut packed, header));
        ends[3] = packed.len() as u32;
        texts.response_headers.for_each(|header| pack(&mut packed, header));
        ends[4] = packed.len() as u32;
        packed.extend_from_slice(bodies[0]);
        ends[5] = packed.len() as u32;
        packed.extend_from_slice(bodies[1]);
        self.packed = packed.into_boxed_slice();
        self.ends = ends;
        self
    }

    fn part(&self, number: usize) -> &[u8] {
        let from = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let to = self.ends.get(number).map_or(self.packed.len(), |end| *end as usize);
        &self.packed[from..to]
    }

    /// The path as it was sent.
    pub fn path(&self) -> &str {
        text(self.part(0))
    }

    /// The query as it was sent, without `?`.
    pub fn query(&self) -> &str {
        text(self.part(1))
    }

    /// The authority that the client addressed.
    pub fn host(&self) -> &str {
        text(self.part(2))
    }

    /// Headers of the request, names in lower case.
    pub fn request_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        Headers(self.part(3))
    }

    /// Headers of the answer.
    pub fn response_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        Headers(self.part(4))
    }

    /// Body of the request, or its first [`MOST_OF_BODY`] bytes.
    pub fn request_body(&self) -> Body<'_> {
        Body { bytes: self.part(5), length: self.request_length }
    }

    /// Body of the answer, or its first [`MOST_OF_BODY`] bytes.
    pub fn response_body(&self) -> Body<'_> {
        Body { bytes: self.part(6), length: self.response_length }
    }

    /// A request's header.
    pub fn request_header(&self, name: &str) -> Option<&str> {
        self.request_headers().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The first value of a header of the answer, letter case of its name aside.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        let mut headers = self.response_headers();
        headers.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// What it takes, about.
    fn weight(&self) -> usize {
        FIXED + self.packed.len()
    }
}

/// A body, or its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Body<'e> {
    /// At most [`MOST_OF_BODY`] bytes.
    pub bytes: &'e [u8],
    /// Bytes of the whole body; `None` when it was not in memory.
    pub length: Option<usize>,
}

impl Body<'_> {
    /// False when a part of it was cut off.
    pub fn is_whole(&self) -> bool {
        self.length == Some(self.bytes.len())
    }
}

/// Appends a header: the lengths of name and value, two bytes each, and both.
fn pack(out: &mut Vec<u8>, (name, value): (&str, &[u8])) {
    let length = |text: &[u8]| u16::try_from(text.len()).unwrap_or(u16::MAX);
    let (name_length, value_length) = (length(name.as_bytes()), length(value));
    out.extend_from_slice(&name_length.to_le_bytes());
    out.extend_from_slice(&value_length.to_le_bytes());
    out.extend_from_slice(&name.as_bytes()[..usize::from(name_length)]);
    out.extend_from_slice(&value[..usize::from(value_length)]);
}

/// Packed headers.
struct Headers<'e>(&'e [u8]);

impl<'e> Iterator for Headers<'e> {
    type Item = (&'e str, &'e str);

    fn next(&mut self) -> Option<(&'e str, &'e str)> {
        let (name, rest) = self.0.split_first_chunk()?;
        let (value, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(u16::from_le_bytes(*name).into())?;
        let (value, rest) = rest.split_at_checked(u16::from_le_bytes(*value).into())?;
        self.0 = rest;
        Some((text(name), text(value)))
    }
}

/// What was text before it was packed.
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
        let body = vec![b'x'; body];
        let exchange = Exchange { request_length: Some(body.len()), ..Exchange::default() };
        exchange.with(Texts {
            path: "/x",
            query: "",
            host: "h",
            request_headers: [("a", &b"1"[..]), ("b", b"")].into_iter(),
            response_headers: [("C", "é".as_bytes())].into_iter(),
            request_body: &body,
            response_body: b"{}",
        })
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
    fn texts_come_out_as_they_went_in() {
        let exchange = exchange(3);
        assert_eq!((exchange.path(), exchange.query(), exchange.host()), ("/x", "", "h"));
        assert_eq!(exchange.request_headers().collect::<Vec<_>>(), [("a", "1"), ("b", "")]);
        assert_eq!((exchange.request_header("b"), exchange.request_header("c")), (Some(""), None));
        assert_eq!(
            (exchange.response_header("c"), exchange.response_header("d")),
            (Some("é"), None)
        );
        assert_eq!(exchange.request_body().bytes, b"xxx");
        assert_eq!(exchange.response_body().bytes, b"{}");
        assert!(exchange.request_body().is_whole());
        assert!(!exchange.response_body().is_whole(), "it came in pieces");
        let empty = Exchange::default();
        assert_eq!((empty.path(), empty.response_header("a")), ("", None));
    }

    #[test]
    fn bodies_are_cut() {
        let exchange = exchange(MOST_OF_BODY + 1);
        let body = exchange.request_body();
        assert_eq!((body.bytes.len(), body.length), (MOST_OF_BODY, Some(MOST_OF_BODY + 1)));
        assert!(!body.is_whole());
    }

    #[test]
    fn off_is_off() {
        let journal = Journal::new(false);
        journal.record(exchange(0), Vec::new());
        assert_eq!((journal.is_on(), journal.latest()), (false, 0));
    }
}
