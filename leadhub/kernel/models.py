"""What is left to do, and which outside services are trusted right now."""

from django.db import models
from django.db.models import Q


class Work(models.Model):
    """One thing left to do for one subject at one stage. Done work is deleted; what cannot be done says why.

    `due_at` alone decides who may claim: a claim moves it to the end of the lease, so an expired lease is due again.
    `lease_until` that is set and past means the last claim ended without an outcome: such a row is claimed alone.
    """

    class Lane(models.IntegerChoices):
        URGENT = 0, "urgent"
        LIVE = 1, "live"
        BACKFILL = 2, "backfill"

    stage = models.CharField(max_length=60)
    subject = models.UUIDField()
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.LIVE)
    wanted = models.BigIntegerField(default=1, help_text="Rises with every request for this work.")
    claimed = models.BigIntegerField(default=0, help_text="What `wanted` was when the work was last claimed.")
    attempts = models.PositiveIntegerField(default=0, help_text="Claims alone that have not ended well.")
    bounced = models.PositiveSmallIntegerField(default=0, help_text="Times given back because a lock was taken.")
    since = models.DateTimeField(help_text="When this work first became due.")
    due_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.BigIntegerField(default=0, help_text="Fencing token of the last claim.")
    orphaned = models.BooleanField(default=False, help_text="The claim before the last one ended without an outcome.")
    reason = models.CharField(max_length=300, blank=True)
    detail = models.TextField(blank=True)
    quarantined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["stage", "subject"], name="work_once_per_subject"),
            models.CheckConstraint(
                condition=Q(quarantined_at=None) | Q(due_at=None), name="work_quarantined_is_never_due"
            ),
        )
        indexes = (
            models.Index(
                fields=["stage", "lane", "due_at"], condition=Q(due_at__isnull=False), name="work_due"
            ),  # kernel.work.claim
            models.Index(
                fields=["stage", "lease_until"], condition=Q(lease_until__isnull=False), name="work_leased"
            ),  # kernel.work.claim: rows whose worker died
            models.Index(
                fields=["quarantined_at"], condition=Q(quarantined_at__isnull=False), name="work_quarantined"
            ),  # the quarantine page
        )
        verbose_name_plural = "work"

    def __str__(self) -> str:
        return f"{self.stage} {self.subject}"


class Outlet(models.Model):
    """One more place a fanned-out stage must serve, such as `push` for one CRM connection."""

    stage = models.CharField(max_length=20)
    name = models.CharField(max_length=39)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["stage", "name"], name="outlet_once"),)

    def __str__(self) -> str:
        return f"{self.stage}:{self.name}"


class Breaker(models.Model):
    """The circuit breaker of one outside service, shared by all processes and kept over restarts."""

    class State(models.TextChoices):
        CLOSED = "closed", "closed: calls flow"
        OPEN = "open", "open: calls wait"
        AUTH = "auth", "open: credentials refused, a person must act"

    name = models.CharField(max_length=60, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.CLOSED)
    failures = models.PositiveIntegerField(default=0, help_text="Failures in a row.")
    blocked_until = models.DateTimeField(null=True, blank=True, help_text="No call before this moment.")
    reason = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class ApiToken(models.Model):
    """A token for the API: shown once, kept as a keyed digest."""

    user = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="The readable start, to recognise it by.")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
