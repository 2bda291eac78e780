//! What a lookup field suggests: `lookups/{objectApiName}/{fieldApiName}[/{targetApiName}]`.

use super::super::keys::Keys;
use super::records::{Pages, push_collection};
use super::wanted::Wanted;
use super::{Outcome, Ui, is_supported};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{FieldType, ObjectSpec};
use crate::soql;
use std::sync::Arc;

/// Answers with the matches of each object that the field may refer to.
pub(super) fn handle(ui: Ui<'_>, object: &str, field: &str, target: Option<&str>) -> Outcome {
    ui.reads_only()?;
    ui.check_locale()?;
    let object = ui.object(object)?;
    let unknown = || OrgError::ui_no_such_field(field, &object.name);
    let (_, own) = object.field(field).ok_or_else(unknown)?;
    if own.kind != FieldType::Reference {
        return Err(OrgError::ui_bad_parameter("fieldApiName", field).into());
    }
    if ui.call.params.get("dependentFieldBindings").is_some_and(|text| !text.is_empty()) {
        return Err(OrgError::ui_parameter_not_emulated("dependentFieldBindings").into());
    }
    let schema = &ui.context.state.schema;
    let wanted_targets = match target {
        Some(name) => vec![name],
        None => ui.list("targetApiName"),
    };
    let all = || own.reference_to.iter().filter_map(|name| schema.by_name(name));
    let targets: Vec<&Arc<ObjectSpec>> = if wanted_targets.is_empty() {
        all().filter(|target| is_supported(target)).collect()
    } else {
        let find = |name: &&str| {
            let found = all().find(|target| target.name.eq_ignore_ascii_case(name));
            found.ok_or_else(|| OrgError::ui_bad_parameter("targetApiName", name))
        };
        wanted_targets.iter().map(find).collect::<Result<Vec<_>, _>>()?
    };
    let mut out = String::with_capacity(4096);
    let mut keys = Keys::open(&mut out);
    let mut results = keys.object("lookupResults");
    for target in targets {
        let path = format!("lookups/{}/{}/{}", object.name, own.name, target.name);
        push_matches(results.key(&target.name), ui, target, &path)?;
    }
    results.close();
    keys.close();
    ui.answer(out)
}

fn push_matches(
    out: &mut String,
    ui: Ui<'_>,
    target: &Arc<ObjectSpec>,
    path: &str,
) -> Result<(), Faults> {
    let page = ui.number("page", 1, 1, 2000)?;
    let size = ui.number("pageSize", 25, 1, 2000)?;
    let term = ui.call.params.get("q").unwrap_or_default().trim();
    let kind = ui.call.params.get("searchType");
    let ids = match kind {
        Some("Recent") => recent(ui, target),
        None if term.is_empty() => recent(ui, target),
        Some("Search") => named(ui, target, term, true)?,
        None | Some("TypeAhead") => named(ui, target, term, false)?,
        Some(other) => return Err(OrgError::ui_bad_parameter("searchType", other).into()),
    };
    let mut wanted = Wanted::default();
    let name = target.name_slot.map(|slot| &*target.at(slot).name);
    for field in [Some("Id"), name].into_iter().flatten() {
        wanted.add(&ui.context.state.schema, target, field);
    }
    let from = ((page - 1) * size).min(ids.len());
    let end = (from + size).min(ids.len());
    let url = |page: usize| {
        let term = percent_encoding::utf8_percent_encode(term, percent_encoding::NON_ALPHANUMERIC);
        let kind = kind.map_or_else(String::new, |kind| format!("&searchType={kind}"));
        (page.to_string(), ui.url(&format!("{path}?page={page}&pageSize={size}&q={term}{kind}")))
    };
    let pages = Pages {
        current: url(page),
        next: (end < ids.len()).then(|| url(page + 1)),
        previous: (page > 1).then(|| url(page - 1)),
    };
    push_collection(out, ui, target, &ids[from..end], &wanted, &pages);
    Ok(())
}

/// What the user made or viewed last.
fn recent(ui: Ui<'_>, target: &ObjectSpec) -> Vec<Id> {
    let state = ui.context.state;
    let recent = state.recent(ui.call.session.user);
    recent.filter(|id| state.live_row(target, *id).is_some()).collect()
}

/// Records whose name begins with a term; in a search each word of the name may.
fn named(ui: Ui<'_>, target: &ObjectSpec, term: &str, by_word: bool) -> Result<Vec<Id>, OrgError> {
    let Some(name) = target.name_slot.map(|slot| &target.at(slot).name) else {
        return Ok(Vec::new());
    };
    if by_word && term.chars().count() < 2 {
        return Err(OrgError::ui_bad_parameter("q", term));
    }
    let mut pattern = String::with_capacity(term.len() + 8);
    for c in term.trim_end_matches('*').chars() {
        if matches!(c, '\\' | '\'' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    let within = if by_word { format!(" OR {name} LIKE '% {pattern}%'") } else { String::new() };
    let text = format!(
        "SELECT Id FROM {} WHERE {name} LIKE '{pattern}%'{within} ORDER BY {name}, Id",
        target.name
    );
    Ok(soql::query(&text, ui.context)?.ids())
}
