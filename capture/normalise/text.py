"""Text as people typed it, without what breaks a database or fools a reader (pure)."""

import re
import unicodedata

LONGEST = 20_000  # characters of a message or transcript
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NEWLINES = re.compile(r"\r\n?")
_SPACES = re.compile(r"\s+")
# What reorders or hides text: direction marks, zero-width spaces, soft hyphens.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# Joiners shape Persian, Hindi and emoji; between Latin letters they only hide.
_JOINERS = re.compile("(?<![\u0300-\U0010ffff])[\u200c\u200d]|[\u200c\u200d](?![\u0300-\U0010ffff])")
_LATIN = re.compile(r"[A-Za-z]")
_LOOKALIKE = re.compile("[\u0370-\u03ff\u0400-\u04ff]")


def storable(text: str) -> str:
    """Take out what a database refuses: NUL and halves of characters."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def clean(text: str, *, longest: int = LONGEST) -> str:
    """Give the text in NFC, with plain line ends and no control characters, at most `longest` characters."""
    text = _CONTROL.sub("", _NEWLINES.sub("\n", storable(text)))
    return cut(text if text.isascii() else unicodedata.normalize("NFC", text), longest).strip()


def line(text: str, *, longest: int) -> str:
    """Give the text as one visible line: no direction marks, no zero-width characters, single spaces."""
    before = ""
    text = clean(text, longest=10 * longest)
    while text != before:  # taking a mark out may bring two others together
        before, text = text, seen(text)
    return cut(_SPACES.sub(" ", text).strip(), longest).strip()


def seen(text: str) -> str:
    """Take out what cannot be seen."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _JOINERS.sub("", _UNSEEN.sub("", text)))


def marked(text: str) -> str:
    """Show what cannot be seen by its number, for pages that show a text as it came."""
    return text if text.isascii() else _UNSEEN.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", text)


def cut(text: str, longest: int) -> str:
    """Shorten, but not between a letter and its accents."""
    if len(text) <= longest:
        return text
    end = longest
    while end and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end -= 1
    return text[:end]


def oddness(raw: str) -> str:
    """Say what a reader should know about this text, or nothing."""
    if raw.isascii():
        return "control characters were taken out" if _CONTROL.search(raw) else ""
    if _CONTROL.search(raw):
        return "control characters were taken out"
    if seen(raw) != unicodedata.normalize("NFC", raw):
        return "invisible characters were taken out"
    if any(_LATIN.search(word) and _LOOKALIKE.search(word) for word in raw.split()):
        return "letters of two alphabets in one word"
    return ""
