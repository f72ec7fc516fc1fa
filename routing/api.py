"""Decisions about a lead over HTTP."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.models import Lead
from leadhub.kernel.resource import Resource
from routing import selectors


class DecisionSerializer(serializers.Serializer[Any]):
    """What the policy said about a lead, and why."""

    decision_id = serializers.UUIDField()
    rule = serializers.CharField()
    trigger = serializers.CharField()
    policy = serializers.IntegerField(help_text="Version of the policy; 0 is the built-in one.")
    verdict = serializers.CharField()
    owner = serializers.CharField(allow_null=True)
    because = serializers.ListField(child=serializers.CharField())
    tier = serializers.CharField()
    decided_at = serializers.DateTimeField()


class LeadDecisions(Resource):
    """List the decisions about one lead."""

    needs = {"GET": "routing.view_decision"}

    @extend_schema(operation_id="leads_decisions", responses=DecisionSerializer(many=True))
    def get(self, request: Request, lead_id: UUID) -> Response:
        """List what was decided about a lead, newest first, with the reasons."""
        get_object_or_404(Lead, pk=lead_id)
        return Response(DecisionSerializer(selectors.decisions_for(lead_id), many=True).data)
