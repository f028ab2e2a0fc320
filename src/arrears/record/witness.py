"""A witness of a record: cosigns only what continues what it saw before."""
