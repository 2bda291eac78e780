//! `POST /composite/graph`: graphs of dependent row requests, each graph a transaction of its own.
//! `reference/rest.md` §5.5.
//!
//! A node may refer to any other node of its graph; a graph is worked off in an order in which every
//! node comes after those it refers to, and answered in the order in which it was sent.

use super::super::body;
use super::super::json;
use super::super::reply::Reply;
use super::super::rest::{Call, Outcome};
use super::composite::{Work, read_list};
use super::references;
use super::subrequest::{self, Answer, SubRequest};
use crate::error::OrgError;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Most graphs of a request.
const GRAPHS: usize = 75;
/// Most nodes of all graphs together.
const NODES: usize = 500;
/// Longest chain of references.
const DEPTH: usize = 15;
/// Most kinds of nodes: version and object.
const KINDS: usize = 15;
/// After more failed graphs than this the rest is not processed.
const FAILURES: usize = 14;
/// A graph id is shorter than this.
const ID_LENGTH: usize = 40;

struct Graph<'b> {
    id: Cow<'b, str>,
    nodes: Vec<SubRequest<'b>>,
    order: Vec<usize>,
}

/// Answers a graph request.
pub(super) fn handle(call: &Call<'_>) -> Outcome {
    let bytes = call.entry.body();
    let text = subrequest::json_text(call, &bytes)?;
    let graphs = read(call, text)?;
    let mut failures = 0;
    let mut all = Vec::with_capacity(graphs.len());
    let mut out = String::with_capacity(text.len());
    out.push_str("{\"graphs\":[");
    for (place, graph) in graphs.iter().enumerate() {
        let (answers, succeeded) = if failures > FAILURES {
            let halted = || Answer::refused(OrgError::too_many_failed_graphs(FAILURES).into());
            (graph.nodes.iter().map(|_| halted()).collect(), false)
        } else {
            Work::new(call, &bytes, &graph.nodes, rows_only).as_one(&graph.order)
        };
        failures += usize::from(!succeeded);
        out.push_str(if place == 0 { "{\"graphId\":" } else { ",{\"graphId\":" });
        json::push_str(&mut out, &graph.id);
        out.push_str(",\"graphResponse\":");
        let names = graph.nodes.iter().map(|node| Some(&*node.reference));
        subrequest::push_answers(&mut out, answers.iter().zip(names));
        out.push_str(",\"isSuccessful\":");
        json::push_bool(&mut out, succeeded);
        out.push('}');
        all.extend(answers.into_iter().filter(Answer::is_failure));
    }
    out.push_str("]}");
    Ok(subrequest::hinted(Reply::json(out, "graphs"), all.iter()))
}

/// The URLs and methods that a graph takes.
fn rows_only(method: &str, path: &[&str]) -> Result<(), OrgError> {
    let fits = match path {
        ["sobjects", _] => method == "POST",
        ["sobjects", _, "describe" | "updated" | "deleted" | "listviews" | "quickActions"] => false,
        ["sobjects", _, _] => matches!(method, "GET" | "PATCH" | "DELETE"),
        ["sobjects", _, _, _] => matches!(method, "GET" | "PATCH" | "DELETE" | "POST"),
        _ => false,
    };
    if fits { Ok(()) } else { Err(OrgError::not_in_graph(&path.join("/"))) }
}

/// Reads the graphs and finds the faults that refuse the request as a whole.
fn read<'b>(call: &Call<'_>, text: &'b str) -> Result<Vec<Graph<'b>>, OrgError> {
    if !text.starts_with('{') {
        body::json_object(text.as_bytes())?;
    }
    let members = body::raw_members(text)?;
    let list = members.iter().find(|(name, _)| name == "graphs");
    let (_, list) = list.ok_or_else(|| OrgError::member_missing("graphs"))?;
    if !list.starts_with('[') {
        return Err(OrgError::member_misshapen("graphs"));
    }
    let entries = body::raw_list(list)?;
    if entries.len() > GRAPHS {
        return Err(OrgError::graph_limit("graphs", GRAPHS));
    }
    let mut ids = HashSet::new();
    let mut graphs = Vec::with_capacity(entries.len());
    for entry in entries {
        let graph = read_graph(call, entry)?;
        if !is_legal_id(&graph.id) || !ids.insert(graph.id.to_string()) {
            return Err(OrgError::illegal_graph_id(&graph.id));
        }
        graphs.push(graph);
    }
    let nodes = || graphs.iter().flat_map(|graph| &graph.nodes);
    if nodes().count() > NODES {
        return Err(OrgError::graph_limit("nodes", NODES));
    }
    let kinds: HashSet<String> = nodes().map(kind).collect();
    if kinds.len() > KINDS {
        return Err(OrgError::graph_limit("different nodes", KINDS));
    }
    Ok(graphs)
}

fn read_graph<'b>(call: &Call<'_>, entry: &'b str) -> Result<Graph<'b>, OrgError> {
    if !entry.starts_with('{') {
        return Err(OrgError::member_misshapen("graphs"));
    }
    let (mut id, mut list) = (None, None);
    for (name, value) in body::raw_members(entry)? {
        match &*name {
            "graphId" => id = Some(subrequest::string("graphId", value)?),
            "compositeRequest" => list = Some(value),
            _ => {}
        }
    }
    let id = id.ok_or_else(|| OrgError::member_missing("graphId"))?;
    let list = list.ok_or_else(|| OrgError::member_missing("compositeRequest"))?;
    let nodes = read_list(list, call.version)?;
    let (order, depth) = order(&nodes);
    if depth > DEPTH {
        return Err(OrgError::graph_limit("levels in a graph", DEPTH));
    }
    Ok(Graph { id, nodes, order })
}

fn is_legal_id(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.len() < ID_LENGTH && !id.contains('.')
}

/// The version and object of a node, by which nodes count as different.
fn kind(node: &SubRequest<'_>) -> String {
    let path = node.url.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let mut parts = path.trim_start_matches('/').split('/');
    let version = parts.nth(2).unwrap_or_default().to_owned();
    [version.as_str(), parts.nth(1).unwrap_or_default()].join(" ")
}

/// An order in which every node comes after those it refers to, and the length of the longest chain.
/// Within that the order is as sent; nodes in a circle stay where they are, and fail.
fn order(nodes: &[SubRequest<'_>]) -> (Vec<usize>, usize) {
    let places: HashMap<&str, usize> =
        nodes.iter().enumerate().map(|(place, node)| (&*node.reference, place)).collect();
    let before: Vec<Vec<usize>> = nodes
        .iter()
        .enumerate()
        .map(|(place, node)| {
            let texts = [Some(&*node.url), node.body].into_iter().flatten();
            let named = texts.flat_map(references::named);
            named.filter_map(|name| places.get(name).copied()).filter(|p| *p != place).collect()
        })
        .collect();
    let mut depths: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut order = Vec::with_capacity(nodes.len());
    let mut open = vec![false; nodes.len()];
    for start in 0..nodes.len() {
        // Each entry: a node and how many of those before it have been looked at.
        let mut path = vec![(start, 0)];
        while let Some((place, at)) = path.pop() {
            if depths[place].is_some() {
                continue;
            }
            open[place] = true;
            let mut rest = before[place].get(at..).unwrap_or_default().iter();
            let next = rest.position(|p| depths[*p].is_none() && !open[*p]).map(|found| at + found);
            if let Some(at) = next {
                path.push((place, at + 1));
                path.push((before[place][at], 0));
                continue;
            }
            let above = before[place].iter().filter_map(|p| depths[*p]).max().unwrap_or_default();
            depths[place] = Some(above + 1);
            order.push(place);
        }
    }
    let deepest = depths.into_iter().flatten().max().unwrap_or_default();
    (order, deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(edges: &[(&'static str, &'static str)]) -> Vec<SubRequest<'static>> {
        let node = |(reference, body): &(&'static str, &'static str)| SubRequest {
            method: "POST".into(),
            url: "/services/data/v66.0/sobjects/Account".into(),
            reference: (*reference).into(),
            headers: Vec::new(),
            body: Some(*body),
        };
        edges.iter().map(node).collect()
    }

    #[test]
    fn a_node_comes_after_those_it_refers_to() {
        let (found, depth) = order(&nodes(&[("a", "@{c.id}@{b.id}"), ("b", "@{c.id}"), ("c", "")]));
        assert_eq!((found, depth), (vec![2, 1, 0], 3));
        let (found, depth) = order(&nodes(&[("a", ""), ("b", "@{a.id}"), ("c", "@{unknown.id}")]));
        assert_eq!((found, depth), (vec![0, 1, 2], 2));
        assert_eq!(order(&[]), (vec![], 0));
    }

    #[test]
    fn circles_end() {
        let (found, _) = order(&nodes(&[("a", "@{b.id}"), ("b", "@{a.id}"), ("c", "@{c.id}")]));
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2]);
    }

    #[test]
    fn kinds() {
        let kinds = |url: &'static str| {
            let mut node = nodes(&[("a", "")]).remove(0);
            node.url = url.into();
            kind(&node)
        };
        assert_eq!(kinds("/services/data/v66.0/sobjects/Account/001?x"), "v66.0 account");
        assert_eq!(kinds("/services/data/v50.0/sobjects/Account"), "v50.0 account");
        assert_eq!(kinds("nonsense"), " ");
    }
}
