//! `parameterizedSearch`: a search made of parameters. `reference/rest.md` §4.6.
//!
//! GET has them in the query, POST in a JSON object; either becomes the text of a search, so that
//! everything about it is said in one place.

use super::super::body::{self, Member, Scalar, Sent};
use super::{Call, Outcome, search};
use crate::api::http::Method;
use crate::error::{Faults, OrgError};
use serde_json::value::RawValue;
use std::fmt::Write as _;

/// The first version that has the resource.
const SINCE: u32 = 36;

/// Parameters of real orgs that nothing here carries out.
const REFUSED: [&str; 8] = [
    "dataCategories",
    "dataCategory",
    "division",
    "filterQuery",
    "netWorkIds",
    "snippet",
    "updateTracking",
    "updateViewStat",
];

/// What is asked for.
#[derive(Debug, Default)]
struct Asked {
    term: Option<String>,
    /// `IN … FIELDS`.
    group: Option<String>,
    objects: Vec<Object>,
    /// What is shown of objects that do not say it themselves.
    fields: String,
    default_limit: Option<String>,
    overall_limit: Option<String>,
    offset: Option<String>,
    metadata: Option<String>,
    spell_correction: Option<String>,
    price_book: Option<String>,
}

/// One object of it.
#[derive(Debug, Default)]
struct Object {
    name: String,
    fields: Option<String>,
    filter: Option<String>,
    order_by: Option<String>,
    limit: Option<String>,
}

/// `GET` and `POST /parameterizedSearch`.
pub(super) fn handle(call: &Call<'_>) -> Outcome {
    if call.version < SINCE {
        return Err(OrgError::not_found().into());
    }
    let asked = match call.method {
        Method::Get | Method::Head => of_query(call)?,
        Method::Post => of_body(&call.entry.body())?,
        _ => return call.only("HEAD,GET,POST"),
    };
    search::answer(call, &asked.text()?)
}

fn refused(name: &str) -> Faults {
    let what = format!("{name} of parameterizedSearch");
    vec![OrgError::not_emulated(&what, "Leave the parameter out.")]
}

fn of_query(call: &Call<'_>) -> Result<Asked, Faults> {
    let mut asked = Asked::default();
    for (name, value) in call.params.iter() {
        if name == "sobject" {
            let object = Object { name: value.to_owned(), ..Object::default() };
            asked.objects.push(object);
        } else if name == "fields" {
            value.clone_into(&mut asked.fields);
        } else if !name.contains('.') {
            asked.set(name, value)?;
        }
    }
    for (name, value) in call.params.iter() {
        let Some((object, member)) = name.split_once('.') else { continue };
        let own = asked.objects.iter_mut().find(|own| own.name.eq_ignore_ascii_case(object));
        if let Some(own) = own {
            own.set(member, value.to_owned());
        }
    }
    Ok(asked)
}

fn of_body(bytes: &[u8]) -> Result<Asked, Faults> {
    let mut asked = Asked::default();
    for member in body::json_object(bytes)? {
        match (&*member.name, &member.sent) {
            ("sobjects", Sent::List(objects)) => {
                for object in items(objects) {
                    let members = body::members(object, object)?;
                    asked.objects.push(Object::of(&members));
                }
            }
            ("fields", sent) => asked.fields = names(sent),
            (_, Sent::Scalar(Scalar::Null)) => {}
            (name, Sent::Scalar(scalar)) => asked.set(name, scalar.shown())?,
            (name, _) => return Err(refused(name)),
        }
    }
    Ok(asked)
}

impl Asked {
    /// Takes a parameter of one value.
    fn set(&mut self, name: &str, value: &str) -> Result<(), Faults> {
        let place = match name {
            "q" => &mut self.term,
            "in" => &mut self.group,
            "defaultLimit" => &mut self.default_limit,
            "overallLimit" => &mut self.overall_limit,
            "offset" => &mut self.offset,
            "metadata" => &mut self.metadata,
            "spellCorrection" => &mut self.spell_correction,
            "pricebookId" => &mut self.price_book,
            // Switched off is what they are here.
            "updateTracking" | "updateViewStat" if value == "false" => return Ok(()),
            name if REFUSED.contains(&name) => return Err(refused(name)),
            // Others are passed over, as query strings are read everywhere.
            _ => return Ok(()),
        };
        *place = Some(value.to_owned());
        Ok(())
    }

    /// The search as text.
    fn text(&self) -> Result<String, Faults> {
        let term = self.term.as_deref().ok_or_else(OrgError::no_search_term)?;
        let mut out = format!("FIND {{{}}}", search::braced(term));
        if let Some(group) = &self.group {
            let _ = write!(out, " IN {group} FIELDS");
        }
        for (at, object) in self.objects.iter().enumerate() {
            out.push_str(if at == 0 { " RETURNING " } else { ", " });
            self.push_object(&mut out, object)?;
        }
        if let Some(book) = &self.price_book {
            let _ = write!(out, " WITH PricebookId = '{}'", book.replace(['\'', '\\'], ""));
        }
        if let Some(kind) = &self.metadata {
            let _ = write!(out, " WITH METADATA = '{}'", kind.replace(['\'', '\\'], ""));
        }
        if let Some(flag) = &self.spell_correction {
            let _ = write!(out, " WITH SPELL_CORRECTION = {flag}");
        }
        if let Some(limit) = &self.overall_limit {
            let _ = write!(out, " LIMIT {}", number("overallLimit", limit)?);
        }
        Ok(out)
    }

    fn push_object(&self, out: &mut String, object: &Object) -> Result<(), OrgError> {
        let fields = object.fields.as_deref().unwrap_or(&self.fields);
        let fields = if fields.trim().is_empty() { "Id" } else { fields };
        let _ = write!(out, "{}({fields}", object.name);
        if let Some(filter) = &object.filter {
            let _ = write!(out, " WHERE {filter}");
        }
        if let Some(order_by) = &object.order_by {
            let _ = write!(out, " ORDER BY {order_by}");
        }
        if let Some(limit) = object.limit.as_ref().or(self.default_limit.as_ref()) {
            let _ = write!(out, " LIMIT {}", number("limit", limit)?);
        }
        if let Some(offset) = &self.offset {
            let _ = write!(out, " OFFSET {}", number("offset", offset)?);
        }
        out.push(')');
        Ok(())
    }
}

impl Object {
    fn of(members: &[Member<'_>]) -> Object {
        let mut object = Object::default();
        for member in members {
            match (&*member.name, &member.sent) {
                ("fields", sent) => object.fields = Some(names(sent)),
                (_, Sent::Scalar(Scalar::Null)) => {}
                (name, Sent::Scalar(scalar)) => object.set(name, scalar.shown().to_owned()),
                _ => {}
            }
        }
        object
    }

    fn set(&mut self, name: &str, value: String) {
        match name {
            "name" => self.name = value,
            "fields" => self.fields = Some(value),
            "where" => self.filter = Some(value),
            "orderBy" => self.order_by = Some(value),
            "limit" => self.limit = Some(value),
            _ => {}
        }
    }
}

/// A whole number as it was sent.
fn number<'t>(name: &str, text: &'t str) -> Result<&'t str, OrgError> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { Ok(text) } else { Err(OrgError::search_parameter_not_a_number(name, text)) }
}

/// Field names, sent as a list or as one text with commas.
fn names(sent: &Sent<'_>) -> String {
    match sent {
        Sent::Scalar(Scalar::Text(text)) => text.to_string(),
        Sent::List(list) => {
            let names = items(list).into_iter().filter_map(|item| match body::value(item) {
                Ok(Sent::Scalar(Scalar::Text(name))) => Some(name.into_owned()),
                _ => None,
            });
            names.collect::<Vec<String>>().join(", ")
        }
        _ => String::new(),
    }
}

/// The items of a list's JSON text.
pub(super) fn items(list: &str) -> Vec<&str> {
    let items: Vec<&RawValue> = serde_json::from_str(list).unwrap_or_default();
    items.into_iter().map(RawValue::get).collect()
}
