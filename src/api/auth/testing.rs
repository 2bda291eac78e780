//! A small org to log in to, for the tests of everything that opens sessions. Its clock stands at
//! [`NOW`]; requests arrive then too, so every byte of an answer follows from the requests before.

use crate::api;
use crate::api::entry::Entry;
use crate::api::http::{Method, Request, Response};
use crate::api::strike::Struck;
use crate::api::trace::Trace;
use crate::clock::{Clock, Millis};
use crate::dml::{Actor, Given, Transaction};
use crate::id::Id;
use crate::org::{DEFAULT, Founding, Org, Orgs, Template};
use crate::schema::{ObjectSpec, Schema};
use crate::store::{IndexCache, State};
use crate::value::Value;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::borrow::Cow;
use std::sync::Arc;

/// 2026-01-15T09:00:00Z.
pub(crate) const NOW: Millis = 1_768_467_600_000;

/// The administrator.
pub(crate) const ADMINISTRATOR: &str = "admin@fauxforce.test";

/// A user who is not the administrator.
pub(crate) const USER: &str = "Mia.Okafor@acme.test";

/// Orgs, with one called `default`.
pub(crate) struct Fixture {
    /// All orgs.
    pub(crate) orgs: Orgs,
    trace: Trace,
    struck: Struck,
}

impl Fixture {
    /// The default org alone.
    pub(crate) fn new() -> Fixture {
        let orgs = Orgs::new(Template::default());
        let fixture = Fixture { orgs, trace: Trace::default(), struck: Struck::default() };
        fixture.create(DEFAULT);
        fixture
    }

    /// One more org, of the same records.
    pub(crate) fn create(&self, name: &str) -> Arc<Org> {
        let founding = Founding {
            name: Some(name),
            label: None,
            ttl: None,
            listen: false,
            administrator: Id::own(*b"005", 1),
            state: state(Id::own(*b"00D", 0)),
            adopt: |_, org| state(org),
            like: None,
        };
        self.orgs.create(founding, NOW).expect("the name is free")
    }

    /// The default org.
    pub(crate) fn org(&self) -> Arc<Org> {
        self.orgs.named(DEFAULT).expect("it was created")
    }

    /// A request that has found its org.
    pub(crate) fn entry<'a>(
        &'a self,
        request: &'a Request,
        segments: &'a [Cow<'a, str>],
    ) -> Entry<'a> {
        let org = crate::api::entry::org_of(&self.orgs, request).expect("the org exists");
        let now = org.now(request.received_at);
        let (trace, struck) = (&self.trace, &self.struck);
        Entry { orgs: &self.orgs, org, request, segments, now, trace, struck }
    }

    /// Sends a request that arrives at [`NOW`].
    pub(crate) fn send(&self, mut request: Request) -> Response {
        request.received_at = NOW;
        api::handle(&self.orgs, request)
    }

    /// Sends a form to a path and returns status and body.
    pub(crate) fn post(&self, target: &str, form: &str) -> (u16, String) {
        let request = Request::new(Method::Post, target)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        outcome(self.send(request))
    }

    /// Asks for a token; the client's id and secret are added.
    pub(crate) fn token(&self, form: &str) -> (u16, String) {
        let credentials = &self.org().credentials;
        let form = format!(
            "{form}&client_id={}&client_secret={}",
            credentials.client_id, credentials.client_secret
        );
        self.post("/services/oauth2/token", &form)
    }

    /// Gets a path with a bearer token.
    pub(crate) fn get(&self, target: &str, token: &str) -> (u16, String) {
        outcome(self.send(Request::new(Method::Get, target).bearer(token)))
    }

    /// Logs a user in and returns the access token.
    pub(crate) fn login(&self, username: &str) -> String {
        let form = format!("grant_type=password&username={username}&password=fauxforce");
        let (status, body) = self.token(&form);
        assert_eq!(status, 200, "{body}");
        member(&body, "access_token")
    }

    /// Sets `IsActive`.
    pub(crate) fn set_active(&self, username: &str, active: bool) {
        let org = self.org();
        let state = org.read();
        let user = super::facts::user_named(&state, username).expect("a user");
        let object = state.schema.by_name("User").expect("User");
        let (number, _) = state.row(object, user).expect("a row");
        let given = given(object, &[("IsActive", Value::Bool(active))]);
        org.write(actor(), |transaction| transaction.update(object, number, given))
            .expect("an update");
    }

    /// Gives a user a password of their own.
    pub(crate) fn set_password(&self, username: &str, password: &str) {
        let org = self.org();
        let user = super::facts::user_named(&org.read(), username).expect("a user");
        let changed = org.change(|state| {
            state.passwords.insert(user, password.into());
            Ok::<(), ()>(())
        });
        assert_eq!(changed, Ok(()));
    }

    /// Moves the org's clock.
    pub(crate) fn advance(&self, by: Millis) {
        let moved = self.org().change(|state| {
            state.clock.advance(by);
            Ok::<(), ()>(())
        });
        assert_eq!(moved, Ok(()));
    }

    /// Changes the default org's settings.
    pub(crate) fn set(&self, change: impl FnOnce(&mut crate::store::Settings)) {
        let changed = self.org().change(|state| {
            change(Arc::make_mut(&mut state.settings));
            Ok::<(), ()>(())
        });
        assert_eq!(changed, Ok(()));
    }
}

/// Status and body of a response.
pub(crate) fn outcome(response: Response) -> (u16, String) {
    let status = response.status;
    let body = response.into_bytes().expect("a body in memory");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

/// A text member of a JSON object.
pub(crate) fn member(body: &str, name: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(body).expect("JSON");
    json[name].as_str().expect("a text member").to_owned()
}

/// The keys of a JSON object, in the order in which they are written.
pub(crate) fn keys(body: &str) -> Vec<&str> {
    let inner = body.trim_matches(['{', '}']);
    inner.split(",\"").filter_map(|part| part.trim_start_matches('"').split('"').next()).collect()
}

/// A JWT of a header and claims, signed with nothing in particular.
pub(crate) fn assertion(header: &str, claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(header), part(claims), part("signature"))
}

fn actor() -> Actor {
    Actor { user: Id::own(*b"005", 1), now: NOW, system: true }
}

/// Fields by name; picklist values as text.
fn given(object: &ObjectSpec, fields: &[(&str, Value)]) -> Given {
    let one = |(name, value): &(&str, Value)| {
        let (slot, field) = object.field(name).expect(name);
        let code =
            field.picklist.as_ref().zip(value.as_text()).and_then(|(list, text)| list.code(text));
        (slot, code.map_or_else(|| value.clone(), Value::Pick))
    };
    fields.iter().map(one).collect()
}

/// The records of an org: a licence, a profile, two users, the Organization row.
fn state(org: Id) -> Arc<State> {
    let schema = Arc::new(Schema::default());
    let empty = State::new(Arc::clone(&schema), Clock::Virtual { now: NOW });
    let indexes = IndexCache::default();
    let mut transaction = Transaction::begin(&empty, actor(), &indexes);
    let text = Value::text;
    let mut insert = |name: &str, fields: &[(&str, Value)]| {
        let object = schema.by_name(name).expect(name);
        transaction.insert(object, given(object, fields)).expect(name)
    };
    let licence = insert(
        "UserLicense",
        &[
            ("Name", text("Salesforce")),
            ("MasterLabel", text("Salesforce")),
            ("LicenseDefinitionKey", text("SFDC")),
        ],
    );
    let profile = insert(
        "Profile",
        &[("Name", text("System Administrator")), ("UserLicenseId", Value::Id(licence))],
    );
    let usual = [
        ("EmailEncodingKey", text("UTF-8")),
        ("LanguageLocaleKey", text("en_US")),
        ("LocaleSidKey", text("en_US")),
        ("ProfileId", Value::Id(profile)),
        ("IsActive", Value::Bool(true)),
    ];
    let people = [
        ("Admin", "User", ADMINISTRATOR, "admin", "America/Los_Angeles"),
        ("Mia", "Okafor", USER, "mia", "Europe/Berlin"),
    ];
    for (first, last, username, alias, zone) in people {
        let mut fields = usual.to_vec();
        fields.extend([
            ("FirstName", text(first)),
            ("LastName", text(last)),
            ("Username", text(username)),
            ("Email", text(&format!("{alias}@acme.test"))),
            ("Alias", text(alias)),
            ("CommunityNickname", text(alias)),
            ("TimeZoneSidKey", text(zone)),
        ]);
        insert("User", &fields);
    }
    insert(
        "Organization",
        &[
            ("Id", Value::Id(org)),
            ("Name", text("Acme & Sons")),
            ("DefaultLocaleSidKey", text("en_US")),
            ("LanguageLocaleKey", text("en_US")),
            ("TimeZoneSidKey", text("America/Los_Angeles")),
        ],
    );
    Arc::new(transaction.state)
}
