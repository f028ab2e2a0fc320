"""A night: load, decide, write, record, report."""
