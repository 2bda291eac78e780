//! What Salesforce's JSON parser (Jackson 1) says about a body that does not parse. It runs only on
//! failure: `reference/rest.md` §8.2 has the texts. A column is that of the offending character,
//! counted from 1, plus 1.

use crate::error::OrgError;

/// The error of a body that is not JSON. Call it with a body that failed to parse.
pub fn syntax_error(body: &str) -> OrgError {
    let mut scanner = Scanner { chars: body.chars().collect(), at: 0 };
    let message = match scanner.value(0, None) {
        Err(message) => message,
        Ok(()) => {
            scanner.blanks();
            match scanner.peek() {
                Some(c) => scanner.unexpected(c, "expected end of content"),
                None => scanner.end_of_input("expected a value"),
            }
        }
    };
    OrgError::json_parser(message)
}

/// The error of a value that cannot be of its field's type. `kind` is the type as Salesforce names
/// it (`datetime`, `double`, …), `value` the value's text, `offset` where it starts in the body.
pub fn typed_value_error(body: &str, offset: usize, kind: &str, value: &str) -> OrgError {
    let token = match body[offset..].bytes().next() {
        Some(b'"') => "VALUE_STRING",
        Some(b't') => "VALUE_TRUE",
        Some(b'f') => "VALUE_FALSE",
        Some(b'n') => "VALUE_NULL",
        _ if value.contains(['.', 'e', 'E']) => "VALUE_NUMBER_FLOAT",
        _ => "VALUE_NUMBER_INT",
    };
    OrgError::not_deserializable(kind, token, value, token_location(body, offset))
}

/// The error of a list where a field of some kind wants a scalar. Two recorded bodies show the text
/// and the column.
pub fn list_for_scalar(body: &str, offset: usize, kind: &str) -> OrgError {
    OrgError::list_not_deserializable(kind, token_location(body, offset))
}

/// Where Jackson 1 says a member's value is: at the opening quote of the member's name, its column
/// counted from 0. Two recorded bodies agree: in `{"FullName":"…","Metadata":{"type":"…"` it is that
/// of `"type"`, in `…,"Contact_Code__c":[` that of `"Contact_Code__c"`.
fn token_location(body: &str, offset: usize) -> (usize, usize) {
    let before = body[..offset].trim_end_matches([' ', '\t', '\r', '\n', ':']);
    let name = before.strip_suffix('"').map_or(before.len(), |name| {
        let quotes = name.rmatch_indices('"').map(|(at, _)| at);
        let escaped = |at: usize| name[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2;
        quotes.into_iter().find(|at| escaped(*at) == 0).unwrap_or_default()
    });
    let before = &body[..name];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count());
    (line, column)
}

/// Nesting beyond this is refused before it can exhaust the stack.
pub const DEPTH: usize = 128;

/// A character as Jackson names it.
fn described(c: char) -> String {
    let code = c as u32;
    match c {
        c if c.is_control() => format!("(CTRL-CHAR, code {code})"),
        c if code > 255 => format!("'{c}' (code {code} / 0x{code:x})"),
        c => format!("'{c}' (code {code})"),
    }
}

/// The error of a body that is not UTF-8; `at` is where the first sequence that is none begins.
pub fn not_utf8(body: &[u8], at: usize) -> OrgError {
    let sequence = body.get(at).map_or(0, |byte| byte.leading_ones() as usize);
    // Where the sequence's length is known, a later byte of it is at fault.
    let middle = (2..=4).contains(&sequence).then(|| {
        let later = body[at + 1..].iter().take(sequence - 1);
        at + 1 + later.take_while(|byte| **byte & 0xC0 == 0x80).count()
    });
    let kind = if middle.is_some() { "middle" } else { "start" };
    let fault = middle.unwrap_or(at);
    let before = &body[..fault];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 2;
    OrgError::not_utf8(kind, body.get(fault).copied(), (line, column))
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
}

type Scan = Result<(), String>;

impl Scanner {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
            self.at += 1;
        }
    }

    /// `[line:L, column:C]` just after the character at `at`.
    fn location(&self) -> String {
        let before = &self.chars[..self.at.min(self.chars.len())];
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 2;
        format!("[line:{line}, column:{column}]")
    }

    fn unexpected(&self, c: char, expected: &str) -> String {
        let shown = described(c);
        format!("Unexpected character ({shown}): {expected} at {}", self.location())
    }

    fn end_of_input(&self, what: &str) -> String {
        format!("Unexpected end-of-input: {what} at {}", self.location())
    }

    /// A value; `name` is where the name of the member that it belongs to begins.
    fn value(&mut self, depth: usize, name: Option<usize>) -> Scan {
        self.blanks();
        let start = name.unwrap_or(self.at);
        if depth > DEPTH {
            return Err(format!("JSON is nested too deeply at {}", self.location()));
        }
        match self.peek() {
            None => Err(self.end_of_input("expected a value")),
            Some('{') => self.object(depth, start),
            Some('[') => self.array(depth, start),
            Some('"') => self.string(),
            Some('-' | '0'..='9') => self.number(),
            Some(c @ ('t' | 'f' | 'n')) => self.word(c),
            Some(c) => Err(self.unexpected(
                c,
                "expected a valid value (number, String, array, object, 'true', 'false' or 'null')",
            )),
        }
    }

    fn word(&mut self, first: char) -> Scan {
        let word = match first {
            't' => "true",
            'f' => "false",
            _ => "null",
        };
        let start = self.at;
        for expected in word.chars() {
            if self.peek() != Some(expected) {
                let rest = self.chars[start..].iter();
                let token: String = rest.take_while(|c| c.is_alphanumeric()).collect();
                if token.is_empty() || !word.starts_with(token.chars().next().unwrap_or(' ')) {
                    break;
                }
                return Err(format!(
                    "Unrecognized token '{token}': was expecting 'true', 'false' or 'null' at {}",
                    self.location()
                ));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Scan {
        if self.peek() == Some('-') {
            self.at += 1;
            match self.peek() {
                Some(c) if c.is_ascii_digit() => {}
                Some(c) => {
                    return Err(self.in_number(
                        c,
                        "expected digit (0-9) to follow minus sign, for valid numeric value",
                    ));
                }
                None => return Err(self.end_of_input("in a number")),
            }
        }
        if self.peek() == Some('0') && self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit)
        {
            return Err(format!(
                "Invalid numeric value: Leading zeroes not allowed at {}",
                self.location()
            ));
        }
        self.digits();
        if self.peek() == Some('.') {
            self.at += 1;
            if let Some(c) = self.peek().filter(|c| !c.is_ascii_digit()) {
                return Err(self.in_number(c, "Decimal point not followed by a digit"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            if let Some(c) = self.peek().filter(|c| !c.is_ascii_digit()) {
                return Err(self.in_number(c, "Exponent indicator not followed by a digit"));
            }
            self.digits();
        }
        Ok(())
    }

    fn in_number(&self, c: char, expected: &str) -> String {
        let shown = described(c);
        format!(
            "Unexpected character ({shown}) in numeric value: {expected} at {}",
            self.location()
        )
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Scan {
        self.at += 1;
        loop {
            match self.peek() {
                None => {
                    return Err(format!(
                        "Unexpected end-of-input: was expecting closing quote for a string value \
                         at {}",
                        self.location()
                    ));
                }
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(c) if c < ' ' => {
                    return Err(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped \
                         using backslash to be included in string value at {}",
                        c as u32,
                        self.location()
                    ));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Scan {
        match self.peek() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => self.at += 1,
            Some('u') => {
                let first = self.hex()?;
                if (0xDC00..0xE000).contains(&first) {
                    return Err(self.broken_pair(0, first));
                }
                if (0xD800..0xDC00).contains(&first) {
                    let follows = self.chars[self.at..].starts_with(&['\\', 'u']);
                    self.at += usize::from(follows);
                    let second = match (follows, self.peek()) {
                        (true, _) => self.hex()?,
                        (false, c) => c.map_or(0, |c| c as u32),
                    };
                    if !(0xDC00..0xE000).contains(&second) {
                        return Err(self.broken_pair(first, second));
                    }
                }
            }
            Some(c) => {
                let shown = described(c);
                return Err(format!(
                    "Unrecognized character escape {shown} at {}",
                    self.location()
                ));
            }
            None => return Err(self.end_of_input("in character escape sequence")),
        }
        Ok(())
    }

    /// The `u` and the four digits of an escape.
    fn hex(&mut self) -> Result<u32, String> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(c) => c.to_digit(16).ok_or_else(|| {
                    self.unexpected(c, "expected a hex-digit for character escape sequence")
                })?,
                None => return Err(self.end_of_input("in character escape sequence")),
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    /// Half of a surrogate pair. Jackson would take it; what it names cannot be stored as text.
    fn broken_pair(&self, first: u32, second: u32) -> String {
        format!(
            "Broken surrogate pair: first char 0x{first:x}, second 0x{second:x}; illegal \
             combination at {}",
            self.location()
        )
    }

    /// The end came inside an object or list that began at `start`, or under the name that did.
    fn closes(&self, kind: &str, start: usize) -> String {
        let before = &self.chars[..start];
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count();
        let from = format!("(from [line:{line}, column:{column}])");
        self.end_of_input(&format!("expected close marker for {kind} {from}"))
    }

    fn object(&mut self, depth: usize, start: usize) -> Scan {
        self.at += 1;
        let mut first = true;
        loop {
            self.blanks();
            match self.peek() {
                None => return Err(self.closes("OBJECT", start)),
                Some('}') if first => break,
                Some('"') => {}
                Some(c) => {
                    return Err(
                        self.unexpected(c, "was expecting double-quote to start field name")
                    );
                }
            }
            let name = self.at;
            self.string()?;
            self.blanks();
            match self.peek() {
                Some(':') => self.at += 1,
                Some(c) => {
                    return Err(self
                        .unexpected(c, "was expecting a colon to separate field name and value"));
                }
                None => return Err(self.closes("OBJECT", start)),
            }
            self.value(depth + 1, Some(name))?;
            self.blanks();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => break,
                Some(c) => {
                    return Err(
                        self.unexpected(c, "was expecting comma to separate OBJECT entries")
                    );
                }
                None => return Err(self.closes("OBJECT", start)),
            }
            first = false;
        }
        self.at += 1;
        Ok(())
    }

    fn array(&mut self, depth: usize, start: usize) -> Scan {
        self.at += 1;
        let mut first = true;
        loop {
            self.blanks();
            if first && self.peek() == Some(']') {
                break;
            }
            self.value(depth + 1, None)?;
            self.blanks();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(']') => break,
                Some(c) => {
                    return Err(self.unexpected(c, "was expecting comma to separate ARRAY entries"));
                }
                None => return Err(self.closes("ARRAY", start)),
            }
            first = false;
        }
        self.at += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_texts() {
        let cases = [
            (
                r#"{name "Name error ", "a":1}"#,
                "Unexpected character ('n' (code 110)): was expecting double-quote to start field \
                 name at [line:1, column:3]",
            ),
            (
                "--boundary\r\n",
                "Unexpected character ('-' (code 45)) in numeric value: expected digit (0-9) to \
                 follow minus sign, for valid numeric value at [line:1, column:3]",
            ),
            (
                "request%5B=1",
                "Unexpected character ('r' (code 114)): expected a valid value (number, String, \
                 array, object, 'true', 'false' or 'null') at [line:1, column:2]",
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(syntax_error(body).message, expected);
        }
    }

    #[test]
    fn the_offending_character_is_located() {
        let message = |body| syntax_error(body).message.to_string();
        assert!(message("{\"a\" 1}").starts_with(
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name \
             and value at [line:1, column:7]"
        ));
        assert!(message("{\"a\":1 \"b\":2}").contains("was expecting comma to separate OBJECT"));
        assert!(message("{\"a\":1,\n}").contains("at [line:2, column:2]"));
        assert!(message("{\"a\":").starts_with("Unexpected end-of-input"));
        assert!(message("{\"a\":{\"b\":1").contains("OBJECT (from [line:1, column:1])"));
        assert!(message("[1,\n [2").contains("ARRAY (from [line:2, column:1])"));
        assert!(message("{\"a\":tru}").contains("Unrecognized token 'tru'"));
        assert!(message("{\"a\":\"\\q\"}").contains("Unrecognized character escape 'q'"));
        assert!(message(r#"{"a":"\ud800"}"#).contains("first char 0xd800, second 0x22"));
        assert!(message(r#"{"a":"\ud83d\u0041"}"#).contains("first char 0xd83d, second 0x41"));
        assert!(message(r#"{"a":"\udc00"}"#).contains("Broken surrogate pair"));
        assert!(message("\u{0}").contains("Unexpected character ((CTRL-CHAR, code 0)): expected"));
        assert!(message("世").contains("Unexpected character ('世' (code 19990 / 0x4e16))"));
        assert!(message(&"[".repeat(10_000)).contains("nested too deeply"));
    }

    #[test]
    fn bytes_that_are_no_text_are_located() {
        let message = |body: &[u8]| {
            let at = std::str::from_utf8(body).expect_err("not UTF-8").valid_up_to();
            not_utf8(body, at).message.to_string()
        };
        assert_eq!(message(b"a\xe9\""), "Invalid UTF-8 middle byte 0x22 at [line:1, column:4]");
        assert_eq!(message(b"\n\xff"), "Invalid UTF-8 start byte 0xff at [line:2, column:2]");
        assert_eq!(message(b"\x80"), "Invalid UTF-8 start byte 0x80 at [line:1, column:2]");
        assert!(message(b"\xe4\xb8").starts_with("Unexpected end-of-input"));
    }

    #[test]
    fn typed_values_name_their_token() {
        let body = r#"{"When":"2017-10-17 00:00:00"}"#;
        assert_eq!(
            typed_value_error(body, 8, "datetime", "2017-10-17 00:00:00").message,
            "Cannot deserialize instance of datetime from VALUE_STRING value 2017-10-17 00:00:00 \
             or request may be missing a required field at [line:1, column:1]"
        );
        let body =
            r#"{"FullName":"Lead.mynamespace__fieldname__c","Metadata":{"type":"Long Text Area"}}"#;
        let offset = body.find("\"Long").expect("the value");
        let message =
            typed_value_error(body, offset, "complexvalue", "Long Text Area").message.clone();
        assert!(message.ends_with("at [line:1, column:57]"), "{message}");
        let body =
            r#"{"FirstName":"Doug","LastName":"Proctor (testing)","s360__Contact_Code__c":["x"]}"#;
        assert_eq!(
            list_for_scalar(body, body.find('[').expect("the list"), "multipicklist").message,
            "Cannot deserialize instance of multipicklist from START_ARRAY value [line:1, column:51]"
        );
        let body = "{\n \"a\\\"b\" :\n \"x\"}";
        let message = typed_value_error(body, body.len() - 4, "int", "x").message.clone();
        assert!(message.ends_with("at [line:2, column:1]"), "{message}");
    }
}
