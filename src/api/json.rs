//! Writing JSON text. Answers are appended to one `String`; no tree is built.

/// Appends `"text"` with JSON's escapes; non-ASCII and `/` stay as they are, as Jackson writes them.
pub fn push_str(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

#[allow(clippy::needless_bitwise_bool)] // Lazy operators would end the vector loop.
fn push_escaped(out: &mut String, text: &str) {
    // Nearly all text needs no escape: look once, copy once.
    // Without an early end the compiler looks at many bytes at once.
    let special = text
        .bytes()
        .fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'));
    if !special {
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
