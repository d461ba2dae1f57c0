"""The register's days in the calendars of those who keep them."""
