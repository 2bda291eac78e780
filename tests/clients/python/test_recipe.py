"""What fauxforce is for: a fork per test, a fault, an advance of the clock, a diff."""

import pytest
from simple_salesforce import SalesforceExpiredSession, SalesforceMalformedRequest

from offboarding import deactivate

MANAGER = "ngozi.okafor@example.com"
LOCKED = {"error": "UNABLE_TO_LOCK_ROW"}


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_org_of_its_own(sf, turn):
    # The second turn would find the first one's record if they shared an org.
    assert sf.query("SELECT COUNT() FROM Account WHERE Name = 'Acme'")["totalSize"] == 0
    assert sf.Account.create({"Name": "Acme"})["success"]
    assert sf.query("SELECT COUNT() FROM Account WHERE Name = 'Acme'")["totalSize"] == 1


def test_a_locked_row_is_tried_again(org, sf):
    update_of_a_user = {"object": "User", "operation": "update"}
    org.control("POST", "/faults", {"match": update_of_a_user, "when": {"times": 2}, "then": LOCKED})
    assert deactivate(sf, MANAGER) == 3
    counted = org.control(
        "POST", "/requests/verify", {**update_of_a_user, "method": "PATCH", "times": {"exactly": 3}}
    )
    assert counted["matched"], counted


def test_a_row_that_stays_locked_is_reported(org, sf):
    org.control("POST", "/faults", {"match": {"object": "User", "operation": "update"}, "then": LOCKED})
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        deactivate(sf, MANAGER)
    assert refusal.value.content[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert sf.query(f"SELECT IsActive FROM User WHERE Username = '{MANAGER}'")["records"][0]["IsActive"]


def test_the_session_ends_after_three_hours(org, sf):
    assert sf.limits()["DailyApiRequests"]["Max"] > 0
    org.control("PUT", "/clock", {"advance": "PT3H"})
    with pytest.raises(SalesforceExpiredSession) as refusal:
        sf.limits()
    assert refusal.value.content[0]["errorCode"] == "INVALID_SESSION_ID"


def test_what_changed_is_one_user_and_a_seat(org, sf):
    org.control("PUT", "/snapshots/before")
    deactivate(sf, MANAGER)
    changed = org.control("GET", "/diff?from=before")["objects"]
    # Who is deactivated gives the seat back.
    assert sorted(changed) == ["User", "UserLicense"]
    [update] = changed["User"]["updated"]
    assert update["before"]["IsActive"] is True
    assert update["after"]["IsActive"] is False
    assert not changed["User"]["created"] and not changed["User"]["deleted"]


def test_a_run_makes_users_of_the_employees(org, sf):
    process = org.control("POST", "/provisioning/run")["processId"]
    org.control("POST", "/drain")
    counters = "ProcessStatus, TotalRecordCount, SuccessRecordCount, ErrorRecordCount"
    row = sf.query(f"SELECT {counters} FROM EmpUserProvisioningProcess WHERE Id = '{process}'")["records"][0]
    row.pop("attributes")
    assert row == {
        "ProcessStatus": "Finished",
        "TotalRecordCount": 10,
        "SuccessRecordCount": 10,
        "ErrorRecordCount": 0,
    }
