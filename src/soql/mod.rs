//! SOQL: text in, rows out.
//!
//! The life of a query:
//!
//! 1. [`lexer`] cuts the text into [`token`]s with byte spans, one at a time.
//! 2. [`parser`] checks them against Salesforce's grammar and builds an [`ast::Query`]. It never
//!    sees a schema: whether `Foo__c` exists is not its business.
//! 3. [`resolve`] meets the names with the schema, types the literals and checks the clauses
//!    against each other; [`dates`] turns `LAST_N_DAYS:5` into a window of time. What comes out
//!    ([`resolve::tree`]) holds slots and typed tests, and no text.
//! 4. [`plan`] picks how the rows of each select are reached: by id, by an index, or all of them.
//! 5. [`exec`] runs it on the pinned [`State`] and gives a [`ResultSet`]: row numbers and what to
//!    show of them. Values are read only when a page is rendered (`api::query_json`).
//!
//! Whoever finds a fault, parser or resolver, words it through the constructors of
//! `error::query` and `error::semantic`; [`snippet`](crate::error::snippet) draws the line of the
//! query and the caret under the place. [`print`](mod@print) goes the other way: a tree's canonical
//! text.

pub mod ast;
mod context;
pub mod dates;
mod disputed;
pub mod exec;
pub mod lexer;
pub mod parser;
pub mod plan;
pub mod print;
pub mod resolve;
mod result;
pub mod token;

pub use context::{Context, Locale};
pub use disputed::Disputed;
pub use plan::Explained;
pub use result::{ChildSet, GroupRows, RecordRows, ResultSet, Rows};

use crate::error::OrgError;
#[cfg(doc)]
use crate::store::State;

/// Runs a query.
pub fn query(text: &str, context: &Context<'_>) -> Result<ResultSet, OrgError> {
    let tree = parser::parse(text)?;
    let level = resolve::resolve(&tree, text, context)?;
    exec::run(level, context)
}

/// Tells how a query would be run, without running it.
pub fn explain(text: &str, context: &Context<'_>) -> Result<Explained, OrgError> {
    let tree = parser::parse(text)?;
    let level = resolve::resolve(&tree, text, context)?;
    Ok(plan::explain(&level, text, context))
}
