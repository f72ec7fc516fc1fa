"""Leads as projections of signals: profiles are what signals show of a person, leads are clusters of profiles."""

from django.db import models
from django.db.models import F, Q

from capture.models import Signal
from leadhub.kernel import history, ids
from leadhub.kernel.fields import DigestField


class Lead(models.Model):
    """One person. The id never dies: a merged lead points to its survivor."""

    class State(models.TextChoices):
        ACTIVE = "active", "active"
        MERGED = "merged", "merged into another"
        ERASED = "erased", "erased"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    version = models.PositiveIntegerField(default=1)
    membership = models.PositiveIntegerField(default=1, help_text="Rises when a profile joins or leaves.")
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="absorbed")

    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    company = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=60, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=35, blank=True)
    website = models.CharField(max_length=300, blank=True)
    birth_date = models.CharField(max_length=10, blank=True)

    provenance = models.JSONField(
        default=dict, help_text="{field: {value, raw, rank, signal, at}}: which signal won the field, and by what rank."
    )
    first_touch = models.JSONField(default=dict, help_text="{at, tie, signal, channel, source}")
    last_touch = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)

    history = history.track(excluded_fields=["provenance", "first_touch", "last_touch", "membership", "updated_at"])

    FIELDS = (
        "first_name", "last_name", "email", "phone", "company", "title", "city", "region", "country", "postal_code",
        "language", "website", "birth_date",
    )  # fmt: skip

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False) | (~Q(state="merged") & Q(merged_into=None)),
                name="lead_merged_names_survivor",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="lead_not_merged_into_itself"),
        )

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.phone or "Unknown person"


class Profile(models.Model):
    """One distinct set of identifying facts: every signal that shows the same keys and name is of one profile.

    The resolver clusters profiles, not signals, so a person's ten-thousandth message costs no more than the tenth.
    `home` is the lead this profile was given to; `root` is where that lead's merges lead to now.
    """

    id = models.BigAutoField(primary_key=True)
    digest = DigestField(max_length=32, unique=True)
    home = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="own_profiles")
    root = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="profiles")
    anchor = models.BooleanField(default=False, help_text="Its home lead was founded on it and never loses it.")
    facts = models.JSONField(help_text="{first, last, email, birth_date}: what can contradict another profile.")
    keys = models.JSONField(help_text="[[kind, hex digest]]: strong keys, crowded or not.")
    order = models.CharField(
        max_length=100, help_text="Time and tie of its earliest signal; the order links are taken in."
    )
    first_touch = models.JSONField(default=dict)
    last_touch = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["home"], condition=Q(anchor=True), name="profile_one_anchor_per_lead"),
        )

    def __str__(self) -> str:
        return f"profile {self.pk}"


class IdentityKey(models.Model):
    """A keyed digest that a profile shows. No value can be read or guessed from it without the pepper."""

    kind = models.CharField(max_length=12)
    digest = DigestField(max_length=32)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="identity_keys")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["digest", "profile"], name="key_once_per_profile"),  # identity.blocking
        )

    def __str__(self) -> str:
        return f"{self.kind} of profile {self.profile_id}"


class KeyUse(models.Model):
    """Who uses a strong key, as far as needed to see that it is crowded. A crowded key stops identifying, for good."""

    digest = DigestField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=12)
    people = models.JSONField(default=dict, help_text="{aspect: [digests]} of distinct names, e-mails, birth dates.")
    crowded = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.kind} key"


class FieldValue(models.Model):
    """What a profile's signals say of one field: one row per distinct value with its best rank (an idempotent fold)."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="values")
    field = models.CharField(max_length=20)
    digest = DigestField(max_length=16)
    value = models.TextField()
    raw = models.TextField()
    rank = models.CharField(
        max_length=120, help_text="Confident?, event time, trust, confidence, value, tie; compared as text."
    )
    signal = models.ForeignKey(Signal, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["profile", "field", "digest"], name="value_once_per_profile"),)

    def __str__(self) -> str:
        return f"{self.field} of profile {self.profile_id}"


class Resolution(models.Model):
    """What was decided about one signal, and why. The lead is the one it went to then; the profile knows today's."""

    class Outcome(models.TextChoices):
        ATTACHED = "attached", "attached to a lead"
        CREATED = "created", "made a lead"
        MERGED = "merged", "joined leads"
        HELD = "held", "waits for the call it belongs to"
        NO_LEAD = "no_lead", "makes no lead by itself"

    signal = models.OneToOneField(Signal, on_delete=models.PROTECT, primary_key=True, related_name="resolution")
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, null=True, related_name="resolutions")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome)
    because = models.JSONField(default=list, help_text="Evidence: which keys, which names, with what weight.")
    ruleset = models.PositiveSmallIntegerField(default=1)
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.outcome}: {self.signal_id}"


class Merge(models.Model):
    """`absorbed` is the same person as `survivor`. Undone, never deleted."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    survivor = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merges")
    absorbed = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merged_by")
    by = models.CharField(max_length=100, help_text="`resolver`, or the person who confirmed it.")
    confirmed = models.BooleanField(default=False, help_text="A person decided it; the resolver never undoes it.")
    because = models.JSONField(default=list)
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=100, blank=True)
    undone_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["absorbed"], condition=Q(undone_at=None), name="merge_one_live_per_absorbed"
            ),
            models.CheckConstraint(condition=~Q(survivor=F("absorbed")), name="merge_not_with_itself"),
        )

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.survivor_id}"


class CannotLink(models.Model):
    """A person said: these two are not the same. No score and no key overrides it."""

    left = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    right = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=100)
    because = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["left", "right"], condition=Q(lifted_at=None), name="cannot_link_once"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="cannot_link_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.left_id} is not {self.right_id}"


class MergeReview(models.Model):
    """Two leads that share something and were not joined: a person should look."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        MERGED = "merged", "merged"
        APART = "apart", "kept apart"
        MOOT = "moot", "settled by later signals"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    left = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    right = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, help_text="contradiction, barred, cap, rested")
    because = models.JSONField(default=list)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["left", "right"], condition=Q(state="open"), name="review_once_while_open"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="review_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.reason}: {self.left_id} and {self.right_id}"


class ConsentEntry(models.Model):
    """Append-only ledger of what was said about one contact point, purpose and channel. Read by `may_contact` only."""

    point_kind = models.CharField(max_length=6)
    point = models.BinaryField(max_length=32, help_text="Keyed digest of the phone number or e-mail address.")
    purpose = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    basis = models.CharField(max_length=30)
    text_version = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)
    jurisdiction = models.CharField(max_length=10, blank=True)
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="consent_entries")
    part = models.PositiveSmallIntegerField(default=0)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["signal", "part"], name="consent_once_per_statement"),)
        indexes = (models.Index(fields=["point", "channel", "purpose", "occurred_at"], name="consent_of_point"),)
        verbose_name_plural = "consent entries"

    def __str__(self) -> str:
        return f"{self.channel} {self.purpose}: {self.state}"
