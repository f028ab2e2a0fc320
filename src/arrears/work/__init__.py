"""The work plane: one Django app with all its tables; every write is an action, every read a query."""
