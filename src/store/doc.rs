//! Documents: values with named members in order, as SCIM resources and a Concur tenant's users are.
//! Text formats end at `api/`; here a document is a plain tree.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// One value of a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Doc {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Double(f64),
    /// Text.
    Text(CompactString),
    /// A list.
    List(Vec<Doc>),
    /// Members in order. Names compare without letter case, as SCIM's do.
    Object(Vec<(CompactString, Doc)>),
}

impl Doc {
    /// An object without members.
    pub fn object() -> Doc {
        Doc::Object(Vec::new())
    }

    /// A list of texts.
    pub fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Doc {
        Doc::List(texts.into_iter().map(Doc::from).collect())
    }

    /// The same with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Doc>) -> Doc {
        self.set(name, value);
        self
    }

    /// The same with one more member, if there is a value for it.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Doc>>) -> Doc {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Doc> {
        let Doc::Object(members) = self else { return None };
        members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A member of an object, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Doc> {
        let Doc::Object(members) = self else { return None };
        members.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// What lies at the end of a path of member names.
    pub fn at(&self, path: &[&str]) -> Option<&Doc> {
        path.iter().try_fold(self, |doc, name| doc.get(name))
    }

    /// The text at the end of a path of member names.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_text()
    }

    /// Puts a member into an object; what is no object becomes one.
    pub fn set(&mut self, name: &str, value: impl Into<Doc>) {
        let value = value.into();
        if let Some(held) = self.get_mut(name) {
            *held = value;
            return;
        }
        let pair = (CompactString::new(name), value);
        match self {
            Doc::Object(members) => members.push(pair),
            other => *other = Doc::Object(vec![pair]),
        }
    }

    /// Takes a member out of an object.
    pub fn remove(&mut self, name: &str) -> Option<Doc> {
        let Doc::Object(members) = self else { return None };
        let place = members.iter().position(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(members.remove(place).1)
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[(CompactString, Doc)] {
        match self {
            Doc::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; a value that is no list is one item, `Null` is none.
    pub fn items(&self) -> &[Doc] {
        match self {
            Doc::List(items) => items,
            Doc::Null => &[],
            other => std::slice::from_ref(other),
        }
    }

    /// Text of a text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Doc::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The flag of a flag.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Doc::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// True of `Null`, an empty list and an empty object: SCIM takes them as not there.
    pub fn is_nothing(&self) -> bool {
        match self {
            Doc::Null => true,
            Doc::List(items) => items.is_empty(),
            Doc::Object(members) => members.is_empty(),
            _ => false,
        }
    }
}

impl From<&str> for Doc {
    fn from(text: &str) -> Doc {
        Doc::Text(CompactString::new(text))
    }
}

impl From<String> for Doc {
    fn from(text: String) -> Doc {
        Doc::Text(text.into())
    }
}

impl From<bool> for Doc {
    fn from(flag: bool) -> Doc {
        Doc::Bool(flag)
    }
}

impl From<i64> for Doc {
    fn from(number: i64) -> Doc {
        Doc::Int(number)
    }
}

impl From<usize> for Doc {
    fn from(number: usize) -> Doc {
        Doc::Int(number as i64)
    }
}

impl From<Vec<Doc>> for Doc {
    fn from(items: Vec<Doc>) -> Doc {
        Doc::List(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_ignore_letter_case() {
        let mut doc = Doc::object().with("userName", "mia").with("active", true);
        doc.set("USERNAME", "leo");
        assert_eq!(doc.text_at(&["username"]), Some("leo"));
        assert_eq!(doc.members()[0].0, "userName");
        assert_eq!(doc.remove("Active"), Some(Doc::Bool(true)));
        assert_eq!(doc.members().len(), 1);
        assert!(Doc::List(Vec::new()).is_nothing());
        assert_eq!(Doc::from("x").items(), [Doc::from("x")]);
    }
}
