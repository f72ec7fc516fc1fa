"""The doors, the log of what came through them, and the facts read from it."""

from typing import Any

from django.db import models
from django.db.models import Q

from capture.contracts import Kind
from leadhub.kernel import clock, history, ids


class Source(models.Model):
    """One configured door. An empty secret never verifies anything."""

    slug = models.SlugField(max_length=60, unique=True, help_text="The last part of the door's address: /in/<slug>/")
    adapter = models.CharField(max_length=40, help_text="Which provider's language it speaks, such as twilio_sms.")
    name = models.CharField(max_length=120, blank=True)
    region = models.CharField(
        max_length=2, default="US", help_text="Country (ISO 3166) for phone numbers written without a country code."
    )
    trust = models.PositiveSmallIntegerField(default=50, help_text="0 to 100; breaks ties between equal moments.")
    secrets = models.JSONField(
        default=list, blank=True, help_text="Sealed, current first, then those being rotated out."
    )
    options = models.JSONField(default=dict, blank=True, help_text="What this adapter needs besides a secret.")
    consent_text_version = models.CharField(max_length=40, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    history = history.track(excluded_fields=["secrets"])

    def __str__(self) -> str:
        return self.name or self.slug


class InboundEvent(models.Model):
    """One delivery as it came, sealed under its own key. Append-only: a trigger refuses any change but erasure."""

    class Opt(models.TextChoices):
        NONE = "", "none"
        OUT = "out", "opt-out word"
        IN = "in", "opt-in word"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    # No index of its own: the unique constraint below begins with it, and the door writes every index.
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="events", db_index=False)
    delivery_key = models.CharField(max_length=200)
    digest = models.BinaryField(max_length=32, help_text="Keyed digest of the canonical content.")
    exact = models.BooleanField(default=False, help_text="The key is the client's own Idempotency-Key.")
    variant_of = models.UUIDField(null=True, help_text="First event with the same key and other content.")
    received_at = models.DateTimeField(db_index=True)
    content_type = models.CharField(max_length=200, blank=True)
    headers = models.JSONField(default=dict)
    size = models.PositiveIntegerField()
    key_id = models.CharField(max_length=40)
    wrapped_key = models.BinaryField()
    sealed_body = models.BinaryField()
    body_mac = models.BinaryField(max_length=32, help_text="HMAC of the body under its own data key.")
    verdict = models.CharField(max_length=20, help_text="How the delivery proved itself.")
    opt = models.CharField(max_length=3, choices=Opt, blank=True, default=Opt.NONE)
    opt_channel = models.CharField(max_length=10, blank=True)
    opt_point = models.BinaryField(max_length=32, null=True, help_text="Keyed digest of who said STOP or START.")
    spam = models.CharField(max_length=100, blank=True)
    traceparent = models.CharField(max_length=55, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["source", "delivery_key", "digest"], name="event_once_per_delivery"),
            models.UniqueConstraint(
                fields=["source", "delivery_key"], condition=Q(exact=True), name="event_once_per_idempotency_key"
            ),
        )
        indexes = (
            models.Index(
                fields=["opt_point", "received_at"], condition=Q(opt_point__isnull=False), name="event_opt_words"
            ),  # identity.consent: a STOP counts from its own commit
        )

    def __str__(self) -> str:
        return str(self.id)


class Release(models.Model):
    """A person looked at a delivery that was held as spam and let it through."""

    event = models.OneToOneField(InboundEvent, on_delete=models.PROTECT, primary_key=True, related_name="release")
    by = models.CharField(max_length=100)
    because = models.CharField(max_length=300, blank=True)
    released_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.event_id} released by {self.by}"


class Signal(models.Model):
    """Normalised facts of one person at one moment. Immutable; replaying its event makes the same row again."""

    KINDS = [(kind.value, kind.value) for kind in Kind]

    id = models.UUIDField(primary_key=True, editable=False, help_text="uuid5 of the event and the part.")
    event = models.ForeignKey(InboundEvent, on_delete=models.PROTECT, related_name="signals")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="signals")
    part = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=10)
    kind = models.CharField(max_length=10, choices=KINDS)
    occurred_at = models.DateTimeField(help_text="The provider's time, or when we first received it.")
    time_doubtful = models.BooleanField(default=False, help_text="The provider gave no time, or one in the future.")
    facts = models.JSONField(default=dict, help_text="{field: {value, raw, confidence}}")
    text = models.TextField(blank=True)
    conversation = models.CharField(max_length=100, blank=True)
    attributes = models.JSONField(default=dict)
    consents = models.JSONField(default=list)
    contact_digests = models.JSONField(default=list, help_text="Hex digests of the contact points it names.")
    quality = models.JSONField(default=dict)
    trust = models.PositiveSmallIntegerField()
    tie = models.CharField(max_length=64, help_text="Decides between equals; the same however often it is delivered.")
    normaliser = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["event", "part"], name="signal_once_per_part"),)
        indexes = (
            models.Index(
                fields=["conversation"], condition=~Q(conversation=""), name="signal_conversation"
            ),  # identity.resolver: the parts of one call
        )

    def __str__(self) -> str:
        return f"{self.kind} over {self.channel} at {self.occurred_at:%Y-%m-%d %H:%M}"

    def value(self, field: str) -> str:
        """Give the normalised value of a fact, or an empty string."""
        fact: dict[str, Any] = self.facts.get(field, {})
        return str(fact.get("value", ""))
