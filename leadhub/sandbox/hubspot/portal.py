"""What one HubSpot account does with its contacts. Every public verb is one locked, journalled step."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from leadhub.sandbox.hubspot import properties
from leadhub.sandbox.hubspot.contacts import SECONDARY, Contact, Shelf, merged_values, stamp
from leadhub.sandbox.hubspot.errors import Refusal, not_found
from leadhub.sandbox.hubspot.journal import Entry, Journal

FIRST_ID = 37_765_000_000
MOST_INPUTS = 100


@dataclass(kw_only=True)
class Options:
    """How this portal behaves where real ones differ."""

    merge_makes_new_id: bool = True
    errors_fail_the_batch: bool = False  # some endpoint versions list no 207
    search_lag: float = 0.0  # seconds until a write shows in search
    rate: int = 0  # calls per ten seconds; 0 means no limit


@dataclass(frozen=True, kw_only=True)
class Written:
    """One written contact of a batch."""

    contact: Contact
    new: bool
    trace_id: str | None
    names: tuple[str, ...]


class Portal:
    """Contacts, properties and options, safe between threads."""

    def __init__(self, *, store: Path | None = None) -> None:
        self.options = Options()
        self.lock = threading.RLock()
        self.shelf = Shelf()
        self.properties = properties.built_in()
        self.written_at: dict[str, float] = {}
        self._journal = Journal(store)
        self._last_id = FIRST_ID
        for entry in self._journal.entries():
            self._replay(entry)

    def write_many(
        self, inputs: Sequence[Mapping[str, Any]], *, how: str
    ) -> tuple[list[Written], list[tuple[Refusal, str | None]]]:
        """Upsert, update or create up to 100 contacts; each item stands alone unless the options say otherwise."""
        _check_inputs(inputs, how)
        verb = {"upsert": self._upsert, "update": self._update, "create": self._create}[how]
        done: list[Written] = []
        refused: list[tuple[Refusal, str | None]] = []
        with self.lock:
            if self.options.errors_fail_the_batch:
                self._dry_run(inputs, how)
            for item in inputs:
                try:
                    done.append(verb(item))
                except Refusal as refusal:
                    refused.append((refusal, item.get("objectWriteTraceId")))
            self._commit([written.contact for written in done])
        return done, refused

    def write_one(self, item: Mapping[str, Any], *, how: str) -> Written:
        """Write one contact or raise why not."""
        done, refused = self.write_many([item], how=how)
        if refused:
            raise refused[0][0]
        return done[0]

    def merge(self, *, primary_id: str, loser_id: str) -> Contact:
        """Merge two contacts: the primary's values win, ids of both lead to the result."""
        with self.lock:
            primary, loser = self.get(primary_id), self.get(loser_id)
            if primary.id == loser.id:
                raise Refusal(f"Object {loser_id} has already been merged into {primary.id}")
            merged = self._merged(primary, loser)
            self.shelf.drop(loser.id)
            if merged.id != primary.id:
                self.shelf.drop(primary.id)
            redirects = {old: merged.id for old in (primary.id, loser.id) if old != merged.id}
            self.shelf.redirects |= redirects
            self.shelf.put(merged)
            self._commit([merged], dropped=redirects, redirects=redirects)
            return merged

    def remove(self, contact: Contact) -> None:
        """Archive or erase a contact; either way it is gone for the API."""
        with self.lock:
            self.shelf.drop(contact.id)
            self._commit([], dropped=[contact.id])

    def drop_secondary(self, contact_id: str, email: str) -> None:
        """Take a further e-mail address away from a contact."""
        with self.lock:
            contact = self.get(contact_id)
            left = [kept for kept in contact.secondary if kept != email.lower()]
            self._set(contact, {SECONDARY: ";".join(left)})
            self._commit([contact])

    def define(self, asked: Mapping[str, Any]) -> properties.Property:
        """Create a property."""
        with self.lock:
            definition = properties.created(dict(asked))
            if definition["name"] in self.properties:
                raise Refusal(
                    f"A property named '{definition['name']}' already exists.",
                    status=409,
                    category="OBJECT_ALREADY_EXISTS",
                )
            self._define(definition)
            self._journal.keep({"define": definition})
            return definition

    def reset(self) -> None:
        """Begin again, empty."""
        with self.lock:
            self.shelf, self.properties, self.options = Shelf(), properties.built_in(), Options()
            self.written_at.clear()
            self._journal.wipe()

    def get(self, key: str, *, id_property: str | None = None) -> Contact:
        """Find a contact by id or by a unique property, or refuse with 404."""
        found = self._find(key, id_property)
        if found is None:
            raise not_found(f"contacts {id_property or 'id'} {key}")
        return found

    def find_many(self, keys: Iterable[str], *, id_property: str | None) -> list[Contact]:
        """Find those that exist."""
        with self.lock:
            return [found for key in keys if (found := self._find(key, id_property))]

    def _find(self, key: str, id_property: str | None) -> Contact | None:
        if id_property in (None, "", "hs_object_id"):
            return self.shelf.by_id(key)
        assert id_property is not None  # noqa: S101 - the line above
        if id_property not in self.shelf.unique_names:
            raise Refusal(f"{id_property} is not a unique property of contacts")
        return self.shelf.by_value(id_property, key)

    def _upsert(self, item: Mapping[str, Any]) -> Written:
        id_property, key = item.get("idProperty"), str(item.get("id", ""))
        if not id_property or not key:
            raise Refusal("upsert needs idProperty and id")
        found = self._find(key, str(id_property))
        return self._written(item, found, dict(item.get("properties", {})) | {str(id_property): key})

    def _update(self, item: Mapping[str, Any]) -> Written:
        return self._written(
            item, self.get(str(item.get("id", "")), id_property=item.get("idProperty")), item.get("properties", {})
        )

    def _create(self, item: Mapping[str, Any]) -> Written:
        return self._written(item, None, item.get("properties", {}))

    def _written(self, item: Mapping[str, Any], found: Contact | None, asked: Mapping[str, Any]) -> Written:
        values = self._checked(found, asked)
        contact = found or self._fresh()
        self._set(contact, values)
        return Written(contact=contact, new=found is None, trace_id=item.get("objectWriteTraceId"), names=tuple(values))

    def _checked(self, found: Contact | None, asked: Mapping[str, Any]) -> dict[str, str]:
        values = properties.checked(self.properties, asked)
        self.shelf.check_free(values, owner=found.id if found else None)
        return values

    def _dry_run(self, inputs: Sequence[Mapping[str, Any]], how: str) -> None:
        for item in inputs:
            found = None if how == "create" else self._find(str(item.get("id", "")), item.get("idProperty"))
            self._checked(found, item.get("properties", {}))

    def _fresh(self) -> Contact:
        self._last_id += 1
        now = stamp()
        return Contact(id=str(self._last_id), created=now, updated=now)

    def _set(self, contact: Contact, values: Mapping[str, str]) -> None:
        if contact.id in self.shelf.contacts:
            self.shelf.drop(contact.id)
        contact.properties = {name: value for name, value in {**contact.properties, **values}.items() if value}
        contact.keep_email_once()
        contact.updated = stamp()
        contact.writes += 1
        self.shelf.put(contact)

    def _merged(self, primary: Contact, loser: Contact) -> Contact:
        new_id = self._fresh().id if self.options.merge_makes_new_id else primary.id
        return replace(
            primary,
            id=new_id,
            properties=merged_values(primary, loser),
            updated=stamp(),
            writes=primary.writes + 1,
        )

    def _commit(
        self, contacts: Sequence[Contact], *, dropped: Iterable[str] = (), redirects: Mapping[str, str] | None = None
    ) -> None:
        if not contacts and not dropped:
            return
        now = time.monotonic()
        self.written_at.update({contact.id: now for contact in contacts})
        entry: Entry = {
            "put": [contact.kept() for contact in contacts],
            "drop": list(dropped),
            "redirect": dict(redirects or {}),
        }
        self._journal.keep(entry)

    def _replay(self, entry: Entry) -> None:
        if "define" in entry:
            self._define(entry["define"])
            return
        for contact_id in entry["drop"]:
            self.shelf.drop(contact_id)
        self.shelf.redirects |= entry["redirect"]
        for kept in entry["put"]:
            self.shelf.drop(kept["id"])
            self.shelf.put(Contact(**kept))
            self._last_id = max(self._last_id, int(kept["id"]))

    def _define(self, definition: properties.Property) -> None:
        self.properties[definition["name"]] = definition
        if definition["hasUniqueValue"]:
            self.shelf.unique_names.add(definition["name"])


def _check_inputs(inputs: Sequence[Mapping[str, Any]], how: str) -> None:
    if not inputs:
        raise Refusal("At least one input is required")
    if len(inputs) > MOST_INPUTS:
        raise Refusal(f"Batch size {len(inputs)} is over the limit of {MOST_INPUTS}")
    keys = [(item.get("idProperty"), item.get("id")) for item in inputs if how != "create"]
    if len(set(keys)) != len(keys):
        raise Refusal("Duplicate IDs found in batch input")
