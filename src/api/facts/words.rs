//! The words by which the journal and fault rules call requests.

/// The API that a request speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The names say it.
pub enum Protocol {
    Rest,
    Composite,
    Bulk,
    Tooling,
    UiApi,
    Soap,
    OAuth,
    Scim,
    Concur,
    ApexRest,
    Streaming,
    Control,
    Other,
}

impl Protocol {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Rest => "rest",
            Protocol::Composite => "composite",
            Protocol::Bulk => "bulk",
            Protocol::Tooling => "tooling",
            Protocol::UiApi => "ui-api",
            Protocol::Soap => "soap",
            Protocol::OAuth => "oauth",
            Protocol::Scim => "scim",
            Protocol::Concur => "concur",
            Protocol::ApexRest => "apexrest",
            Protocol::Streaming => "streaming",
            Protocol::Control => "control",
            Protocol::Other => "other",
        }
    }
}

/// What a request asks for, whatever the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Makes records.
    Create,
    /// Changes records by id.
    Update,
    /// Makes or changes records by a key.
    Upsert,
    /// Deletes records.
    Delete,
    /// Takes records out of the recycle bin.
    Undelete,
    /// Merges records.
    Merge,
    /// Reads records by id or key.
    Retrieve,
    /// SOQL, its further pages, and filtered lists (SCIM).
    Query,
    /// SOSL and its relatives.
    Search,
    /// Reads schema and layouts.
    Describe,
    /// `getUpdated` and `getDeleted`.
    Replicate,
    /// Anything of the Bulk APIs.
    Bulk,
    /// Carries other requests.
    Composite,
    /// Asks for a session.
    Login,
    /// The steps before a login: a page, a code.
    Authorize,
    /// Ends a session or token.
    Logout,
    /// Asks who somebody is.
    Identity,
    /// Provisions a person in a target system: writes of the Concur API, and calls to targets.
    Provision,
    /// Deploys or retrieves metadata.
    Deploy,
    /// Runs an action, a process or Apex.
    Invoke,
    /// Asks about the org: versions, limits, tabs.
    Info,
    /// None of these.
    Other,
}

impl Operation {
    /// All, with the words for them.
    pub const ALL: [(Operation, &'static str); 22] = [
        (Operation::Create, "create"),
        (Operation::Update, "update"),
        (Operation::Upsert, "upsert"),
        (Operation::Delete, "delete"),
        (Operation::Undelete, "undelete"),
        (Operation::Merge, "merge"),
        (Operation::Retrieve, "retrieve"),
        (Operation::Query, "query"),
        (Operation::Search, "search"),
        (Operation::Describe, "describe"),
        (Operation::Replicate, "replicate"),
        (Operation::Bulk, "bulk"),
        (Operation::Composite, "composite"),
        (Operation::Login, "login"),
        (Operation::Authorize, "authorize"),
        (Operation::Logout, "logout"),
        (Operation::Identity, "identity"),
        (Operation::Provision, "provision"),
        (Operation::Deploy, "deploy"),
        (Operation::Invoke, "invoke"),
        (Operation::Info, "info"),
        (Operation::Other, "other"),
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        Operation::ALL.iter().find(|(own, _)| *own == self).map_or("other", |(_, name)| name)
    }

    /// The operation of a word.
    pub fn parse(word: &str) -> Option<Operation> {
        Operation::ALL.iter().find(|(_, name)| *name == word).map(|(own, _)| *own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_word() {
        for (operation, name) in Operation::ALL {
            assert_eq!((operation.name(), Operation::parse(name)), (name, Some(operation)));
        }
        assert_eq!(Operation::parse("Create"), None);
    }
}
