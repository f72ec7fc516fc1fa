"""The wire between a provider and a door: real HTTP, the provider's time-outs, and its repeats after a failure."""

import threading
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType

import httpx2

from leadhub.sandbox.telephony.parcel import Parcel

TIMEOUT = httpx2.Timeout(connect=5.0, read=15.0, write=15.0, pool=15.0)  # Twilio's
PAUSE = 0.25  # seconds before a repeat
REPEAT_AFTER = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the door said. `status` is 0 when nobody answered."""

    status: int
    event_id: str = ""
    seconds: float = 0.0
    text: str = ""

    @property
    def accepted(self) -> bool:
        """Tell whether the door has taken the delivery: a redirect after a form counts."""
        return 200 <= self.status < 400


class Wire:
    """A pool of connections to the doors. `repeats` is how often a failed delivery is sent again."""

    def __init__(self, *, repeats: int = 1) -> None:
        self._client = httpx2.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)
        self._repeats = repeats
        self._rest = threading.Event()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def send(self, parcel: Parcel) -> Answered:
        """Deliver, and repeat after a failure as a provider does."""
        answered = self._once(parcel)
        for _ in range(self._repeats):
            if answered.status and answered.status not in REPEAT_AFTER:
                break
            self._rest.wait(PAUSE)
            answered = self._once(parcel)
        return answered

    def fetch(self, url: str) -> dict[str, str]:
        """Get JSON from a door, such as a form's time token."""
        response = self._client.get(url)
        response.raise_for_status()
        found: dict[str, str] = response.json()
        return found

    def _once(self, parcel: Parcel) -> Answered:
        began = perf_counter()
        try:
            response = self._client.post(parcel.url, content=parcel.body, headers=dict(parcel.headers))
        except httpx2.TransportError as failed:
            return Answered(status=0, seconds=perf_counter() - began, text=str(failed))
        return Answered(
            status=response.status_code,
            event_id=response.headers.get("X-LeadHub-Event", ""),
            seconds=perf_counter() - began,
            text=response.text[:300],
        )
