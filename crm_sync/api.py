"""The whole story of a lead over HTTP, from the raw bytes to the CRM: the last app on the path sees all of it."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crm_sync import selectors as crm
from identity import selectors as leads
from identity.contracts import TimelineEntry
from identity.models import Lead
from identity.serializers import FieldQuery, LimitQuery
from leadhub.kernel.resource import Resource
from routing import selectors as desk

READ = {"GET": "identity.view_lead"}


class EntrySerializer(serializers.Serializer[Any]):
    """One thing that happened to a lead."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.DictField()
    ref = serializers.CharField(help_text="The id of the row it was read from.")


class SentSerializer(serializers.Serializer[Any]):
    """One time a CRM was told a value, or showed it."""

    connection = serializers.CharField()
    property = serializers.CharField()
    attempt_id = serializers.IntegerField()
    operation = serializers.CharField()
    mapping_version = serializers.IntegerField()
    lead_version = serializers.IntegerField()
    value = serializers.CharField()
    outcome = serializers.CharField()
    at = serializers.DateTimeField()


class LineageSerializer(serializers.Serializer[Any]):
    """Where one value comes from, back to the digest of the raw bytes, and which CRMs were told."""

    crm = SentSerializer(many=True, help_text="Newest first.")
    field = serializers.CharField()
    value = serializers.CharField()
    raw = serializers.CharField()
    rank = serializers.CharField(help_text="Why it won: confident, event time, trust, confidence, value, tie.")
    survivors_over = serializers.ListField(child=serializers.DictField(), help_text="The values it won against.")
    signal = serializers.DictField()
    resolution = serializers.DictField()
    event = serializers.DictField()


def decided(lead_id: UUID) -> list[TimelineEntry]:
    """Tell the desk's decisions as entries of the timeline."""
    return [
        TimelineEntry(
            at=one.decided_at,
            kind="decision",
            title=f"{one.rule.capitalize()}: {one.verdict}",
            detail={"owner": one.owner, "because": list(one.because), "policy": one.policy, "tier": one.tier},
            ref=str(one.decision_id),
        )
        for one in desk.decisions_for(lead_id)
    ]


def told(lead_id: UUID, limit: int) -> list[TimelineEntry]:
    """Tell what was sent to CRMs as entries of the timeline."""
    return [
        TimelineEntry(
            at=one.at,
            kind="crm",
            title=f"{one.operation.capitalize()} in {one.connection.slug}: {one.outcome}",
            detail={
                "sent": one.sent, "seen": one.seen, "record": one.remote_id, "status": one.status_code,
                "correlation": one.correlation, "trace": one.trace_id, "note": one.detail,
            },
            ref=f"attempt-{one.pk}",
        )
        for one in crm.attempts_for(lead_id, limit=limit)
    ]  # fmt: skip


def story(lead_id: UUID, *, limit: int) -> list[TimelineEntry]:
    """Tell everything that happened to a lead, newest first."""
    entries = [*leads.timeline(lead_id=lead_id, limit=limit), *decided(lead_id), *told(lead_id, limit)]
    entries.sort(key=lambda entry: (entry.at, entry.ref), reverse=True)
    return entries[:limit]


class LeadTimeline(Resource):
    """Tell what happened to one lead."""

    needs = READ
    query = LimitQuery

    @extend_schema(operation_id="leads_timeline", parameters=[LimitQuery], responses=EntrySerializer(many=True))
    def get(self, request: Request, lead_id: UUID) -> Response:
        """List what happened, newest first: signals, consent, changes, merges, decisions, CRM attempts."""
        get_object_or_404(Lead, pk=lead_id)
        return Response(EntrySerializer(story(lead_id, limit=self.asked["limit"]), many=True).data)


class LeadLineage(Resource):
    """Explain one value of one lead."""

    needs = READ
    query = FieldQuery

    @extend_schema(operation_id="leads_lineage", parameters=[FieldQuery], responses=LineageSerializer)
    def get(self, request: Request, lead_id: UUID) -> Response:
        """Explain a field: CRM attempts, the value that won and over which, the signal, the digest of the raw bytes."""
        field = self.asked["field"]
        line = leads.lineage(lead_id=lead_id, field=field)
        if line is None:
            raise Http404
        return Response(LineageSerializer({**asdict(line), "crm": crm.lineage_of(lead_id, field)}).data)
