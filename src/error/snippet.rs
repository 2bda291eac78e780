//! The line of a query and the caret under the place of a fault.
//!
//! ```text
//!
//! SELECT Asdf FROM Contact
//!        ^
//! ERROR at Row:1:Column:8
//! No such column 'Asdf' on entity 'Contact'. …
//! ```
//!
//! Of a long line only a window is shown: thirty characters either side of the caret, widened to
//! the next blank or comma. Characters are counted as UTF-16 units, as the real server counts.

/// How far the window reaches to either side before it is widened.
const REACH: usize = 30;

/// A message with its snippet, and the row and column that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The whole message, from the leading line feed to the text.
    pub message: String,
    /// Row and column as in the message.
    pub position: (u32, u32),
}

/// The place of a fault that the resolver found: the column counts from one.
pub fn semantic(query: &str, offset: usize, text: &str) -> Placed {
    place(query, offset, 1, text)
}

/// The place of a fault that the parser found: the column counts from zero, and the caret, as in
/// the real server, stands one character to the left of the token.
pub fn parse(query: &str, offset: usize, text: &str) -> Placed {
    place(query, offset, 0, text)
}

/// Row, from one, and column, from zero, of a byte offset.
pub fn row_and_column(query: &str, offset: usize) -> (u32, u32) {
    let offset = query.floor_char_boundary(offset);
    let before = &query.as_bytes()[..offset];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let row = query[..offset].matches('\n').count() as u32 + 1;
    let column = query[line_start..offset].encode_utf16().count() as u32;
    (row, column)
}

fn place(query: &str, offset: usize, first_column: u32, text: &str) -> Placed {
    let (row, column) = row_and_column(query, offset);
    let column = column + first_column;
    let caret = (column as usize).saturating_sub(1);
    let line = query.split('\n').nth(row as usize - 1).unwrap_or("");
    let line: Vec<u16> = line.strip_suffix('\r').unwrap_or(line).encode_utf16().collect();
    let (start, end) = window(&line, caret);
    let snippet = String::from_utf16_lossy(&line[start..end]);
    let blanks = caret - start;
    let message =
        format!("\n{snippet}\n{:blanks$}^\nERROR at Row:{row}:Column:{column}\n{text}", "");
    Placed { message, position: (row, column) }
}

fn window(line: &[u16], caret: usize) -> (usize, usize) {
    let is_delimiter = |unit: &u16| {
        char::from_u32(u32::from(*unit)).is_some_and(|c| c == ',' || c.is_whitespace())
    };
    let start = match caret.checked_sub(REACH) {
        Some(from) => {
            let reach = (from + 1).min(line.len());
            line[..reach].iter().rposition(is_delimiter).map_or(0, |at| at + 1)
        }
        None => 0,
    };
    let from = (caret + REACH + 1).min(line.len());
    let end = line[from..].iter().position(is_delimiter).map_or(line.len(), |at| from + at);
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, at: &str, snippet: &str, caret: usize, column: u32) {
        let offset = query.rfind(at).expect("the place is part of the query");
        let expected = format!("\n{snippet}\n{:caret$}^\nERROR at Row:1:Column:{column}\ntext", "");
        assert_eq!(semantic(query, offset, "text").message, expected);
    }

    #[test]
    fn windows_as_seen_on_real_orgs() {
        check("SELECT Asdf FROM Contact", "Asdf", "SELECT Asdf FROM Contact", 7, 8);
        check(
            "select Id, ProductCode from Product2 where ProductCode = 3999",
            "ProductCode",
            "ProductCode from Product2 where ProductCode = 3999",
            32,
            44,
        );
        check(
            "SELECT Name, Access_Key__c, Image_Vendor__c FROM Opportunity WHERE Image_Vendor__c \
             LIKE 'Getty%'",
            "Image_Vendor__c",
            "Image_Vendor__c FROM Opportunity WHERE Image_Vendor__c LIKE 'Getty%'",
            39,
            68,
        );
        check(
            "Select Id, Status, Location, Body from ApexLog",
            "Body",
            "Select Id, Status, Location, Body from ApexLog",
            29,
            30,
        );
    }

    #[test]
    fn only_the_line_of_the_fault_is_shown() {
        let query = "SELECT Id\r\n  FROM Bogus\r\nLIMIT 1";
        let placed = semantic(query, 18, "text");
        assert_eq!(placed.message, "\n  FROM Bogus\n       ^\nERROR at Row:2:Column:8\ntext");
        assert_eq!(placed.position, (2, 8));
        let placed = parse("FROM x", 0, "text");
        assert_eq!(placed.message, "\nFROM x\n^\nERROR at Row:1:Column:0\ntext");
        let placed = parse("a\n", 2, "text");
        assert_eq!(placed.message, "\n\n^\nERROR at Row:2:Column:0\ntext");
    }
}
