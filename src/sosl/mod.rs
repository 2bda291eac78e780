//! SOSL: text in, rows of several objects out.
//!
//! 1. [`term`] reads what stands between the braces of `FIND {…}`: it has rules of its own.
//! 2. [`parser`] reads the clauses behind, with the tokens and the conditions of SOQL. Neither sees
//!    a schema; what comes out is [`ast`].
//! 3. [`needle`] cuts the term into [`words`] and applies its operators.
//! 4. [`index`] knows which rows have a word; [`scope`] says which objects and fields it covers.
//! 5. [`find`] gives the rows that the needle is in.
//! 6. [`run`](mod@run) resolves each `RETURNING` as the SOQL query that it is, runs it over these
//!    rows and shares the limits out; [`highlight`] marks what was found.

pub mod ast;
pub mod find;
pub mod highlight;
pub mod index;
pub mod needle;
pub mod parser;
pub mod run;
pub mod scope;
pub mod term;
pub mod words;

pub use index::WordIndexes;
pub use run::{Found, SearchResult, search};
