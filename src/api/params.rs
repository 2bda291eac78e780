//! Query strings and form bodies.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Decoded name and value pairs, in order.
#[derive(Debug, Default)]
pub struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    /// Reads `a=1&b=2`; `+` is a blank, and bytes that are not UTF-8 become U+FFFD.
    pub fn parse(text: &'a str) -> Params<'a> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_form(name), decode_form(value))
        });
        Params(pairs.collect())
    }

    /// The first value of a name, letter case counting.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_ref())
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// These pairs and then those.
    #[must_use]
    pub fn and(mut self, more: Params<'a>) -> Params<'a> {
        self.0.extend(more.0);
        self
    }
}

fn decode_form(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let blanks = text.replace('+', " ");
        return Cow::Owned(percent_decode_str(&blanks).decode_utf8_lossy().into_owned());
    }
    percent_decode_str(text).decode_utf8_lossy()
}

/// Decodes one segment of a path; `None` when it is not UTF-8: it may become a key, which must not
/// be another than the one that was meant.
pub fn decode_segment(text: &str) -> Option<Cow<'_, str>> {
    if !text.as_bytes().contains(&b'%') {
        return Some(Cow::Borrowed(text));
    }
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded() {
        let params = Params::parse("q=SELECT+Id%20FROM%2BX&empty=&flag&q=second");
        assert_eq!(params.get("q"), Some("SELECT Id FROM+X"));
        assert_eq!(params.get("empty"), Some(""));
        assert_eq!(params.get("flag"), Some(""));
        assert_eq!(params.get("Q"), None);
        assert_eq!(decode_segment("a%2Fb+c").as_deref(), Some("a/b+c"));
        assert_eq!(decode_segment("%c3"), None);
    }
}
