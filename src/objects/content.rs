//! Attachments and files: the first version of a file makes its document; each later one becomes its latest.

use super::{FollowUp, Saving};
use crate::error::Faults;
use crate::store::Draft;
use crate::value::Value;

/// Notes how long an attachment is.
pub(super) fn save_attachment(
    saving: &Saving<'_>,
    draft: &mut Draft,
) -> Result<Vec<FollowUp>, Faults> {
    let size = size(saving.value(draft, "Body"));
    saving.set(draft, "BodyLength", Value::Int(size));
    Ok(Vec::new())
}

fn size(value: &Value) -> i64 {
    match value {
        Value::Blob(bytes) => bytes.len() as i64,
        _ => 0,
    }
}

/// Completes a version and its document.
pub(super) fn save_version(
    saving: &Saving<'_>,
    draft: &mut Draft,
) -> Result<Vec<FollowUp>, Faults> {
    if saving.before.is_some() {
        return Ok(Vec::new());
    }
    let path = saving.text(draft, "PathOnClient").unwrap_or_default();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    saving.fill(draft, "Title", || Value::text(stem));
    saving.set(draft, "FileExtension", Value::text(extension));
    saving.set(draft, "FileType", Value::text(&extension.to_uppercase()));
    saving.set(draft, "IsLatest", Value::Bool(true));
    let size = size(saving.value(draft, "VersionData"));
    saving.set(draft, "ContentSize", Value::Int(size));
    let title = saving.value(draft, "Title").clone();
    let own = draft.get(saving.object.system.id).clone();
    let facts = vec![
        ("Title", title),
        ("FileExtension", Value::text(extension)),
        ("FileType", Value::text(&extension.to_uppercase())),
        ("ContentSize", Value::Int(size)),
        ("LatestPublishedVersionId", own),
    ];
    match saving.value(draft, "ContentDocumentId").as_id() {
        Some(document) => {
            let before = saving
                .state
                .resolve(document)
                .and_then(|(object, _, row)| row.id(object.field("LatestPublishedVersionId")?.0));
            let mut steps = vec![FollowUp::Update { id: document, fields: facts }];
            if let Some(id) = before {
                steps.push(FollowUp::Update { id, fields: vec![("IsLatest", Value::Bool(false))] });
            }
            Ok(steps)
        }
        None => Ok(vec![FollowUp::Insert {
            object: "ContentDocument",
            fields: facts,
            back: Some("ContentDocumentId"),
        }]),
    }
}
