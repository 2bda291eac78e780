//! The schema table through the library alone: what must be given on create, what features hide,
//! what stays in place when a schema grows, and the key order of describes.

use fauxforce::api::describe;
use fauxforce::schema::{
    Feature, Features, FieldType, Lookup, ObjectSpec, Schema, UniqueRule, import,
};
use serde_json::Value;

fn all_features() -> Features {
    Feature::ALL.iter().fold(Features::NONE, |set, (feature, _)| set.with(*feature))
}

fn object<'a>(schema: &'a Schema, name: &str) -> &'a ObjectSpec {
    schema.by_name(name).unwrap_or_else(|| panic!("{name} is in the schema"))
}

fn required(object: &ObjectSpec) -> Vec<&str> {
    let fields = object.visible_fields().filter(|(_, field)| field.required_on_create());
    fields.map(|(_, field)| &*field.name).collect()
}

#[test]
fn creates_require_what_they_require_in_a_real_org() {
    let schema = Schema::default();
    for (name, fields) in [
        ("Account", &["Name"][..]),
        ("Attachment", &["ParentId", "Name", "Body"]),
        ("Campaign", &["Name"]),
        ("CampaignMember", &["CampaignId"]),
        ("Case", &[]),
        ("Contact", &["LastName"]),
        ("ContentVersion", &["PathOnClient"]),
        ("Employee2", &["ContactId", "EmployeeNumber", "EmployeeStatus", "StatusStartDate"]),
        ("EmpUserProvisioningProcess", &[]),
        ("EmpUserProvisionProcessErr", &["ProvisioningProcessId"]),
        ("Event", &[]),
        ("Group", &["Name", "Type"]),
        ("GroupMember", &["GroupId", "UserOrGroupId"]),
        ("Individual", &["LastName"]),
        ("Lead", &["LastName", "Company"]),
        ("Note", &["ParentId", "Title"]),
        ("Opportunity", &["Name", "StageName", "CloseDate"]),
        ("OpportunityLineItem", &["OpportunityId", "Quantity"]),
        ("PermissionSet", &["Name", "Label"]),
        ("Pricebook2", &["Name"]),
        ("PricebookEntry", &["Pricebook2Id", "Product2Id", "UnitPrice"]),
        ("Product2", &["Name"]),
        ("Task", &[]),
        ("UserProvAccount", &["LinkState", "Status"]),
        ("UserProvisioningRequest", &["State", "Operation", "ApprovalStatus"]),
        ("UserRole", &["Name"]),
    ] {
        assert_eq!(required(object(&schema, name)), fields, "{name}");
    }
    let mut user = required(object(&schema, "User"));
    user.sort_unstable();
    assert_eq!(
        user,
        [
            "Alias",
            "Email",
            "EmailEncodingKey",
            "LanguageLocaleKey",
            "LastName",
            "LocaleSidKey",
            "ProfileId",
            "TimeZoneSidKey",
            "Username",
        ]
    );
}

#[test]
fn our_own_rules_are_in_the_table() {
    let schema = Schema::default();
    let rule =
        |name: &str, field: &str| object(&schema, name).field(field).expect(field).1.unique_rule;
    assert_eq!(rule("User", "Username"), Some(UniqueRule::Username));
    assert_eq!(rule("User", "CommunityNickname"), Some(UniqueRule::Nickname));
    for (name, field) in [
        ("User", "FederationIdentifier"),
        ("Employee2", "EmployeeNumber"),
        ("Employee", "Email"),
        ("Employee", "UserId"),
    ] {
        assert_eq!(rule(name, field), Some(UniqueRule::CaseInsensitive), "{name}.{field}");
    }
    assert!(object(&schema, "Employee2").field("UserId").expect("UserId").1.set_once);
    for header in schema.headers() {
        for (_, field) in schema.object(header.id).visible_fields() {
            if let Some(number) = &field.auto_number {
                assert!(number.format.contains("{0"), "{}.{}", header.name, field.name);
            }
        }
    }
}

#[test]
fn picklists_have_the_values_of_a_new_org() {
    let schema = Schema::default();
    for (name, field, value) in [
        ("Account", "Industry", "Banking"),
        ("Case", "Origin", "Web"),
        ("Lead", "LeadSource", "Web"),
        ("Lead", "Rating", "Hot"),
        ("Opportunity", "StageName", "Closed Won"),
        ("Task", "Priority", "Normal"),
        ("Task", "Status", "Not Started"),
        ("Task", "RecurrenceTimeZoneSidKey", "Europe/Berlin"),
        ("User", "TimeZoneSidKey", "Europe/Berlin"),
        ("UserProvisioningRequest", "State", "Manually Completed"),
    ] {
        let (_, field) = object(&schema, name).field(field).expect(field);
        let picklist = field.picklist.as_ref().expect("values");
        assert!(picklist.code(value).is_some(), "{name}.{}: {value}", field.name);
    }
}

#[test]
fn features_hide_and_show_objects_and_fields() {
    let plain = Schema::standard(Features::NONE);
    let full = Schema::standard(all_features());
    assert!(matches!(plain.lookup("employee2"), Lookup::Unknown));
    assert!(matches!(full.lookup("employee2"), Lookup::Object(_)));
    assert!(matches!(plain.lookup("asset"), Lookup::KnownElsewhere("Asset")));
    assert!(matches!(plain.lookup("Nonsense__c"), Lookup::Unknown));

    let account = object(&plain, "ACCOUNT");
    let names = |object: &ObjectSpec| -> Vec<String> {
        let fields = object.visible_fields().filter(|(_, field)| field.name_field);
        fields.map(|(_, field)| field.name.to_string()).collect()
    };
    assert_eq!(names(account), ["Name"]);
    let name = account.field("name").expect("Name").1;
    assert!(name.createable && name.updateable && !name.calculated && !name.nillable);
    for field in ["FirstName", "PersonEmail", "IsPersonAccount", "CurrencyIsoCode"] {
        assert!(account.field(field).is_none(), "{field}");
        assert!(object(&full, "Account").field(field).is_some(), "{field}");
    }
    assert_eq!(names(object(&full, "Account")), ["Name", "LastName", "FirstName"]);
    assert_eq!(account.record_types.len(), 1);
    assert!(!account.child_relationships.iter().any(|child| &*child.child_object == "Employee"));
    assert!(plain.headers().len() < full.headers().len());
    assert_eq!(plain.object_count(), full.object_count());
    // The default org has no Person Accounts and has employees.
    assert!(Schema::default().by_name("Employee2").is_some());
    assert!(object(&Schema::default(), "Account").field("PersonEmail").is_none());
}

#[test]
fn headers_are_in_order_and_lookups_agree() {
    let schema = Schema::standard(all_features());
    let headers = schema.headers();
    let lower: Vec<String> = headers.iter().map(|header| header.name.to_lowercase()).collect();
    assert!(lower.is_sorted());
    for header in &headers {
        assert_eq!(schema.by_prefix(header.key_prefix), Some(header.id));
        assert_eq!(object(&schema, header.name).id, header.id);
    }
}

#[test]
fn relationships_lead_to_fields_that_point_back() {
    let schema = Schema::standard(all_features());
    for header in schema.headers() {
        for child in &schema.object(header.id).child_relationships {
            let Some(owner) = schema.by_name(&child.child_object) else { continue };
            let place = format!("{}: {}.{}", header.name, child.child_object, child.field);
            let slot = owner.reference(&child.field).unwrap_or_else(|| panic!("{place}: no field"));
            let field = owner.at(slot);
            assert_eq!(field.kind, FieldType::Reference, "{place}");
            let mut parents = field.reference_to.iter();
            assert!(parents.any(|parent| &**parent == header.name), "{place} points elsewhere");
        }
    }
}

#[test]
fn what_is_added_appends_and_nothing_moves() {
    let standard = Schema::standard(Features::DEFAULT);
    let before: Vec<String> =
        object(&standard, "Account").fields.iter().map(|field| field.name.to_string()).collect();
    let mut schema = Schema::clone(&standard);
    let text = r#"[
        {"name": "Cost_Center__c", "label": "Cost Center", "labelPlural": "Cost Centers", "fields": [
            {"name": "Code__c", "type": "string", "length": 20, "unique": true, "externalId": true},
            {"name": "Account__c", "type": "reference", "referenceTo": ["Account"]},
            {"name": "Kind__c", "type": "picklist", "picklistValues": ["A", {"value": "B", "label": "Bee"}]}
        ]},
        {"name": "Cost_Line__c", "fields": [
            {"name": "Center__c", "type": "reference", "referenceTo": ["Cost_Center__c"], "cascadeDelete": true},
            {"name": "Name", "type": "string", "autoNumber": true, "displayFormat": "CL-{0000}", "nameField": true}
        ]},
        {"name": "Account", "fields": [
            {"name": "Tier__c", "type": "double", "precision": 4, "scale": 1},
            {"name": "Center__c", "type": "reference", "referenceTo": ["Cost_Center__c"]}
        ]}
    ]"#;
    schema.extend(import::describe(text).expect("readable")).expect("addable");
    assert_ne!(schema.generation(), standard.generation());
    assert_eq!(schema.object_count(), standard.object_count() + 2);

    let account = object(&schema, "Account");
    let after: Vec<&str> = account.fields.iter().map(|field| &*field.name).collect();
    assert_eq!(after[..before.len()], before);
    assert_eq!(after[before.len()..], ["Tier__c", "Center__c"]);
    assert!(object(&standard, "Account").field("Tier__c").is_none());
    let children = account.child_relationship("Cost_Centers__r").expect("a child relationship");
    assert_eq!((&*children.child_object, &*children.field), ("Cost_Center__c", "Account__c"));
    assert_eq!(
        account.parent_relationship("center__r").expect("a parent").1.name,
        "Center__c".into()
    );

    let center = object(&schema, "cost_center__c");
    assert_eq!(&center.key_prefix, b"a00");
    assert_eq!(schema.by_prefix(*b"a00"), Some(center.id));
    assert!(center.system.owner_id.is_some());
    assert_eq!(&*center.at(center.name_slot.expect("Name")).name, "Name");
    let lines = center.child_relationship("Cost_Lines__r").expect("details");
    assert!(lines.cascade_delete);
    let code = center.field("Code__c").expect("Code__c").1;
    assert!(code.id_lookup && code.unique_rule == Some(UniqueRule::CaseInsensitive));
    assert_eq!(&*code.label, "Code");

    let line = object(&schema, "Cost_Line__c");
    assert_eq!(line.system.owner_id, None);
    assert_eq!(required(line), ["Center__c"]);
    assert_eq!(line.field("Center__c").expect("Center__c").1.relationship_order, Some(0));
    assert!(line.field("Name").expect("Name").1.auto_number.is_some());

    // Everything stays when features change, and more can be added later.
    let mut other = schema.with_features(all_features());
    let more = r#"{"name": "Cost_Center__c", "fields": [{"name": "Note__c", "type": "textarea", "length": 32000}]}"#;
    other.extend(import::describe(more).expect("readable")).expect("addable");
    let grown = object(&other, "Cost_Center__c");
    assert_eq!(grown.fields.len(), center.fields.len() + 1);
    assert_eq!(&*grown.fields[center.fields.len()].name, "Note__c");
    assert!(grown.field("CurrencyIsoCode").is_some() && center.field("CurrencyIsoCode").is_none());
    let account = object(&other, "Account");
    assert_eq!(account.field("Tier__c").expect("Tier__c").0 as usize, before.len());
    assert!(account.field("PersonEmail").is_some());

    let mut text = String::new();
    describe::global(&mut text, &other, 66);
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let listed = json["sobjects"].as_array().expect("a list");
    assert!(listed.iter().any(|one| one["name"] == "Cost_Center__c" && one["keyPrefix"] == "a00"));
}

#[test]
fn faults_of_an_import_name_their_place() {
    for (text, path, message) in [
        ("{", "", "not JSON"),
        ("7", "", "must be a describe"),
        (r#"{"fields":[]}"#, "", "needs a name"),
        (r#"{"name":"Thing"}"#, "name", "must end in __c"),
        (r#"{"name":"Thing__mdt"}"#, "name", "custom metadata types (__mdt) are not emulated"),
        (r#"{"name":"Thing__e"}"#, "name", "platform events (__e) are not emulated"),
        (r#"{"name":"T__c","colour":1}"#, "colour", "no such key"),
        (r#"{"name":"T__c","keyPrefix":"001"}"#, "keyPrefix", "taken"),
        (r#"{"name":"T__c","fields":[{"name":"A__c"}]}"#, "fields[0]", "needs a type"),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"text"}]}"#,
            "fields[0].type",
            "no such field type: text",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A","type":"string"}]}"#,
            "fields[0].name",
            "must end in __c",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"string","length":300}]}"#,
            "fields[0].length",
            "at most 255",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"string","colour":1}]}"#,
            "fields[0].colour",
            "no such key",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"string","nillable":1}]}"#,
            "fields[0].nillable",
            "true or false",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"picklist","picklistValues":["a",{"value":"b","x":1}]}]}"#,
            "fields[0].picklistValues[1].x",
            "no such key",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"reference"}]}"#,
            "fields[0].referenceTo",
            "names the objects",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"reference","referenceTo":["Nope"]}]}"#,
            "fields[0].referenceTo[0]",
            "no such object: Nope",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"int"},{"name":"a__C","type":"int"}]}"#,
            "fields[1].name",
            "must end in __c",
        ),
        (
            r#"{"name":"T__c","fields":[{"name":"A__c","type":"int"},{"name":"a__c","type":"int"}]}"#,
            "fields[1].name",
            "twice",
        ),
        (r#"[{"name":"T__c"},{"name":"t__c"}]"#, "[1].name", "twice"),
        (
            r#"[{"name":"Account","fields":[{"name":"Name","type":"int"}]}]"#,
            "[0].fields[0].name",
            "already",
        ),
    ] {
        let mut schema = Schema::default();
        let generation = schema.generation();
        let error = import::describe(text).and_then(|additions| schema.extend(additions));
        let error = error.expect_err(text);
        assert_eq!(error.path, path, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!(schema.generation(), generation);
    }
}

#[test]
fn a_describe_that_we_render_can_be_imported_again() {
    let mut schema = Schema::default();
    let text = r#"{"name": "Trip__c", "fields": [{"name": "Km__c", "type": "double", "scale": 1, "nillable": false}]}"#;
    schema.extend(import::describe(text).expect("readable")).expect("addable");
    let mut first = String::new();
    describe::sobject(&mut first, &schema, object(&schema, "Trip__c"), 66, "https://host");
    let mut copy = Schema::default();
    copy.extend(import::describe(&first).expect("readable")).expect("addable");
    let mut second = String::new();
    describe::sobject(&mut second, &copy, object(&copy, "Trip__c"), 66, "https://host");
    assert_eq!(first, second);
    // Standard fields of a describe stay as they are.
    let mut account = String::new();
    describe::sobject(&mut account, &copy, object(&copy, "Account"), 66, "https://host");
    let count = object(&copy, "Account").fields.len();
    copy.extend(import::describe(&account).expect("readable")).expect("nothing new");
    assert_eq!(object(&copy, "Account").fields.len(), count);
}

/// The keys of a JSON text in order: those of the outer object, then those of its first field.
fn key_order(json: &str) -> String {
    let bytes = json.as_bytes();
    let (mut outer, mut field) = (String::new(), String::new());
    let (mut depth, mut at, mut key) = (0, 0, "");
    let (mut in_fields, mut seen_fields) = (false, false);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let start = at + 1;
                at = start;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if bytes.get(at + 1) == Some(&b':') {
                    key = &json[start..at];
                    if depth == 1 {
                        outer.push_str(key);
                        outer.push('\n');
                        in_fields = key == "fields";
                    } else if depth == 3 && in_fields && !seen_fields {
                        field.push_str(key);
                        field.push('\n');
                    }
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                seen_fields |= in_fields && depth == 2;
            }
            _ => {}
        }
        at += 1;
    }
    assert!(!key.is_empty());
    format!("{outer}\n{field}")
}

#[test]
fn describes_have_their_keys_in_order() {
    let schema = Schema::default();
    for name in ["UserProvisioningRequest", "EmpUserProvisioningProcess"] {
        let mut text = String::new();
        describe::sobject(&mut text, &schema, object(&schema, name), 66, "https://host");
        assert_eq!(key_order(&text), include_str!("golden/describe-keys.txt"), "{name}");
        text.clear();
        describe::sobject(&mut text, &schema, object(&schema, name), 49, "https://host");
        assert!(!text.contains("associateParentEntity") && !text.contains("sobjectDescribeOption"));
    }
}

#[test]
fn links_follow_the_object() {
    let schema = Schema::default();
    let links = |name: &str, version: u32| -> Vec<String> {
        let mut text = String::new();
        describe::sobject(&mut text, &schema, object(&schema, name), version, "https://host");
        let (_, links) = text.rsplit_once("\"urls\":{").expect("links");
        let keys = links.split("\",\"").map(|link| link.split("\":").next().unwrap_or_default());
        keys.map(|key| key.trim_matches('"').to_owned()).collect()
    };
    assert_eq!(
        links("Lead", 59),
        [
            "compactLayouts",
            "rowTemplate",
            "approvalLayouts",
            "uiDetailTemplate",
            "uiEditTemplate",
            "listviews",
            "describe",
            "uiNewRecord",
            "quickActions",
            "layouts",
            "sobject",
        ]
    );
    assert!(links("Account", 48).contains(&String::from("defaultValues")));
    assert_eq!(links("GroupMember", 66), ["rowTemplate", "describe", "sobject"]);
}
