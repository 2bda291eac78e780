//! `WITH HIGHLIGHT`: the texts of the records that were found, with the words that found them
//! between `<mark>` and `</mark>`.

use super::needle::Needle;
use super::scope::{self, Groups};
use super::words::{Sequence, Word, words};
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Slot};
use crate::soql::resolve::tree::Node;
use crate::soql::{ResultSet, Rows};
use std::ops::Range;

/// Records of one object that are highlighted.
const MOST: usize = 25;

/// Standard objects whose records are highlighted; those of custom objects are, too.
const OBJECTS: [&str; 7] =
    ["Account", "Campaign", "Contact", "Lead", "Opportunity", "Quote", "User"];

/// The marked texts of the first records: the fields that hold something to mark, by name.
pub fn marked(records: &ResultSet, needle: &Needle, mask: Groups) -> Vec<Vec<(Box<str>, String)>> {
    let object = records.object();
    let Rows::Records(rows) = records.rows() else { return Vec::new() };
    if !object.flags.custom && !OBJECTS.contains(&&*object.name) {
        return Vec::new();
    }
    let mut wanted = Vec::new();
    needle.wanted(&mut wanted);
    // Words with wildcards find, but do not mark.
    wanted.retain(|sequence| !sequence.has_wildcard());
    let searched = scope::fields(object);
    let is_searched = |slot| searched.iter().any(|own| own.slot == slot && own.groups & mask != 0);
    let mut slots: Vec<Slot> = rows
        .nodes
        .iter()
        .filter_map(|node| match node {
            Node::Field(slot) => Some(*slot),
            _ => None,
        })
        .filter(|slot| is_searched(*slot) && is_marked(object, object.at(*slot)))
        .collect();
    slots.sort_by_key(|slot| &object.at(*slot).name);
    let texts = rows.numbers.iter().take(MOST).map(|number| {
        let Some(record) = records.record(object, *number) else { return Vec::new() };
        let marked = slots.iter().filter_map(|slot| {
            let text = record.row.get(*slot).as_text()?;
            Some((object.at(*slot).name.clone(), mark(text, &wanted)?))
        });
        marked.collect()
    });
    texts.collect()
}

/// True for plain text; compound names and rich text are not marked.
fn is_marked(object: &ObjectSpec, field: &FieldSpec) -> bool {
    let plain = match field.kind {
        FieldType::String | FieldType::Email => true,
        FieldType::TextArea => field.extra_type_info.as_deref() != Some("richtextarea"),
        _ => false,
    };
    let is_part = |part: &FieldSpec| part.compound_field_name.as_deref() == Some(&field.name);
    plain && !object.visible_fields().any(|(_, part)| is_part(part) && part.name != field.name)
}

/// A text with what was looked for in marks; `None` when nothing of it is there.
fn mark(text: &str, wanted: &[&Sequence]) -> Option<String> {
    let words: Vec<Word> = words(text).collect();
    let mut places: Vec<Range<usize>> = Vec::new();
    for sequence in wanted {
        let found = sequence.places(&words);
        places.extend(found.map(|at| words[at.start].range.start..words[at.end - 1].range.end));
    }
    places.sort_unstable_by_key(|place| (place.start, place.end));
    let mut marked = String::with_capacity(text.len() + places.len() * 13);
    let mut places = places.into_iter().peekable();
    let mut done = 0;
    places.peek()?;
    while let Some(mut place) = places.next() {
        while let Some(next) = places.next_if(|next| next.start < place.end) {
            place.end = place.end.max(next.end);
        }
        marked.push_str(&text[done..place.start]);
        marked.push_str("<mark>");
        marked.push_str(&text[place.clone()]);
        marked.push_str("</mark>");
        done = place.end;
    }
    marked.push_str(&text[done..]);
    Some(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soql::ast::PatternPart;

    #[test]
    fn what_was_found_is_marked() {
        let check = |text: &str, wanted: &[&str], expected: Option<&str>| {
            let cut = |text: &&str| Sequence::of(&[PatternPart::Text((*text).into())]);
            let wanted: Vec<Sequence> = wanted.iter().map(cut).collect();
            let wanted: Vec<&Sequence> = wanted.iter().collect();
            assert_eq!(mark(text, &wanted).as_deref(), expected, "{text}");
        };
        check("Salesforce.com", &["salesforce"], Some("<mark>Salesforce</mark>.com"));
        check("a b a", &["a"], Some("<mark>a</mark> b <mark>a</mark>"));
        check("San José, CA", &["san jose", "jose ca"], Some("<mark>San José, CA</mark>"));
        check("nothing", &["else"], None);
        check("", &["else"], None);
    }
}
