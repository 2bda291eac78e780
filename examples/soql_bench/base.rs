//! The base: `SQLite` in memory, its rows written as REST JSON.

use crate::data::{self, Sizes};
use crate::queries::{Row, Shape};
use fauxforce::value::java_double;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;

const CONTACTS: &str = "SELECT Id, LastName, Email FROM Contact WHERE AccountId = ?";

/// The database.
pub(crate) struct Base {
    connection: Connection,
}

impl Base {
    /// Loads the rows.
    pub(crate) fn new(sizes: Sizes) -> Outcome<Base> {
        let connection = data::sqlite(sizes)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Base { connection })
    }

    /// Runs a statement to its end and writes its rows as REST JSON; how many there were.
    pub(crate) fn answer(&self, row: &Row, sql: &str, out: &mut String) -> Outcome<usize> {
        if row.unprepared {
            return self.write(row, &mut self.connection.prepare(sql)?, out);
        }
        let mut prepared = self.connection.prepare_cached(sql)?;
        self.write(row, &mut prepared, out)
    }

    fn write(
        &self,
        row: &Row,
        statement: &mut rusqlite::Statement<'_>,
        out: &mut String,
    ) -> Outcome<usize> {
        out.clear();
        out.push_str("{\"records\":[");
        let mut second: Option<CachedStatement<'_>> = None;
        let mut count = 0;
        let mut rows = statement.query([])?;
        while let Some(found) = rows.next()? {
            if count > 0 {
                out.push(',');
            }
            count += 1;
            match row.shape {
                Shape::Records(object, columns) => record(out, object, columns, found)?,
                Shape::Groups(columns) => {
                    out.push_str("{\"attributes\":{\"type\":\"AggregateResult\"}");
                    members(out, columns, 0, found)?;
                }
                Shape::WithAccount(columns) => {
                    attributes(out, "Contact", found.get_ref(0)?)?;
                    members(out, columns, 0, found)?;
                    out.push_str(",\"Account\":");
                    attributes(out, "Account", found.get_ref(columns.len())?)?;
                    members(out, &["Name"], columns.len() + 1, found)?;
                    out.push('}');
                }
                Shape::WithContacts => {
                    attributes(out, "Account", found.get_ref(0)?)?;
                    members(out, &["Id", "Name"], 0, found)?;
                    out.push_str(",\"Contacts\":{\"records\":");
                    out.push_str(found.get_ref(2)?.as_str()?);
                    out.push_str(",\"done\":true}");
                }
                Shape::WithContactsBySecond => {
                    attributes(out, "Account", found.get_ref(0)?)?;
                    members(out, &["Id", "Name"], 0, found)?;
                    out.push_str(",\"Contacts\":{\"records\":[");
                    let mut prepared = match second.take() {
                        Some(prepared) => prepared,
                        None => self.connection.prepare_cached(CONTACTS)?,
                    };
                    let mut contacts = prepared.query([found.get_ref(0)?.as_str()?])?;
                    let mut first = true;
                    while let Some(contact) = contacts.next()? {
                        if !std::mem::take(&mut first) {
                            out.push(',');
                        }
                        record(out, "Contact", &["Id", "LastName", "Email"], contact)?;
                        out.push('}');
                    }
                    drop(contacts);
                    second = Some(prepared);
                    out.push_str("],\"done\":true}");
                }
            }
            out.push('}');
        }
        out.push_str("],\"totalSize\":");
        out.push_str(itoa::Buffer::new().format(count));
        out.push_str(",\"done\":true}");
        Ok(count)
    }
}

/// A record without its closing brace.
fn record(
    out: &mut String,
    object: &str,
    columns: &[&str],
    row: &rusqlite::Row<'_>,
) -> Outcome<()> {
    attributes(out, object, row.get_ref(0)?)?;
    members(out, columns, 0, row)
}

fn attributes(out: &mut String, object: &str, id: ValueRef<'_>) -> Outcome<()> {
    out.push_str("{\"attributes\":{\"type\":\"");
    out.push_str(object);
    out.push_str("\",\"url\":\"/services/data/v66.0/sobjects/");
    out.push_str(object);
    out.push('/');
    out.push_str(id.as_str()?);
    out.push_str("\"}");
    Ok(())
}

fn members(
    out: &mut String,
    columns: &[&str],
    from: usize,
    row: &rusqlite::Row<'_>,
) -> Outcome<()> {
    for (at, name) in columns.iter().enumerate() {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        match row.get_ref(from + at)? {
            ValueRef::Null => out.push_str("null"),
            ValueRef::Integer(number) => out.push_str(itoa::Buffer::new().format(number)),
            ValueRef::Real(number) => java_double(out, number),
            ValueRef::Text(text) => text_member(out, std::str::from_utf8(text)?),
            ValueRef::Blob(_) => return Err("a blob".into()),
        }
    }
    Ok(())
}

fn text_member(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        for c in text.chars() {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    } else {
        out.push_str(text);
    }
    out.push('"');
}
