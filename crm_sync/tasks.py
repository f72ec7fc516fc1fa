"""Worker doors of the last stage."""

from celery import shared_task

from crm_sync import selectors, services


@shared_task(name="crm_sync.tasks.push")
def push(*, size: int = 100, **_later: object) -> None:
    """Bring every CRM up to date; one that is closed is passed by."""
    for connection in selectors.enabled_connections():
        services.drain(connection=connection, size=size)
