"""Leads, reviews and merges over HTTP, for people and programs. Every change goes through identity.services."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from capture.api import EventSerializer, SignalSerializer, WorkSerializer, work_of
from capture.models import InboundEvent
from identity import search, selectors, serializers, services
from identity.models import Lead, Merge, MergeReview, Resolution
from leadhub.kernel import clock, wake
from leadhub.kernel.api import CursorById
from leadhub.kernel.problems import Conflict
from leadhub.kernel.resource import Resource

Done = TypeVar("Done")

READ_LEADS = {"GET": "identity.view_lead"}
CHANGE_LEADS = {"POST": "identity.change_lead"}


def ordered(service: Callable[..., Done], **order: Any) -> Done:
    """Run a service; its refusal becomes 409 with the service's own sentence."""
    try:
        done = service(**order, now=clock.now())
    except services.Refused as refusal:
        raise Conflict(str(refusal)) from refusal
    wake.pipeline()
    return done


class Leads(Resource):
    """List leads."""

    needs = READ_LEADS
    query = serializers.LeadQuery
    pagination_class = CursorById

    @extend_schema(
        operation_id="leads_list",
        parameters=[serializers.LeadQuery],
        responses=serializers.LeadSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List leads, newest first. Only the declared filters are accepted."""
        asked = {name: value for name, value in self.asked.items() if name not in ("after", "limit")}
        return self.page(search.leads(**asked), serializers.LeadSerializer)


class OneLead(Resource):
    """Show and correct one lead."""

    needs = {"GET": "identity.view_lead", "PATCH": "identity.change_lead"}
    query = serializers.FollowQuery

    @extend_schema(
        operation_id="leads_read",
        parameters=[serializers.FollowQuery],
        responses={200: serializers.LeadSerializer, 307: OpenApiResponse(description="Merged: see Location.")},
    )
    def get(self, request: Request, lead_id: UUID) -> Response:
        """Show a lead. A merged id leads on to its survivor (307: an unmerge may bring it back)."""
        lead = get_object_or_404(Lead, pk=lead_id)
        if lead.state == Lead.State.MERGED and self.asked["follow"]:
            return _onward(lead_id)
        return Response(serializers.LeadSerializer(lead).data)

    @extend_schema(
        operation_id="leads_edit", request=serializers.EditOrder, responses={202: serializers.ReceiptSerializer}
    )
    def patch(self, request: Request, lead_id: UUID) -> Response:
        """Correct a lead. The edit is stored as an event and shows in the lead within moments."""
        get_object_or_404(Lead, pk=lead_id)
        changes = self.read(serializers.EditOrder)
        event = ordered(services.edit, lead_id=lead_id, changes=changes, by=self.actor)
        return Response({"event": event}, status=status.HTTP_202_ACCEPTED)


def _onward(lead_id: UUID) -> Response:
    survivor = selectors.follow(lead_id=lead_id)
    if survivor is None:
        raise Conflict("This lead was merged into one that no longer stands; ask with ?follow=false.")
    address = reverse("api:lead", args=[survivor])
    return Response({"merged_into": survivor}, status=status.HTTP_307_TEMPORARY_REDIRECT, headers={"Location": address})


class Reviews(Resource):
    """List reviews."""

    needs = {"GET": "identity.view_mergereview"}
    query = serializers.ReviewQuery
    pagination_class = CursorById

    @extend_schema(
        operation_id="reviews_list",
        parameters=[serializers.ReviewQuery],
        responses=serializers.ReviewSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List pairs of leads that a person should look at; open ones unless asked otherwise."""
        return self.page(MergeReview.objects.filter(state=self.asked["state"]), serializers.ReviewSerializer)


class OneReview(Resource):
    """Show one review."""

    needs = {"GET": "identity.view_mergereview"}

    @extend_schema(operation_id="reviews_read", responses=serializers.ReviewPairSerializer)
    def get(self, request: Request, review_id: UUID) -> Response:
        """Show a review with both leads."""
        review = get_object_or_404(MergeReview.objects.select_related("left", "right"), pk=review_id)
        pair = {"review": review, "left": review.left, "right": review.right}
        return Response(serializers.ReviewPairSerializer(pair).data)


class ResolveReview(Resource):
    """Settle one review."""

    needs = CHANGE_LEADS

    @extend_schema(
        operation_id="reviews_resolve", request=serializers.ReviewOrder, responses=serializers.ReviewSerializer
    )
    def post(self, request: Request, review_id: UUID) -> Response:
        """Settle a review: `merge` joins the two (the older stays), `apart` keeps them apart for good."""
        review = get_object_or_404(MergeReview, pk=review_id)
        order = self.read(serializers.ReviewOrder)
        same = order["decision"] == serializers.SAME
        ordered(services.settle_review, review_id=review_id, same=same, because=order["because"], by=self.actor)
        review.refresh_from_db()
        return Response(serializers.ReviewSerializer(review).data)


class Merges(Resource):
    """Join two leads."""

    needs = CHANGE_LEADS

    @extend_schema(
        operation_id="merges_add", request=serializers.MergeOrder, responses={201: serializers.MergeSerializer}
    )
    def post(self, request: Request) -> Response:
        """Join two leads. `keep` survives; the other id leads on to it. It can be undone."""
        order = self.read(serializers.MergeOrder)
        for lead_id in (order["keep"], order["absorb"]):
            get_object_or_404(Lead, pk=lead_id)
        merge = ordered(services.merge, **order, by=self.actor)
        return Response(serializers.MergeSerializer(merge).data, status=status.HTTP_201_CREATED)


class UndoMerge(Resource):
    """Undo a merge."""

    needs = CHANGE_LEADS

    @extend_schema(operation_id="merges_undo", request=serializers.UndoOrder, responses=serializers.MergeSerializer)
    def post(self, request: Request, merge_id: UUID) -> Response:
        """Undo a merge: both leads stand as if never joined, and stay apart."""
        get_object_or_404(Merge, pk=merge_id)
        merge = ordered(services.unmerge, merge_id=merge_id, by=self.actor, **self.read(serializers.UndoOrder))
        return Response(serializers.MergeSerializer(merge).data)


class CannotLinks(Resource):
    """Keep two leads apart."""

    needs = CHANGE_LEADS

    @extend_schema(
        operation_id="cannot_links_add",
        request=serializers.ApartOrder,
        responses={201: serializers.CannotLinkSerializer},
    )
    def post(self, request: Request) -> Response:
        """Say that two leads are not the same person. No score and no key overrides it."""
        order = self.read(serializers.ApartOrder)
        for lead_id in (order["left"], order["right"]):
            get_object_or_404(Lead, pk=lead_id)
        link = ordered(services.cannot_link, **order, by=self.actor)
        return Response(serializers.CannotLinkSerializer(link).data, status=status.HTTP_201_CREATED)


class EventTrailSerializer(Serializer[Any]):
    """What became of an event."""

    event = EventSerializer()
    signals = SignalSerializer(many=True)
    resolutions = serializers.ResolutionSerializer(many=True)
    work = WorkSerializer(many=True, help_text="What is still to be done, or was set aside, and why.")


class OneEvent(Resource):
    """Show what became of one event."""

    needs = {"GET": "capture.view_inboundevent"}

    @extend_schema(operation_id="events_read", responses=EventTrailSerializer)
    def get(self, request: Request, event_id: UUID) -> Response:
        """Show an event, the signals read from it, what was decided about them, and what is left to do."""
        event = get_object_or_404(InboundEvent.objects.select_related("source"), pk=event_id)
        signals = list(event.signals.order_by("part"))
        ids = [signal.pk for signal in signals]
        resolutions = Resolution.objects.filter(signal__in=ids).select_related("profile").order_by("signal__part")
        trail = {"event": event, "signals": signals, "resolutions": resolutions, "work": work_of([event_id, *ids])}
        return Response(EventTrailSerializer(trail).data)
