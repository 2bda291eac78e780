use super::*;
use crate::sosl::parser;

fn show(needle: &Needle) -> String {
    let join = |parts: &[Needle], between: &str| {
        let mut parts: Vec<String> = parts.iter().map(show).collect();
        parts.sort();
        format!("({})", parts.join(between))
    };
    match needle {
        Needle::Sequence(sequence) => sequence.source.trim_end().replace(' ', "."),
        Needle::Beside(parts) => join(parts, " "),
        Needle::All(parts) => join(parts, " & "),
        Needle::Any(parts) => join(parts, " | "),
        Needle::Without(both) => format!("({} - {})", show(&both.0), show(&both.1)),
    }
}

fn needle(term: &str) -> Result<Option<Needle>, OrgError> {
    let text = format!("FIND {{{term}}}");
    let search = parser::parse(&text).expect(&text);
    Needle::of(&search, &text)
}

#[test]
fn operators_group_as_documented() {
    let check = |term: &str, expected: &str| {
        let needle = needle(term).expect(term).expect(term);
        assert_eq!(show(&needle), expected, "{term}");
    };
    check("Joe Smith", "(joe smith)");
    check("\"Joe Smith\"", "joe.smith");
    check("joe@example.com", "joe.example.com");
    check("aa OR bb AND cc", "((bb & cc) | aa)");
    check("aa AND NOT bb AND cc", "(aa - (bb & cc))");
    check("aa AND bb AND NOT cc", "((bb - cc) & aa)");
    check("aa AND NOT (bb OR cc)", "(aa - (bb | cc))");
    check("(aa OR bb) AND cc dd", "((aa | bb) & (cc dd))");
}

#[test]
fn what_holds_no_letter_says_nothing() {
    let shown = |term: &str| needle(term).expect(term).as_ref().map(show);
    for (term, expected) in [
        ("Smith , Co", Some("(co smith)")),
        ("aa AND %% AND NOT cc", Some("(aa - cc)")),
        ("aa AND NOT %% AND cc", Some("(aa - cc)")),
        ("%% AND aa", Some("aa")),
        ("%% AND NOT aa", None),
        ("aa aa aa", Some("aa")),
        ("aa* aa*", Some("aa*")),
    ] {
        assert_eq!(shown(term).as_deref(), expected, "{term}");
    }
}

#[test]
fn a_term_needs_two_characters() {
    for term in ["a", "a*", "?", "%", "a OR b", "\"a\"", " \\& "] {
        let error = needle(term).expect_err(term);
        assert_eq!(error.code, "INVALID_SEARCH", "{term}");
        let expected = format!("search term must be longer than one character: {}", term.trim());
        assert_eq!(error.message, expected);
    }
    for term in ["ab", "a bc", "東", "1a"] {
        assert!(needle(term).is_ok_and(|needle| needle.is_some()), "{term}");
    }
}

#[test]
fn long_terms_lose_their_operators_and_longer_ones_everything() {
    let long = |most: usize| {
        let mut term = String::from("aa AND NOT bb AND (cc dd)");
        while term.len() + 7 <= most {
            term.push_str(" AND aa");
        }
        term.extend(std::iter::repeat_n('a', most - term.len()));
        term
    };
    let of = |length| needle(&long(length)).expect("a needle");
    assert!(matches!(of(4_000), Some(Needle::Without(_))));
    let Some(Needle::Any(any)) = of(4_001) else { panic!("alternatives") };
    let shown: Vec<String> = any.iter().map(show).collect();
    assert_eq!(shown[..4], ["aa", "bb", "cc", "dd"]);
    assert!(of(10_000).is_some());
    assert!(of(10_001).is_none());
}
