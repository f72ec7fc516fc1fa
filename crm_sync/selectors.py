"""Questions about what was pushed where."""

from uuid import UUID

from crm_sync.contracts import Row, Sent
from crm_sync.mapping import property_of
from crm_sync.models import Connection, FieldMapping, PushAttempt, RemoteLink


def enabled_connections() -> list[Connection]:
    """List the connections that are switched on, in the order they are drained."""
    return list(Connection.objects.filter(enabled=True).order_by("slug"))


def links_of(lead_id: UUID) -> list[RemoteLink]:
    """List a lead's records in the CRMs."""
    return list(RemoteLink.objects.filter(lead_id=lead_id).select_related("connection").order_by("connection__slug"))


def attempts_for(lead_id: UUID, *, limit: int = 100) -> list[PushAttempt]:
    """List what was sent for a lead, newest first."""
    return list(PushAttempt.objects.filter(lead_id=lead_id).select_related("connection").order_by("-id")[:limit])


def lineage_of(lead_id: UUID, field: str, *, limit: int = 20) -> list[Sent]:
    """List when a lead's field was sent to or seen in each CRM, newest first."""
    names = _properties(field)
    found = [
        sent
        for attempt in attempts_for(lead_id, limit=500)
        if (sent := _sent(attempt, names.get((attempt.connection_id, attempt.mapping_version), "")))
    ]
    return found[:limit]


def _properties(field: str) -> dict[tuple[int, int], str]:
    return {
        (mapping.connection_id, mapping.version): property_of(field, [Row(**row) for row in mapping.rows])
        for mapping in FieldMapping.objects.all()
    }


def _sent(attempt: PushAttempt, name: str) -> Sent | None:
    values = attempt.sent or attempt.seen
    if name not in values:
        return None
    return Sent(
        connection=attempt.connection.slug,
        property=name,
        attempt_id=attempt.pk,
        operation=attempt.operation,
        mapping_version=attempt.mapping_version,
        lead_version=attempt.lead_version,
        value=values[name],
        outcome=attempt.outcome,
        at=attempt.at,
    )
