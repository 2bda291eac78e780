//! Attribute names of filters, PATCH paths and `attributes=` lists: `name.familyName`,
//! `urn:…:enterprise:2.0:User:manager.value`, `emails[type eq "work"].value`.

use super::filter::{self, Dialect, Filter};
use crate::error::PatchFault;
use crate::store::Doc;

/// The start of the URNs of core schemas, whose attributes lie at the top of a document.
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";

/// The start of the URNs that the IETF's and Concur's schemas have.
const SCHEMAS: &str = "urn:ietf:params:scim:schemas:";

/// One attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttrPath {
    /// The extension that it belongs to; `None` is the core.
    pub urn: Option<String>,
    /// Its name; `None` is the whole extension.
    pub name: Option<String>,
    /// A part of it.
    pub sub: Option<String>,
}

impl AttrPath {
    /// Reads an attribute; `None` is no attribute.
    pub fn parse(text: &str) -> Option<AttrPath> {
        if !starts_with(text, "urn:") {
            let (name, sub) = name_and_sub(text)?;
            return Some(AttrPath { urn: None, name: Some(name), sub });
        }
        let (urn, last) = text.rsplit_once(':')?;
        if is_schema(urn, last) {
            return Some(AttrPath { urn: extension(text), name: None, sub: None });
        }
        let (name, sub) = name_and_sub(last)?;
        Some(AttrPath { urn: extension(urn), name: Some(name), sub })
    }

    /// An attribute of the core.
    #[cfg(test)]
    pub fn core(name: &str) -> AttrPath {
        AttrPath { name: Some(name.to_owned()), ..AttrPath::default() }
    }

    /// As it is written.
    pub fn text(&self) -> String {
        let mut out = self.urn.clone().unwrap_or_default();
        if let Some(name) = &self.name {
            if !out.is_empty() {
                out.push(':');
            }
            out.push_str(name);
        }
        if let Some(sub) = &self.sub {
            out.push('.');
            out.push_str(sub);
        }
        out
    }

    /// The values of the attribute in a document: every item of a list; of an item with parts, the
    /// named part, or its `value`.
    pub fn values<'d>(&self, doc: &'d Doc) -> Vec<&'d Doc> {
        let part = |item: &'d Doc| match (&self.sub, item) {
            (Some(sub), item) => item.get(sub),
            (None, Doc::Object(_)) => item.get("value"),
            (None, item) => Some(item),
        };
        let Some(held) = self.held(doc) else { return Vec::new() };
        held.items().iter().filter_map(part).flat_map(Doc::items).collect()
    }

    /// The attribute in a document, its part aside.
    pub fn held<'d>(&self, doc: &'d Doc) -> Option<&'d Doc> {
        let home = match &self.urn {
            Some(urn) => doc.get(urn)?,
            None => doc,
        };
        match &self.name {
            Some(name) => home.get(name),
            None => Some(home),
        }
    }
}

/// What a PATCH operation is about.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPath {
    /// The attribute; its part is in `sub` when there are items to choose from.
    pub attr: AttrPath,
    /// Which items.
    pub items: Option<Filter>,
}

impl PatchPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<PatchPath, PatchFault> {
        let fault = || PatchFault::Path(text.to_owned());
        let text = text.trim();
        let Some(open) = text.find('[') else {
            let attr = AttrPath::parse(text).ok_or_else(fault)?;
            return Ok(PatchPath { attr, items: None });
        };
        let close = text.rfind(']').filter(|close| *close > open).ok_or_else(fault)?;
        let mut attr = AttrPath::parse(&text[..open]).ok_or_else(fault)?;
        let items = filter::parse(&text[open + 1..close], Dialect::Rfc).map_err(|_| fault())?;
        match &text[close + 1..] {
            "" => {}
            rest => {
                let sub = rest.strip_prefix('.').filter(|sub| is_name(sub)).ok_or_else(fault)?;
                attr.sub = Some(sub.to_owned());
            }
        }
        Ok(PatchPath { attr, items: Some(items) })
    }
}

/// The extension of a URN; a core schema's is none.
fn extension(urn: &str) -> Option<String> {
    (!starts_with(urn, CORE)).then(|| urn.to_owned())
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start))
}

/// True when `urn` and `last` together name a schema, not an attribute of one. The IETF's end
/// `:2.0:User`; Salesforce's end with a number or an org's id.
fn is_schema(urn: &str, last: &str) -> bool {
    let ietf = starts_with(urn, SCHEMAS) && urn.ends_with(":2.0");
    ietf || last.starts_with(|c: char| c.is_ascii_digit())
}

fn name_and_sub(text: &str) -> Option<(String, Option<String>)> {
    let (name, sub) = match text.split_once('.') {
        Some((name, sub)) => (name, Some(sub)),
        None => (text, None),
    };
    let good = is_name(name) && sub.is_none_or(is_name);
    good.then(|| (name.to_owned(), sub.map(ToOwned::to_owned)))
}

fn is_name(text: &str) -> bool {
    let rest = text.strip_prefix('$').unwrap_or(text);
    rest.starts_with(|c: char| c.is_ascii_alphabetic())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let parts = |text: &str| {
            AttrPath::parse(text).map(|path| {
                let or = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
                format!("{} {} {}", or(path.urn), or(path.name), or(path.sub))
            })
        };
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("userName"), some("- userName -"));
        assert_eq!(parts("name.familyName"), some("- name familyName"));
        assert_eq!(parts("urn:ietf:params:scim:schemas:core:2.0:User:name.x"), some("- name x"));
        assert_eq!(parts(enterprise), Some(format!("{enterprise} - -")));
        assert_eq!(
            parts(&format!("{enterprise}:manager.value")),
            Some(format!("{enterprise} manager value"))
        );
        assert_eq!(
            parts("urn:salesforce:schemas:extension:1.0:alias"),
            some("urn:salesforce:schemas:extension:1.0 alias -")
        );
        assert_eq!(
            parts("urn:salesforce:schemas:extension:00Dff0000000001AAA:Team__c"),
            some("urn:salesforce:schemas:extension:00Dff0000000001AAA Team__c -")
        );
        for text in ["", "a.b.c", "9x", "a b", "urn:", "x[", "a.", ".a", "é"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn patch_paths() {
        let path = PatchPath::parse("emails[type eq \"work\"].value").expect("a path");
        assert_eq!(path.attr.text(), "emails.value");
        assert!(path.items.is_some());
        let concur = "urn:ietf:params:scim:schemas:extension:spend:2.0:User:\
                      customData[id eq \"custom2\"].value";
        let path = PatchPath::parse(concur).expect("a path");
        assert_eq!(path.attr.name.as_deref(), Some("customData"));
        for text in ["emails[", "emails[]", "emails[type].x", "emails[type pr]x", "]a["] {
            assert!(PatchPath::parse(text).is_err(), "{text}");
        }
    }
}
