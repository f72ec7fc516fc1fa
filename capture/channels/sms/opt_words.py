"""Words that end or resume texting when they are all a message says (pure).

Twilio blocks on the exact word only; so does the door, but blind to case, punctuation and an emoji around it.
YES is left out on purpose: Twilio unblocks on it and says so with OptOutType, but alone it mostly answers a
question, and a lead that says yes must not be lost.
"""

import re

from capture.contracts import Consent

STOP = frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "arret"])
START = frozenset(["start", "unstop"])
HELP = frozenset(["help", "info"])
TWILIO = {"STOP": Consent.WITHDRAWN, "START": Consent.GRANTED}

_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_TWO_WORDS = re.compile(r"^(stop|opt)[\s-]+(all|out)$")


def _word(text: str) -> str:
    return _TWO_WORDS.sub(r"\1\2", _AROUND.sub("", text).casefold())


def state(text: str) -> Consent | None:
    """Tell whether the text is exactly a stop or start word."""
    if len(text) > 40:
        return None
    word = _word(text)
    return Consent.WITHDRAWN if word in STOP else Consent.GRANTED if word in START else None


def asks_for_help(text: str) -> bool:
    """Tell whether the text is exactly a help word."""
    return len(text) <= 40 and _word(text) in HELP
