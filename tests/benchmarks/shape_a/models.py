from django.db import models


class Signal(models.Model):
    """One thing that came in."""

    raw = models.JSONField()
    facts = models.JSONField(default=dict)
    lead = models.ForeignKey("Lead", null=True, on_delete=models.PROTECT)
    pushed = models.BooleanField(default=False)

    class Meta:
        app_label = "shape_a"

    def __str__(self) -> str:
        return str(self.pk)


class Lead(models.Model):
    """One person, by phone."""

    phone = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    owner = models.CharField(max_length=40, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        app_label = "shape_a"

    def __str__(self) -> str:
        return self.phone


class LeadHistory(models.Model):
    """One change of a lead."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE)
    version = models.IntegerField()
    values = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "shape_a"

    def __str__(self) -> str:
        return f"{self.lead_id} v{self.version}"
