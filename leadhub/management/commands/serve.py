"""The everyday start on one node: `manage.py serve`."""

import os
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from leadhub import serving

LOOPBACK, PORT = "127.0.0.1", 8000


class Command(BaseCommand):
    """Bring the database up to date and serve doors, admin, API and, without a broker, the pipeline."""

    help = "Migrate, then serve on one node. Without REDIS_URL the pipeline runs in the web process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the command's options."""
        parser.add_argument("--host", default=LOOPBACK)
        parser.add_argument("--port", type=int, default=PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Become the web server."""
        host, port = options["host"], options["port"]
        if not _is_free(host, port):
            raise CommandError(f"Port {port} on {host} is taken: choose another with --port.")
        call_command("migrate", verbosity=0, interactive=False)
        if settings.EMBEDDED and "LEADHUB_PUBLIC_URL" not in os.environ:
            os.environ["LEADHUB_PUBLIC_URL"] = f"http://{LOOPBACK}:{port}"  # signatures are checked against it
        self.stdout.write(f"LeadHub on http://{host}:{port}/admin/{_hint()}")
        self.stdout.flush()
        os.chdir(settings.BASE_DIR)
        command = [sys.executable, "-m", *serving.command(host=host, port=port)]
        os.execv(sys.executable, command)  # noqa: S606 - no shell, our own server


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _hint() -> str:
    has_account = User.objects.filter(is_superuser=True, is_active=True).exists()
    return "" if has_account else "   (no account yet: `manage.py createsuperuser` makes one)"
