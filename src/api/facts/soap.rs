//! What a SOAP message asks for, read only as far as needed.

use super::super::soap::predefined_entity;
use super::Operation;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Most events that are looked at: the facts are at the front of a message.
const MOST_EVENTS: usize = 400;

/// What a message says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    /// The local name of the first child of Body; empty when there is none.
    pub(super) operation: String,
    /// The object that the message names.
    pub(super) object: Option<String>,
    /// The first id in it.
    pub(super) id: Option<String>,
    /// SOQL or SOSL.
    pub(super) query: Option<String>,
}

/// Reads the front of a message. What does not parse ends it.
pub(super) fn read(text: &str) -> Said {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut said = Said::default();
    // The local names of the elements that are open inside Body, and the text of the innermost.
    let mut open: Vec<String> = Vec::new();
    let mut inside = false;
    let mut depth = 0_usize;
    let mut value = String::new();
    for _ in 0..MOST_EVENTS {
        let Ok(event) = reader.read_event() else { break };
        match event {
            Event::Start(start) => {
                depth += 1;
                let name = start.local_name().into_inner().to_owned();
                if !inside {
                    inside = depth == 2 && name == "Body";
                    continue;
                }
                if open.is_empty() {
                    said.operation.clone_from(&name);
                }
                if name == "sObjects" && said.object.is_none() {
                    said.object = typed(&start);
                }
                value.clear();
                open.push(name);
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                let Some(name) = open.pop() else {
                    if inside {
                        break;
                    }
                    continue;
                };
                let parent = open.last().map_or("", String::as_str);
                let text = value.trim();
                match name.as_str() {
                    _ if text.is_empty() => {}
                    "queryString" | "searchString" | "search" => {
                        said.query.get_or_insert_with(|| text.to_owned());
                    }
                    "sObjectType" | "sObjectTypes" | "sObjectTypeEntityType" => {
                        said.object.get_or_insert_with(|| text.to_owned());
                    }
                    "type" if parent == "sObjects" || parent == "masterRecord" => {
                        said.object.get_or_insert_with(|| text.to_owned());
                    }
                    "ids" | "ID" => {
                        said.id.get_or_insert_with(|| text.to_owned());
                    }
                    _ => {}
                }
                value.clear();
            }
            Event::Text(part) if inside => value.push_str(&part.xml10_content()),
            Event::CData(part) if inside => value.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) if inside => {
                let numeric = reference.resolve_char_ref().ok().flatten();
                value.extend(numeric.or_else(|| predefined_entity(&reference)));
            }
            Event::Eof | Event::DocType(_) => break,
            _ => {}
        }
    }
    said
}

/// The object of `xsi:type="urn:Account"`.
fn typed(start: &BytesStart<'_>) -> Option<String> {
    let mut attributes = start.attributes().flatten();
    let found = attributes.find(|attribute| attribute.key.local_name().into_inner() == "type")?;
    let name = found.value.rsplit(':').next().unwrap_or_default();
    (!name.is_empty() && name != "sObject").then(|| name.to_owned())
}

/// The operation of a message's first element.
pub(super) fn operation(name: &str) -> Operation {
    match name {
        "create" => Operation::Create,
        "update" | "setPassword" | "resetPassword" | "changeOwnPassword" => Operation::Update,
        "upsert" => Operation::Upsert,
        "delete" | "emptyRecycleBin" | "deleteByExample" => Operation::Delete,
        "undelete" => Operation::Undelete,
        "merge" | "findDuplicates" | "findDuplicatesByIds" => Operation::Merge,
        "retrieve" => Operation::Retrieve,
        "query" | "queryAll" | "queryMore" => Operation::Query,
        "search" => Operation::Search,
        "getUpdated" | "getDeleted" => Operation::Replicate,
        "login" => Operation::Login,
        "logout" | "invalidateSessions" => Operation::Logout,
        "getUserInfo" => Operation::Identity,
        "getServerTimestamp" => Operation::Info,
        "deploy"
        | "checkDeployStatus"
        | "cancelDeploy"
        | "deployRecentValidation"
        | "checkRetrieveStatus"
        | "createMetadata"
        | "updateMetadata"
        | "upsertMetadata"
        | "deleteMetadata"
        | "renameMetadata" => Operation::Deploy,
        "readMetadata" | "listMetadata" => Operation::Describe,
        "process"
        | "convertLead"
        | "sendEmail"
        | "sendEmailMessage"
        | "performQuickActions"
        | "executeAnonymous"
        | "runTests"
        | "runTestsAsynchronous" => Operation::Invoke,
        _ if name.starts_with("describe") => Operation::Describe,
        _ => Operation::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> (String, Option<String>, Option<String>, Option<String>) {
        let said = read(&format!(
            "<?xml version='1.0'?><e:Envelope xmlns:e='s'><e:Header><SessionHeader><sessionId>x\
             </sessionId></SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
        ));
        (said.operation, said.object, said.id, said.query)
    }

    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    #[test]
    fn messages_say_operation_object_id_and_query() {
        let query = "<u:query xmlns:u='p'><u:queryString>SELECT Id FROM Account WHERE a &lt; &#49;\
                     </u:queryString></u:query>";
        let soql = text("SELECT Id FROM Account WHERE a < 1");
        assert_eq!(said(query), ("query".to_owned(), None, None, soql));
        let partner = "<create><sObjects><type>Lead</type><Name>n</Name></sObjects></create>";
        assert_eq!(said(partner), ("create".to_owned(), text("Lead"), None, None));
        let enterprise =
            "<create><sObjects xsi:type='urn:Account'><Name>n</Name></sObjects></create>";
        assert_eq!(said(enterprise), ("create".to_owned(), text("Account"), None, None));
        let delete = "<delete><ids>001ff0000000001AAA</ids><ids>x</ids></delete>";
        assert_eq!(said(delete), ("delete".to_owned(), None, text("001ff0000000001AAA"), None));
        assert_eq!(said("<getUserInfo/>").0, "getUserInfo");
        assert_eq!(said(""), Default::default());
        assert_eq!(read("<a><b"), Said::default());
        assert_eq!(read("no xml at all"), Said::default());
    }

    #[test]
    fn operations() {
        assert_eq!(operation("describeSObject"), Operation::Describe);
        assert_eq!(operation("queryMore"), Operation::Query);
        assert_eq!(operation("nonsense"), Operation::Other);
    }
}
