"""The code under test: an integration as it would ship. It knows nothing of fauxforce."""

from simple_salesforce import Salesforce, SalesforceMalformedRequest


def deactivate(sf: Salesforce, username: str) -> int:
    """Deactivates a user and returns how many attempts it took. A locked row is tried again."""
    user = sf.query(f"SELECT Id FROM User WHERE Username = '{username}'")["records"][0]
    for attempt in (1, 2, 3):
        try:
            sf.User.update(user["Id"], {"IsActive": False})
            return attempt
        except SalesforceMalformedRequest as refusal:
            if refusal.content[0]["errorCode"] != "UNABLE_TO_LOCK_ROW" or attempt == 3:
                raise
    raise AssertionError("unreachable")
