"""The faces of the work plane: settings, log-in, pages; apps without tables of their own."""
