"""CRM sync in the admin: everything is a record; what can be done is done by services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from crm_sync import connections
from crm_sync.models import Conflict, Connection, FieldMapping, PushAttempt, RemoteLink
from leadhub.kernel import clock
from leadhub.kernel.errors import LeadHubError
from leadhub.kernel.models import Breaker, Work
from leadhub.kernel.pages import ReadOnlyAdmin


class SyncAdmin(ReadOnlyAdmin):
    """Show records; actions need the right to change connections."""

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to change connections."""
        return request.user.has_perm("crm_sync.change_connection")


def _each(request: HttpRequest, rows: QuerySet[Any], do: Callable[[Any], object], done: str) -> None:
    for row in rows:
        try:
            do(row)
        except LeadHubError as refused:
            messages.error(request, f"{row}: {refused}")
        else:
            messages.success(request, f"{row}: {done}")


@admin.register(Connection)
class ConnectionAdmin(SyncAdmin):
    """The CRM accounts. `manage.py connection add` makes them; the token is never shown."""

    empty = "No CRM yet: `manage.py connection add hubspot --slug … --url https://api.hubapi.com --token …`"

    list_display = ("slug", "kind", "base_url", "enabled", "breaker", "waiting", "quarantined")
    list_filter = ("kind", "enabled")
    exclude = ("credentials",)
    readonly_fields = ("slug", "kind", "base_url", "enabled", "created_at", "breaker", "waiting", "quarantined")
    actions = ("check_account", "pause", "resume", "close_breaker", "retry_quarantined")

    @admin.display(description="Breaker")
    def breaker(self, connection: Connection) -> str:
        """Say whether calls flow, and if not, why."""
        row = Breaker.objects.filter(name=connection.service).first()
        if row is None:
            return "closed: calls flow"
        return f"{row.get_state_display()} {row.reason}".strip()

    @admin.display(description="Waiting")
    def waiting(self, connection: Connection) -> int:
        """Count leads that wait to be pushed."""
        return Work.objects.filter(stage=connection.stage, quarantined_at=None).count()

    @admin.display(description="Quarantined")
    def quarantined(self, connection: Connection) -> int:
        """Count leads a person must look at."""
        return Work.objects.filter(stage=connection.stage, quarantined_at__isnull=False).count()

    @admin.action(description="Check the account", permissions=["run"])
    def check_account(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Run the preflight and show what is wrong."""
        for connection in queryset:
            problems = connections.preflight(connection=connection)
            for problem in problems:
                messages.error(request, f"{connection}: {connections.in_words(problem)}")
            if not problems:
                messages.success(request, f"{connection}: all is well.")

    @admin.action(description="Pause: send nothing", permissions=["run"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Switch off."""
        _each(request, queryset, lambda one: connections.disable(connection=one), "paused")

    @admin.action(description="Resume: bring everything up to date", permissions=["run"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Switch on."""
        _each(request, queryset, lambda one: connections.enable(connection=one, now=clock.now()), "on")

    @admin.action(description="Close the breaker: it is mended", permissions=["run"])
    def close_breaker(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Let calls through again."""
        _each(request, queryset, lambda one: connections.close_breaker(connection=one, now=clock.now()), "calls flow")

    @admin.action(description="Try the quarantined leads again", permissions=["run"])
    def retry_quarantined(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Make quarantined leads due."""
        _each(
            request, queryset, lambda one: connections.retry_quarantined(connection=one, now=clock.now()), "tried again"
        )


@admin.register(FieldMapping)
class FieldMappingAdmin(SyncAdmin):
    """The versions of each connection's mapping."""

    list_display = ("connection", "version", "state", "created_at")
    list_filter = ("connection", "state")


@admin.register(RemoteLink)
class RemoteLinkAdmin(SyncAdmin):
    """Which record each lead is in which CRM."""

    empty = "Nothing was pushed yet. A lead with a phone number or an e-mail address goes to every CRM that is on."

    list_display = ("lead", "connection", "remote_id", "state", "lead_version", "doubtful", "updated_at")
    list_filter = ("connection", "state")
    list_select_related = ("lead", "connection")
    search_fields = ("=remote_id", "=lead__id")
    actions = ("push_again",)

    @admin.display(description="In doubt", boolean=True)
    def doubtful(self, link: RemoteLink) -> bool:
        """Tell whether the record will be read before it is written."""
        return link.doubtful

    @admin.action(description="Push these leads again", permissions=["run"])
    def push_again(self, request: HttpRequest, queryset: QuerySet[RemoteLink]) -> None:
        """Make the leads due."""
        _each(request, queryset.select_related("connection"), _push_again, "due")


@admin.register(PushAttempt)
class PushAttemptAdmin(SyncAdmin):
    """What was sent, and what the CRM said."""

    empty = "Nothing was sent yet."

    list_display = ("at", "lead", "connection", "operation", "outcome", "status_code", "remote_id", "detail")
    list_filter = ("connection", "operation", "outcome")
    list_select_related = ("lead", "connection")
    search_fields = ("=remote_id", "=lead__id", "=trace_id")
    actions = ("push_again",)

    @admin.action(description="Push these leads again", permissions=["run"])
    def push_again(self, request: HttpRequest, queryset: QuerySet[PushAttempt]) -> None:
        """Make the leads due."""
        _each(request, queryset.select_related("connection"), _push_again, "due")


def _push_again(row: Model) -> None:
    lead_ids, connection = [row.lead_id], row.connection  # type: ignore[attr-defined]
    connections.push_again(connection=connection, lead_ids=lead_ids, now=clock.now())


@admin.register(Conflict)
class ConflictAdmin(SyncAdmin):
    """Values another record owns."""

    empty = "No conflicts: no other record has a value of ours."

    list_display = ("opened_at", "lead", "connection", "field", "reason", "state", "closed_by")
    list_filter = ("connection", "state", "field")
    list_select_related = ("lead", "connection")
    search_fields = ("=lead__id", "=theirs")
    actions = ("close_conflict",)

    @admin.action(description="Freed in the CRM: offer our value again", permissions=["run"])
    def close_conflict(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        """Settle by hand."""
        by = request.user.get_username()
        _each(
            request,
            queryset.filter(state=Conflict.State.OPEN).select_related("connection"),
            lambda one: connections.close_conflict(conflict=one, by=by, now=clock.now()),
            "offered again",
        )
