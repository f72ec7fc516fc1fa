"""HubSpot: contacts, keyed by the unique property `leadhub_id`."""
