"""What the API says of leads, and what it accepts about them."""

from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from rest_framework import serializers

from identity.models import Lead, Merge, MergeReview, Resolution
from leadhub.kernel.resource import PageQuery, StrictSerializer

BECAUSE = 300  # characters a reason may have
SAME, APART = "merge", "apart"


class LeadQuery(PageQuery):
    """How leads may be asked for."""

    state = serializers.ChoiceField(choices=Lead.State.choices, default=Lead.State.ACTIVE)
    email = serializers.CharField(max_length=254, required=False, help_text="The whole address, in any writing.")
    phone = serializers.CharField(max_length=40, required=False, help_text="The whole number, with country code.")
    updated_since = serializers.DateTimeField(required=False)
    q = serializers.CharField(
        max_length=120, required=False, help_text="Start of a name, or a whole e-mail address or phone number."
    )


class ReviewQuery(PageQuery):
    """How reviews may be asked for."""

    state = serializers.ChoiceField(choices=MergeReview.State.choices, default=MergeReview.State.OPEN)


class FollowQuery(StrictSerializer):
    """Whether a merged id leads on to its survivor."""

    follow = serializers.BooleanField(default=True, help_text="`false` shows the merged lead itself.")


class LimitQuery(StrictSerializer):
    """How many lines to give."""

    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class FieldQuery(StrictSerializer):
    """Which field to explain."""

    field = serializers.ChoiceField(choices=[(name, name) for name in Lead.FIELDS])


class OriginSerializer(serializers.Serializer[Any]):
    """Where a value came from."""

    at = serializers.CharField(help_text="When it was said.")
    signal = serializers.UUIDField(allow_null=True)


class TouchSerializer(serializers.Serializer[Any]):
    """The first or last time we heard of this person."""

    at = serializers.CharField()
    channel = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field never becomes the attribute


class LeadSerializer(serializers.ModelSerializer[Lead]):
    """One lead: its values, and which signal each of them came from."""

    merged_into = serializers.UUIDField(source="merged_into_id", allow_null=True, read_only=True)
    provenance = serializers.DictField(child=OriginSerializer(), read_only=True)
    first_touch = TouchSerializer(read_only=True)
    last_touch = TouchSerializer(read_only=True)

    class Meta:
        model = Lead
        fields = (
            "id", "version", "state", "merged_into", *Lead.FIELDS, "provenance", "first_touch", "last_touch",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class MergeSerializer(serializers.ModelSerializer[Merge]):
    """One merge, live or undone."""

    survivor = serializers.UUIDField(source="survivor_id", read_only=True)
    absorbed = serializers.UUIDField(source="absorbed_id", read_only=True)

    class Meta:
        model = Merge
        fields = (
            "id", "survivor", "absorbed", "by", "confirmed", "because", "merged_at", "undone_at", "undone_by",
            "undone_because",
        )  # fmt: skip
        read_only_fields = fields


class ReviewSerializer(serializers.ModelSerializer[MergeReview]):
    """Two leads that share something and were not joined."""

    left = serializers.UUIDField(source="left_id", read_only=True)
    right = serializers.UUIDField(source="right_id", read_only=True)

    class Meta:
        model = MergeReview
        fields = ("id", "left", "right", "reason", "because", "state", "opened_at", "closed_at", "closed_by")
        read_only_fields = fields


class ReviewPairSerializer(serializers.Serializer[Any]):
    """A review with both leads, side by side."""

    review = ReviewSerializer()
    left = LeadSerializer()
    right = LeadSerializer()


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    """What was decided about one signal."""

    signal = serializers.UUIDField(source="signal_id", read_only=True)
    lead = serializers.UUIDField(source="lead_id", allow_null=True, read_only=True)
    lead_now = serializers.UUIDField(source="profile.root_id", allow_null=True, default=None, read_only=True)

    class Meta:
        model = Resolution
        fields = ("signal", "outcome", "lead", "lead_now", "because", "ruleset", "decided_at")
        read_only_fields = fields


def _reason() -> serializers.CharField:
    return serializers.CharField(max_length=BECAUSE, help_text="Why, for whoever reads this later.")


class MergeOrder(StrictSerializer):
    """Join two leads."""

    keep = serializers.UUIDField()
    absorb = serializers.UUIDField()
    because = _reason()


class UndoOrder(StrictSerializer):
    """Undo a merge."""

    because = _reason()


class ApartOrder(StrictSerializer):
    """Say that two leads are not the same person."""

    left = serializers.UUIDField()
    right = serializers.UUIDField()
    because = _reason()


class ReviewOrder(StrictSerializer):
    """Settle a review."""

    decision = serializers.ChoiceField(choices=[(SAME, "the same person"), (APART, "not the same person")])
    because = _reason()


def _value(name: str) -> serializers.CharField:
    column = Lead._meta.get_field(name)
    length: int = getattr(column, "max_length", 0) or BECAUSE
    return serializers.CharField(
        max_length=length, required=False, allow_blank=True, validators=[ProhibitNullCharactersValidator()]
    )


class EditOrder(StrictSerializer):
    """Correct a lead. What is left out stays; the edit is a signal like any other, said now by a person."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Accept exactly the fields a lead has."""
        return {name: _value(name) for name in Lead.FIELDS}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an edit that changes nothing."""
        if not attrs:
            raise serializers.ValidationError("Name at least one field to change.", code="empty")
        return attrs


class ReceiptSerializer(serializers.Serializer[Any]):
    """Where to look for what became of an accepted change."""

    event = serializers.UUIDField()


class CannotLinkSerializer(serializers.Serializer[Any]):
    """A pair that stays apart."""

    id = serializers.IntegerField()
    left = serializers.UUIDField(source="left_id")
    right = serializers.UUIDField(source="right_id")
    by = serializers.CharField()
    because = serializers.CharField()
    created_at = serializers.DateTimeField()
