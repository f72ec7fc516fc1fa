"""Serve a simulator: HTTP/1.1 on the loopback, keep-alive, one thread per connection, able to drop the line."""

import json
import socketserver
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import NO_CONTENT, responses
from typing import Any
from urllib.parse import parse_qsl, unquote

LOOPBACK = "127.0.0.1"
MOST_HEADERS = 100
LONGEST_BODY = 20_000_000  # bytes


class BadRequest(Exception):
    """The bytes are not an HTTP request this server can read."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Read the body as JSON; an empty body is an empty object."""
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True, kw_only=True)
class Response:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> "Response":
        """Answer with JSON."""
        return cls(status=status, body=json.dumps(content, separators=(",", ":")).encode(), headers=headers or {})


Application = Callable[[Request], Response | None]
"""Answers a request; None drops the line without an answer."""


class Conversation(socketserver.StreamRequestHandler):
    """All requests that come over one connection."""

    server: "SandboxServer"
    disable_nagle_algorithm = True
    timeout = 60.0  # seconds a silent connection may stay

    def handle(self) -> None:
        """Answer requests until the caller leaves."""
        try:
            while self._one():
                pass
        except (OSError, BadRequest):
            return

    def _one(self) -> bool:
        request = self._read()
        if request is None:
            return False
        response = self.server.application(request)
        if response is None:
            return False
        self.wfile.write(_as_bytes(response))
        return request.headers.get("connection", "").lower() != "close"

    def _read(self) -> Request | None:
        line = self.rfile.readline(65_536)
        if not line.strip():
            return None
        try:
            method, target, _version = line.decode("ascii").split()
        except ValueError as unreadable:
            raise BadRequest(line) from unreadable
        headers = self._headers()
        length = int(headers.get("content-length") or 0)
        if length > LONGEST_BODY:
            raise BadRequest("body too long")
        path, _, query = target.partition("?")
        return Request(
            method=method,
            path=unquote(path),
            query=dict(parse_qsl(query)),
            headers=headers,
            body=self.rfile.read(length) if length else b"",
        )

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _ in range(MOST_HEADERS):
            line = self.rfile.readline(65_536)
            if line in (b"\r\n", b"\n", b""):
                return headers
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        raise BadRequest("too many headers")


def _as_bytes(response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {responses.get(response.status, 'Unknown')}"]
    if response.body:
        lines.append("Content-Type: application/json;charset=utf-8")
    if response.status != NO_CONTENT:
        lines.append(f"Content-Length: {len(response.body)}")
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body


class SandboxServer(socketserver.ThreadingTCPServer):
    """The listening side. Port 0 takes any free port; `url` says which."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, application: Application, *, port: int = 0) -> None:
        self.application = application
        super().__init__((LOOPBACK, port), Conversation)

    @property
    def url(self) -> str:
        """Give the address callers use."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"
