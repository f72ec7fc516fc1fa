"""The admin site of LeadHub: where things stand, and the way to every record, in the order of the data's path."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from unfold.dataclasses import Favicon
from unfold.sites import UnfoldAdminSite

from capture.models import InboundEvent
from identity.models import Lead, MergeReview
from leadhub.kernel import backlog, clock
from leadhub.kernel.backlog import StageBacklog
from leadhub.kernel.models import Breaker

MOST = 10_000  # counting further costs more than it tells
DAY = timedelta(days=1)

# Group, then (model, name shown, symbol); a model that is not registered or not allowed is left out.
NAVIGATION = (
    ("1 · Doors", ("capture.source", "Sources", "sensor_door"), ("capture.inboundevent", "Events", "inbox"),
     ("capture.signal", "Signals", "graphic_eq")),
    ("2 · People", ("identity.lead", "Leads", "person"), ("identity.mergereview", "Reviews", "compare_arrows"),
     ("identity.merge", "Merges", "merge"), ("identity.cannotlink", "Kept apart", "link_off"),
     ("identity.consententry", "Consent", "fact_check"), ("identity.resolution", "Resolutions", "rule")),
    ("3 · Sales desk", ("routing.owner", "Owners", "badge"), ("routing.decision", "Decisions", "gavel"),
     ("routing.assignment", "Assignments", "assignment_ind"), ("routing.followup", "Follow-ups", "event_upcoming"),
     ("routing.policy", "Policies", "policy")),
    ("4 · CRMs", ("crm_sync.connection", "Connections", "cable"), ("crm_sync.remotelink", "Links", "link"),
     ("crm_sync.pushattempt", "Attempts", "upload"), ("crm_sync.conflict", "Conflicts", "sync_problem"),
     ("crm_sync.fieldmapping", "Mappings", "schema")),
    ("Machinery", ("kernel.work", "Work and quarantine", "conveyor_belt"), ("kernel.breaker", "Breakers", "power"),
     ("kernel.apitoken", "API tokens", "key"), ("auth.user", "Accounts", "group"), ("auth.group", "Groups", "groups")),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Card:
    """One number on the first page, the list it counts, and whether somebody should look."""

    name: str
    number: str
    model: str
    says: str
    query: str = ""
    alarm: bool = False

    @property
    def link(self) -> str:
        """Give the address of the list."""
        return f"{reverse('admin:' + self.model.replace('.', '_') + '_changelist')}?{self.query}"


class LeadHubAdminSite(UnfoldAdminSite):
    """Unfold's site under LeadHub's name."""

    index_title = "Where things stand"
    index_template = "leadhub/start.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the numbers, each with the way to what it counts."""
        now = clock.now()
        stages = backlog.stages(now=now)
        seen = self._models_seen_by(request.user)
        said = {
            "cards": [card for card in _cards(stages, now) if card.model in seen],
            "stages": _stage_table(stages),
            "breakers": list(Breaker.objects.exclude(state=Breaker.State.CLOSED).order_by("name")),
            "no_events": not InboundEvent.objects.exists(),
        }
        page: TemplateResponse = super().index(request, {**said, **(extra_context or {})})
        return page

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add our icon to what every page knows."""
        icon = Favicon(href=static("leadhub/icon.svg"), rel="icon", type="image/svg+xml")
        return {**super().each_context(request), "site_favicons": [icon]}

    def _models_seen_by(self, user: User | AnonymousUser) -> dict[str, type[Model]]:
        return {model._meta.label_lower: model for model in self._registry if _may_view(user, model)}

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """List what this person may see, grouped by the data's path."""
        seen = self._models_seen_by(request.user)
        groups = []
        for title, *items in NAVIGATION:
            links = [_item(request, seen[label], name, symbol) for label, name, symbol in items if label in seen]
            if links:
                groups.append({"title": title, "items": links, "separator": False, "collapsible": False})
        return groups


def _item(request: HttpRequest, model: type[Model], name: str, symbol: str) -> dict[str, Any]:
    link = _list_of(model)
    active = request.path.startswith(link)
    return {"title": name, "icon": symbol, "link": link, "active": active, "has_permission": True}


def _may_view(user: User | AnonymousUser, model: type[Model]) -> bool:
    label, name = model._meta.app_label, model._meta.model_name
    return user.has_perm(f"{label}.view_{name}") or user.has_perm(f"{label}.change_{name}")


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _cards(stages: list[StageBacklog], now: datetime) -> list[Card]:
    set_aside = sum(stage.quarantined for stage in stages)
    reviews = MergeReview.objects.filter(state=MergeReview.State.OPEN)
    broken = Breaker.objects.exclude(state=Breaker.State.CLOSED).count()
    oldest = max((stage.oldest_seconds for stage in stages), default=0.0)
    day = now - DAY
    return [
        Card(
            name="Quarantined",
            number=str(set_aside),
            model="kernel.work",
            query="state=quarantined",
            says="Each says why, and can be tried again." if set_aside else "Nothing was set aside.",
            alarm=bool(set_aside),
        ),
        Card(
            name="Reviews open",
            number=_count(reviews),
            model="identity.mergereview",
            query="state__exact=open",
            says="Pairs that a person should look at.",
            alarm=reviews.exists(),
        ),
        Card(
            name="Due",
            number=str(sum(stage.due for stage in stages)),
            model="kernel.work",
            query="state=due",
            says=f"The oldest waits for {_long(oldest)}." if oldest else "Nobody waits.",
            alarm=oldest > 300,
        ),
        Card(
            name="In flight",
            number=str(sum(stage.in_flight for stage in stages)),
            model="kernel.work",
            query="state=in_flight",
            says="Held by a worker right now.",
        ),
        Card(
            name="Leads in a day",
            number=_count(Lead.objects.filter(pk__gte=_first_id(day))),
            model="identity.lead",
            query=_since("created_at", day),
            says="New in the last 24 hours.",
        ),
        Card(
            name="Events in a day",
            number=_count(InboundEvent.objects.filter(received_at__gte=day)),
            model="capture.inboundevent",
            query=_since("received_at", day),
            says="Through all doors in the last 24 hours.",
        ),
        Card(
            name="Services on hold",
            number=str(broken),
            model="kernel.breaker",
            says="Calls wait; nothing is lost." if broken else "All outside services are trusted.",
            alarm=bool(broken),
        ),
    ]


def _since(column: str, moment: datetime) -> str:
    return f"{column}__gte={moment:%Y-%m-%dT%H:%M:%S}Z"


def _count(rows: QuerySet[Any]) -> str:
    found = rows.order_by()[: MOST + 1].count()
    return f"{MOST:,}+" if found > MOST else f"{found:,}"


def _first_id(moment: datetime) -> UUID:
    """Give the smallest id made at that moment: ids sort by time, and no index on the time is needed."""
    return UUID(int=int(moment.astimezone(UTC).timestamp() * 1000) << 80)


def _long(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _stage_table(stages: list[StageBacklog]) -> dict[str, Any]:
    return {
        "headers": ["stage", "due", "in flight", "waiting", "quarantined", "oldest"],
        "rows": [
            [row.stage, row.due, row.in_flight, row.waiting, row.quarantined, _long(row.oldest_seconds)]
            for row in stages
        ],
    }
