"""What a CRM should hold of a lead, as the mapping says (pure)."""

from collections.abc import Callable, Mapping, Sequence

from crm_sync.contracts import Row
from crm_sync.diff import canonical
from identity.contracts import LeadSnapshot

FIELD = "field."
_FROM: Mapping[str, Callable[[LeadSnapshot], str]] = {
    "lead_id": lambda lead: str(lead.lead_id),
    "opted_out.sms": lambda lead: _flag("sms" in lead.opted_out),
    "opted_out.voice": lambda lead: _flag("voice" in lead.opted_out),
    "opted_out.email": lambda lead: _flag("email" in lead.opted_out),
    "first_touch.channel": lambda lead: lead.first_touch.get("channel", ""),
    "first_touch.at": lambda lead: lead.first_touch.get("at", ""),
    "last_touch.channel": lambda lead: lead.last_touch.get("channel", ""),
    "last_touch.at": lambda lead: lead.last_touch.get("at", ""),
}


def desired(*, lead: LeadSnapshot, owner: str, rows: Sequence[Row]) -> dict[str, str]:
    """Give {property: value} for all that should be there; what the lead does not have is left out."""
    wanted = {row.remote: canonical(_value(lead, owner, row.path), row.form) for row in rows}
    return {name: value for name, value in wanted.items() if value}


def _value(lead: LeadSnapshot, owner: str, path: str) -> str:
    if path.startswith(FIELD):
        return lead.value(path.removeprefix(FIELD))
    if path == "owner":
        return owner
    return _FROM[path](lead)


def _flag(on: bool) -> str:
    return "true" if on else "false"


def unknown_paths(rows: Sequence[Row]) -> list[str]:
    """List the paths that lead nowhere, so that a mapping is refused before anything is sent."""
    known = {*_FROM, "owner"}
    return [row.path for row in rows if row.path not in known and not row.path.startswith(FIELD)]


def property_of(path_or_field: str, rows: Sequence[Row]) -> str:
    """Name the property that a lead's field (or a whole path) goes to, or an empty string."""
    wanted = (path_or_field, FIELD + path_or_field)
    return next((row.remote for row in rows if row.path in wanted), "")
