//! What a served process was asked, counted: the summary that `exec` ends with.

use crate::api::{self, Request, RequestBody, Response, ResponseBody};
use crate::org::Orgs;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most kinds of calls, and most expectations, that are told apart.
const MOST: usize = 1_000;

/// Counts requests and answers as they pass by.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

/// What was counted. Control calls are not requests here.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Requests of clients.
    pub requests: u64,
    /// Those answered with a status of 400 or more.
    pub errors: u64,
    /// What was asked for and is not emulated (the header `X-Fauxforce-Unsupported`), with how often.
    pub unsupported: BTreeMap<String, u64>,
    /// `POST …/requests/verify` by path and body, with whether it last matched.
    pub expectations: BTreeMap<String, bool>,
}

impl Counts {
    /// Calls that are not emulated.
    pub fn unsupported_calls(&self) -> u64 {
        self.unsupported.values().sum()
    }

    /// The expectations that did not hold when they were last verified.
    pub fn unmet(&self) -> impl Iterator<Item = &str> {
        self.expectations.iter().filter(|(_, met)| !**met).map(|(what, _)| what.as_str())
    }
}

impl Tally {
    /// What was counted until now.
    pub fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// What must be known of a request once it is answered.
    fn before(request: &Request) -> Passing {
        if !request.path.trim_start_matches('/').starts_with("_fauxforce") {
            return Passing::Client;
        }
        match &request.body {
            RequestBody::Bytes(body) if request.path.ends_with("/requests/verify") => {
                let org = request.path.rsplit('/').nth(2).unwrap_or_default();
                let body: String = String::from_utf8_lossy(body).chars().take(2_000).collect();
                Passing::Expectation(format!("{org}: {}", body.trim()))
            }
            _ => Passing::Control,
        }
    }

    /// Counts an answer.
    fn after(&self, passing: Passing, response: &Response) {
        match passing {
            Passing::Control => {}
            Passing::Expectation(what) => {
                let Some(met) = matched(response) else { return };
                let mut counts = self.lock();
                if counts.expectations.len() < MOST || counts.expectations.contains_key(&what) {
                    counts.expectations.insert(what, met);
                }
            }
            Passing::Client => {
                let mut counts = self.lock();
                counts.requests += 1;
                counts.errors += u64::from(response.status >= 400);
                let Some(what) = response.header("x-fauxforce-unsupported") else { return };
                if counts.unsupported.len() < MOST {
                    *counts.unsupported.entry(what.to_owned()).or_default() += 1;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // The counts are whole between statements, so a panic elsewhere does not spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request, and counts it when somebody wants to know.
pub(super) fn answer(orgs: &Orgs, tally: Option<&Tally>, request: Request) -> Response {
    let Some(tally) = tally else { return api::handle(orgs, request) };
    let passing = Tally::before(&request);
    let response = api::handle(orgs, request);
    // One that has to wait comes again.
    if response.pause.is_none() {
        tally.after(passing, &response);
    }
    response
}

/// A request that is not answered yet.
enum Passing {
    /// To Salesforce.
    Client,
    /// To the control API.
    Control,
    /// `requests/verify`, with its org and body.
    Expectation(String),
}

/// Whether an expectation was met; `None` when the call was refused.
fn matched(response: &Response) -> Option<bool> {
    let ResponseBody::Bytes(body) = &response.body else { return None };
    let says = |wanted: &[u8]| memchr::memmem::find(body, wanted).is_some();
    match response.status {
        417 => Some(false),
        200 => Some(!says(b"\"matched\":false")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Method;

    fn pass(tally: &Tally, target: &str, body: &str, answer: &Response) {
        let request = Request::new(Method::Post, target).body(body.to_owned());
        tally.after(Tally::before(&request), answer);
    }

    #[test]
    fn clients_are_counted_and_control_calls_are_not() {
        let tally = Tally::default();
        pass(&tally, "/services/data", "", &Response::status(200));
        pass(&tally, "/services/data/v66.0/query", "", &Response::status(400));
        let refused = Response::status(501).with("X-Fauxforce-Unsupported", "GraphQL");
        pass(&tally, "/services/data/v66.0/graphql", "", &refused);
        pass(&tally, "/_fauxforce/orgs", "", &Response::status(404));
        let counts = tally.counts();
        assert_eq!((counts.requests, counts.errors, counts.unsupported_calls()), (3, 2, 1));
        assert_eq!(counts.unsupported["GraphQL"], 1);
    }

    #[test]
    fn the_last_answer_of_an_expectation_counts() {
        let tally = Tally::default();
        let path = "/_fauxforce/orgs/mine/requests/verify";
        let answer = |body: &'static str| Response::status(200).body(body);
        pass(&tally, path, "{\"a\":1}", &answer("{\"matched\":false,\"count\":0}"));
        pass(&tally, path, "{\"b\":1}", &Response::status(417));
        assert_eq!(tally.counts().unmet().count(), 2);
        pass(&tally, path, "{\"a\":1}", &answer("{\"matched\":true,\"count\":1}"));
        pass(&tally, path, "{\"c\":1}", &Response::status(400));
        assert_eq!(tally.counts().unmet().collect::<Vec<_>>(), ["mine: {\"b\":1}"]);
    }
}
