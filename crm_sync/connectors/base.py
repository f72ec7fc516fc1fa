"""What every connector can do. Errors of a whole call are kernel.http's; errors of one record are its OpResult."""

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Protocol

from crm_sync.contracts import Capabilities, OpResult, Problem, Remote, Row, UpsertOp


class Connector(Protocol):
    """One CRM account. Calls are made once: repeating is the caller's affair."""

    capabilities: ClassVar[Capabilities]
    mapping: ClassVar[tuple[Row, ...]]

    def preflight(self, *, fields: Collection[str]) -> list[Problem]:
        """Look whether the account can be worked with, and make what we may make ourselves."""
        ...

    def upsert(self, ops: Sequence[UpsertOp]) -> list[OpResult]:
        """Write records by our key; one result per op, in order. Raises SendInParts when the batch is refused whole."""
        ...

    def adopt(self, ops: Sequence[UpsertOp]) -> list[OpResult]:
        """Write records by the CRM's own id and give them our key."""
        ...

    def read(self, keys: Sequence[str], *, fields: Collection[str]) -> Mapping[str, Remote]:
        """Read records by our key; those the CRM lacks are left out."""
        ...

    def find(self, remote_ids: Sequence[str], *, fields: Collection[str]) -> Mapping[str, Remote]:
        """Read records by the CRM's own present ids; those the CRM lacks are left out."""
        ...

    def locate(self, remote_id: str) -> Remote | None:
        """Read one record by an id that may be old: the id of a merged one gives its survivor."""
        ...

    def merge(self, *, winner: str, loser: str) -> Remote | None:
        """Merge two records for good; None when one of them is not there (any more)."""
        ...

    def release(self, *, remote_id: str, value: str) -> None:
        """Free a further e-mail address that a record kept from a merge."""
        ...

    def erase(self, *, remote_id: str) -> None:
        """Erase a record for good; one that is gone is fine."""
        ...


class ConnectorKind(Protocol):
    """A connector's class."""

    capabilities: ClassVar[Capabilities]
    mapping: ClassVar[tuple[Row, ...]]

    def __call__(self, *, base_url: str, token: str) -> Connector:
        """Make a connector for one account."""
        ...
