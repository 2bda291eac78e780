"""An org of its own for each test: a fork of the one that `fauxforce exec` started."""

import os

import pytest
import requests
from simple_salesforce import Salesforce


class Org:
    """One fork: the facts of INTERFACES.md's `org` object, and its control API."""

    def __init__(self):
        self.control_url = os.environ["FAUXFORCE_CONTROL_URL"]
        self.facts = self._send("POST", f"{self.control_url}/orgs/default/fork", {})
        self.url = f"{self.control_url}/orgs/{self.facts['name']}"

    @staticmethod
    def _send(method, url, body=None):
        answer = requests.request(method, url, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def control(self, method, path, body=None):
        """A call of the control API of this org."""
        return self._send(method, f"{self.url}{path}", body)

    def connect(self) -> Salesforce:
        """A client with the org's access token. simple-salesforce speaks https only."""
        return Salesforce(
            instance_url=os.environ["FAUXFORCE_SECURE_URL"],
            session_id=self.facts["access_token"],
        )


@pytest.fixture
def org():
    fork = Org()
    yield fork
    fork.control("DELETE", "")


@pytest.fixture
def sf(org):
    return org.connect()
