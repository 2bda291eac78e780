//! The term of a search: words, phrases, operators and parentheses between the braces.
//!
//! Operators are words in any case. One that stands where a term is due is an ordinary word, so
//! `{in}` and `{and}` search for it. `AND` and `AND NOT` bind closer than `OR` and group from the
//! right.

use super::ast::{Conjunct, Term};
use crate::error::OrgError;
use crate::soql::ast::PatternPart;
use compact_str::CompactString;

/// How deep parentheses may nest.
const MAXIMUM_DEPTH: u32 = 200;

/// Characters that must be escaped with a backslash.
fn is_reserved(character: char) -> bool {
    matches!(
        character,
        '?' | '&'
            | '|'
            | '!'
            | '{'
            | '}'
            | '['
            | ']'
            | '('
            | ')'
            | '^'
            | '~'
            | '*'
            | ':'
            | '\\'
            | '"'
            | '\''
            | '+'
            | '-'
    )
}

/// Parses the term that begins at a byte offset, behind the opening brace. Returns it with the
/// offset of the closing one; `None` when there is no term.
pub fn parse(query: &str, offset: usize) -> Result<(Option<Term>, usize), OrgError> {
    let mut reader = Reader { query, position: offset, depth: 0 };
    let term = reader.disjunction()?;
    if reader.peek() != Some('}') {
        return Err(reader.mismatched('}'));
    }
    Ok((term, reader.position))
}

struct Reader<'q> {
    query: &'q str,
    position: usize,
    depth: u32,
}

impl<'q> Reader<'q> {
    fn rest(&self) -> &'q str {
        &self.query[self.position..]
    }

    /// The next character.
    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next character that is no blank.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start().len();
        self.next()
    }

    fn mismatched(&self, expected: char) -> OrgError {
        let found = self.next().map_or("<EOF>", |c| &self.rest()[..c.len_utf8()]);
        OrgError::mismatched_character(self.query, self.position, found, expected)
    }

    /// Takes an operator, if a term follows it.
    fn operator(&mut self, word: &str) -> bool {
        self.peek();
        let rest = self.rest();
        let Some((head, tail)) = rest.split_at_checked(word.len()) else { return false };
        let ends = tail.starts_with(|c: char| c.is_whitespace() || matches!(c, '(' | '"'));
        let leads = !tail.trim_start().starts_with([')', '}']);
        let is_operator = head.eq_ignore_ascii_case(word) && ends && leads;
        if is_operator {
            self.position += word.len();
        }
        is_operator
    }

    fn disjunction(&mut self) -> Result<Option<Term>, OrgError> {
        let Some(first) = self.conjunction()? else { return Ok(None) };
        let mut terms = vec![first];
        while self.operator("OR") {
            terms.extend(self.conjunction()?);
        }
        Ok(if terms.len() > 1 { Some(Term::Or(terms)) } else { terms.pop() })
    }

    fn conjunction(&mut self) -> Result<Option<Term>, OrgError> {
        let mut parts: Vec<Conjunct> = Vec::new();
        let mut negated = false;
        while let Some(term) = self.beside()? {
            parts.push(Conjunct { negated, term });
            if !self.operator("AND") {
                break;
            }
            negated = self.operator("NOT");
        }
        if parts.len() > 1 {
            return Ok(Some(Term::And(parts)));
        }
        Ok(parts.pop().map(|part| part.term))
    }

    /// Terms side by side, up to an operator.
    fn beside(&mut self) -> Result<Option<Term>, OrgError> {
        let mut terms = Vec::new();
        loop {
            if !terms.is_empty() {
                let before = self.position;
                let at_operator = self.operator("AND") || self.operator("OR");
                self.position = before;
                if at_operator {
                    break;
                }
            }
            match self.peek() {
                None | Some('}' | ')') => break,
                Some('(') => {
                    if self.depth == MAXIMUM_DEPTH {
                        return Err(OrgError::query_too_complicated());
                    }
                    self.depth += 1;
                    self.position += 1;
                    terms.extend(self.disjunction()?);
                    if self.peek() != Some(')') {
                        return Err(self.mismatched(')'));
                    }
                    self.position += 1;
                    self.depth -= 1;
                }
                Some('"') => {
                    self.position += 1;
                    terms.push(Term::Phrase(self.parts(true)?));
                    if self.next() != Some('"') {
                        return Err(self.mismatched('"'));
                    }
                    self.position += 1;
                }
                Some(_) => {
                    let start = self.position;
                    terms.push(Term::Word(self.parts(false)?));
                    if self.position == start {
                        return Err(self.mismatched('}'));
                    }
                }
            }
        }
        Ok(if terms.len() > 1 { Some(Term::Beside(terms)) } else { terms.pop() })
    }

    /// The text of a word or a phrase, up to what ends it.
    fn parts(&mut self, is_phrase: bool) -> Result<Vec<PatternPart>, OrgError> {
        let mut parts: Vec<PatternPart> = Vec::new();
        while let Some(character) = self.next() {
            let part = match character {
                '*' => PatternPart::AnyText,
                '?' => PatternPart::AnyCharacter,
                '\\' => {
                    self.position += 1;
                    let Some(escaped) = self.next() else { return Err(self.mismatched('}')) };
                    self.position += escaped.len_utf8();
                    push(&mut parts, escaped);
                    continue;
                }
                '(' | ')' if is_phrase => {
                    self.position += 1;
                    push(&mut parts, character);
                    continue;
                }
                '"' | '(' | ')' | '}' => break,
                _ if character.is_whitespace() && !is_phrase => break,
                _ if is_reserved(character) => {
                    return Err(self.mismatched(if is_phrase { '"' } else { '}' }));
                }
                _ => {
                    self.position += character.len_utf8();
                    push(&mut parts, character);
                    continue;
                }
            };
            self.position += 1;
            parts.push(part);
        }
        Ok(parts)
    }
}

fn push(parts: &mut Vec<PatternPart>, character: char) {
    if let Some(PatternPart::Text(text)) = parts.last_mut() {
        text.push(character);
    } else {
        let mut text = CompactString::default();
        text.push(character);
        parts.push(PatternPart::Text(text));
    }
}
