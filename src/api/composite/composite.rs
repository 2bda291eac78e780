//! `POST /composite`: up to 25 requests in one, the later ones with values of the earlier ones.
//! `reference/rest.md` §5.1.
//!
//! body → [`SubRequest`]s → whole-request faults → one after another: references replaced, run,
//! answered. With `allOrNone` all run in one unit of work, dropped when one fails; without it each is
//! a request of its own. `collateSubrequests` is accepted: nothing here depends on the order in which
//! requests without dependencies are worked off, so they keep theirs.

use super::super::body;
use super::super::reply::Reply;
use super::super::rest::{Call, Outcome};
use super::references::{Known, References};
use super::subrequest::{self, Answer, Ready, SubRequest};
use super::{nothing_nested, subrequest::is_true};
use crate::error::OrgError;
use crate::org::Unit;
use bytes::Bytes;
use std::collections::{HashMap, HashSet};

/// Most sub-requests.
const OPERATIONS: usize = 25;
/// Most queries and collections among them.
const QUERIES: usize = 5;

/// Answers a composite request. Once it is understood its status is 200 whatever its parts say.
pub(super) fn handle(call: &Call<'_>) -> Outcome {
    let bytes = call.entry.body();
    let (requests, all_or_none) = read(call, &bytes)?;
    let queries = requests.iter().filter(|request| is_query(request.resource())).count();
    if requests.len() > OPERATIONS {
        return Ok(refused(OrgError::too_many_operations(OPERATIONS)));
    }
    if queries > QUERIES {
        return Ok(refused(OrgError::too_many_queries(QUERIES)));
    }
    let order: Vec<usize> = (0..requests.len()).collect();
    let mut work = Work::new(call, &bytes, &requests, nothing_nested);
    let answers = if all_or_none {
        work.as_one(&order).0
    } else {
        for place in &order {
            work.step(None, *place);
        }
        work.answers()
    };
    let mut out = String::with_capacity(answers.iter().map(|a| a.body.len() + 160).sum());
    let references = requests.iter().map(|request| Some(&*request.reference));
    subrequest::push_answers(&mut out, answers.iter().zip(references));
    Ok(subrequest::hinted(Reply::json(out, "compositeResponse"), answers.iter()))
}

/// Reads the body and finds the faults that refuse it as a whole.
fn read<'b>(call: &Call<'_>, bytes: &'b Bytes) -> Result<(Vec<SubRequest<'b>>, bool), OrgError> {
    let text = subrequest::json_text(call, bytes)?;
    let (mut list, mut all_or_none) = (None, false);
    let members = if text.starts_with('{') {
        body::raw_members(text)?
    } else {
        body::json_object(text.as_bytes())?;
        Vec::new()
    };
    for (name, value) in members {
        match &*name {
            "compositeRequest" => list = Some(value),
            "allOrNone" => all_or_none = is_true(value),
            _ => {}
        }
    }
    let list = list.ok_or_else(|| OrgError::member_missing("compositeRequest"))?;
    Ok((read_list(list, call.version)?, all_or_none))
}

/// Reads `compositeRequest`, of a composite request or of a graph.
pub(super) fn read_list(list: &str, version: u32) -> Result<Vec<SubRequest<'_>>, OrgError> {
    if !list.starts_with('[') {
        return Err(OrgError::member_misshapen("compositeRequest"));
    }
    let requests: Vec<SubRequest<'_>> =
        body::raw_list(list)?.into_iter().map(SubRequest::read).collect::<Result<_, _>>()?;
    let mut seen = HashSet::with_capacity(requests.len());
    for request in &requests {
        if version >= 52 && !request.has_legal_reference() {
            return Err(OrgError::illegal_reference_id(&request.reference));
        }
        if !seen.insert(&*request.reference) {
            return Err(OrgError::duplicate_reference_id(&request.reference));
        }
    }
    Ok(requests)
}

/// True for the resources of which a composite request may have five only.
fn is_query(resource: &str) -> bool {
    let first = resource.split('/').next().unwrap_or_default();
    matches!(first, "query" | "queryAll") || resource.starts_with("composite/sobjects")
}

/// The answer to a request that is too long: one element that belongs to no sub-request.
fn refused(error: OrgError) -> Reply {
    let answer = Answer::refused(error.into());
    let mut out = String::new();
    subrequest::push_answers(&mut out, std::iter::once((&answer, None)));
    subrequest::hinted(Reply::json(out, "compositeResponse"), std::iter::once(&answer))
}

/// Sub-requests on their way.
pub(super) struct Work<'w> {
    call: &'w Call<'w>,
    bytes: &'w Bytes,
    requests: &'w [SubRequest<'w>],
    allowed: subrequest::Allowed,
    /// Where each reference id is.
    places: HashMap<&'w str, usize>,
    answers: Vec<Option<Answer>>,
}

impl<'w> Work<'w> {
    /// Nothing done yet. `bytes` is the body in which the requests lie.
    pub(super) fn new(
        call: &'w Call<'w>,
        bytes: &'w Bytes,
        requests: &'w [SubRequest<'w>],
        allowed: subrequest::Allowed,
    ) -> Work<'w> {
        let places = requests.iter().enumerate();
        let places = places.map(|(place, request)| (&*request.reference, place)).collect();
        let answers = requests.iter().map(|_| None).collect();
        Work { call, bytes, requests, allowed, places, answers }
    }

    /// Runs all in one unit of work. When one fails, nothing is kept, and the others say so. The flag
    /// is true when all succeeded.
    pub(super) fn as_one(&mut self, order: &[usize]) -> (Vec<Answer>, bool) {
        let unit = self.call.entry.org.unit();
        let trace = self.call.entry.trace;
        let first = trace.parts();
        let warned = self.call.warnings.borrow().len();
        for place in order {
            let before = trace.parts();
            self.step(Some(&unit), *place);
            let failed = self.answers[*place].as_ref().is_none_or(Answer::is_failure);
            if failed || unit.is_spoiled() {
                drop(unit);
                self.call.warnings.borrow_mut().truncate(warned);
                let undone = || Answer::refused(OrgError::rolled_back_with_another().into());
                let own = self.answers[*place].take();
                let mut answers: Vec<Answer> = self.requests.iter().map(|_| undone()).collect();
                answers[*place] = own.unwrap_or_else(undone);
                let undone = undone();
                trace.taken_back(first..before, undone.status, &undone.body);
                return (answers, false);
            }
        }
        unit.publish();
        (self.answers(), true)
    }

    /// Runs one.
    pub(super) fn step(&mut self, unit: Option<&Unit<'_>>, place: usize) {
        let answer = self.answer(unit, place);
        self.answers[place] = Some(answer);
    }

    fn answer(&self, unit: Option<&Unit<'_>>, place: usize) -> Answer {
        let request = &self.requests[place];
        let find = |reference: &str| {
            let answer = self.answers[*self.places.get(reference)?].as_ref()?;
            // Before v52 an illegal reference id harms those who use it only.
            Some(if answer.is_failure() { Known::Failed } else { Known::Body(&answer.body) })
        };
        let references = References { find: &find, nulls: self.call.version >= 52 };
        let ready = || {
            let url = references.url(&request.url)?;
            let mut headers = subrequest::inherited(self.call);
            for (name, value) in &request.headers {
                headers.push(name, &references.text(value)?);
            }
            let body = match request.body.map(|body| references.json(body)).transpose()? {
                None => Bytes::new(),
                Some(std::borrow::Cow::Borrowed(body)) => self.bytes.slice_ref(body.as_bytes()),
                Some(std::borrow::Cow::Owned(body)) => body.into(),
            };
            Ok::<_, OrgError>((url, headers, body))
        };
        match ready() {
            Ok((url, headers, body)) => {
                let ready = Ready { method: &request.method, url: &url, headers, body };
                subrequest::run(self.call, unit, ready, self.allowed)
            }
            Err(error) => subrequest::refuse(self.call, request, error),
        }
    }

    /// The answers, in the order of the requests.
    pub(super) fn answers(&mut self) -> Vec<Answer> {
        self.answers.iter_mut().filter_map(Option::take).collect()
    }
}
