//! Lists: filter → order → page. Salesforce's count, its first page and its empty list differ from
//! RFC 7644's.

use super::answer::Answer;
use super::filter::{self, Dialect, Filter, Known};
use super::path::AttrPath;
use super::schema;
use super::show::Shown;
use super::view::{Kind, NAME_SUFFIX, View};
use super::{Call, Outcome, Task};
use crate::api::params::Params;
use crate::error::{FilterFault, ScimError};
use crate::id::Id;
use crate::store::{Doc, ScimMode};
use std::cmp::Ordering;

/// URN of lists.
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Most resources of a page.
pub const LARGEST_PAGE: usize = 200;

/// Users of a page when Salesforce is not told how many.
const USUAL_PAGE: usize = 10;

/// The last place at which Salesforce lets a page begin.
const LAST_START: i64 = 2001;

/// What a list asks for.
#[derive(Debug, Default)]
struct Query {
    filter: Option<String>,
    start: Option<String>,
    count: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    attributes: Option<String>,
    excluded: Option<String>,
}

/// `GET` of a kind.
pub fn get(call: &Call<'_>, task: &Task<'_>, kind: Kind) -> Outcome {
    let params = Params::parse(task.query);
    let own = |name: &str| params.get(name).map(ToOwned::to_owned);
    let query = Query {
        filter: own("filter"),
        start: own("startIndex"),
        count: own("count"),
        sort_by: own("sortBy"),
        descending: params.get("sortOrder") == Some("descending"),
        attributes: own("attributes"),
        excluded: own("excludedAttributes"),
    };
    run(call, &[kind], &query)
}

/// `POST` of a search, of one kind or of users and groups.
pub fn search(call: &Call<'_>, task: &Task<'_>, kind: Option<Kind>) -> Outcome {
    let body = task.doc(call)?;
    let text = |name: &str| body.text_at(&[name]).map(ToOwned::to_owned);
    let number = |name: &str| match body.get(name) {
        Some(Doc::Int(number)) => Some(number.to_string()),
        Some(Doc::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    let names = |name: &str| {
        let list = body.get(name)?.items().iter();
        Some(list.filter_map(Doc::as_text).collect::<Vec<_>>().join(","))
    };
    let query = Query {
        filter: text("filter"),
        start: number("startIndex"),
        count: number("count"),
        sort_by: text("sortBy"),
        descending: text("sortOrder").as_deref() == Some("descending"),
        attributes: names("attributes"),
        excluded: names("excludedAttributes"),
    };
    let both = [Kind::User, Kind::Group];
    run(call, kind.as_ref().map_or(&both[..], std::slice::from_ref), &query)
}

fn run(call: &Call<'_>, kinds: &[Kind], query: &Query) -> Outcome {
    let view = call.now_view();
    let rfc = call.is_rfc();
    let shown =
        Shown::of(call.mode, kinds, query.attributes.as_deref(), query.excluded.as_deref())?;
    let text = query.filter.as_deref().filter(|text| !text.trim().is_empty());
    let filter = text.map(|text| read_filter(&view, kinds, text)).transpose()?;
    let page = if rfc { page_of_rfc(query)? } else { page_of_salesforce(kinds, query)? };
    let mut found: Vec<(Kind, Id, Option<Doc>)> = Vec::new();
    for kind in kinds {
        for id in candidates(&view, *kind, filter.as_ref()) {
            match &filter {
                None => found.push((*kind, id, None)),
                Some(filter) => {
                    let doc = view.resource(*kind, id);
                    if let Some(doc) = doc.filter(|doc| filter.matches(doc)) {
                        found.push((*kind, id, Some(doc)));
                    }
                }
            }
        }
    }
    // Salesforce's list has no order but that of ids.
    if rfc && let Some(by) = &query.sort_by {
        sort(&view, &mut found, by, query.descending)?;
    }
    let total = found.len();
    let rows = found.into_iter().skip(page.start - 1).take(page.count);
    let resources: Vec<Doc> = rows
        .filter_map(|(kind, id, doc)| doc.or_else(|| view.resource(kind, id)))
        .map(|doc| shown.shown(doc))
        .collect();
    let body = if rfc {
        list_of_rfc(total, page.start, resources)
    } else {
        list_of_salesforce(kinds, query, total, &page, resources)
    };
    Ok(Answer::doc(200, body))
}

/// A list as RFC 7644 §3.4.2 has it.
pub fn list_of_rfc(total: usize, start: usize, resources: Vec<Doc>) -> Doc {
    Doc::object()
        .with("schemas", Doc::texts([LIST]))
        .with("totalResults", total)
        .with("startIndex", start)
        .with("itemsPerPage", resources.len())
        .with("Resources", resources)
}

/// A list as Salesforce writes it: what it was not asked for it does not say. *pilot*
fn list_of_salesforce(
    kinds: &[Kind],
    query: &Query,
    total: usize,
    page: &Page,
    resources: Vec<Doc>,
) -> Doc {
    let users = kinds.contains(&Kind::User);
    let doc = Doc::object().with("totalResults", total);
    if users && resources.is_empty() {
        let doc = doc.with("itemsPerPage", 0usize).with("startIndex", 0usize);
        return doc.with("schemas", Doc::texts([LIST]));
    }
    let said = users || query.count.is_some();
    let doc = if said || (total != 0 && total != resources.len()) {
        doc.with("itemsPerPage", page.count.min(resources.len()))
    } else {
        doc
    };
    let start = query.start.as_ref().filter(|_| total > 0);
    let doc = if start.is_some() { doc.with("startIndex", page.start) } else { doc };
    doc.with("schemas", Doc::texts([LIST])).with("Resources", resources)
}

/// Which resources a page shows.
struct Page {
    /// The first, from 1.
    start: usize,
    /// How many.
    count: usize,
}

/// Out of range is brought into range; `count=0` asks for the total alone.
fn page_of_rfc(query: &Query) -> Result<Page, ScimError> {
    let number = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => match text.trim().parse::<i64>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(ScimError::wrong_type(name, "an integer")),
        },
    };
    let start = number("startIndex", &query.start)?.unwrap_or(1).max(1);
    let count = number("count", &query.count)?.map_or(LARGEST_PAGE, |count| {
        usize::try_from(count.max(0)).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE)
    });
    Ok(Page { start: usize::try_from(start).unwrap_or(usize::MAX), count })
}

/// Out of range is refused. *pilot*
fn page_of_salesforce(kinds: &[Kind], query: &Query) -> Result<Page, ScimError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let count = match query.count.as_deref() {
        None if kinds.contains(&Kind::User) => USUAL_PAGE,
        None => LARGEST_PAGE,
        Some(text) => {
            let count = text.parse().ok().filter(|count| (1..=LARGEST_PAGE).contains(count));
            count.filter(|_| digits(text)).ok_or_else(|| ScimError::illegal_count(text))?
        }
    };
    let start = match query.start.as_deref() {
        None => 1,
        Some(text) if !digits(text) => return Err(ScimError::illegal_start(text)),
        Some(text) => match text.parse::<i64>() {
            Ok(0) => return Err(ScimError::start_too_small(text)),
            Ok(start) if start <= LAST_START => usize::try_from(start).unwrap_or(1),
            _ => return Err(ScimError::start_too_big()),
        },
    };
    Ok(Page { start, count })
}

/// Reads a filter and refuses attributes that a kind has not.
fn read_filter(view: &View<'_>, kinds: &[Kind], text: &str) -> Result<Filter, ScimError> {
    let salesforce = !view.is_rfc();
    let dialect = if salesforce { Dialect::Salesforce } else { Dialect::Rfc };
    let refused = |fault: FilterFault| ScimError::of_filter(&fault, salesforce);
    let filter = filter::parse(text, dialect).map_err(refused)?;
    let user = view.state.schema.by_name("User");
    let custom = |urn: &str, name: Option<&str>| {
        let field = name.and_then(|name| user?.field(name));
        salesforce
            && urn.eq_ignore_ascii_case(&view.custom_urn())
            && (name.is_none() || field.is_some_and(|(_, field)| field.custom))
    };
    let known = |path: &AttrPath| {
        let all = kinds.iter().map(|kind| schema::known(*kind, view.mode, path, &custom));
        // A search of several kinds takes what any of them has.
        all.max_by_key(|known| *known != Known::No).unwrap_or(Known::No)
    };
    filter.check(&known).map_err(refused)?;
    let memberships = ["groups", "entitlements", "roles", "members"];
    if salesforce && count_equal(&filter, &memberships) > 1 {
        return Err(ScimError::many_memberships());
    }
    Ok(filter)
}

/// How often a filter compares one of some attributes for equality.
fn count_equal(filter: &Filter, names: &[&str]) -> usize {
    match filter {
        Filter::And(left, right) | Filter::Or(left, right) => {
            count_equal(left, names) + count_equal(right, names)
        }
        Filter::Not(inner) => count_equal(inner, names),
        Filter::Compare(path, filter::Op::Eq, _) => {
            let own = path.name.as_deref().unwrap_or_default();
            usize::from(names.iter().any(|name| name.eq_ignore_ascii_case(own)))
        }
        _ => 0,
    }
}

/// The ids among which all matches are: those that an index gives, or all.
fn candidates(view: &View<'_>, kind: Kind, filter: Option<&Filter>) -> Vec<Id> {
    let Some(filter) = filter else { return view.ids(kind) };
    if let Some(text) = filter.demands("id") {
        return Id::parse(text).into_iter().collect();
    }
    if kind != Kind::User {
        return view.ids(kind);
    }
    if let Some(text) = filter.demands("userName") {
        let mut ids = view.users_with("Username", text);
        if view.is_rfc() {
            ids.extend(view.users_with("Username", &[text, NAME_SUFFIX].concat()));
        }
        ids.sort_unstable();
        return ids;
    }
    match filter.demands("externalId") {
        Some(text) => view.users_with("FederationIdentifier", text),
        None => view.ids(kind),
    }
}

fn sort(
    view: &View<'_>,
    found: &mut [(Kind, Id, Option<Doc>)],
    by: &str,
    descending: bool,
) -> Result<(), ScimError> {
    let path = AttrPath::parse(by).ok_or_else(|| ScimError::invalid_value(by))?;
    let mut keyed: Vec<(Option<String>, usize)> = Vec::with_capacity(found.len());
    for (place, (kind, id, doc)) in found.iter_mut().enumerate() {
        if doc.is_none() {
            *doc = view.resource(*kind, *id);
        }
        let key = doc.as_ref().and_then(|doc| key_of(doc, &path));
        keyed.push((key, place));
    }
    // What has no value comes last in ascending order (RFC 7644 §3.4.2.3).
    keyed.sort_by(|(left, a), (right, b)| {
        let order = match (left, right) {
            (Some(left), Some(right)) => left.cmp(right),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        };
        let order = if descending { order.reverse() } else { order };
        order.then(a.cmp(b))
    });
    let before = found.to_vec();
    for (to, (_, from)) in keyed.into_iter().enumerate() {
        found[to] = before[from].clone();
    }
    Ok(())
}

/// The text by which a resource sorts: its primary or first value.
fn key_of(doc: &Doc, path: &AttrPath) -> Option<String> {
    match path.values(doc).first()? {
        Doc::Text(text) => Some(text.to_lowercase().into()),
        Doc::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The modes in which lists are sorted.
pub fn sorts(mode: ScimMode) -> bool {
    mode == ScimMode::Rfc
}
