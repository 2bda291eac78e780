//! SOSL, the schema-free half: text to syntax tree.
//!
//! 1. [`term`] reads what stands between the braces of `FIND {…}`: it has rules of its own.
//! 2. [`parser`] reads the clauses behind, with the tokens and the conditions of SOQL.
//!
//! The searcher (elsewhere) meets the names with the schema and the words with the records.

pub mod ast;
pub mod parser;
pub mod term;
