//! Errors of SOQL and SOSL: `reference/soql.md` §3 and §4.

use super::{OrgError, snippet};

impl OrgError {
    /// A query that does not parse, or whose clauses do not fit together. `position` is (row, column).
    pub fn malformed_query(message: String, position: Option<(u32, u32)>) -> OrgError {
        let mut error = OrgError::general(400, "MALFORMED_QUERY", message);
        error.0.position = position;
        error
    }
}

/// Errors of the SOQL parser. Each takes the query and the byte offset of the place.
impl OrgError {
    /// A syntax error: the text under the line of the query with its caret.
    fn syntax(query: &str, offset: usize, text: &str) -> OrgError {
        let placed = snippet::parse(query, offset, text);
        OrgError::malformed_query(placed.message, Some(placed.position))
    }

    /// No query at all.
    pub fn empty_query() -> OrgError {
        OrgError::malformed_query("SOQL statements cannot be empty or null".to_owned(), None)
    }

    /// A query of more than `limit` characters.
    pub fn query_too_long(limit: usize) -> OrgError {
        let message = format!("SOQL statements cannot be longer than {limit} characters.");
        OrgError::malformed_query(message, None)
    }

    /// Parentheses or sub-queries nested deeper than anyone would write.
    pub fn query_too_complicated() -> OrgError {
        let message = "Query is either selecting too many fields or the filter conditions are too \
                       complicated.";
        OrgError::general(400, "QUERY_TOO_COMPLICATED", message)
    }

    /// A query that does not begin with SELECT.
    pub fn not_a_select(first_word: &str) -> OrgError {
        OrgError::malformed_query(format!("unexpected token: {first_word}"), None)
    }

    /// A token, or a stretch of text up to one, that fits no rule of the grammar.
    pub fn unexpected_token(query: &str, offset: usize, token: &str) -> OrgError {
        OrgError::syntax(query, offset, &format!("unexpected token: '{token}'"))
    }

    /// Something is missing in front of a token.
    pub fn missing_value(query: &str, offset: usize, token: &str) -> OrgError {
        OrgError::syntax(query, offset, &format!("missing value at '{token}'"))
    }

    /// A character that belongs to no token.
    pub fn unknown_character(query: &str, offset: usize, text: &str) -> OrgError {
        let (row, column) = snippet::row_and_column(query, offset);
        let text = format!("line {row}:{column} unexpected token: '{text}'");
        OrgError::syntax(query, offset, &text)
    }

    /// A literal that looks like a date, a dateTime or a time (`kind`) and is none.
    pub fn invalid_date_literal(query: &str, offset: usize, kind: &str, text: &str) -> OrgError {
        OrgError::syntax(query, offset, &format!("Invalid {kind}: {text}"))
    }

    /// `WITH USER_MODE` and its like outside of Apex; `offset` is that of the name.
    pub fn apex_only_mode(query: &str, offset: usize) -> OrgError {
        let text = "rule soqlWithIdentifierClause failed predicate: \
                    {this.helper.allowApexSyntax() && this.helper.hasApexContext()}?";
        OrgError::syntax(query, offset, text)
    }
}

/// Errors of the SOSL parser.
impl OrgError {
    /// A search whose term does not stand in braces.
    pub fn no_search_term() -> OrgError {
        let message = "No search term found. The search term must be enclosed in braces.";
        OrgError::general(400, "MALFORMED_SEARCH", message)
    }

    /// A search of more than `limit` characters.
    pub fn search_too_long(limit: usize) -> OrgError {
        let message = format!("SOSL statements cannot be longer than {limit} characters.");
        OrgError::general(400, "MALFORMED_SEARCH", message)
    }

    /// A term of one character.
    pub fn search_term_too_short(term: &str) -> OrgError {
        let message = format!("search term must be longer than one character: {term}");
        OrgError::general(400, "INVALID_SEARCH", message)
    }

    /// An overall LIMIT beyond what a search may give.
    pub fn search_limit_too_large(most: usize) -> OrgError {
        let message = format!("maximum limit of search results is {most}");
        OrgError::general(400, "MALFORMED_SEARCH", message)
    }

    /// An object's LIMIT beyond what a search may give.
    pub fn entity_limit_too_large(most: usize) -> OrgError {
        let message = format!("Maximum entity limit is {most}");
        OrgError::general(400, "MALFORMED_SEARCH", message)
    }

    /// A LIMIT below zero.
    pub fn negative_search_limit() -> OrgError {
        OrgError::general(400, "MALFORMED_SEARCH", "Limit must be a non-negative value")
    }

    /// An OFFSET out of range.
    pub fn search_offset_out_of_range(most: usize) -> OrgError {
        let message = format!("SOSL offset should be between 0 to {most}");
        OrgError::general(400, "MALFORMED_SEARCH", message)
    }

    /// An OFFSET when several objects are searched. The text is unverified.
    pub fn search_offset_of_several(query: &str, offset: usize) -> OrgError {
        let text = "OFFSET is only allowed when a single object is searched";
        OrgError::syntax(query, offset, text).in_a_search()
    }

    /// An object that stands twice in RETURNING. The text is unverified.
    pub fn searched_twice(query: &str, offset: usize, object: &str) -> OrgError {
        let text = format!("duplicate object in RETURNING: {object}");
        OrgError::syntax(query, offset, &text).in_a_search()
    }

    /// An object that searches do not cover. The text is unverified.
    pub fn not_searchable(object: &str) -> OrgError {
        let message = format!("entity type {object} does not support search");
        OrgError::general(400, "INVALID_TYPE", message)
            .hint("the describe's searchable is false: query it with SOQL")
    }

    /// An aggregate or a count in RETURNING. The text is unverified.
    pub fn aggregate_in_search(query: &str, offset: usize) -> OrgError {
        let text = "aggregate expressions are not allowed in a search";
        OrgError::syntax(query, offset, text).in_a_search()
    }

    /// A parameter of a search that must be a whole number. The text is unverified.
    pub fn search_parameter_not_a_number(name: &str, text: &str) -> OrgError {
        let message = format!("{name} is not a whole number: {text}");
        OrgError::general(400, "INVALID_SEARCH", message)
    }

    /// A word that the grammar of SOSL does not know at its place.
    pub fn malformed_search_token(query: &str, offset: usize, token: &str) -> OrgError {
        let text = format!("Malformed search token: {token}");
        OrgError::syntax(query, offset, &text).in_a_search()
    }

    /// A reserved character within the braces that is not escaped, or a missing end.
    pub fn mismatched_character(
        query: &str,
        offset: usize,
        found: &str,
        expected: char,
    ) -> OrgError {
        let (row, column) = snippet::row_and_column(query, offset);
        let text =
            format!("line {row}:{column} mismatched character '{found}' expecting '{expected}'");
        OrgError::syntax(query, offset, &text).in_a_search()
    }

    /// The same fault, found in a search.
    #[must_use]
    pub fn in_a_search(mut self) -> OrgError {
        if self.code == "MALFORMED_QUERY" {
            self.0.code = "MALFORMED_SEARCH".into();
        }
        self
    }
}
