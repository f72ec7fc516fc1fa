"""Send prepared HTTP requests over a few connections from one thread: cheap enough not to be the thing measured."""

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from statistics import quantiles
from urllib.parse import urlsplit

HOST = "127.0.0.1"
MOST_PER_SECOND = 4000


@dataclass
class Measured:
    """What a run showed. Times in milliseconds."""

    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Give answered requests per second."""
        return len(self.times) / self.seconds

    def percentile(self, percent: int) -> float:
        """Give a percentile of the answer times."""
        return quantiles(self.times, n=100, method="inclusive")[percent - 1]


def raw(*, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Write a POST as bytes, kept alive."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class _Line:
    sock: socket.socket
    began: float = 0.0
    got: bytes = b""


def run(*, port: int, requests: Iterator[bytes], connections: int, seconds: float, rate: float = 0.0) -> Measured:
    """Send for `seconds`. Without `rate` as fast as answers come; with it at that many a second, whatever comes back.

    At a fixed rate a time counts from when the request was due, so a stall is felt by everyone who waits behind it.
    """
    # Prepared before the clock starts: signing must not be measured, nor stall a fixed rate.
    prepared = iter(list(islice(requests, max(1, int(seconds * (rate * 1.1 if rate else MOST_PER_SECOND))))))
    selector = selectors.DefaultSelector()
    lines = [_Line(socket.create_connection((HOST, port))) for _ in range(connections)]
    for line in lines:
        line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(line.sock, selectors.EVENT_READ, line)
    idle, measured = deque(lines), Measured(seconds=seconds)
    start = time.perf_counter()
    end, due = start + seconds, start
    while time.perf_counter() < end or len(idle) < connections:
        now = time.perf_counter()
        while idle and now < end and (not rate or due <= now):
            line = idle.popleft()
            line.began = due if rate else now
            line.sock.sendall(next(prepared))
            due += 1 / rate if rate else 0
            now = time.perf_counter()
        wait = max(0.0, min(due, end) - now) if rate and idle and now < end else 0.05
        for key, _events in selector.select(wait):
            if _answered(key.data, measured):
                idle.append(key.data)
        if time.perf_counter() > end + 10:
            raise TimeoutError("the server stopped answering")
    measured.seconds = time.perf_counter() - start
    for line in lines:
        line.sock.close()
    return measured


def _answered(line: _Line, measured: Measured) -> bool:
    line.got += line.sock.recv(65_536)
    head, found, body = line.got.partition(b"\r\n\r\n")
    if not found or len(body) < _length(head):
        return False
    measured.times.append((time.perf_counter() - line.began) * 1000)
    measured.statuses[int(head[9:12])] += 1
    line.got = b""
    return True


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
