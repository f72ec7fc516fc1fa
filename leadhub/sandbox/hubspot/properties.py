"""The portal's contact properties: which exist, which are unique, and the form a value is stored in."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from leadhub.sandbox.hubspot.errors import Refusal

Property = dict[str, Any]

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_READ_ONLY = ("hs_object_id", "createdate", "lastmodifieddate", "hs_merged_object_ids", "hs_additional_emails")
_TEXT = (
    "email", "firstname", "lastname", "phone", "mobilephone", "company", "jobtitle", "city", "state", "country", "zip",
    "address", "website", "lifecyclestage", "hs_lead_status", "hubspot_owner_id",
)  # fmt: skip


def built_in() -> dict[str, Property]:
    """Give the properties every new portal has."""
    text = {name: _definition(name) for name in _TEXT}
    fixed = {name: _definition(name) | {"modificationMetadata": {"readOnlyValue": True}} for name in _READ_ONLY}
    return text | fixed


def _definition(name: str) -> Property:
    return {
        "name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "contactinformation",
        "description": "", "options": [], "hasUniqueValue": False, "hubspotDefined": True,
        "modificationMetadata": {"readOnlyValue": False, "readOnlyDefinition": True, "archivable": False},
    }  # fmt: skip


def created(asked: Property) -> Property:
    """Make the definition of a custom property from a creation request."""
    missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not asked.get(key)]
    if missing:
        raise Refusal(f"Some required fields were not set: [{', '.join(missing)}]")
    name = str(asked["name"])
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name):
        raise Refusal(f"Property name {name!r} must be lower case letters, digits and underscores")
    if asked["type"] in ("bool", "enumeration") and not asked.get("options"):
        raise Refusal(f"Property {name} of type {asked['type']} needs options")
    free = {"readOnlyValue": False, "readOnlyDefinition": False, "archivable": True}
    return _definition(name) | asked | {"hubspotDefined": False, "modificationMetadata": free}


def stored_form(definition: Property, value: object) -> str:
    """Check a value against its property and give the form the portal keeps. An empty string clears."""
    name = definition["name"]
    if definition["modificationMetadata"]["readOnlyValue"]:
        raise _invalid(name, "READ_ONLY_VALUE", f"Property {name} is a read only property; its value cannot be set.")
    if not isinstance(value, str):
        raise _invalid(name, "INVALID_TYPE", f"Property values were not valid: {name} must be a string")
    if not value:
        return ""
    form = _FORMS.get("email" if name == "email" else definition["type"])
    return form(definition, value) if form else value


def checked(definitions: Mapping[str, Property], asked: Mapping[str, Any]) -> dict[str, str]:
    """Give every asked value in its stored form, or refuse the first that does not fit."""
    for name in asked:
        if name not in definitions:
            raise _invalid(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    return {name: stored_form(definitions[name], value) for name, value in asked.items()}


def _invalid(name: str, code: str, message: str) -> Refusal:
    return Refusal(f"Property values were not valid: {message}", context={"propertyName": [name], "code": [code]})


def _email(definition: Property, value: str) -> str:
    if not _EMAIL.fullmatch(value.strip()):
        raise _invalid("email", "INVALID_EMAIL", f"Email address {value} is invalid")
    return value.strip().lower()


def _moment(definition: Property, value: str) -> str:
    try:
        when = datetime.fromtimestamp(int(value) / 1000, UTC) if value.isdigit() else datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        raise _invalid(definition["name"], "INVALID_DATE", f"{value} was not a valid date.") from None
    text = when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")


def _choice(definition: Property, value: str) -> str:
    allowed = [option["value"] for option in definition["options"]]
    if value not in allowed:
        raise _invalid(definition["name"], "INVALID_OPTION", f"{value} was not one of the allowed options: {allowed}")
    return value


_FORMS: dict[str, Callable[[Property, str], str]] = {
    "email": _email,
    "datetime": _moment,
    "bool": _choice,
    "enumeration": _choice,
}
