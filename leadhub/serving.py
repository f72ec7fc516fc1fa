"""How the web process of one node is started; the demo and `manage.py serve` start the same one."""

# One worker with one thread: measured best beside the pipeline's thread on SQLite.
_ONE_NODE = ("--interface", "wsgi", "--no-ws", "--workers", "1", "--blocking-threads", "1")


def command(*, host: str, port: int) -> list[str]:
    """Give what follows `python -m`."""
    return ["granian", "leadhub.wsgi:application", *_ONE_NODE, "--host", host, "--port", str(port)]
