//! The table of State changes: from `fixtures/provisioning/transitions.toml`, and as an owner
//! corrects it in the settings.

use super::problem::{Problem, unknown};
use super::tree::Node;
use crate::store::{Confidence, Transition, Transitions, Verdict};
use std::sync::{Arc, LazyLock};

const TEXT: &str = include_str!("../../fixtures/provisioning/transitions.toml");

/// The table that every org begins with.
pub fn standard() -> Arc<Transitions> {
    // The file is part of the program: a fault in it is a broken build, and the test says where.
    static MADE: LazyLock<Arc<Transitions>> =
        LazyLock::new(|| Arc::new(parse(TEXT).expect("transitions.toml is whole")));
    Arc::clone(&MADE)
}

fn parse(text: &str) -> Result<Transitions, Problem> {
    let root = Node::from_toml(text)?;
    let none = || root.problem("the table of reasons is missing");
    let reasons = root.get("reasons").ok_or_else(none)?;
    let rows: Vec<_> = root.table()?.iter().filter(|(key, _)| key != "reasons").collect();
    let mut cells = Vec::with_capacity(rows.len() * rows.len());
    for (_, row) in &rows {
        for (to, _) in &rows {
            let cell = row.get(to).ok_or_else(|| row.problem(format!("no cell for {to}")))?;
            let [verdict, confidence, enforce, reason] = cell.list()? else {
                return Err(cell.problem("must be value, confidence, enforce and reason"));
            };
            let text = reason.text()?;
            let sentence =
                reasons.get(text).ok_or_else(|| reason.problem("is no key of reasons"))?;
            cells.push(Transition {
                verdict: one_of(verdict, "verdict", &Verdict::ALL)?,
                confidence: one_of(confidence, "confidence", &Confidence::ALL)?,
                accepted: one_of(enforce, "enforcement", &[(true, "accept"), (false, "reject")])?,
                reason: sentence.text()?.into(),
            });
        }
    }
    let states = rows.iter().map(|(state, _)| state.as_str().into()).collect();
    Transitions::new(states, cells).ok_or_else(|| root.problem("the table is not square"))
}

/// A value by its name in files.
pub(super) fn one_of<T: Copy>(
    node: &Node,
    what: &str,
    all: &[(T, &'static str)],
) -> Result<T, Problem> {
    let text = node.text()?;
    let found = all.iter().find(|(_, name)| *name == text).map(|(value, _)| *value);
    found.ok_or_else(|| node.problem(unknown(what, text, all.iter().map(|(_, name)| *name))))
}

/// Cells as an owner gives them: `{"Collecting": {"New": "allowed"}}`.
pub(super) fn corrections(node: &Node) -> Result<Vec<(String, String, Transition)>, Problem> {
    let standard = standard();
    let state = |node: &Node, name: &str| {
        let known = standard.states().find(|own| own.eq_ignore_ascii_case(name));
        let states: Vec<&str> = standard.states().collect();
        known.map(ToOwned::to_owned).ok_or_else(|| node.problem(unknown("State", name, states)))
    };
    let mut cells = Vec::new();
    for (from, row) in node.table()? {
        let from = state(row, from)?;
        for (to, cell) in row.table()? {
            let to = state(cell, to)?;
            let verdict = one_of(cell, "verdict", &Verdict::ALL)?;
            cells.push((
                from.clone(),
                to,
                Transition {
                    verdict,
                    confidence: Confidence::High,
                    accepted: verdict != Verdict::NotAllowed,
                    reason: "The owner of this org says so.".into(),
                },
            ));
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Features, Schema};

    #[test]
    fn the_table_has_a_cell_for_every_pair_of_states() {
        let table = standard();
        let schema = Schema::standard(Features::DEFAULT);
        let object = schema.by_name("UserProvisioningRequest").expect("the object");
        let (_, field) = object.field("State").expect("State");
        let picklist = field.picklist.as_ref().expect("a picklist");
        for from in picklist.values() {
            for to in picklist.values() {
                let step = table.step(&from.value, &to.value).expect("a cell");
                assert_eq!(step.verdict == Verdict::Same, from.value == to.value);
                assert!(!step.reason.is_empty());
            }
        }
        assert_eq!(table.states().count(), picklist.values().len());
    }

    #[test]
    fn a_broken_table_says_where() {
        let broken = TEXT.replacen("[\"same\", \"high\"", "[\"sane\", \"high\"", 1);
        let problem = parse(&broken).expect_err("no such verdict");
        assert!(problem.to_string().ends_with("no such verdict: sane; did you mean same?"));
    }
}
