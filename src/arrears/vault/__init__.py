"""Personal data: keys, seals, blind indexes, masks; only the work plane opens what is sealed here."""
