//! What Salesforce's JSON parser (Jackson 1) says about a body that does not parse. It runs only on
//! failure: `reference/rest.md` §8.2 has the texts. A column is that of the offending character,
//! counted from 1, plus 1.

use crate::error::OrgError;

/// The error of a body that is not JSON. Call it with a body that failed to parse.
pub fn syntax_error(body: &str) -> OrgError {
    let mut scanner = Scanner { chars: body.chars().collect(), at: 0 };
    let message = match scanner.value(0) {
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
        Some(b'{') => "START_OBJECT",
        Some(b'[') => "START_ARRAY",
        _ if value.contains(['.', 'e', 'E']) => "VALUE_NUMBER_FLOAT",
        _ => "VALUE_NUMBER_INT",
    };
    let before = &body[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    OrgError::not_deserializable(kind, token, value, (line, column))
}

/// Nesting beyond this is refused before it can exhaust the stack.
const DEPTH: usize = 128;

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
        let code = c as u32;
        let shown = if c.is_control() {
            format!("CTRL-CHAR, code {code}")
        } else {
            format!("'{c}' (code {code})")
        };
        let shown = if c.is_control() { format!("({shown})") } else { format!("({shown})") };
        format!("Unexpected character {shown}: {expected} at {}", self.location())
    }

    fn end_of_input(&self, what: &str) -> String {
        format!("Unexpected end-of-input: {what} at {}", self.location())
    }

    fn value(&mut self, depth: usize) -> Scan {
        self.blanks();
        if depth > DEPTH {
            return Err(format!("JSON is nested too deeply at {}", self.location()));
        }
        match self.peek() {
            None => Err(self.end_of_input("expected a value")),
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
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
        let code = c as u32;
        format!(
            "Unexpected character ('{c}' (code {code})) in numeric value: {expected} at {}",
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
                self.at += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(c) if c.is_ascii_hexdigit() => self.at += 1,
                        Some(c) => {
                            return Err(self.unexpected(
                                c,
                                "expected a hex-digit for character escape sequence",
                            ));
                        }
                        None => return Err(self.end_of_input("in character escape sequence")),
                    }
                }
            }
            Some(c) => {
                return Err(format!(
                    "Unrecognized character escape '{c}' (code {}) at {}",
                    c as u32,
                    self.location()
                ));
            }
            None => return Err(self.end_of_input("in character escape sequence")),
        }
        Ok(())
    }

    fn closes(&self, kind: &str) -> String {
        self.end_of_input(&format!("expected close marker for {kind}"))
    }

    fn object(&mut self, depth: usize) -> Scan {
        self.at += 1;
        let mut first = true;
        loop {
            self.blanks();
            match self.peek() {
                None => return Err(self.closes("OBJECT (from [line:1, column:0])")),
                Some('}') if first => break,
                Some('"') => {}
                Some(c) => {
                    return Err(
                        self.unexpected(c, "was expecting double-quote to start field name")
                    );
                }
            }
            self.string()?;
            self.blanks();
            match self.peek() {
                Some(':') => self.at += 1,
                Some(c) => {
                    return Err(self
                        .unexpected(c, "was expecting a colon to separate field name and value"));
                }
                None => return Err(self.closes("OBJECT (from [line:1, column:0])")),
            }
            self.value(depth + 1)?;
            self.blanks();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => break,
                Some(c) => {
                    return Err(
                        self.unexpected(c, "was expecting comma to separate OBJECT entries")
                    );
                }
                None => return Err(self.closes("OBJECT (from [line:1, column:0])")),
            }
            first = false;
        }
        self.at += 1;
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Scan {
        self.at += 1;
        let mut first = true;
        loop {
            self.blanks();
            if first && self.peek() == Some(']') {
                break;
            }
            self.value(depth + 1)?;
            self.blanks();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(']') => break,
                Some(c) => {
                    return Err(self.unexpected(c, "was expecting comma to separate ARRAY entries"));
                }
                None => return Err(self.closes("ARRAY (from [line:1, column:0])")),
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
        assert!(message("{\"a\":tru}").contains("Unrecognized token 'tru'"));
        assert!(message("{\"a\":\"\\q\"}").contains("Unrecognized character escape 'q'"));
        assert!(message(&"[".repeat(10_000)).contains("nested too deeply"));
    }

    #[test]
    fn typed_values_name_their_token() {
        let body = r#"{"When":"2017-10-17 00:00:00"}"#;
        assert_eq!(
            typed_value_error(body, 8, "datetime", "2017-10-17 00:00:00").message,
            "Cannot deserialize instance of datetime from VALUE_STRING value 2017-10-17 00:00:00 \
             or request may be missing a required field at [line:1, column:9]"
        );
    }
}
