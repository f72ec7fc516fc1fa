"""What must never change in the log (triggers on both databases; erasure is the one way out)."""

from leadhub.kernel.triggers import Guard

EVENT = Guard(
    table="capture_inboundevent",
    fixed=(
        "id", "source_id", "delivery_key", "digest", "exact", "variant_of", "received_at", "content_type", "headers",
        "size", "key_id", "body_mac", "verdict", "opt", "opt_channel", "opt_point", "spam", "traceparent",
    ),
    erased=(("wrapped_key", "length(NEW.wrapped_key) = 0"), ("sealed_body", "length(NEW.sealed_body) = 0")),
)  # fmt: skip
SIGNAL = Guard(
    table="capture_signal",
    fixed=(
        "id", "event_id", "source_id", "part", "channel", "kind", "occurred_at", "time_doubtful", "conversation",
        "trust", "tie", "normaliser", "created_at",
    ),
    erased=(
        ("facts", "NEW.facts = '{}'"),
        ("text", "NEW.text = ''"),
        ("attributes", "NEW.attributes = '{}'"),
        ("consents", "NEW.consents = '[]'"),
        ("contact_digests", "NEW.contact_digests = '[]'"),
        ("quality", "NEW.quality = '{}'"),
    ),
)  # fmt: skip
