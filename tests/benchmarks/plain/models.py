from django.db import models


class Event(models.Model):
    """The row of a delivery, with the same unique key as LeadHub's."""

    source = models.IntegerField()
    delivery_key = models.CharField(max_length=200)
    digest = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()
    headers = models.JSONField()
    body = models.BinaryField()

    class Meta:
        app_label = "plain"
        constraints = (models.UniqueConstraint(fields=["source", "delivery_key", "digest"], name="plain_once"),)

    def __str__(self) -> str:
        return self.delivery_key
