"""Who can take leads, what was decided about each lead, and who has it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from identity.models import Lead
from leadhub.kernel import ids


def must_be_territories(value: object) -> None:
    """Refuse anything but a list of codes such as US-CA, US or `*`."""
    if not isinstance(value, list) or not all(isinstance(code, str) and code == code.strip().upper() for code in value):
        raise ValidationError('Write a list of codes in capitals, such as ["US-CA", "GB"]; "*" takes all that is left.')


class Owner(models.Model):
    """A person at the sales desk who can be given leads."""

    name = models.CharField(max_length=120)
    email = models.EmailField(unique=True)
    crm_id = models.CharField(
        max_length=60, blank=True, help_text="Their id in the CRM. Empty: the CRM is told the e-mail address."
    )
    territories = models.JSONField(
        default=list,
        blank=True,
        validators=[must_be_territories],
        help_text='Where their leads come from, such as ["US-CA", "GB"]; "*" takes all that is left.',
    )
    enabled = models.BooleanField(default=True, help_text="Disabled owners keep their leads and get no new ones.")
    assigned = models.PositiveIntegerField(default=0, editable=False, help_text="Leads given so far, to take turns by.")
    last_assigned_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def crm_name(self) -> str:
        """Give what a CRM is told."""
        return self.crm_id or self.email


class Policy(models.Model):
    """One version of the rules, as data. Without an active one the built-in rules of routing.policy hold."""

    version = models.PositiveSmallIntegerField(unique=True)
    rules = models.JSONField(default=dict, help_text="See routing.policy.Rules.")
    note = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="policy_one_active"),
            models.CheckConstraint(condition=Q(version__gt=0), name="policy_zero_is_built_in"),
        )
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"policy {self.version}"


class Decision(models.Model):
    """What the policy said about a lead, and why. One per lead, rule and trigger: a replay never decides again."""

    class Tier(models.TextChoices):
        AUTOMATIC = "automatic", "done without asking"
        APPROVED = "approved", "a person approved it"

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="decisions")
    rule = models.CharField(max_length=20)
    trigger = models.CharField(max_length=60, help_text="What called for it: a new lead, a merge, or another desk.")
    policy = models.PositiveSmallIntegerField(default=0, help_text="Version of the policy; 0 is the built-in one.")
    outcome = models.JSONField(help_text="{verdict, owner, territory}")
    because = models.JSONField(default=list, help_text="The reasons, in sentences.")
    tier = models.CharField(max_length=10, choices=Tier, default=Tier.AUTOMATIC)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["lead", "rule", "trigger"], name="decision_once_per_trigger"),)
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.rule}: {self.outcome.get('verdict', '')}"


class Assignment(models.Model):
    """This owner has this lead, from then to then. A lead that is merged away keeps its own, for the day it returns."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="assignments")
    owner = models.ForeignKey(Owner, on_delete=models.PROTECT, related_name="assignments")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="assignments")
    reason = models.CharField(max_length=300)
    assigned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead"], condition=Q(ended_at=None), name="assignment_one_open_per_lead"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("assigned_at")), name="assignment_ends_after_it_began"
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner_id} has {self.lead_id}"


class FollowUp(models.Model):
    """What an owner should do about a lead, and by when."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, primary_key=True, related_name="follow_up")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="follow_ups")
    owner = models.ForeignKey(Owner, on_delete=models.PROTECT, related_name="follow_ups")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["due_at"], condition=Q(done_at=None), name="follow_up_open"),  # the admin's list
        )

    def __str__(self) -> str:
        return f"follow up {self.lead_id}"
