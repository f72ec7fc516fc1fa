"""Events over HTTP. What became of one is told by identity.api, which knows the leads."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from capture.models import InboundEvent, Signal
from leadhub.kernel.api import CursorById
from leadhub.kernel.models import Work
from leadhub.kernel.resource import PageQuery, Resource


class EventQuery(PageQuery):
    """How events may be asked for."""

    source = serializers.SlugField(max_length=60, required=False)  # type: ignore[assignment]  # a declared field never becomes the attribute
    received_since = serializers.DateTimeField(required=False)


class EventSerializer(serializers.ModelSerializer[InboundEvent]):
    """One delivery, without its content: that is sealed, and shown in the admin only."""

    source = serializers.CharField(source="source.slug", read_only=True)  # type: ignore[assignment]  # a declared field never becomes the attribute
    digest = serializers.SerializerMethodField(help_text="Keyed digest of the content, as hex.")

    class Meta:
        model = InboundEvent
        fields = (
            "id", "source", "delivery_key", "digest", "variant_of", "received_at", "content_type", "size", "verdict",
            "opt", "spam", "traceparent",
        )  # fmt: skip
        read_only_fields = fields

    def get_digest(self, event: InboundEvent) -> str:
        """Give the digest as hex."""
        return bytes(event.digest).hex()


class SignalSerializer(serializers.ModelSerializer[Signal]):
    """Normalised facts read from an event."""

    class Meta:
        model = Signal
        fields = (
            "id", "part", "channel", "kind", "occurred_at", "time_doubtful", "facts", "text", "conversation",
            "attributes", "quality", "normaliser",
        )  # fmt: skip
        read_only_fields = fields


class WorkSerializer(serializers.ModelSerializer[Work]):
    """Something still to be done, or set aside."""

    class Meta:
        model = Work
        fields = ("stage", "subject", "attempts", "due_at", "reason", "quarantined_at")
        read_only_fields = fields


def work_of(subjects: Iterable[UUID]) -> QuerySet[Work]:
    """Give what is left to do for these subjects."""
    return Work.objects.filter(subject__in=list(subjects)).order_by("id")


class Events(Resource):
    """List events."""

    needs = {"GET": "capture.view_inboundevent"}
    query = EventQuery
    pagination_class = CursorById

    @extend_schema(operation_id="events_list", parameters=[EventQuery], responses=EventSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List what came through the doors, newest first."""
        rows = InboundEvent.objects.select_related("source").defer("sealed_body", "wrapped_key", "headers")
        if "source" in self.asked:
            rows = rows.filter(source__slug=self.asked["source"])
        if "received_since" in self.asked:
            rows = rows.filter(received_at__gte=self.asked["received_since"])
        return self.page(rows, EventSerializer)
