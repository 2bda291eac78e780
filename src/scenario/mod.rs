//! What an org begins with, and scenario files: records, generated records, what happens, what must
//! hold afterwards.
//!
//! text → [`tree`](Node) → [`Scenario`] → [`load`] into a state → [`run`] its steps and expectations
//! through requests.

mod apex;
pub(crate) mod base;
mod behaviour;
mod create;
mod duplicates;
mod employees;
mod expect;
pub(crate) mod faults;
mod format;
mod generate;
mod load;
mod people;
mod problem;
pub(crate) mod settings;
mod switches;
mod targets;
mod transitions;
mod tree;

pub(crate) use create::{NewOrg, NotMade, create, is_org_name};
pub(crate) use expect::{LOST, Sent, holds, run};
pub(crate) use format::{Scenario, Then, only_name};
pub(crate) use load::{Loaded, load};
pub(crate) use problem::{Problem, nearest};
pub(crate) use tree::{Node, Tree};

/// The built-in scenarios, those of `fixtures/scenarios`: name and text, by name.
static BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// Names and titles of the built-in scenarios.
pub(crate) fn list() -> impl Iterator<Item = (&'static str, String)> {
    let title = |text| Scenario::parse(text, None).map_or_else(|_| String::new(), |s| s.title);
    BUILT_IN.iter().map(move |(name, text)| (*name, title(text)))
}

/// The text of a built-in scenario.
pub(crate) fn show(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// A built-in scenario, or a problem that names the nearest one.
pub(crate) fn find(name: &str) -> Result<Scenario, Problem> {
    if let Some(text) = show(name) {
        return Scenario::parse(text, Some(&format!("{name}.toml")));
    }
    let known = BUILT_IN.iter().map(|(own, _)| *own);
    Err(Problem::new(problem::unknown("scenario", name, known)))
}

#[cfg(test)]
mod tests {
    use super::base::empty_org;
    use super::*;
    use crate::clock::Clock;
    use crate::id::Id;
    use crate::schema::Features;
    use crate::store::{IndexCache, State};

    #[test]
    fn every_built_in_scenario_loads_under_its_name() {
        for (name, title) in list() {
            let scenario = find(name).expect(name);
            assert_eq!(scenario.name, name);
            assert!(!title.is_empty() && !scenario.then.is_empty(), "{name}");
            let clock = Clock::Virtual { now: base::BEGINNING };
            let state = empty_org(Id::own(*b"00D", 1), Features::DEFAULT, clock);
            let mut state = State::clone(&state);
            let loaded = load(&scenario, &mut state, &IndexCache::default(), 0, true);
            assert!(loaded.is_ok(), "{loaded:?}");
        }
        let problem = find("emptyorg").map(|_| ()).expect_err("no such scenario");
        assert_eq!(problem.message, "no such scenario: emptyorg; did you mean empty-org?");
    }
}
