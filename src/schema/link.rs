//! The links that an object's describe lists under `urls`.

/// A set of links; which ones an object has is data of its schema file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links(u16);

/// One possible link.
#[derive(Debug)]
pub struct Link {
    /// Its key under `urls`.
    pub name: &'static str,
    /// What follows the object's own path.
    pub suffix: &'static str,
}

/// Every link, in the order in which recorded describes list them.
pub const LINKS: [Link; 12] = [
    Link { name: "compactLayouts", suffix: "/describe/compactLayouts" },
    Link { name: "rowTemplate", suffix: "/{ID}" },
    Link { name: "approvalLayouts", suffix: "/describe/approvalLayouts" },
    Link { name: "caseArticleSuggestions", suffix: "/suggestedArticles" },
    Link { name: "caseRowArticleSuggestions", suffix: "/{ID}/suggestedArticles" },
    Link { name: "namedLayouts", suffix: "/describe/namedLayouts/{LayoutName}" },
    Link { name: "passwordUtilities", suffix: "/{ID}/password" },
    Link { name: "listviews", suffix: "/listviews" },
    Link { name: "describe", suffix: "/describe" },
    Link { name: "quickActions", suffix: "/quickActions" },
    Link { name: "layouts", suffix: "/describe/layouts" },
    Link { name: "sobject", suffix: "" },
];

impl Links {
    /// What every object has: `rowTemplate`, `describe`, `sobject`.
    pub const ALWAYS: Links =
        Links(0).with_named("rowTemplate").with_named("describe").with_named("sobject");

    /// What a custom object has besides.
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

    /// The links of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = &'static Link> {
        LINKS.iter().enumerate().filter(move |(at, _)| self.0 & 1 << at != 0).map(|(_, link)| link)
    }

    /// True when the set holds the link of this name.
    pub fn has(self, name: &str) -> bool {
        self.iter().any(|link| link.name == name)
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
