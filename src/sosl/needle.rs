//! A search term as it is looked for: words cut, operators applied, what says nothing left out.

use super::ast::{Conjunct, Search, Term};
use super::words::Sequence;
use crate::error::OrgError;
use std::collections::HashSet;

/// Longer terms lose their operators: every word is an alternative.
const OPERATORS_UP_TO: usize = 4_000;

/// Longer terms find nothing.
const SEARCHED_UP_TO: usize = 10_000;

/// What a row must have.
#[derive(Clone, Debug)]
pub enum Needle {
    /// Words that follow each other in one field.
    Sequence(Sequence),
    /// All of these, as words side by side; alternatives in some objects.
    Beside(Vec<Needle>),
    /// All of these.
    All(Vec<Needle>),
    /// One of these.
    Any(Vec<Needle>),
    /// The first and not the second.
    Without(Box<(Needle, Needle)>),
}

impl Needle {
    /// What a search looks for; `None`: nothing is to be found.
    pub fn of(search: &Search, text: &str) -> Result<Option<Needle>, OrgError> {
        let span = search.term_span.start as usize..search.term_span.end as usize;
        let written = text.get(span).unwrap_or_default();
        let mut sequences = Vec::new();
        flatten(&search.term, &mut sequences);
        if !sequences.iter().any(|sequence| sequence.letters > 1) {
            return Err(OrgError::search_term_too_short(written.trim()));
        }
        let length = written.chars().count();
        if length > SEARCHED_UP_TO {
            return Ok(None);
        }
        if length > OPERATORS_UP_TO {
            sequences.retain(|sequence| !sequence.patterns.is_empty());
            let any = sequences.into_iter().map(Needle::Sequence).collect();
            return Ok(Some(Needle::Any(once(any))));
        }
        Ok(needle(&search.term))
    }

    /// The sequences that a row which is found may show: all but those after `AND NOT`.
    pub fn wanted<'n>(&'n self, found: &mut Vec<&'n Sequence>) {
        match self {
            Needle::Sequence(sequence) => found.push(sequence),
            Needle::Beside(parts) | Needle::All(parts) | Needle::Any(parts) => {
                for part in parts {
                    part.wanted(found);
                }
            }
            Needle::Without(both) => both.0.wanted(found),
        }
    }
}

/// All words and phrases of a term.
fn flatten(term: &Term, found: &mut Vec<Sequence>) {
    match term {
        Term::Word(parts) | Term::Phrase(parts) => found.push(Sequence::of(parts)),
        Term::Beside(terms) | Term::Or(terms) => {
            for term in terms {
                flatten(term, found);
            }
        }
        Term::And(parts) => {
            for part in parts {
                flatten(&part.term, found);
            }
        }
    }
}

/// What a term looks for; `None` when it holds no letter and no digit: then it says nothing.
fn needle(term: &Term) -> Option<Needle> {
    match term {
        Term::Word(parts) | Term::Phrase(parts) => {
            let sequence = Sequence::of(parts);
            (!sequence.patterns.is_empty()).then_some(Needle::Sequence(sequence))
        }
        Term::Beside(terms) => joined(terms.iter().filter_map(needle).collect(), Needle::Beside),
        Term::Or(terms) => joined(terms.iter().filter_map(needle).collect(), Needle::Any),
        Term::And(parts) => conjunction(parts),
    }
}

/// `a AND NOT b AND c` is `a AND NOT (b AND c)`: operators of one rank group from the right. `None`
/// parts are left out with the operator before them.
fn conjunction(parts: &[Conjunct]) -> Option<Needle> {
    let mut right: Option<Needle> = None;
    let mut negated = false;
    for part in parts.iter().rev() {
        if let Some(left) = needle(&part.term) {
            right = Some(match right {
                None => left,
                Some(right) if negated => Needle::Without(Box::new((left, right))),
                Some(Needle::All(mut parts)) => {
                    parts.push(left);
                    Needle::All(parts)
                }
                Some(right) => Needle::All(vec![right, left]),
            });
            negated = part.negated;
        } else if right.is_some() {
            // `a AND NOT % AND c`: what is left of the negated group is still negated.
            negated |= part.negated;
        }
    }
    // `% AND NOT a`: everything but `a` is not something to look for.
    right.filter(|_| !negated)
}

fn joined(parts: Vec<Needle>, join: fn(Vec<Needle>) -> Needle) -> Option<Needle> {
    let mut parts = once(parts);
    if parts.len() > 1 { Some(join(parts)) } else { parts.pop() }
}

/// The parts without those words and phrases that came before: a term of a thousand times the same
/// wildcard is looked for once.
fn once(mut parts: Vec<Needle>) -> Vec<Needle> {
    let mut seen = HashSet::new();
    parts.retain(|part| match part {
        Needle::Sequence(sequence) => seen.insert(sequence.source.clone()),
        _ => true,
    });
    parts
}

#[cfg(test)]
mod tests;
