//! `LIKE` patterns: stretches of text and `_` between `%`s.
//!
//! Between two `%`s the leftmost fit is the best one, so a pattern is matched in one pass without
//! going back: at most the length of the text times the length of one stretch.

use crate::soql::ast::PatternPart;
use crate::store::fold;
use compact_str::CompactString;

/// A pattern, ready to be matched.
#[derive(Clone, Debug)]
pub struct Like {
    /// What stands between the `%`s; `None` is `_`.
    stretches: Vec<Vec<Option<char>>>,
    /// The pattern begins with `%`.
    open_start: bool,
    /// The pattern ends with `%`.
    open_end: bool,
    /// Letter case counts.
    case_sensitive: bool,
}

impl Like {
    /// Prepares a pattern; it has at least one part.
    pub fn new(parts: &[PatternPart], case_sensitive: bool) -> Like {
        let mut stretches: Vec<Vec<Option<char>>> = Vec::new();
        let mut current = Vec::new();
        for part in parts {
            match part {
                PatternPart::AnyText => {
                    if !current.is_empty() {
                        stretches.push(std::mem::take(&mut current));
                    }
                }
                PatternPart::AnyCharacter => current.push(None),
                PatternPart::Text(text) => {
                    let folded = |c: char| Some(if case_sensitive { c } else { lower(c) });
                    current.extend(text.chars().map(folded));
                }
            }
        }
        if !current.is_empty() {
            stretches.push(current);
        }
        Like {
            stretches,
            open_start: parts.first() == Some(&PatternPart::AnyText),
            open_end: parts.last() == Some(&PatternPart::AnyText),
            case_sensitive,
        }
    }

    /// True when the pattern fits the whole text.
    pub fn matches(&self, text: &str) -> bool {
        match (text.is_ascii(), self.case_sensitive) {
            (true, true) => self.fits(text.as_bytes(), |byte| char::from(*byte)),
            (true, false) => {
                self.fits(text.as_bytes(), |byte| char::from(byte.to_ascii_lowercase()))
            }
            (false, sensitive) => {
                let characters: Vec<char> = if sensitive {
                    text.chars().collect()
                } else {
                    text.chars().map(lower).collect()
                };
                self.fits(&characters, |c| *c)
            }
        }
    }

    /// What every text that fits begins with, folded; empty when anything may stand there.
    pub fn prefix(&self) -> CompactString {
        if self.open_start {
            return CompactString::default();
        }
        let Some(first) = self.stretches.first() else { return CompactString::default() };
        let literal: String = first.iter().map_while(|c| *c).collect();
        fold(&literal)
    }

    fn fits<T>(&self, text: &[T], fold: impl Fn(&T) -> char) -> bool {
        let here = |stretch: &[Option<char>], at: usize| {
            stretch.iter().zip(&text[at..]).all(|(want, have)| want.is_none_or(|c| c == fold(have)))
        };
        let mut rest = &self.stretches[..];
        let (mut start, mut end) = (0, text.len());
        if !self.open_start {
            // Without any `%` the one stretch must take all of the text.
            let Some((first, others)) = rest.split_first() else { return text.is_empty() };
            if first.len() > end || !here(first, 0) {
                return false;
            }
            start = first.len();
            rest = others;
            if rest.is_empty() && !self.open_end {
                return start == end;
            }
        }
        if !self.open_end
            && let Some((last, others)) = rest.split_last()
        {
            if last.len() > end - start || !here(last, end - last.len()) {
                return false;
            }
            end -= last.len();
            rest = others;
        }
        for stretch in rest {
            let found = (start..=end.saturating_sub(stretch.len()))
                .find(|at| at + stretch.len() <= end && here(stretch, *at));
            match found {
                Some(at) => start = at + stretch.len(),
                None => return false,
            }
        }
        true
    }
}

/// Lower case, where that is one character.
fn lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Vec<PatternPart> {
        let mut parts = Vec::new();
        for c in text.chars() {
            match c {
                '%' => parts.push(PatternPart::AnyText),
                '_' => parts.push(PatternPart::AnyCharacter),
                c => match parts.last_mut() {
                    Some(PatternPart::Text(text)) => text.push(c),
                    _ => parts.push(PatternPart::Text(CompactString::from(c.to_string()))),
                },
            }
        }
        parts
    }

    /// The definition, by trying everything.
    fn model(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|at| model(rest, &text[at..])),
            Some((c, rest)) => text.split_first().is_some_and(|(own, others)| {
                (*c == '_' || c.to_lowercase().eq(own.to_lowercase())) && model(rest, others)
            }),
        }
    }

    proptest! {
        #[test]
        fn patterns_fit_as_defined(like in "[abÄ_%]{1,8}", text in "[abABÄä]{0,10}") {
            let characters: Vec<char> = text.chars().collect();
            let model = model(&like.chars().collect::<Vec<_>>(), &characters);
            let own = Like::new(&pattern(&like), false);
            prop_assert_eq!(own.matches(&text), model);
            if model {
                prop_assert!(fold(&text).starts_with(own.prefix().as_str()));
            }
        }
    }

    #[test]
    fn letter_case_counts_where_the_field_says_so() {
        let like = Like::new(&pattern("a%"), true);
        assert!(like.matches("abc") && !like.matches("Abc") && !like.matches("Äbc"));
    }
}
