"""Routing in the admin: owners are configuration, everything else is a record."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from leadhub.kernel import clock
from routing import services
from routing.models import Assignment, Decision, FollowUp, Owner, Policy


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc, unused-ignore]
    """Show records that only services write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: decisions are made by the policy."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a decision is history."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a decision is history."""
        return False


@admin.register(Owner)
class OwnerAdmin(ModelAdmin):  # type: ignore[misc, unused-ignore]
    """Edit the desk. A change lets the policy look again at leads that nobody could take."""

    list_display = ("name", "email", "territories", "enabled", "assigned", "last_assigned_at")
    list_filter = ("enabled",)
    search_fields = ("name", "email")
    readonly_fields = ("assigned", "last_assigned_at")

    def save_model(self, request: HttpRequest, obj: Owner, form: Any, change: bool) -> None:
        """Save the owner and have the leads without one decided again."""
        with transaction.atomic():
            if not change:
                obj.assigned = services.fair_start()
            super().save_model(request, obj, form, change)
            again = services.reconsider(now=clock.now())
        if again:
            messages.info(request, f"{again} leads without an owner are being decided again.")

    def has_delete_permission(self, request: HttpRequest, obj: Owner | None = None) -> bool:
        """Allow only what breaks no record: an owner who had leads is disabled instead."""
        return bool(super().has_delete_permission(request, obj)) and not (obj and obj.assignments.exists())


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    """Show the versions of the policy."""

    list_display = ("version", "active", "note", "created_at")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Show what was decided, and why."""

    list_display = ("decided_at", "lead", "verdict", "owner", "reasons", "tier")
    list_filter = ("rule", "tier", "decided_at")
    search_fields = ("lead__id",)
    list_select_related = ("lead",)

    @admin.display(description="verdict")
    def verdict(self, decision: Decision) -> str:
        """Give the outcome in a word."""
        return str(decision.outcome.get("verdict", ""))

    @admin.display(description="owner")
    def owner(self, decision: Decision) -> str:
        """Give who was chosen."""
        return str(decision.outcome.get("owner") or "nobody")

    @admin.display(description="because")
    def reasons(self, decision: Decision) -> str:
        """Give the reasons."""
        return " ".join(decision.because)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    """Show who has which lead, and since when."""

    list_display = ("lead", "owner", "assigned_at", "ended_at", "reason")
    list_filter = ("owner", "assigned_at")
    search_fields = ("lead__id", "owner__name", "owner__email")
    list_select_related = ("lead", "owner")


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    """Show what owners should do next."""

    list_display = ("lead", "owner", "due_at", "done_at", "done_by")
    list_filter = ("owner", "due_at")
    list_select_related = ("lead", "owner")
    actions = ("mark_done",)

    @admin.action(description="Mark as done", permissions=["view"])
    def mark_done(self, request: HttpRequest, queryset: QuerySet[FollowUp]) -> None:
        """Mark the chosen follow-ups as done by this person."""
        by, now = request.user.get_username(), clock.now()
        done = sum(services.follow_up_done(decision_id=one.pk, by=by, now=now) for one in queryset)
        messages.success(request, f"{done} follow-ups marked as done.")
