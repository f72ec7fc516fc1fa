"""What each CRM is believed to hold, what was sent to it, and what it said."""

from django.db import models
from django.db.models import Q

from identity.models import Lead


class Connection(models.Model):
    """One CRM account that is kept true. Enabled ones have an outlet of the push stage."""

    slug = models.SlugField(max_length=30, unique=True, help_text="Names the work of this connection: push:<slug>")
    kind = models.CharField(max_length=30, help_text="Which connector speaks to it, such as hubspot.")
    base_url = models.URLField(max_length=300)
    credentials = models.JSONField(default=dict, help_text="The access token, sealed under the key ring.")
    enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug

    @property
    def stage(self) -> str:
        """Name the stage of its work rows."""
        return f"push:{self.slug}"

    @property
    def service(self) -> str:
        """Name its circuit breaker."""
        return f"crm:{self.slug}"


class FieldMapping(models.Model):
    """Which lead field goes to which property. The rows never change (trigger): a change is a new version."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="mappings")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT)
    rows = models.JSONField(help_text="[{path, remote, form}]")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection", "version"], name="mapping_version_once"),
            models.UniqueConstraint(fields=["connection"], condition=Q(state="active"), name="mapping_one_active"),
        )

    def __str__(self) -> str:
        return f"{self.connection} mapping {self.version} ({self.state})"


class RemoteLink(models.Model):
    """One lead's record in one CRM. `base` is what both sides were last known to hold alike.

    `doubts` counts the reasons to disbelieve `base` (an unanswered write, a merge); a push settles those it knew of by
    reading the record back. Two counters, so that a doubt raised while another worker pushes is not lost.
    """

    class State(models.TextChoices):
        PENDING = "pending", "not known to exist"
        LINKED = "linked", "linked"
        MERGED = "merged", "merged into another record"
        GONE = "gone", "erased there"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="links")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="remote_links")
    remote_id = models.CharField(max_length=64, blank=True)
    remote_version = models.CharField(max_length=64, blank=True)
    base = models.JSONField(default=dict)
    withheld = models.JSONField(
        default=dict, help_text="{property: value} another record owns: not sent again as it is."
    )
    lead_version = models.PositiveIntegerField(default=0, help_text="The lead's version that was last pushed.")
    mapping_version = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    doubts = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection", "lead"], name="link_once_per_lead"),  # crm_sync.planning
            models.UniqueConstraint(
                fields=["connection", "remote_id"],
                condition=Q(state="linked") & ~Q(remote_id=""),
                name="link_once_per_record",
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection} {self.remote_id or self.state}"

    @property
    def doubtful(self) -> bool:
        """Tell whether `base` must be read back before it is believed."""
        return self.doubts > self.settled


class PushAttempt(models.Model):
    """One record of one call: what was sent or seen, and what the CRM said. Append-only."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="attempts")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="push_attempts")
    operation = models.CharField(max_length=10, help_text="upsert, adopt, read, merge or erase")
    trace_id = models.CharField(max_length=80, help_text="The CRM was given it, too (objectWriteTraceId).")
    remote_id = models.CharField(max_length=64, blank=True)
    lead_version = models.PositiveIntegerField()
    mapping_version = models.PositiveIntegerField()
    sent = models.JSONField(default=dict, help_text="Property names and values as sent; an empty one clears.")
    seen = models.JSONField(default=dict, help_text="Property names and values as the CRM showed them.")
    outcome = models.CharField(max_length=10)
    status_code = models.PositiveSmallIntegerField(default=0, help_text="0: no answer came.")
    correlation = models.CharField(max_length=64, blank=True, help_text="The CRM's own id of this answer.")
    detail = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(help_text="When the answer came, or was given up.")

    class Meta:
        indexes = (models.Index(fields=["lead", "id"], name="attempt_of_lead"),)  # crm_sync.selectors.attempts_for

    def __str__(self) -> str:
        return f"{self.operation} {self.outcome}"


class Conflict(models.Model):
    """A value we could not write because another record of the CRM owns it. We never steal; a person decides."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "settled by a person"
        MOOT = "moot", "settled by later changes"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="conflicts")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="conflicts")
    field = models.CharField(max_length=100)
    ours = models.TextField()
    theirs = models.CharField(max_length=64, help_text="The record that owns the value.")
    holder = models.UUIDField(null=True, blank=True, help_text="The lead that record belongs to, if it is ours.")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["connection", "lead", "field"], condition=Q(state="open"), name="conflict_once_while_open"
            ),
        )
        indexes = (
            models.Index(
                fields=["connection", "holder"], condition=Q(state="open"), name="conflict_of_holder"
            ),  # crm_sync.settling: a holder that lets go of the value
        )

    def __str__(self) -> str:
        return f"{self.field} of {self.lead_id}"
