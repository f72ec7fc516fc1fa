"""Work, breakers, tokens and accounts in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from leadhub.kernel import backlog, clock, wake, work
from leadhub.kernel.models import ApiToken, Breaker, Work
from leadhub.kernel.pages import NoReason, Question, ReadOnlyAdmin, answered, ask

SHOWN = 20  # rows named in a question


class ByState(admin.SimpleListFilter):
    """Filter work by what is happening to it."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """List the states."""
        return [
            ("due", "due now"),
            ("in_flight", "held by a worker"),
            ("waiting", "waiting for its time"),
            ("quarantined", "quarantined"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Work]) -> QuerySet[Work]:
        """Keep the work in the chosen state."""
        now = clock.now()
        states = {
            "due": backlog.due(now),
            "in_flight": backlog.in_flight(now),
            "waiting": backlog.waiting(now),
            "quarantined": backlog.quarantined(),
        }
        chosen = states.get(self.value() or "")
        return queryset.filter(chosen) if chosen is not None else queryset


class ByStage(admin.SimpleListFilter):
    """Filter work by stage, listing only stages that have any."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """List the stages."""
        stages = Work.objects.order_by("stage").values_list("stage", flat=True).distinct()
        return [(stage, stage) for stage in stages]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Work]) -> QuerySet[Work]:
        """Keep the work of the chosen stage."""
        return queryset.filter(stage=self.value()) if self.value() else queryset


@admin.register(Work)
class WorkAdmin(ReadOnlyAdmin):
    """Show what is left to do, and let a person send quarantined work round again."""

    list_display = ("stage", "subject", "happening", "attempts", "since", "due_at", "reason")
    list_filter = (ByState, ByStage, "lane")
    fields = (
        "stage", "subject", "happening", "reason", "detail", "attempts", "bounced", "orphaned", "lane", "since",
        "due_at", "lease_until", "quarantined_at",
    )  # fmt: skip
    readonly_fields = ("happening",)
    search_fields = ("subject",)
    search_help_text = "The whole id of an event, signal or lead."
    ordering = ("-id",)
    actions = ("retry_now",)
    empty = "Nothing is left to do: every signal has reached its end, and nothing is quarantined."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Work], search_term: str
    ) -> tuple[QuerySet[Work], bool]:
        """Find work by the id of its subject, with or without hyphens."""
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted = _uuid(term)
        return (queryset.filter(subject=wanted) if wanted else queryset.none()), False

    @admin.display(description="what is happening")
    def happening(self, row: Work) -> str:
        """Say in words what the row waits for."""
        now = clock.now()
        if row.quarantined_at:
            return "quarantined"
        if row.lease_until and row.lease_until > now and row.token:
            return "held by a worker"
        return "due now" if row.due_at and row.due_at <= now else "waiting for its time"

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to change work."""
        return request.user.has_perm("kernel.change_work")

    @admin.action(description="Try again now", permissions=["retry"])
    def retry_now(self, request: HttpRequest, queryset: QuerySet[Work]) -> HttpResponseBase | None:
        """Ask, then make the chosen quarantined work due."""
        rows = list(queryset.filter(backlog.quarantined()).order_by("id"))
        if not rows:
            messages.warning(request, "None of these is quarantined: what is due or waiting is tried by itself.")
            return None
        if not answered(request):
            return ask(request, self, _about(rows, queryset), NoReason())
        with transaction.atomic():
            for row in rows:
                work.put(stage=row.stage, subjects=[row.subject], now=clock.now(), lane=row.lane)
        wake.pipeline()
        messages.success(request, f"{len(rows)} due again. What fails again comes back here with its reason.")
        return None


def _about(rows: list[Work], chosen: QuerySet[Work]) -> Question:
    lines = [f"{row.stage} {row.subject}: {row.reason}" for row in rows[:SHOWN]]
    more = len(rows) - len(lines)
    return Question(
        title=f"Try {len(rows)} quarantined again?",
        says=("Each goes through its stage again from the start. Nothing that was already done is done twice.",),
        about=[*lines, f"and {more} more"] if more else lines,
        hidden=[
            ("action", "retry_now"),
            *(("_selected_action", str(pk)) for pk in chosen.values_list("pk", flat=True)),
        ],
        button="Try again now",
    )


def _uuid(term: str) -> str | None:
    digits = term.replace("-", "").lower()
    return digits if len(digits) == 32 and all(sign in "0123456789abcdef" for sign in digits) else None


@admin.register(Breaker)
class BreakerAdmin(ReadOnlyAdmin):
    """Show which outside services are trusted right now."""

    list_display = ("name", "state", "failures", "blocked_until", "reason", "changed_at")
    list_filter = ("state",)
    empty = "No outside service has been called yet."


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Show which tokens open the API; deleting one revokes it. `manage.py token add` makes one."""

    list_display = ("name", "prefix", "user", "created_at", "last_used_at")
    fields = ("name", "prefix", "user", "created_at", "last_used_at")
    list_select_related = ("user",)
    empty = "No tokens yet. `manage.py token add <user> --name <what for>` makes one and prints it once."

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow revoking by Django's own permission."""
        return request.user.has_perm("kernel.delete_apitoken")


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class AccountAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Edit accounts, with Unfold's forms."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm


@admin.register(Group)
class TeamAdmin(GroupAdmin, ModelAdmin):
    """Edit groups, with Unfold's forms."""
