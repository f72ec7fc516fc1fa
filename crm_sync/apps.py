from django.apps import AppConfig

from leadhub.kernel import triggers


class CrmSyncConfig(AppConfig):
    name = "crm_sync"
    verbose_name = "CRM sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Ask for the trigger that keeps a mapping's rows as they were activated."""
        triggers.expect(
            triggers.Guard(table="crm_sync_fieldmapping", fixed=("connection_id", "version", "rows", "created_at"))
        )
