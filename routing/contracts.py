"""What routing hands on (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class DecisionView:
    """One decision about a lead, with its reasons."""

    decision_id: UUID
    rule: str
    trigger: str
    policy: int
    verdict: str  # assigned, adopted, unassigned, reassigned
    owner: str  # what the CRM is told; empty when nobody was found
    outcome: Mapping[str, str]
    because: tuple[str, ...]
    tier: str
    decided_at: datetime
