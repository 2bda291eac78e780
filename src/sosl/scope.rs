//! What is searched: which objects, which of their fields, and which of these in which group.

use super::ast::FieldGroup;
use crate::schema::{FieldType, HeaderView, ObjectSpec, Schema, Slot};

/// Groups of fields, as bits.
pub type Groups = u8;

/// Name fields and the parts of names.
pub const NAME: Groups = 1;
/// Email fields.
pub const EMAIL: Groups = 2;
/// Phone and fax fields.
pub const PHONE: Groups = 4;
/// All others.
const OTHER: Groups = 8;

/// A field that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchedField {
    /// Where it is.
    pub slot: Slot,
    /// The groups that it belongs to; at least one.
    pub groups: Groups,
}

/// The fields of an object that are searched: text that people write. Picklists, formulas,
/// encrypted text and what only the system writes (photo URLs) are not.
pub fn fields(object: &ObjectSpec) -> Vec<SearchedField> {
    let fields = object.visible_fields().filter_map(|(slot, field)| {
        let is_name = field.name_field || field.compound_field_name.as_deref() == Some("Name");
        let written = field.createable || field.updateable || field.auto_number.is_some();
        let mut groups = match field.kind {
            FieldType::Email => EMAIL,
            FieldType::Phone => PHONE,
            FieldType::String | FieldType::TextArea | FieldType::Url | FieldType::Combobox => OTHER,
            _ => return None,
        };
        if is_name {
            groups |= NAME;
        }
        (is_name || written && !field.calculated).then_some(SearchedField { slot, groups })
    });
    fields.collect()
}

/// The bits of a group. `SIDEBAR` is what the old sidebar showed of a record: how it is called and
/// how to reach it.
pub fn mask(group: FieldGroup, object: &str) -> Groups {
    if ALWAYS_WHOLE.contains(&object) || is_article(object) {
        return Groups::MAX;
    }
    match group {
        FieldGroup::All => Groups::MAX,
        FieldGroup::Name => NAME,
        FieldGroup::Email => EMAIL,
        FieldGroup::Phone => PHONE,
        FieldGroup::Sidebar => NAME | EMAIL | PHONE,
    }
}

/// Articles, documents, feeds, files, products and solutions: `IN … FIELDS` does not narrow them,
/// and a search without `RETURNING` leaves them out.
const ALWAYS_WHOLE: [&str; 8] = [
    "ContentDocument",
    "ContentNote",
    "ContentVersion",
    "Document",
    "FeedComment",
    "FeedItem",
    "Product2",
    "Solution",
];

fn is_article(object: &str) -> bool {
    object == "KnowledgeArticleVersion" || object.ends_with("__kav")
}

/// True where words side by side are alternatives; elsewhere all of them must be there.
pub fn any_word_will_do(object: &str) -> bool {
    matches!(object, "Document" | "Solution") || is_article(object)
}

/// The objects that a search without `RETURNING` looks at, in the order of the schema.
pub fn default_objects(schema: &Schema) -> Vec<HeaderView<'_>> {
    let mut headers = schema.headers();
    headers.retain(|header| {
        header.flags.searchable
            && header.flags.queryable
            && !ALWAYS_WHOLE.contains(&header.name)
            && !is_article(header.name)
            && !header.name.ends_with("__x")
    });
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(object: &str, group: FieldGroup) -> Vec<String> {
        let schema = Schema::default();
        let object = schema.by_name(object).expect(object);
        let mask = mask(group, &object.name);
        let fields = fields(object).into_iter().filter(|field| field.groups & mask != 0);
        fields.map(|field| object.at(field.slot).name.to_string()).collect()
    }

    #[test]
    fn groups_of_a_contact() {
        assert_eq!(searched("Contact", FieldGroup::Name), ["LastName", "FirstName", "Name"]);
        assert_eq!(searched("Contact", FieldGroup::Email), ["Email"]);
        let phones = searched("Contact", FieldGroup::Phone);
        assert!(phones.iter().any(|name| name == "MobilePhone"), "{phones:?}");
        let all = searched("Contact", FieldGroup::All);
        for name in ["Name", "Email", "Phone", "Description", "MailingStreet", "Title"] {
            assert!(all.iter().any(|own| own == name), "{name}: {all:?}");
        }
        for name in ["Id", "LeadSource", "PhotoUrl", "AccountId", "Birthdate"] {
            assert!(!all.iter().any(|own| own == name), "{name}: {all:?}");
        }
        assert_eq!(searched("Case", FieldGroup::Name), ["CaseNumber"]);
        let product = searched("Product2", FieldGroup::Email);
        assert!(product.iter().any(|name| name == "Description"), "{product:?}");
    }

    #[test]
    fn default_objects_are_searchable() {
        let schema = Schema::default();
        let names: Vec<&str> = default_objects(&schema).iter().map(|header| header.name).collect();
        for name in ["Account", "Contact", "Lead", "User", "Case"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        for name in ["Product2", "ContentVersion", "UserProvAccount", "Organization"] {
            assert!(!names.contains(&name), "{name}: {names:?}");
        }
    }
}
