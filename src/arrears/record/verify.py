"""Checks a record from its files and a public key alone."""
