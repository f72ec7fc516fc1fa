"""A correction by a person: a signal that names its lead."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from capture import desk
from identity import keys
from identity.evidence import lead_key
from identity.merging import Refused
from identity.models import IdentityKey, Lead, Profile


@transaction.atomic
def edit(*, lead_id: UUID, changes: Mapping[str, str], by: str, now: datetime) -> UUID:
    """Correct fields of a lead; an empty value clears one. Gives the id of the event that carries the correction.

    Raises Refused for an unknown, merged or erased lead, or a field that leads do not have.
    """
    unknown = set(changes) - set(Lead.FIELDS)
    if unknown or not changes:
        raise Refused(f"A lead has no field {', '.join(sorted(unknown))}." if unknown else "Nothing to change.")
    lead = Lead.objects.filter(pk=lead_id).first()
    if lead is None or lead.state != Lead.State.ACTIVE:
        raise Refused("Only an active lead can be corrected; follow a merged one to its survivor.")
    _give_key(lead_id)
    return desk.record_edit(lead_id=lead_id, changes=changes, by=by, now=now)


def _give_key(lead_id: UUID) -> None:
    """Let the lead's anchor be found by the lead's own key, which its corrections carry."""
    digest = lead_key(lead_id)
    anchor = Profile.objects.select_for_update().get(home=lead_id, anchor=True)
    pair = [keys.LEAD, digest.hex()]
    if pair in anchor.keys:
        return
    anchor.keys = sorted([*anchor.keys, pair])
    anchor.save(update_fields=["keys"])
    IdentityKey.objects.get_or_create(kind=keys.LEAD, digest=digest, profile=anchor)
