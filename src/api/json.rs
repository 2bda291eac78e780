//! Writing JSON text. Answers are appended to one `String`; no tree is built.

/// Appends `"text"` with JSON's escapes; non-ASCII and `/` stay as they are, as Jackson writes them.
pub fn push_str(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str) {
    // Nearly all text needs no escape: look once, copy once.
    if !needs_escape(text.as_bytes()) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                use std::fmt::Write as _;
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
}

/// True when a byte is a quote, a backslash or a control character. Looks at eight bytes at a time.
fn needs_escape(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of a byte that is below `limit` (at most 128), of bytes below 128.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let found = |word: [u8; 8]| {
        let word = u64::from_le_bytes(word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        below(word, 0x20) | quote | backslash
    };
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().any(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
    };
    let (words, _) = bytes.as_chunks::<8>();
    // What remains behind the whole words is looked at with what stands before it.
    words.iter().fold(found(*last), |sum, word| sum | found(*word)) != 0
}

/// Appends `"text"`, or `null` for `None`.
pub fn push_opt_str(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => push_str(out, text),
        None => out.push_str("null"),
    }
}

/// Appends a whole number.
pub fn push_int(out: &mut String, number: i64) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// Appends `true` or `false`.
pub fn push_bool(out: &mut String, flag: bool) {
    out.push_str(if flag { "true" } else { "false" });
}

/// Re-prints compact JSON as Jackson's default pretty printer does (`X-PrettyPrint`):
/// `"key" : value`, two blanks a level, arrays inline as `[ a, b ]`, empty ones as `[ ]` and `{ }`.
pub fn pretty(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    // One entry per open bracket: true for an object.
    let mut open: Vec<bool> = Vec::new();
    let mut depth = 0;
    let bytes = compact.as_bytes();
    let mut at = 0;
    let indent = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str("  "));
    };
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let mut end = at + 1;
                while bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                out.push_str(&compact[at..=end]);
                at = end;
            }
            b'{' if bytes[at + 1] == b'}' => {
                out.push_str("{ }");
                at += 1;
            }
            b'[' if bytes[at + 1] == b']' => {
                out.push_str("[ ]");
                at += 1;
            }
            b'{' => {
                out.push('{');
                open.push(true);
                depth += 1;
                indent(&mut out, depth);
            }
            b'[' => {
                out.push_str("[ ");
                open.push(false);
            }
            b'}' => {
                open.pop();
                depth -= 1;
                indent(&mut out, depth);
                out.push('}');
            }
            b']' => {
                open.pop();
                out.push_str(" ]");
            }
            b',' => {
                out.push(',');
                if open.last() == Some(&true) {
                    indent(&mut out, depth);
                } else {
                    out.push(' ');
                }
            }
            b':' => out.push_str(" : "),
            _ => {
                let end = bytes[at..]
                    .iter()
                    .position(|byte| matches!(byte, b',' | b']' | b'}'))
                    .map_or(bytes.len(), |length| at + length);
                out.push_str(&compact[at..end]);
                at = end - 1;
            }
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let mut out = String::new();
        push_str(&mut out, "a\"b\\c/d\n\u{1}é");
        assert_eq!(out, "\"a\\\"b\\\\c/d\\n\\u0001é\"");
    }

    #[test]
    fn every_byte_that_needs_an_escape_is_seen() {
        for at in 0..20 {
            for byte in 0..=127u8 {
                for filler in ["a", " ", "!", "#", "[", "]", "\u{7f}", "é"] {
                    let text = filler.repeat(at) + &char::from(byte).to_string() + filler;
                    let expected = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(needs_escape(text.as_bytes()), expected, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn pretty_is_jacksons() {
        assert_eq!(
            pretty(r#"[{"message":"a, {b}","errorCode":"X","fields":[]}]"#),
            "[ {\n  \"message\" : \"a, {b}\",\n  \"errorCode\" : \"X\",\n  \"fields\" : [ ]\n} ]"
        );
        assert_eq!(
            pretty(r#"{"a":[1,2],"b":{"c":null},"d":{}}"#),
            "{\n  \"a\" : [ 1, 2 ],\n  \"b\" : {\n    \"c\" : null\n  },\n  \"d\" : { }\n}"
        );
    }
}
