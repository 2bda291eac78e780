"""Test your provisioning integration in ten minutes: Python's standard library and nothing else.

The integration is a service that Salesforce calls when users are to be created elsewhere. Here it is
twenty lines long (`Integration`); yours listens somewhere and is told where the org is. Run it with

    fauxforce exec --clock 2026-01-15T09:00:00Z -- python3 recipe.py
"""

import http.server
import json
import os
import threading
import unittest
import urllib.parse
import urllib.request

URL = os.environ["FAUXFORCE_URL"]
CONTROL = f"{os.environ['FAUXFORCE_CONTROL_URL']}/orgs/{os.environ['FAUXFORCE_ORG']}"
TOKEN = os.environ["SF_ACCESS_TOKEN"]
DATA = f"{URL}/services/data/v66.0"


def call(method, url, body=None):
    """One request of the administrator; gives the JSON of the answer."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def query(soql):
    return call("GET", f"{DATA}/query?q={urllib.parse.quote(soql)}")["records"]


class Integration(http.server.BaseHTTPRequestHandler):
    """The service under test: gets the five inputs of a provisioning plug-in, gives its outputs."""

    accounts = {}
    busy = 0

    def do_POST(self):
        inputs = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if Integration.busy > 0:
            Integration.busy -= 1
            return self.answer(503, {"message": "try again"})
        request = call("GET", f"{DATA}/sobjects/UserProvisioningRequest/{inputs['userProvisioningRequestId']}")
        user = call("GET", f"{DATA}/sobjects/User/{inputs['userId']}")
        active = request["Operation"] in ("Create", "Activate", "Update")
        account = self.accounts.setdefault(inputs["userId"], f"ext-{len(self.accounts) + 1}")
        self.accounts[account] = active
        self.answer(200, {"Status": "done", "ExternalUserId": account, "ExternalUsername": user["Username"]})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class ProvisioningTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Integration)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        # Where the integration is, and that a call which fails is made twice more, a minute later each.
        target = {"adapter": "webhook", "url": f"http://127.0.0.1:{cls.server.server_port}/",
                  "retries": 2, "retryDelay": "PT1M"}
        call("PUT", f"{CONTROL}/settings", {"targets": {"fauxforce": target}})
        # An administrator's work in a real org: the app is provisioned, and a profile reaches it.
        app = query("SELECT Id FROM ConnectedApplication WHERE Name = 'fauxforce'")[0]["Id"]
        config = {"DeveloperName": "app", "MasterLabel": "app", "ConnectedAppId": app, "Enabled": True,
                  "EnabledOperations": "Create,Update,EnableAndDisable", "OnUpdateAttributes": "Email"}
        call("POST", f"{DATA}/sobjects/UserProvisioningConfig", config)
        cls.profile = query("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
        granted = query(f"SELECT Id FROM PermissionSet WHERE ProfileId = '{cls.profile}'")[0]["Id"]
        call("POST", f"{DATA}/sobjects/SetupEntityAccess", {"ParentId": granted, "SetupEntityId": app})

    def hire(self, name):
        fields = {"LastName": name, "Username": f"{name}@example.com", "Email": f"{name}@example.com",
                  "Alias": name[:8], "ProfileId": self.profile, "TimeZoneSidKey": "Europe/Paris",
                  "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US"}
        return call("POST", f"{DATA}/sobjects/User", fields)["id"]

    def drain(self):
        """Everything that is due happens, the integration is called, and the clock moves on."""
        return call("POST", f"{CONTROL}/drain")

    def test_a_hire_gets_an_account_and_loses_it(self):
        user = self.hire("ito")
        self.drain()
        request = query(f"SELECT State, ExternalUserId FROM UserProvisioningRequest WHERE SalesforceUserId = '{user}'")[0]
        self.assertEqual(request["State"], "Completed")
        self.assertTrue(Integration.accounts[request["ExternalUserId"]])
        call("PATCH", f"{DATA}/sobjects/User/{user}", {"IsActive": False})
        self.drain()
        self.assertFalse(Integration.accounts[request["ExternalUserId"]])
        account = query(f"SELECT Status FROM UserProvAccount WHERE SalesforceUserId = '{user}'")[0]
        self.assertEqual(account["Status"], "Deactivated")

    def test_an_outage_is_survived(self):
        Integration.busy = 2
        user = self.hire("okafor")
        began = call("GET", f"{CONTROL}/clock")["now"]
        ended = self.drain()["now"]
        self.assertGreater(ended, began, "two minutes on the org's clock, none on yours")
        request = query(f"SELECT Id, State FROM UserProvisioningRequest WHERE SalesforceUserId = '{user}'")[0]
        self.assertEqual(request["State"], "Completed")
        logs = query(f"SELECT Status FROM UserProvisioningLog WHERE UserProvisioningRequestId = '{request['Id']}' ORDER BY Name")
        self.assertEqual([log["Status"] for log in logs], ["503", "503", "done"])

    def test_a_longer_outage_leaves_a_failed_request_to_retry(self):
        Integration.busy = 3
        user = self.hire("silva")
        self.drain()
        soql = f"SELECT Id, State, RetryCount FROM UserProvisioningRequest WHERE SalesforceUserId = '{user}' ORDER BY Name"
        failed = query(soql)[0]
        self.assertEqual(failed["State"], "Failed")
        call("PATCH", f"{DATA}/sobjects/UserProvisioningRequest/{failed['Id']}", {"State": "Retried"})
        self.drain()
        self.assertEqual([(row["State"], row["RetryCount"]) for row in query(soql)], [("Retried", 0), ("Completed", 1)])


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"# pass {result.testsRun - failed}\n# fail {failed}")
    raise SystemExit(failed > 0)
