//! Where names meet the schema: a syntax tree becomes a [`tree::Level`], or an error.
//!
//! 1. `FROM`: the object, its aliases ([`names::Scope`]).
//! 2. `GROUP BY`, when there is one, or when an aggregate is selected ([`group`]).
//! 3. The select list ([`select`]).
//! 4. `USING SCOPE`, `WHERE` ([`filter`], [`literal`]), `HAVING`.
//! 5. `ORDER BY`, `LIMIT`, `OFFSET` ([`clauses`]).
//!
//! Child sub-selects are levels of their own. The parser bounds the depth of trees, so recursion
//! here is bounded too.

mod clauses;
mod filter;
mod functions;
mod group;
mod literal;
mod metadata;
mod names;
mod select;
pub mod tree;

use super::ast;
use super::context::Context;
use crate::error::OrgError;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// Most relationships to parents in one query.
const MAX_PARENTS: usize = 55;

/// Resolves a parsed query. `text` is its text, for messages.
pub fn resolve(
    query: &ast::Query,
    text: &str,
    context: &Context<'_>,
) -> Result<tree::Level, OrgError> {
    let resolver = Resolver { text, context, parents: RefCell::default(), children: Cell::new(0) };
    resolver.root(query)
}

/// What all levels of one query share.
struct Resolver<'a> {
    text: &'a str,
    context: &'a Context<'a>,
    /// Relationships to parents used so far, by canonical path.
    parents: RefCell<HashSet<String>>,
    /// Child sub-selects so far.
    children: Cell<usize>,
}

impl Resolver<'_> {
    /// Counts a relationship to a parent; the same one counts once.
    fn count_parent(&self, path: String) -> Result<(), OrgError> {
        let mut parents = self.parents.borrow_mut();
        parents.insert(path);
        if parents.len() > MAX_PARENTS {
            let what = "relationships to parents";
            return Err(OrgError::too_many_in_query(what, MAX_PARENTS));
        }
        Ok(())
    }
}
