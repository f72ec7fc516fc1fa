"""What the portal refuses, in HubSpot's envelope."""

from collections.abc import Mapping
from uuid import uuid4


class Refusal(Exception):
    """One request, or one item of a batch, is refused."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        category: str = "VALIDATION_ERROR",
        context: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.category, self.context = message, status, category, dict(context or {})

    def envelope(self) -> dict[str, object]:
        """Give the error body of a single call."""
        body: dict[str, object] = {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid4()),
            "category": self.category,
        }
        return body | ({"context": self.context} if self.context else {})

    def of_item(self, trace_id: str | None) -> dict[str, object]:
        """Give the error as it stands in `errors` of a 207."""
        context = self.context | ({"objectWriteTraceId": [trace_id]} if trace_id else {})
        return {
            "status": "error",
            "id": str(uuid4()),
            "category": self.category,
            "message": self.message,
            "errors": [],
            "context": context,
            "links": {},
        }


def conflict(owner: str) -> Refusal:
    """Refuse an e-mail address that another contact has."""
    return Refusal(f"Contact already exists. Existing ID: {owner}", status=409, category="CONFLICT")


def not_found(what: str) -> Refusal:
    """Refuse an id nobody has."""
    return Refusal(f"Object not found. {what}", status=404, category="OBJECT_NOT_FOUND")
