"""HubSpot's contact endpoints, one method each. Raises kernel.http's errors; the connector reads all other answers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from leadhub.kernel import http
from leadhub.kernel.http import Answer

CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"
SPARE_EMAILS = "/contacts/v1/secondary-email"  # the only documented way to take one away


class Client:
    """One HubSpot account, reached with a private app's token."""

    def __init__(self, *, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._headers = {"authorization": f"Bearer {token}"}

    def upsert(self, inputs: Sequence[Mapping[str, Any]]) -> Answer:
        """Write up to 100 contacts by a unique property."""
        return self._call("POST", f"{CONTACTS}/batch/upsert", {"inputs": inputs})

    def update(self, inputs: Sequence[Mapping[str, Any]]) -> Answer:
        """Write up to 100 contacts by HubSpot's id."""
        return self._call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})

    def read(self, ids: Sequence[str], *, id_property: str, properties: Collection[str]) -> Answer:
        """Read up to 100 contacts."""
        asked: dict[str, Any] = {"inputs": [{"id": one} for one in ids], "properties": sorted(properties)}
        if id_property:
            asked["idProperty"] = id_property
        return self._call("POST", f"{CONTACTS}/batch/read", asked, writes=False)

    def get(self, contact_id: str, *, properties: Collection[str]) -> Answer:
        """Read one contact, through merges."""
        names = quote(",".join(sorted(properties)))
        return self._call("GET", f"{CONTACTS}/{quote(contact_id)}?properties={names}", writes=False)

    def merge(self, *, primary: str, loser: str) -> Answer:
        """Merge two contacts for good."""
        return self._call("POST", f"{CONTACTS}/merge", {"primaryObjectId": primary, "objectIdToMerge": loser})

    def drop_spare_email(self, contact_id: str, email: str) -> Answer:
        """Take a secondary e-mail address away from a contact."""
        return self._call("DELETE", f"{SPARE_EMAILS}/{quote(contact_id)}/email/{quote(email)}")

    def erase(self, contact_id: str) -> Answer:
        """Erase a contact for good. Always by id: an unknown e-mail address would be put on a blocklist."""
        return self._call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": contact_id})

    def properties(self) -> Answer:
        """List the properties of contacts."""
        return self._call("GET", PROPERTIES, writes=False)

    def create_property(self, definition: Mapping[str, Any]) -> Answer:
        """Add a property."""
        return self._call("POST", PROPERTIES, definition)

    def _call(self, method: str, path: str, json: object = None, *, writes: bool = True) -> Answer:
        return http.call(
            base_url=self._base_url, method=method, path=path, headers=self._headers, json=json, writes=writes
        )
