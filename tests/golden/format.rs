//! The format of golden files: reading, writing, comparing. See `README.md` beside this file.

use std::fmt::Write as _;

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Golden {
    /// The lines before the first exchange: what the file shows and where that is known from.
    pub(crate) preface: Vec<String>,
    /// Further options of `serve`.
    pub(crate) options: Vec<String>,
    /// The exchanges, in order.
    pub(crate) exchanges: Vec<Exchange>,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exchange {
    /// What it shows.
    pub(crate) title: String,
    /// Comments under the title.
    pub(crate) notes: Vec<String>,
    /// How often it is sent; `{n}` counts from 1. The answer is that to the last.
    pub(crate) times: u32,
    /// What is sent.
    pub(crate) request: Request,
    /// What comes back.
    pub(crate) answer: Answer,
}

/// What is said of a header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// It has this value.
    Is(String),
    /// It is not there.
    Absent,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Mark)>,
    pub(crate) body: Vec<u8>,
}

/// What comes back. Status 0 stands for an answer that nobody has seen yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The headers are these and no others.
    pub(crate) exactly: bool,
    pub(crate) headers: Vec<(String, Mark)>,
    pub(crate) body: Vec<u8>,
    /// The body only begins so.
    pub(crate) prefix: bool,
}

const TITLE: &str = "=== ";
const ANSWER: &str = "---";
const BYTES: &str = "@bytes";
const PREFIX: &str = "@begins";
const OPTIONS: &str = "serve: ";
const TIMES: &str = "times: ";

/// Reads a file; what does not fit the format is an error with its line.
pub(crate) fn parse(text: &str) -> Result<Golden, String> {
    let mut lines = Lines { lines: text.lines().collect(), at: 0 };
    let mut golden = Golden { preface: Vec::new(), options: Vec::new(), exchanges: Vec::new() };
    while let Some(line) = lines.next_unless(|line| line.starts_with(TITLE)) {
        if let Some(options) = line.strip_prefix(OPTIONS) {
            golden.options.extend(options.split(' ').map(ToOwned::to_owned));
        } else if line.is_empty() || line.starts_with('#') {
            golden.preface.push(line.to_owned());
        } else {
            return Err(lines.problem("expected a comment (#), `serve:` or a title (===)"));
        }
    }
    while golden.preface.last().is_some_and(String::is_empty) {
        golden.preface.pop();
    }
    if golden.preface.is_empty() {
        return Err("line 1: the file does not say (#) what it shows\n".to_owned());
    }
    while let Some(line) = lines.next_unless(|_| false) {
        let title = line.strip_prefix(TITLE).unwrap_or_default().trim();
        if title.is_empty() {
            return Err(lines.problem("expected `=== ` and a title"));
        }
        golden.exchanges.push(exchange(&mut lines, title)?);
    }
    if golden.exchanges.is_empty() {
        return Err("the file has no exchanges\n".to_owned());
    }
    Ok(golden)
}

struct Lines<'t> {
    lines: Vec<&'t str>,
    at: usize,
}

impl<'t> Lines<'t> {
    fn next_unless(&mut self, ends: impl Fn(&str) -> bool) -> Option<&'t str> {
        let line = self.lines.get(self.at).filter(|line| !ends(line))?;
        self.at += 1;
        Some(line)
    }

    fn problem(&self, what: &str) -> String {
        let line = self.lines.get(self.at.saturating_sub(1)).unwrap_or(&"the end of the file");
        format!("line {}: {what}, found {line:?}\n", self.at)
    }
}

fn is_mark(line: &str) -> bool {
    line == ANSWER || line.starts_with(TITLE)
}

fn exchange(lines: &mut Lines<'_>, title: &str) -> Result<Exchange, String> {
    let mut notes = Vec::new();
    while let Some(note) = lines.next_unless(|line| !line.starts_with('#')) {
        notes.push(note.to_owned());
    }
    let times = match lines.next_unless(|line| !line.starts_with(TIMES)) {
        Some(line) => match line[TIMES.len()..].parse() {
            Ok(times @ 2..=10_000) => times,
            _ => return Err(lines.problem("expected a number of times")),
        },
        None => 1,
    };
    let line = lines.next_unless(is_mark).unwrap_or_default();
    let Some((method, target)) = line.split_once(' ') else {
        return Err(lines.problem("expected a method and a target"));
    };
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(lines.problem("expected a method and a target"));
    }
    let headers = headers(lines)?;
    let (body, prefix) = body(lines)?;
    if prefix {
        return Err(lines.problem("a request's body cannot be a beginning"));
    }
    let request = Request { method: method.to_owned(), target: target.to_owned(), headers, body };
    let mut answer = Answer::default();
    if lines.next_unless(|line| line != ANSWER).is_some() {
        let line = lines.next_unless(is_mark).unwrap_or_default();
        let (status, rest) = line.split_at(line.len().min(3));
        answer.exactly = rest == " with exactly these headers";
        answer.status = status.parse().unwrap_or_default();
        let known = (100..600).contains(&answer.status) || status == "???";
        if !known || !(rest.is_empty() || answer.exactly) {
            return Err(lines.problem("expected a status"));
        }
        answer.headers = self::headers(lines)?;
        (answer.body, answer.prefix) = self::body(lines)?;
    }
    Ok(Exchange { title: title.to_owned(), notes, times, request, answer })
}

fn headers(lines: &mut Lines<'_>) -> Result<Vec<(String, Mark)>, String> {
    let mut headers = Vec::new();
    while let Some(line) = lines.next_unless(|line| line.is_empty() || is_mark(line)) {
        if let Some(name) = line.strip_prefix('-') {
            headers.push((name.to_owned(), Mark::Absent));
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_owned(), Mark::Is(value.trim_start().to_owned())));
        } else {
            return Err(lines.problem("expected `Name: value`, `-Name` or an empty line"));
        }
    }
    Ok(headers)
}

/// The body, and true when it is a beginning. Empty lines at its end are layout.
fn body(lines: &mut Lines<'_>) -> Result<(Vec<u8>, bool), String> {
    if lines.next_unless(|line| !line.is_empty()).is_none() {
        return Ok((Vec::new(), false));
    }
    let mut body: Vec<&str> = Vec::new();
    while let Some(line) = lines.next_unless(is_mark) {
        body.push(line);
    }
    while body.last().is_some_and(|line| line.is_empty()) {
        body.pop();
    }
    match body.first() {
        Some(&BYTES) => {
            let bytes = body[1..].iter().map(|line| unescaped(line));
            let bytes: Option<Vec<Vec<u8>>> = bytes.collect();
            let bytes = bytes.ok_or_else(|| lines.problem("a bad escape above"))?;
            Ok((bytes.concat(), false))
        }
        Some(&PREFIX) => Ok((body[1..].join("\n").into_bytes(), true)),
        _ => Ok((body.join("\n").into_bytes(), false)),
    }
}

/// Undoes `\r`, `\n`, `\t`, `\\` and `\x00`.
fn unescaped(line: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = line.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'\\' => b'\\',
            b'x' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(out)
}

fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n\n"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.trim_end_matches('\n').to_owned()
}

/// Writes a file.
pub(crate) fn print(golden: &Golden) -> String {
    let mut out = golden.preface.join("\n");
    out.push('\n');
    if !golden.options.is_empty() {
        let _ = writeln!(out, "{OPTIONS}{}", golden.options.join(" "));
    }
    for exchange in &golden.exchanges {
        let _ = writeln!(out, "\n{TITLE}{}", exchange.title);
        for note in &exchange.notes {
            let _ = writeln!(out, "{note}");
        }
        if exchange.times > 1 {
            let _ = writeln!(out, "{TIMES}{}", exchange.times);
        }
        let request = &exchange.request;
        let _ = writeln!(out, "{} {}", request.method, request.target);
        push_message(&mut out, &request.headers, &request.body, false);
        let _ = writeln!(out, "{ANSWER}");
        out.push_str(&shown(&exchange.answer));
    }
    out
}

/// An answer as the file shows it.
fn shown(answer: &Answer) -> String {
    let mut out = match answer.status {
        0 => "???".to_owned(),
        status => status.to_string(),
    };
    out.push_str(if answer.exactly { " with exactly these headers\n" } else { "\n" });
    push_message(&mut out, &answer.headers, &answer.body, answer.prefix);
    out
}

fn push_message(out: &mut String, headers: &[(String, Mark)], body: &[u8], prefix: bool) {
    for (name, mark) in headers {
        let _ = match mark {
            Mark::Is(value) => writeln!(out, "{name}: {value}"),
            Mark::Absent => writeln!(out, "-{name}"),
        };
    }
    if body.is_empty() {
        return;
    }
    out.push('\n');
    let plain = std::str::from_utf8(body).ok().filter(|text| {
        !text.ends_with('\n')
            && !text.starts_with('@')
            && !text.lines().any(is_mark)
            && !text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{feff}')
    });
    let text = match plain {
        Some(text) if prefix => format!("{PREFIX}\n{text}"),
        Some(text) => text.to_owned(),
        None => format!("{BYTES}\n{}", escaped(body)),
    };
    let _ = writeln!(out, "{text}");
}

/// How an answer differs from the expected one; `None` when it does not.
pub(crate) fn difference(expected: &Answer, actual: &Answer) -> Option<String> {
    if expected == actual {
        return None;
    }
    let (expected, actual) = (shown(expected), shown(actual));
    let (expected, actual): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), actual.lines().collect());
    let mut out = String::new();
    let alike = expected.iter().zip(&actual).take_while(|(a, b)| a == b).count();
    for line in &expected[..alike] {
        let _ = writeln!(out, "    {}", clipped(line, 0));
    }
    // Where single lines differ, the place in the line is what one looks for.
    let at = match (expected.get(alike), actual.get(alike)) {
        (Some(a), Some(b)) => a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b),
        _ => None,
    };
    let at = at.map_or(0, |((at, _), _)| at);
    let end = |lines: &[&str]| lines.len().min(alike + 25);
    for line in &expected[alike..end(&expected)] {
        let _ = writeln!(out, "  - {}", clipped(line, at));
    }
    for line in &actual[alike..end(&actual)] {
        let _ = writeln!(out, "  + {}", clipped(line, at));
    }
    Some(out)
}

/// The part of a long line around a place.
fn clipped(line: &str, at: usize) -> String {
    const MOST: usize = 600;
    if line.len() <= MOST {
        return line.to_owned();
    }
    let from = line.floor_char_boundary(at.saturating_sub(MOST / 3));
    let to = line.floor_char_boundary((from + MOST).min(line.len()));
    let before = if from > 0 { "…" } else { "" };
    format!("{before}{}… ({} bytes, differs at {at})", &line[from..to], line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# What it shows.\n\n=== A title\n# A note.\nPOST /x\nA: b\n-C\n\n{\"a\":\n\n1}\n\n\
                        ---\n201 with exactly these headers\nD: e\n\n@bytes\na\\r\\n\nb\\xff\n";

    #[test]
    fn a_file_is_read() {
        let golden = parse(FILE).unwrap();
        let [exchange] = &golden.exchanges[..] else { panic!("one exchange") };
        assert_eq!(exchange.title, "A title");
        assert_eq!(exchange.request.body, b"{\"a\":\n\n1}");
        assert_eq!(exchange.request.headers[1], ("C".to_owned(), Mark::Absent));
        assert_eq!((exchange.answer.status, exchange.answer.exactly), (201, true));
        assert_eq!(exchange.answer.body, b"a\r\nb\xff");
        assert_eq!(parse(&print(&golden)).unwrap(), golden);
    }

    #[test]
    fn empty_and_malformed_files_are_refused() {
        for (text, problem) in [
            ("", "does not say"),
            ("\n\n", "does not say"),
            ("# Nothing else\n", "no exchanges"),
            ("=== No preface\nGET /\n---\n200\n", "does not say"),
            ("# x\nwhat\n", "expected a comment"),
            ("# x\n=== \nGET /\n---\n200\n", "expected `=== ` and a title"),
            ("# x\n=== t\n", "expected a method"),
            ("# x\n=== t\nget /\n---\n200\n", "expected a method"),
            ("# x\n=== t\ntimes: 1\nGET /\n---\n200\n", "expected a number of times"),
            ("# x\n=== t\nGET /\nno header\n---\n200\n", "expected `Name: value`"),
            ("# x\n=== t\nGET /\n---\n", "expected a status"),
            ("# x\n=== t\nGET /\n---\n999\n", "expected a status"),
            ("# x\n=== t\nGET /\n---\n200 or so\n", "expected a status"),
            ("# x\n=== t\nGET /\n---\n200\n---\n", "expected `=== ` and a title"),
            ("# x\n=== t\nGET /\n---\n200\n\n@bytes\n\\q\n", "bad escape"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(problem), "{text:?}: {error}");
        }
    }

    #[test]
    fn an_answer_that_nobody_wrote_down_differs() {
        let golden = parse("# x\n=== t\nGET /\n").unwrap();
        let actual = Answer { status: 200, ..Answer::default() };
        assert!(difference(&golden.exchanges[0].answer, &actual).is_some());
    }
}
