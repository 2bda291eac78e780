//! The links that an object's describe lists under `urls`.

use Target::{Former, NewPage, Object, Page};
use serde::{Deserialize, Serialize};

/// A set of links; which ones an object has is data of its schema file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links(u32);

/// One possible link.
#[derive(Debug)]
pub struct Link {
    /// Its key under `urls`.
    pub name: &'static str,
    /// Where it points.
    pub target: Target,
}

/// Where a link points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The object's own path and what follows it.
    Object(&'static str),
    /// The same, in old versions only: recordings up to 48.0 list it, those from 52.0 do not.
    Former(&'static str),
    /// A page of the user interface, below the host.
    Page(&'static str),
    /// The page that makes a new record: the key prefix and what follows it.
    NewPage(&'static str),
}

/// Every link, in the order in which recorded describes list them.
pub const LINKS: [Link; 16] = [
    Link { name: "compactLayouts", target: Object("/describe/compactLayouts") },
    Link { name: "rowTemplate", target: Object("/{ID}") },
    Link { name: "approvalLayouts", target: Object("/describe/approvalLayouts") },
    Link { name: "uiDetailTemplate", target: Page("/{ID}") },
    Link { name: "uiEditTemplate", target: Page("/{ID}/e") },
    Link { name: "caseArticleSuggestions", target: Object("/suggestedArticles") },
    Link { name: "caseRowArticleSuggestions", target: Object("/{ID}/suggestedArticles") },
    Link { name: "defaultValues", target: Former("/defaultValues?recordTypeId&fields") },
    Link { name: "namedLayouts", target: Object("/describe/namedLayouts/{LayoutName}") },
    Link { name: "passwordUtilities", target: Object("/{ID}/password") },
    Link { name: "listviews", target: Object("/listviews") },
    Link { name: "describe", target: Object("/describe") },
    Link { name: "uiNewRecord", target: NewPage("/e") },
    Link { name: "quickActions", target: Object("/quickActions") },
    Link { name: "layouts", target: Object("/describe/layouts") },
    Link { name: "sobject", target: Object("") },
];

impl Links {
    /// What every object has: `rowTemplate`, `describe`, `sobject`.
    pub const ALWAYS: Links =
        Links(0).with_named("rowTemplate").with_named("describe").with_named("sobject");

    /// What a custom object has.
    pub const CUSTOM: Links = Links::ALWAYS
        .with_named("compactLayouts")
        .with_named("approvalLayouts")
        .with_named("listviews")
        .with_named("quickActions")
        .with_named("layouts");

    /// This set and the link of a name. An unknown name stops compilation or panics.
    #[must_use]
    pub const fn with_named(self, name: &str) -> Links {
        let mut at = 0;
        while !same(LINKS[at].name.as_bytes(), name.as_bytes()) {
            at += 1;
        }
        Links(self.0 | 1 << at)
    }

    /// True when the set holds the link at this position of [`LINKS`].
    pub fn has(self, position: usize) -> bool {
        self.0 & 1 << position != 0
    }
}

/// Equality in constants, where `==` of slices is not to be had.
const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}
