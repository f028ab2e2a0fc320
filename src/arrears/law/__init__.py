"""What is allowed, by date, with its citation: packs of YAML, read by packs.py and rules.py; numbers by a file each, as caps.py."""
