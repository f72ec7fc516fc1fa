"""Which CRMs there are. Dotted strings, so that a kind can be added without anybody importing it."""

from typing import cast

from django.utils.module_loading import import_string

from crm_sync.connectors.base import Connector, ConnectorKind
from leadhub.kernel.errors import Permanent

CONNECTORS = {
    "hubspot": "crm_sync.connectors.hubspot.connector.HubSpot",
}


def kind(name: str) -> ConnectorKind:
    """Give the connector class of a kind of CRM. Raises Permanent for an unknown kind."""
    if name not in CONNECTORS:
        raise Permanent(f"there is no connector for {name!r}; known: {', '.join(sorted(CONNECTORS))}")
    return cast("ConnectorKind", import_string(CONNECTORS[name]))


def connect(*, name: str, base_url: str, token: str) -> Connector:
    """Make a connector that talks to one account."""
    return kind(name)(base_url=base_url, token=token)
