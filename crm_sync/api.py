"""The whole story of a lead over HTTP, from the raw bytes to the CRM: the last app on the path sees all of it."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

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


class LineageSerializer(serializers.Serializer[Any]):
    """Where one value comes from, back to the digest of the raw bytes, and which CRMs were told."""

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


class LeadTimeline(Resource):
    """Tell what happened to one lead."""

    needs = READ
    query = LimitQuery

    @extend_schema(operation_id="leads_timeline", parameters=[LimitQuery], responses=EntrySerializer(many=True))
    def get(self, request: Request, lead_id: UUID) -> Response:
        """List what happened, newest first: signals, consent, changes, merges, decisions, CRM attempts."""
        get_object_or_404(Lead, pk=lead_id)
        limit = self.asked["limit"]
        entries = [*leads.timeline(lead_id=lead_id, limit=limit), *decided(lead_id)]
        entries.sort(key=lambda entry: (entry.at, entry.ref), reverse=True)
        return Response(EntrySerializer(entries[:limit], many=True).data)


class LeadLineage(Resource):
    """Explain one value of one lead."""

    needs = READ
    query = FieldQuery

    @extend_schema(operation_id="leads_lineage", parameters=[FieldQuery], responses=LineageSerializer)
    def get(self, request: Request, lead_id: UUID) -> Response:
        """Explain a field: CRM attempts, the value that won and over which, the signal, the digest of the raw bytes."""
        line = leads.lineage(lead_id=lead_id, field=self.asked["field"])
        if line is None:
            raise Http404
        return Response(LineageSerializer(line).data)
