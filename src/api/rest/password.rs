//! `/sobjects/User/{id}/password`. `reference/rest.md` §3.9.

use super::super::body::{self, Scalar, Sent};
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::api::http::Method;
use crate::api::json;
use crate::error::OrgError;
use crate::id::Id;
use crate::org;
use std::sync::Arc;

const SHORTEST: usize = 8;
const CHARACTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// GET: expired or not; POST: set; DELETE: reset to a new one, which is returned.
pub fn handle(call: &Call<'_>, key: &str) -> Outcome {
    let object = call.object("User")?;
    let user = Id::parse(key).map_err(|_| OrgError::external_id_not_accessible(key))?;
    call.state.live_row(object, user).ok_or_else(OrgError::not_found)?;
    match call.method {
        Method::Get | Method::Head => {
            Ok(Reply::json("{\"isExpired\":false}".to_owned(), "Password"))
        }
        Method::Post => {
            let bytes = call.entry.body();
            let members = body::json_object(&bytes)?;
            let given = members.iter().find(|member| member.name == "NewPassword");
            let Some(Sent::Scalar(Scalar::Text(password))) = given.map(|member| &member.sent)
            else {
                return Err(OrgError::required_missing(&["NewPassword"]).into());
            };
            check(password)?;
            set(call, user, password);
            Ok(Reply::empty(204))
        }
        Method::Delete => {
            let number = call.entry.org.sessions.next();
            let mut password =
                org::derived_token(call.entry.org.id, "password", number, 7, CHARACTERS);
            // The policy wants a letter and a digit.
            password.push_str("x7");
            set(call, user, &password);
            let mut out = String::from("{\"NewPassword\":");
            json::push_str(&mut out, &password);
            out.push('}');
            Ok(Reply::json(out, "Result"))
        }
        _ => call.only("HEAD,GET,POST,DELETE"),
    }
}

fn check(password: &str) -> Result<(), OrgError> {
    if password.chars().count() < SHORTEST {
        return Err(OrgError::invalid_new_password(
            "Your password must be at least 8 characters long.",
        ));
    }
    let letter = password.chars().any(char::is_alphabetic);
    let digit = password.chars().any(|c| c.is_ascii_digit());
    if letter && digit {
        return Ok(());
    }
    Err(OrgError::invalid_new_password("Your password must have a mix of letters and numbers."))
}

fn set(call: &Call<'_>, user: Id, password: &str) {
    let password: Arc<str> = password.into();
    call.change(|state| {
        state.passwords.insert(user, password);
    });
}
