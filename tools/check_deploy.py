"""Check a deployment as it would really run: https, PostgreSQL, Redis, all migrations applied.

Runs Django's and LeadHub's deployment checks against real servers and fails on a warning.
Run: python -m tools.check_deploy
"""

import os
import subprocess
import sys

from tests import services
from tools.sources import ROOT

COMMANDS = (
    ("migrate", "--verbosity", "0"),
    ("check", "--deploy", "--database", "default", "--fail-level", "WARNING"),
)


def main() -> int:
    """Start servers, migrate, check; give the first exit code that is not 0."""
    try:
        env = services.clean(os.environ) | services.environment(
            database_url=services.start_postgres(fast=True), redis_url=services.start_redis()
        )
        env |= {"LEADHUB_PUBLIC_URL": "https://leads.example.com", "LEADHUB_ALLOWED_HOSTS": "leads.example.com"}
        for command in COMMANDS:
            code = subprocess.run([sys.executable, "manage.py", *command], env=env, cwd=ROOT, check=False).returncode
            if code:
                return code
        return 0
    finally:
        services.stop()


if __name__ == "__main__":
    sys.exit(main())
