"""Errors at the edges, named for what happens next."""


class LeadHubError(Exception):
    """Carry a sentence that a person can act on."""


class Retryable(LeadHubError):
    """Try later: nothing is wrong with the record. `after` is in seconds; None lets the backoff decide."""

    def __init__(self, because: str, *, after: float | None = None) -> None:
        super().__init__(because)
        self.after = after


class Permanent(LeadHubError):
    """Never again without a person: the record itself cannot be worked."""


class Gone(LeadHubError):
    """The remote record moved or was deleted; `record` is its remote id."""

    def __init__(self, because: str, *, record: str) -> None:
        super().__init__(because)
        self.record = record


class OutcomeUnknown(LeadHubError):
    """We sent and cannot know whether it was done: look, or repeat the very same upsert."""


class LeaseLost(LeadHubError):
    """Another worker holds this work now; whatever we did must not be committed."""
