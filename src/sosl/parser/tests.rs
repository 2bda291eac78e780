use super::*;
use crate::soql::ast::PatternPart;

fn parts(parts: &[PatternPart]) -> String {
    parts
        .iter()
        .map(|part| match part {
            PatternPart::Text(text) => text.to_string(),
            PatternPart::AnyText => "<*>".to_owned(),
            PatternPart::AnyCharacter => "<?>".to_owned(),
        })
        .collect()
}

/// A term with all its parentheses.
fn show(term: &Term) -> String {
    let join = |terms: &[Term], between: &str| {
        let terms: Vec<String> = terms.iter().map(show).collect();
        format!("({})", terms.join(between))
    };
    match term {
        Term::Word(word) => parts(word),
        Term::Phrase(phrase) => format!("\"{}\"", parts(phrase)),
        Term::Beside(terms) => join(terms, " "),
        Term::Or(terms) => join(terms, " | "),
        Term::And(parts) => {
            let parts = parts.iter().rev().map(|part| (part.negated, show(&part.term)));
            let (_, text) = parts
                .reduce(|(negated, right), (next, left)| {
                    let operator = if negated { '-' } else { '&' };
                    (next, format!("({left} {operator} {right})"))
                })
                .expect("two or more");
            text
        }
    }
}

#[test]
fn terms() {
    let check = |term: &str, expected: &str| {
        let search = parse(&format!("FIND {{{term}}}")).expect(term);
        assert_eq!(show(&search.term), expected, "{term}");
    };
    check("Joe Smith", "(Joe Smith)");
    check(" Joe Sm?th* ", "(Joe Sm<?>th<*>)");
    check("\"Joe  Smith\"", "\"Joe  Smith\"");
    check("a OR b AND c", "(a | (b & c))");
    check("a and b And Not c or d", "((a & (b - c)) | d)");
    check("a AND NOT b AND c", "(a - (b & c))");
    check("(a OR b) AND c", "((a | b) & c)");
    check("a b AND (c d)", "((a b) & (c d))");
    check("\"and\" or or", "(\"and\" | or)");
    check("AND", "AND");
    check("in", "in");
    check("a AND", "(a AND)");
    check("a ANDb", "(a ANDb)");
    check("bob and(\"Alice eve\"or\"jim\")", "(bob & (\"Alice eve\" | \"jim\"))");
    check("me@example.com, 1.5%", "(me@example.com, 1.5%)");
    check("hello \\} wor\\-ld \\\\ \\\"x \\?", "(hello } wor-ld \\ \"x ?)");
    check("\"a (b) \\\" c\"", "\"a (b) \" c\"");
}

#[test]
fn clauses() {
    let search = parse(
        "find {x y} in Name Fields returning Account(Id, toLabel(Status) s, Name ORDER BY Name \
         DESC LIMIT 5 OFFSET 10), Lead, Contact(Id USING ListView = Mine WHERE a = 1 AND b = 2) \
         WITH DIVISION = 'Global' WITH SNIPPET (target_length = 120) WITH NETWORK IN ('1', '2') \
         WITH PricebookId = '3' WITH METADATA = 'LABELS' WITH HIGHLIGHT WITH SPELL_CORRECTION = \
         false WITH DATA CATEGORY g AT h LIMIT 20 UPDATE VIEWSTAT",
    )
    .expect("a search");
    assert_eq!(search.group, FieldGroup::Name);
    let [account, lead, contact] = &search.returning[..] else { panic!("{search:?}") };
    assert_eq!(account.fields.len(), 3);
    assert_eq!(account.fields[1].alias.as_ref().map(|name| name.text.as_str()), Some("s"));
    assert_eq!(account.order_by.len(), 1);
    assert_eq!(account.limit.map(|limit| limit.rows), Some(5));
    assert_eq!(account.offset.map(|offset| offset.rows), Some(10));
    assert!(lead.fields.is_empty());
    assert!(matches!(&contact.using, Some(Using::ListView(name)) if name.is("mine")));
    assert!(contact.filter.is_some());
    let with = &search.with;
    assert_eq!(with.division.as_ref().map(|text| text.text.as_str()), Some("Global"));
    assert_eq!(with.snippet, Some(Snippet { target_length: Some(120) }));
    assert_eq!((with.networks.len(), with.price_books.len(), with.categories.len()), (2, 1, 1));
    assert!(with.metadata.is_some() && with.highlight);
    assert_eq!(with.spell_correction, Some(false));
    assert_eq!(search.limit.map(|limit| limit.rows), Some(20));
    assert_eq!(search.update.len(), 1);
}

#[test]
fn faults() {
    let check = |query: &str, expected: &str| {
        let error = parse(query).expect_err(query);
        assert_eq!(error.code, "MALFORMED_SEARCH", "{query}");
        assert_eq!(error.message, expected, "{query}");
    };
    let no_term = "No search term found. The search term must be enclosed in braces.";
    for query in ["", "FIND", "FIND 'Acme'", "FIND :term", "FIND {}", "FIND { }", "SELECT {x}"] {
        check(query, no_term);
    }
    check(
        "FIND {Marie-Pier Martin}",
        "\nFIND {Marie-Pier Martin}\n          ^\nERROR at Row:1:Column:11\n\
         line 1:11 mismatched character '-' expecting '}'",
    );
    check(
        "FIND {name} IN ALL TYPE RETURNING Account(name)",
        "\nFIND {name} IN ALL TYPE RETURNING Account(name)\n                  ^\n\
         ERROR at Row:1:Column:19\nMalformed search token: TYPE",
    );
    check(
        "FIND {\"John Smith}",
        "\nFIND {\"John Smith}\n                ^\nERROR at Row:1:Column:17\n\
         line 1:17 mismatched character '}' expecting '\"'",
    );
    check(
        "FIND {open",
        "\nFIND {open\n         ^\nERROR at Row:1:Column:10\n\
         line 1:10 mismatched character '<EOF>' expecting '}'",
    );
    check(
        "FIND {a} RETURNING A (WHERE b = 1)",
        "\nFIND {a} RETURNING A (WHERE b = 1)\n                     ^\n\
         ERROR at Row:1:Column:22\nunexpected token: 'WHERE'",
    );
    for query in [
        "FIND {a} IN Accounts",
        "FIND {a} RETURNING A WITH bob",
        "FIND {a} RETURNING A(OFFSET 25)",
        "FIND {a} RETURNING A(ORDER BY id)",
        "FIND {a} LIMIT 1 RETURNING A",
        "FIND {a} RETURNING A(Id WHERE b = 1 AND c = 2 OR d = 3)",
        "FIND {(a}",
        "FIND {a)}",
        "FIND {a:b}",
        "FIND {a\\",
    ] {
        assert_eq!(parse(query).expect_err(query).code, "MALFORMED_SEARCH", "{query}");
    }
    let long = format!("FIND {{a{}}}", " AND a".repeat(16_000));
    assert!(parse(&long).is_ok());
    let deep = format!("FIND {{{}", "(".repeat(50_000));
    assert_eq!(parse(&deep).expect_err("too deep").code, "QUERY_TOO_COMPLICATED");
}
