use super::*;
use crate::error::Injected;
use proptest::prelude::*;

fn rule(when: When) -> Rule {
    Rule {
        id: String::new(),
        text: "{}".into(),
        matching: Matching::default(),
        when,
        then: Then::Drop(Moment::Before),
    }
}

/// Which of the first matches a rule strikes.
fn struck(when: When, matches: u64) -> Vec<u64> {
    struck_under(when, matches, 0)
}

fn struck_under(when: When, matches: u64, seed: u64) -> Vec<u64> {
    let rules = FaultRules::default();
    let id = rules.add(rule(when), seed).expect("a free id");
    let active = rules.find(&id).expect("the rule");
    (1..=matches).filter(|_| active.strikes(0)).collect()
}

#[test]
fn which_matches_are_struck() {
    let when = When::default;
    let cases = [
        (when(), vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (When { nth: Some(3), ..when() }, vec![3]),
        (When { times: Some(2), ..when() }, vec![1, 2]),
        (When { nth: Some(3), times: Some(2), ..when() }, vec![3, 4]),
        (When { every: Some(3), ..when() }, vec![3, 6, 9]),
        (When { every: Some(3), times: Some(2), ..when() }, vec![3, 6]),
        (When { nth: Some(2), every: Some(3), ..when() }, vec![2, 5, 8]),
        (When { probability: Some(0.0), ..when() }, vec![]),
        (When { probability: Some(1.0), times: Some(1), ..when() }, vec![1]),
    ];
    for (when, expected) in cases {
        assert_eq!(struck(when.clone(), 9), expected, "{when:?}");
    }
}

#[test]
fn nothing_is_counted_before_its_time() {
    let rules = FaultRules::default();
    let when = When { nth: Some(2), after: Some(100), ..When::default() };
    let id = rules.add(rule(when), 0).expect("a free id");
    let active = rules.find(&id).expect("the rule");
    let struck: Vec<bool> = [0, 99, 100, 101, 102].map(|now| active.strikes(now)).into();
    assert_eq!(struck, [false, false, false, true, false]);
    assert_eq!(active.counts(), Counts { matched: 3, struck: 1, held: 0 });
}

#[test]
fn ids_are_made_or_brought_and_unique() {
    let rules = FaultRules::default();
    assert!(!rules.are_any());
    let named = |id: &str| Rule { id: id.to_owned(), ..rule(When::default()) };
    assert_eq!(rules.add(rule(When::default()), 0), Ok("f1".to_owned()));
    assert_eq!(rules.add(named("f2"), 0), Ok("f2".to_owned()));
    assert_eq!(rules.add(rule(When::default()), 0), Ok("f3".to_owned()));
    assert_eq!(rules.add(named("f3"), 0), Err(NotAdded::Taken));
    assert!(rules.remove("f1") && !rules.remove("f1"));
    assert_eq!(rules.add(rule(When::default()), 0), Ok("f4".to_owned()), "no id comes again");
    let fork = FaultRules::default();
    fork.adopt(&rules, 0);
    assert_eq!(
        fork.active().iter().map(|a| a.rule.id.clone()).collect::<Vec<_>>(),
        ["f2", "f3", "f4"]
    );
    rules.clear();
    assert!(!rules.are_any() && fork.are_any());
    for _ in 0..MOST {
        rules.add(rule(When::default()), 0).expect("room");
    }
    assert_eq!(rules.add(rule(When::default()), 0), Err(NotAdded::Full));
}

#[test]
fn rules_of_records_are_known_by_their_error_or_record() {
    let error = |code: &str| {
        let error =
            Injected { code: code.to_owned(), message: None, status: None, rule: String::new() };
        Rule { then: Then::Error(error), ..rule(When::default()) }
    };
    let rules = FaultRules::default();
    rules.add(error("SERVER_UNAVAILABLE"), 0).expect("room");
    assert!(rules.are_of_requests() && !rules.are_of_records());
    let id = rules.add(error("UNABLE_TO_LOCK_ROW"), 0).expect("room");
    assert!(rules.are_of_records());
    let Then::Error(error) = &rules.find(&id).expect("the rule").rule.then else { panic!() };
    assert_eq!(error.rule, id, "its hint names it");
    rules.remove(&id);
    assert!(!rules.are_of_records());
}

#[test]
fn whoever_is_held_by_a_rule_goes_on_when_it_is_gone() {
    let rules = FaultRules::default();
    let held = Rule { then: Then::Hold("race".to_owned()), ..rule(When::default()) };
    let id = rules.add(held, 0).expect("room");
    let active = rules.find(&id).expect("the rule");
    let hold = active.gate.hold();
    assert_eq!(active.counts().held, 1);
    rules.remove(&id);
    hold.wait();
    active.gate.hold().wait();
}

prop_compose! {
    fn any_when()(
        nth in proptest::option::of(1u64..20),
        every in proptest::option::of(1u64..6),
        times in proptest::option::of(0u64..10),
        probability in proptest::option::of(0.0f64..=1.0),
    ) -> When {
        When { nth, every, times, after: None, probability }
    }
}

proptest! {
    #[test]
    fn the_same_seed_strikes_the_same(when in any_when(), seed: u64) {
        prop_assert_eq!(struck_under(when.clone(), 60, seed), struck_under(when, 60, seed));
    }

    /// Chance only ever takes away from what the counters alone would strike.
    #[test]
    fn the_laws_of_counting(when in any_when(), seed: u64) {
        let places = struck_under(when.clone(), 60, seed);
        prop_assert!(places.len() as u64 <= when.times.unwrap_or(60));
        let step = when.every.unwrap_or(1);
        let first = when.nth.unwrap_or(step);
        for place in &places {
            prop_assert!(*place >= first && (place - first) % step == 0, "{:?} {}", when, place);
        }
        if when.nth.is_some() && when.every.is_none() && when.times.is_none() {
            prop_assert!(places.len() <= 1);
        }
    }
}

#[test]
fn chance_strikes_about_its_share() {
    let when = When { probability: Some(0.25), ..When::default() };
    let count = struck_under(when, 4000, 7).len();
    assert!((900..1100).contains(&count), "{count}");
}
