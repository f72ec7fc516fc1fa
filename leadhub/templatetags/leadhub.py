"""What templates of the roof ask of the apps beneath it."""

from typing import Any

from django import template

from identity.wording import sentence

register = template.Library()


@register.filter
def in_words(evidence: Any) -> str:
    """Put one piece of evidence, or a mapping, into words."""
    return sentence(evidence)
