//! Rows for people and programs: a table on a terminal, CSV anywhere else.

use comfy_table::{ContentArrangement, Table, presets};
use std::io::{self, IsTerminal as _};

/// Rows under named columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Rows {
    /// No rows yet.
    pub(super) fn new(columns: &[&str]) -> Rows {
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        Rows { columns, rows: Vec::new() }
    }

    /// What stdout gets: a table as wide as the terminal, or CSV.
    pub(super) fn for_stdout(&self) -> String {
        if io::stdout().is_terminal() { self.table(terminal_width()) } else { self.csv() }
    }

    /// A table, no wider than this if it can be helped.
    pub(super) fn table(&self, width: Option<u16>) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header(&self.columns);
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table.add_rows(self.rows.iter().map(|row| row.iter().map(|cell| shown(cell))));
        format!("{table}\n")
    }

    /// CSV as RFC 4180 has it, with line feeds as Salesforce's own exports have them.
    pub(super) fn csv(&self) -> String {
        let mut out = String::new();
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            push_csv(&mut out, row);
        }
        out
    }
}

/// A cell without the characters that would break the table or command the terminal.
fn shown(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Appends one line of CSV.
fn push_csv(out: &mut String, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push('\n');
}

#[cfg(unix)]
fn terminal_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

#[cfg(not(unix))]
fn terminal_width() -> Option<u16> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows {
        let mut rows = Rows::new(&["Id", "Name"]);
        rows.rows.push(vec!["1".into(), "A, \"B\"\u{1b}[2J".into()]);
        rows.rows.push(vec!["2".into(), "two\nlines".into()]);
        rows
    }

    #[test]
    fn a_table_for_people() {
        assert_eq!(
            rows().table(None),
            "\
┌────┬────────────┐
│ Id ┆ Name       │
╞════╪════════════╡
│ 1  ┆ A, \"B\" [2J │
│ 2  ┆ two        │
│    ┆ lines      │
└────┴────────────┘
"
        );
        assert!(rows().table(Some(20)).lines().all(|line| line.chars().count() <= 20));
    }

    #[test]
    fn csv_for_programs() {
        assert_eq!(rows().csv(), "Id,Name\n1,\"A, \"\"B\"\"\u{1b}[2J\"\n2,\"two\nlines\"\n");
    }
}
