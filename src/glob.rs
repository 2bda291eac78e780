//! Patterns of paths: `*` stands for any characters within a segment, `**` for any at all. A pattern
//! that does not begin with `/` may begin at any segment: `sobjects/Account` means that path in every
//! version.

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// A pattern; every text is one.
    pub fn new(pattern: &str) -> Glob {
        Glob(pattern.to_owned())
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for a path that fits as a whole. A pattern with `?` is for path and query, any other for
    /// the path alone.
    pub fn fits(&self, path: &str, query: &str) -> bool {
        // The `sf` CLI sends `//services/…`, and a slash at the end is nothing.
        let path = path.trim_start_matches('/').trim_end_matches('/');
        let target;
        let text = if self.0.contains('?') {
            target = [path, "?", query].concat();
            &target
        } else {
            path
        };
        if let Some(whole) = self.0.strip_prefix('/') {
            return fits(whole.as_bytes(), text.as_bytes());
        }
        let starts = text.match_indices('/').map(|(at, _)| at + 1).chain([0]);
        starts.into_iter().any(|at| fits(self.0.as_bytes(), &text.as_bytes()[at..]))
    }
}

/// Matches with one step back to the last star: linear for `*`, at worst the product of the lengths.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows a star does not fit: after the star, one character later.
    let mut near: Option<(usize, usize)> = None;
    let mut far: Option<(usize, usize)> = None;
    loop {
        if pattern[p..].starts_with(b"**") {
            p += 2;
            (far, near) = (Some((p, t)), None);
        } else if pattern[p..].starts_with(b"*") {
            p += 1;
            near = Some((p, t));
        } else if t < text.len() && pattern.get(p) == Some(&text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if t == text.len() && p == pattern.len() {
            return true;
        } else if let Some((after, from)) =
            near.filter(|(_, at)| text.get(*at).is_some_and(|b| *b != b'/'))
        {
            (p, t) = (after, from + 1);
            near = Some((after, t));
        } else if let Some((after, from)) = far.filter(|(_, at)| *at < text.len()) {
            (p, t) = (after, from + 1);
            (far, near) = (Some((after, t)), None);
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stay_within_segments() {
        let path = "/services/data/v66.0/sobjects/Account/001";
        for (pattern, expected) in [
            ("/services/data/v66.0/sobjects/Account/001", true),
            ("/services/data/*/sobjects/Account/*", true),
            ("/services/data/*/sobjects/Account", false),
            ("/services/data/*/sobjects/*", false),
            ("/services/data/*/sobjects/**", true),
            ("/services/**/001", true),
            ("/services/**/002", false),
            ("**", true),
            ("/**", true),
            ("*", true),
            ("/*", false),
            ("sobjects/Account/*", true),
            ("sobjects/Acc*/0*1", true),
            ("objects/Account/*", false),
            ("001", true),
            ("", false),
            ("/services/data/v*.0/**", true),
        ] {
            assert_eq!(Glob::new(pattern).fits(path, ""), expected, "{pattern}");
        }
        assert!(Glob::new("/services/x").fits("//services/x/", ""));
        assert!(Glob::new("/").fits("/", ""));
        assert!(Glob::new("query").fits("/services/data/v66.0/query", "q=SELECT"));
        assert!(Glob::new("query?q=SELECT*Account").fits("/query", "q=SELECT+Id+FROM+Account"));
        assert!(!Glob::new("query?q=*Lead").fits("/query", "q=SELECT+Id+FROM+Account"));
    }

    /// The plain definition.
    fn plain(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', b'*', rest @ ..] => (0..=text.len()).any(|at| plain(rest, &text[at..])),
            [b'*', rest @ ..] => (0..=text.len())
                .take_while(|at| !text[..*at].contains(&b'/'))
                .any(|at| plain(rest, &text[at..])),
            [first, rest @ ..] => text.first() == Some(first) && plain(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn it_fits_what_the_plain_definition_fits(pattern in "[ab/*]{0,8}", text in "[ab/]{0,10}") {
            prop_assert_eq!(
                fits(pattern.as_bytes(), text.as_bytes()),
                plain(pattern.as_bytes(), text.as_bytes())
            );
        }
    }
}
