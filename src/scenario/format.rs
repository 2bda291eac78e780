//! The scenario file: a tree becomes a [`Scenario`], or the first [`Problem`] in it. No schema is
//! looked at here; `load` does that.

use super::faults;
use super::problem::{Problem, unknown};
use super::settings::{Change, Of};
use super::tree::{Node, Tree};
use crate::org::faults::Rule;
use crate::time;

/// A scenario.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    /// Its name.
    pub name: String,
    /// What it is about, in a line.
    pub title: String,
    /// Settings, clock and seed.
    pub org: Change,
    /// Where `[org]` stands.
    pub org_node: Option<Node>,
    /// Its records set off what an API client's would: hooks, automatic runs.
    pub live: bool,
    /// Records, in order.
    pub records: Vec<Record>,
    /// Records to be made up, in order.
    pub generate: Vec<Generate>,
    /// What happens, in order.
    pub when: Vec<When>,
    /// Fault rules, in order.
    pub faults: Vec<Rule>,
    /// What must hold afterwards.
    pub then: Vec<Then>,
    /// The file, if it came from one.
    pub file: Option<String>,
}

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The name under which other records refer to it.
    pub alias: Option<String>,
    /// Its object.
    pub object: Node,
    /// Its fields.
    pub fields: Vec<(String, Node)>,
    /// The whole.
    pub node: Node,
}

/// Many records.
#[derive(Clone, Debug)]
pub(crate) struct Generate {
    /// `prefix` gives the aliases `prefix-1`, `prefix-2`, ….
    pub alias: Option<String>,
    /// Their object.
    pub object: Node,
    /// How many.
    pub count: usize,
    /// Defects and the shares of records that have them.
    pub with: Vec<(Defect, f64)>,
    /// Fields that every one of them has; `{n}` stands for its number.
    pub fields: Vec<(String, Node)>,
    /// The whole.
    pub node: Node,
}

/// What can be wrong with a generated record, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The username made from it collides with another's.
    DuplicateUsername,
    /// It has no e-mail address.
    MissingEmail,
    /// Two users have its employee number.
    AmbiguousMatch,
    /// No seat is left for it: so many employees more than free seats.
    NoLicense,
}

impl Defect {
    /// Every defect with its name in `with`.
    pub(crate) const ALL: [(Defect, &'static str); 4] = [
        (Defect::DuplicateUsername, "duplicate_username"),
        (Defect::MissingEmail, "missing_email"),
        (Defect::AmbiguousMatch, "ambiguous_match"),
        (Defect::NoLicense, "no_license"),
    ];
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) struct When {
    /// What.
    pub step: Step,
    /// Where it stands.
    pub node: Node,
}

/// What can happen.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The clock moves on, by an ISO-8601 duration.
    Advance(String),
    /// A run of a job, whose record may have an alias.
    Run {
        /// The path below the org that starts it.
        path: &'static str,
        /// The alias of its record.
        alias: Option<String>,
    },
    /// Records are written in one transaction, with all that API writes set off: a scenario's
    /// `records` and `generate`.
    Load(Node),
    /// A fault rule comes.
    Fault(Node),
    /// A fault rule goes, by its id; all of them when there is none.
    Clear(Option<String>),
    /// A request, of the administrator unless its headers say otherwise.
    Call(Box<StepCall>),
}

/// A request of a scenario. In path, headers and body, segments or texts `@alias` stand for ids and
/// `{name}` for what an earlier request saved.
#[derive(Clone, Debug)]
pub(crate) struct StepCall {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers; `Authorization` replaces the administrator's session.
    pub headers: Vec<(String, Node)>,
    /// The body.
    pub body: Option<StepBody>,
    /// Lists of the body whose only item stands for many: a JSON pointer, and how many. `{n}` in the
    /// item is its number, from 1.
    pub each: Vec<(String, u64)>,
    /// The alias of the record that the answer's `id` names.
    pub alias: Option<String>,
    /// What is expected of the answer's status; any of success when not given.
    pub status: Option<u16>,
    /// The connection is expected to close without an answer.
    pub lost: bool,
    /// What the answer's JSON must hold.
    pub answer: Option<Node>,
    /// What is kept of the answer: a name, and a JSON pointer into it.
    pub save: Vec<(String, Node)>,
    /// How often the request is sent; each answer must be as expected.
    pub repeat: u64,
}

/// A body of a scenario's request.
#[derive(Clone, Debug)]
pub(crate) enum StepBody {
    /// JSON.
    Json(Node),
    /// A form, as OAuth takes it.
    Form(Vec<(String, Node)>),
}

/// One expectation.
#[derive(Clone, Debug)]
pub(crate) struct Then {
    /// A query; `@alias` in quotes stands for an id.
    pub soql: String,
    /// Its rows, or parts of them.
    pub rows: Option<Vec<Node>>,
    /// How many rows it finds.
    pub count: Option<u64>,
    /// The whole.
    pub node: Node,
}

impl Scenario {
    /// Reads TOML. `file` is named in problems.
    pub(crate) fn parse(text: &str, file: Option<&str>) -> Result<Scenario, Problem> {
        let place = |problem: Problem| match file {
            Some(file) => problem.in_file(file),
            None => problem,
        };
        let root = Node::from_toml(text).map_err(place)?;
        let mut scenario = Scenario::read(&root).map_err(place)?;
        scenario.file = file.map(ToOwned::to_owned);
        Ok(scenario)
    }

    /// Reads a tree. Without a name it is called `inline`.
    pub(crate) fn read(root: &Node) -> Result<Scenario, Problem> {
        let mut scenario = Scenario {
            name: "inline".to_owned(),
            title: String::new(),
            org: Change::default(),
            org_node: None,
            live: false,
            records: Vec::new(),
            generate: Vec::new(),
            when: Vec::new(),
            faults: Vec::new(),
            then: Vec::new(),
            file: None,
        };
        const KEYS: [&str; 9] =
            ["name", "title", "live", "org", "records", "generate", "faults", "when", "then"];
        check_keys(root, "key of a scenario", &KEYS)?;
        for (key, value) in root.table()? {
            match key.as_str() {
                "name" => scenario.name = name(value)?,
                "title" => value.text()?.clone_into(&mut scenario.title),
                "live" => scenario.live = value.flag()?,
                "org" => {
                    scenario.org = Change::read(value, Of::Scenario)?;
                    scenario.org_node = Some(value.clone());
                }
                "records" => scenario.records = each(value, record)?,
                "generate" => scenario.generate = each(value, generate)?,
                "faults" => scenario.faults = each(value, faults::read)?,
                "when" => scenario.when = each(value, when)?,
                _ => scenario.then = each(value, then)?,
            }
        }
        scenario.check_aliases()?;
        Ok(scenario)
    }

    fn check_aliases(&self) -> Result<(), Problem> {
        let records = self.records.iter().map(|record| (&record.alias, &record.node));
        let generate = self.generate.iter().map(|generate| (&generate.alias, &generate.node));
        let mut seen: Vec<&str> = Vec::new();
        for (alias, node) in records.chain(generate) {
            let Some(alias) = alias else { continue };
            if seen.contains(&alias.as_str()) {
                let place = node.get("as").unwrap_or(node);
                return Err(place.problem(format!("a record above is called {alias} too")));
            }
            seen.push(alias);
        }
        Ok(())
    }
}

/// Refuses keys that are not listed.
fn check_keys(node: &Node, what: &str, known: &[&str]) -> Result<(), Problem> {
    for (key, value) in node.table()? {
        if !known.contains(&key.as_str()) {
            return Err(value.problem(unknown(what, key, known.iter().copied())));
        }
    }
    Ok(())
}

fn each<T>(list: &Node, read: fn(&Node) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
    list.list()?.iter().map(read).collect()
}

/// The value of a key that must be there.
fn needed<'n>(node: &'n Node, key: &str) -> Result<&'n Node, Problem> {
    node.get(key).ok_or_else(|| node.problem(format!("{key} is missing")))
}

/// Names of scenarios and aliases: letters, digits, `-`, `_` and `.`.
fn name(node: &Node) -> Result<String, Problem> {
    let text = node.text()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 80 || !text.chars().all(fits) {
        return Err(node.problem("must be up to 80 letters, digits, hyphens, dots and underscores"));
    }
    Ok(text.to_owned())
}

fn alias(node: &Node) -> Result<Option<String>, Problem> {
    node.get("as").map(name).transpose()
}

fn fields(node: &Node) -> Result<Vec<(String, Node)>, Problem> {
    node.get("fields").map_or(Ok(Vec::new()), |fields| Ok(fields.table()?.to_vec()))
}

fn record(node: &Node) -> Result<Record, Problem> {
    check_keys(node, "key of a record", &["as", "object", "fields"])?;
    let object = needed(node, "object")?;
    object.text()?;
    Ok(Record {
        alias: alias(node)?,
        object: object.clone(),
        fields: fields(node)?,
        node: node.clone(),
    })
}

/// Most records that one `[[generate]]` makes.
const MOST: u64 = 1_000_000;

fn generate(node: &Node) -> Result<Generate, Problem> {
    check_keys(node, "key of generate", &["as", "object", "count", "with", "fields"])?;
    let object = needed(node, "object")?;
    object.text()?;
    let mut with = Vec::new();
    for (key, share) in node.get("with").map_or(Ok(&[][..]), Node::table)? {
        let defect = Defect::ALL.iter().find(|(_, own)| own == key).map(|(defect, _)| *defect);
        let defect = defect.ok_or_else(|| {
            share.problem(unknown("defect", key, Defect::ALL.map(|(_, own)| own)))
        })?;
        with.push((defect, share.share()?));
    }
    if with.iter().map(|(_, share)| share).sum::<f64>() > 1.0 + 1e-9 {
        let place = node.get("with").unwrap_or(node);
        return Err(place.problem("the shares sum to more than 1"));
    }
    Ok(Generate {
        alias: alias(node)?,
        object: object.clone(),
        count: node.get("count").map_or(Ok(1), |count| count.whole(0, MOST))? as usize,
        with,
        fields: fields(node)?,
        node: node.clone(),
    })
}

fn when(node: &Node) -> Result<When, Problem> {
    const KEYS: [&str; 17] = [
        "advance", "run", "load", "fault", "clear", "method", "path", "headers", "body", "each",
        "form", "as", "status", "lost", "answer", "save", "repeat",
    ];
    check_keys(node, "key of when", &KEYS)?;
    let step = if let Some(run) = node.get("run") {
        match run.text()? {
            "provisioning" => Step::Run { path: "provisioning/run", alias: alias(node)? },
            other => return Err(run.problem(unknown("job", other, ["provisioning"]))),
        }
    } else if let Some(load) = node.get("load") {
        check_keys(load, "key of load", &["records", "generate"])?;
        Scenario::read(load)?;
        Step::Load(load.clone())
    } else if let Some(fault) = node.get("fault") {
        faults::read(fault)?;
        Step::Fault(fault.clone())
    } else if let Some(clear) = node.get("clear") {
        let id = clear.text()?;
        Step::Clear((id != "faults").then(|| id.to_owned()))
    } else if let Some(advance) = node.get("advance") {
        let by = advance.text()?;
        if time::parse_duration(by).is_none() {
            return Err(advance.problem("must be a duration such as PT10M"));
        }
        Step::Advance(by.to_owned())
    } else {
        Step::Call(Box::new(call(node)?))
    };
    Ok(When { step, node: node.clone() })
}

/// Most times that one request is sent.
const MOST_REPEATS: u64 = 10_000;

/// Most items for which one of a body stands.
const MOST_ITEMS: u64 = 100_000;

fn call(node: &Node) -> Result<StepCall, Problem> {
    let method = needed(node, "method")?;
    const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    if !METHODS.contains(&method.text()?) {
        return Err(method.problem(unknown("method", method.text()?, METHODS)));
    }
    let path = needed(node, "path")?;
    if !path.text()?.starts_with(['/', '{']) {
        return Err(path.problem("must begin with / or with what was saved"));
    }
    let body = match (node.get("body"), node.get("form")) {
        (Some(_), Some(form)) => return Err(form.problem("there is a body already")),
        (Some(body), None) => Some(StepBody::Json(body.clone())),
        (None, Some(_)) => Some(StepBody::Form(texts(node, "form")?)),
        (None, None) => None,
    };
    let each = node.get("each").map_or(Ok(&[][..]), Node::table)?;
    let each = each.iter().map(|(list, many)| Ok((list.clone(), many.whole(0, MOST_ITEMS)?)));
    let mut each = each.collect::<Result<Vec<_>, Problem>>()?;
    // What lies deeper first: it is multiplied along with what it lies in.
    each.sort_by_key(|(list, _)| std::cmp::Reverse(list.len()));
    let status = node.get("status").map(|status| status.whole(100, 599)).transpose()?;
    Ok(StepCall {
        method: method.text()?.to_owned(),
        path: path.text()?.to_owned(),
        headers: texts(node, "headers")?,
        body,
        each,
        alias: alias(node)?,
        status: status.map(|status| status as u16),
        lost: node.get("lost").map_or(Ok(false), Node::flag)?,
        answer: node.get("answer").cloned(),
        save: texts(node, "save")?,
        repeat: node.get("repeat").map_or(Ok(1), |times| times.whole(1, MOST_REPEATS))?,
    })
}

/// A table of texts; none when the key is absent.
fn texts(node: &Node, key: &str) -> Result<Vec<(String, Node)>, Problem> {
    let entries = node.get(key).map_or(Ok(&[][..]), Node::table)?;
    for (_, value) in entries {
        value.text()?;
    }
    Ok(entries.to_vec())
}

fn then(node: &Node) -> Result<Then, Problem> {
    check_keys(node, "key of then", &["soql", "rows", "count"])?;
    let rows = match node.get("rows") {
        Some(rows) => {
            let rows = rows.list()?;
            for row in rows {
                row.table()?;
            }
            Some(rows.to_vec())
        }
        None => None,
    };
    let count = node.get("count").map(|count| count.whole(0, u64::MAX)).transpose()?;
    if rows.is_none() && count.is_none() {
        return Err(node.problem("rows or count is missing"));
    }
    Ok(Then { soql: needed(node, "soql")?.text()?.to_owned(), rows, count, node: node.clone() })
}

/// True when a tree is a scenario's name alone: `{"name": "…"}`.
pub(crate) fn only_name(node: &Node) -> Option<&str> {
    match (&node.value, node.table()) {
        (Tree::Text(name), _) => Some(name),
        (_, Ok([(key, name)])) if key == "name" => name.text().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Scenario::parse(text, Some("x.toml")).expect_err("a problem").to_string()
    }

    #[test]
    fn the_example_of_the_documentation_parses() {
        let text = r#"
            name = "half-the-employees-fail"
            title = "Half of a hundred employees collide on their usernames"
            [org]
            clock = "2026-01-15T09:00:00Z"
            features = { personAccounts = true, workplaceCommandCenter = true }
            [[records]]
            as = "manager"
            object = "User"
            fields = { LastName = "Okafor", Email = "okafor@example.com" }
            [[generate]]
            object = "Employee2"
            count = 100
            with = { duplicate_username = 0.5 }
            [[when]]
            run = "provisioning"
            as = "run"
            [[when]]
            advance = "PT10M"
            [[then]]
            soql = "SELECT TotalRecordCount FROM EmpUserProvisioningProcess"
            rows = [{ TotalRecordCount = 100 }]
        "#;
        let scenario = Scenario::parse(text, None).expect("a scenario");
        assert_eq!(scenario.name, "half-the-employees-fail");
        assert_eq!(scenario.generate[0].with, [(Defect::DuplicateUsername, 0.5)]);
        assert!(
            matches!(&scenario.when[0].step, Step::Run { alias: Some(own), .. } if own == "run")
        );
        let run = problem("[[when]]\nrun = \"provision\"");
        assert_eq!(
            run,
            "x.toml:2: when[0].run: no such job: provision; did you mean provisioning?"
        );
    }

    #[test]
    fn unknown_keys_are_named_with_line_and_the_nearest_known() {
        let cases = [
            (
                "title = \"x\"\nrecrods = []",
                "x.toml:2: recrods: no such key of a scenario: recrods; did you mean records?",
            ),
            (
                "[org]\nclok = \"real\"",
                "x.toml:2: org.clok: no such setting: clok; did you mean clock?",
            ),
            (
                "[org]\nfeatures = { personAcounts = true }",
                "x.toml:2: org.features.personAcounts: no such feature: personAcounts; did you mean personAccounts?",
            ),
            (
                "[[records]]\nobject = \"User\"\nfeilds = {}",
                "x.toml:3: records[0].feilds: no such key of a record: feilds; did you mean fields?",
            ),
            (
                "[[generate]]\nobject = \"User\"\nwith = { dup = 0.1 }",
                "x.toml:3: generate[0].with.dup: no such defect: dup; there are duplicate_username, missing_email, ambiguous_match, no_license",
            ),
            (
                "[org]\noutboundMessages = \"off\"",
                "x.toml:2: org.outboundMessages: NOT_EMULATED: the setting outboundMessages is not built yet",
            ),
            (
                "[[then]]\nsoql = \"SELECT Id FROM User\"",
                "x.toml:1: then[0]: rows or count is missing",
            ),
            (
                "[[records]]\nas = \"a\"\nobject = \"User\"\n[[records]]\nas = \"a\"\nobject = \"User\"",
                "x.toml:5: records[1].as: a record above is called a too",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(problem(text), expected);
        }
    }
}
