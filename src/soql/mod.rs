//! SOQL, the schema-free half: text to syntax tree.
//!
//! The life of a query:
//!
//! 1. [`lexer`] cuts the text into [`token`]s with byte spans, one at a time.
//! 2. [`parser`] checks them against Salesforce's grammar and builds an [`ast::Query`]. It never
//!    sees a schema: whether `Foo__c` exists is not its business.
//! 3. The resolver (elsewhere) meets the names with the schema, types the literals, checks the
//!    clauses against each other; [`dates`] turns `LAST_N_DAYS:5` into a window of time.
//! 4. Plan and execution run on a snapshot of the records.
//!
//! Whoever finds a fault, parser or resolver, words it through the constructors of
//! `error::query`; [`snippet`](crate::error::snippet) draws the line of the query and the caret
//! under the place. [`print`](mod@print) goes the other way: a tree's canonical text.

pub mod ast;
pub mod dates;
pub mod lexer;
pub mod parser;
pub mod print;
pub mod token;

/// Placeholder until the executor lands.
#[derive(Debug)]
pub struct ResultSet;
#[allow(missing_docs)]
mod stub {
    use super::ResultSet;
    use crate::{clock::Millis, error::OrgError, id::Id, schema::*, store::*};
    use std::sync::Arc;
    pub struct Context<'a> {
        pub state: &'a Arc<State>,
        pub all_rows: bool,
    }
    pub struct Explained;
    impl<'a> Context<'a> {
        pub fn new(state: &'a Arc<State>, _: &IndexCache, _: Id, _: Millis, _: u32) -> Self {
            Context { state, all_rows: false }
        }
    }
    pub fn query(_: &str, _: &Context<'_>) -> Result<ResultSet, OrgError> {
        Ok(ResultSet)
    }
    pub fn explain(_: &str, _: &Context<'_>) -> Result<Explained, OrgError> {
        Ok(Explained)
    }
    impl ResultSet {
        pub fn row_count(&self) -> usize {
            0
        }
        pub fn pageable(&self) -> bool {
            true
        }
        pub fn of_rows(_: &Arc<State>, _: &Arc<ObjectSpec>, _: &[Slot], _: Vec<RowNum>) -> Self {
            ResultSet
        }
    }
}
pub use stub::*;
