from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from leadhub.kernel import triggers
from leadhub.kernel.triggers import Guard

# A copy of capture.guards as they were: the guards will know columns that this migration cannot.
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


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for guard in (EVENT, SIGNAL):
        triggers.create(guard, schema_editor.connection)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for guard in (EVENT, SIGNAL):
        triggers.drop(guard, schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("capture", "0002_release")]

    operations = [migrations.RunPython(create, drop)]
