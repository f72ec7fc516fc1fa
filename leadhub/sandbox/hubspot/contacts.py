"""Contacts and who owns which unique value."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from leadhub.sandbox.hubspot.errors import Refusal, conflict

SECONDARY = "hs_additional_emails"


def stamp() -> str:
    """Give the present moment as HubSpot writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Contact:
    """One record. `writes` counts the requests that wrote it, so that a test can see a doubled write."""

    id: str
    created: str
    updated: str
    properties: dict[str, str] = field(default_factory=dict)
    writes: int = 0

    @property
    def secondary(self) -> list[str]:
        """List its further e-mail addresses."""
        return [email for email in self.properties.get(SECONDARY, "").split(";") if email]

    def shown(self, names: Iterable[str] = ()) -> dict[str, Any]:
        """Give the contact as the API shows it: the asked properties and those that always come."""
        always = {"hs_object_id": self.id, "createdate": self.created, "lastmodifieddate": self.updated}
        asked = {name: self.properties.get(name) for name in names}
        return {
            "id": self.id,
            "properties": asked | always,
            "createdAt": self.created,
            "updatedAt": self.updated,
            "archived": False,
        }

    def keep_email_once(self) -> None:
        """Take the main address out of the further ones."""
        further = [email for email in self.secondary if email != self.properties.get("email")]
        self.properties.pop(SECONDARY, None)
        if further:
            self.properties[SECONDARY] = ";".join(further)

    def kept(self) -> dict[str, Any]:
        """Give the contact as the journal keeps it."""
        return asdict(self)


def merged_values(primary: Contact, loser: Contact) -> dict[str, str]:
    """Join two contacts' properties: the primary's win, all addresses stay, both ids are remembered."""
    values = loser.properties | primary.properties
    emails = [one.properties.get("email", "") for one in (primary, loser)] + primary.secondary + loser.secondary
    merged_ids = [one.properties.get("hs_merged_object_ids", "") for one in (primary, loser)]
    values[SECONDARY] = ";".join(dict.fromkeys(email for email in emails if email and email != values.get("email")))
    values["hs_merged_object_ids"] = ";".join(filter(None, [*merged_ids, primary.id, loser.id]))
    return {name: value for name, value in values.items() if value}


class Shelf:
    """All contacts, their unique values, and where merged ids lead now."""

    def __init__(self) -> None:
        self.contacts: dict[str, Contact] = {}
        self.redirects: dict[str, str] = {}
        self.unique_names = {"email"}
        self._owners: dict[tuple[str, str], str] = {}

    def by_id(self, contact_id: str) -> Contact | None:
        """Find a contact, through merges."""
        while contact_id in self.redirects:
            contact_id = self.redirects[contact_id]
        return self.contacts.get(contact_id)

    def by_value(self, name: str, value: str) -> Contact | None:
        """Find a contact by a unique property."""
        owner = self._owners.get((name, value.lower() if name == "email" else value))
        return self.contacts.get(owner) if owner else None

    def check_free(self, values: Mapping[str, str], *, owner: str | None) -> None:
        """Refuse values that another contact has."""
        for name in self.unique_names & values.keys():
            other = self._owners.get((name, values[name])) if values[name] else None
            if other and other != owner:
                raise conflict(other) if name == "email" else _taken(name, other)

    def put(self, contact: Contact) -> None:
        """Add or replace a contact and its unique values."""
        if contact.id in self.contacts:
            self._forget_values(contact.id)
        self.contacts[contact.id] = contact
        for key in self._keys(contact):
            self._owners[key] = contact.id

    def drop(self, contact_id: str) -> None:
        """Remove a contact; its values are free again."""
        self._forget_values(contact_id)
        self.contacts.pop(contact_id, None)

    def _keys(self, contact: Contact) -> list[tuple[str, str]]:
        keys = [(name, contact.properties.get(name, "")) for name in self.unique_names]
        return [key for key in keys if key[1]] + [("email", email) for email in contact.secondary]

    def _forget_values(self, contact_id: str) -> None:
        # The stored contact may have been changed in place already, so ask the index, not the contact.
        known = self.contacts.get(contact_id)
        for key in self._keys(known) if known else ():
            if self._owners.get(key) == contact_id:
                del self._owners[key]


def _taken(name: str, other: str) -> Refusal:
    return Refusal(
        f"Property values were not valid: {name} must be unique and contact {other} has this value already",
        context={"propertyName": [name], "code": ["CONFLICTING_UNIQUE_VALUE"]},
    )
