"""The admin site of LeadHub."""

from unfold.sites import UnfoldAdminSite


class LeadHubAdminSite(UnfoldAdminSite):
    """Unfold's site under LeadHub's name."""
