"""Writes schema files (fixtures/schema) from full describes: drops what the usual values say."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "fixtures" / "schema"
# Long lists that several fields share, by name.
SHARED = ROOT / "fixtures" / "picklists.json"
USUAL = json.loads((ROOT / "fixtures" / "usual-values.json").read_text())
TEXT = {"string", "textarea", "picklist", "combobox", "email", "phone", "url", "encryptedstring"}

# Keys of a describe whose values say nothing: never kept.
DROPPED = {"mask", "maskType", "filteredLookupInfo"}
# The links that every object has, and the order in which recorded describes list the others.
ALWAYS_LINKED = {"rowTemplate", "describe", "sobject"}
# Links of describes that follow from other facts.
DERIVED_LINKS = {"uiDetailTemplate", "uiEditTemplate", "uiNewRecord", "defaultValues"}


def variants(field):
    """Names of the usual-value variants that fit a field; the same rules as src/schema/load.rs."""
    kind = field.get("type")
    length = field.get("length") or 0
    if kind == "textarea" and length > 255:
        yield "longText"
    if kind in ("string", "url") and length > 255:
        yield "longString"
    if field.get("autoNumber"):
        yield "autoNumber"
    if field.get("calculated"):
        yield "calculated"


def usual(field, block):
    """What the describe of a field says unless its file says otherwise."""
    named = USUAL["named"].get(field["name"], {})
    kind = field.get("type", named.get("type"))
    values = dict(USUAL["every"])
    values.update(USUAL["types"][kind])
    for variant in variants({**values, **field}):
        values.update(USUAL["variants"][variant])
    if named.get("type") == kind:
        values.update(named)
        values["type"] = kind
    values.update(block.get(kind, {}))
    merged = {**values, **field}
    length = merged.get("length", 0)
    values["byteLength"] = 3 * length if kind in TEXT else length
    values["idLookup"] = values.get("idLookup", False) or merged.get("externalId", False)
    if kind == "reference":
        name = field["name"]
        if name.endswith("__c"):
            values["relationshipName"] = name[:-1] + "r"
        elif name.endswith("Id"):
            values["relationshipName"] = name[:-2]
        values["polymorphicForeignKey"] = len(merged.get("referenceTo") or []) > 1
    return values


def same(value, usual_value):
    """True when a key need not be written; absent, false, 0, null and empty are alike."""
    return (value or None) == (usual_value or None)


def short_value(value):
    """A picklist value: plain text where it is active, no default and labelled as itself."""
    short = {"value": value["value"]}
    if (value.get("label") or value["value"]) != value["value"]:
        short["label"] = value["label"]
    if not value.get("active", True):
        short["active"] = False
    if value.get("defaultValue"):
        short["defaultValue"] = True
    if value.get("validFor"):
        short["validFor"] = value["validFor"]
    return value["value"] if len(short) == 1 else short


def short_values(values):
    """Picklist values, or the name of the shared list that they are."""
    short = [short_value(one) for one in values]
    if len(short) > 200 and SHARED.exists():
        for name, shared in json.loads(SHARED.read_text()).items():
            if shared == short:
                return name
    return short


def write_shared(lists):
    """Writes the shared lists, one value a line."""
    rows = [
        f'"{name}": [\n' + ",\n".join(one_line(short_value(one)) for one in values) + "\n]"
        for name, values in lists.items()
    ]
    SHARED.write_text("{\n" + ",\n".join(rows) + "\n}\n")


def short_field(field, block):
    """A field without what is usual; `type` only where its name does not say it."""
    expected = usual(field, block)
    short = {"name": field["name"]}
    named = USUAL["named"].get(field["name"], {})
    for key in ("label", "type"):
        if field[key] != named.get(key):
            short[key] = field[key]
    for key in sorted(field):
        value = field[key]
        if key in short or key in DROPPED or key in ("label", "type"):
            continue
        if key == "required":
            short[key] = value
        elif key == "defaultValue":
            if value != expected.get(key):
                short[key] = value
        elif key == "picklistValues":
            if value:
                short[key] = value if isinstance(value, str) else short_values(value)
        elif not same(value, expected.get(key)):
            short[key] = value
    return short


def usual_block(fields):
    """An object's own usual values: what at least 20 fields of a type have in common."""
    block = {}
    for kind in sorted({field["type"] for field in fields}):
        alike = [field for field in fields if field["type"] == kind]
        if len(alike) < 20:
            continue
        keys = {}
        for field in alike:
            for key, value in short_field(field, {}).items():
                if key not in ("name", "label", "type", "picklistValues"):
                    keys.setdefault((key, json.dumps(value)), []).append(field["name"])
        common = {
            key: json.loads(text)
            for (key, text), names in sorted(keys.items())
            if len(names) * 10 > len(alike) * 7
        }
        if common:
            block[kind] = common
    return block


def short_child(child):
    """A child relationship: `Child.Field`, `Child.Field Name`, or an object with the rest."""
    text = f'{child["childSObject"]}.{child["field"]}'
    if child.get("relationshipName"):
        text += f' {child["relationshipName"]}'
    rest = {
        key: child[key]
        for key in (
            "cascadeDelete", "restrictedDelete", "deprecatedAndHidden",
            "junctionIdListNames", "junctionReferenceTo", "feature",
        )
        if child.get(key)
    }
    return {"child": text, **rest} if rest else text


def short_record_type(info):
    """A record type without what is usual for Master."""
    short = {"name": info["name"], "recordTypeId": info["recordTypeId"]}
    for key, usual_value in (
        ("developerName", info["name"]), ("active", True), ("available", True),
        ("defaultRecordTypeMapping", info["name"] == "Master"), ("master", info["name"] == "Master"),
    ):
        if info[key] != usual_value:
            short[key] = info[key]
    if info.get("feature"):
        short["feature"] = info["feature"]
    return short


def links(describe):
    """Names of the describe's links beyond those that every object has."""
    return [key for key in describe["urls"] if key not in ALWAYS_LINKED | DERIVED_LINKS]


def one_line(value):
    return json.dumps(value, ensure_ascii=False)


def write(describe, source, own):
    """Writes one file. `own` holds our own keys of the object (`feature`, `internalPrefix`)."""
    fields = describe["fields"]
    names = [field["name"] for field in fields]
    assert len(set(names)) == len(names), describe["name"]
    block = usual_block(fields)
    lines = []

    def line(key, value):
        lines.append(f'"{key}": {one_line(value)}')

    line("_source", source)
    for key in ("name", "label", "labelPlural", "keyPrefix"):
        line(key, describe[key])
    for key in sorted(own):
        line(key, own[key])
    for key in sorted(describe):
        value = describe[key]
        if value is True or (key in ("associateEntityType", "associateParentEntity", "networkScopeFieldName") and value):
            line(key, value)
    if links(describe):
        line("urls", links(describe))
    if describe["namedLayoutInfos"]:
        line("namedLayoutInfos", [layout["name"] for layout in describe["namedLayoutInfos"]])
    if describe["supportedScopes"]:
        line("supportedScopes", {scope["name"]: scope["label"] for scope in describe["supportedScopes"]})
    if describe["recordTypeInfos"]:
        line("recordTypeInfos", [short_record_type(info) for info in describe["recordTypeInfos"]])
    if block:
        line("usual", block)
    children = [one_line(short_child(child)) for child in describe["childRelationships"]]
    if children:
        lines.append('"childRelationships": [\n' + ",\n".join(children) + "\n]")
    rows = [one_line(short_field(field, block)) for field in fields]
    lines.append('"fields": [\n' + ",\n".join(rows) + "\n]")
    SCHEMA.mkdir(parents=True, exist_ok=True)
    path = SCHEMA / f'{describe["name"]}.json'
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
