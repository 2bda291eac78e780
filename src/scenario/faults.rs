//! Fault rules as text: a tree becomes an `org::faults::Rule`, or the first [`Problem`] in it. The
//! faults that have names are in `fixtures/faults.toml`; one of them is a rule with parameters.

use super::format::Scenario;
use super::load::Loaded;
use super::problem::{Problem, unknown};
use super::settings::quoted;
use super::transitions::one_of;
use super::tree::{Node, Tree};
use crate::clock::Millis;
use crate::error::{Injected, error_codes};
use crate::glob::Glob;
use crate::org::Org;
use crate::org::faults::{MOST, Matching, Moment, OPERATIONS, RawAnswer, Rule, Then, Wanted, When};
use crate::time;
use std::sync::LazyLock;

/// The faults that have names.
static LIBRARY: LazyLock<Vec<(String, Node)>> = LazyLock::new(|| {
    let text = include_str!("../../fixtures/faults.toml");
    let root = Node::from_toml(text).expect("fixtures/faults.toml is TOML");
    let faults = root.get("fault").and_then(|faults| faults.list().ok()).unwrap_or_default();
    let named = |fault: &Node| Some((fault.get("name")?.text().ok()?.to_owned(), fault.clone()));
    faults.iter().filter_map(named).collect()
});

/// The keys of a rule's three tables. As parameters of a named fault they stand alone.
const MATCH: [&str; 6] = ["method", "path", "object", "operation", "soql_contains", "record"];
const WHEN: [&str; 5] = ["nth", "every", "times", "after", "probability"];
const ACTIONS: [&str; 7] = ["error", "http", "delay", "drop", "truncate", "expire_session", "hold"];
const OF_ERRORS: [&str; 2] = ["message", "status"];

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Longest answer, delay and pattern that a rule takes.
const LONGEST_BODY: usize = 1024 * 1024;
const LONGEST_DELAY: Millis = 3_600_000;
const LONGEST_PATTERN: usize = 512;

/// Reads a rule.
pub(crate) fn read(node: &Node) -> Result<Rule, Problem> {
    let table = node.table()?;
    let named = node.get("name").map(find).transpose()?;
    let tables = ["match", "when", "then"];
    let parameters = MATCH.iter().chain(&WHEN).chain(&ACTIONS).chain(&OF_ERRORS).copied();
    for (key, value) in table {
        let key = key.as_str();
        let fits = ["id", "name"].contains(&key) || tables.contains(&key);
        let is_parameter = named.is_some() && parameters.clone().any(|own| own == key);
        if !fits && !is_parameter {
            let known = ["id", "name"].into_iter().chain(tables);
            let parameters = parameters.clone().filter(|_| named.is_some());
            let known: Vec<&str> = known.chain(parameters).collect();
            return Err(value.problem(unknown("key of a fault rule", key, known)));
        }
    }
    let part = |name: &str, keys: &[&str]| gathered(node, named, name, keys);
    let mut then_keys = ACTIONS.to_vec();
    then_keys.extend(OF_ERRORS);
    let (matching, when, then) =
        (part("match", &MATCH)?, part("when", &WHEN)?, part("then", &then_keys)?);
    let mut text = String::from("{");
    if let Some(name) = node.get("name") {
        text.push_str("\"name\":");
        push_json(&mut text, name);
        text.push(',');
    }
    for (place, (name, part)) in
        [("match", &matching), ("when", &when), ("then", &then)].iter().enumerate()
    {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&quoted(name));
        text.push(':');
        push_json(&mut text, part);
    }
    text.push('}');
    let rule = Rule {
        id: node.get("id").map_or(Ok(String::new()), id)?,
        text: text.into(),
        matching: read_match(&matching)?,
        when: read_when(&when)?,
        then: read_then(&then)?,
    };
    check_record(&rule, &matching)?;
    Ok(rule)
}

/// A named fault as the command line writes it, `NAME[:key=value,…]`, or a whole rule as JSON.
pub(crate) fn parse(text: &str) -> Result<Rule, Problem> {
    let at = |problem: Problem| Problem {
        message: format!("--fault {text}: {problem}"),
        ..Problem::new("")
    };
    if text.starts_with('{') {
        let json =
            serde_json::from_str(text).map_err(|error| at(Problem::new(error.to_string())))?;
        return read(&Node::from_json(&json)).map_err(at);
    }
    let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
    let node = |path: &str, value| Node { line: 0, path: path.to_owned(), value };
    let mut table = vec![("name".to_owned(), node("name", Tree::Text(name.to_owned())))];
    let mut record = Vec::new();
    for pair in parameters.split(',').filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(at(Problem::new(format!("{pair} is no key=value"))));
        };
        let value = node(key, scalar(key, value));
        match key.strip_prefix("record.") {
            Some(field) => record.push((field.to_owned(), value)),
            None => table.push((key.to_owned(), value)),
        }
    }
    if !record.is_empty() {
        table.push(("record".to_owned(), node("record", Tree::Table(record))));
    }
    read(&node("", Tree::Table(table))).map_err(at)
}

/// A rule's JSON as a tree.
pub(crate) fn tree(json: &str) -> Result<Node, Problem> {
    let json = serde_json::from_str(json).map_err(|error| Problem::new(error.to_string()))?;
    Ok(Node::from_json(&json))
}

/// Several of the command line's faults in one text, separated by commas as environment variables
/// have them. What follows a comma and is `key=value` still belongs to the fault before it.
#[cfg(any(feature = "cli", test))]
pub(crate) fn split(text: &str) -> Vec<String> {
    if text.trim_start().starts_with('{') {
        return vec![text.trim().to_owned()];
    }
    let mut faults: Vec<String> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let is_parameter = part.find('=').is_some_and(|at| !part[..at].contains(':'));
        match faults.last_mut().filter(|_| is_parameter) {
            Some(last) => {
                last.push(if last.contains(':') { ',' } else { ':' });
                last.push_str(part);
            }
            None => faults.push(part.to_owned()),
        }
    }
    faults
}

/// Loads a scenario into an org that runs, its fault rules too.
pub(crate) fn load_into(
    scenario: &Scenario,
    org: &Org,
    system_now: Millis,
) -> Result<Loaded, Problem> {
    let loaded = org.change(|state| {
        check_ids(scenario, &mut taken(org))?;
        super::load(scenario, state, &org.indexes, system_now, false)
    })?;
    arm(scenario, org);
    Ok(loaded)
}

/// The ids of an org's fault rules.
pub(super) fn taken(org: &Org) -> Vec<String> {
    org.faults.active().iter().map(|active| active.rule.id.clone()).collect()
}

/// Refuses a scenario whose fault rules have ids that are taken; takes them.
pub(super) fn check_ids(scenario: &Scenario, taken: &mut Vec<String>) -> Result<(), Problem> {
    if taken.len() + scenario.faults.len() > MOST {
        return Err(Problem::new(format!("an org has {MOST} fault rules at most")).under("faults"));
    }
    for (place, rule) in scenario.faults.iter().enumerate() {
        if !rule.id.is_empty() && taken.contains(&rule.id) {
            let message = format!("there is a fault rule {} already", rule.id);
            return Err(Problem::new(message).under(&format!("faults[{place}].id")));
        }
        taken.push(rule.id.clone());
    }
    Ok(())
}

/// Takes a scenario's fault rules into an org in which their ids are free.
pub(super) fn arm(scenario: &Scenario, org: &Org) {
    for rule in &scenario.faults {
        let added = org.add_fault(rule.clone());
        debug_assert!(added.is_ok(), "the ids were checked");
    }
}

/// The faults that have names, with what they do in a line.
pub(crate) fn library() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIBRARY.iter().map(|(name, fault)| {
        let title = fault.get("title").and_then(|title| title.text().ok());
        (name.as_str(), title.unwrap_or_default())
    })
}

fn find(name: &Node) -> Result<&'static Node, Problem> {
    let text = name.text()?;
    let found = LIBRARY.iter().find(|(own, _)| own == text).map(|(_, fault)| fault);
    let names: Vec<&str> = LIBRARY.iter().map(|(own, _)| own.as_str()).collect();
    found.ok_or_else(|| name.problem(unknown("fault", text, names)))
}

/// The value of a parameter of the command line: a number where one is wanted.
fn scalar(key: &str, value: &str) -> Tree {
    match key {
        "nth" | "every" | "times" | "probability" | "status" | "truncate" => {
            Tree::Number(value.to_owned())
        }
        "expire_session" => Tree::Bool(value == "true"),
        _ if key.starts_with("record.") => scalar_of_record(value),
        _ => Tree::Text(value.to_owned()),
    }
}

/// What a record's field shall hold, as text.
pub(crate) fn scalar_of_record(value: &str) -> Tree {
    match value {
        "null" => Tree::Null,
        "true" | "false" => Tree::Bool(value == "true"),
        text => Tree::Text(text.to_owned()),
    }
}

/// One table of a rule: the named fault's, overlaid with the rule's own and its parameters. `when` is
/// taken as a whole, and an action replaces another.
fn gathered(node: &Node, named: Option<&Node>, name: &str, keys: &[&str]) -> Result<Node, Problem> {
    let mut own: Vec<(String, Node)> = Vec::new();
    if let Some(part) = node.get(name) {
        own.extend_from_slice(part.table()?);
    }
    if named.is_some() {
        let parameters = node.table()?.iter().filter(|(key, _)| keys.contains(&key.as_str()));
        own.extend(parameters.cloned());
    }
    let is_action = |key: &str| ACTIONS.contains(&key);
    let acts = own.iter().any(|(key, _)| is_action(key));
    let replaced = |key: &str| {
        own.iter().any(|(own, _)| own == key)
            || (name == "when" && !own.is_empty())
            // A new delay replaces the old; another action takes nothing over.
            || (name == "then" && acts && (is_action(key) || OF_ERRORS.contains(&key)))
    };
    let usual = named.and_then(|fault| fault.get(name)?.table().ok()).unwrap_or_default();
    let mut all: Vec<(String, Node)> =
        usual.iter().filter(|(key, _)| !replaced(key)).cloned().collect();
    all.append(&mut own);
    let place = node.get(name).unwrap_or(node);
    let path = node.get(name).map_or_else(|| joined(&node.path, name), |part| part.path.clone());
    for (key, value) in &all {
        if !keys.contains(&key.as_str()) {
            let what = format!("key of {name}");
            return Err(value.problem(unknown(&what, key, keys.iter().copied())));
        }
    }
    Ok(Node { line: place.line, path, value: Tree::Table(all) })
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn id(node: &Node) -> Result<String, Problem> {
    let text = node.text()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 80 || !text.chars().all(fits) {
        return Err(node.problem("must be up to 80 letters, digits, hyphens, dots and underscores"));
    }
    Ok(text.to_owned())
}

fn read_match(node: &Node) -> Result<Matching, Problem> {
    let mut matching = Matching::default();
    for (key, value) in node.table()? {
        match key.as_str() {
            "method" => {
                let names = METHODS.map(|name| (name, name));
                matching.method = Some(one_of(value, "method", &names)?);
            }
            "path" => {
                let one = std::slice::from_ref(value);
                let patterns = value.list().unwrap_or(one);
                matching.paths = patterns.iter().map(pattern).collect::<Result<_, _>>()?;
            }
            "object" => matching.object = Some(value.text()?.to_owned()),
            "operation" => {
                let names = OPERATIONS.map(|name| (name, name));
                matching.operation = Some(one_of(value, "operation", &names)?);
            }
            "soql_contains" => matching.soql_contains = Some(value.text()?.to_owned()),
            _ => {
                let fields = value.table()?.iter();
                let fields = fields.map(|(name, value)| Ok((name.clone(), wanted(value)?)));
                matching.record = fields.collect::<Result<_, Problem>>()?;
            }
        }
    }
    Ok(matching)
}

fn pattern(node: &Node) -> Result<Glob, Problem> {
    let text = node.text()?;
    if text.is_empty() || text.len() > LONGEST_PATTERN {
        return Err(node.problem(format!("must have 1 to {LONGEST_PATTERN} characters")));
    }
    Ok(Glob::new(text))
}

fn wanted(node: &Node) -> Result<Wanted, Problem> {
    Ok(match &node.value {
        Tree::Null => Wanted::Null,
        Tree::Bool(flag) => Wanted::Bool(*flag),
        Tree::Number(text) => {
            Wanted::Number(text.parse().map_err(|_| node.problem("must be a number"))?)
        }
        Tree::Text(text) => Wanted::Text(text.clone()),
        _ => return Err(node.problem("must be a single value")),
    })
}

fn read_when(node: &Node) -> Result<When, Problem> {
    let mut when = When::default();
    for (key, value) in node.table()? {
        match key.as_str() {
            "nth" => when.nth = Some(value.whole(1, u64::MAX)?),
            "every" => when.every = Some(value.whole(1, u64::MAX)?),
            "times" => when.times = Some(value.whole(1, u64::MAX)?),
            "after" => {
                let at = time::parse_rfc3339(value.text()?);
                let wrong = || value.problem("must be an instant such as 2026-01-15T09:00:00Z");
                when.after = Some(at.ok_or_else(wrong)?);
            }
            _ => when.probability = Some(value.share()?),
        }
    }
    Ok(when)
}

fn read_then(node: &Node) -> Result<Then, Problem> {
    let table = node.table()?;
    let mut actions = table.iter().filter(|(key, _)| ACTIONS.contains(&key.as_str()));
    let (Some((action, value)), None) = (actions.next(), actions.next()) else {
        return Err(node.problem(format!("needs one of {}", ACTIONS.join(", "))));
    };
    if let Some((key, extra)) = table.iter().find(|(key, _)| OF_ERRORS.contains(&key.as_str()))
        && action != "error"
    {
        return Err(extra.problem(format!("{key} goes with error only")));
    }
    Ok(match action.as_str() {
        "error" => Then::Error(error(value, node)?),
        "http" => Then::Http(http(value)?),
        "delay" => {
            let delay = time::parse_duration(value.text()?);
            let wrong = || value.problem("must be a duration such as PT3S, of an hour at most");
            Then::Delay(delay.filter(|delay| *delay <= LONGEST_DELAY).ok_or_else(wrong)?)
        }
        "drop" => {
            let moments = [(Moment::Before, "before"), (Moment::After, "after")];
            Then::Drop(one_of(value, "moment", &moments)?)
        }
        "truncate" => Then::Truncate(value.whole(0, u64::from(u32::MAX))?),
        "expire_session" if value.flag()? => Then::ExpireSession,
        "expire_session" => return Err(value.problem("must be true")),
        _ => Then::Hold(id(value)?),
    })
}

fn error(code: &Node, then: &Node) -> Result<Injected, Problem> {
    let text = code.text()?;
    let message = then.get("message").map(Node::text).transpose()?.map(ToOwned::to_owned);
    let status = then.get("status").map(|status| status.whole(400, 599)).transpose()?;
    let is_told = message.is_some() && status.is_some();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_code = !text.is_empty() && text.len() <= 80 && text.chars().all(fits);
    let is_taken = error_codes().any(|own| own == text) || (is_told && is_code);
    if !is_taken {
        let near = unknown("Salesforce code", text, error_codes());
        let help = "; any other code needs message and status too";
        return Err(code.problem(near + help));
    }
    let status = status.map(|status| status as u16);
    Ok(Injected { code: text.to_owned(), message, status, rule: String::new() })
}

fn http(node: &Node) -> Result<RawAnswer, Problem> {
    let mut answer = RawAnswer { status: 0, headers: Vec::new(), body: String::new() };
    for (key, value) in node.table()? {
        match key.as_str() {
            "status" => answer.status = value.whole(200, 599)? as u16,
            "headers" => {
                answer.headers = value.table()?.iter().map(header).collect::<Result<_, _>>()?;
            }
            "body" => match &value.value {
                Tree::Text(text) => answer.body.clone_from(text),
                _ => push_json(&mut answer.body, value),
            },
            key => {
                let known = ["status", "headers", "body"];
                return Err(value.problem(unknown("key of http", key, known)));
            }
        }
    }
    if answer.status == 0 {
        return Err(node.problem("status is missing"));
    }
    if answer.body.len() > LONGEST_BODY {
        return Err(node.problem(format!("body may have {LONGEST_BODY} bytes")));
    }
    Ok(answer)
}

fn header((name, value): &(String, Node)) -> Result<(String, String), Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(value.problem("is no header name"));
    }
    if ["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str()) {
        return Err(value.problem("is set by the server; truncate cuts an answer short"));
    }
    let text = match &value.value {
        Tree::Number(text) => text,
        _ => value.text()?,
    };
    if text.chars().any(char::is_control) {
        return Err(value.problem("must be a line of text"));
    }
    Ok((name.clone(), text.to_owned()))
}

/// A rule that looks at a record is asked when the record is saved: what must happen before that is
/// not for it to do.
fn check_record(rule: &Rule, matching: &Node) -> Result<(), Problem> {
    let is_late = matches!(
        rule.then,
        Then::Error(_) | Then::Delay(_) | Then::Truncate(_) | Then::Drop(Moment::After)
    );
    match matching.get("record") {
        Some(record) if !is_late && !rule.is_of_targets() => Err(record.problem(
            "is looked at when a record is saved; then must be error, delay, truncate or drop after",
        )),
        _ => Ok(()),
    }
}

/// Appends a value as JSON, keys in their order.
fn push_json(out: &mut String, node: &Node) {
    match &node.value {
        Tree::List(items) => {
            for (place, item) in items.iter().enumerate() {
                out.push(if place == 0 { '[' } else { ',' });
                push_json(out, item);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Tree::Table(entries) => {
            for (place, (key, value)) in entries.iter().enumerate() {
                out.push(if place == 0 { '{' } else { ',' });
                out.push_str(&quoted(key));
                out.push(':');
                push_json(out, value);
            }
            out.push_str(if entries.is_empty() { "{}" } else { "}" });
        }
        scalar => {
            let scalar = Node { line: 0, path: String::new(), value: scalar.clone() };
            out.push_str(&scalar.to_json().to_string());
        }
    }
}

#[cfg(test)]
mod tests;
