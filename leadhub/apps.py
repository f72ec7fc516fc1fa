from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class LeadHubConfig(AppConfig):
    name = "leadhub"
    label = "leadhub"

    def ready(self) -> None:
        """Register the checks and tell the waker how wake-ups travel."""
        from leadhub import checks, pipeline  # noqa: F401, PLC0415 - models must be loaded first

        pipeline.connect(broker=bool(settings.REDIS_URL))


class LeadHubAdminConfig(AdminConfig):
    default_site = "leadhub.admin_site.LeadHubAdminSite"
