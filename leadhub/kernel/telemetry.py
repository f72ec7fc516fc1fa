"""Logs a machine can read: one JSON object a line, control characters escaped, no personal data by convention."""

import json
import logging
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Write a record as JSON; what is passed as `extra` becomes its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line. JSON escapes control characters, so a name cannot forge a log line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "said": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD and not key.startswith("_")}
        line.pop("request", None)  # holds the query string
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
