"""Say in a terminal how it went."""

import math
import sys
from collections.abc import Sequence
from typing import TextIO

from leadhub.sandbox.story.verdict import Check, Found

BAR = 30


class Screen:
    """Where the demo talks: one line per event, and a bar that grows where the output is a terminal."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._terminal = out.isatty()

    def say(self, text: str = "") -> None:
        """Write a line."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def progress(self, title: str, done: int, of: int) -> None:
        """Show how far an act has come; in a log, only its end."""
        if self._terminal:
            full = BAR * done // of
            self._out.write(f"\r  {'█' * full}{'·' * (BAR - full)} {done:>4}/{of}  {title} ")
            self._out.flush()
        if done == of:
            self.say("" if self._terminal else f"  {of:>4} deliveries: {title}")

    def table(self, checks: Sequence[Check]) -> None:
        """Write every check with what was found and what should have been."""
        width = max(len(check.name) for check in checks)
        self.say(f"\n  {'':{width}}  {'found':>24}  {'expected':>24}")
        for check in checks:
            mark = "ok" if check.right else "WRONG"
            self.say(f"  {check.name:{width}}  {_short(check.found):>24}  {_short(check.expected):>24}  {mark}")
            if check.note:
                self.say(f"      {check.note}")

    def details(self, found: Found) -> None:
        """Write the reasons of the quarantine and the times."""
        self.say("\n  Set aside, with the reason a person sees:")
        for reason, count in found.reasons.most_common():
            self.say(f"  {count:>4} × {reason[:110]}")
        p50, p95 = percentile(found.waits, 50), percentile(found.waits, 95)
        self.say(f"\n  From a lead's first delivery at the door to its CRM record: p50 {p50:.2f} s, p95 {p95:.2f} s")


def percentile(values: Sequence[float], rank: int) -> float:
    """Give the nearest-rank percentile; not a number when there are no values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * rank / 100) - 1)]


def _short(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}:{count}" for key, count in value.items()) or "none"
    return str(value)
