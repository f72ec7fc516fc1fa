"""One CRM, one folder, one row in the registry."""
