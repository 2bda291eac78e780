//! Which field of a user is which field of an account elsewhere: the JSON text of
//! `UserProvisioningConfig.UserAccountMapping`.

use crate::store::EXTERNAL;
use serde_json::Value as Json;

/// How accounts are linked to users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The field of User.
    pub user: String,
    /// The field of the account, as a place in [`EXTERNAL`].
    pub account: usize,
}

impl Mapping {
    /// Reads a mapping. Without one, usernames are compared. `None` when the text is not one.
    pub fn parse(text: Option<&str>) -> Option<Mapping> {
        let Some(text) = text else {
            return Some(Mapping { user: "Username".to_owned(), account: 1 });
        };
        let json: Json = serde_json::from_str(text).ok()?;
        let user = json["linkingSalesforceUserAttribute"].as_str()?.to_owned();
        let account = place(json["linkingTargetUserAttribute"].as_str()?)?;
        Some(Mapping { user, account })
    }
}

/// `Email`, `ExternalEmail`, `Id`, ….
fn place(name: &str) -> Option<usize> {
    let own = |field: &str| field.eq_ignore_ascii_case(name);
    let short = |field: &str| field.trim_start_matches("External").eq_ignore_ascii_case(name);
    if name.eq_ignore_ascii_case("Id") {
        return Some(0);
    }
    EXTERNAL.iter().position(|field| own(field) || short(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_name_a_field_on_either_side() {
        let parse = |text: &str| Mapping::parse(Some(text)).map(|own| (own.user, own.account));
        let text =
            r#"{"linkingSalesforceUserAttribute":"Username","linkingTargetUserAttribute":"Email"}"#;
        assert_eq!(parse(text), Some(("Username".to_owned(), 2)));
        assert_eq!(
            parse(&text.replace("\"Email\"", "\"externalUserId\"")),
            Some(("Username".to_owned(), 0))
        );
        assert_eq!(parse(&text.replace("\"Email\"", "\"Phone\"")), None);
        assert_eq!(parse("Username=Email"), None);
        assert_eq!(Mapping::parse(None).map(|own| own.account), Some(1));
    }
}
