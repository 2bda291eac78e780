//! Built-in scenarios, and whether a scenario holds.

use super::{Org, find};
use crate::api::{self, Request};
use crate::clock;
use crate::org::{DEFAULT, Orgs, Template};
use crate::scenario::{self, NewOrg, NotMade};
use std::sync::Arc;

/// Loads a scenario, a built-in one by name or a file, into an org of its own, runs what happens in
/// it, and checks what must hold. The problems name file and line.
///
/// ```
/// # fn main() -> Result<(), Vec<String>> {
/// fauxforce::check_scenario("no-such-scenario").expect_err("there is none");
/// # Ok(())
/// # }
/// ```
pub fn check_scenario(source: &str) -> Result<(), Vec<String>> {
    let one = |problem: String| vec![problem];
    let scenario = find(source).map_err(|problem| one(problem.to_string()))?;
    let orgs = Orgs::new(Template::default()).with_hooks(&api::HOOKS);
    let scenarios = std::slice::from_ref(&scenario);
    let new = NewOrg { name: Some(DEFAULT), scenarios, ..NewOrg::default() };
    let made = scenario::create(&orgs, &new, clock::system_now());
    let (org, loaded) = made.map_err(|why| match why {
        NotMade::Scenario(_, problem) => one(problem.to_string()),
        other => one(format!("{other:?}")),
    })?;
    let orgs = Arc::new(orgs);
    let handle = Org { orgs, org };
    let mut call = |sent: &scenario::Sent<'_>| {
        let Some(method) = api::Method::parse(sent.method) else { return (501, String::new()) };
        let mut request = Request::new(method, sent.path);
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        if request.headers.get("authorization").is_none() {
            // A scenario may let days pass; it is not about the end of the administrator's session.
            handle.org.open_first_session(clock::system_now());
            request = request.bearer(handle.access_token());
        }
        if let Some((body, media)) = &sent.body {
            request = request.header("content-type", media).body(body.clone());
        }
        let response = handle.call(request);
        if response.transport.drop {
            return (scenario::LOST, String::new());
        }
        let status = response.status;
        let body = response.into_bytes().map_or_else(
            |error| error.to_string(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        );
        (status, body)
    };
    let loaded = loaded.first().cloned().unwrap_or_default();
    scenario::run(&scenario, &loaded, DEFAULT, &mut call)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The built-in scenarios: name and title.
pub fn built_in_scenarios() -> Vec<(&'static str, String)> {
    scenario::list().collect()
}

/// The text of a built-in scenario.
pub fn built_in_scenario(name: &str) -> Option<&'static str> {
    scenario::show(name)
}
