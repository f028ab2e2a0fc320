"""A real PostgreSQL found or started: binaries, roles, supervisor, backup; no SQL of the trade."""
