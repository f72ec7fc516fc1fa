"""Write .env for docker-compose.yml from .env.example, with fresh secrets. Needs nothing but Python.

Run: python3 tools/make_env.py
"""

import base64
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def filled(example: str) -> str:
    """Put fresh secrets into the text of .env.example."""
    password = secrets.token_hex(24)
    values = {
        "POSTGRES_PASSWORD": password,
        "LEADHUB_SECRET_KEY": secrets.token_urlsafe(50),
        "LEADHUB_PEPPER": secrets.token_urlsafe(40),
        "LEADHUB_KEYS": "key1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    text = example.replace(":POSTGRES_PASSWORD@", f":{password}@")
    for name, value in values.items():
        text = text.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    return text


def main() -> int:
    """Write the file once; never over an existing one."""
    target = ROOT / ".env"
    text = filled((ROOT / ".env.example").read_text(encoding="utf-8"))
    try:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(".env exists already: its secrets may be in use. Move it away first if you mean it.")
        return 1
    with os.fdopen(file, "w", encoding="utf-8") as env:
        env.write(text)
    print("Wrote .env with fresh secrets. Set LEADHUB_PUBLIC_URL in it, and keep a copy in a safe place.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
