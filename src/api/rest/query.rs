//! `query`, `queryAll` and their further pages. `reference/rest.md` §4.

use super::super::home::Home;
use super::super::reply::Reply;
use super::super::{query_columns, query_json};
use super::{Call, Outcome, option};
use crate::error::OrgError;
use crate::id::Id;
use crate::soql::{self, Context, ResultSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

const LARGEST_BATCH: usize = 2000;
const SMALLEST_BATCH: usize = 200;

/// Which resource a query came through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// `query`
    Query,
    /// `queryAll`: deleted rows too.
    QueryAll,
    /// `tooling/query`: the objects of the Tooling API.
    Tooling,
}

/// `GET /query?q=…` or `?explain=…`.
pub fn query(call: &Call<'_>, through: Through) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let indexes = &call.entry.org.indexes;
    let mut context =
        Context::new(&call.state, indexes, call.session.user, call.entry.now, call.version);
    context.all_rows = through == Through::QueryAll;
    context.tooling = through == Through::Tooling;
    if let Some(text) = call.params.get("explain") {
        let explained = soql::explain(text, &context)?;
        return Ok(Reply::json(query_json::explained(&explained), "QueryExplain"));
    }
    let text = call.params.get("q").ok_or_else(OrgError::query_missing)?;
    let result = soql::query(text, &context)?;
    if call.params.get("columns").is_some_and(|flag| flag.eq_ignore_ascii_case("true")) {
        let mut out = String::new();
        query_columns::columns(&mut out, &result);
        return Ok(Reply::json(out, "QueryResult"));
    }
    first_page(call, result)
}

/// The first page of a result; what remains is kept for further ones.
pub fn first_page(call: &Call<'_>, result: ResultSet) -> Outcome {
    let batch = batch_size(call);
    let rows = result.row_count();
    if rows > LARGEST_BATCH && !result.pageable() {
        return Err(OrgError::aggregates_do_not_page().into());
    }
    let end = result.page_end(0, batch);
    let result = Arc::new(result);
    let more = end < rows && !result.is_one_page();
    let next = more.then(|| next_url(home(call, &result), call.keep(batch, &result), end));
    Ok(page(call, &result, 0..end, batch, next.as_deref()))
}

/// A page of a result. Children beyond a batch of one row are kept for pages of their own.
fn page(
    call: &Call<'_>,
    result: &ResultSet,
    rows: Range<usize>,
    batch: usize,
    next: Option<&str>,
) -> Reply {
    let keep = |children: ResultSet| {
        next_url(home(call, result), call.keep(batch, &Arc::new(children)), batch)
    };
    let mut out = String::with_capacity(256 + rows.len() * 256);
    let page = query_json::Page { rows, next, most_children: Some((batch, &keep)) };
    query_json::page_of(&mut out, result, &page, call.version);
    Reply::json(out, "QueryResult")
}

/// `GET /query/{locator}-{offset}`.
pub fn more(call: &Call<'_>, locator: &str) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let (id, from) = read_locator(locator).ok_or_else(OrgError::invalid_query_locator)?;
    let (result, batch) = call.kept(id).ok_or_else(OrgError::invalid_query_locator)?;
    let rows = result.row_count();
    if from > rows {
        return Err(OrgError::invalid_query_locator().into());
    }
    let end = result.page_end(from, batch);
    let next = (end < rows).then(|| next_url(home(call, &result), id, end));
    Ok(page(call, &result, from..end, batch, next.as_deref()))
}

fn home(call: &Call<'_>, result: &ResultSet) -> Home {
    Home { version: call.version, tooling: result.tooling() }
}

fn next_url(home: Home, id: Id, offset: usize) -> String {
    let mut url = String::with_capacity(64);
    let api = if home.tooling { "tooling/" } else { "" };
    let _ = write!(url, "/services/data/v{}.0/{api}query/{id}-{offset}", home.version);
    url
}

fn read_locator(locator: &str) -> Option<(Id, usize)> {
    let (id, offset) = locator.split_once('-')?;
    let id = Id::parse(id).ok().filter(|id| id.prefix() == *b"01g")?;
    let plain = !offset.is_empty() && offset.bytes().all(|byte| byte.is_ascii_digit());
    Some((id, plain.then(|| offset.parse().ok()).flatten()?))
}

/// `Sforce-Query-Options: batchSize=N`; a size out of range is moved into it.
fn batch_size(call: &Call<'_>) -> usize {
    option(call.entry.request, "sforce-query-options", "batchSize")
        .and_then(|size| size.parse::<usize>().ok())
        .map_or(LARGEST_BATCH, |size| size.clamp(SMALLEST_BATCH, LARGEST_BATCH))
}
