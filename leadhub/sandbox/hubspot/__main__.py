"""Run the simulator as a process of its own: `python -m leadhub.sandbox.hubspot --port 8900`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from leadhub.sandbox.hubspot.app import DEFAULT_TOKEN, HubSpot
from leadhub.sandbox.hubspot.portal import Portal
from leadhub.sandbox.server import SandboxServer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be chosen; `manage.py sandbox hubspot` takes the same."""
    parser.add_argument("--port", type=int, default=8900, help="0 takes any free port")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the access token callers must show")
    parser.add_argument("--store", type=Path, help="a file that keeps the records over a kill")
    parser.add_argument("--rate", type=int, default=0, help="calls allowed per ten seconds; 0 means no limit")


def serve(*, port: int, token: str, store: Path | None, rate: int) -> None:
    """Serve until interrupted."""
    portal = Portal(store=store)
    portal.options.rate = rate
    with SandboxServer(HubSpot(portal, token=token), port=port) as server:
        sys.stdout.write(f"HubSpot simulator on {server.url}\n")
        sys.stdout.flush()
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            return


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m leadhub.sandbox.hubspot", description=__doc__)
    add_arguments(parser)
    chosen = parser.parse_args(arguments)
    serve(port=chosen.port, token=chosen.token, store=chosen.store, rate=chosen.rate)


if __name__ == "__main__":
    main()
