//! New orgs: empty, with scenarios, or forked.

use super::format::Scenario;
use super::load::{Loaded, load};
use super::problem::Problem;
use super::settings::ClockChoice;
use super::{base, faults};
use crate::clock::{Clock, Millis};
use crate::id::Id;
use crate::org::{Founding, NotFounded, Org, Orgs, Snapshot};
use crate::schema::{Features, ImportError};
use crate::store::{IndexCache, State, StateMode};
use std::sync::Arc;

/// What a new org shall be.
#[derive(Default)]
pub(crate) struct NewOrg<'a> {
    /// Its name; one is made up when there is none.
    pub name: Option<&'a str>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// The org to fork.
    pub from: Option<&'a Org>,
    /// How the org to fork was, if not as it is now.
    pub snapshot: Option<&'a Snapshot>,
    /// Scenarios to load, in order.
    pub scenarios: &'a [Scenario],
    /// Its clock, if not that of the start options or of the origin.
    pub clock: Option<ClockChoice>,
    /// Its seed, likewise.
    pub seed: Option<u64>,
    /// How long it lives, by the system's clock.
    pub ttl: Option<Millis>,
    /// It gets a port of its own.
    pub listen: bool,
}

/// Why there is no new org.
#[derive(Debug)]
pub(crate) enum NotMade {
    /// There is no room for it, or no port.
    NotFounded(NotFounded),
    /// The clock of a fork cannot run backwards.
    ClockBackwards,
    /// A scenario, by its place among those given, cannot be loaded.
    Scenario(usize, Problem),
    /// The schema of the start options does not fit.
    Schema(ImportError),
}

/// Makes an org.
pub(crate) fn create(
    orgs: &Orgs,
    new: &NewOrg<'_>,
    system_now: Millis,
) -> Result<(Arc<Org>, Vec<Loaded>), NotMade> {
    // Asked before the scenarios are loaded, and again when the org is registered.
    if !new.scenarios.is_empty() && new.name.is_some_and(|name| orgs.named(name).is_some()) {
        return Err(NotMade::NotFounded(NotFounded::Taken));
    }
    let mut taken = new.from.map_or_else(Vec::new, faults::taken);
    for (place, scenario) in new.scenarios.iter().enumerate() {
        faults::check_ids(scenario, &mut taken)
            .map_err(|problem| NotMade::Scenario(place, problem))?;
    }
    let (state, loaded) = first_state(orgs, new, system_now)?;
    let founding = Founding {
        name: new.name,
        label: new.label.clone(),
        ttl: new.ttl,
        listen: new.listen,
        administrator: base::administrator(),
        state,
        adopt: base::adopted,
        like: new.from,
    };
    let org = orgs.create(founding, system_now).map_err(NotMade::NotFounded)?;
    if let Some(origin) = new.from
        && origin.faults.are_any()
    {
        org.faults.adopt(&origin.faults, org.seed());
    }
    for scenario in new.scenarios {
        faults::arm(scenario, &org);
    }
    Ok((org, loaded))
}

/// The state of the new org, still under another org's id.
fn first_state(
    orgs: &Orgs,
    new: &NewOrg<'_>,
    system_now: Millis,
) -> Result<(Arc<State>, Vec<Loaded>), NotMade> {
    let state = match (new.snapshot, new.from) {
        (Some(snapshot), _) => Arc::clone(&snapshot.state),
        (None, Some(origin)) => origin.read(),
        (None, None) => empty(orgs, new)?,
    };
    if new.scenarios.is_empty() && new.clock.is_none() && new.seed.is_none() {
        return Ok((state, Vec::new()));
    }
    let mut state = State::clone(&state);
    if let Some(clock) = new.clock {
        let origin_now = match (new.snapshot, new.from) {
            (Some(snapshot), _) => Some(snapshot.state.clock.now(system_now)),
            (None, Some(origin)) => Some(origin.now(system_now)),
            (None, None) => None,
        };
        state.clock = match (clock, origin_now) {
            (ClockChoice::At(at), Some(now)) if at < now => return Err(NotMade::ClockBackwards),
            (ClockChoice::Real, Some(now)) => Clock::Real { offset: (now - system_now).max(0) },
            (clock, _) => clock.clock(),
        };
    }
    if let Some(seed) = new.seed {
        Arc::make_mut(&mut state.settings).seed = seed;
    }
    let indexes = IndexCache::default();
    let mut loaded = Vec::with_capacity(new.scenarios.len());
    for (place, scenario) in new.scenarios.iter().enumerate() {
        let fresh = new.from.is_none() && place == 0;
        let one = load(scenario, &mut state, &indexes, system_now, fresh);
        loaded.push(one.map_err(|problem| NotMade::Scenario(place, problem))?);
    }
    Ok((Arc::new(state), loaded))
}

/// An empty org as the start options want it. The scenarios' features are on from the beginning, so
/// that its own records have what they bring.
fn empty(orgs: &Orgs, new: &NewOrg<'_>) -> Result<Arc<State>, NotMade> {
    let template = &orgs.template;
    let features = new.scenarios.iter();
    let features = features.fold(Features::DEFAULT, |on, scenario| scenario.org.features(on));
    let clock = match template.standing_clock {
        Some(now) => Clock::Virtual { now },
        None => Clock::Real { offset: 0 },
    };
    let nobody = Id::own(*b"00D", 0);
    let state = base::empty_org(nobody, features, clock);
    let usual = template.seed == 0 && template.state_mode == StateMode::default();
    if usual && template.additions.is_empty() && template.username.is_none() {
        return Ok(state);
    }
    let mut state = State::clone(&state);
    if !template.additions.is_empty() {
        let mut schema = crate::schema::Schema::clone(&state.schema);
        for additions in &template.additions {
            schema.extend(additions.clone()).map_err(NotMade::Schema)?;
        }
        state.set_schema(Arc::new(schema), base::BEGINNING);
    }
    if let Some(username) = &template.username {
        base::rename_administrator(&mut state, username);
    }
    let settings = Arc::make_mut(&mut state.settings);
    settings.seed = template.seed;
    settings.state_mode = template.state_mode;
    Ok(Arc::new(state))
}

/// True for a name that an org may have.
pub(crate) fn is_org_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(fits)
}
