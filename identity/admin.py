"""Leads, reviews, merges and consent in the admin. Everything is read-only; what can be done is in identity.pages."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from identity import pages, search
from identity.models import CannotLink, ConsentEntry, Lead, Merge, MergeReview, Resolution
from identity.wording import REASONS, sentences
from leadhub.kernel.pages import ReadOnlyAdmin


def may_change_leads(request: HttpRequest) -> bool:
    """Tell whether this person may decide about leads."""
    return request.user.has_perm(pages.CHANGE)


def link_to(lead: Lead | None) -> str:
    """Make a link to a lead's page."""
    return format_html('<a href="{}">{}</a>', pages.lead_page(lead.pk), lead) if lead else "–"


def listed(because: list[Any]) -> str:
    """Show evidence as lines."""
    return format_html_join("", "<div>{}</div>", ((line,) for line in sentences(because)))


@admin.register(Lead)
class LeadAdmin(SimpleHistoryAdmin, ReadOnlyAdmin):
    """Show leads: every value with where it came from, everything that happened, and what a person can do."""

    list_display = ("person", "email", "phone", "company", "country", "state", "heard", "updated_at")
    list_filter = ("state", "country", "updated_at")
    search_fields = ("last_name",)  # makes the box appear; get_search_results does the looking
    search_help_text = "The start of a name, or a whole e-mail address or phone number."
    ordering = ("-id",)
    actions = ("merge_chosen",)
    actions_detail = ("correct",)
    empty = "No leads yet. They appear as soon as a signal comes through a door: see Sources."
    change_form_outer_before_template = "leadhub/lead.html"
    history_list_display = ("by", "cause")
    object_history_list_template = "leadhub/history.html"
    history_list_per_page = 25

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        """Search as the API does."""
        return (queryset.filter(search.matching(search_term)) if search_term.strip() else queryset), False

    def get_fieldsets(self, request: HttpRequest, obj: Lead | None = None) -> list[Any]:
        """Leave Django's form empty: the page shows values with their provenance instead."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show everything there is to know about one lead."""
        lead = self.get_object(request, object_id)
        told = _told(lead) if lead else {}
        told["may_change"] = may_change_leads(request)
        page: HttpResponse = super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})
        return page

    def set_history_delta_changes(
        self, request: HttpRequest, historical_records: Any, foreign_keys_are_objs: bool = True
    ) -> None:
        """Tell the first version, too, as a change: from nothing."""
        super().set_history_delta_changes(request, historical_records, foreign_keys_are_objs)
        for version in historical_records:
            if version.history_type == "+":
                values = ((name, getattr(version, name)) for name in Lead.FIELDS)
                version.history_delta_changes = [
                    {"field": name.replace("_", " "), "old": "", "new": value} for name, value in values if value
                ]

    @admin.display(description="person", ordering="last_name")
    def person(self, lead: Lead) -> str:
        """Give a name, or what there is instead of one."""
        return str(lead)

    @admin.display(description="last heard")
    def heard(self, lead: Lead) -> str:
        """Say when and how this person was last heard of."""
        touch = lead.last_touch
        return f"{str(touch.get('at', ''))[:16].replace('T', ' ')} {touch.get('channel', '')}".strip() or "–"

    @admin.display(description="by")
    def by(self, version: Any) -> str:
        """Say who or what changed the lead."""
        return version.actor or "–"

    @admin.display(description="signal")
    def cause(self, version: Any) -> str:
        """Link to the signal that changed the lead."""
        if version.signal_id is None:
            return "–"
        return format_html(
            '<a class="font-medium text-primary-600 dark:text-primary-500" href="{}">signal</a>',
            reverse("admin:capture_signal_change", args=[version.signal_id]),
        )

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the right to change leads."""
        return may_change_leads(request)

    @admin.action(description="Merge the two chosen", permissions=["decide"])
    def merge_chosen(self, request: HttpRequest, queryset: QuerySet[Lead]) -> HttpResponseBase | None:
        """Merge two leads after asking which one stays."""
        return pages.merge_two(self, request, list(queryset.order_by("pk")[:3]))

    @action(description="Correct", icon="edit", permissions=["decide"])  # type: ignore[untyped-decorator]
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Correct values by hand."""
        return pages.correct(self, request, UUID(object_id))


def _told(lead: Lead) -> dict[str, Any]:
    merges = Merge.objects.filter(survivor=lead) | Merge.objects.filter(absorbed=lead)
    reviews = MergeReview.objects.filter(left=lead) | MergeReview.objects.filter(right=lead)
    return {
        "lead": lead,
        "values": [_value(lead, name) for name in Lead.FIELDS if getattr(lead, name)],
        "survivor": lead.merged_into,
        "merges": merges.select_related("survivor", "absorbed").order_by("-merged_at"),
        "reviews": reviews.filter(state=MergeReview.State.OPEN).select_related("left", "right"),
    }


def _value(lead: Lead, name: str) -> dict[str, Any]:
    held = lead.provenance.get(name, {})
    return {
        "name": name.replace("_", " "),
        "value": getattr(lead, name),
        "raw": held.get("raw", ""),
        "at": str(held.get("at", ""))[:16].replace("T", " "),
        "signal": held.get("signal"),
    }


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Show merges, and undo them."""

    list_display = ("merged_at", "stays", "goes", "by", "evidence", "undone_at")
    list_filter = ("confirmed", ("undone_at", admin.EmptyFieldListFilter), "merged_at")
    list_select_related = ("survivor", "absorbed")
    search_fields = ("survivor__id", "absorbed__id")
    fields = ("stays", "goes", "by", "confirmed", "evidence", "merged_at", "undone_at", "undone_by", "undone_because")
    readonly_fields = fields
    ordering = ("-id",)
    actions_detail = ("undo",)
    empty = "No two leads were joined yet."

    @admin.display(description="stays")
    def stays(self, merge: Merge) -> str:
        """Link to the survivor."""
        return link_to(merge.survivor)

    @admin.display(description="absorbed")
    def goes(self, merge: Merge) -> str:
        """Link to the absorbed lead."""
        return link_to(merge.absorbed)

    @admin.display(description="because")
    def evidence(self, merge: Merge) -> str:
        """Say why."""
        return listed(merge.because)

    def has_undo_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow undoing a live merge."""
        live = obj is None or Merge.objects.filter(pk=str(obj), undone_at=None).exists()
        return live and may_change_leads(request)

    @action(description="Undo", icon="undo", permissions=["undo"], variant=ActionVariant.DANGER)  # type: ignore[untyped-decorator]
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Undo the merge after asking."""
        return pages.undo_merge(self, request, UUID(object_id))


@admin.register(MergeReview)
class MergeReviewAdmin(ReadOnlyAdmin):
    """Show pairs a person should look at, side by side, and settle them."""

    list_display = ("opened_at", "first", "second", "why", "evidence", "state")
    list_filter = ("state", "reason", "opened_at")
    list_select_related = ("left", "right")
    ordering = ("-id",)
    actions_detail = ("same", "different")
    change_form_outer_before_template = "leadhub/review.html"
    empty = "No pair of leads waits for a person."

    def get_fieldsets(self, request: HttpRequest, obj: MergeReview | None = None) -> list[Any]:
        """Leave Django's form empty: the page shows the two leads side by side."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the two leads side by side."""
        review = self.get_object(request, object_id)
        told = _side_by_side(review) if review else {}
        page: HttpResponse = super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})
        return page

    @admin.display(description="one")
    def first(self, review: MergeReview) -> str:
        """Link to one lead."""
        return link_to(review.left)

    @admin.display(description="the other")
    def second(self, review: MergeReview) -> str:
        """Link to the other lead."""
        return link_to(review.right)

    @admin.display(description="reason", ordering="reason")
    def why(self, review: MergeReview) -> str:
        """Say why a person should look."""
        return REASONS.get(review.reason, review.reason)

    @admin.display(description="evidence")
    def evidence(self, review: MergeReview) -> str:
        """Say what was seen."""
        return listed(review.because)

    def has_settle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow settling an open review."""
        is_open = obj is None or MergeReview.objects.filter(pk=str(obj), state=MergeReview.State.OPEN).exists()
        return is_open and may_change_leads(request)

    @action(description="Same person: merge", icon="merge", permissions=["settle"], variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def same(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Merge the two after asking."""
        return pages.settle(self, request, UUID(object_id), same=True)

    @action(description="Not the same", icon="link_off", permissions=["settle"])  # type: ignore[untyped-decorator]
    def different(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep the two apart after asking."""
        return pages.settle(self, request, UUID(object_id), same=False)


def _side_by_side(review: MergeReview) -> dict[str, Any]:
    left, right = review.left, review.right
    names = [name for name in Lead.FIELDS if getattr(left, name) or getattr(right, name)]
    return {
        "review": review,
        "why": REASONS.get(review.reason, review.reason),
        "evidence": sentences(review.because),
        "pair": [left, right],
        "rows": [
            {"name": name.replace("_", " "), "left": getattr(left, name), "right": getattr(right, name),
             "same": getattr(left, name) == getattr(right, name)}
            for name in names
        ],
    }  # fmt: skip


@admin.register(CannotLink)
class CannotLinkAdmin(ReadOnlyAdmin):
    """Show which leads a person keeps apart."""

    list_display = ("created_at", "first", "second", "by", "because", "lifted_at")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("left", "right")
    ordering = ("-id",)
    empty = "Nobody said of two leads that they are different people."

    @admin.display(description="one")
    def first(self, link: CannotLink) -> str:
        """Link to one lead."""
        return link_to(link.left)

    @admin.display(description="the other")
    def second(self, link: CannotLink) -> str:
        """Link to the other lead."""
        return link_to(link.right)


@admin.register(ConsentEntry)
class ConsentEntryAdmin(ReadOnlyAdmin):
    """Show what was said about being contacted. Contact points are kept as digests, so none is readable here."""

    list_display = ("occurred_at", "channel", "purpose", "state", "basis", "point_kind", "signal")
    list_filter = ("state", "channel", "purpose", "basis", "occurred_at")
    fields = (
        "point_kind", "channel", "purpose", "state", "basis", "text_version", "text", "jurisdiction", "signal",
        "occurred_at", "recorded_at",
    )  # fmt: skip
    list_select_related = ("signal",)
    ordering = ("-id",)
    empty = "Nobody has granted or withdrawn anything yet."


@admin.register(Resolution)
class ResolutionAdmin(ReadOnlyAdmin):
    """Show what was decided about each signal, and why."""

    list_display = ("decided_at", "signal", "outcome", "given_to", "evidence", "ruleset")
    list_filter = ("outcome", "ruleset", "decided_at")
    fields = ("signal", "outcome", "given_to", "evidence", "ruleset", "decided_at")
    readonly_fields = fields
    list_select_related = ("signal", "lead")
    ordering = ("-signal_id",)
    empty = "No signal was resolved yet."

    @admin.display(description="lead")
    def given_to(self, resolution: Resolution) -> str:
        """Link to the lead it went to then."""
        return link_to(resolution.lead)

    @admin.display(description="because")
    def evidence(self, resolution: Resolution) -> str:
        """Say why."""
        return listed(resolution.because)
