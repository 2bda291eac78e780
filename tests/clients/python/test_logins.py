"""Every login of simple-salesforce, unmodified: the hosts are the real ones, the proxy is ours."""

import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed

USERNAME = os.environ["SF_USERNAME"]
PASSWORD = os.environ["SF_PASSWORD"]


def works(sf, username):
    """True when the session reads the org."""
    return sf.query(f"SELECT Id FROM User WHERE Username = '{username}'")["totalSize"] == 1


def test_soap_login_with_the_security_token():
    sf = Salesforce(
        username=USERNAME, password=PASSWORD, security_token=os.environ["SF_SECURITY_TOKEN"]
    )
    # A real login leads away from the login host.
    assert sf.sf_instance.endswith(".my.salesforce.com")
    assert works(sf, USERNAME)


def test_soap_login_at_a_sandbox():
    sf = Salesforce(username=USERNAME, password=PASSWORD, security_token="", domain="test")
    assert works(sf, USERNAME)


def test_soap_login_names_a_fork(org):
    sf = Salesforce(
        username=org.facts["username"],
        password=org.facts["password"],
        security_token=org.facts["security_token"],
    )
    sf.Account.create({"Name": "Only in the fork"})
    here = "SELECT COUNT() FROM Account WHERE Name = 'Only in the fork'"
    assert sf.query(here)["totalSize"] == 1
    assert org.connect().query(here)["totalSize"] == 1


def test_oauth_password():
    sf = Salesforce(
        username=USERNAME,
        password=PASSWORD,
        consumer_key=os.environ["SF_CLIENT_ID"],
        consumer_secret=os.environ["SF_CLIENT_SECRET"],
    )
    assert works(sf, USERNAME)


def test_client_credentials_at_a_my_domain():
    sf = Salesforce(
        consumer_key=os.environ["SF_CLIENT_ID"],
        consumer_secret=os.environ["SF_CLIENT_SECRET"],
        domain="fauxforce.my",
    )
    assert works(sf, USERNAME)


def test_jwt_bearer():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    sf = Salesforce(
        username=USERNAME, consumer_key=os.environ["SF_CLIENT_ID"], privatekey=pem.decode()
    )
    assert works(sf, USERNAME)


def test_a_wrong_password_is_refused():
    with pytest.raises(SalesforceAuthenticationFailed) as refusal:
        Salesforce(username=USERNAME, password="wrong", security_token="")
    assert refusal.value.code == "INVALID_LOGIN"
    assert "Invalid username, password, security token; or user locked out." in str(refusal.value)
