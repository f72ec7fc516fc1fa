"""What templates of the roof ask of the apps beneath it."""

from typing import Any

from django import template

from capture.normalise.text import marked
from crm_sync.api import story
from crm_sync.models import RemoteLink
from crm_sync.selectors import links_of
from identity.contracts import TimelineEntry
from identity.models import Lead
from identity.wording import sentence, sentences
from routing.selectors import owners

LINES = 100  # of a timeline, on one page

register = template.Library()


@register.filter
def plainly(said: str) -> str:
    """Show what a stranger wrote, with signs that hide or turn text made visible."""
    return marked(str(said))


@register.filter
def in_words(evidence: Any) -> str:
    """Put one piece of evidence, or a mapping, into words."""
    return sentence(evidence)


@register.filter
def reasons(because: Any) -> list[str]:
    """Put reasons into lines: evidence of the machine, or the one sentence a person gave."""
    return sentences(because if isinstance(because, list | tuple) else [because] if because else [])


@register.simple_tag
def story_of(lead: Lead) -> list[TimelineEntry]:
    """Tell everything that happened to a lead, newest first."""
    return story(lead.pk, limit=LINES)


@register.simple_tag
def owner_of(lead: Lead) -> str:
    """Name who has the lead."""
    return owners([lead.pk]).get(lead.pk, "")


@register.simple_tag
def records_of(lead: Lead) -> list[RemoteLink]:
    """List the lead's records in CRMs."""
    return links_of(lead.pk)
