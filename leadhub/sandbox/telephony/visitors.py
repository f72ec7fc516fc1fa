"""People at a web page, and programs with an API key."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass

from leadhub.sandbox.telephony.parcel import Parcel, form_body

BROWSER = "Mozilla/5.0 (X11; Linux x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, kw_only=True)
class WebPage:
    """A page with a form that posts to a door."""

    url: str
    page: str = "https://www.example.com/contact"

    def submit(self, fields: Mapping[str, str], *, token: str) -> Parcel:
        """Post the form with the time token that the page fetched when it was opened."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": BROWSER,
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            "Origin": self.page.rsplit("/", 1)[0],
            "Referer": self.page,
        }
        return Parcel(url=self.url, body=form_body({**fields, "leadhub_token": token}), headers=headers)

    @property
    def token_url(self) -> str:
        """Give the address the page fetches its token from."""
        return self.url + "token/"


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """A program that sends leads with its key."""

    url: str
    key: str
    rng: random.Random

    def submit(self, content: object, *, idempotency_key: str = "") -> Parcel:
        """Post one submission; the same key makes a repeat harmless."""
        return self.raw(json.dumps(content, ensure_ascii=False).encode(), idempotency_key=idempotency_key)

    def raw(self, body: bytes, *, idempotency_key: str = "") -> Parcel:
        """Post bytes as they are."""
        key = idempotency_key or f"{self.rng.getrandbits(64):016x}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "acme-crm-export/2.4",
            "Authorization": f"Bearer {self.key}",
            "Idempotency-Key": f'"{key}"',
        }
        return Parcel(url=self.url, body=body, headers=headers)
