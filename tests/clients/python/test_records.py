"""Rows, queries and errors as simple-salesforce shows them."""

import datetime

import pytest
from simple_salesforce import SalesforceMalformedRequest, SalesforceResourceNotFound, format_soql


def test_a_row_lives(sf):
    created = sf.Account.create({"Name": "Acme", "NumberOfEmployees": 12})
    assert created["success"] and created["errors"] == []
    row = sf.Account.get(created["id"])
    assert (row["Name"], row["NumberOfEmployees"]) == ("Acme", 12)
    assert sf.Account.update(created["id"], {"NumberOfEmployees": 13}) == 204
    assert sf.Account.get(created["id"])["NumberOfEmployees"] == 13
    assert sf.Account.delete(created["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Account.get(created["id"])
    assert refusal.value.content[0]["errorCode"] == "NOT_FOUND"


def test_pages_come_to_an_end(sf):
    for batch in range(0, 1000, 200):
        rows = [
            {"attributes": {"type": "Account"}, "Name": f"Page {number}"}
            for number in range(batch, batch + 200)
        ]
        results = sf.restful("composite/sobjects", method="POST", json={"records": rows})
        assert all(result["success"] for result in results)
    query = "SELECT Id, Name FROM Account WHERE Name LIKE 'Page %' ORDER BY Name"
    first = sf.query(query, headers={"Sforce-Query-Options": "batchSize=200"})
    assert (first["totalSize"], first["done"], len(first["records"])) == (1000, False, 200)
    seen = len(first["records"])
    page = first
    while not page["done"]:
        page = sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
        seen += len(page["records"])
    assert seen == 1000
    assert len(list(sf.query_all_iter(query))) == 1000


def test_upsert_by_a_custom_key(org, sf):
    org.control(
        "POST",
        "/objects",
        {
            "name": "Account",
            "fields": [
                {"name": "Ext__c", "type": "string", "length": 40, "externalId": True, "unique": True}
            ],
        },
    )
    assert sf.Account.upsert("Ext__c/a-1", {"Name": "First"}) == 201
    assert sf.Account.upsert("Ext__c/a-1", {"Name": "Second"}) in (200, 204)
    row = sf.Account.get_by_custom_id("Ext__c", "a-1")
    assert row["Name"] == "Second"


def test_changes_are_listed(sf):
    created = sf.Account.create({"Name": "Changed"})
    now = datetime.datetime.fromisoformat("2026-01-15T09:00:00+00:00")
    hour = datetime.timedelta(hours=1)
    assert created["id"] in sf.Account.updated(now - hour, now + hour)["ids"]
    sf.Account.delete(created["id"])
    deleted = sf.Account.deleted(now - hour, now + hour)["deletedRecords"]
    assert [row["id"] for row in deleted] == [created["id"]]


def test_describes_and_search(sf):
    assert "Account" in [thing["name"] for thing in sf.describe()["sobjects"]]
    states = next(
        field
        for field in sf.UserProvisioningRequest.describe()["fields"]
        if field["name"] == "State"
    )
    assert "Manually Completed" in [value["value"] for value in states["picklistValues"]]
    sf.Account.create({"Name": "Findable Limited"})
    found = sf.search("FIND {Findable} IN ALL FIELDS RETURNING Account(Name)")
    assert [row["Name"] for row in found["searchRecords"]] == ["Findable Limited"]


def test_refusals_are_salesforce_s_own(sf):
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.Account.create({"Nam": "Acme"})
    assert refusal.value.content == [
        {
            "message": "No such column 'Nam' on sobject of type Account",
            "errorCode": "INVALID_FIELD",
        }
    ]
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.query(format_soql("SELECT Id FROM Acount WHERE Name = {}", "O'Neil"))
    assert refusal.value.content[0]["errorCode"] == "INVALID_TYPE"
