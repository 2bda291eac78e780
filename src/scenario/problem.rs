//! What is wrong with a scenario or with settings, and where.

use crate::error::{Faults, OrgError};

/// A fault in a scenario or in settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The file, if the text came from one.
    pub file: Option<String>,
    /// The line, from 1; 0 when it is not known.
    pub line: u32,
    /// The path of the value at fault; empty for the text as a whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// How the message of what is documented and not yet built begins; callers that speak HTTP answer
/// it with 501.
const NOT_EMULATED: &str = "NOT_EMULATED: ";

impl Problem {
    /// A problem of a text as a whole.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { file: None, line: 0, path: String::new(), message: message.into() }
    }

    /// The same in a file.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Problem {
        self.file = Some(file.to_owned());
        self
    }

    /// The same under a longer path.
    #[must_use]
    pub fn under(mut self, path: &str) -> Problem {
        self.path = match (path, self.path.as_str()) {
            (outer, "") => outer.to_owned(),
            (outer, inner) => format!("{outer}.{inner}"),
        };
        self
    }

    /// True when what is asked for is documented and not built yet.
    pub fn is_not_emulated(&self) -> bool {
        self.message.starts_with(NOT_EMULATED)
    }

    /// The message alone, for callers whose answer carries the code of what is not built beside it.
    pub fn without_code(&self) -> &str {
        self.message.strip_prefix(NOT_EMULATED).unwrap_or(&self.message)
    }
}

/// The message of something documented and not built yet.
pub(crate) fn not_emulated(what: &str) -> String {
    format!("{NOT_EMULATED}{what} is not built yet")
}

/// The message of a name that nobody knows, with the nearest one that somebody does.
pub(crate) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("no such {what}: {name}; did you mean {near}?");
    }
    let known: Vec<&str> = known.into_iter().take(20).collect();
    format!("no such {what}: {name}; there are {}", known.join(", "))
}

/// The name nearest to another, if one is near.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let distances = known.into_iter().map(|own| (distance(&name, &own.to_lowercase()), own));
    let (least, own) = distances.min_by_key(|(distance, _)| *distance)?;
    (least <= (name.len().max(own.len()) / 3).max(1)).then_some(own)
}

/// How many letters must be changed, added, removed or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows =
        [vec![0; right.len() + 1], (0..=right.len()).collect::<Vec<usize>>(), Vec::new()];
    rows[2] = vec![0; right.len() + 1];
    for (i, a) in left.iter().enumerate() {
        rows[2][0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let mut best = (rows[1][j] + usize::from(a != b)).min(rows[1][j + 1] + 1);
            best = best.min(rows[2][j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[0][j - 1] + 1);
            }
            rows[2][j + 1] = best;
        }
        rows.rotate_left(1);
    }
    rows[1][right.len()]
}

/// The faults of a record in one line.
pub(crate) fn faults_text(faults: &Faults) -> String {
    faults.iter().map(OrgError::to_string).collect::<Vec<_>>().join("; ")
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        if self.file.is_some() || self.line > 0 {
            f.write_str(" ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name() {
        let known = ["records", "generate", "takenUsernames", "org"];
        assert_eq!(nearest("recrods", known), Some("records"));
        assert_eq!(nearest("takenusernames", known), Some("takenUsernames"));
        assert_eq!(nearest("orgg", known), Some("org"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn a_problem_prints_its_place_first() {
        let problem = Problem {
            file: Some("half.toml".into()),
            line: 7,
            path: "records[0].as".into(),
            message: "must be text".into(),
        };
        assert_eq!(problem.to_string(), "half.toml:7: records[0].as: must be text");
        assert_eq!(Problem::new("empty").under("scenarios[0]").to_string(), "scenarios[0]: empty");
    }

    #[test]
    fn what_is_not_built_says_so_once_beside_its_code() {
        let problem = Problem::new(not_emulated("a target over HTTP"));
        assert_eq!(problem.to_string(), "NOT_EMULATED: a target over HTTP is not built yet");
        assert_eq!(problem.without_code(), "a target over HTTP is not built yet");
        assert_eq!(Problem::new("empty").without_code(), "empty");
    }
}
