"""A HubSpot portal for contacts, close enough that HubSpot's own client cannot tell."""
