//! The settings of provisioning: how strict States are, at which pace work goes on, what the targets
//! do. One reader and one writer, as for the other settings.

use super::problem::{Problem, not_emulated, unknown};
use super::settings::quoted;
use super::transitions::{self, one_of};
use super::tree::{Node, Tree};
use crate::clock::Millis;
use crate::store::{
    Adapter, EXTERNAL, Ending, External, Outcome, Pace, Settings, Stage, State, StateMode, Target,
    Transition, Verdict,
};
use crate::time;
use std::fmt::Write as _;
use std::sync::Arc;

/// What a settings text asks of provisioning.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    mode: Option<StateMode>,
    cells: Vec<(String, String, Transition)>,
    /// `transitions` is null: back to the usual table.
    usual_cells: bool,
    pace: Option<Pace>,
    /// Targets by connected app; what a table does not name stays, null removes the target.
    targets: Vec<(String, Node)>,
    /// `targets` is null: all are removed.
    no_targets: bool,
}

impl Change {
    /// Reads one key of the settings.
    pub(super) fn read(&mut self, key: &str, value: &Node) -> Result<(), Problem> {
        let null = value.value == Tree::Null;
        match key {
            "state" if null => self.mode = Some(StateMode::default()),
            "state" => self.mode = Some(one_of(value, "mode", &StateMode::ALL)?),
            "transitions" if null => self.usual_cells = true,
            "transitions" => self.cells = transitions::corrections(value)?,
            "progression" if null => self.pace = Some(Pace::Immediate),
            "progression" => self.pace = progression(value)?,
            _ if null => self.no_targets = true,
            _ => {
                for (app, target) in value.table()? {
                    if target.value != Tree::Null {
                        merge(&mut Target::default(), target)?;
                    }
                    self.targets.push((app.clone(), target.clone()));
                }
            }
        }
        Ok(())
    }

    /// Makes the change.
    pub(super) fn apply(&self, state: &mut State) -> Result<(), Problem> {
        let settings = Arc::make_mut(&mut state.settings);
        settings.state_mode = self.mode.unwrap_or(settings.state_mode);
        if self.usual_cells {
            settings.transitions = transitions::standard();
        }
        if !self.cells.is_empty() {
            let table = Arc::make_mut(&mut settings.transitions);
            for (from, to, cell) in &self.cells {
                table.correct(from, to, cell.clone());
            }
        }
        settings.pace = self.pace.unwrap_or(settings.pace);
        if self.no_targets {
            settings.targets.clear();
        }
        let mut rewritten = Vec::new();
        for (app, node) in &self.targets {
            if node.value == Tree::Null {
                settings.targets.remove(app);
                continue;
            }
            let target = Arc::make_mut(settings.targets.entry(app.clone()).or_default());
            merge(target, node)?;
            check(target, node)?;
            if node.get("outcomes").is_some() {
                rewritten.push(app.as_str());
            }
        }
        for app in rewritten {
            begin_outcomes(state, app);
        }
        Ok(())
    }
}

/// Outcomes that were given anew are counted from the first.
fn begin_outcomes(state: &mut State, app: &str) {
    let Some(object) = state.schema.by_name("ConnectedApplication") else { return };
    let name = object.name_slot.unwrap_or(object.system.id);
    let rows = state.table(object.id).live_rows();
    let apps: Vec<_> = rows
        .filter_map(|(_, row)| Some((row.id(object.system.id)?, row.get(name).as_text())))
        .filter(|(id, name)| Settings::names(app, *id, name.unwrap_or_default()))
        .map(|(id, _)| id)
        .collect();
    for app in apps {
        for (stage, _) in Stage::ALL {
            state.tallies.remove(&(stage.tally(), app));
        }
    }
}

fn progression(node: &Node) -> Result<Option<Pace>, Problem> {
    let mut own = None;
    for (key, value) in node.table()? {
        match key.as_str() {
            "provisioning" => own = Some(pace(value)?),
            "bulk" | "deploy" => {
                return Err(value.problem(not_emulated(&format!("progression.{key}"))));
            }
            other => {
                let known = ["provisioning", "bulk", "deploy"];
                return Err(value.problem(unknown("progression", other, known)));
            }
        }
    }
    Ok(own)
}

fn pace(node: &Node) -> Result<Pace, Problem> {
    let wrong = || node.problem("must be immediate, {\"polls\": n} or {\"after\": \"PT5S\"}");
    match &node.value {
        Tree::Null => Ok(Pace::Immediate),
        Tree::Text(text) if text == "immediate" => Ok(Pace::Immediate),
        Tree::Table(entries) => match entries.as_slice() {
            [(key, polls)] if key == "polls" => Ok(Pace::Polls(polls.whole(0, 1_000_000)? as u32)),
            [(key, after)] if key == "after" => Ok(Pace::After(duration(after)?)),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn duration(node: &Node) -> Result<Millis, Problem> {
    time::parse_duration(node.text()?)
        .ok_or_else(|| node.problem("must be a duration such as PT5S"))
}

const TARGET_KEYS: [&str; 14] = [
    "adapter",
    "url",
    "authorization",
    "retries",
    "retryDelay",
    "onDeactivate",
    "outcomes",
    "latency",
    "timeout",
    "pageSize",
    "accounts",
    "onDenied",
    "onRetried",
    "onAnalyzed",
];

/// Takes over the keys of a target's table; null puts one back to its usual value.
fn merge(target: &mut Target, node: &Node) -> Result<(), Problem> {
    let usual = Target::default();
    for (key, value) in node.table()? {
        let null = value.value == Tree::Null;
        match key.as_str() {
            "adapter" if null => target.adapter = usual.adapter,
            "adapter" => target.adapter = one_of(value, "adapter", &Adapter::ALL)?,
            "url" if null => target.url = None,
            "url" => target.url = Some(url(value)?.into()),
            "authorization" if null => target.authorization = None,
            "authorization" => target.authorization = Some(header_value(value)?.into()),
            "retries" if null => target.retries = usual.retries,
            "retries" => target.retries = value.whole(0, MOST_RETRIES)? as u32,
            "retryDelay" => {
                target.retry_delay = if null { usual.retry_delay } else { duration(value)? };
            }
            "onDeactivate" => {
                let names = [(false, "deactivate"), (true, "delete")];
                target.deactivate_deletes = !null && one_of(value, "choice", &names)?;
            }
            "outcomes" if null => target.outcomes.clear(),
            "outcomes" => {
                target.outcomes = value.list()?.iter().map(outcome).collect::<Result<_, _>>()?;
            }
            "latency" => target.latency = if null { usual.latency } else { duration(value)? },
            "timeout" => target.timeout = if null { usual.timeout } else { duration(value)? },
            "pageSize" if null => target.page = usual.page,
            "pageSize" => target.page = value.whole(1, 50_000)? as u32,
            "accounts" if null => target.accounts = None,
            "accounts" => {
                let accounts: Result<Vec<External>, Problem> =
                    value.list()?.iter().map(account).collect();
                target.accounts = Some(accounts?.into());
            }
            "onDenied" => {
                let names = [(false, "stay"), (true, "fail")];
                target.denied_fails = !null && one_of(value, "choice", &names)?;
            }
            "onRetried" => {
                let names = [(true, "clone"), (false, "nothing")];
                target.retried_clones = null || one_of(value, "choice", &names)?;
            }
            "onAnalyzed" => {
                let names = [(true, "commit"), (false, "wait")];
                target.analyzed_commits = !null && one_of(value, "choice", &names)?;
            }
            key => return Err(value.problem(unknown("key of a target", key, TARGET_KEYS))),
        }
    }
    Ok(())
}

/// The longest that a call over HTTP may take: ten minutes.
const LONGEST_CALL: Millis = 600_000;

/// Checks what the keys of a target say together.
fn check(target: &Target, node: &Node) -> Result<(), Problem> {
    if !target.is_remote() {
        return Ok(());
    }
    let place = |key: &str| node.get(key).unwrap_or(node);
    if target.url.is_none() {
        return Err(place("adapter").problem("a target over HTTP needs a url"));
    }
    if !(1..=LONGEST_CALL).contains(&target.timeout) {
        return Err(place("timeout").problem("a call over HTTP may take up to PT10M"));
    }
    Ok(())
}

/// Most retries of a call.
const MOST_RETRIES: u64 = 100;

/// An address to be called: `http` or `https`, a host, no user and nothing after a `#`.
pub(super) fn url(node: &Node) -> Result<&str, Problem> {
    let text = node.text()?;
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if host.is_empty() || host.starts_with(':') || host.contains('@') || !plain {
        return Err(node.problem("must be an http or https URL such as http://localhost:8080/scim"));
    }
    Ok(text)
}

/// The value of a header: one line of printable ASCII.
fn header_value(node: &Node) -> Result<&str, Problem> {
    let text = node.text()?;
    if text.is_empty() || !text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return Err(node.problem("must be one line of ASCII such as Bearer abc"));
    }
    Ok(text)
}

/// The key of a field of [`EXTERNAL`] in settings: its name with a small first letter.
fn external_key(name: &str) -> String {
    name.replacen('E', "e", 1)
}

fn external_place(key: &str) -> Option<usize> {
    EXTERNAL.iter().position(|name| external_key(name) == key)
}

fn account(node: &Node) -> Result<External, Problem> {
    let mut account = External::default();
    for (key, value) in node.table()? {
        let keys = EXTERNAL.map(external_key);
        let known: Vec<&str> = keys.iter().map(String::as_str).collect();
        let place = external_place(key);
        let place = place.ok_or_else(|| value.problem(unknown("key of an account", key, known)))?;
        account[place] = Some(value.text()?.into());
    }
    if account[0].is_none() {
        return Err(node.problem("externalUserId is missing"));
    }
    Ok(account)
}

/// `"ok"`, `"timeout"`, `503`, or a table.
fn outcome(node: &Node) -> Result<Outcome, Problem> {
    let mut outcome = Outcome::default();
    match &node.value {
        Tree::Number(_) => status(&mut outcome, node)?,
        Tree::Table(entries) => {
            for (key, value) in entries {
                outcome_key(&mut outcome, key, value)?;
            }
            if node.get("result").is_none() && node.get("status").is_none() {
                let fails = outcome.details.is_some();
                outcome.ending = if fails { Ending::Failed } else { Ending::Done };
            }
        }
        _ => outcome.ending = one_of(node, "outcome", &Ending::ALL)?,
    }
    Ok(outcome)
}

fn outcome_key(outcome: &mut Outcome, key: &str, value: &Node) -> Result<(), Problem> {
    match key {
        "stage" => outcome.stage = one_of(value, "stage", &Stage::ALL)?,
        "result" => outcome.ending = one_of(value, "result", &Ending::ALL)?,
        "status" => status(outcome, value)?,
        "details" => outcome.details = Some(value.text()?.into()),
        "accountStatus" => {
            let names = ["Active", "Deactivated", "Deleted"].map(|name| (name, name));
            outcome.account_status = Some(one_of(value, "Status", &names)?.into());
        }
        "reconState" => outcome.recon_state = Some(value.text()?.into()),
        "latency" => outcome.latency = Some(duration(value)?),
        "times" => outcome.times = Some(value.whole(1, u64::from(u32::MAX))? as u32),
        "after" => outcome.after = value.whole(0, u64::from(u32::MAX))? as u32,
        key => {
            let keys = EXTERNAL.map(external_key);
            let Some(place) = external_place(key) else {
                let known = ["stage", "result", "status", "details", "reconState", "latency"];
                let known = known.into_iter().chain(["times", "after", "accountStatus"]);
                let known: Vec<&str> = known.chain(keys.iter().map(String::as_str)).collect();
                return Err(value.problem(unknown("key of an outcome", key, known)));
            };
            outcome.external[place] = Some(value.text()?.into());
        }
    }
    Ok(())
}

/// A status of 400 or more is a failure unless `result` says otherwise.
fn status(outcome: &mut Outcome, node: &Node) -> Result<(), Problem> {
    let text = match &node.value {
        Tree::Number(text) => text.as_str(),
        _ => node.text()?,
    };
    outcome.status = Some(text.into());
    if text.parse::<u32>().is_ok_and(|number| number >= 400) {
        outcome.ending = Ending::Failed;
    }
    Ok(())
}

/// Appends the settings of provisioning as JSON.
pub(super) fn push_json(out: &mut String, settings: &Settings) {
    let mode = name_of(settings.state_mode, &StateMode::ALL);
    let _ = write!(out, ",\"state\":{},\"transitions\":{{", quoted(mode));
    push_cells(out, settings);
    out.push_str("},\"progression\":{\"provisioning\":");
    match settings.pace {
        Pace::Immediate => out.push_str("\"immediate\""),
        Pace::Polls(polls) => {
            let _ = write!(out, "{{\"polls\":{polls}}}");
        }
        Pace::After(after) => {
            let _ = write!(out, "{{\"after\":{}}}", shown(after));
        }
    }
    out.push_str("},\"targets\":{");
    for (place, (app, target)) in settings.targets.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{}:", quoted(app));
        push_target(out, target);
    }
    out.push('}');
}

/// The cells that the owner corrected, row by row.
fn push_cells(out: &mut String, settings: &Settings) {
    let (own, usual) = (&settings.transitions, transitions::standard());
    let mut rows = 0;
    for from in usual.states() {
        let corrected: Vec<(&str, Verdict)> = usual
            .states()
            .filter(|to| own.step(from, to) != usual.step(from, to))
            .filter_map(|to| Some((to, own.step(from, to)?.verdict)))
            .collect();
        if corrected.is_empty() {
            continue;
        }
        let comma = if rows == 0 { "" } else { "," };
        rows += 1;
        let cells: Vec<String> = corrected
            .iter()
            .map(|(to, verdict)| {
                format!("{}:{}", quoted(to), quoted(name_of(*verdict, &Verdict::ALL)))
            })
            .collect();
        let _ = write!(out, "{comma}{}:{{{}}}", quoted(from), cells.join(","));
    }
}

fn name_of<T: Copy + PartialEq>(value: T, all: &[(T, &'static str)]) -> &'static str {
    all.iter().find(|(own, _)| *own == value).map_or("", |(_, name)| name)
}

fn shown(span: Millis) -> String {
    let (seconds, millis) = (span / 1000, span % 1000);
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    quoted(&format!("PT{seconds}{fraction}S"))
}

fn push_target(out: &mut String, target: &Target) {
    let adapter = name_of(target.adapter, &Adapter::ALL);
    let _ = write!(out, "{{\"adapter\":{}", quoted(adapter));
    if let Some(url) = &target.url {
        let _ = write!(out, ",\"url\":{}", quoted(url));
    }
    let outcomes: Vec<String> = target.outcomes.iter().map(outcome_json).collect();
    let _ = write!(
        out,
        ",\"outcomes\":[{}],\"latency\":{},\"timeout\":{},\"pageSize\":{}",
        outcomes.join(","),
        shown(target.latency),
        shown(target.timeout),
        target.page
    );
    if target.is_remote() {
        let deactivate = if target.deactivate_deletes { "delete" } else { "deactivate" };
        let _ = write!(
            out,
            ",\"retries\":{},\"retryDelay\":{},\"onDeactivate\":\"{deactivate}\"",
            target.retries,
            shown(target.retry_delay)
        );
    }
    if let Some(accounts) = &target.accounts {
        let accounts: Vec<String> =
            accounts.iter().map(|account| format!("{{{}}}", external_json(account))).collect();
        let _ = write!(out, ",\"accounts\":[{}]", accounts.join(","));
    }
    let denied = if target.denied_fails { "fail" } else { "stay" };
    let retried = if target.retried_clones { "clone" } else { "nothing" };
    let analyzed = if target.analyzed_commits { "commit" } else { "wait" };
    let _ = write!(
        out,
        ",\"onDenied\":\"{denied}\",\"onRetried\":\"{retried}\",\"onAnalyzed\":\"{analyzed}\"}}"
    );
}

fn external_json(external: &External) -> String {
    let keys = EXTERNAL.iter().zip(external);
    let keys = keys.filter_map(|(name, value)| Some((external_key(name), value.as_ref()?)));
    keys.map(|(key, value)| format!("\"{key}\":{}", quoted(value))).collect::<Vec<_>>().join(",")
}

fn outcome_json(outcome: &Outcome) -> String {
    let mut parts = vec![format!("\"result\":{}", quoted(name_of(outcome.ending, &Ending::ALL)))];
    if outcome.stage != Stage::Request {
        parts.push(format!("\"stage\":{}", quoted(name_of(outcome.stage, &Stage::ALL))));
    }
    let texts = [
        ("status", &outcome.status),
        ("details", &outcome.details),
        ("reconState", &outcome.recon_state),
        ("accountStatus", &outcome.account_status),
    ];
    parts.extend(
        texts
            .iter()
            .filter_map(|(key, text)| Some(format!("\"{key}\":{}", quoted((*text).as_ref()?)))),
    );
    parts.extend(outcome.latency.map(|latency| format!("\"latency\":{}", shown(latency))));
    parts.extend(outcome.times.map(|times| format!("\"times\":{times}")));
    if outcome.after > 0 {
        parts.push(format!("\"after\":{}", outcome.after));
    }
    let external = external_json(&outcome.external);
    if !external.is_empty() {
        parts.push(external);
    }
    format!("{{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::super::base;
    use super::super::settings::{Change, Of, to_json};
    use super::*;
    use crate::clock::Clock;
    use crate::id::Id;
    use crate::schema::Features;
    use crate::store::IndexCache;
    use serde_json::{Value as Json, json};

    fn applied(settings: &[Json]) -> Result<Json, String> {
        let clock = Clock::Virtual { now: 0 };
        let state = base::empty_org(Id::own(*b"00D", 1), Features::DEFAULT, clock);
        let mut state = State::clone(&state);
        for settings in settings {
            let change = Change::read(&Node::from_json(settings), Of::Settings);
            let change = change.map_err(|problem| problem.to_string())?;
            let done = change.apply(&mut state, &IndexCache::default(), 0);
            done.map_err(|problem| problem.to_string())?;
        }
        Ok(serde_json::from_str(&to_json(&state)).expect("JSON"))
    }

    #[test]
    fn targets_are_merged_key_by_key() {
        let shown = applied(&[
            json!({"state": "strict", "progression": {"provisioning": {"after": "PT5S"}}}),
            json!({"targets": {"fauxforce": {
                "outcomes": ["ok", 503, {"details": "no", "times": 2, "externalUserId": "x"}],
                "accounts": [{"externalUserId": "1", "externalEmail": "a@example.com"}],
            }}}),
            json!({"targets": {"fauxforce": {"latency": "PT1.5S", "onDenied": "fail"}}}),
        ])
        .expect("good settings");
        assert_eq!(shown["state"], "strict");
        assert_eq!(shown["progression"]["provisioning"], json!({"after": "PT5S"}));
        let target = &shown["targets"]["fauxforce"];
        assert_eq!(target["adapter"], "scripted");
        assert_eq!(target["latency"], "PT1.500S");
        assert_eq!(target["onDenied"], "fail");
        assert_eq!(target["accounts"][0]["externalEmail"], "a@example.com");
        let outcomes = json!([
            {"result": "ok"},
            {"result": "fail", "status": "503"},
            {"result": "fail", "details": "no", "times": 2, "externalUserId": "x"},
        ]);
        assert_eq!(target["outcomes"], outcomes);
        // What is shown can be given back.
        let again = json!({"targets": shown["targets"], "state": shown["state"]});
        assert_eq!(applied(&[again]).expect("the same")["targets"], shown["targets"]);
        let gone = applied(&[
            json!({"targets": {"fauxforce": {}}}),
            json!({"targets": {"fauxforce": null}}),
        ]);
        assert_eq!(gone.expect("good settings")["targets"], json!({}));
    }

    #[test]
    fn an_owner_corrects_the_table_of_states() {
        let cells = json!({"transitions": {"completed": {"New": "allowed"}}});
        let shown = applied(&[cells]).expect("good settings");
        assert_eq!(shown["transitions"], json!({"Completed": {"New": "allowed"}}));
    }

    #[test]
    fn bad_settings_say_where() {
        let cases = [
            (json!({"state": "of"}), "state: no such mode: of; did you mean off?"),
            (
                json!({"targets": {"fauxforce": {"adaptor": "scim"}}}),
                "targets.fauxforce.adaptor: no such key of a target: adaptor; did you mean adapter?",
            ),
            (
                json!({"targets": {"fauxforce": {"outcomes": ["okay"]}}}),
                "targets.fauxforce.outcomes[0]: no such outcome: okay; there are ok, fail, timeout",
            ),
            (
                json!({"progression": {"provisioning": "slow"}}),
                "progression.provisioning: must be immediate, {\"polls\": n} or {\"after\": \"PT5S\"}",
            ),
            (
                json!({"transitions": {"Done": {"New": "allowed"}}}),
                "transitions.Done: no such State: Done; there are New, Requested, Collecting, \
                 Collected, Analyzing, Analyzed, Committing, Completed, Failed, Retried, Manually \
                 Completed",
            ),
        ];
        for (settings, expected) in cases {
            assert_eq!(applied(&[settings]).expect_err("a problem"), expected);
        }
    }
}
