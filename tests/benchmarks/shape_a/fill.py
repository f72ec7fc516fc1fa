"""Make the comparison program's tables and backlog: `python -m tests.benchmarks.shape_a.fill COUNT`."""

import sys

from django.db import connection

from tests.benchmarks.shape_a.app import publish
from tests.benchmarks.shape_a.models import Lead, LeadHistory, Signal


def main() -> None:
    """Store the signals and publish their chains."""
    with connection.schema_editor() as editor:
        for model in (Lead, Signal, LeadHistory):
            editor.create_model(model)
    count = int(sys.argv[1])
    people = int(count * 0.8)
    for number in range(count):
        who = number % people
        raw = {
            "phone": f"(415) 2{who:06d}", "email": f"A.{who}@Example.org",
            "first_name": "Ada", "last_name": f"Byron{who}",
        }  # fmt: skip
        publish(Signal.objects.create(raw=raw).pk)


if __name__ == "__main__":
    main()
