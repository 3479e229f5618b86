"""Projects: whole things that are funded or not, in an order of service."""
