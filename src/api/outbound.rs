//! How calls to other systems read on the wire: SCIM 2.0 (RFC 7644), the inputs and outputs of a
//! provisioning plug-in as JSON, events. Plain functions of what was asked and what came back; the
//! edge moves the bytes.
//!
//! [`Conversation::begin`] → the first message → the edge sends it → [`Conversation::hear`] the answer
//! → the next message, or the [`Answer`] for the org.

use super::doc_text;
use super::http::Method;
use crate::error::CallFailed;
use crate::store::{
    Answer, Answered, Ask, Doc, EXTERNAL, External, OutboundCall, ScimAsk, ScimWhat,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// Media type of SCIM.
const SCIM: &str = "application/scim+json";
/// Media type of everything else.
const JSON: &str = "application/json";
/// What a PATCH is.
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Most accounts of a page that are taken, however many come.
const MOST_ACCOUNTS: usize = 10_000;

/// A message to another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its method.
    pub method: Method,
    /// Where it goes.
    pub url: String,
    /// Its media type, and the one that is wanted back.
    pub media: &'static str,
    /// Its body.
    pub body: Option<String>,
}

/// What another system sent back.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// What comes next.
#[derive(Clone, Debug)]
pub enum Turn {
    /// This is sent.
    Send(Message),
    /// The call has its answer.
    Done(Answer),
}

/// A call on its way.
#[derive(Debug)]
pub struct Conversation<'c> {
    call: &'c OutboundCall,
    /// The id of the user is asked for.
    looks: bool,
    /// The id of the user that the call is about, once it is known.
    id: Option<Arc<str>>,
    /// What was sent last, for messages.
    sent: String,
}

impl<'c> Conversation<'c> {
    /// A call's first message.
    pub fn begin(call: &'c OutboundCall) -> (Conversation<'c>, Message) {
        let mut own = Conversation { call, looks: false, id: None, sent: String::new() };
        let message = match &call.ask {
            Ask::Plugin(body) | Ask::Event(body) => {
                own.post(call.url.to_string(), JSON, Some(doc_text::text(body)))
            }
            Ask::Scim(ask) => match &**ask {
                ScimAsk::Create { user } => {
                    own.post(own.users(""), SCIM, Some(doc_text::text(user)))
                }
                ScimAsk::About { id: Some(id), what, .. } => own.about(id, what),
                ScimAsk::About { id: None, name, .. } => {
                    own.looks = true;
                    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
                    own.get(own.list(1, 2, Some(&format!("userName eq \"{name}\""))))
                }
                ScimAsk::List { start, count, filter } => {
                    own.get(own.list(*start, *count, filter.as_deref()))
                }
            },
        };
        (own, message)
    }

    /// What an answer leads to.
    pub fn hear(&mut self, heard: &Heard) -> Turn {
        match self.understand(heard) {
            Ok(turn) => turn,
            Err(failed) => Turn::Done(Err(failed)),
        }
    }

    fn understand(&mut self, heard: &Heard) -> Result<Turn, CallFailed> {
        self.succeeded(heard)?;
        let done = |answered| Ok(Turn::Done(Ok(answered)));
        match &self.call.ask {
            Ask::Event(_) => done(Answered::default()),
            Ask::Plugin(inputs) => done(self.outputs(inputs, heard)?),
            Ask::Scim(ask) => match &**ask {
                ScimAsk::About { name, what, .. } if self.looks => {
                    let (_, found) = self.resources(heard)?;
                    let own = |user: &&Doc| {
                        let own = user.text_at(&["userName"]);
                        own.is_some_and(|own| own.eq_ignore_ascii_case(name))
                    };
                    let id = found.iter().find(own).and_then(|user| account(user)[0].clone());
                    let id = id.ok_or_else(|| CallFailed::no_such_user(&self.sent, name))?;
                    self.looks = false;
                    Ok(Turn::Send(self.about(&id, what)))
                }
                ScimAsk::List { start, .. } => {
                    let (total, found) = self.resources(heard)?;
                    let taken = &found[..found.len().min(MOST_ACCOUNTS)];
                    let next = start - 1 + taken.len() as u64;
                    let accounts: Vec<External> = taken.iter().map(account).collect();
                    if accounts.iter().any(|account| account[0].is_none()) {
                        return Err(self.misshapen("an id of every resource", heard));
                    }
                    let next = (next < total).then_some(next);
                    done(Answered { accounts, next, ..Answered::default() })
                }
                ScimAsk::About { what, .. }
                    if *what == ScimWhat::Delete || heard.body.trim_ascii().is_empty() =>
                {
                    let account = [self.id.clone(), None, None, None, None];
                    done(Answered { status: said(heard), account, ..Answered::default() })
                }
                ScimAsk::Create { .. } | ScimAsk::About { .. } => {
                    let account = account(&self.json(heard)?);
                    if account[0].is_none() {
                        return Err(self.misshapen("an id", heard));
                    }
                    done(Answered { status: said(heard), account, ..Answered::default() })
                }
            },
        }
    }

    /// Refuses everything but success.
    fn succeeded(&self, heard: &Heard) -> Result<(), CallFailed> {
        match heard.status {
            200..300 => Ok(()),
            300..400 if heard.location.is_some() => {
                let to = heard.location.as_deref().unwrap_or_default();
                Err(CallFailed::redirected(&self.sent, heard.status, to))
            }
            status => {
                let text = String::from_utf8_lossy(&heard.body);
                let json = doc_text::parse(&heard.body).unwrap_or_default();
                let detail = ["detail", "message", "error_description", "error"];
                let detail = detail.iter().find_map(|name| json.text_at(&[name]));
                let mut failed = CallFailed::refused(&self.sent, status, detail.unwrap_or(&text));
                failed.retry_after = heard.retry_after.as_deref().and_then(|s| s.parse().ok());
                Err(failed)
            }
        }
    }

    /// What a plug-in answered.
    fn outputs(&self, inputs: &Doc, heard: &Heard) -> Result<Answered, CallFailed> {
        let json = self.json(heard)?;
        if !matches!(json, Doc::Object(_)) {
            return Err(self.misshapen("an object of outputs", heard));
        }
        let output = |name: &str| match json.get(name) {
            None | Some(Doc::Null) => Ok(None),
            Some(Doc::Text(text)) => Ok(Some(text.to_string())),
            Some(Doc::Int(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.misshapen(&["a text as ", name].concat(), heard)),
        };
        let mut account = External::default();
        for (place, name) in EXTERNAL.iter().enumerate() {
            account[place] = output(name)?.map(Arc::from);
        }
        let (status, details) = (output("Status")?, output("Details")?);
        if let Some(status) = status.as_deref().filter(|status| says_failure(status)) {
            return Err(CallFailed::by_plugin(status, details.as_deref()));
        }
        let (recon_state, next) = (output("reconState")?, output("nextReconOffset")?);
        let next = match next.as_deref().map(str::trim).filter(|next| !next.is_empty()) {
            None => None,
            Some(next) => {
                let whole = next.parse::<u64>().ok();
                let wanted = "a whole number as nextReconOffset";
                Some(whole.ok_or_else(|| self.misshapen(wanted, heard))?)
            }
        };
        let collects = inputs.text_at(&["reconOffset"]).is_some();
        let ends = recon_state.as_deref().is_some_and(is_complete);
        if collects && next.is_none() && !ends {
            return Err(self.misshapen("reconState complete or a nextReconOffset", heard));
        }
        Ok(Answered { status, details, account, accounts: Vec::new(), recon_state, next })
    }

    /// How many resources there are in all, and those of the page.
    fn resources(&self, heard: &Heard) -> Result<(u64, Vec<Doc>), CallFailed> {
        let mut json = self.json(heard)?;
        let total = match json.get("totalResults") {
            Some(Doc::Int(total)) => u64::try_from(*total).ok(),
            _ => None,
        };
        let total = total.ok_or_else(|| self.misshapen("totalResults", heard))?;
        match json.get_mut("Resources").map(std::mem::take) {
            None | Some(Doc::Null) => Ok((total, Vec::new())),
            Some(Doc::List(found)) => Ok((total, found)),
            Some(_) => Err(self.misshapen("a list of Resources", heard)),
        }
    }

    fn json(&self, heard: &Heard) -> Result<Doc, CallFailed> {
        doc_text::parse(&heard.body).map_err(|_| {
            let text = String::from_utf8_lossy(&heard.body);
            CallFailed::not_json(&self.sent, heard.status, &text)
        })
    }

    fn misshapen(&self, wanted: &str, heard: &Heard) -> CallFailed {
        CallFailed::misshapen(&self.sent, wanted, &String::from_utf8_lossy(&heard.body))
    }

    /// The URL of the service's users, or of what lies below.
    fn users(&self, below: &str) -> String {
        [self.call.url.trim_end_matches('/'), "/Users", below].concat()
    }

    fn list(&self, start: u64, count: u32, filter: Option<&str>) -> String {
        let mut query =
            ["?startIndex=", &start.to_string(), "&count=", &count.to_string()].concat();
        if let Some(filter) = filter {
            query.push_str("&filter=");
            query.extend(utf8_percent_encode(filter, NON_ALPHANUMERIC));
        }
        self.users(&query)
    }

    fn about(&mut self, id: &str, what: &ScimWhat) -> Message {
        self.id = Some(id.into());
        let id: String = utf8_percent_encode(id, NON_ALPHANUMERIC).collect();
        let url = self.users(&["/", &id].concat());
        match what {
            ScimWhat::Read => self.get(url),
            ScimWhat::Delete => self.message(Method::Delete, url, SCIM, None),
            ScimWhat::Replace(attributes) => {
                let mut value = attributes.clone();
                // A PATCH without a path names attributes, not what the resource is.
                value.remove("schemas");
                let operation = Doc::object().with("op", "replace").with("value", value);
                let body = Doc::object()
                    .with("schemas", Doc::texts([PATCH_OP]))
                    .with("Operations", vec![operation]);
                self.message(Method::Patch, url, SCIM, Some(doc_text::text(&body)))
            }
        }
    }

    fn get(&mut self, url: String) -> Message {
        self.message(Method::Get, url, SCIM, None)
    }

    fn post(&mut self, url: String, media: &'static str, body: Option<String>) -> Message {
        self.message(Method::Post, url, media, body)
    }

    fn message(
        &mut self,
        method: Method,
        url: String,
        media: &'static str,
        body: Option<String>,
    ) -> Message {
        self.sent = [method.name(), " ", &url].concat();
        Message { method, url, media, body }
    }
}

/// The status of an answer, for the log.
fn said(heard: &Heard) -> Option<String> {
    Some(heard.status.to_string())
}

/// True when a plug-in's `Status` says that it failed: an HTTP status of 400 or more, or a word for
/// it. The outputs have no flag, and the value is the vendor's own.
fn says_failure(status: &str) -> bool {
    let words = ["fail", "failed", "failure", "error"];
    status.trim().parse::<u16>().is_ok_and(|status| (400..600).contains(&status))
        || words.iter().any(|word| status.trim().eq_ignore_ascii_case(word))
}

fn is_complete(state: &str) -> bool {
    state.to_ascii_lowercase().starts_with("complete")
}

/// What a SCIM user says of an account.
fn account(user: &Doc) -> External {
    let id = match user.get("id") {
        Some(Doc::Text(id)) if !id.is_empty() => Some(id.to_string()),
        Some(Doc::Int(id)) => Some(id.to_string()),
        _ => None,
    };
    let emails = match user.get("emails") {
        Some(Doc::List(emails)) => emails.as_slice(),
        _ => &[],
    };
    let primary = emails.iter().find(|own| own.get("primary") == Some(&Doc::Bool(true)));
    let email = primary.or(emails.first()).and_then(|own| own.text_at(&["value"]));
    [
        id.map(Arc::from),
        user.text_at(&["userName"]).map(Arc::from),
        email.map(Arc::from),
        user.text_at(&["name", "givenName"]).map(Arc::from),
        user.text_at(&["name", "familyName"]).map(Arc::from),
    ]
}
