//! The keys of one JSON object, appended in order. Key names are ours and need no escaping.

use super::json::{push_bool, push_int, push_opt_str, push_str};

/// An open JSON object; [`Keys::close`] ends it.
pub(super) struct Keys<'a> {
    out: &'a mut String,
    first: bool,
}

impl<'a> Keys<'a> {
    /// Opens an object.
    pub(super) fn open(out: &'a mut String) -> Keys<'a> {
        out.push('{');
        Keys { out, first: true }
    }

    /// Appends a key; its value is to be appended to what this gives.
    pub(super) fn key(&mut self, name: &str) -> &mut String {
        self.out.push_str(if self.first { "\"" } else { ",\"" });
        self.first = false;
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }

    /// A key with an object of its own.
    pub(super) fn object(&mut self, name: &str) -> Keys<'_> {
        Keys::open(self.key(name))
    }

    /// A key with ready JSON text.
    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.key(name).push_str(json);
    }

    /// A key with `true` or `false`.
    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        push_bool(self.key(name), flag);
    }

    /// A key with a whole number.
    pub(super) fn number(&mut self, name: &str, number: u32) {
        push_int(self.key(name), i64::from(number));
    }

    /// A key with text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        push_str(self.key(name), text);
    }

    /// A key with text or null.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        push_opt_str(self.key(name), text);
    }

    /// Ends the object.
    pub(super) fn close(self) {
        self.out.push('}');
    }
}

/// A key with a list, each item appended by `push`.
pub(super) fn list<T>(
    keys: &mut Keys,
    name: &str,
    items: impl Iterator<Item = T>,
    mut push: impl FnMut(&mut String, T),
) {
    let out = keys.key(name);
    out.push('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}
