//! Comparing text as SOQL does: letter case aside, unless the field says otherwise.
//!
//! Equality folds to lower case, as indexes do. Order folds to upper case, as the real org sorts:
//! `_` stands after `Z` and before no letter. Literals are folded once; rows are folded while they
//! are compared, without allocating.

use crate::soql::resolve::tree::TextTest;
use compact_str::CompactString;
use std::cmp::Ordering;

/// True when a text passes a test.
pub fn passes(test: &TextTest, text: &str) -> bool {
    match test {
        TextTest::OneOf(folded) => match &**folded {
            [one] => equals_folded(text, one),
            many => many.binary_search_by(|own| compare_lower(text, own).reverse()).is_ok(),
        },
        TextTest::Exactly(texts) => texts.binary_search_by(|own| own.as_str().cmp(text)).is_ok(),
        TextTest::Less(folded) => compare_upper(text, folded).is_lt(),
        TextTest::LessOrEqual(folded) => compare_upper(text, folded).is_le(),
        TextTest::Greater(folded) => compare_upper(text, folded).is_gt(),
        TextTest::GreaterOrEqual(folded) => compare_upper(text, folded).is_ge(),
        TextTest::Like(like) => like.matches(text),
    }
}

/// True when a text, folded to lower case, is `folded`.
pub fn equals_folded(text: &str, folded: &str) -> bool {
    if text.len() == folded.len() && text.eq_ignore_ascii_case(folded) {
        return true;
    }
    !(text.is_ascii() && folded.is_ascii()) && compare_lower(text, folded).is_eq()
}

/// Orders a text, folded to lower case, against a folded text.
fn compare_lower(text: &str, folded: &str) -> Ordering {
    if text.is_ascii() {
        return text.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(folded.bytes());
    }
    text.chars().flat_map(char::to_lowercase).cmp(folded.chars())
}

/// Orders a text, folded for sorting, against a text folded for sorting.
pub fn compare_upper(text: &str, folded: &str) -> Ordering {
    if text.is_ascii() {
        return text.bytes().map(|byte| byte.to_ascii_uppercase()).cmp(folded.bytes());
    }
    text.chars().flat_map(char::to_uppercase).cmp(folded.chars())
}

/// Upper case, as sorting compares; text of up to 24 bytes does not allocate.
pub fn sort_fold(text: &str) -> CompactString {
    if text.is_ascii() {
        let mut folded = CompactString::new(text);
        folded.make_ascii_uppercase();
        return folded;
    }
    text.chars().flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fold;

    #[test]
    fn one_of_many_letter_case_aside() {
        let mut some: Vec<CompactString> =
            ["Bravo", "ÉCHO", "alpha", "Zulu", "x_y"].iter().map(|text| fold(text)).collect();
        some.sort_unstable();
        let test = TextTest::OneOf(some.into());
        for text in ["ALPHA", "bravo", "écho", "Écho", "zULU", "X_Y"] {
            assert!(passes(&test, text), "{text}");
        }
        for text in ["", "alph", "alphaa", "echo", "x-y"] {
            assert!(!passes(&test, text), "{text}");
        }
    }

    #[test]
    fn order_is_that_of_upper_case() {
        let order = ["", "A", "a b", "AB", "Z", "_", "é"];
        for pair in order.windows(2) {
            assert!(compare_upper(pair[0], &sort_fold(pair[1])).is_lt(), "{pair:?}");
            assert!(sort_fold(pair[0]) < sort_fold(pair[1]), "{pair:?}");
        }
    }
}
