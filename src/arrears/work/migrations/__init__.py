"""How the tables came to be, in order. Run by the role that owns them."""
