"""What came in, as the desk may see it. Read-only: sources are opened by `manage.py source`, events by deliveries."""

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin

from capture import doors, selectors, services
from capture.channels.base import JSON
from capture.contracts import Delivery
from capture.models import InboundEvent, Signal, Source
from capture.normalise.text import marked
from leadhub.kernel import clock, wake
from leadhub.kernel.pages import Question, ReadOnlyAdmin, Reason, answered, ask, form_of

SHOWN = 50_000  # characters of a body on a page


def _link(row: Model, text: str) -> SafeString:
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(quote(row.pk),))
    return format_html('<a class="text-primary-600" href="{}">{}</a>', address, text)


def _pre(text: str) -> SafeString:
    return format_html('<pre class="whitespace-pre-wrap break-all font-mono text-xs">{}</pre>', marked(text))


def _pretty(value: object) -> SafeString:
    return _pre(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


@admin.register(Source)
class SourceAdmin(SimpleHistoryAdmin, ReadOnlyAdmin):
    """The doors. `manage.py source add` opens one, and shows its secret once."""

    list_display = ("slug", "adapter", "name", "region", "trust", "enabled", "address")
    list_filter = ("adapter", "enabled")
    search_fields = ("slug", "name")
    empty = "No doors yet: `manage.py source add twilio_sms --slug texts` opens one and prints its address."
    fields = (
        "slug", "adapter", "name", "address", "region", "trust", "shown_options", "consent_text_version", "enabled",
        "secrets_kept", "created_at",
    )  # fmt: skip

    @admin.display(description="address")
    def address(self, source: Source) -> str:
        """Show where its provider delivers."""
        return doors.url_of(source.slug)

    @admin.display(description="options")
    def shown_options(self, source: Source) -> SafeString:
        """Show the adapter's options."""
        return _pretty(source.options)

    @admin.display(description="secrets")
    def secrets_kept(self, source: Source) -> str:
        """Count the secrets; they are never shown again."""
        return f"{len(source.secrets)} kept, never shown; `manage.py source rotate {source.slug}` makes a new one"


@admin.register(InboundEvent)
class EventAdmin(ReadOnlyAdmin):
    """The log of deliveries, and what became of each."""

    list_display = ("received_at", "source", "delivery_key", "size", "verdict", "opt", "spam")
    list_filter = ("source", "opt", "verdict", ("spam", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=delivery_key")
    search_help_text = "The id or the delivery key, whole."
    date_hierarchy = "received_at"
    ordering = ("-id",)
    list_select_related = ("source",)
    actions = ("release_held",)
    empty = "Nothing has come in yet. Give a provider the address of a source; its first delivery appears here."
    fields = (
        "id", "became", "signals_read", "source", "delivery_key", "variant", "received_at", "verdict", "content_type",
        "size", "shown_body", "shown_headers", "digest_hex", "opt", "opt_channel", "spam", "traceparent",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show everything as text."""
        return self.fields

    @admin.display(description="what became of it")
    def became(self, event: InboundEvent) -> str:
        """Say where it stands, or why it was set aside."""
        trail = selectors.event_trail(event.pk)
        return trail.outcome if trail else ""

    @admin.display(description="signals")
    def signals_read(self, event: InboundEvent) -> SafeString | str:
        """Link the signals read from it."""
        links = [(_link(signal, str(signal)),) for signal in event.signals.order_by("part")]
        return format_html_join(", ", "{}", links) if links else "none yet"

    @admin.display(description="content as delivered")
    def shown_body(self, event: InboundEvent) -> SafeString:
        """Open the sealed body and show it, escaped."""
        found = selectors.opened_body(event)
        return _pre(found if isinstance(found, str) else _readable(found))

    @admin.display(description="headers")
    def shown_headers(self, event: InboundEvent) -> SafeString:
        """Show the headers that were kept."""
        return _pretty(event.headers)

    @admin.display(description="digest of the content")
    def digest_hex(self, event: InboundEvent) -> str:
        """Show the keyed digest as hex."""
        return bytes(event.digest).hex()

    @admin.display(description="variant of")
    def variant(self, event: InboundEvent) -> SafeString | str:
        """Link the first event with the same key and other content."""
        first = InboundEvent.objects.filter(pk=event.variant_of).first() if event.variant_of else None
        return _link(first, str(first.pk)) if first else "–"

    @admin.action(description="Let through: a person sent this, not a bot", permissions=["release"])
    def release_held(self, request: HttpRequest, queryset: QuerySet[InboundEvent]) -> HttpResponseBase | None:
        """Ask why, then release the chosen events that were held as spam."""
        held = [event for event in queryset.order_by("id") if event.spam or event.variant_of]
        if not held:
            messages.warning(request, "None of these was held as spam.")
            return None
        form = form_of(request, Reason)
        if not answered(request) or not form.is_valid():
            return ask(request, self, _about(held), form)
        because = form.cleaned_data["because"]
        for event in held:
            services.release(event_id=event.pk, by=request.user.get_username(), because=because, now=clock.now())
        wake.pipeline()
        messages.success(request, f"{len(held)} let through; they become signals in a moment.")
        return None

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Ask for the permission to add a release."""
        return request.user.has_perm("capture.add_release")


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    """Normalised facts, each with its raw form."""

    list_display = ("occurred_at", "channel", "kind", "source", "phone", "email", "who")
    list_filter = ("channel", "kind", "source", "time_doubtful")
    search_fields = ("=id", "=conversation")
    search_help_text = "The id or the conversation, whole."
    empty = "No signals yet. They appear a moment after a delivery comes in; if not, look at Work."
    ordering = ("-created_at",)
    list_select_related = ("source",)
    fields = (
        "id", "delivered_as", "source", "channel", "kind", "occurred_at", "time_doubtful", "shown_facts", "shown_text",
        "conversation", "shown_consents", "shown_attributes", "shown_quality", "trust", "normaliser", "created_at",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show everything as text."""
        return self.fields

    @admin.display(description="delivery")
    def delivered_as(self, signal: Signal) -> SafeString:
        """Link the delivery it was read from."""
        return _link(signal.event, str(signal.event_id))

    @admin.display(description="phone")
    def phone(self, signal: Signal) -> str:
        """Show the normalised number."""
        return signal.value("phone")

    @admin.display(description="e-mail")
    def email(self, signal: Signal) -> str:
        """Show the normalised address."""
        return signal.value("email")

    @admin.display(description="name")
    def who(self, signal: Signal) -> str:
        """Show the name it gives."""
        return f"{signal.value('first_name')} {signal.value('last_name')}".strip()

    @admin.display(description="facts")
    def shown_facts(self, signal: Signal) -> SafeString:
        """Show each value with its raw form and confidence."""
        return _pretty(signal.facts)

    @admin.display(description="text")
    def shown_text(self, signal: Signal) -> SafeString:
        """Show what was said."""
        return _pre(signal.text)

    @admin.display(description="consent")
    def shown_consents(self, signal: Signal) -> SafeString:
        """Show what was said about consent."""
        return _pretty(signal.consents)

    @admin.display(description="attributes")
    def shown_attributes(self, signal: Signal) -> SafeString:
        """Show what else the provider told."""
        return _pretty(signal.attributes)

    @admin.display(description="what is odd about it")
    def shown_quality(self, signal: Signal) -> SafeString:
        """Show the normaliser's remarks."""
        return _pretty(signal.quality)


def _about(held: list[InboundEvent]) -> Question:
    return Question(
        title=f"Let {len(held)} through?",
        says=("They were held because they look like a bot's. Let through, they become leads like any other.",),
        about=[
            f"{event.received_at:%Y-%m-%d %H:%M} {event.source}: {event.spam or 'token used again'}" for event in held
        ],
        hidden=[("action", "release_held"), *(("_selected_action", str(event.pk)) for event in held)],
        button="Let through",
    )


def _readable(delivery: Delivery) -> str:
    body = delivery.body[:SHOWN].decode("utf-8", "backslashreplace")
    body = _indented(delivery.body, body) if delivery.content_type == JSON else body.replace("&", "\n&")
    asked = f"?{delivery.query}\n\n" if delivery.query else ""
    return f"{asked}{body}"


def _indented(raw: bytes, otherwise: str) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)[:SHOWN]
    except (ValueError, RecursionError):
        return otherwise
