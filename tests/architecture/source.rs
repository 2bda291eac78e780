//! Reads Rust source far enough to know the paths it names: no macros, no types, no comments.

/// A path as written, its segments resolved against the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// True when the path leads into this crate: then the first segment is a top-level module.
    pub inside: bool,
    /// Its segments.
    pub segments: Vec<String>,
    /// The line it begins on, from 1.
    pub line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Mark(char),
}

/// One token and its line.
type Placed = (Token, usize);

/// Splits source text into words and marks; comments, texts and characters are dropped.
fn tokens(text: &str) -> Vec<Placed> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    let get = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let start = at;
        match get(at) {
            '/' if get(at + 1) == '/' => at = end_of_line(&chars, at),
            '/' if get(at + 1) == '*' => at = end_of_block(&chars, at),
            '"' => at = end_of_text(&chars, at),
            'r' | 'b' | 'c' if raw_text(&chars, at).is_some() => {
                at = raw_text(&chars, at).expect("just found");
            }
            '\'' if get(at + 1) == '\\' => {
                at += 3;
                while at < chars.len() && get(at - 1) != '\'' {
                    at += 1;
                }
            }
            '\'' if get(at + 2) == '\'' => at += 3,
            ':' if get(at + 1) == ':' => {
                found.push((Token::Colons, line));
                at += 2;
            }
            c if c.is_alphabetic() || c == '_' => {
                while get(at).is_alphanumeric() || get(at) == '_' {
                    at += 1;
                }
                found.push((Token::Word(chars[start..at].iter().collect()), line));
            }
            c => {
                if !c.is_whitespace() {
                    found.push((Token::Mark(c), line));
                }
                at += 1;
            }
        }
        line += chars[start..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    found
}

fn end_of_line(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length)
}

fn end_of_block(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut at = at;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn end_of_text(chars: &[char], at: usize) -> usize {
    let mut at = at + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Where a raw text (`r"…"`, `br#"…"#`) that begins here ends.
fn raw_text(chars: &[char], at: usize) -> Option<usize> {
    let mut at = at;
    if at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_') {
        return None;
    }
    if matches!(chars[at], 'b' | 'c') {
        at += 1;
    }
    if chars.get(at) != Some(&'r') {
        return None;
    }
    at += 1;
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    at += hashes;
    if chars.get(at) != Some(&'"') {
        return None;
    }
    at += 1;
    while at < chars.len() {
        let closing = chars[at] == '"' && chars[at + 1..].iter().take(hashes).all(|c| *c == '#');
        at += 1;
        if closing {
            return Some(at + hashes);
        }
    }
    Some(chars.len())
}

/// The module that a file under `src` is: `api/rest/mod.rs` → `api`, `rest`.
fn module(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" | "main" => Vec::new(),
        stem => stem.split('/').map(ToOwned::to_owned).collect(),
    }
}

/// Every path of two segments or more that a file names, and every one-word `use`.
pub fn paths(file: &str, text: &str) -> Vec<Named> {
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, at: 0, raw: Vec::new() };
    let home = module(file);
    // Inline modules: their names and the depth of braces outside them.
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut found = Vec::new();
    while let Some((token, line)) = tokens.get(reader.at) {
        match token {
            Token::Word(word) if word == "mod" => {
                if let (Some(Token::Word(name)), Some(Token::Mark('{'))) =
                    (reader.peek(1), reader.peek(2))
                {
                    inline.push((name.clone(), depth));
                }
                reader.at += 2;
            }
            Token::Word(word) if word == "use" => {
                reader.at += 1;
                reader.path(&[], *line);
            }
            Token::Word(_) if reader.peek(1) == Some(&Token::Colons) => reader.path(&[], *line),
            Token::Mark('{') => {
                depth += 1;
                reader.at += 1;
            }
            Token::Mark('}') => {
                depth = depth.saturating_sub(1);
                if inline.last().is_some_and(|(_, outside)| *outside == depth) {
                    inline.pop();
                }
                reader.at += 1;
            }
            _ => reader.at += 1,
        }
        let here: Vec<String> =
            home.iter().cloned().chain(inline.iter().map(|(name, _)| name.clone())).collect();
        found.extend(reader.raw.drain(..).map(|(segments, line)| resolve(&here, segments, line)));
    }
    found
}

struct Reader<'t> {
    tokens: &'t [Placed],
    at: usize,
    raw: Vec<(Vec<String>, usize)>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    /// Reads a path, with its groups, that begins here.
    fn path(&mut self, before: &[String], line: usize) {
        let mut segments = before.to_vec();
        loop {
            match self.peek(0).cloned() {
                Some(Token::Word(word)) => segments.push(word),
                Some(Token::Mark('{')) => return self.group(&segments),
                Some(Token::Mark('*')) => {}
                // A leading `::`, or the turbofish of `Vec::<u8>::new`.
                Some(Token::Colons) if segments.is_empty() => {
                    self.at += 1;
                    continue;
                }
                _ => break,
            }
            self.at += 1;
            if self.peek(0) != Some(&Token::Colons) {
                break;
            }
            self.at += 1;
        }
        if !segments.is_empty() {
            self.raw.push((segments, line));
        }
    }

    fn group(&mut self, before: &[String]) {
        self.at += 1;
        while let Some((token, line)) = self.tokens.get(self.at) {
            match token {
                Token::Mark('}') => {
                    self.at += 1;
                    return;
                }
                Token::Word(word) if word == "as" => self.at += 2,
                Token::Word(_) | Token::Mark('{' | '*') => self.path(before, *line),
                _ => self.at += 1,
            }
        }
    }
}

fn resolve(here: &[String], segments: Vec<String>, line: usize) -> Named {
    let mut base = here.to_vec();
    let mut rest = segments.as_slice();
    let mut inside = false;
    while let Some((first, more)) = rest.split_first() {
        match first.as_str() {
            "crate" | "fauxforce" if !inside => base.clear(),
            "self" => {}
            "super" => drop(base.pop()),
            _ => break,
        }
        inside = true;
        rest = more;
    }
    if !inside {
        return Named { inside, segments, line };
    }
    base.extend_from_slice(rest);
    Named { inside, segments: base, line }
}

/// The lines at which a text is formatted inside the arguments of an `OrgError` constructor.
pub fn formatted_messages(text: &str) -> Vec<usize> {
    let tokens = tokens(text);
    let mut lines = Vec::new();
    for (at, (token, line)) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(at + ahead).map(|(token, _)| token);
        let constructor = *token == Token::Word("OrgError".to_owned())
            && next(1) == Some(&Token::Colons)
            && matches!(next(2), Some(Token::Word(_)))
            && next(3) == Some(&Token::Mark('('));
        if constructor && formats(&tokens[at + 3..]) {
            lines.push(*line);
        }
    }
    lines
}

/// True when `format!` stands between the bracket that begins here and its partner.
fn formats(tokens: &[Placed]) -> bool {
    let mut depth = 0;
    for (at, (token, _)) in tokens.iter().enumerate() {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth -= 1,
            Token::Word(word)
                if word == "format"
                    && tokens.get(at + 1).is_some_and(|(next, _)| *next == Token::Mark('!')) =>
            {
                return true;
            }
            _ => {}
        }
        if depth == 0 {
            return false;
        }
    }
    false
}
